import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { damage } from './damage.ts';
import type { BlockEntry } from './data-file.ts';

/**
 * Content of a set's index file (`macro_range_index` and the like): where each block stands, over all data files.
 *   0 u32 magic · 4 u16 version · 6 u16 zero · 8 u32 count · 12 u32 raw length · 16 u32 stored length · 20 u32 CRC of 0–19 and the
 *   stored bytes · 24 zstd of: count times u64 block no, u32 file no, u64 offset, u32 stored length, u32 raw length, u32 CRC
 */
const magic = 0x5842564f;
const version = 1;
const headBytes = 24;
const entryBytes = 32;
const object = 'block index';

export function encodeIndex(entries: readonly BlockEntry[]): Uint8Array {
  const raw = Buffer.alloc(entries.length * entryBytes);
  entries.forEach((entry, i) => {
    const at = i * entryBytes;
    raw.writeBigUInt64LE(BigInt(entry.blockNo), at);
    raw.writeUInt32LE(entry.fileNo, at + 8);
    raw.writeBigUInt64LE(BigInt(entry.offset), at + 12);
    raw.writeUInt32LE(entry.storedLength, at + 20);
    raw.writeUInt32LE(entry.rawLength, at + 24);
    raw.writeUInt32LE(entry.storedCrc, at + 28);
  });
  const stored = zstdCompressSync(raw);
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(magic, 0);
  head.writeUInt16LE(version, 4);
  head.writeUInt32LE(entries.length, 8);
  head.writeUInt32LE(raw.length, 12);
  head.writeUInt32LE(stored.length, 16);
  head.writeUInt32LE(crc32(stored, crc32(head.subarray(0, 20))), 20);
  return new Uint8Array(Buffer.concat([head, stored]));
}

/** Throws OB_CHECKSUM_ERROR for anything but an intact index. */
export function decodeIndex(file: Uint8Array): readonly BlockEntry[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  if (bytes.length < headBytes || bytes.readUInt32LE(0) !== magic) throw damage(object, 'header', 'not a block index');
  const stored = bytes.subarray(headBytes);
  if (crc32(stored, crc32(bytes.subarray(0, 20))) !== bytes.readUInt32LE(20))
    throw damage(object, 'file', 'checksum does not match');
  const count = bytes.readUInt32LE(8);
  const rawLength = bytes.readUInt32LE(12);
  if (bytes.readUInt16LE(4) !== version || stored.length !== bytes.readUInt32LE(16) || rawLength !== count * entryBytes)
    throw damage(object, 'header', 'lengths do not agree');
  const raw = zstdDecompressSync(stored, { maxOutputLength: Math.max(1, rawLength) });
  return Array.from({ length: count }, (_, i) => {
    const at = i * entryBytes;
    return {
      blockNo: Number(raw.readBigUInt64LE(at)),
      fileNo: raw.readUInt32LE(at + 8),
      offset: Number(raw.readBigUInt64LE(at + 12)),
      storedLength: raw.readUInt32LE(at + 20),
      rawLength: raw.readUInt32LE(at + 24),
      storedCrc: raw.readUInt32LE(at + 28),
    };
  });
}
