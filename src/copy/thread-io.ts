import { fdatasync, readSync, writevSync } from 'node:fs';
import { promisify } from 'node:util';
import type { ReadTally } from '../base/read-tally.ts';

/** The system calls of the copy threads, so that a test can make them fail. */
export interface ThreadIo {
  /** May write less than asked; returns the bytes written. */
  writev(fd: number, parts: readonly Uint8Array[], offset: number): number;
  /** May read less than asked; 0 at the end. */
  read(fd: number, into: Uint8Array, offset: number): number;
  /** Makes durable what was written. */
  sync(fd: number): Promise<void>;
}

export const systemIo: ThreadIo = {
  writev: (fd, parts, offset) => writevSync(fd, parts as Uint8Array[], offset),
  read: (fd, into, offset) => readSync(fd, into, 0, into.length, offset),
  sync: promisify(fdatasync),
};

/** Writes all parts one after the other; `stopped` is asked between partial writes. */
export function writeAll(
  io: ThreadIo,
  fd: number,
  parts: readonly Uint8Array[],
  offset: number,
  stopped: () => boolean,
): void {
  let rest = parts;
  let at = offset;
  while (rest.length > 0 && !stopped()) {
    const written = io.writev(fd, rest, at);
    if (written <= 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' });
    at += written;
    rest = dropBytes(rest, written);
  }
}

function dropBytes(parts: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count;
  return parts.flatMap((part) => {
    const cut = Math.min(skip, part.length);
    skip -= cut;
    return cut === part.length ? [] : [part.subarray(cut)];
  });
}

/** Fills `into` completely, and counts that; throws EIO when the file ends before. */
export function readAll(
  io: ThreadIo,
  fd: number,
  into: Uint8Array,
  offset: number,
  tally: ReadTally | null = null,
): void {
  const startNs = process.hrtime.bigint();
  let done = 0;
  while (done < into.length) {
    const got = io.read(fd, into.subarray(done), offset + done);
    if (got <= 0) throw Object.assign(new Error('the file ends too early'), { code: 'EIO' });
    done += got;
  }
  tally?.add(done, Number((process.hrtime.bigint() - startNs) / 1_000n));
}
