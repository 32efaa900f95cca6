import { fault } from '../../base/errors.ts';
import type { Cell, ColumnType } from '../../value/column-type.ts';
import { implicitDefault, storeValue } from '../../value/store.ts';
import type { Expression } from '../ast/expression.ts';
import type { SourceColumn } from '../schema.ts';
import { type BindContext, type BindInputs, storeTarget } from './bind.ts';
import { convertCell, toNumber } from './bind-convert.ts';
import { quoteText } from './fragment.ts';
import { unsupported } from './statement.ts';

const nowNames = /^(now|current_timestamp|localtime|localtimestamp)$/;

/**
 * The SQLite expression kept as the default of a column: a literal in storage form, or `my_current_local(n)` and
 * `my_current_utc(n)` for CURRENT_TIMESTAMP. 1067 for a value the column does not take.
 */
export function defaultExpression(
  column: { readonly name: string; readonly type: ColumnType },
  expression: Expression,
  context: Pick<BindContext, 'sqlMode' | 'timeZone'>,
): string {
  const { type, name } = column;
  if (expression.kind === 'function' && nowNames.test(expression.name)) {
    if (type.name === 'timestamp') return `my_current_utc(${type.scale ?? 0})`;
    if (type.name === 'datetime') return `my_current_local(${type.scale ?? 0})`;
    throw fault('ER_INVALID_DEFAULT', name);
  }
  const value = constantOf(expression, type);
  if (value === undefined) throw unsupported('default value that is an expression is');
  if (value === null) return 'NULL';
  const target = { ...storeTarget(context, { name, nullable: true }, 1), strict: true };
  try {
    return cellText(storeValue(type, value, target));
  } catch {
    throw fault('ER_INVALID_DEFAULT', name);
  }
}

function constantOf(expression: Expression, type: ColumnType): Cell | undefined {
  if (expression.kind === 'unary' && expression.operator === '-') {
    const inner = constantOf(expression.operand, type);
    return typeof inner === 'string' ? `-${inner}` : typeof inner === 'bigint' ? -inner : undefined;
  }
  if (expression.kind !== 'literal') return undefined;
  const { value } = expression;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (expression.type === 'integer') return BigInt(value as string);
  if (expression.type === 'double') return Number(value);
  if ((expression.type === 'hex' || expression.type === 'bit') && isNumberColumn(type))
    return toNumber(value as Uint8Array);
  return value;
}

export function isNumberColumn(type: ColumnType): boolean {
  return /int$|^(decimal|float|double|year|bit)$/.test(type.name);
}

/** A cell as SQLite text. */
export function cellText(cell: Cell): string {
  if (cell === null) return 'NULL';
  if (cell instanceof Uint8Array) return `x'${Buffer.from(cell).toString('hex')}'`;
  return typeof cell === 'string' ? quoteText(cell) : String(cell);
}

/** The value of a default expression without SQLite; undefined when only SQLite can tell. */
export function evaluateDefault(text: string, context: BindContext): Cell | undefined {
  if (/^NULL$/i.test(text)) return null;
  if (/^-?\d+$/.test(text)) return BigInt(text);
  if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return Number(text);
  const quoted = /^'((?:[^']|'')*)'$/.exec(text);
  if (quoted) return quoted[1]!.replaceAll("''", "'");
  const hex = /^[xX]'([0-9a-fA-F]*)'$/.exec(text);
  if (hex) return Buffer.from(hex[1]!, 'hex');
  const now = /^my_current_(local|utc)\((\d)\)$/.exec(text);
  if (!now) return undefined;
  return convertCell(0, { to: now[1] === 'utc' ? 'utcDatetime' : 'nowDatetime', scale: Number(now[2]) }, context);
}

/** What a column gets when nothing is said: its default, NULL, or the implicit one; 1364 in strict mode. */
export function omittedValue(column: SourceColumn, inputs: BindInputs, ignore: boolean): Cell | undefined {
  if (column.autoIncrement) return null;
  if (column.default !== null) return evaluateDefault(column.default, inputs.context);
  if (column.nullable) return null;
  const target = storeTarget(inputs.context, column, 1, { ignore, ...(inputs.warn ? { warn: inputs.warn } : {}) });
  const error = fault('ER_NO_DEFAULT_FOR_FIELD', column.name);
  if (target.strict) throw error;
  inputs.warn?.(error);
  return implicitDefault(column.type);
}
