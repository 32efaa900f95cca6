import { fault } from '../../base/errors.ts';
import type { ColumnType } from '../../value/column-type.ts';
import { storeConverter } from '../../value/store.ts';
import { storeTarget } from '../translate/bind.ts';
import type { FunctionContext } from './context.ts';
import { type SqlValue, str } from './definition.ts';

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

const columns = new Map<string, Column>();
const mostColumns = 5000;

/** The text by which a plan names the column a value goes to. */
export function columnKey(column: Column): string {
  return JSON.stringify({ name: column.name, type: column.type, nullable: column.nullable });
}

/** `my_store(value, column, ignore)`: the value in the storage form of the column, with strict-mode errors. */
export function storeForPlan(args: readonly SqlValue[], context: FunctionContext): SqlValue {
  const [value, key, ignore] = args;
  const column = columnOf(str(key));
  const warn = context.warn;
  const target = storeTarget(context, column, context.rowNumber ?? 1, {
    ignore: ignore === 1n,
    ...(warn ? { warn: (error) => warn.call(context, error.errno, error.message) } : {}),
  });
  const stored = storeConverter(column.type)(value ?? null, target);
  return typeof stored === 'number' && Number.isSafeInteger(stored) ? BigInt(stored) : stored;
}

function columnOf(key: string): Column {
  let column = columns.get(key);
  if (!column) {
    if (!key.startsWith('{')) throw fault('OB_ERR_UNEXPECTED', 'a plan names no column');
    column = JSON.parse(key) as Column;
    if (columns.size >= mostColumns) columns.clear();
    columns.set(key, column);
  }
  return column;
}
