import { randomBytes } from 'node:crypto';
import { faultText } from '../base/errors.ts';
import type { Scn } from '../base/scn.ts';
import type { ObjectSource } from '../media/medium.ts';
import { damage } from './damage.ts';
import { saltBytes } from './data-file.ts';
import type { SetKey } from './keys.ts';
import {
  encodeLogFileHeader,
  encodeLogRecordStart,
  finishLogRecord,
  type LogFileHeader,
  type LogRecordHeader,
  logRecordAad,
  reachesBeyond,
} from './log-file.ts';
import { type LogRecord, openLogFile } from './log-scan.ts';
import { fileKey, nonceBytes, type Packed, seal, storeClear, storedLengthOf, unseal } from './payload-codec.ts';

/** A part of the log to be written into a file of its own. */
export interface LogSlice {
  readonly source: ObjectSource;
  /** What errors call the file. */
  readonly name: string;
  /** Wanted are the records of commits with `afterScn` < SCN ≤ `untilScn`; the first and the last may hold more. */
  readonly afterScn: Scn;
  readonly untilScn: Scn;
  /** Header of the last record written before, in another file; null for none. */
  readonly follows: LogRecordHeader | null;
  /** Key of the file that is read; null for one in clear. */
  readonly keyFor: (header: LogFileHeader) => Promise<Uint8Array | null>;
  /** Key the part is written under; null for clear. */
  readonly key: SetKey | null;
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Copies the records of a log file that hold a range of commits: still compressed, numbered anew, under another key. Returns
 * the header of the last one, null when the file holds none. A record missing between is OB_ENTRY_NOT_EXIST, a damaged one
 * OB_CHECKSUM_ERROR.
 */
export async function sliceLog(slice: LogSlice): Promise<LogRecordHeader | null> {
  const { name, signal } = slice;
  const file = await openLogFile(slice.source, { name, ...(signal ? { signal } : {}) });
  if (file === null) return null;
  let last = slice.follows;
  let written: { recordNo: number; previousCrc: number; key: Uint8Array | null } | null = null;
  let openKey: Uint8Array | null = null;
  for await (const record of file.records) {
    if (!reachesBeyond(record.header, slice.afterScn)) continue;
    if (record.header.afterScn >= slice.untilScn) break;
    checkFollows(last, record.header, slice.afterScn, name);
    last = record.header;
    if (written === null) {
      const setKey = await slice.keyFor(file.header);
      openKey = setKey && fileKey(setKey, file.header.salt, 'log');
      written = { recordNo: 0, previousCrc: 0, key: await writeHeader(slice, file.header) };
    }
    const packed = openPacked(record, openKey, name);
    written.previousCrc = await writeRecord(slice, record.header, packed, written);
    written.recordNo++;
  }
  return written === null ? null : last;
}

function checkFollows(last: LogRecordHeader | null, header: LogRecordHeader, afterScn: Scn, name: string): void {
  if (last === null ? header.afterScn <= afterScn : header.afterScn === last.lastScn) return;
  const before = last === null ? `wanted from ${afterScn}` : `the log before it ends at ${last.lastScn}`;
  const text = `No enough log for restore: ${name} goes on after SCN ${header.afterScn}, ${before}`;
  throw faultText('OB_ENTRY_NOT_EXIST', text);
}

/** Returns the key of the new file. */
async function writeHeader(slice: LogSlice, source: LogFileHeader): Promise<Uint8Array | null> {
  const { key } = slice;
  const salt = new Uint8Array(randomBytes(saltBytes));
  const header: LogFileHeader = {
    ...source,
    encrypted: key !== null,
    keyVersion: key?.masterKeyVersion ?? 0,
    salt,
    wrappedKey: key?.wrapped ?? new Uint8Array(0),
  };
  await slice.write(encodeLogFileHeader(header));
  return key && fileKey(key.bytes, salt, 'log');
}

function openPacked({ header, bytes, offset }: LogRecord, key: Uint8Array | null, name: string): Packed {
  const { codec, rawLength, rawCrc } = header;
  const payload = bytes.subarray(header.headerLength);
  if (!header.encrypted) return { codec, rawLength, rawCrc, payload };
  try {
    if (key === null) throw new Error('encrypted, and no key was given');
    const aad = logRecordAad(bytes.subarray(0, header.headerLength));
    return { codec, rawLength, ...unseal(payload, key, header.nonce, header.tag, aad) };
  } catch (error) {
    throw damage(name, `record at offset ${offset}`, (error as Error).message);
  }
}

async function writeRecord(
  slice: LogSlice,
  header: LogRecordHeader,
  packed: Packed,
  to: { readonly recordNo: number; readonly previousCrc: number; readonly key: Uint8Array | null },
): Promise<number> {
  const encrypted = to.key !== null;
  const start = encodeLogRecordStart({
    ...header,
    encrypted,
    recordNo: to.recordNo,
    previousCrc: to.previousCrc,
    storedLength: storedLengthOf(packed, encrypted),
    rawCrc: encrypted ? 0 : packed.rawCrc,
  });
  const nonce = encrypted ? randomBytes(nonceBytes) : Buffer.alloc(nonceBytes);
  const sealed = to.key === null ? storeClear(packed) : seal(packed, to.key, nonce, logRecordAad(start));
  const crc = finishLogRecord(start, sealed.storedCrc, nonce, sealed.tag);
  await slice.write(Buffer.concat([start, ...sealed.parts]));
  return crc;
}
