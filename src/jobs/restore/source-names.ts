import { fault } from '../../base/errors.ts';
import type { Release } from '../../base/release.ts';
import { parseRestoreFrom, splitPaths } from '../../destination/archive-dest.ts';
import { parsePieceDirectory } from '../../destination/archive-layout.ts';
import type { Destination } from '../../destination/destination.ts';
import { parseSetDirectory } from '../../destination/layout.ts';

/** The sets and pieces a restore may use, by the names of their directories. */
export interface SourceNames {
  readonly sets: ReadonlySet<string>;
  readonly pieces: ReadonlySet<string>;
}

/**
 * Reads what ADD RESTORE SOURCE collected: directories of sets and pieces. They are looked for at the destinations they lie at,
 * whose placeholders and format files are needed. 1210 for a path that names neither; 9026 as in FROM.
 */
export function parseSourceList(
  sources: readonly string[],
  release: Release,
): { readonly destinations: readonly Destination[]; readonly names: SourceNames } {
  const names = { sets: new Set<string>(), pieces: new Set<string>() };
  const roots = new Set<string>();
  for (const item of sources.flatMap(splitPaths)) {
    if (item === '') continue;
    const mark = item.indexOf('?');
    const path = (mark < 0 ? item : item.slice(0, mark)).replace(/\/+$/, '');
    const cut = path.lastIndexOf('/');
    const name = path.slice(cut + 1);
    if (parseSetDirectory(name) !== null) names.sets.add(name);
    else if (parsePieceDirectory(name) !== null) names.pieces.add(name);
    else throw fault('OB_INVALID_ARGUMENT', 'restore source, it is neither a backup set nor an archive piece');
    roots.add(path.slice(0, cut) + (mark < 0 ? '' : item.slice(mark)));
  }
  return { destinations: parseRestoreFrom([...roots].join(','), release), names };
}
