import { remoteReadsAtOnce } from './limits.ts';
import type { Medium } from './medium.ts';

/**
 * How many small objects are read at once where one of every set or piece is needed. One of files and shares: they answer soon, and
 * when they hang each call holds one of the process's few threads, which others need.
 */
export function smallReadsAtOnce({ scheme }: Pick<Medium, 'scheme'>): number {
  return scheme === 'file' || scheme === 'cifs' ? 1 : remoteReadsAtOnce;
}

/** Runs `work` for every item, at most `atOnce` at a time; results in the order of the items. The first error ends it. */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  let failed = false;
  const run = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run));
  return results;
}
