import { join } from 'node:path';
import Database from 'better-sqlite3';
import { CatalogOpenError } from './catalog.ts';

/** Name of the lock file in the data directory. It stays behind; only its lock means something. */
export const lockFileName = 'obvault.lock';

/**
 * Makes this process the only server of a data directory. The lock is SQLite's own on a small file, so that the
 * operating system drops it with the process, however the process ends.
 */
export function takeInstanceLock(directory: string): { readonly release: () => void } {
  const path = join(directory, lockFileName);
  let database: Database.Database | null = null;
  try {
    database = new Database(path, { timeout: 0 });
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new CatalogOpenError('inUse', `the data directory ${directory} is in use by another server`, error);
    }
    throw new CatalogOpenError('unwritable', `cannot lock the data directory ${directory}`, error);
  }
  const held = database;
  return { release: () => held.close() };
}
