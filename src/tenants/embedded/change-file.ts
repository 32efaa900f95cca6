import { fstatSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import {
  type ChangeGroup,
  type ChangeNote,
  decodeNote,
  encodeFoldingHead,
  type FoldingHead,
  foldingHeadBytes,
  groupHeadBytes,
  largestNoteBytes,
  pagesPerGroup,
  recordHeadBytes,
} from './change-records.ts';

/** The file is read and written through buffers of this size, however many pages it names. */
const chunkBytes = 256 * 1024;

/** A record and where it lies. */
export interface PlacedNote {
  readonly note: ChangeNote;
  readonly at: number;
  readonly end: number;
}

/** The records of a file up to the first that is not whole, their checksums verified, without the pages of foldings. */
export function* notesIn(fd: number): Generator<PlacedNote> {
  const { size } = fstatSync(fd);
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (let at = 0; at + recordHeadBytes <= size; ) {
    const head = readExact(fd, Buffer.alloc(recordHeadBytes), at);
    const payload = at + recordHeadBytes;
    const end = payload + head.readUInt32LE(0);
    if (end > size) return;
    let crc = crc32(head.subarray(8));
    for (let from = payload; from < end; from += chunkBytes)
      crc = crc32(readExact(fd, chunk.subarray(0, Math.min(chunkBytes, end - from)), from), crc);
    if (crc !== head.readUInt32LE(4)) return;
    const start = readExact(fd, Buffer.alloc(Math.min(largestNoteBytes, end - payload)), payload);
    const note = decodeNote(head.readUInt8(8), start);
    if (note === null) return;
    yield { note, at, end };
    at = end;
  }
}

/** The groups of a folding in their order, large ones in parts. RangeError when they are not what the checksum was made of. */
export function* groupsIn(fd: number, { at, end }: PlacedNote): Generator<ChangeGroup> {
  const head = readExact(fd, Buffer.alloc(recordHeadBytes), at);
  const reader = new ChunkReader(fd, at + recordHeadBytes, end, crc32(head.subarray(8)));
  const count = reader.take(foldingHeadBytes).readUInt32LE(foldingHeadBytes - 4);
  for (let i = 0; i < count; i++) {
    const group = reader.take(groupHeadBytes);
    const scn = group.readBigUInt64LE(0);
    for (let left = group.readUInt32LE(8); left > 0; ) {
      const bytes = reader.take(4 * Math.min(left, pagesPerGroup));
      const pages = new Uint32Array(bytes.length / 4);
      for (let page = 0; page < pages.length; page++) pages[page] = bytes.readUInt32LE(4 * page);
      left -= pages.length;
      yield { scn, pages };
    }
  }
  if (!reader.ended || reader.crc !== head.readUInt32LE(4)) throw new RangeError('the pages of a fold are damaged');
}

/** Writes a folding at an offset; `groups` is called twice and must give the same both times, in parts of `pagesPerGroup` at most. Returns the bytes of the record. */
export function writeFolding(fd: number, at: number, head: FoldingHead, groups: () => Iterable<ChangeGroup>): number {
  let count = 0;
  let length = foldingHeadBytes;
  for (const { pages } of groups()) {
    count += 1;
    length += groupHeadBytes + 4 * pages.length;
  }
  const { record, payload } = encodeFoldingHead(head, count, length);
  const writer = new ChunkWriter(fd, at + recordHeadBytes, crc32(record.subarray(8)));
  writer.put(payload);
  for (const { scn, pages } of groups()) {
    const bytes = Buffer.alloc(groupHeadBytes + 4 * pages.length);
    bytes.writeBigUInt64LE(scn, 0);
    bytes.writeUInt32LE(pages.length, 8);
    for (let page = 0; page < pages.length; page++) bytes.writeUInt32LE(pages[page]!, groupHeadBytes + 4 * page);
    writer.put(bytes);
  }
  writer.flush();
  if (writer.written !== length) throw new RangeError('the groups of a fold changed while they were written');
  record.writeUInt32LE(writer.crc, 4);
  writeAll(fd, record, at);
  return recordHeadBytes + length;
}

export function writeAll(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
}

/** Fills the buffer; RangeError when the file ends before. */
function readExact(fd: number, buffer: Buffer, offset: number): Buffer {
  for (let done = 0; done < buffer.length; ) {
    const count = readSync(fd, buffer, done, buffer.length - done, offset + done);
    if (count === 0) throw new RangeError('the file ends early');
    done += count;
  }
  return buffer;
}

/** Hands a stretch of a file out piece by piece, with the checksum of what was handed out. */
class ChunkReader {
  readonly #fd: number;
  readonly #end: number;
  readonly #chunk = Buffer.allocUnsafe(chunkBytes);
  /** Where in the file the next chunk begins. */
  #next: number;
  #from = 0;
  #filled = 0;
  crc: number;

  constructor(fd: number, start: number, end: number, crc: number) {
    this.#fd = fd;
    this.#next = start;
    this.#end = end;
    this.crc = crc;
  }

  get ended(): boolean {
    return this.#next === this.#end && this.#from === this.#filled;
  }

  /** The next bytes, valid until the next call; at most a quarter of a chunk. */
  take(length: number): Buffer {
    if (this.#filled - this.#from < length) this.#fill(length);
    const bytes = this.#chunk.subarray(this.#from, this.#from + length);
    this.#from += length;
    this.crc = crc32(bytes, this.crc);
    return bytes;
  }

  #fill(length: number): void {
    this.#chunk.copyWithin(0, this.#from, this.#filled);
    const left = this.#filled - this.#from;
    const more = Math.min(chunkBytes - left, this.#end - this.#next);
    if (left + more < length) throw new RangeError('a record ends early');
    readExact(this.#fd, this.#chunk.subarray(left, left + more), this.#next);
    this.#next += more;
    this.#from = 0;
    this.#filled = left + more;
  }
}

class ChunkWriter {
  readonly #fd: number;
  readonly #start: number;
  readonly #chunk = Buffer.allocUnsafe(chunkBytes);
  #filled = 0;
  #flushed = 0;
  crc: number;

  constructor(fd: number, start: number, crc: number) {
    this.#fd = fd;
    this.#start = start;
    this.crc = crc;
  }

  get written(): number {
    return this.#flushed + this.#filled;
  }

  put(bytes: Buffer): void {
    if (this.#filled + bytes.length > chunkBytes) this.flush();
    bytes.copy(this.#chunk, this.#filled);
    this.#filled += bytes.length;
    this.crc = crc32(bytes, this.crc);
  }

  flush(): void {
    writeAll(this.#fd, this.#chunk.subarray(0, this.#filled), this.#start + this.#flushed);
    this.#flushed += this.#filled;
    this.#filled = 0;
  }
}
