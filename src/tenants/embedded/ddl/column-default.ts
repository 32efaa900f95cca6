import { fault } from '../../../base/errors.ts';
import type { ColumnDefinition } from '../../../sql/ast/definition.ts';
import type { Expression, Literal } from '../../../sql/ast/expression.ts';
import { defaultExpression } from '../../../sql/translate/default.ts';
import type { Cell, ColumnType } from '../../../value/column-type.ts';
import { decimalText } from '../../../value/decimal.ts';
import type { ColumnDefault } from '../table-schema.ts';
import { quoteSqlText } from './quote-text.ts';

/** The default of a column, or null when it has none. Throws 1067 for a value that does not fit, 1101 for long types. */
export function columnDefault(
  definition: Pick<ColumnDefinition, 'name' | 'nullable' | 'default'>,
  type: ColumnType,
  env: { readonly sqlMode: string; readonly timeZone: string },
): ColumnDefault | null {
  const given = definition.default;
  if (given === null) return null;
  if (given.kind === 'literal' && given.type === 'null') {
    if (!definition.nullable) throw fault('ER_INVALID_DEFAULT', definition.name);
    return { text: 'NULL', shown: null, sql: 'NULL' };
  }
  if (isLong(type)) throw fault('ER_BLOB_CANT_HAVE_DEFAULT', definition.name);
  if (isNow(given)) return nowDefault(type, defaultExpression({ name: definition.name, type }, given, env));
  const sql = defaultExpression({ name: definition.name, type }, given, env);
  const value = constant(given);
  if (value === undefined) throw fault('ER_INVALID_DEFAULT', definition.name);
  if (type.name === 'bit') return bitDefault(sql);
  const shown = type.name === 'decimal' ? decimalShown(sql, type) : shownText(value);
  return { text: quoteSqlText(shown), shown, sql };
}

/** Bits show as `b'101'`, whatever they were written as. */
function bitDefault(sql: string): ColumnDefault {
  const text = `b'${BigInt(sql).toString(2)}'`;
  return { text, shown: text, sql };
}

function nowDefault(type: ColumnType, sql: string): ColumnDefault {
  const text = type.scale ? `CURRENT_TIMESTAMP(${type.scale})` : 'CURRENT_TIMESTAMP';
  return { text, shown: text, sql };
}

function isLong(type: ColumnType): boolean {
  return /(text|blob)$/.test(type.name) || type.name === 'json';
}

/** NOW() and its synonyms. */
export function isNow(expression: Expression): boolean {
  return expression.kind === 'function' && nowNames.has(expression.name);
}

const nowNames = new Set(['now', 'current_timestamp', 'localtime', 'localtimestamp']);

/** The value of a literal, perhaps behind a sign; undefined for anything else. */
export function constant(expression: Expression): Cell | undefined {
  if (expression.kind === 'literal') return literalCell(expression);
  if (expression.kind !== 'unary') return undefined;
  const value = constant(expression.operand);
  if (expression.operator === '+') return value;
  if (expression.operator !== '-') return undefined;
  if (typeof value === 'string') return value.startsWith('-') ? value.slice(1) : `-${value}`;
  return typeof value === 'bigint' || typeof value === 'number' ? -value : undefined;
}

function literalCell({ type, value }: Literal): Cell {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value !== 'string') return value;
  if (type === 'integer') return BigInt(value);
  return type === 'double' ? Number(value) : value;
}

/** Decimal defaults show all their digits. */
function decimalShown(sql: string, type: ColumnType): string {
  const number = Number(sql);
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(sql)
    ? decimalText(number, type.scale ?? 0)
    : decimalText(BigInt(sql), type.scale ?? 0);
}

function shownText(value: Cell): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
}
