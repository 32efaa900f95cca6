import { opendir, stat, statfs, unlink } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { checkSignal, errnoOf, fileError } from './file-errors.ts';
import type { FileRoot } from './file-root.ts';
import { isBelow, isTempName } from './key.ts';

/** Removes temporary files below the root that nobody has written to for `olderThanMs`, but those below `kept`; says how many. */
export async function sweepTemps(
  root: FileRoot,
  clock: Clock,
  olderThanMs: number,
  kept: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  if (!(await root.exists())) return 0;
  const before = clock.nowUs() / 1_000 - olderThanMs;
  let removed = 0;
  const waiting = [''];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    if (isBelow(directory, kept)) continue;
    checkSignal('', signal);
    try {
      for await (const entry of await opendir(root.at(directory))) {
        const key = directory === '' ? entry.name : `${directory}/${entry.name}`;
        if (entry.isDirectory()) waiting.push(key);
        else if (isTempName(entry.name) && (await stat(root.at(key))).mtimeMs < before) {
          await unlink(root.at(key));
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
