import { readSync } from 'node:fs';
import type { Scn } from '../../base/scn.ts';
import type { ChangeGroup } from './change-records.ts';
import { PageScns } from './page-scns.ts';
import { decodeScnPage, scnPageNo } from './scn-page.ts';
import { frameBytes, frameHeaderBytes, frameOffset } from './wal-format.ts';
import type { WalIndex } from './wal-index.ts';

const framesPerRead = 254;
/** Reads between two looks at what else is to be done. */
const readsPerTurn = 4;

export interface ScannedChanges {
  readonly pages: PageScns;
  /** SCN of the last commit found, or `afterScn` without any. */
  readonly scn: Scn;
}

/**
 * Looks through the commits of the log from frame `firstFrame` to its published end, some MB at a time. Null when they do not
 * follow `afterScn` one by one, or when one of them carries no SCN: then somebody else has written.
 */
export function* scanChanges(
  walFd: number,
  index: Pick<WalIndex, 'frame' | 'salt1' | 'salt2'>,
  firstFrame: number,
  afterScn: Scn,
): Generator<undefined, ScannedChanges | null> {
  const pages = new PageScns();
  const chunk = Buffer.alloc(framesPerRead * frameBytes);
  let scn = afterScn;
  let row: { readonly scn: Scn; readonly previous: Scn } | null = null;
  let reads = 0;
  for (let first = firstFrame; first <= index.frame; first += framesPerRead) {
    if (reads++ % readsPerTurn === readsPerTurn - 1) yield;
    const count = Math.min(framesPerRead, index.frame - first + 1);
    if (readSync(walFd, chunk, 0, count * frameBytes, frameOffset(first)) !== count * frameBytes) return null;
    for (let at = 0; at < count * frameBytes; at += frameBytes) {
      if (chunk.readUInt32BE(at + 8) !== index.salt1 || chunk.readUInt32BE(at + 12) !== index.salt2) return null;
      const pageNo = chunk.readUInt32BE(at);
      pages.touch(pageNo);
      if (pageNo === scnPageNo) row = decodeScnPage(chunk, at + frameHeaderBytes);
      if (chunk.readUInt32BE(at + 4) === 0) continue;
      if (row === null || row.previous !== scn || row.scn <= scn) return null;
      scn = row.scn;
      pages.commit(scn);
      row = null;
    }
  }
  return pages.open ? null : { pages, scn };
}

/** What a generator returns, in one go. */
export function resultOf<T>(work: Generator<undefined, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Groups of several folds as one, newest first, every page with its last commit only. `folds` come newest first. */
export function* joinedGroups(folds: Iterable<Iterable<ChangeGroup>>): Generator<ChangeGroup> {
  let seen = new Uint8Array(8192);
  const isFresh = (page: number) => {
    const at = page >> 3;
    if (at >= seen.length) {
      const grown = new Uint8Array(2 * Math.max(seen.length, at));
      grown.set(seen);
      seen = grown;
    }
    const bit = 1 << (page & 7);
    const fresh = (seen[at]! & bit) === 0;
    seen[at]! |= bit;
    return fresh;
  };
  for (const groups of folds)
    for (const { scn, pages } of groups) {
      const fresh = pages.filter(isFresh);
      if (fresh.length > 0) yield { scn, pages: fresh };
    }
}
