import { crc32 } from 'node:zlib';
import type { Scn } from '../../base/scn.ts';

/**
 * The file `changes` beside a tenant: which page was changed last by which commit. Records are only appended, until the file
 * is rewritten in one piece. Little-endian.
 *
 *   record: payload length u32 | CRC-32 of kind and payload u32 | kind u8 | payload
 *
 *   1 epoch   id (8 bytes) | floor SCN u64 | last pinned SCN u64 | salt 1 u32 | salt 2 u32 | frame u32 | stamp | folded u64 (0, 1)
 *   2 folding after SCN u64 | SCN u64 | salt 1 u32 | salt 2 u32 | frame u32 | groups u32 | groups, newest first
 *             group: SCN u64 | pages u32 | page numbers u32 each
 *   3 folded  stamp
 *   4 pin     SCN u64
 *
 *   stamp: modification time of the data file in ns u64 | its size u64
 *
 * *Epoch* begins a history at its floor. *Folding* is written before the log is folded into the data file and holds the
 * pages of that generation of the log, *folded* after it. A *pin* is written before a snapshot is handed out.
 */
export type ChangeRecord =
  | (EpochRecord & { readonly kind: 'epoch' })
  | (FoldingRecord & { readonly kind: 'folding' })
  | { readonly kind: 'folded'; readonly stamp: FileStamp }
  | { readonly kind: 'pin'; readonly scn: Scn };

export interface EpochRecord {
  /** 16 hex digits. */
  readonly epoch: string;
  readonly floorScn: Scn;
  readonly pinnedScn: Scn;
  readonly place: LogPlace;
  /** Whether everything up to `place` was in the data file already. */
  readonly folded: boolean;
  readonly stamp: FileStamp;
}

export interface FoldingHead {
  readonly afterScn: Scn;
  readonly scn: Scn;
  readonly place: LogPlace;
}

export interface FoldingRecord extends FoldingHead {
  readonly groups: readonly ChangeGroup[];
}

/** Pages a commit was the last to change. */
export interface ChangeGroup {
  readonly scn: Scn;
  readonly pages: Uint32Array;
}

/** Up to where the log has been looked through. */
export interface LogPlace {
  readonly salt1: number;
  readonly salt2: number;
  readonly frame: number;
}

/** Tells whether somebody wrote to the data file: only folding does. */
export interface FileStamp {
  readonly modifiedNs: bigint;
  readonly sizeBytes: bigint;
}

/** Pages of a group that are handed out at a time. */
export const pagesPerGroup = 16 * 1024;

/** Length, checksum and kind. */
export const recordHeadBytes = 9;
/** Fixed part of a folding: SCNs, place, count of groups. */
export const foldingHeadBytes = 32;
export const groupHeadBytes = 12;
/** The fixed part of any payload fits into it. */
export const largestNoteBytes = 60;
const kinds = { epoch: 1, folding: 2, folded: 3, pin: 4 } as const;

export function encodeChangeRecord(record: ChangeRecord): Buffer {
  const payload = encodePayload(record);
  const bytes = Buffer.alloc(recordHeadBytes + payload.length);
  bytes.writeUInt32LE(payload.length, 0);
  bytes.writeUInt8(kinds[record.kind], 8);
  payload.copy(bytes, recordHeadBytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** A record without the pages of a folding. */
export type ChangeNote =
  | Exclude<ChangeRecord, { readonly kind: 'folding' }>
  | (FoldingHead & { readonly kind: 'folding' });

/** Head of a folding whose groups follow: its record head, the checksum still to be set, and the fixed part of its payload. */
export function encodeFoldingHead(
  { afterScn, scn, place }: FoldingHead,
  groupCount: number,
  payloadBytes: number,
): { readonly record: Buffer; readonly payload: Buffer } {
  const record = Buffer.alloc(recordHeadBytes);
  record.writeUInt32LE(payloadBytes, 0);
  record.writeUInt8(kinds.folding, 8);
  const count = Buffer.alloc(4);
  count.writeUInt32LE(groupCount, 0);
  return { record, payload: Buffer.concat([u64(afterScn, scn), placeBytes(place), count]) };
}

function encodePayload(record: ChangeRecord): Buffer {
  switch (record.kind) {
    case 'epoch':
      return Buffer.concat([
        Buffer.from(record.epoch, 'hex'),
        u64(record.floorScn, record.pinnedScn),
        placeBytes(record.place),
        stampBytes(record.stamp),
        u64(record.folded ? 1n : 0n),
      ]);
    case 'folding':
      return Buffer.concat([u64(record.afterScn, record.scn), placeBytes(record.place), groupBytes(record.groups)]);
    case 'folded':
      return stampBytes(record.stamp);
    case 'pin':
      return u64(record.scn);
  }
}

/** Reads the fixed part of a payload; null for a kind nobody knows. */
export function decodeNote(kind: number, bytes: Buffer): ChangeNote | null {
  if (kind === kinds.pin) return { kind: 'pin', scn: bytes.readBigUInt64LE(0) };
  if (kind === kinds.folded) return { kind: 'folded', stamp: stampAt(bytes, 0) };
  if (kind === kinds.folding) {
    const [afterScn, scn] = [bytes.readBigUInt64LE(0), bytes.readBigUInt64LE(8)];
    return { kind: 'folding', afterScn, scn, place: placeAt(bytes, 16) };
  }
  if (kind !== kinds.epoch) return null;
  return {
    kind: 'epoch',
    epoch: bytes.toString('hex', 0, 8),
    floorScn: bytes.readBigUInt64LE(8),
    pinnedScn: bytes.readBigUInt64LE(16),
    place: placeAt(bytes, 24),
    stamp: stampAt(bytes, 36),
    folded: bytes.readBigUInt64LE(52) === 1n,
  };
}

function groupBytes(groups: readonly ChangeGroup[]): Buffer {
  const bytes = Buffer.alloc(4 + groups.reduce((sum, group) => sum + 12 + 4 * group.pages.length, 0));
  bytes.writeUInt32LE(groups.length, 0);
  let at = 4;
  for (const { scn, pages } of groups) {
    bytes.writeBigUInt64LE(scn, at);
    bytes.writeUInt32LE(pages.length, at + 8);
    at += 12;
    for (const page of pages) at = bytes.writeUInt32LE(page, at);
  }
  return bytes;
}

function u64(...values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, i) => {
    bytes.writeBigUInt64LE(value, 8 * i);
  });
  return bytes;
}

function placeBytes({ salt1, salt2, frame }: LogPlace): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(salt1, 0);
  bytes.writeUInt32LE(salt2, 4);
  bytes.writeUInt32LE(frame, 8);
  return bytes;
}

function placeAt(bytes: Buffer, at: number): LogPlace {
  return { salt1: bytes.readUInt32LE(at), salt2: bytes.readUInt32LE(at + 4), frame: bytes.readUInt32LE(at + 8) };
}

function stampBytes({ modifiedNs, sizeBytes }: FileStamp): Buffer {
  return u64(modifiedNs, sizeBytes);
}

function stampAt(bytes: Buffer, at: number): FileStamp {
  return { modifiedNs: bytes.readBigUInt64LE(at), sizeBytes: bytes.readBigUInt64LE(at + 8) };
}
