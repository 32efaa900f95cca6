import type { BlockEntry } from '../../copy/data-file.ts';

/** Entries looked at before others get their turn. */
const turnEntries = 16_384;

/** Whether both name the same blocks at the same places, in whatever order and none of them twice. A set may have millions: done in turns. */
export async function sameEntries(a: readonly BlockEntry[], b: readonly BlockEntry[]): Promise<boolean> {
  if (a.length !== b.length) return false;
  const left = new Map<number, BlockEntry>();
  for (const [i, entry] of a.entries()) {
    left.set(entry.blockNo, entry);
    if (i % turnEntries === turnEntries - 1) await new Promise(setImmediate);
  }
  for (const [i, entry] of b.entries()) {
    const known = left.get(entry.blockNo);
    if (known === undefined || !isSame(known, entry)) return false;
    left.delete(entry.blockNo);
    if (i % turnEntries === turnEntries - 1) await new Promise(setImmediate);
  }
  return true;
}

function isSame(a: BlockEntry, b: BlockEntry): boolean {
  return (
    a.fileNo === b.fileNo &&
    a.offset === b.offset &&
    a.storedLength === b.storedLength &&
    a.rawLength === b.rawLength &&
    a.storedCrc === b.storedCrc
  );
}
