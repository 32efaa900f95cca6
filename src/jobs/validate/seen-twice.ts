import { formatFileKey } from '../../destination/layout.ts';
import { type Medium, MediumError } from '../../media/medium.ts';
import { requireStillThere } from './make-tasks.ts';
import type { ObjectCheck } from './object-check.ts';

/** Looks at something bad before what changes from look to look counts as a fault of the medium. */
const maxLooks = 4;

/**
 * The outcome of `look`; one that finds something bad counts only when the next look finds the same, and the format file stands between
 * and behind them: a mount that goes away and comes back leaves an empty directory for a moment, and BROKEN is for good. MediumError
 * `unavailable` when no two looks agree.
 */
export async function seenTwice<T extends { readonly check: ObjectCheck }>(
  medium: Medium,
  signal: AbortSignal,
  look: () => Promise<T>,
): Promise<T> {
  let former = await look();
  for (let looks = 1; looks < maxLooks; looks++) {
    const bad = badObjects(former.check);
    if (bad === '') return former;
    await requireStillThere(medium, formatFileKey, signal);
    const again = await look();
    if (badObjects(again.check) === bad) {
      await requireStillThere(medium, formatFileKey, signal);
      return again;
    }
    former = again;
  }
  if (badObjects(former.check) === '') return former;
  throw new MediumError('unavailable', '', 'what is there changes from look to look');
}

/** Damaged and missing objects as one text, empty without any. */
function badObjects(check: ObjectCheck): string {
  const bad = check.findings.filter(({ kind }) => kind !== 'FOREIGN');
  return bad
    .map(({ kind, object }) => `${kind} ${object}`)
    .sort()
    .join('\n');
}
