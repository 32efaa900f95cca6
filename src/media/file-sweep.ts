import { opendir, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { checkSignal, errnoOf, fileError } from './file-errors.ts';
import type { FileRoot } from './file-root.ts';
import { isTempName } from './key.ts';

/** Removes temporary files below the root that nobody has written to for `olderThanMs`; says how many. */
export async function sweepTemps(
  root: FileRoot,
  clock: Clock,
  olderThanMs: number,
  signal?: AbortSignal,
): Promise<number> {
  if (!(await root.exists())) return 0;
  const before = clock.nowUs() / 1_000 - olderThanMs;
  let removed = 0;
  const waiting = [root.at('')];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    checkSignal('', signal);
    try {
      for await (const entry of await opendir(directory)) {
        const path = join(directory, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        else if (isTempName(entry.name) && (await stat(path)).mtimeMs < before) {
          await unlink(path);
          removed += 1;
        }
      }
    } catch (error) {
      // Published, or removed with its directory, in the meantime.
      if (errnoOf(error) !== 'ENOENT') throw fileError('', error);
    }
  }
  return removed;
}

/** Bytes an ordinary user may still write below the root; null while there is no such directory. */
export async function freeBytes(root: FileRoot): Promise<bigint | null> {
  try {
    const { bavail, bsize } = await statfs(root.at(''), { bigint: true });
    return bavail * bsize;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw fileError('', error);
  }
}
