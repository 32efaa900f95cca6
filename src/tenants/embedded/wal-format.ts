/**
 * The write-ahead log as SQLite lays it out: a header of 32 bytes, then frames of a 24-byte header and one page.
 * All numbers are big-endian; the checksum runs over little-endian words here (magic 0x377f0682) and chains from the
 * header through every frame, so a frame is valid only behind the frames it was written behind.
 */
export const pageBytes = 4096;
export const walHeaderBytes = 32;
export const frameHeaderBytes = 24;
export const frameBytes = frameHeaderBytes + pageBytes;
/** SQLite's locks live on this page; it never holds data and is never in a log. */
export const lockPageNo = 0x40000000 / pageBytes + 1;

const littleEndianMagic = 0x377f0682;
const walVersion = 3_007_000;

/** A running checksum; `add` works in place so that the loop allocates nothing. */
export interface Checksum {
  first: number;
  second: number;
}

/** Chains the words `from`..`to` (an even count) into `sum`; both halves stay unsigned. */
export function addChecksum(sum: Checksum, words: Int32Array, from: number, to: number): void {
  let a = sum.first | 0;
  let b = sum.second | 0;
  for (let i = from; i < to; i += 2) {
    a = (a + words[i]! + b) | 0;
    b = (b + words[i + 1]! + a) | 0;
  }
  sum.first = a >>> 0;
  sum.second = b >>> 0;
}

export interface WalHeader {
  readonly salt1: number;
  readonly salt2: number;
  readonly checksum: Checksum;
}

/** Reads a log header; null when it is none of ours or its checksum is wrong. */
export function parseWalHeader(bytes: Uint8Array): WalHeader | null {
  if (bytes.length < walHeaderBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) !== littleEndianMagic || view.getUint32(8) !== pageBytes) return null;
  const words = new Int32Array(6);
  for (let i = 0; i < 6; i++) words[i] = view.getInt32(i * 4, true);
  const sum: Checksum = { first: 0, second: 0 };
  addChecksum(sum, words, 0, 6);
  if (sum.first !== view.getUint32(24) || sum.second !== view.getUint32(28)) return null;
  return { salt1: view.getUint32(16), salt2: view.getUint32(20), checksum: sum };
}

/** The header of a new generation of the log, with the checksum its first frame is chained to. */
export function encodeWalHeader(salt1: number, salt2: number): { readonly bytes: Buffer; readonly checksum: Checksum } {
  const bytes = Buffer.alloc(walHeaderBytes);
  bytes.writeUInt32BE(littleEndianMagic, 0);
  bytes.writeUInt32BE(walVersion, 4);
  bytes.writeUInt32BE(pageBytes, 8);
  bytes.writeUInt32BE(salt1, 16);
  bytes.writeUInt32BE(salt2, 20);
  const words = new Int32Array(6);
  for (let i = 0; i < 6; i++) words[i] = bytes.readInt32LE(i * 4);
  const checksum: Checksum = { first: 0, second: 0 };
  addChecksum(checksum, words, 0, 6);
  bytes.writeUInt32BE(checksum.first, 24);
  bytes.writeUInt32BE(checksum.second, 28);
  return { bytes, checksum };
}

/** Offset of frame `frameNo` (from 1) in the log. */
export function frameOffset(frameNo: number): number {
  return walHeaderBytes + (frameNo - 1) * frameBytes;
}
