import { fault } from '../../base/errors.ts';
import { bytesOfText } from '../../value/charset.ts';
import type { Cell } from '../../value/column-type.ts';
import { implicitDefault, storeConverter } from '../../value/store.ts';
import type { Insert } from '../ast/change.ts';
import type { Expression, Literal } from '../ast/expression.ts';
import type { SourceColumn, TableSource } from '../schema.ts';
import { type BindInputs, storable, storeTarget } from './bind.ts';
import { convertCell } from './bind-convert.ts';
import { cellText, omittedValue } from './default.ts';
import { type Fragment, raw } from './fragment.ts';
import { type InsertPlan, nullableWhenAuto, rowCell, rowQuery } from './insert.ts';
import type { Plan } from './plan.ts';
import type { Place, ScopeTable } from './scope.ts';
import { type Translation, unsupported } from './statement.ts';
import type { Typed } from './typed.ts';
import { defaultTyped } from './write-default.ts';

interface RowTarget {
  readonly source: TableSource;
  readonly table: ScopeTable;
  readonly targetColumns: readonly SourceColumn[];
  readonly autoIncrement: number;
  readonly place: (clause: Place['clause']) => Place;
}

/** The rows of VALUES or SET. */
export function insertRows(
  insert: Insert,
  given: readonly SourceColumn[],
  target: RowTarget,
  translation: Translation,
): Pick<InsertPlan, 'rowCount' | 'rows'> {
  const { runs, length } = insert.rows ?? { runs: [], length: 0 };
  const places = target.targetColumns.map((column) => given.indexOf(column));
  const queries = new Map<number, Plan>();
  // What a row before has assigned is known when the row is made only.
  const assigning = translation.env.assigning !== undefined;
  const checkWidth = (width: number, index: number) => {
    const empty = width === 0 && (insert.columns === null || insert.columns.length === 0);
    if (width !== given.length && !empty) throw fault('ER_WRONG_VALUE_COUNT_ON_ROW', index + 1);
  };
  const check = (row: readonly Expression[], index: number) => {
    checkWidth(row.length, index);
    for (const value of row) countPlaceholders(value, translation);
    const plain = row.every((value) => isPlain(value) && !(assigning && value.kind === 'userVariable'));
    if (!plain) queries.set(index, expressionRow(row, given, target, insert.ignore, translation));
  };
  let checked = 0;
  for (const run of runs) {
    if ('rows' in run) for (const row of run.rows) check(row, checked++);
    else {
      checkWidth(run.width, checked);
      checked += run.length;
    }
  }
  return {
    rowCount: length,
    *rows(inputs, evaluate) {
      const maker = new RowMaker(target, places, insert.ignore, inputs, length === 1 && !insert.ignore);
      let index = 0;
      for (const run of runs)
        for (const row of 'rows' in run ? run.rows : run.read()) {
          const query = queries.get(index++);
          yield query ? evaluate(query) : maker.row(row, index);
        }
    },
  };
}

function countPlaceholders(value: Expression, translation: Translation): void {
  if (value.kind === 'placeholder') translation.parameterCount = Math.max(translation.parameterCount, value.index + 1);
}

const nowNames = /^(now|current_timestamp|localtime|localtimestamp)$/;

/** True for values that need no SQLite. */
function isPlain(value: Expression): boolean {
  switch (value.kind) {
    case 'literal':
      return value.type !== 'date' && value.type !== 'time' && value.type !== 'timestamp';
    case 'placeholder':
    case 'userVariable':
      return true;
    case 'default':
      return value.column === null;
    case 'unary':
      return (
        value.operator === '-' &&
        value.operand.kind === 'literal' &&
        ['integer', 'decimal', 'double'].includes(value.operand.type)
      );
    case 'function':
      return nowNames.test(value.name) && value.arguments.every((digits) => digits.kind === 'literal');
    default:
      return false;
  }
}

/** Makes the cells of plain rows; one for each run of a statement. */
class RowMaker {
  private readonly target: RowTarget;
  private readonly places: readonly number[];
  private readonly ignore: boolean;
  private readonly only: boolean;
  private readonly inputs: BindInputs;
  private readonly stores;
  private readonly zeroGenerates: boolean;
  private readonly omitted = new Map<number, Cell>();

  constructor(
    target: RowTarget,
    places: readonly number[],
    ignore: boolean,
    inputs: BindInputs,
    /** A single row never turns NULL into a default, whatever the sql_mode. */
    only: boolean,
  ) {
    this.only = only;
    this.target = target;
    this.places = places;
    this.ignore = ignore;
    this.inputs = inputs;
    this.zeroGenerates = !/NO_AUTO_VALUE_ON_ZERO/i.test(inputs.context.sqlMode);
    this.stores = target.targetColumns.map((column) => {
      const more = { ignore, ...(inputs.warn ? { warn: inputs.warn } : {}) };
      const to = storeTarget(inputs.context, nullableWhenAuto(column), 1, more);
      return {
        column,
        convert: storeConverter(column.type),
        to: { ...to, qualified: `${target.source.name}.${column.name}` },
      };
    });
    // What is missing altogether is told of before anything is wrong with a row.
    for (const [index, place] of places.entries()) if (place < 0) this.left(index);
  }

  row(values: readonly Expression[], number: number): readonly Cell[] {
    return this.places.map((place, index) => {
      const value = values[place];
      if (value === undefined || value.kind === 'default') return this.left(index);
      const { column, convert, to } = this.stores[index]!;
      (to as { row: number }).row = number;
      const given = this.value(value, column);
      if (given === null && this.only && !to.nullable) throw fault('ER_BAD_NULL', column.name);
      const cell = convert(given, to);
      return column.autoIncrement && this.zeroGenerates && (cell === 0 || cell === 0n) ? null : cell;
    });
  }

  /** The value of a column nothing was said about. */
  private left(index: number): Cell {
    const known = this.omitted.get(index);
    if (known !== undefined) return known;
    const column = this.target.targetColumns[index]!;
    const value = omittedValue(column, this.inputs, this.ignore);
    if (value === undefined) throw unsupported(`default of column '${column.name}' is`);
    this.omitted.set(index, value);
    return value;
  }

  private value(expression: Expression, column: SourceColumn): Cell {
    switch (expression.kind) {
      case 'literal':
        return this.literal(expression, column);
      case 'placeholder':
        return this.inputs.parameters[expression.index] ?? null;
      case 'userVariable':
        return this.inputs.context.userVariables[expression.name] ?? null;
      case 'unary': {
        const value = this.literal(expression.operand as Literal, column);
        return typeof value === 'string' ? `-${value}` : value === null ? null : -(value as number);
      }
      default: {
        const [digits] = (expression as Extract<Expression, { kind: 'function' }>).arguments;
        const scale = digits ? Number((digits as Literal).value) : 0;
        return convertCell(0, { to: 'nowDatetime', scale }, this.inputs.context);
      }
    }
  }

  private literal(node: Literal, column: SourceColumn): Cell {
    const given = this.inputs.literals[node.slot] ?? node;
    const { value } = given;
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (typeof value !== 'string') return storable(node.type, value, column.type);
    if (node.charset === 'binary') return bytesOfText(value);
    if (node.type === 'integer') return value.length < 16 ? Number(value) : BigInt(value);
    return node.type === 'double' ? Number(value) : value;
  }
}

/** A row with expressions: they may name columns given before them. */
function expressionRow(
  row: readonly Expression[],
  given: readonly SourceColumn[],
  target: RowTarget,
  ignore: boolean,
  translation: Translation,
): Plan {
  const assigned = new Map<string, Typed>();
  for (const [index, column] of target.source.columns.entries())
    assigned.set(column.name.toLowerCase(), { ...target.table.columns[index]!.value, sql: raw(unsaid(column)) });
  const stored = new Map<SourceColumn, Fragment>();
  given.forEach((column, index) => {
    const value = row[index];
    if (value === undefined || column.generated) return;
    const place: Place = {
      ...target.place('field list'),
      assigned,
      assigns: true,
      defaultOf: (name) => defaultTyped(target.source, name ?? column.name),
    };
    const cell =
      value.kind === 'default' && value.column === null
        ? left(column, target.source)
        : rowCell(value, column, place, ignore);
    stored.set(column, cell);
    const shown = target.table.columns[target.table.positions.get(column.name.toLowerCase())!]!.value;
    assigned.set(column.name.toLowerCase(), { ...shown, sql: cell });
  });
  return rowQuery(
    target.targetColumns.map((column) => stored.get(column) ?? left(column, target.source)),
    translation,
  );
}

/** What a column not yet given a value reads as inside of the row. */
function unsaid(column: SourceColumn): string {
  return column.default ?? (column.nullable || column.autoIncrement ? 'NULL' : cellText(implicitDefault(column.type)));
}

function left(column: SourceColumn, source: TableSource): Fragment {
  return column.autoIncrement ? raw('NULL') : defaultTyped(source, column.name).sql;
}
