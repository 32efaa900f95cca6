import { constants } from 'node:fs';
import { type FileHandle, link, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { errnoOf, fileError } from './file-errors.ts';
import { type FileRoot, syncDirectory } from './file-root.ts';
import { tempName } from './key.ts';
import { MediumError } from './medium.ts';

export interface TempFile {
  readonly handle: FileHandle;
  readonly path: string;
  /** The path it will be published under. */
  readonly target: string;
  readonly key: string;
}

const linkMissing = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Opens `<name>.tmp.<microseconds>` beside the name it will get, never an existing one. */
export async function openTemp(root: FileRoot, clock: Clock, key: string): Promise<TempFile> {
  const target = root.at(key);
  let microseconds = clock.nowUs();
  for (let attempt = 0; ; attempt++) {
    await root.makeParents(key);
    const path = join(dirname(target), tempName(basename(target), microseconds));
    try {
      const handle = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o644);
      return { handle, path, target, key };
    } catch (error) {
      const errno = errnoOf(error);
      // Another writer in the same microsecond, or a cleaner that took the directory between two steps.
      if (attempt >= 100 || (errno !== 'EEXIST' && errno !== 'ENOENT')) throw fileError(key, error);
      microseconds += 1;
    }
  }
}

/** Makes the bytes durable and gives them their name: `create` refuses an existing name, `replace` takes it over. */
export async function publishTemp(temp: TempFile, mode: 'create' | 'replace'): Promise<void> {
  try {
    await temp.handle.sync();
    await temp.handle.close();
    if (mode === 'replace') await rename(temp.path, temp.target);
    else await linkNew(temp);
    await syncDirectory(dirname(temp.target));
  } catch (error) {
    await discardTemp(temp);
    throw fileError(temp.key, error);
  }
}

/** Closes and removes a temporary file; never throws, for it is called on the way out of another error. */
export async function discardTemp(temp: TempFile): Promise<void> {
  await temp.handle.close().catch(() => undefined);
  await unlink(temp.path).catch(() => undefined);
}

async function linkNew(temp: TempFile): Promise<void> {
  try {
    await link(temp.path, temp.target);
  } catch (error) {
    const errno = errnoOf(error);
    if (linkMissing.has(errno)) return renameNew(temp);
    // NFS repeats a request whose reply was lost: the name may exist because this very call made it.
    if (errno !== 'EEXIST' || !(await sameFile(temp.path, temp.target))) throw error;
  }
  // The object stands. A temporary name that cannot be removed is hidden from listings and swept with the directory.
  await unlink(temp.path).catch(() => undefined);
}

/** For file systems without hard links (CIFS): refuses an existing name as well as rename can. */
async function renameNew(temp: TempFile): Promise<void> {
  const there = await stat(temp.target).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (there !== null) throw new MediumError('alreadyExists', temp.key, 'the name is taken');
  await rename(temp.path, temp.target);
}

async function sameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(one, { bigint: true }), stat(other, { bigint: true })]);
  return a.ino === b.ino && a.dev === b.dev;
}
