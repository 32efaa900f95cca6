import type { Scn } from '../../base/scn.ts';
import { pageBytes } from './wal-format.ts';

/**
 * Bytes of archived log: commits back to back, little-endian.
 *
 *   commit: scn u64 | previous scn u64 | database pages u32 | page count u32 | pages
 *   page:   page number u32 | 4096 bytes
 *
 * A page appears in its last image. `previous scn` is the commit before, so that whoever applies the bytes can prove that none
 * is missing. Chunk borders carry no meaning: chunks may be joined or cut at commits. A large commit comes in several entries
 * of the same SCN: all but the last have 0 database pages, all but the first the highest bit of the page count. A page may
 * appear in several of them, and the later image counts.
 */
export interface CommitRecord {
  readonly scn: Scn;
  readonly previous: Scn;
  /** 0: not the end of the commit. */
  readonly databasePages: number;
  readonly pageCount: number;
  /** True when entries with the first of its pages came before. */
  readonly goesOn: boolean;
  /** Offset of the first page entry. */
  readonly pagesOffset: number;
  /** Offset behind the last page entry. */
  readonly end: number;
}

export const commitHeaderBytes = 24;
export const pageEntryBytes = 4 + pageBytes;
const goesOnBit = 2 ** 31;

export function commitBytes(pageCount: number): number {
  return commitHeaderBytes + pageCount * pageEntryBytes;
}

export function writeCommitHeader(
  view: DataView,
  offset: number,
  commit: Omit<CommitRecord, 'pagesOffset' | 'end'>,
): void {
  view.setBigUint64(offset, commit.scn, true);
  view.setBigUint64(offset + 8, commit.previous, true);
  view.setUint32(offset + 16, commit.databasePages, true);
  view.setUint32(offset + 20, (commit.goesOn ? goesOnBit : 0) + commit.pageCount, true);
}

/** Reads the commit at `offset`; throws a RangeError when the bytes end inside it. */
export function readCommit(bytes: Uint8Array, offset: number): CommitRecord {
  const header = readCommitHeader(bytes, offset);
  const end = offset + commitBytes(header.pageCount);
  if (end > bytes.length) throw new RangeError('archived log ends inside a commit');
  return { ...header, pagesOffset: offset + commitHeaderBytes, end };
}

/** What stands before the pages of a commit. */
export function readCommitHeader(bytes: Uint8Array, offset = 0): Omit<CommitRecord, 'pagesOffset' | 'end'> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (offset + commitHeaderBytes > bytes.length) throw new RangeError('archived log ends inside a commit header');
  const count = view.getUint32(offset + 20, true);
  return {
    scn: view.getBigUint64(offset, true),
    previous: view.getBigUint64(offset + 8, true),
    databasePages: view.getUint32(offset + 16, true),
    pageCount: count % goesOnBit,
    goesOn: count >= goesOnBit,
  };
}
