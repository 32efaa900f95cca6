import { bytesOfText } from '../../value/charset.ts';
import type { ColumnType } from '../../value/column-type.ts';
import { formatDouble } from '../../value/text-form.ts';
import type { Fragment } from '../translate/fragment.ts';
import type { FunctionContext } from './context.ts';

/** A value as SQLite hands it to a function: whole numbers are bigint. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type Given = Exclude<SqlValue, null>;

/**
 * The form an argument is brought to before the call. `text` may still be bytes, `characters` never; `moment` is the text
 * of a date or datetime in the session's zone; `exact` a number, or decimal text where a number would lose digits; `time` signed microseconds; `raw` the working form as it is.
 */
export type ArgumentKind =
  | 'text'
  | 'characters'
  | 'bytes'
  | 'number'
  | 'exact'
  | 'integer'
  | 'bits'
  | 'moment'
  | 'time'
  | 'json'
  | 'raw';

/** What is known of an argument when the call is translated. */
export interface ArgumentInfo {
  readonly type: ColumnType;
  /** Text of a number literal, null for anything else. */
  readonly constant: string | null;
}

export interface FunctionDefinition {
  /** Lower-case MySQL name. */
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Form of each argument; the last one serves all that follow. */
  readonly kinds: readonly ArgumentKind[];
  readonly result: (args: readonly ArgumentInfo[]) => ColumnType;
  /** SQLite text instead of a function of ours. */
  readonly native?: (args: readonly Fragment[]) => Fragment;
  /** Without `nulls`, a NULL argument makes the result NULL and `run` never sees one. */
  readonly run?: (args: readonly Given[], context: FunctionContext) => SqlValue | boolean;
  readonly runNulls?: (args: readonly SqlValue[], context: FunctionContext) => SqlValue | boolean;
  /** Numbers of the result are integers. */
  readonly integer?: boolean;
  /** Not the same for the same arguments within a statement. */
  readonly volatile?: boolean;
  /** Compares texts: under a binary collation the arguments come as bytes. */
  readonly collates?: boolean;
}

const text = new TextDecoder();

export function str(value: SqlValue | undefined): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return formatDouble(value);
  return value instanceof Uint8Array ? text.decode(value) : String(value);
}

export function num(value: SqlValue | undefined): number {
  return typeof value === 'number' ? value : Number(value ?? 0);
}

export function bytes(value: SqlValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : bytesOfText(str(value));
}

/** Characters of a text: code points, cheap when there are only plain ones. */
export function chars(value: string): readonly string[] | string {
  return /[\ud800-\udfff]/.test(value) ? [...value] : value;
}

export function part(value: string, from: number, to?: number): string {
  const list = chars(value);
  return typeof list === 'string' ? list.slice(from, to) : list.slice(from, to).join('');
}

// ---------------------------------------------------------------- result types

export const types = {
  bigint: { name: 'bigint', length: 20 },
  unsigned: { name: 'bigint', length: 20, unsigned: true },
  int: { name: 'int', length: 11 },
  flag: { name: 'bigint', length: 1 },
  double: { name: 'double' },
  date: { name: 'date' },
  json: { name: 'json' },
  longtext: { name: 'longtext' },
} as const satisfies Record<string, ColumnType>;

export const returns = {
  bigint: () => types.bigint,
  unsigned: () => types.unsigned,
  int: () => types.int,
  flag: () => types.flag,
  double: () => types.double,
  date: () => types.date,
  json: () => types.json,
  longtext: () => types.longtext,
  text: (length: number) => (): ColumnType => ({ name: 'varchar', length }),
  bytes: (length: number) => (): ColumnType => ({ name: 'varbinary', length }),
  time: (scale: number) => (): ColumnType => (scale ? { name: 'time', scale } : { name: 'time' }),
  datetime: (scale: number) => (): ColumnType => (scale ? { name: 'datetime', scale } : { name: 'datetime' }),
};

const binaryNames = /binary|blob/;

/** Text as long as the arguments together; bytes when one of them is bytes. */
export function joined(factor = 1): (args: readonly ArgumentInfo[]) => ColumnType {
  return (args) => {
    const length = args.reduce((sum, { type }) => sum + lengthOf(type), 0) * factor;
    const binary = args.some(({ type }) => binaryNames.test(type.name));
    if (binary) return length > 65535 ? { name: 'longblob' } : { name: 'varbinary', length };
    return length > 21844 ? { name: 'longtext' } : { name: 'varchar', length };
  };
}

/** Characters written for the bytes of the first argument. */
export function textOf(factor: number): (args: readonly ArgumentInfo[]) => ColumnType {
  return ([first]) => {
    const length = lengthOf(first!.type) * factor;
    return length > 21844 ? { name: 'longtext' } : { name: 'varchar', length };
  };
}

/** Text as long as the first argument. */
export function likeFirst(args: readonly ArgumentInfo[]): ColumnType {
  return joined()(args.slice(0, 1));
}

function lengthOf(type: ColumnType): number {
  if (/int$/.test(type.name)) return type.length ?? 20;
  if (/text|blob|json/.test(type.name)) return 65535;
  if (/^(date|time)/.test(type.name)) return 26;
  return type.length ?? type.precision ?? 23;
}

type Run = NonNullable<FunctionDefinition['run']>;

/** A function that is NULL when an argument is. */
export function define(
  name: string,
  arity: readonly [least: number, most: number],
  kinds: readonly ArgumentKind[],
  result: FunctionDefinition['result'],
  run: Run,
  more: Partial<FunctionDefinition> = {},
): FunctionDefinition {
  return { name, least: arity[0], most: arity[1], kinds, result, run, ...more };
}

/** A function made of SQLite text. */
export function native(
  name: string,
  arity: readonly [least: number, most: number],
  kinds: readonly ArgumentKind[],
  result: FunctionDefinition['result'],
  make: NonNullable<FunctionDefinition['native']>,
): FunctionDefinition {
  return { name, least: arity[0], most: arity[1], kinds, result, native: make };
}

export const integer = { integer: true } as const;
export const many = Number.POSITIVE_INFINITY;

/** A function the translator writes; its SQLite name is `my_` and the name. */
export function internal(
  name: string,
  arity: readonly [number, number],
  run: NonNullable<FunctionDefinition['run']>,
  more: Partial<FunctionDefinition> = {},
): FunctionDefinition {
  return define(name, arity, ['raw'], returns.bigint, run, more);
}
