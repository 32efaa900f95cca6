import { crc32 } from 'node:zlib';
import { damage } from './damage.ts';
import { nonceBytes, tagBytes } from './payload-codec.ts';

/**
 * The data file `macro_block_data.<n>.obbak`: file header, records back to back, index, footer. Little-endian throughout.
 *
 * File header (60 bytes + wrapped key + 4):
 *   0 magic `OBVDATA\n` · 8 u16 version · 10 u16 flags (1 = encrypted) · 12 u32 length of this header
 *   16 u64 set id · 24 u64 tenant id · 32 u32 file no · 36 u32 master key version · 40 salt (16)
 *   56 u32 length of the wrapped key · 60 wrapped set key, opaque here · then u32 CRC-32 of all before
 *
 * Record header (88 bytes), the payload follows:
 *   0 u32 magic · 4 u16 version · 6 u8 codec (0 raw, 1 zstd) · 7 u8 flags (1 = encrypted) · 8 u32 file no · 12 u32 raw length
 *   16 u64 block no · 24 u32 stored length · 28 u32 CRC of the raw bytes (0 when encrypted) · 32 u64 set id · 40 u64 tenant id
 *   48 u32 CRC of the stored bytes · 52 nonce (12) · 64 tag (16) · 80 u32 zero · 84 u32 CRC of this header
 *   The first 48 bytes are the additional authenticated data. Nonce = file no ‖ block no; the key is the file's own
 *   (HKDF of set key and salt), so that a nonce never comes twice under one key.
 *
 * Index (8 bytes + 28 for each record, in order of offsets): u32 magic · u32 count · entries of
 *   u64 block no · u64 offset of the record · u32 stored length · u32 raw length · u32 CRC of the stored bytes
 *
 * Footer (88 bytes, the last of the file): 0 u32 magic · 4 u16 version · 6 u16 zero · 8 u64 index offset · 16 u32 index length
 *   20 u32 index CRC · 24 u32 file no · 28 u32 files of the set · 32 u64 blocks of the set · 40 u64 set id
 *   48 HMAC-SHA256 of header, index and the footer so far (zeros when not encrypted) · 80 u32 zero · 84 u32 CRC of the footer
 */
export interface DataFileHeader {
  readonly setId: number;
  readonly tenantId: number;
  readonly fileNo: number;
  readonly encrypted: boolean;
  /** Version of the tenant's master key that wraps the set key, 0 when not encrypted. */
  readonly keyVersion: number;
  readonly salt: Uint8Array;
  readonly wrappedKey: Uint8Array;
}

export interface RecordHeader {
  readonly codec: number;
  readonly encrypted: boolean;
  readonly fileNo: number;
  readonly setId: number;
  readonly tenantId: number;
  readonly blockNo: number;
  readonly rawLength: number;
  readonly storedLength: number;
  readonly rawCrc: number;
  readonly storedCrc: number;
  readonly nonce: Uint8Array;
  readonly tag: Uint8Array;
}

/** Where one block stands. `offset` is that of its record header. */
export interface BlockEntry {
  readonly blockNo: number;
  readonly fileNo: number;
  readonly offset: number;
  readonly storedLength: number;
  readonly rawLength: number;
  readonly storedCrc: number;
}

export interface Footer {
  readonly fileNo: number;
  readonly setId: number;
  readonly indexOffset: number;
  readonly indexLength: number;
  readonly indexCrc: number;
  readonly fileCount: number;
  readonly blockCount: number;
  readonly seal: Uint8Array;
}

export const recordHeaderBytes = 88;
export const recordAadBytes = 48;
export const footerBytes = 88;
export const footerSealedBytes = 48;
export const saltBytes = 16;
/** Header without the wrapped key. */
export const fileHeaderFixedBytes = 64;
export const maxWrappedKeyBytes = 4096;

const fileMagic = Buffer.from('OBVDATA\n');
const recordMagic = 0x5242564f;
const indexMagic = 0x4942564f;
const footerMagic = 0x4642564f;
const version = 1;
const entryBytes = 28;

export function encodeFileHeader(header: DataFileHeader): Buffer {
  const bytes = Buffer.alloc(fileHeaderFixedBytes + header.wrappedKey.length);
  fileMagic.copy(bytes);
  bytes.writeUInt16LE(version, 8);
  bytes.writeUInt16LE(header.encrypted ? 1 : 0, 10);
  bytes.writeUInt32LE(bytes.length, 12);
  bytes.writeBigUInt64LE(BigInt(header.setId), 16);
  bytes.writeBigUInt64LE(BigInt(header.tenantId), 24);
  bytes.writeUInt32LE(header.fileNo, 32);
  bytes.writeUInt32LE(header.keyVersion, 36);
  bytes.set(header.salt, 40);
  bytes.writeUInt32LE(header.wrappedKey.length, 56);
  bytes.set(header.wrappedKey, 60);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

/** Length of the whole header, read from its first 16 bytes; throws when they are not a data file's. */
export function fileHeaderLength(start: Buffer, object: string): number {
  if (start.length < 16 || !start.subarray(0, 8).equals(fileMagic))
    throw damage(object, 'file header at offset 0', 'not a data file');
  const length = start.readUInt32LE(12);
  if (length < fileHeaderFixedBytes || length > fileHeaderFixedBytes + maxWrappedKeyBytes)
    throw damage(object, 'file header at offset 0', `impossible length ${length}`);
  return length;
}

export function decodeFileHeader(bytes: Buffer, object: string): DataFileHeader {
  const where = 'file header at offset 0';
  if (bytes.length !== fileHeaderLength(bytes, object)) throw damage(object, where, 'cut off');
  if (crc32(bytes.subarray(0, -4)) !== bytes.readUInt32LE(bytes.length - 4))
    throw damage(object, where, 'checksum does not match');
  if (bytes.readUInt16LE(8) !== version) throw damage(object, where, `unknown version ${bytes.readUInt16LE(8)}`);
  return {
    setId: Number(bytes.readBigUInt64LE(16)),
    tenantId: Number(bytes.readBigUInt64LE(24)),
    fileNo: bytes.readUInt32LE(32),
    encrypted: bytes.readUInt16LE(10) === 1,
    keyVersion: bytes.readUInt32LE(36),
    salt: bytes.subarray(40, 56),
    wrappedKey: bytes.subarray(60, -4),
  };
}

/** The first 48 bytes of a record header: what is authenticated, known before the payload is sealed. */
export function encodeRecordStart(record: Omit<RecordHeader, 'storedCrc' | 'nonce' | 'tag'>): Buffer {
  const bytes = Buffer.alloc(recordHeaderBytes);
  bytes.writeUInt32LE(recordMagic, 0);
  bytes.writeUInt16LE(version, 4);
  bytes.writeUInt8(record.codec, 6);
  bytes.writeUInt8(record.encrypted ? 1 : 0, 7);
  bytes.writeUInt32LE(record.fileNo, 8);
  bytes.writeUInt32LE(record.rawLength, 12);
  bytes.writeBigUInt64LE(BigInt(record.blockNo), 16);
  bytes.writeUInt32LE(record.storedLength, 24);
  bytes.writeUInt32LE(record.rawCrc, 28);
  bytes.writeBigUInt64LE(BigInt(record.setId), 32);
  bytes.writeBigUInt64LE(BigInt(record.tenantId), 40);
  return bytes;
}

/** Fills what is known after sealing into the buffer of `encodeRecordStart`. */
export function finishRecordHeader(bytes: Buffer, storedCrc: number, nonce: Uint8Array, tag: Uint8Array): void {
  bytes.writeUInt32LE(storedCrc, 48);
  bytes.set(nonce, 52);
  bytes.set(tag, 64);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 84)), 84);
}

/** Null when the bytes are not an intact record header. */
export function decodeRecordHeader(bytes: Buffer): RecordHeader | null {
  if (bytes.length < recordHeaderBytes || bytes.readUInt32LE(0) !== recordMagic) return null;
  if (crc32(bytes.subarray(0, 84)) !== bytes.readUInt32LE(84) || bytes.readUInt16LE(4) !== version) return null;
  return {
    codec: bytes.readUInt8(6),
    encrypted: bytes.readUInt8(7) === 1,
    fileNo: bytes.readUInt32LE(8),
    rawLength: bytes.readUInt32LE(12),
    blockNo: Number(bytes.readBigUInt64LE(16)),
    storedLength: bytes.readUInt32LE(24),
    rawCrc: bytes.readUInt32LE(28),
    setId: Number(bytes.readBigUInt64LE(32)),
    tenantId: Number(bytes.readBigUInt64LE(40)),
    storedCrc: bytes.readUInt32LE(48),
    nonce: bytes.subarray(52, 52 + nonceBytes),
    tag: bytes.subarray(64, 64 + tagBytes),
  };
}

/** Nonce = file no ‖ block no. */
export function recordNonce(fileNo: number, blockNo: number): Buffer {
  const nonce = Buffer.alloc(nonceBytes);
  nonce.writeUInt32LE(fileNo, 0);
  nonce.writeBigUInt64LE(BigInt(blockNo), 4);
  return nonce;
}

export function encodeFileIndex(entries: readonly BlockEntry[]): Buffer {
  const bytes = Buffer.alloc(8 + entries.length * entryBytes);
  bytes.writeUInt32LE(indexMagic, 0);
  bytes.writeUInt32LE(entries.length, 4);
  let at = 8;
  for (const entry of entries) {
    bytes.writeBigUInt64LE(BigInt(entry.blockNo), at);
    bytes.writeBigUInt64LE(BigInt(entry.offset), at + 8);
    bytes.writeUInt32LE(entry.storedLength, at + 16);
    bytes.writeUInt32LE(entry.rawLength, at + 20);
    bytes.writeUInt32LE(entry.storedCrc, at + 24);
    at += entryBytes;
  }
  return bytes;
}

export function decodeFileIndex(bytes: Buffer, fileNo: number, object: string): readonly BlockEntry[] {
  const count = bytes.length >= 8 ? bytes.readUInt32LE(4) : 0;
  if (bytes.length < 8 || bytes.readUInt32LE(0) !== indexMagic || bytes.length !== 8 + count * entryBytes)
    throw damage(object, 'index', 'not an index');
  return Array.from({ length: count }, (_, i) => {
    const at = 8 + i * entryBytes;
    return {
      blockNo: Number(bytes.readBigUInt64LE(at)),
      fileNo,
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      storedLength: bytes.readUInt32LE(at + 16),
      rawLength: bytes.readUInt32LE(at + 20),
      storedCrc: bytes.readUInt32LE(at + 24),
    };
  });
}

/** `sealOf` gets the bytes of the footer that are sealed and returns 32 bytes. */
export function encodeFooter(footer: Omit<Footer, 'seal'>, sealOf: (start: Uint8Array) => Uint8Array | null): Buffer {
  const bytes = Buffer.alloc(footerBytes);
  bytes.writeUInt32LE(footerMagic, 0);
  bytes.writeUInt16LE(version, 4);
  bytes.writeBigUInt64LE(BigInt(footer.indexOffset), 8);
  bytes.writeUInt32LE(footer.indexLength, 16);
  bytes.writeUInt32LE(footer.indexCrc, 20);
  bytes.writeUInt32LE(footer.fileNo, 24);
  bytes.writeUInt32LE(footer.fileCount, 28);
  bytes.writeBigUInt64LE(BigInt(footer.blockCount), 32);
  bytes.writeBigUInt64LE(BigInt(footer.setId), 40);
  bytes.set(sealOf(bytes.subarray(0, footerSealedBytes)) ?? new Uint8Array(32), footerSealedBytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 84)), 84);
  return bytes;
}

export function decodeFooter(bytes: Buffer, offset: number, object: string): Footer {
  const where = `footer at offset ${offset}`;
  if (bytes.length !== footerBytes || bytes.readUInt32LE(0) !== footerMagic)
    throw damage(object, where, 'not a footer: the file is cut off or was not finished');
  if (crc32(bytes.subarray(0, 84)) !== bytes.readUInt32LE(84)) throw damage(object, where, 'checksum does not match');
  if (bytes.readUInt16LE(4) !== version) throw damage(object, where, `unknown version ${bytes.readUInt16LE(4)}`);
  return {
    indexOffset: Number(bytes.readBigUInt64LE(8)),
    indexLength: bytes.readUInt32LE(16),
    indexCrc: bytes.readUInt32LE(20),
    fileNo: bytes.readUInt32LE(24),
    fileCount: bytes.readUInt32LE(28),
    blockCount: Number(bytes.readBigUInt64LE(32)),
    setId: Number(bytes.readBigUInt64LE(40)),
    seal: bytes.subarray(footerSealedBytes, footerSealedBytes + 32),
  };
}
