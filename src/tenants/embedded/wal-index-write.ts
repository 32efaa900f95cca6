import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { addChecksum, type Checksum, pageBytes } from './wal-format.ts';

/**
 * The index of the log as SQLite keeps it in the `-shm` file, for appending to it. Blocks of 32 KiB: page numbers of 4096 frames
 * (the first block begins with 136 bytes of header and locks and holds 4062), then a hash table of 8192 two-byte slots. A slot
 * holds the number of a frame inside its block, counted from 1; 0 is an empty slot.
 */
const blockBytes = 32_768;
const blockFrames = 4096;
const headBytes = 136;
const firstFrames = blockFrames - headBytes / 4;
const tableOffset = blockFrames * 4;
const slots = 8192;
const copyBytes = 48;

/** Enters the pages of new frames, the first of which has the number `first`; the header still says that they are not there. */
export function enterFrames(shmFd: number, first: number, pageNos: readonly number[]): void {
  for (let done = 0; done < pageNos.length; ) {
    const frame = first + done;
    const blockNo = frame <= firstFrames ? 0 : 1 + Math.floor((frame - firstFrames - 1) / blockFrames);
    const zero = blockNo === 0 ? 0 : firstFrames + (blockNo - 1) * blockFrames;
    const room = (blockNo === 0 ? firstFrames : blockFrames) - (frame - zero - 1);
    const part = pageNos.slice(done, done + room);
    enterBlock(shmFd, blockNo, frame - zero, part);
    done += part.length;
  }
}

/** Enters frames from number `from` of a block on. What a rolled back transaction left behind them is cleared first. */
function enterBlock(shmFd: number, blockNo: number, from: number, pageNos: readonly number[]): void {
  const end = (blockNo + 1) * blockBytes;
  if (fstatSync(shmFd).size < end) ftruncateSync(shmFd, end);
  const block = Buffer.alloc(blockBytes);
  if (readSync(shmFd, block, 0, blockBytes, blockNo * blockBytes) !== blockBytes)
    throw new Error(`block ${blockNo} of the log's index is not there`);
  const head = blockNo === 0 ? headBytes : 0;
  for (let slot = 0; slot < slots; slot++) {
    const at = tableOffset + slot * 2;
    if (block.readUInt16LE(at) >= from) block.writeUInt16LE(0, at);
  }
  block.fill(0, head + (from - 1) * 4, tableOffset);
  pageNos.forEach((pageNo, i) => {
    block.writeUInt32LE(pageNo, head + (from - 1 + i) * 4);
    let slot = Math.imul(pageNo, 383) & (slots - 1);
    while (block.readUInt16LE(tableOffset + slot * 2) !== 0) slot = (slot + 1) & (slots - 1);
    block.writeUInt16LE(from + i, tableOffset + slot * 2);
  });
  // The head of the first block belongs to SQLite's connections.
  writeSync(shmFd, block, head, blockBytes - head, blockNo * blockBytes + head);
}

export interface NewWalEnd {
  readonly frame: number;
  readonly pageCount: number;
  readonly salt1: number;
  readonly salt2: number;
  readonly checksum: Checksum;
}

/** Publishes the new end of the log, the second copy of the header first, as SQLite does: a reader takes both or neither. */
export function publishWalIndex(shmFd: number, end: NewWalEnd): void {
  const header = Buffer.alloc(copyBytes);
  if (readSync(shmFd, header, 0, copyBytes, 0) !== copyBytes) throw new Error("the log's index has no header");
  header.writeUInt32LE((header.readUInt32LE(8) + 1) >>> 0, 8);
  header.writeUInt8(1, 12);
  header.writeUInt8(0, 13);
  header.writeUInt16LE(pageBytes, 14);
  header.writeUInt32LE(end.frame, 16);
  header.writeUInt32LE(end.pageCount, 20);
  header.writeUInt32LE(end.checksum.first, 24);
  header.writeUInt32LE(end.checksum.second, 28);
  header.writeUInt32BE(end.salt1, 32);
  header.writeUInt32BE(end.salt2, 36);
  const sum: Checksum = { first: 0, second: 0 };
  const words = new Int32Array(10);
  for (let i = 0; i < 10; i++) words[i] = header.readInt32LE(i * 4);
  addChecksum(sum, words, 0, 10);
  header.writeUInt32LE(sum.first, 40);
  header.writeUInt32LE(sum.second, 44);
  writeSync(shmFd, header, 0, copyBytes, copyBytes);
  writeSync(shmFd, header, 0, copyBytes, 0);
}
