import type { Scn } from '../../base/scn.ts';
import type { ChangePoint } from '../tenant-engine.ts';
import { notesIn } from './change-file.ts';
import type { FileStamp, LogPlace } from './change-records.ts';
import type { WalIndex } from './wal-index.ts';

/** What is in memory of a history's file; the pages are read when they are asked for. */
export interface KnownChanges {
  readonly epoch: string;
  readonly floorScn: Scn;
  pinnedScn: Scn;
  /** Everything up to this commit is in the file or was before the floor. */
  scn: Scn;
  /** Where that commit stands in the log. */
  place: LogPlace;
  /** True once everything up to `place` was folded: another generation may follow. */
  folded: boolean;
  /** Null while a fold is under way: the data file changes. */
  stamp: FileStamp | null;
  /** Bytes of the file, and of the file as it was last rewritten. */
  sizeBytes: number;
  rewrittenBytes: number;
}

/** What the records tell; null when they do not continue each other. */
export function readKnownChanges(fd: number): KnownChanges | null {
  let known: KnownChanges | null = null;
  for (const { note, end } of notesIn(fd)) {
    if (known === null) {
      if (note.kind !== 'epoch') return null;
      known = { ...note, scn: note.floorScn, sizeBytes: end, rewrittenBytes: 0 };
      continue;
    }
    known.sizeBytes = end;
    if (note.kind === 'pin') known.pinnedScn = note.scn;
    else if (note.kind === 'folded') known.stamp = note.stamp;
    else if (note.kind === 'epoch' || note.afterScn !== known.scn) return null;
    else Object.assign(known, { scn: note.scn, place: note.place, folded: true, stamp: null });
  }
  return known;
}

export function pointAt({ epoch }: KnownChanges, scn: Scn): ChangePoint {
  return { epoch, scn: String(scn) };
}

export function isOf(known: KnownChanges, since: ChangePoint): boolean {
  return since.epoch === known.epoch && BigInt(since.scn) >= known.floorScn;
}

export function placeOf({ salt1, salt2, frame }: WalIndex): LogPlace {
  return { salt1, salt2, frame };
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.modifiedNs === b.modifiedNs && a.sizeBytes === b.sizeBytes;
}
