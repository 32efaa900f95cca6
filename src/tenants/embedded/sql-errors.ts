import Database from 'better-sqlite3';
import { fault, faultText, isFault } from '../../base/errors.ts';

/**
 * Brings what SQLite throws to a coded error; coded errors and bugs of ours pass unchanged. A table or column that a
 * plan names and SQLite does not find was changed since the snapshot the statement reads was taken: 1412.
 */
export function coded(error: unknown): unknown {
  if (isFault(error) || !(error instanceof Database.SqliteError)) return error;
  const { code, message } = error;
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY') return faultText('ER_NO_REFERENCED_ROW', foreignKeyText.child, error);
  if (code === 'SQLITE_CONSTRAINT_TRIGGER' && message === foreignKeyText.parent)
    return faultText('ER_ROW_IS_REFERENCED', message, error);
  if (code === 'SQLITE_CONSTRAINT_TRIGGER') return faultText('ER_NO_REFERENCED_ROW', foreignKeyText.child, error);
  if (code === 'SQLITE_CONSTRAINT_NOTNULL') return fault('ER_BAD_NULL', failedColumns(message).columns[0] ?? '');
  if (code === 'SQLITE_CONSTRAINT_CHECK') return fault('ER_CHECK_CONSTRAINT_VIOLATED', afterColon(message));
  if (code.startsWith('SQLITE_CONSTRAINT'))
    return fault('OB_ERR_PRIMARY_KEY_DUPLICATE', '', failedColumns(message).columns.join('-'));
  if (code === 'SQLITE_FULL')
    return faultText('ER_DISK_FULL', 'Disk full; waiting for someone to free some space', error);
  if (code === 'SQLITE_TOOBIG') return faultText('OB_SIZE_OVERFLOW', 'Size overflow', error);
  if (code.startsWith('SQLITE_IOERR')) return faultText('OB_IO_ERROR', `IO error: ${message}`, error);
  if (code === 'SQLITE_NOMEM')
    return faultText('OB_ALLOCATE_MEMORY_FAILED', 'No memory or reach tenant memory limit', error);
  // SQLite names the database only where it looks for the parent of a foreign key.
  if (/no such table: main\.|^foreign key mismatch/.test(message))
    return faultText('ER_NO_REFERENCED_ROW', foreignKeyText.child, error);
  if (/no such (table|column)|has no column|SQLITE_SCHEMA/.test(message)) return fault('ER_TABLE_DEF_CHANGED');
  if (/too (many|large|deep)|parser stack overflow/i.test(message))
    return faultText('OB_SIZE_OVERFLOW', `Size overflow: ${message}`, error);
  // An aggregate whose columns all belong to a query around its own: SQLite computes it there, where it may not stand.
  if (/misuse of (aggregate|window)|HAVING clause on a non-aggregate/.test(message))
    return fault('ER_INVALID_GROUP_FUNC_USE');
  const wrong = /(nth_value|ntile|frame \w+ offset) must be a (non-negative|positive)/.exec(message);
  if (wrong) return fault('ER_WRONG_ARGUMENTS', wrong[1]!);
  const prohibited = /^(.*) prohibited in (CHECK constraints|generated columns|index expressions)/.exec(message);
  if (prohibited) return fault('OB_NOT_SUPPORTED', `${prohibited[1]} in ${prohibited[2]} is`);
  if (/integer overflow/.test(message)) return fault('ER_DATA_OUT_OF_RANGE', 'BIGINT', '');
  return error;
}

export const foreignKeyText = {
  child: 'Cannot add or update a child row: a foreign key constraint fails',
  parent: 'Cannot delete or update a parent row: a foreign key constraint fails',
} as const;

/** Table and columns of `UNIQUE constraint failed: db.t.a, db.t.b`. */
export function failedColumns(message: string): { readonly table: string; readonly columns: readonly string[] } {
  const paths = afterColon(message).split(', ');
  const [first] = paths as [string];
  const index = failedIndex(message);
  const table =
    index === null
      ? first.slice(0, first.lastIndexOf('.'))
      : first.slice(first.indexOf("'") + 1, first.lastIndexOf('/'));
  return { table, columns: paths.map((path) => path.slice(path.lastIndexOf('.') + 1)) };
}

/** The key of `UNIQUE constraint failed: index 'db.t/key'`, which SQLite says of keys over expressions. */
export function failedIndex(message: string): string | null {
  return /: index '[^/]*\/(.*)'$/.exec(message)?.[1] ?? null;
}

export function isForeignKey(error: unknown): boolean {
  return hasCode(error, 'SQLITE_CONSTRAINT_FOREIGNKEY');
}

/** True for a foreign key in the way, be it one SQLite keeps or one of triggers. */
export function isReference(error: unknown): boolean {
  return isForeignKey(error) || hasCode(error, 'SQLITE_CONSTRAINT_TRIGGER');
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Database.SqliteError && error.code === code;
}

function afterColon(message: string): string {
  return message.slice(message.indexOf(': ') + 2);
}
