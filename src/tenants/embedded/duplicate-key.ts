import Database from 'better-sqlite3';
import { fault, type ObError } from '../../base/errors.ts';
import type { InsertPlan } from '../../sql/translate/insert.ts';
import type { Cell } from '../../value/column-type.ts';
import { plainInteger } from '../../value/unsigned.ts';
import type { Connection } from './connection.ts';
import { indexName, partKey } from './ddl/table-sql.ts';
import { failedColumns, failedIndex } from './sql-errors.ts';
import type { SqlTenant } from './sql-tenant.ts';
import { findColumn, quoteName, sqliteName, type TableSchema } from './table-schema.ts';

/** True for the failure of a unique or primary key. */
export function isDuplicate(error: unknown): error is Error {
  return (
    error instanceof Database.SqliteError &&
    (error.code === 'SQLITE_CONSTRAINT_UNIQUE' ||
      error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY' ||
      error.code === 'SQLITE_CONSTRAINT_ROWID')
  );
}

/** The row a failing INSERT wanted to add. */
export interface WantedRow {
  readonly plan: InsertPlan;
  readonly cells: readonly Cell[];
}

/** 1062 with the key's name and its value: that of the row, or a text. */
export function describeDuplicate(tenant: SqlTenant, error: Error, wanted: WantedRow | string | null): ObError {
  const { key, columns } = failedKey(tenant, error);
  if (typeof wanted === 'string') return fault('OB_ERR_PRIMARY_KEY_DUPLICATE', wanted, key);
  const value = wanted ? columns.map((column) => shownCell(wanted, column)).join('-') : '';
  return fault('OB_ERR_PRIMARY_KEY_DUPLICATE', value, key);
}

function failedKey(tenant: SqlTenant, error: Error) {
  const failed = failedColumns(error.message);
  const table = tenant.dictionary.allTables().find((each) => `${each.schema}.${each.name}` === failed.table) ?? null;
  const index = failedIndex(error.message);
  const key = table?.keys.find((each) => each.name.toLowerCase() === index);
  const parts = key?.parts ?? (index === 'primary' ? table?.primaryKey : undefined);
  const columns = parts?.map((part) => part.column) ?? failed.columns;
  const name = index === 'primary' ? 'PRIMARY' : (key?.name ?? index);
  return { table, parts, columns, key: name ?? (table ? keyName(table, failed.columns) : 'PRIMARY') };
}

/**
 * Which value an UPDATE made twice: the write is done again without the key, looked at, and taken back. Only keys with
 * an index of their own can be put aside; the answer is empty for others.
 */
export function duplicateValue(tenant: SqlTenant, writer: Connection, error: Error, write: () => void): string {
  const { table, key, parts, columns } = failedKey(tenant, error);
  if (!table || (key === 'PRIMARY' && !parts) || !writer.inTransaction) return '';
  const aside = '__ob_aside';
  writer.exec(`SAVEPOINT ${aside}`);
  try {
    writer.exec(`DROP INDEX ${indexName(table, key)}`);
    write();
    const list = columns.map(quoteName).join(', ');
    const keys = parts?.map((part) => partKey(table, part, true)).join(', ') ?? list;
    const sql = `SELECT ${list} FROM ${sqliteName(table.schema, table.name)} GROUP BY ${keys} HAVING count(*) > 1 LIMIT 1`;
    const row = writer.prepare(sql).raw().safeIntegers().get() as Cell[] | undefined;
    return row?.map((cell, i) => shownAs(table, columns[i]!, cell)).join('-') ?? '';
  } catch {
    // Another key fails as well: its value is not the one that was asked for.
    return '';
  } finally {
    writer.exec(`ROLLBACK TO ${aside}; RELEASE ${aside}`);
  }
}

function keyName(table: TableSchema, columns: readonly string[]): string {
  const wanted = columns.map((column) => column.toLowerCase()).join();
  const same = (parts: TableSchema['primaryKey']) => parts.map((part) => part.column.toLowerCase()).join() === wanted;
  if (same(table.primaryKey)) return 'PRIMARY';
  return table.keys.find((key) => key.unique && same(key.parts))?.name ?? 'PRIMARY';
}

function shownCell({ plan, cells }: WantedRow, column: string): string {
  const at = plan.targetColumns.findIndex((each) => each.name.toLowerCase() === column.toLowerCase());
  const type = plan.targetColumns[at]?.type;
  return shown(type ? plainInteger(type, cells[at] ?? null) : null);
}

function shownAs(table: TableSchema, name: string, cell: Cell): string {
  const column = findColumn(table, name);
  return shown(column ? plainInteger(column.type, cell) : cell);
}

function shown(cell: Cell): string {
  if (cell === null) return 'NULL';
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('latin1') : String(cell);
}
