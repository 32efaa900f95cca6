import { readSync } from 'node:fs';
import type { Position } from './log-position.ts';
import { addChecksum, type Checksum } from './wal-format.ts';

/** What SQLite publishes about the log in the `-shm` file once a commit is done. */
export interface WalIndex {
  /** Last committed frame, 0 when the log is empty. */
  readonly frame: number;
  readonly pageCount: number;
  readonly checksum1: number;
  readonly checksum2: number;
  readonly salt1: number;
  readonly salt2: number;
  /** Frames already folded into the data file; equal to `frame` when the next writer may start the log anew. */
  readonly backfilled: number;
}

const copyBytes = 48;
const readTries = 1000;

/** Reads the index through a descriptor that stays open (see tenant-files.ts). Throws when it never settles. */
export function readWalIndex(shmFd: number): WalIndex {
  const bytes = new Uint8Array(136);
  const view = new DataView(bytes.buffer);
  for (let attempt = 0; attempt < readTries; attempt++) {
    if (readSync(shmFd, bytes, 0, bytes.length, 0) < bytes.length) continue;
    if (!settled(bytes, view)) continue;
    return {
      frame: view.getUint32(16, true),
      pageCount: view.getUint32(20, true),
      checksum1: view.getUint32(24, true),
      checksum2: view.getUint32(28, true),
      salt1: view.getUint32(32),
      salt2: view.getUint32(36),
      backfilled: view.getUint32(96, true),
    };
  }
  throw new Error('the index of the log does not settle');
}

/** The end of the log, behind the commit of that SCN. */
export function readPosition(shmFd: number, scn: bigint): Position {
  const { salt1, salt2, frame, checksum1, checksum2 } = readWalIndex(shmFd);
  const empty = frame === 0;
  const checksums = { checksum1: empty ? 0 : checksum1, checksum2: empty ? 0 : checksum2 };
  return { salt1, salt2, frame, ...checksums, scn, part: null, sealed: false };
}

/** Both copies equal, initialised, and the checksum over the first forty bytes right. */
function settled(bytes: Uint8Array, view: DataView): boolean {
  for (let i = 0; i < copyBytes; i++) if (bytes[i] !== bytes[copyBytes + i]) return false;
  if (bytes[12] !== 1) return false;
  const sum: Checksum = { first: 0, second: 0 };
  addChecksum(sum, new Int32Array(bytes.buffer, 0, 10), 0, 10);
  return sum.first === view.getUint32(40, true) && sum.second === view.getUint32(44, true);
}
