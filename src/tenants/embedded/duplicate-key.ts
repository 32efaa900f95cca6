import Database from 'better-sqlite3';
import { fault, type ObError } from '../../base/errors.ts';
import type { InsertPlan } from '../../sql/translate/insert.ts';
import type { Cell } from '../../value/column-type.ts';
import { failedColumns, failedIndex } from './sql-errors.ts';
import type { TableSchema } from './table-schema.ts';
import type { Tenant } from './tenant.ts';

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

/** 1062 with the key's name and, when the row is known, its value. */
export function describeDuplicate(tenant: Tenant, error: Error, wanted: WantedRow | null): ObError {
  const { columns, table } = failedColumns(error.message);
  const schema = tenant.dictionary.allTables().find((each) => `${each.schema}.${each.name}` === table);
  const index = failedIndex(error.message);
  const key = index ?? (schema ? keyName(schema, columns) : 'PRIMARY');
  const named =
    index && schema
      ? (schema.keys.find((each) => each.name === index)?.parts.map((part) => part.column) ?? [])
      : columns;
  const value = wanted ? named.map((column) => shownCell(wanted, column)).join('-') : '';
  return fault('OB_ERR_PRIMARY_KEY_DUPLICATE', value, key);
}

function keyName(table: TableSchema, columns: readonly string[]): string {
  const wanted = columns.map((column) => column.toLowerCase()).join();
  const same = (parts: TableSchema['primaryKey']) => parts.map((part) => part.column.toLowerCase()).join() === wanted;
  if (same(table.primaryKey)) return 'PRIMARY';
  return table.keys.find((key) => key.unique && same(key.parts))?.name ?? 'PRIMARY';
}

function shownCell({ plan, cells }: WantedRow, column: string): string {
  const at = plan.targetColumns.findIndex((each) => each.name.toLowerCase() === column.toLowerCase());
  const cell = cells[at];
  if (cell === null || cell === undefined) return 'NULL';
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('latin1') : String(cell);
}
