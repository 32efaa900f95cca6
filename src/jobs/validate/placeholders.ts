import type { ListEntry } from '../../media/medium.ts';
import type { CheckMeans } from './check-set.ts';
import type { ObjectCheck } from './object-check.ts';

/**
 * Notes the placeholders of one set or piece, those for whose name `kindOf` is not null; returns their kinds. What was listed for all of
 * them may be older than the end of this one: without start and end it is looked again.
 */
export async function notePlaceholders(
  means: CheckMeans,
  check: ObjectCheck,
  directory: string,
  kindOf: (name: string) => string | null,
): Promise<readonly string[]> {
  const kinds = (entries: readonly ListEntry[]) => entries.flatMap((entry) => kindOf(entry.name) ?? []);
  const known = (await means.placeholders?.(directory)) ?? [];
  const found = kinds(known);
  const isWhole = found.includes('start') && found.some((kind) => kind !== 'start');
  const entries = isWhole ? known : await check.medium.list(directory, check.signal);
  for (const entry of entries)
    if (kindOf(entry.name) !== null) await check.note(`${directory}/${entry.name}`, entry.sizeBytes);
  return kinds(entries);
}
