import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, fileError } from './file-errors.ts';
import { MediumError } from './medium.ts';

/**
 * The directory a file medium lives in. It remembers on which device the directory was first seen: when a mount goes
 * away, its mount point is an empty directory of the server's own disk, and nothing must be written or taken for
 * deleted there. A medium opened anew accepts what it finds.
 */
export class FileRoot {
  readonly path: string;
  #device: bigint | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Absolute path of a key, `''` is the root itself. */
  at(key: string): string {
    return key === '' ? this.path : join(this.path, key);
  }

  /** True when the root exists. Throws `unavailable` when it is on another device than before. */
  async exists(): Promise<boolean> {
    try {
      const found = await stat(this.path, { bigint: true });
      this.#device ??= found.dev;
      if (this.#device === found.dev) return true;
    } catch (error) {
      // A file in the middle of the path is met when the directory is made; until then nothing is there.
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
      throw fileError('', error);
    }
    throw new MediumError('unavailable', '', 'the directory is on another device than before, is the mount gone?');
  }

  /** As `exists`, but a root that vanished is `noContainer`. A root never seen is simply empty. */
  async guard(): Promise<void> {
    // What another call makes while this one looks was not there before.
    const seen = this.#device !== undefined;
    if (!(await this.exists()) && seen)
      throw new MediumError('noContainer', '', 'the directory of the destination has vanished');
  }

  /** Makes the directory of `key` with its parents, durable. */
  async makeParents(key: string): Promise<string> {
    await this.guard();
    const directory = dirname(this.at(key));
    try {
      // A root that vanishes while this goes on must not come to life again, empty.
      await makeDirectory(directory, this.#device === undefined ? null : this.path);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST' || errnoOf(error) === 'ENOTDIR')
        throw new MediumError('notDirectory', key, 'a part of the path is a file', error);
      throw fileError(key, error);
    }
    await this.exists();
    return directory;
  }
}

/** Makes the entries of a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await closing(handle, async () => {
    try {
      await handle.sync();
    } catch (error) {
      // Network file systems without directory sync answer so; their metadata calls are synchronous.
      if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errnoOf(error))) throw error;
    }
  });
}

/** Runs `body`, then closes the handle; the first error wins. */
export async function closing<T>(handle: FileHandle, body: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await body();
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
  await handle.close();
  return result;
}

// Node's own recursive mkdir reports ENOENT for a read-only or a full file system, and goes round for ever where ENOENT is
// all a directory ever answers (/proc, mount points of an automounter).
async function makeDirectory(path: string, root: string | null): Promise<void> {
  if (await isDirectory(path)) return;
  if (path === root) throw new MediumError('noContainer', '', 'the directory of the destination has vanished');
  const parent = dirname(path);
  if (parent !== path) await makeDirectory(parent, root);
  try {
    await mkdir(path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && (await isDirectory(path))) return;
    throw error;
  }
  await syncDirectory(parent);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
