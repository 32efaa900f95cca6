import Database from 'better-sqlite3';
import { faultText } from '../base/errors.ts';

/** What SQLite throws when the server's own disk is at fault, as a coded error; everything else passes unchanged. */
function codedStoreError(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  if (error.code === 'SQLITE_FULL')
    return faultText('ER_DISK_FULL', 'Disk full; waiting for someone to free some space', error);
  if (error.code.startsWith('SQLITE_IOERR')) return faultText('OB_IO_ERROR', `IO error: ${error.message}`, error);
  return error;
}

/** Runs a step; what it throws is coded. */
export function withCodedStore<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw codedStoreError(error);
  }
}
