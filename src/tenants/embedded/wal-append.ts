import { randomBytes } from 'node:crypto';
import { fdatasyncSync, writeSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import {
  addChecksum,
  type Checksum,
  encodeWalHeader,
  frameBytes,
  frameHeaderBytes,
  frameOffset,
  type WalHeader,
} from './wal-format.ts';
import { readWalIndex } from './wal-index.ts';
import { enterFrames, publishWalIndex } from './wal-index-write.ts';

/** Frames put together before they are written. */
const framesPerWrite = 256;

/**
 * Appends commits made elsewhere to the log of an open tenant, page by page, in SQLite's own form. The caller holds SQLite's
 * write lock, so that nothing else appends; `publish` makes everything visible at once, and until then nobody sees any of it.
 * After a crash SQLite itself finds the whole commits that were written and passes over a torn one.
 */
export class WalAppend {
  readonly #walFd: number;
  readonly #shmFd: number;
  readonly #header: WalHeader;
  readonly #sum: Checksum;
  readonly #first: number;
  readonly #buffer = Buffer.alloc(framesPerWrite * frameBytes);
  readonly #words = new Int32Array(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.length / 4);
  readonly #pageNos: number[] = [];
  #held = 0;
  #pages = 0;

  constructor(walFd: number, shmFd: number) {
    this.#walFd = walFd;
    this.#shmFd = shmFd;
    const index = readWalIndex(shmFd);
    this.#first = index.frame + 1;
    if (index.frame > 0) {
      const { salt1, salt2, checksum1, checksum2 } = index;
      this.#sum = { first: checksum1, second: checksum2 };
      this.#header = { salt1, salt2, checksum: this.#sum };
      return;
    }
    const fresh = index.salt1 === 0 && index.salt2 === 0 ? randomSalts() : index;
    const { bytes, checksum } = encodeWalHeader(fresh.salt1, fresh.salt2);
    write(walFd, bytes, bytes.length, 0);
    this.#sum = checksum;
    this.#header = { salt1: fresh.salt1, salt2: fresh.salt2, checksum };
  }

  /** Adds one page; `databasePages` above 0 ends the commit and says how large the database then is. */
  add(pageNo: number, page: Uint8Array, databasePages: number): void {
    const at = this.#held * frameBytes;
    const { salt1, salt2 } = this.#header;
    const bytes = this.#buffer;
    bytes.writeUInt32BE(pageNo, at);
    bytes.writeUInt32BE(databasePages, at + 4);
    bytes.writeUInt32BE(salt1, at + 8);
    bytes.writeUInt32BE(salt2, at + 12);
    bytes.set(page, at + frameHeaderBytes);
    addChecksum(this.#sum, this.#words, at / 4, at / 4 + 2);
    addChecksum(this.#sum, this.#words, (at + frameHeaderBytes) / 4, (at + frameBytes) / 4);
    bytes.writeUInt32BE(this.#sum.first, at + 16);
    bytes.writeUInt32BE(this.#sum.second, at + 20);
    this.#pageNos.push(pageNo);
    if (databasePages > 0) this.#pages = databasePages;
    if (++this.#held === framesPerWrite) this.#flush();
  }

  /** Makes what was added durable; nobody sees it yet. */
  sync(): void {
    this.#flush();
    fdatasyncSync(this.#walFd);
  }

  /** Makes what was added durable and visible. The last page added must have ended a commit. */
  publish(): void {
    if (this.#pageNos.length === 0) return;
    this.sync();
    enterFrames(this.#shmFd, this.#first, this.#pageNos);
    const { salt1, salt2 } = this.#header;
    const frame = this.#first + this.#pageNos.length - 1;
    publishWalIndex(this.#shmFd, { frame, pageCount: this.#pages, salt1, salt2, checksum: this.#sum });
  }

  #flush(): void {
    if (this.#held === 0) return;
    const next = this.#first + this.#pageNos.length - this.#held;
    write(this.#walFd, this.#buffer, this.#held * frameBytes, frameOffset(next));
    this.#held = 0;
  }
}

function randomSalts(): { readonly salt1: number; readonly salt2: number } {
  const bytes = randomBytes(8);
  return { salt1: bytes.readUInt32BE(0), salt2: bytes.readUInt32BE(4) };
}

function write(fd: number, bytes: Uint8Array, length: number, offset: number): void {
  const written = writeSync(fd, bytes, 0, length, offset);
  if (written !== length) throw faultText('OB_IO_ERROR', `${written} of ${length} bytes of the log were written`);
}
