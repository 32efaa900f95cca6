import { fault } from '../../base/errors.ts';
import { bytesOfText } from '../../value/charset.ts';
import type { Cell, ColumnType } from '../../value/column-type.ts';
import { formatDecimal, readDecimal } from '../../value/decimal.ts';
import { storeValue } from '../../value/store.ts';
import type { StoreTarget } from '../../value/store-target.ts';
import { unsignedCell } from '../../value/unsigned.ts';
import type { Literal } from '../ast/expression.ts';
import { convertCell } from './bind-convert.ts';
import type { BindConversion, BindSource, ContextBind } from './plan.ts';

/** A literal as the scanner cut it out. */
export interface BindLiteral {
  readonly type: Literal['type'];
  readonly value: string | Uint8Array | boolean | null;
}

/** What the binds of a plan draw from. A statement context of the engines has all of `context`'s session fields. */
export interface BindInputs {
  /** By slot. Empty: those of the text the plan was made for. */
  readonly literals: readonly BindLiteral[];
  readonly parameters: readonly Cell[];
  readonly context: BindContext;
  /** Receives what is fitted instead of refused when sql_mode is not strict. */
  readonly warn?: StoreTarget['warn'];
  /** Takes the error of a value that does not fit its column, which only counts when a row is to get it; NULL is bound. */
  readonly unfit?: (error: unknown) => void;
}

export interface BindContext {
  /** Start of the statement, microseconds since 1970. */
  readonly nowUs: number;
  readonly timeZone: string;
  readonly sqlMode: string;
  readonly database: string | null;
  readonly user: string;
  readonly host: string;
  readonly connectionId: number;
  readonly lastInsertId: bigint;
  readonly foundRows: bigint;
  readonly rowCount: bigint;
  readonly tenantId?: number;
  readonly tenantName?: string;
  readonly userVariables: Readonly<Record<string, Cell>>;
  readonly systemVariables: Readonly<Record<string, Cell>>;
}

/** Nothing is known: for literals whose form does not depend on the session. */
export const noContext: BindContext = {
  nowUs: 0,
  timeZone: 'UTC',
  sqlMode: '',
  database: null,
  user: '',
  host: '',
  connectionId: 0,
  lastInsertId: 0n,
  foundRows: 0n,
  rowCount: 0n,
  userVariables: {},
  systemVariables: {},
};

/** The positional arguments of a plan's statement. `row` serves the `cell` sources of a one-row INSERT. */
export function bindCells(binds: readonly BindSource[], inputs: BindInputs, row?: readonly Cell[]): Cell[] {
  return binds.map((source) => bindCell(source, inputs, row));
}

/** The value of one `?`. Whole numbers come as bigint, for SQLite would read a JavaScript number as REAL. */
export function bindCell(source: BindSource, inputs: BindInputs, row?: readonly Cell[]): Cell {
  if (source.from === 'cell') return row?.[source.index] ?? null;
  if (source.from === 'constant') return source.value;
  const value = sourceValue(source, inputs);
  const { convert } = source;
  if (convert?.to === 'column') {
    const stored = storeCell(source, convert, value, inputs);
    return /^(float|double)$/.test(convert.column!.type.name) ? stored : integral(stored);
  }
  const cell = convert ? convertCell(value, convert, inputs.context) : value;
  return convert?.to === 'double' ? cell : integral(cell);
}

/** Integers as SQLite takes them. */
function integral(cell: Cell): Cell {
  if (typeof cell === 'bigint') return unsignedCell(cell);
  return typeof cell === 'number' && Number.isSafeInteger(cell) ? BigInt(cell) : cell;
}

type ReadSource = Exclude<BindSource, { readonly from: 'cell' | 'constant' }>;

function sourceValue(source: ReadSource, inputs: BindInputs): Cell {
  switch (source.from) {
    case 'literal': {
      const literal = inputs.literals[source.slot] ?? source.given;
      if (literal === undefined) throw fault('OB_ERR_UNEXPECTED', `literal ${source.slot} of the statement is missing`);
      return literalCell(literal, source.convert);
    }
    case 'parameter':
      return inputs.parameters[source.index] ?? null;
    case 'userVariable':
      return inputs.context.userVariables[source.name] ?? null;
    case 'systemVariable':
      return systemVariable(inputs.context, source.name, source.scope);
    case 'context':
      return contextValue(inputs.context, source.name);
  }
}

function literalCell(literal: BindLiteral, convert: BindConversion | undefined): Cell {
  const { type, value } = literal;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') return value;
  const signed = convert?.negate ? `-${value}` : value;
  if (type === 'integer') return BigInt(signed);
  if (type === 'double') return Number(signed);
  if (type === 'decimal') return plainDecimal(signed);
  // Bytes that are no characters would not come through SQLite's texts.
  return signed.isWellFormed() ? signed : bytesOfText(signed);
}

/** `.5` and `007.` as `0.5` and `7`. */
function plainDecimal(text: string): string {
  return formatDecimal(readDecimal(text).value);
}

/** A system variable's value; 1193 when there is none of that name. */
export function systemVariable(context: BindContext, name: string, scope: 'session' | 'global' | null): Cell {
  const value = scope === 'global' ? context.systemVariables[`global.${name}`] : undefined;
  const found = value ?? context.systemVariables[name];
  if (found === undefined) throw fault('OB_ERR_SYS_VARIABLE_UNKNOWN', name);
  return found;
}

function contextValue(context: BindContext, name: ContextBind): Cell {
  // SQLite has modifiers of its own called utc and localtime; offsets it takes as MySQL writes them.
  if (name === 'timeZone') return /^utc$/i.test(context.timeZone) ? '+00:00' : context.timeZone;
  return context[name] ?? null;
}

/** How strictly values are stored under a sql_mode. */
export function storeTarget(
  context: Pick<BindContext, 'sqlMode' | 'timeZone'>,
  column: { readonly name: string; readonly nullable: boolean },
  row: number,
  more: { readonly ignore?: boolean; readonly warn?: StoreTarget['warn'] } = {},
): StoreTarget {
  const mode = context.sqlMode.toUpperCase();
  const strict = /STRICT_(TRANS|ALL)_TABLES|TRADITIONAL/.test(mode) && more.ignore !== true;
  return {
    column: column.name,
    row,
    strict,
    timeZone: context.timeZone,
    nullable: column.nullable,
    noZeroDate: mode.includes('NO_ZERO_DATE') || mode.includes('TRADITIONAL'),
    noZeroInDate: mode.includes('NO_ZERO_IN_DATE') || mode.includes('TRADITIONAL'),
    ...(more.warn ? { warn: more.warn } : {}),
  };
}

function storeCell(source: ReadSource, convert: BindConversion, value: Cell, inputs: BindInputs): Cell {
  const column = convert.column!;
  const literal = source.from === 'literal' ? (inputs.literals[source.slot] ?? source.given) : undefined;
  const more = { ignore: convert.ignore === true, ...(inputs.warn ? { warn: inputs.warn } : {}) };
  const given = literal ? storable(literal.type, value, column.type) : value;
  try {
    return storeValue(column.type, given, storeTarget(inputs.context, column, 1, more));
  } catch (error) {
    if (!inputs.unfit) throw error;
    inputs.unfit(error);
    return null;
  }
}

/** Hexadecimal and bit literals are numbers to number columns. */
export function storable(type: Literal['type'], value: Cell, column: ColumnType): Cell {
  const bytes = (type === 'hex' || type === 'bit') && value instanceof Uint8Array;
  return bytes && /int$|^(decimal|float|double|year)$/.test(column.name)
    ? convertCell(value, { to: 'unsigned' }, noContext)
    : value;
}
