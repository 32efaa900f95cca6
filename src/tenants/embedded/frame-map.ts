import { readSync } from 'node:fs';
import { frameBytes, frameOffset } from './wal-format.ts';
import type { WalIndex } from './wal-index.ts';

const framesPerRead = 254;

/** Newest frame of every page the committed part of the log holds, as shared memory for block readers. */
export function buildFrameMap(walFd: number, index: WalIndex, databasePages: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(databasePages * 4);
  const frames = new Uint32Array(buffer);
  const chunk = Buffer.alloc(framesPerRead * frameBytes);
  for (let first = 1; first <= index.frame; first += framesPerRead) {
    const count = Math.min(framesPerRead, index.frame - first + 1);
    const length = count * frameBytes;
    if (readSync(walFd, chunk, 0, length, frameOffset(first)) !== length)
      throw new Error('the log is shorter than its index');
    for (let i = 0; i < count; i++) {
      const offset = i * frameBytes;
      if (chunk.readUInt32BE(offset + 8) !== index.salt1 || chunk.readUInt32BE(offset + 12) !== index.salt2)
        throw new Error(`frame ${first + i} of the log belongs to another generation`);
      const pageNo = chunk.readUInt32BE(offset);
      if (pageNo <= databasePages) frames[pageNo - 1] = first + i;
    }
  }
  return buffer;
}
