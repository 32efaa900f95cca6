import { fault } from '../../base/errors.ts';
import type { Cell } from '../../value/column-type.ts';
import type { Insert } from '../ast/change.ts';
import type { Expression } from '../ast/expression.ts';
import type { SourceColumn, TableSource } from '../schema.ts';
import type { BindInputs } from './bind.ts';
import { type BuiltQuery, workingForm } from './built-query.ts';
import { translate } from './expression.ts';
import { bind, type Fragment, join, quoteName, raw, sql } from './fragment.ts';
import { insertRows } from './insert-rows.ts';
import { carriedScope, carrySourceColumns } from './insert-source.ts';
import type { BindSource, Plan } from './plan.ts';
import { buildQuery } from './query.ts';
import { emptyScope, type Place, type Scope, unknownColumn } from './scope.ts';
import { newAlias, newTranslation, type TranslateEnv, type Translation } from './statement.ts';
import { storeExpression } from './store-expression.ts';
import { columnKey, keyOrder } from './text-key.ts';
import { finishPlan } from './translate.ts';
import { category, type Typed } from './typed.ts';
import { inOrder, withAssignments } from './variables.ts';
import { assignments, setList, writeTarget } from './write.ts';
import { defaultTyped } from './write-default.ts';

/** An INSERT or REPLACE ready to run. */
export interface InsertPlan {
  /** `rows`: `plan` is run once for each row of `rows`. `query`: `plan` is one INSERT … SELECT. */
  readonly kind: 'rows' | 'query';
  readonly table: TableSource;
  /** Columns the cells of a row belong to, in order; all columns of the table but generated ones. */
  readonly targetColumns: readonly SourceColumn[];
  /** Place of the AUTO_INCREMENT column in `targetColumns`, -1 without one. A null there asks for the next number. */
  readonly autoIncrement: number;
  /** Its first `?` are the cells of a row, in order. */
  readonly plan: Plan;
  /** True when the cells of a row are all the arguments `plan` takes. */
  readonly direct: boolean;
  /** REPLACE: deletes the rows in the way of a row; run before `plan` with the same row, its changes count. */
  readonly clear: Plan | null;
  /** INSERT … SELECT: gives the rows in storage form, for an engine that goes row by row. */
  readonly source: Plan | null;
  /** INSERT … SELECT that has to go row by row: how a row of `source` is added. */
  readonly single: InsertPlan | null;
  readonly rowCount: number;
  /** Generated columns a value was given for under a sql_mode that is not strict: told with 1906 and left out. */
  readonly ignored: readonly string[];
  /**
   * The rows in storage form. Rows of literals, placeholders, DEFAULT, NULL and NOW() are made at once; for any other
   * `evaluate` runs a query of one row and gives its cells.
   */
  rows(inputs: BindInputs, evaluate: (plan: Plan) => readonly Cell[]): Iterable<readonly Cell[]>;
}

/** Plans an INSERT or REPLACE. 1136, 1110, 1054 for a column list that does not fit. */
export function planInsert(insert: Insert, env: TranslateEnv): InsertPlan {
  return withAssignments(insert, env, (own) => planOnce(insert, own));
}

function planOnce(asked: Insert, env: TranslateEnv): InsertPlan {
  const translation = newTranslation(env, asked);
  const target = writeTarget({ table: asked.table, alias: null }, 'INSERT', translation);
  const { source } = target;
  const { insert, carried } = carrySourceColumns(asked, source);
  const given = givenColumns(insert, source);
  const ignored = generatedGiven(insert, given, source, env.sqlMode);
  const targetColumns = source.columns.filter(({ generated }) => !generated);
  const autoIncrement = targetColumns.findIndex((column) => column.autoIncrement);
  const common = { table: source, targetColumns, autoIncrement, ignored };
  const query = insert.query && buildQuery(insert.query, emptyScope, translation);
  const carriedColumns = query && carried > 0 ? carriedScope(query, carried, targetColumns.length) : null;
  const duplicate = onDuplicate(insert, target, carriedColumns, translation);
  const head = insertHead(insert, source, target.table.name);
  const cells = targetColumns.map((_, index): BindSource => ({ from: 'cell', index }));
  const names = columnList(targetColumns);
  const text = sql`${head} (${names}) VALUES (${join(cells.map(bind), ', ')})${duplicate}`;
  if (query) {
    const select = selectedRows(insert, { query, carried }, given, targetColumns, source, translation);
    const rest = { ...common, direct: false, clear: null, single: null, rowCount: 0, rows: () => [] };
    const plan = finishPlan('insert', carried > 0 ? text : sql`${head} (${names}) ${select}${duplicate}`, translation);
    return {
      ...rest,
      kind: 'query',
      plan,
      source: { ...plan, kind: 'query', sql: select.text, binds: select.binds },
      single: carried > 0 ? { ...rest, kind: 'rows', plan, source: null } : null,
    };
  }
  const rows = insertRows(insert, given, { ...target, targetColumns, autoIncrement }, translation);
  const plan = finishPlan('insert', text, translation);
  return {
    ...common,
    ...rows,
    kind: 'rows',
    plan,
    direct: plan.binds.length === cells.length,
    clear: insert.replace ? clearPlan(source, targetColumns, translation) : null,
    source: null,
    single: null,
  };
}

/** Generated columns that get a value other than DEFAULT: 3105 under a strict sql_mode; dumps of MariaDB have such rows. */
function generatedGiven(
  insert: Insert,
  given: readonly SourceColumn[],
  source: TableSource,
  sqlMode: string,
): readonly string[] {
  const named = given.flatMap((column, index) => {
    if (!column.generated) return [];
    const given = (row: readonly Expression[]) => row[index] !== undefined && row[index].kind !== 'default';
    const set =
      insert.query !== null ||
      insert.rows?.runs.some((run) => ('rows' in run ? run.rows.some(given) : index < run.width));
    return set ? [column.name] : [];
  });
  const strict = /STRICT_(TRANS|ALL)_TABLES|TRADITIONAL/i.test(sqlMode) && !insert.ignore;
  if (named.length > 0 && strict) throw fault('ER_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN', named[0]!, source.name);
  return named;
}

function insertHead(insert: Insert, source: TableSource, name: string): string {
  const word =
    insert.ignore && insert.onDuplicate === null ? 'INSERT OR IGNORE' : insert.replace ? 'INSERT OR REPLACE' : 'INSERT';
  return `${word} INTO ${source.sql} AS ${name}`;
}

function columnList(columns: readonly SourceColumn[]): string {
  return columns.map(({ name }) => quoteName(name)).join(', ');
}

/** Columns the statement gives values for, as it names them; all of the table's without a list. */
function givenColumns(insert: Insert, source: TableSource): readonly SourceColumn[] {
  if (insert.columns === null || insert.columns.length === 0) return source.columns;
  const seen = new Set<string>();
  return insert.columns.map((name) => {
    const key = name.toLowerCase();
    const column = source.columns.find((candidate) => candidate.name.toLowerCase() === key);
    if (!column) throw unknownColumn({ schema: null, table: null, name }, 'field list');
    if (seen.has(key)) throw fault('ER_FIELD_SPECIFIED_TWICE', name);
    seen.add(key);
    return column;
  });
}

/** ` ON CONFLICT DO UPDATE SET …`; VALUES(c) is the row that was to be inserted. */
function onDuplicate(
  insert: Insert,
  target: ReturnType<typeof writeTarget>,
  carried: Scope | null,
  translation: Translation,
): Fragment {
  if (insert.onDuplicate === null) return raw('');
  const valuesOf = (name: string): Typed => {
    const column = target.source.columns.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (!column) throw unknownColumn({ schema: null, table: null, name }, 'field list');
    const shown = target.table.columns[target.table.positions.get(name.toLowerCase())!]!.value;
    return { ...shown, sql: proposed(column) };
  };
  const scope = { ...target.scope, parent: carried };
  const sets = assignments(insert.onDuplicate, target, insert.ignore, { valuesOf, scope });
  translation.volatile = true;
  return sql` ON CONFLICT DO UPDATE SET ${setList(sets, target)}`;
}

/** A value of the row that was to be inserted, as it would lie in the table: numbers are bound as REAL. */
function proposed({ name, type }: SourceColumn): Fragment {
  const value = `excluded.${quoteName(name)}`;
  if (category(type) !== 'integer') return raw(value);
  return raw(`iif(typeof(${value}) = 'real', CAST(${value} AS INTEGER), ${value})`);
}

/** The SELECT of INSERT … SELECT with its columns in storage form, defaults for the columns not named, and what is carried. */
function selectedRows(
  insert: Insert,
  { query, carried }: { readonly query: BuiltQuery; readonly carried: number },
  given: readonly SourceColumn[],
  targets: readonly SourceColumn[],
  source: TableSource,
  translation: Translation,
): Fragment {
  const own = query.columns.length - carried;
  if (own !== given.length) throw fault('ER_WRONG_VALUE_COUNT_ON_ROW', 1);
  const name = newAlias(translation);
  const cells = targets.map((column): Fragment => {
    const index = given.indexOf(column);
    if (index < 0) return omitted(column, source, insert.ignore);
    const { value } = query.columns[index]!;
    const { bind: _, literal: __, exact: ___, unknown: ____, ...plain } = value;
    const stored = storeExpression(
      { ...plain, sql: raw(`${name}.c${index + 1}`) },
      nullableWhenAuto(column),
      insert.ignore,
    );
    return column.autoIncrement ? sql`nullif(${stored}, 0)` : stored;
  });
  for (let index = own; index < query.columns.length; index++) cells.push(raw(`${name}.c${index + 1}`));
  const rows = query.render(workingForm, true);
  const made = query.assigns ? inOrder(rows, name) : sql`(${rows})`;
  return sql`SELECT ${join(cells, ', ')} FROM ${made} AS ${name} WHERE 1`;
}

export function nullableWhenAuto(column: SourceColumn): SourceColumn {
  return column.autoIncrement ? { ...column, nullable: true } : column;
}

function omitted(column: SourceColumn, source: TableSource, ignore: boolean): Fragment {
  if (column.autoIncrement) return raw('NULL');
  return storeExpression(defaultTyped(source, column.name), column, ignore);
}

/** A DELETE of the rows that hold a unique key of the row to come. */
function clearPlan(source: TableSource, targets: readonly SourceColumn[], translation: Translation): Plan | null {
  const keys = source.uniqueKeys.map(({ columns }) =>
    join(
      columns.map((name) => {
        const index = targets.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
        const cell = bind({ from: 'cell', index });
        const own = columnOrder(source, name);
        if (own === 'folded') return sql`${columnKey(quoteName(name))} = ob_key(${cell})`;
        return own === 'binary' ? sql`rtrim(${quoteName(name)}) = rtrim(${cell})` : sql`${quoteName(name)} = ${cell}`;
      }),
      ' AND ',
    ),
  );
  if (keys.length === 0) return null;
  const text = sql`DELETE FROM ${source.sql} WHERE ${join(
    keys.map((key) => sql`(${key})`),
    ' OR ',
  )}`;
  return finishPlan('delete', text, translation);
}

function columnOrder({ columns }: TableSource, name: string): 'folded' | 'binary' | null {
  const column = columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
  return column ? keyOrder(column.type) : null;
}

/** One row evaluated by SQLite: a query of one row of cells. */
export function rowQuery(cells: readonly Fragment[], translation: Translation): Plan {
  return { ...finishPlan('query', sql`SELECT ${join(cells, ', ')}`, translation), wideIntegers: true };
}

/** A value of a row as SQLite text in storage form. */
export function rowCell(expression: Expression, column: SourceColumn, place: Place, ignore: boolean): Fragment {
  const stored = storeExpression(translate(expression, place), nullableWhenAuto(column), ignore);
  return column.autoIncrement ? sql`nullif(${stored}, 0)` : stored;
}
