import type { Medium } from '../../media/medium.ts';

/** Objects removed in one call. */
const removeBatch = 100;
/** No directory of ours is nested deeper; more means that something else lies there, or a loop. */
const maxDepth = 12;

/**
 * Removes a directory with everything in it: objects first, then what they lay in. Whatever is gone already is success, so it
 * may be repeated. The medium of a destination with `delete_mode=tagging` (`tagging.ts`) marks objects where it is told to remove.
 */
export async function removeTree(medium: Medium, directory: string, signal: AbortSignal, depth = 0): Promise<void> {
  if (depth > maxDepth) throw new Error(`directories are nested too deeply at ${directory}`);
  const objects: string[] = [];
  for (const entry of await medium.list(directory, signal)) {
    const key = `${directory}/${entry.name}`;
    if (entry.kind === 'directory') await removeTree(medium, key, signal, depth + 1);
    else objects.push(key);
  }
  await removeObjects(medium, objects, signal);
  await medium.removeDirectory(directory, signal);
}

/** Removes objects, some at a time, in the given order. */
export async function removeObjects(medium: Medium, keys: readonly string[], signal: AbortSignal): Promise<void> {
  for (let at = 0; at < keys.length; at += removeBatch) {
    await medium.remove(keys.slice(at, at + removeBatch), signal);
  }
}

/** Keys of the objects directly in a directory whose names are wanted. */
export async function objectsIn(
  medium: Medium,
  directory: string,
  wanted: (name: string) => boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return (await medium.list(directory, signal))
    .filter((entry) => entry.kind === 'object' && wanted(entry.name))
    .map((entry) => `${directory}/${entry.name}`);
}
