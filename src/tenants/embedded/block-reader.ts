import { readSync } from 'node:fs';
import type { BlockReader } from '../tenant-engine.ts';
import { type AliveFlag, requireAlive } from './alive.ts';
import {
  blockHeaderBytes,
  blockPages,
  firstPageOf,
  holdsPage,
  maxBlockBytes,
  writeBlockHeader,
} from './block-format.ts';
import { frameHeaderBytes, frameOffset, lockPageNo, pageBytes } from './wal-format.ts';

/** A frozen state: the data file, overlaid with the frames of the log that were committed when it was pinned. */
export interface BlockReaderData {
  readonly dbFd: number;
  readonly walFd: number;
  readonly databasePages: number;
  /** `Uint32Array` of frame numbers by page number - 1, 0 for "in the data file"; empty when the log adds nothing. */
  readonly frames: SharedArrayBuffer;
  /** Bitmap (bit `page - 1`) of the pages to give; null for all. */
  readonly changed: SharedArrayBuffer | null;
  /** Ends with the snapshot. */
  readonly alive: AliveFlag;
}

/** Reads blocks of a pinned tenant; any number of readers may work in any thread. */
export function openBlockReader(data: BlockReaderData): BlockReader {
  const frames = new Uint32Array(data.frames);
  const changed = data.changed === null ? null : new Uint8Array(data.changed);
  const alive = new Int32Array(data.alive);
  const wanted = (page: number) => page !== lockPageNo && (changed === null || holdsPage(changed, page));
  return {
    maxBlockBytes,
    read(blockNo, into) {
      const first = firstPageOf(blockNo);
      if (first > data.databasePages) return 0;
      const count = writeBlockHeader(into, first, data.databasePages, changed);
      if (count === 0 && changed !== null) return 0;
      const end = Math.min(first + blockPages - 1, data.databasePages);
      let at = blockHeaderBytes;
      for (let page = first; page <= end; ) {
        if (!wanted(page)) {
          page++;
          continue;
        }
        const run = runLength(frames, page, end, wanted);
        readRun(data, frames[page - 1] ?? 0, page, run, into, at);
        page += run;
        at += run * pageBytes;
      }
      // Looked at behind the reads: what was read before the end is whole.
      requireAlive(alive, 'the snapshot');
      return blockHeaderBytes + count * pageBytes;
    },
    close() {},
  };
}

/** Pages from `page` on that one read brings: neighbours in the data file, or one page of the log. */
function runLength(frames: Uint32Array, page: number, end: number, wanted: (page: number) => boolean): number {
  if (frames[page - 1]) return 1;
  let next = page + 1;
  while (next <= end && wanted(next) && !frames[next - 1]) next++;
  return next - page;
}

function readRun(data: BlockReaderData, frame: number, page: number, run: number, into: Uint8Array, at: number): void {
  const length = run * pageBytes;
  const read = frame
    ? readSync(data.walFd, into, at, length, frameOffset(frame) + frameHeaderBytes)
    : readSync(data.dbFd, into, at, length, (page - 1) * pageBytes);
  if (read !== length) throw new Error(`page ${page + Math.floor(read / pageBytes)} of a pinned tenant cannot be read`);
}
