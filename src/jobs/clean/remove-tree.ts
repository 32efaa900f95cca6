import type { Medium } from '../../media/medium.ts';
import { inParallel, smallReadsAtOnce } from '../../media/parallel.ts';

/** Objects removed in one call. */
const removeBatch = 100;
/** No directory of ours is nested deeper; more means that something else lies there, or a loop. */
const maxDepth = 12;

/** What lies in a directory, deep. */
export interface Tree {
  readonly objects: readonly string[];
  /** The directory itself and those in it, each behind what lies in it. */
  readonly directories: readonly string[];
}

/** Lists a directory deep; one that is missing is empty. */
export async function treeOf(medium: Medium, directory: string, signal: AbortSignal, depth = 0): Promise<Tree> {
  if (depth > maxDepth) throw new Error(`directories are nested too deeply at ${directory}`);
  const objects: string[] = [];
  const inside: string[] = [];
  for (const { name, kind } of await medium.list(directory, signal))
    (kind === 'directory' ? inside : objects).push(`${directory}/${name}`);
  const trees = await inParallel(inside, smallReadsAtOnce(medium), (one) => treeOf(medium, one, signal, depth + 1));
  return {
    objects: [...trees.flatMap((tree) => tree.objects), ...objects],
    directories: [...trees.flatMap((tree) => tree.directories), directory],
  };
}

/**
 * Removes a directory with everything in it: objects first, then what they lay in. Whatever is gone already is success, so it
 * may be repeated. The medium of a destination with `delete_mode=tagging` (`tagging.ts`) marks objects where it is told to remove.
 */
export async function removeTree(medium: Medium, directory: string, signal: AbortSignal): Promise<void> {
  await removeAll(medium, await treeOf(medium, directory, signal), signal);
}

/** Removes what was listed, the objects named in `last` behind all others. */
export async function removeAll(
  medium: Medium,
  { objects, directories }: Tree,
  signal: AbortSignal,
  last: readonly string[] = [],
): Promise<void> {
  const isLast = (key: string) => last.includes(key);
  await removeObjects(
    medium,
    objects.filter((key) => !isLast(key)),
    signal,
  );
  await removeObjects(medium, objects.filter(isLast), signal);
  for (const one of directories) await medium.removeDirectory(one, signal);
}

/** Removes objects, some at a time. */
export async function removeObjects(medium: Medium, keys: readonly string[], signal: AbortSignal): Promise<void> {
  for (let at = 0; at < keys.length; at += removeBatch) {
    await medium.remove(keys.slice(at, at + removeBatch), signal);
  }
}
