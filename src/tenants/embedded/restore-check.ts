import { fdatasync } from 'node:fs';
import { promisify } from 'node:util';
import { faultText } from '../../base/errors.ts';
import { type Connection, openConnection } from './connection.ts';
import type { RestoreData } from './log-applier.ts';

/**
 * Lets SQLite check every page of a restored file, in whatever thread: the engine thread has tenants to serve. The file is
 * synced meanwhile.
 */
export async function checkRestored(data: RestoreData): Promise<void> {
  const synced = promisify(fdatasync)(data.dbFd).then(
    () => null,
    (error: Error) => error,
  );
  const connection = openConnection(data.path, { readonly: false, synchronous: 'FULL', cacheKb: 4096 });
  try {
    requireWhole(connection);
  } finally {
    connection.close();
  }
  const failure = await synced;
  if (failure !== null) throw failure;
  Atomics.store(new Int32Array(data.whole), 0, 1);
}

/**
 * OB_CHECKSUM_ERROR when the trees of the file are not whole. Checksums have proved every block and record by now; this
 * proves that together they are one state of one tenant.
 */
export function requireWhole(connection: Connection): void {
  const verdict = connection.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') throw faultText('OB_CHECKSUM_ERROR', `the restored tenant is damaged: ${String(verdict)}`);
}
