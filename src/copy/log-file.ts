import { crc32 } from 'node:zlib';
import type { Scn } from '../base/scn.ts';
import type { LogChunk, LogPosition } from '../tenants/tenant-engine.ts';
import { damage } from './damage.ts';
import { nonceBytes, tagBytes } from './payload-codec.ts';
import { VarintReader, VarintWriter } from './varint.ts';

/**
 * The archive log file `log/<n>.obarc`: file header, then records that are only ever appended. Little-endian throughout.
 *
 * File header (68 bytes + wrapped key):
 *   0 magic `OBVALOG\n` · 8 u16 version · 10 u16 flags (1 = encrypted) · 12 u32 length of this header · 16 u64 tenant id
 *   24 u32 round id · 28 u32 piece id · 32 u32 file no · 36 u32 master key version · 40 salt (16) · 56 u32 zero
 *   60 u32 length of the wrapped key · 64 wrapped key, opaque here · then u32 CRC-32 of all before
 *
 * Record header (104 bytes + positions + 4), the payload follows:
 *   0 u32 magic · 4 u16 version · 6 u8 codec · 7 u8 flags (1 encrypted, 2 seal, 4 mark, 8 part) · 8 u32 header length · 12 u32 record no
 *   16 u64 after SCN · 24 u64 first SCN · 32 u64 last SCN · 40 u32 raw length · 44 u32 stored length · 48 u32 raw CRC (0 when encrypted)
 *   52 u32 index length · 56 u32 commits · 60 u32 CRC of the header of the record before (0 for the first)
 *   64 u16 length of `from` · 66 u16 length of `to` · 68 u32 zero
 *   72 u32 CRC of the stored bytes · 76 nonce (12) · 88 tag (16) · 104 `from` and `to` as JSON · then u32 CRC of this header
 *   Bytes 0–71 and both positions are the additional authenticated data. The nonce is random: a torn record is written
 *   again under the same number, and a counted nonce would then come twice.
 *
 * Raw payload: the commit index (SCN and end offset of each commit, as differences, base-128), then the engine's log bytes.
 *
 * A record says: every commit with after SCN < SCN ≤ last SCN is here. `after` equals `last` of the record before, `from`
 * equals its `to`, through all files of a round, so that a missing record shows. A batch that crosses the end of a piece
 * stands in both pieces, each time with other bounds; `to` stays behind until the whole batch is recorded.
 * A *part* holds the next pages of the commit `first SCN`, which is too large for one record: `last SCN` stays where it was, the
 * position goes on. The batch behind the last part begins with the rest of that commit. Parts are of version 2, all else of 1.
 * A *seal* has no content and proves that everything up to its position is recorded; a *mark* moves the last SCN on.
 */
export interface LogFileHeader {
  readonly tenantId: number;
  readonly roundId: number;
  readonly pieceId: number;
  readonly fileNo: number;
  readonly encrypted: boolean;
  readonly keyVersion: number;
  readonly salt: Uint8Array;
  readonly wrappedKey: Uint8Array;
}

export interface LogRecordHeader {
  readonly codec: number;
  readonly encrypted: boolean;
  readonly kind: 'batch' | 'part' | 'seal' | 'mark';
  readonly recordNo: number;
  /** Exclusive. */
  readonly afterScn: Scn;
  readonly firstScn: Scn;
  /** Inclusive. */
  readonly lastScn: Scn;
  readonly rawLength: number;
  readonly storedLength: number;
  readonly rawCrc: number;
  readonly indexLength: number;
  readonly commitCount: number;
  readonly previousCrc: number;
  readonly from: LogPosition | null;
  readonly to: LogPosition | null;
  readonly storedCrc: number;
  readonly nonce: Uint8Array;
  readonly tag: Uint8Array;
  /** Length of this header in bytes. */
  readonly headerLength: number;
  /** CRC of this header; the next record repeats it. */
  readonly headerCrc: number;
}

export const logRecordFixedBytes = 104;
export const logRecordMagic = 0x4c56424f;
/** No header is longer; positions are small. */
export const maxLogHeaderBytes = logRecordFixedBytes + 4 + 2 * 0xffff;
/** A file is closed before it passes this; a single record may. */
export const maxLogFileBytes = 64 << 20;

const fileMagic = Buffer.from('OBVALOG\n');
const fileHeaderFixed = 68;
const maxWrappedKeyBytes = 4096;
const version = 1;
const partVersion = 2;

export function encodeLogFileHeader(header: LogFileHeader): Buffer {
  const bytes = Buffer.alloc(fileHeaderFixed + header.wrappedKey.length);
  fileMagic.copy(bytes);
  bytes.writeUInt16LE(version, 8);
  bytes.writeUInt16LE(header.encrypted ? 1 : 0, 10);
  bytes.writeUInt32LE(bytes.length, 12);
  bytes.writeBigUInt64LE(BigInt(header.tenantId), 16);
  bytes.writeUInt32LE(header.roundId, 24);
  bytes.writeUInt32LE(header.pieceId, 28);
  bytes.writeUInt32LE(header.fileNo, 32);
  bytes.writeUInt32LE(header.keyVersion, 36);
  bytes.set(header.salt, 40);
  bytes.writeUInt32LE(header.wrappedKey.length, 60);
  bytes.set(header.wrappedKey, 64);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

/** Null when the file begins with less than a header (a crash before the header was complete). */
export function decodeLogFileHeader(bytes: Buffer, object: string): { header: LogFileHeader; length: number } | null {
  const where = 'file header at offset 0';
  if (bytes.length < 16) return null;
  if (!bytes.subarray(0, 8).equals(fileMagic)) throw damage(object, where, 'not a log file');
  const length = bytes.readUInt32LE(12);
  if (length < fileHeaderFixed || length > fileHeaderFixed + maxWrappedKeyBytes)
    throw damage(object, where, `impossible length ${length}`);
  if (bytes.length < length) return null;
  if (crc32(bytes.subarray(0, length - 4)) !== bytes.readUInt32LE(length - 4))
    throw damage(object, where, 'checksum does not match');
  if (bytes.readUInt16LE(8) !== version) throw damage(object, where, `unknown version ${bytes.readUInt16LE(8)}`);
  const header: LogFileHeader = {
    tenantId: Number(bytes.readBigUInt64LE(16)),
    roundId: bytes.readUInt32LE(24),
    pieceId: bytes.readUInt32LE(28),
    fileNo: bytes.readUInt32LE(32),
    encrypted: bytes.readUInt16LE(10) === 1,
    keyVersion: bytes.readUInt32LE(36),
    salt: new Uint8Array(bytes.subarray(40, 56)),
    wrappedKey: new Uint8Array(bytes.subarray(64, length - 4)),
  };
  return { header, length };
}

/** Longest possible file header: what to read first. */
export const maxLogFileHeaderBytes = fileHeaderFixed + maxWrappedKeyBytes;

export type LogRecordStart = Omit<LogRecordHeader, 'storedCrc' | 'nonce' | 'tag' | 'headerLength' | 'headerCrc'>;

/** A record header without what is known after sealing; `finishLogRecord` completes it. */
export function encodeLogRecordStart(record: LogRecordStart): Buffer {
  const from = positionBytes(record.from);
  const to = positionBytes(record.to);
  const bytes = Buffer.alloc(logRecordFixedBytes + from.length + to.length + 4);
  bytes.writeUInt32LE(logRecordMagic, 0);
  bytes.writeUInt16LE(record.kind === 'part' ? partVersion : version, 4);
  bytes.writeUInt8(record.codec, 6);
  bytes.writeUInt8((record.encrypted ? 1 : 0) | kindFlags[record.kind], 7);
  bytes.writeUInt32LE(bytes.length, 8);
  bytes.writeUInt32LE(record.recordNo, 12);
  bytes.writeBigUInt64LE(record.afterScn, 16);
  bytes.writeBigUInt64LE(record.firstScn, 24);
  bytes.writeBigUInt64LE(record.lastScn, 32);
  bytes.writeUInt32LE(record.rawLength, 40);
  bytes.writeUInt32LE(record.storedLength, 44);
  bytes.writeUInt32LE(record.rawCrc, 48);
  bytes.writeUInt32LE(record.indexLength, 52);
  bytes.writeUInt32LE(record.commitCount, 56);
  bytes.writeUInt32LE(record.previousCrc, 60);
  bytes.writeUInt16LE(from.length, 64);
  bytes.writeUInt16LE(to.length, 66);
  from.copy(bytes, logRecordFixedBytes);
  to.copy(bytes, logRecordFixedBytes + from.length);
  return bytes;
}

const kindFlags = { batch: 0, seal: 2, mark: 4, part: 8 } as const;

/** Completes the header; returns its CRC, which the next record repeats. */
export function finishLogRecord(bytes: Buffer, storedCrc: number, nonce: Uint8Array, tag: Uint8Array): number {
  bytes.writeUInt32LE(storedCrc, 72);
  bytes.set(nonce, 76);
  bytes.set(tag, 88);
  const crc = crc32(bytes.subarray(0, -4));
  bytes.writeUInt32LE(crc, bytes.length - 4);
  return crc;
}

/** The authenticated bytes of a header. */
export function logRecordAad(header: Buffer): Buffer {
  return Buffer.concat([header.subarray(0, 72), header.subarray(logRecordFixedBytes, -4)]);
}

/** Null when no intact record header starts here. `bytes` may go on behind the header. */
export function decodeLogRecord(bytes: Buffer): LogRecordHeader | null {
  if (bytes.length < logRecordFixedBytes + 4 || bytes.readUInt32LE(0) !== logRecordMagic) return null;
  const length = bytes.readUInt32LE(8);
  const fromLength = bytes.readUInt16LE(64);
  if (length !== logRecordFixedBytes + 4 + fromLength + bytes.readUInt16LE(66) || length > bytes.length) return null;
  const headerCrc = bytes.readUInt32LE(length - 4);
  if (crc32(bytes.subarray(0, length - 4)) !== headerCrc) return null;
  const flags = bytes.readUInt8(7);
  const kind = kindOf(flags);
  if (bytes.readUInt16LE(4) !== (kind === 'part' ? partVersion : version)) return null;
  const fromEnd = logRecordFixedBytes + fromLength;
  return {
    codec: bytes.readUInt8(6),
    encrypted: (flags & 1) !== 0,
    kind,
    recordNo: bytes.readUInt32LE(12),
    afterScn: bytes.readBigUInt64LE(16),
    firstScn: bytes.readBigUInt64LE(24),
    lastScn: bytes.readBigUInt64LE(32),
    rawLength: bytes.readUInt32LE(40),
    storedLength: bytes.readUInt32LE(44),
    rawCrc: bytes.readUInt32LE(48),
    indexLength: bytes.readUInt32LE(52),
    commitCount: bytes.readUInt32LE(56),
    previousCrc: bytes.readUInt32LE(60),
    from: positionOf(bytes.subarray(logRecordFixedBytes, fromEnd)),
    to: positionOf(bytes.subarray(fromEnd, length - 4)),
    storedCrc: bytes.readUInt32LE(72),
    nonce: new Uint8Array(bytes.subarray(76, 76 + nonceBytes)),
    tag: new Uint8Array(bytes.subarray(88, 88 + tagBytes)),
    headerLength: length,
    headerCrc,
  };
}

function kindOf(flags: number): LogRecordHeader['kind'] {
  if ((flags & kindFlags.part) !== 0) return 'part';
  return (flags & kindFlags.seal) !== 0 ? 'seal' : (flags & kindFlags.mark) !== 0 ? 'mark' : 'batch';
}

/** True when a record holds anything of a commit behind `scn`, or says something of that time. */
export function reachesBeyond({ kind, firstScn, lastScn }: LogRecordHeader, scn: Scn): boolean {
  return (kind === 'part' ? firstScn : lastScn) > scn;
}

/** Two positions are the same when their members are, in any order. */
export function samePosition(a: LogPosition | null, b: LogPosition | null): boolean {
  return positionBytes(a).equals(positionBytes(b));
}

function positionBytes(position: LogPosition | null): Buffer {
  if (position === null) return Buffer.alloc(0);
  const sorted = Object.entries(position).sort(([a], [b]) => (a < b ? -1 : 1));
  const bytes = Buffer.from(JSON.stringify(Object.fromEntries(sorted)));
  if (bytes.length > 0xffff) throw new RangeError(`a log position of ${bytes.length} bytes is too long`);
  return bytes;
}

function positionOf(bytes: Buffer): LogPosition | null {
  return bytes.length === 0 ? null : (JSON.parse(bytes.toString('utf8')) as LogPosition);
}

export function encodeCommitIndex(commits: LogChunk['commits']): Buffer {
  const writer = new VarintWriter();
  let scn = 0n;
  let end = 0;
  for (const commit of commits) {
    writer.put(commit.scn - scn);
    writer.put(BigInt(commit.end - end));
    scn = commit.scn;
    end = commit.end;
  }
  return writer.take();
}

/** Throws an Error when the bytes do not hold exactly `count` commits. */
export function decodeCommitIndex(bytes: Uint8Array, count: number): LogChunk['commits'] {
  const reader = new VarintReader(bytes);
  const commits: { scn: Scn; end: number }[] = [];
  let scn = 0n;
  let end = 0;
  for (let i = 0; i < count; i++) {
    scn += reader.get();
    end += Number(reader.get());
    commits.push({ scn, end });
  }
  if (!reader.atEnd) throw new Error('the commit index is too long');
  return commits;
}
