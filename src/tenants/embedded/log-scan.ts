import { readSync } from 'node:fs';
import { LogGapError } from '../tenant-engine.ts';
import type { Position } from './log-position.ts';
import { decodeScnPage, scnPageNo } from './scn-page.ts';
import {
  addChecksum,
  type Checksum,
  frameBytes,
  frameHeaderBytes,
  frameOffset,
  parseWalHeader,
  walHeaderBytes,
} from './wal-format.ts';

/** One committed transaction found in the log. */
export interface WalCommit {
  readonly scn: bigint;
  readonly previous: bigint;
  readonly databasePages: number;
  /** Last image of every page the transaction wrote. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
  readonly position: Position;
}

const readBytes = 1 << 20;
const framesPerRead = Math.floor(readBytes / frameBytes);

/**
 * Reads whole commits behind `start` up to frame `endFrame`, about `maxBytes` of them but one at least. Every salt and
 * checksum is verified from `start` on; anything that does not fit below the published end is a gap.
 */
export function collectCommits(
  walFd: number,
  start: Position,
  endFrame: number,
  maxBytes: number,
): readonly WalCommit[] {
  const sum = startChecksum(walFd, start);
  const commits: WalCommit[] = [];
  let pages = new Map<number, Uint8Array>();
  let taken = 0;
  for (let next = start.frame + 1; next <= endFrame; ) {
    const count = Math.min(framesPerRead, endFrame - next + 1);
    const chunk = readFrames(walFd, next, count);
    for (let i = 0; i < count; i++) {
      const frame = parseFrame(chunk, i, start, sum, next + i);
      pages.set(frame.pageNo, frame.page);
      taken += frameBytes;
      if (frame.commitPages === 0) continue;
      const position = { ...start, frame: next + i, checksum1: sum.first, checksum2: sum.second };
      commits.push(finishCommit(pages, frame.commitPages, position));
      pages = new Map();
      if (taken >= maxBytes) return commits;
    }
    next += count;
  }
  if (commits.length === 0) throw new LogGapError('no commit below the published end of the log');
  return commits;
}

function finishCommit(pages: Map<number, Uint8Array>, databasePages: number, position: Position): WalCommit {
  const scnPage = pages.get(scnPageNo);
  const row = scnPage && decodeScnPage(scnPage);
  if (!row) throw new LogGapError(`the transaction up to frame ${position.frame} of the log carries no SCN`);
  return { scn: row.scn, previous: row.previous, databasePages, pages, position };
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
