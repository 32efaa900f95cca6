import { closeSync, fsyncSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { registerTextKeys } from '../../sql/functions/text-keys.ts';
import { pageBytes } from './wal-format.ts';

export type Connection = Database.Database;

export interface ConnectionOptions {
  readonly readonly: boolean;
  readonly synchronous: 'FULL' | 'NORMAL';
  /** KiB of page cache. */
  readonly cacheKb: number;
  /** How long SQLite waits for locks of others, 0 when left out. */
  readonly lockWaitMs?: number;
}

/**
 * Opens one connection of a tenant. Every connection switches automatic checkpoints off: a single one that does not
 * would fold the log behind the archive's back. Of live tenants waiting for locks is done above, in order of arrival, not by SQLite.
 */
export function openConnection(path: string, options: ConnectionOptions): Connection {
  const { readonly, lockWaitMs: timeout = 0 } = options;
  const connection = new Database(path, { readonly, fileMustExist: true, timeout });
  connection.pragma('wal_autocheckpoint = 0');
  connection.pragma(`synchronous = ${options.synchronous}`);
  connection.pragma(`cache_size = ${-options.cacheKb}`);
  // A deletion that goes on into the same table is a trigger that calls itself.
  connection.pragma('recursive_triggers = ON');
  // What a statement sorts, groups, copies or may have to take back has the size of what it reads or writes.
  connection.pragma('temp_store = FILE');
  connection.pragma('trusted_schema = ON');
  registerTextKeys(connection);
  connection.function('ob_references', () => (unheeded.has(connection) ? 0 : 1));
  setForeignKeys(connection, true);
  return connection;
}

/** Connections that write without a look at foreign keys. */
const unheeded = new WeakSet<Connection>();

/** Switches foreign keys on or off, those SQLite keeps and those triggers do; outside of a transaction only. */
export function setForeignKeys(connection: Connection, heeded: boolean): void {
  connection.pragma(`foreign_keys = ${heeded ? 'ON' : 'OFF'}`);
  if (heeded) unheeded.delete(connection);
  else unheeded.add(connection);
}

/** One row of a tenant's dictionary; `body` is JSON. */
export interface DictionaryRow {
  readonly kind: 'meta' | 'variable' | 'account' | 'database' | 'table';
  readonly schema: string;
  readonly name: string;
  readonly body: unknown;
}

/** Makes an empty data file in log mode whose first table is the SCN row. */
export function createDataFile(path: string, scn: bigint, rows: readonly DictionaryRow[]): void {
  const connection = new Database(path, { timeout: 0 });
  try {
    connection.pragma(`page_size = ${pageBytes}`);
    connection.pragma('auto_vacuum = NONE');
    connection.pragma('encoding = "UTF-8"');
    // Half a file is worth nothing: it is made durable in one go, when it is whole.
    connection.pragma('synchronous = OFF');
    connection.pragma('journal_mode = MEMORY');
    connection.exec(`
      BEGIN;
      CREATE TABLE __ob_scn (id INTEGER PRIMARY KEY, scn INTEGER NOT NULL, previous INTEGER NOT NULL);
      CREATE TABLE __ob_dictionary (kind TEXT NOT NULL, schema TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (kind, schema, name)) WITHOUT ROWID;
    `);
    connection.prepare('INSERT INTO __ob_scn VALUES (1, ?, ?)').run(scn, scn);
    const insert = connection.prepare('INSERT INTO __ob_dictionary VALUES (?, ?, ?, ?)');
    for (const row of rows) insert.run(row.kind, row.schema, row.name, JSON.stringify(row.body));
    connection.exec('COMMIT');
    connection.pragma('journal_mode = WAL');
  } finally {
    connection.close();
  }
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
