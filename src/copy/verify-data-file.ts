import { crc32 } from 'node:zlib';
import type { ObjectSource } from '../media/medium.ts';
import { damage, recordPlace } from './damage.ts';
import { type BlockEntry, type DataFileHeader, decodeRecordHeader, recordHeaderBytes } from './data-file.ts';
import { type DataFileContents, readDataFile } from './data-file-reader.ts';
import { fileKey, freeBytes } from './payload-codec.ts';
import { openPayload } from './restore-task.ts';

export interface VerifyOptions {
  /** What errors call the file. */
  readonly name?: string;
  /** The set key: records are decrypted and authenticated too. Without it an encrypted file is checked by stored checksums. */
  readonly key?: Uint8Array | null;
  readonly signal?: AbortSignal;
}

export interface VerifiedFile {
  readonly header: DataFileHeader;
  readonly blockCount: number;
  readonly rawBytes: number;
  /** Files and blocks of the whole set, from the footer. */
  readonly setFileCount: number;
  readonly setBlockCount: number;
}

/**
 * Reads a whole data file and holds everything against everything: header, each record and its content, index, footer. A
 * flipped bit anywhere is an OB_CHECKSUM_ERROR that names file, record and offset.
 */
export async function verifyDataFile(source: ObjectSource, options: VerifyOptions = {}): Promise<VerifiedFile> {
  const name = options.name ?? 'data file';
  const { header, headerLength, footer, entries } = await readDataFile(source, name, options.key ?? null);
  const key = options.key && header.encrypted ? fileKey(options.key, header.salt, 'data') : null;
  let offset = headerLength;
  let rawBytes = 0;
  for (const [recordNo, entry] of entries.entries()) {
    options.signal?.throwIfAborted();
    const where = recordPlace(recordNo, entry.blockNo, offset);
    if (entry.offset !== offset) throw damage(name, where, `the index says ${entry.offset}`);
    offset += (await verifyRecord(source, entry, header, key, name, where)).length;
    rawBytes += entry.rawLength;
  }
  if (offset !== footer.indexOffset)
    throw damage(name, `index at offset ${footer.indexOffset}`, `records end at offset ${offset}`);
  return {
    header,
    blockCount: entries.length,
    rawBytes,
    setFileCount: footer.fileCount,
    setBlockCount: footer.blockCount,
  };
}

/** Records of one file a sample reads at most. */
const sampleRecords = 4;

/** Reads the first and the last record of a file and some between them, as `verifyDataFile` reads all; a file of few records whole. */
export async function verifySample(
  source: ObjectSource,
  name: string,
  setKey: Uint8Array | null,
  { header, entries }: DataFileContents,
  signal?: AbortSignal,
): Promise<void> {
  const key = setKey && header.encrypted ? fileKey(setKey, header.salt, 'data') : null;
  const count = Math.min(sampleRecords, entries.length);
  for (let i = 0; i < count; i++) {
    signal?.throwIfAborted();
    const recordNo = count === 1 ? 0 : Math.round((i * (entries.length - 1)) / (count - 1));
    const entry = entries[recordNo]!;
    await verifyRecord(source, entry, header, key, name, recordPlace(recordNo, entry.blockNo, entry.offset));
  }
}

/** Reads a record and holds it against its index entry, its file and its own checksums; opens it when it can be. */
export async function verifyRecord(
  source: ObjectSource,
  entry: BlockEntry,
  file: DataFileHeader,
  key: Uint8Array | null,
  name: string,
  where: string,
): Promise<Buffer> {
  const bytes = await source.read(entry.offset, recordHeaderBytes + entry.storedLength);
  const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  checkRecord(record, entry, file, key, name, where);
  return record;
}

function checkRecord(
  record: Buffer,
  entry: BlockEntry,
  file: DataFileHeader,
  key: Uint8Array | null,
  name: string,
  where: string,
): void {
  const header = decodeRecordHeader(record);
  if (!header) throw damage(name, where, 'record header is damaged');
  const fits =
    header.blockNo === entry.blockNo &&
    header.storedLength === entry.storedLength &&
    header.rawLength === entry.rawLength &&
    header.storedCrc === entry.storedCrc &&
    header.fileNo === file.fileNo &&
    header.setId === file.setId &&
    header.tenantId === file.tenantId &&
    header.encrypted === file.encrypted;
  if (!fits) throw damage(name, where, 'record header and index do not agree');
  if (crc32(record.subarray(recordHeaderBytes)) !== header.storedCrc)
    throw damage(name, where, 'checksum of the stored bytes does not match');
  if (!header.encrypted || key) freeBytes(openPayload(header, record, key, name, where), record);
}
