import { lockPageNo, pageBytes } from './wal-format.ts';

/**
 * A block stands for 512 pages (2 MiB) of the data file. Its bytes, little-endian:
 *
 *   magic u32 "OVB1" | first page u32 | database pages u32 | reserved u32 | bitmap 64 bytes | pages, packed
 *
 * Bit i of the bitmap: page `first + i` is there. The lock page and pages behind the end are absent, and in an incremental
 * set every page that did not change.
 */
export const blockPages = 512;
export const blockBytes = blockPages * pageBytes;
export const blockHeaderBytes = 16 + blockPages / 8;
export const maxBlockBytes = blockHeaderBytes + blockBytes;

const magic = 0x3142564f;
const bitmapOffset = 16;

export function firstPageOf(blockNo: number): number {
  return blockNo * blockPages + 1;
}

/**
 * Writes the header of a block that holds its pages below the end but the lock page, all or those a bitmap of the data file
 * (bit `page - 1`) names; returns their count.
 */
export function writeBlockHeader(
  into: Uint8Array,
  firstPage: number,
  databasePages: number,
  wanted: Uint8Array | null = null,
): number {
  const view = new DataView(into.buffer, into.byteOffset, blockHeaderBytes);
  view.setUint32(0, magic, true);
  view.setUint32(4, firstPage, true);
  view.setUint32(8, databasePages, true);
  view.setUint32(12, 0, true);
  into.fill(0, bitmapOffset, blockHeaderBytes);
  let count = 0;
  for (let i = 0; i < blockPages && firstPage + i <= databasePages; i++) {
    if (firstPage + i === lockPageNo || (wanted !== null && !holdsPage(wanted, firstPage + i))) continue;
    into[bitmapOffset + (i >> 3)]! |= 1 << (i & 7);
    count++;
  }
  return count;
}

/** Whether a bitmap of the data file names a page. */
export function holdsPage(bitmap: Uint8Array, pageNo: number): boolean {
  return (bitmap[(pageNo - 1) >> 3]! & (1 << ((pageNo - 1) & 7))) !== 0;
}

export interface BlockHeader {
  readonly firstPage: number;
  readonly databasePages: number;
  /** Page numbers present, in the order of their bytes. */
  readonly pageNos: readonly number[];
}

/** Reads a block's header; throws a RangeError when the bytes are not a whole block. */
export function readBlockHeader(bytes: Uint8Array): BlockHeader {
  if (bytes.length < blockHeaderBytes) throw new RangeError('a block of tenant data is too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, blockHeaderBytes);
  if (view.getUint32(0, true) !== magic) throw new RangeError('bytes are not a block of tenant data');
  const firstPage = view.getUint32(4, true);
  const databasePages = view.getUint32(8, true);
  const pageNos: number[] = [];
  for (let i = 0; i < blockPages; i++)
    if (bytes[bitmapOffset + (i >> 3)]! & (1 << (i & 7))) pageNos.push(firstPage + i);
  if (bytes.length !== blockHeaderBytes + pageNos.length * pageBytes)
    throw new RangeError(`a block of tenant data has ${bytes.length} bytes for ${pageNos.length} pages`);
  return { firstPage, databasePages, pageNos };
}
