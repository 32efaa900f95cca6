import { unsignedCell, unsignedOfBytes } from '../../value/unsigned.ts';
import type { Connection } from './connection.ts';
import { prepared } from './prepared.ts';
import { quoteName, rowIdColumn, sqliteName, type TableColumn, type TableSchema } from './table-schema.ts';

/**
 * AUTO_INCREMENT: SQLite counts by itself when the column is the table's row id. Other columns count from the larger of
 * their greatest value and the start kept in the same place, `sqlite_sequence`.
 */
export function autoIncrementColumn(table: Pick<TableSchema, 'columns'>): TableColumn | null {
  return table.columns.find((column) => column.autoIncrement) ?? null;
}

/** The value the next row gets; null for a table without such a column. */
export function nextValue(connection: Connection, table: TableSchema): bigint | null {
  const column = autoIncrementColumn(table);
  if (!column) return null;
  const key = sequenceKey(table);
  const kept = hasSequence(connection)
    ? connection.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?').pluck().safeIntegers().get(key)
    : undefined;
  const most = connection
    .prepare(`SELECT max(${quoteName(column.name)}) FROM ${sqliteName(table.schema, table.name)}`)
    .pluck()
    .safeIntegers()
    .get();
  const last = [kept, most].map(whole).reduce((a, b) => (a > b ? a : b), 0n);
  return last + 1n;
}

/** The largest number of a table that SQLite numbers, asked for before every such INSERT. */
export function lastGiven(writer: Connection, table: TableSchema): bigint {
  const column = quoteName(autoIncrementColumn(table)!.name);
  const sql = `SELECT max(ifnull((SELECT max(${column}) FROM ${sqliteName(table.schema, table.name)}), 0),
    ifnull((SELECT seq FROM sqlite_sequence WHERE name = ?), 0))`;
  return prepared(writer, sql).pluck(true).safeIntegers(true).get(sequenceKey(table)) as bigint;
}

/** Lets numbering go on at `next`. */
export function setNextValue(connection: Connection, table: TableSchema, next: bigint): void {
  if (!autoIncrementColumn(table)) return;
  ensureSequence(connection);
  const key = sequenceKey(table);
  connection.prepare('DELETE FROM sqlite_sequence WHERE name = ?').run(key);
  connection.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(key, unsignedCell(next - 1n));
}

/** Follows a table to its new name. */
export function renameSequence(connection: Connection, from: TableSchema, to: TableSchema): void {
  if (!hasSequence(connection)) return;
  connection.prepare('UPDATE sqlite_sequence SET name = ? WHERE name = ?').run(sequenceKey(to), sequenceKey(from));
}

export function dropSequence(connection: Connection, table: TableSchema): void {
  if (!hasSequence(connection)) return;
  connection.prepare('DELETE FROM sqlite_sequence WHERE name = ?').run(sequenceKey(table));
}

/** True when SQLite numbers the column itself. */
export function isRowIdSequence(table: TableSchema): boolean {
  return rowIdColumn(table)?.autoIncrement === true;
}

function sequenceKey(table: TableSchema): string {
  return sqliteName(table.schema, table.name).slice(1, -1).replaceAll('""', '"');
}

/** A stored integer; 0 for anything else. */
export function whole(value: unknown): bigint {
  if (value instanceof Uint8Array) return unsignedOfBytes(value);
  return typeof value === 'bigint' ? value : 0n;
}

function hasSequence(connection: Connection): boolean {
  return connection.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'`).get() !== undefined;
}

/** SQLite makes the table with the first AUTOINCREMENT table and keeps it for ever. */
function ensureSequence(connection: Connection): void {
  if (hasSequence(connection)) return;
  connection.exec('CREATE TABLE __ob_first (id INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE __ob_first');
}
