import { fault } from '../../base/errors.ts';
import { rowIdName } from '../row-id-name.ts';
import type { TableSource } from '../schema.ts';
import { bind, type Fragment, join, quoteName, raw, sql } from './fragment.ts';
import type { Plan, WritePart } from './plan.ts';
import type { ScopeTable } from './scope.ts';
import type { Translation } from './statement.ts';
import { finishPlan } from './translate.ts';

/** A base table under the SQLite name it has in a text. */
export interface KeyedTable {
  readonly source: TableSource;
  readonly table: Pick<ScopeTable, 'name'>;
}

/** Columns that tell the rows of a table apart: its primary key, or SQLite's own row number. 1235 when no column can name that. */
export function rowKey(source: TableSource): readonly string[] {
  if (source.primaryKey.length > 0) return source.primaryKey.map(quoteName);
  const name = rowIdName(source.columns);
  if (name === null)
    throw fault('OB_NOT_SUPPORTED', 'such a write to a table whose columns have all names of a row id is');
  return [name];
}

/** The key of a row, for a SELECT. */
export function keyList({ source, table }: KeyedTable): Fragment {
  return raw(
    rowKey(source)
      .map((column) => `${table.name}.${column}`)
      .join(', '),
  );
}

/** ` WHERE` the key is that of the row whose cells begin at `from`. */
export function keyCells({ source, table }: KeyedTable, from = 0): Fragment {
  const tests = rowKey(source).map(
    (column, index) => sql`${table.name}.${column} IS ${bind({ from: 'cell', index: from + index })}`,
  );
  return sql` WHERE ${join(tests, ' AND ')}`;
}

/** A part whose rows begin with the key of the table `write` goes to. */
export function partOf(target: KeyedTable, rows: Fragment, write: Fragment): WritePart {
  const one = sql`${write}${keyCells(target)}`;
  return { rows: { sql: rows.text, binds: rows.binds }, write: { sql: one.text, binds: one.binds } };
}

export function partsPlan(kind: 'update' | 'delete', parts: readonly WritePart[], translation: Translation): Plan {
  return { ...finishPlan(kind, raw(''), translation), parts };
}
