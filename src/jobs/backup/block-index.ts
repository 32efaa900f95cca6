import { crc32 } from 'node:zlib';
import { faultText } from '../../base/errors.ts';
import type { BlockEntry } from '../../copy/data-file.ts';

/**
 * `macro_range_index`: where each block of a set stands, over all its data files. Little-endian: magic `OBVINDX\n`, u16
 * version, u16 zero, u32 count, then for each block u64 block no · u32 file no · u64 offset · u32 stored length · u32 raw
 * length · u32 CRC of the stored bytes; at last u32 CRC-32 of all before. Restore reads the data files' own indexes; this
 * one lets a reader find single blocks without opening them.
 */
const magic = Buffer.from('OBVINDX\n');
const version = 1;
const headBytes = 16;
const entryBytes = 32;

export function encodeBlockIndex(entries: readonly BlockEntry[]): Uint8Array {
  const bytes = Buffer.alloc(headBytes + entries.length * entryBytes + 4);
  magic.copy(bytes);
  bytes.writeUInt16LE(version, 8);
  bytes.writeUInt32LE(entries.length, 12);
  entries.forEach((entry, place) => {
    const at = headBytes + place * entryBytes;
    bytes.writeBigUInt64LE(BigInt(entry.blockNo), at);
    bytes.writeUInt32LE(entry.fileNo, at + 8);
    bytes.writeBigUInt64LE(BigInt(entry.offset), at + 12);
    bytes.writeUInt32LE(entry.storedLength, at + 20);
    bytes.writeUInt32LE(entry.rawLength, at + 24);
    bytes.writeUInt32LE(entry.storedCrc >>> 0, at + 28);
  });
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

/** Throws OB_CHECKSUM_ERROR for a damaged index. */
export function decodeBlockIndex(index: Uint8Array): readonly BlockEntry[] {
  const bytes = Buffer.from(index.buffer, index.byteOffset, index.byteLength);
  const damaged = () => faultText('OB_CHECKSUM_ERROR', 'Data checksum error: the block index is damaged');
  if (bytes.length < headBytes + 4 || !bytes.subarray(0, 8).equals(magic)) throw damaged();
  if (crc32(bytes.subarray(0, -4)) !== bytes.readUInt32LE(bytes.length - 4)) throw damaged();
  const count = bytes.readUInt32LE(12);
  if (bytes.length !== headBytes + count * entryBytes + 4) throw damaged();
  return Array.from({ length: count }, (_, place) => {
    const at = headBytes + place * entryBytes;
    return {
      blockNo: Number(bytes.readBigUInt64LE(at)),
      fileNo: bytes.readUInt32LE(at + 8),
      offset: Number(bytes.readBigUInt64LE(at + 12)),
      storedLength: bytes.readUInt32LE(at + 20),
      rawLength: bytes.readUInt32LE(at + 24),
      storedCrc: bytes.readUInt32LE(at + 28),
    };
  });
}
