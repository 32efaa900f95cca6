import { type FileHandle, mkdtemp, open, rmdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileError } from '../file-errors.ts';

/**
 * A file without a name, which nobody else finds and no crash leaves behind: it is unlinked before the first byte is written. A
 * child reads and writes it under `path`, the name its descriptor has.
 */
export interface Spool {
  readonly handle: FileHandle;
  readonly path: string;
}

export async function openSpool(key: string): Promise<Spool> {
  let handle: FileHandle | undefined;
  try {
    const directory = await mkdtemp(join(tmpdir(), 'obvault-spool-'));
    const path = join(directory, 'spool');
    handle = await open(path, 'wx+', 0o600);
    await unlink(path);
    await rmdir(directory);
    return { handle, path: `/proc/${process.pid}/fd/${handle.fd}` };
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw fileError(key, error);
  }
}

/** Runs `body` with a spool that is closed afterwards. */
export async function withSpool<T>(key: string, body: (spool: Spool) => Promise<T>): Promise<T> {
  const spool = await openSpool(key);
  try {
    return await body(spool);
  } finally {
    await spool.handle.close().catch(() => undefined);
  }
}
