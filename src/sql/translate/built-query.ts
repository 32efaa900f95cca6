import type { ColumnType, ResultColumn } from '../../value/column-type.ts';
import { asOutput, settle } from './convert.ts';
import { type Fragment, raw, sql } from './fragment.ts';
import { positionsOf, type ScopeColumn, type ScopeTable } from './scope.ts';
import { needsKey, plainText } from './text-key.ts';
import { category, type Typed } from './typed.ts';

/** What is put at the place of one result column. */
export type ColumnForm = (value: Typed, index: number) => Fragment;

/** A translated query before its columns have their last form. */
export interface BuiltQuery {
  readonly columns: readonly ScopeColumn[];
  /** SQLite text; `named` gives the columns the names c1, c2 …. */
  readonly render: (form: ColumnForm, named: boolean) => Fragment;
  /** True when it cannot give two rows. */
  readonly single: boolean;
  /** A compound without ORDER BY and LIMIT as bare text, to be part of a longer one; columns are those of its parts. */
  readonly flat?: (form: ColumnForm) => Fragment;
  /** The same rows without LIMIT, one column, for SQL_CALC_FOUND_ROWS. */
  readonly unlimited?: () => Fragment;
  readonly into: readonly string[] | null;
  /** Its list assigns user variables: its rows must be made once and in order. */
  readonly assigns?: boolean;
}

/** Columns as they are inside of SQLite: for derived tables, subqueries and INSERT … SELECT. */
export const workingForm: ColumnForm = (value) => {
  const settled = settle(value);
  if (settled.wide) return settled.exact!;
  return isLong(settled) ? sql`my_decimal_text(${settled.exact!}, ${settled.type.scale ?? 0})` : settled.sql;
};

/** Decimals of more digits than a REAL keeps go from one query to the next as text. */
function isLong(value: Typed): boolean {
  return value.wide === true || isLongDecimal(value);
}

function isLongDecimal(value: Typed): boolean {
  return value.exact !== undefined && (value.type.precision ?? 10) > 15 && category(value.type) === 'decimal';
}

/** Columns as answers show them. */
export const outputForm: ColumnForm = (value) => asOutput(value);

/**
 * As `outputForm`, but columns that are a moment of a view come as microseconds, which whoever encodes the rows writes in
 * the session's zone. `at` receives their places.
 */
export function momentForm(at: number[]): ColumnForm {
  return (value, index) => {
    const { moment } = value;
    if (moment === undefined || moment.of !== value.sql || !isMoment(value.type)) return asOutput(value);
    at.push(index);
    return moment.us;
  };
}

/** Timestamps and datetimes with all six digits, the form microseconds are written in. */
function isMoment({ name, scale }: ColumnType): boolean {
  return (name === 'timestamp' || name === 'datetime') && scale === 6;
}

/** A query in FROM or WITH, as a table whose columns are c1, c2 …. */
export function queryTable(
  query: BuiltQuery,
  alias: string,
  name: string,
  labels: readonly string[] | null,
): ScopeTable {
  const columns = query.columns.map(({ label, value }, index): ScopeColumn => {
    const shown = labels?.[index] ?? label;
    return { label: shown, value: outerValue(value, `${name}.c${index + 1}`, alias, shown) };
  });
  return { schema: '', alias, name, columns, positions: positionsOf(columns) };
}

/** How a column looks from outside the query that makes it. */
export function outerValue(value: Typed, text: string, alias: string, label: string): Typed {
  const { type, nullable } = value;
  const collating = value.collating ? { ...value.collating, strength: 2, declared: false } : null;
  const long = isLong(value);
  const plain: Typed = {
    sql: raw(long ? `CAST(${text} AS NUMERIC)` : text),
    type: category(type) === 'null' ? { name: 'varchar', length: 0 } : type,
    collating,
    nullable,
    ...(long ? { exact: raw(text) } : {}),
    ...(value.wide ? { wide: true } : {}),
  };
  const { origin } = value;
  if (!origin) return { ...plain, origin: { ...noOrigin, table: alias, orgName: label } };
  return { ...plain, origin: { ...origin, table: alias } };
}

const noOrigin = {
  schema: '',
  table: '',
  orgTable: '',
  orgName: '',
  notNull: false,
  primaryKey: false,
  uniqueKey: false,
  multipleKey: false,
  autoIncrement: false,
};

/** What the client reads of the columns. */
export function resultColumns(query: BuiltQuery): ResultColumn[] {
  return query.columns.map(({ label, value }) => {
    const { origin } = value;
    const type = value.unknown ? { name: 'varchar' as const, length: 255 } : value.type;
    if (!origin) return { label, type, schema: '', table: '', orgTable: '', orgName: '', notNull: !value.nullable };
    const { notNull, ...rest } = origin;
    return { label, type, ...rest, notNull: notNull && !value.nullable };
  });
}

/** True when a column may hold integers beyond 2^53. */
export function isWide({ value }: ScopeColumn): boolean {
  const { type } = value;
  if (value.unknown || type.name === 'null' || type.name === 'bit') return true;
  if (type.name === 'decimal') return (type.precision ?? 10) - (type.scale ?? 0) > 15;
  if (type.name !== 'bigint') return false;
  return type.length === undefined || (type.length > 15 && type.length !== 21);
}

/** Columns where SQLite itself tells rows apart: texts come with their collation, and must be such that it compares them rightly. */
export function plainForm(form: ColumnForm): ColumnForm {
  return (value, index) => {
    const made = form(value, index);
    if (needsKey(value)) return plainText(value, made);
    return value.collating?.order === 'nocase' && category(value.type) === 'text' ? sql`${made} COLLATE NOCASE` : made;
  };
}
