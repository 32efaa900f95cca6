import { fdatasync } from 'node:fs';
import { promisify } from 'node:util';
import type { RestoredCheck } from '../tenant-engine.ts';
import { type Connection, openConnection } from './connection.ts';
import { setupProof } from './connection-setup.ts';
import type { RestoreData } from './log-applier.ts';
import { accountPages, damaged } from './page-account.ts';

/** Threads that open or close the file at the same time keep each other out for a moment. */
const openingMs = 10_000;

/** The check of a restored file, in whatever threads: the engine thread has tenants to serve. The file is synced meanwhile. */
export function openRestoredCheck(data: RestoreData): RestoredCheck {
  const synced = promisify(fdatasync)(data.dbFd).then(
    () => null,
    (error: Error) => error,
  );
  const limits = { readonly: false, synchronous: 'FULL', cacheKb: 4096, lockWaitMs: openingMs } as const;
  const connection = openConnection(data.path, limits);
  const parts = partsOrClose(connection, data.dbFd);
  return {
    parts: parts.length,
    check: (part) => parts[part]!(),
    proved: () => void Atomics.store(new Int32Array(data.whole), 0, 1),
    async close() {
      connection.close();
      const failure = await synced;
      if (failure !== null) throw failure;
    },
  };
}

/**
 * OB_CHECKSUM_ERROR when the trees of the file are not whole. Checksums have proved every block and record by now; this
 * proves that together they are one state of one tenant.
 */
export function requireWhole(connection: Connection, fd: number): void {
  for (const check of partsOf(connection, fd)) check();
}

function partsOrClose(connection: Connection, fd: number): readonly (() => void)[] {
  try {
    setupProof(connection);
    return partsOf(connection, fd);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The uses of the pages first, then each table with its indexes. */
function partsOf(connection: Connection, fd: number): readonly (() => void)[] {
  const tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rootpage").pluck();
  const names = ['sqlite_schema', ...(tables.all() as readonly string[])];
  return [() => accountPages(connection, fd), ...names.map((name) => () => checkTable(connection, name))];
}

function checkTable(connection: Connection, name: string): void {
  const verdict = connection.pragma(`quick_check("${name.replaceAll('"', '""')}")`, { simple: true });
  if (verdict !== 'ok') throw damaged(String(verdict));
}
