import { isBinaryType, isCaseSensitive, isIntegerType, isTextType } from '../../value/column-storage.ts';
import type { ColumnType } from '../../value/column-type.ts';
import { isUnsigned64 } from '../../value/unsigned.ts';
import type { Literal } from '../ast/expression.ts';
import { call, type Fragment, raw } from './fragment.ts';
import type { BindConversion } from './plan.ts';

/** How texts are compared; `declared` when SQLite does so by itself because the operand is a plain column of a table. */
export interface Collating {
  /** `folded`: by weights, with keys; `nocase`: columns of views, whose texts SQLite folds well enough. */
  readonly order: 'folded' | 'nocase' | 'binary';
  /** 0 explicit COLLATE or BINARY, 2 column, 3 function of columns, 4 literal. The smallest decides. */
  readonly strength: number;
  readonly declared: boolean;
}

/** Where a result column comes from, for its metadata. */
export interface Origin {
  readonly schema: string;
  readonly table: string;
  readonly orgTable: string;
  readonly orgName: string;
  readonly notNull: boolean;
  readonly primaryKey: boolean;
  readonly uniqueKey: boolean;
  readonly multipleKey: boolean;
  readonly autoIncrement: boolean;
}

/**
 * A translated expression in working form: stored form for every type (timestamps in UTC, times in microseconds),
 * with its MySQL type.
 */
export interface Typed {
  readonly sql: Fragment;
  readonly type: ColumnType;
  /** Category of a literal whose type must not be looked at without need; see `kindOf`. */
  readonly kind?: Category;
  readonly collating: Collating | null;
  readonly nullable: boolean;
  /** Literals, placeholders and variables: makes the bind with a conversion. */
  readonly bind?: (convert?: BindConversion) => Fragment;
  /** The value is not known before it runs: a placeholder or a user variable. */
  readonly unknown?: boolean;
  readonly literal?: Literal;
  /** Integer arithmetic whose overflow has not been looked at: SQLite turns it into REAL. */
  readonly unchecked?: string;
  /** The value as 64 bits in a signed integer, where such an expression is at hand. */
  readonly bits?: Fragment;
  readonly origin?: Origin;
  /** The value as exact decimal text, for answers; may have more digits than the type shows. */
  readonly exact?: Fragment;
  /**
   * A whole decimal that is known by `exact` (a number, or text beyond 64 bits) and only nearly by `sql`: it is compared
   * and sorted by `exact`.
   */
  readonly wide?: boolean;
  /** The value before it is rounded to its scale, for arithmetic around it. */
  readonly open?: Fragment;
  /** `open` has digits the type does not show: of a quotient. */
  readonly divided?: boolean;
  readonly aggregate?: boolean;
  /** A text that shows a date, a datetime or a time, which its number is that of. */
  readonly showsMoment?: true;
  /** Microseconds since 1970 UTC of the moment `of` shows; holds only while that is still the expression. */
  readonly moment?: { readonly of: Fragment; readonly us: Fragment };
}

export type Category =
  | 'null'
  | 'integer'
  | 'decimal'
  | 'double'
  | 'text'
  | 'binary'
  | 'json'
  | 'date'
  | 'datetime'
  | 'timestamp'
  | 'time';

export function category(type: ColumnType): Category {
  switch (type.name) {
    case 'null':
    case 'decimal':
    case 'json':
    case 'date':
    case 'datetime':
    case 'timestamp':
    case 'time':
      return type.name;
    case 'float':
    case 'double':
      return 'double';
    default:
      if (isIntegerType(type) || type.name === 'bit' || type.name === 'year') return 'integer';
      return isTextType(type) ? 'text' : isBinaryType(type) ? 'binary' : 'text';
  }
}

/** The category of an expression's type. */
export function kindOf(value: Typed): Category {
  return value.kind ?? category(value.type);
}

export function isNumeric(kind: Category): boolean {
  return kind === 'integer' || kind === 'decimal' || kind === 'double';
}

/** date, datetime, timestamp and time. */
export function isTemporal(kind: Category): boolean {
  return kind === 'date' || kind === 'datetime' || kind === 'timestamp' || kind === 'time';
}

export const bigint: ColumnType = { name: 'bigint', length: 20 };
export const unsignedBigint: ColumnType = { name: 'bigint', length: 20, unsigned: true };
export const int: ColumnType = { name: 'int', length: 11 };
export const boolean: ColumnType = { name: 'bigint', length: 1 };
export const double: ColumnType = { name: 'double' };
export const date: ColumnType = { name: 'date' };
export const json: ColumnType = { name: 'json' };
export const nullType: ColumnType = { name: 'null' };
export const longtext: ColumnType = { name: 'longtext' };

export function varchar(length: number): ColumnType {
  return length > 21844 ? longtext : { name: 'varchar', length };
}
export function varbinary(length: number): ColumnType {
  return length > 65535 ? { name: 'longblob' } : { name: 'varbinary', length };
}
export function datetime(scale = 0): ColumnType {
  return scale === 0 ? { name: 'datetime' } : { name: 'datetime', scale };
}
export function time(scale = 0): ColumnType {
  return scale === 0 ? { name: 'time' } : { name: 'time', scale };
}
export function decimal(precision: number, scale: number): ColumnType {
  return { name: 'decimal', precision: Math.min(65, Math.max(precision, scale)), scale: Math.min(30, scale) };
}

/** A double that prints with so many digits behind the point; more than 30 are as many as it takes. */
export function doubleOf(scale: number): ColumnType {
  return scale > 30 ? double : { name: 'double', precision: 17 + scale, scale };
}

/** Digits behind the point values of the type print with, null for as many as it takes. */
export function shownDigits(type: ColumnType): number | null {
  const kind = category(type);
  return kind === 'integer' || kind === 'null'
    ? 0
    : kind === 'decimal'
      ? (type.scale ?? 0)
      : kind === 'double'
        ? (type.scale ?? null)
        : null;
}

/** A double made of values of these types, which prints as many digits as the longest. */
export function doubleAmong(types: readonly ColumnType[], more = 0): ColumnType {
  const digits = types.map(shownDigits);
  return digits.includes(null) ? double : doubleOf(Math.max(...digits.map((each) => each ?? 0)) + more);
}

/** An expression of a type, texts compared like the connection does. */
export function typed(sql: Fragment, type: ColumnType, more: Partial<Typed> = {}): Typed {
  const kind = category(type);
  const texts = kind === 'text' || kind === 'binary' || kind === 'json';
  const order = texts && isCaseSensitive(type) ? 'binary' : 'folded';
  return { sql, type, collating: texts ? { order, strength: 3, declared: false } : null, nullable: true, ...more };
}

export const nullValue: Typed = typed(raw('NULL'), nullType);

/** True for 64 unsigned bits, which may be stored as bytes. The type of a literal that has a kind is not looked at. */
export function isWhole64(value: Typed): boolean {
  return kindOf(value) === 'integer' && isUnsigned64(value.type);
}

/** 64 unsigned bits that lie in a signed integer, in stored form. */
export function ofBits(bits: Fragment, more: Partial<Typed> = {}): Typed {
  return typed(call('my_unsigned', bits), unsignedBigint, { ...more, bits });
}

/** Digits before the point a numeric type may have. */
export function integerDigits(type: ColumnType): number {
  if (type.name === 'decimal') return (type.precision ?? 10) - (type.scale ?? 0);
  switch (type.name) {
    case 'tinyint':
      return 3;
    case 'smallint':
      return 5;
    case 'mediumint':
      return 8;
    case 'year':
      return 4;
    case 'int':
      return 10;
    default:
      return type.length !== undefined && type.name === 'bigint' && type.length < 19 ? type.length : 19;
  }
}

/** Characters a value of the type prints with at most. */
export function displayLength(type: ColumnType): number {
  switch (category(type)) {
    case 'integer':
      return integerDigits(type) + 1;
    case 'decimal':
      return (type.precision ?? 10) + 2;
    case 'double':
      return 23;
    case 'date':
      return 10;
    case 'datetime':
    case 'timestamp':
      return type.scale ? 20 + type.scale : 19;
    case 'time':
      return type.scale ? 11 + type.scale : 10;
    case 'null':
      return 0;
    default:
      if (type.name === 'enum') return Math.max(1, ...(type.values ?? []).map((value) => value.length));
      if (type.name === 'set') return Math.max(1, (type.values ?? []).join(',').length);
      return type.length ?? (type.name === 'tinytext' || type.name === 'tinyblob' ? 255 : 65535 * 4);
  }
}
