import { readSync } from 'node:fs';
import { LogGapError } from '../tenant-engine.ts';
import type { Position } from './log-position.ts';
import { decodeScnPage, type ScnRow, scnPageNo } from './scn-page.ts';
import {
  addChecksum,
  type Checksum,
  frameBytes,
  frameHeaderBytes,
  frameOffset,
  parseWalHeader,
  walHeaderBytes,
} from './wal-format.ts';

/** One committed transaction found in the log, or a part of a large one. */
export interface WalCommit {
  readonly scn: bigint;
  readonly previous: bigint;
  /** 0: the rest of it follows. */
  readonly databasePages: number;
  /** True when parts of it came before. */
  readonly goesOn: boolean;
  /** Last image of every page the transaction wrote here. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
  readonly position: Position;
}

const readBytes = 1 << 20;
const framesPerRead = Math.floor(readBytes / frameBytes);

/**
 * Reads commits behind `start` up to frame `endFrame`, about `maxBytes` of them: as many whole ones as fit, or the next part of
 * a single one that does not. Every salt and checksum is verified from `start` on; anything that does not fit below the
 * published end is a gap. Calls `gotOn` with every read.
 */
export function collectCommits(
  walFd: number,
  start: Position,
  endFrame: number,
  maxBytes: number,
  gotOn: () => void,
): readonly WalCommit[] {
  const read = (first: number, count: number) => {
    gotOn();
    return readFrames(walFd, first, count);
  };
  const sum = startChecksum(walFd, start);
  const commits: WalCommit[] = [];
  let pages = new Map<number, Uint8Array>();
  let taken = 0;
  for (let next = start.frame + 1; next <= endFrame; ) {
    const count = Math.min(framesPerRead, endFrame - next + 1);
    const chunk = read(next, count);
    for (let i = 0; i < count; i++) {
      const frame = parseFrame(chunk, i, start, sum, next + i);
      pages.set(frame.pageNo, frame.page);
      taken += frameBytes;
      const full = taken >= maxBytes;
      if (frame.commitPages === 0 && !full) continue;
      if (frame.commitPages === 0 && commits.length > 0) return commits;
      const position = { ...start, frame: next + i, checksum1: sum.first, checksum2: sum.second };
      const part = commits.length === 0 ? start.part : null;
      commits.push(
        frame.commitPages === 0
          ? partOf(part ?? rowAhead(read, next + i, endFrame, pages), pages, position, part !== null)
          : finishCommit(part, pages, frame.commitPages, position),
      );
      pages = new Map();
      if (full) return commits;
    }
    next += count;
  }
  if (commits.length === 0) throw new LogGapError('no commit below the published end of the log');
  return commits;
}

function finishCommit(
  part: ScnRow | null,
  pages: ReadonlyMap<number, Uint8Array>,
  databasePages: number,
  position: Position,
): WalCommit {
  const own = rowIn(pages);
  const row = part ?? own;
  if (!row || (own && own.scn !== row.scn)) throw noScn(position.frame);
  return {
    scn: row.scn,
    previous: row.previous,
    databasePages,
    goesOn: part !== null,
    pages,
    position: { ...position, scn: row.scn, part: null },
  };
}

function partOf(
  { scn, previous }: ScnRow,
  pages: ReadonlyMap<number, Uint8Array>,
  position: Position,
  goesOn: boolean,
): WalCommit {
  return { scn, previous, databasePages: 0, goesOn, pages, position: { ...position, part: { scn, previous } } };
}

function rowIn(pages: ReadonlyMap<number, Uint8Array>): ScnRow | null {
  const page = pages.get(scnPageNo);
  return page ? decodeScnPage(page) : null;
}

/** Which commit the frames behind `frame` end: its SCN may stand in any of them, and the last one counts. */
function rowAhead(
  read: (first: number, count: number) => Uint8Array,
  frame: number,
  endFrame: number,
  pages: ReadonlyMap<number, Uint8Array>,
): ScnRow {
  let row = rowIn(pages);
  for (let next = frame + 1; next <= endFrame; next += framesPerRead) {
    const count = Math.min(framesPerRead, endFrame - next + 1);
    const chunk = read(next, count);
    const view = new DataView(chunk.buffer);
    for (let offset = 0; offset < chunk.length; offset += frameBytes) {
      if (view.getUint32(offset) === scnPageNo) row = decodeScnPage(chunk, offset + frameHeaderBytes);
      if (view.getUint32(offset + 4) === 0) continue;
      if (row) return row;
      throw noScn(next + offset / frameBytes);
    }
  }
  throw new LogGapError('no commit below the published end of the log');
}

function noScn(frame: number): LogGapError {
  return new LogGapError(`the transaction up to frame ${frame} of the log carries no SCN`);
}

/** The checksum to go on with: the position's, or the header's at the start of a generation. */
function startChecksum(walFd: number, start: Position): Checksum {
  if (start.frame > 0) return { first: start.checksum1, second: start.checksum2 };
  const bytes = new Uint8Array(walHeaderBytes);
  readSync(walFd, bytes, 0, walHeaderBytes, 0);
  const header = parseWalHeader(bytes);
  if (!header || header.salt1 !== start.salt1 || header.salt2 !== start.salt2)
    throw new LogGapError('the header of the log belongs to another generation');
  return header.checksum;
}

function readFrames(walFd: number, first: number, count: number): Uint8Array {
  const chunk = new Uint8Array(count * frameBytes);
  const read = readSync(walFd, chunk, 0, chunk.length, frameOffset(first));
  if (read < chunk.length) throw new LogGapError(`the log ends inside frame ${first + Math.floor(read / frameBytes)}`);
  return chunk;
}

function parseFrame(chunk: Uint8Array, index: number, generation: Position, sum: Checksum, frameNo: number) {
  const offset = index * frameBytes;
  const view = new DataView(chunk.buffer, offset, frameHeaderBytes);
  const words = new Int32Array(chunk.buffer, offset, frameBytes / 4);
  addChecksum(sum, words, 0, 2);
  addChecksum(sum, words, frameHeaderBytes / 4, words.length);
  const fits =
    view.getUint32(8) === generation.salt1 &&
    view.getUint32(12) === generation.salt2 &&
    view.getUint32(16) === sum.first &&
    view.getUint32(20) === sum.second;
  if (!fits) throw new LogGapError(`frame ${frameNo} of the log does not continue what was read`);
  return {
    pageNo: view.getUint32(0),
    commitPages: view.getUint32(4),
    page: chunk.subarray(offset + frameHeaderBytes, offset + frameBytes),
  };
}
