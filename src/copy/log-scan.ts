import { crc32 } from 'node:zlib';
import type { Scn } from '../base/scn.ts';
import type { ObjectSource } from '../media/medium.ts';
import type { LogPosition } from '../tenants/tenant-engine.ts';
import { damage } from './damage.ts';
import {
  decodeLogFileHeader,
  decodeLogRecord,
  type LogFileHeader,
  type LogRecordHeader,
  logRecordMagic,
  maxLogFileHeaderBytes,
  maxLogHeaderBytes,
} from './log-file.ts';
import { freeBytes } from './payload-codec.ts';

export interface LogRecordPlace {
  readonly header: LogRecordHeader;
  readonly offset: number;
}

export interface LogRecord extends LogRecordPlace {
  /** Header and payload as stored, until the next record is asked for. */
  readonly bytes: Buffer;
  /** The same in a buffer of their own, for good; `bytes` may be gone then. */
  own(): Uint8Array<ArrayBuffer>;
}

export interface LogScan {
  /** Null when the file ends before its header is complete: nothing in it was ever confirmed. */
  readonly header: LogFileHeader | null;
  readonly records: readonly LogRecordPlace[];
  /** Where writing goes on; what is behind is a torn tail. */
  readonly validBytes: number;
  /** Position and SCN the last record reaches; null without records. */
  readonly lastPosition: LogPosition | null;
  readonly lastScn: Scn | null;
  /** True when the last record is a seal. */
  readonly sealed: boolean;
}

export interface ScanOptions {
  /** What errors call the file. */
  readonly name?: string;
  /** Bytes once confirmed as durable: when fewer are valid, that is damage and not a torn tail. */
  readonly confirmedBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * Reads a log file record by record, checking header chain and stored checksums (no key is needed). Stops at a torn tail;
 * a damaged record with an intact one behind it is OB_CHECKSUM_ERROR.
 */
export async function scanLogFile(source: ObjectSource, options: ScanOptions = {}): Promise<LogScan> {
  const file = await openLogFile(source, options);
  const records: LogRecordPlace[] = [];
  if (file) for await (const { header, offset } of file.records) records.push({ header, offset });
  const last = records.at(-1)?.header;
  return {
    header: file?.header ?? null,
    records,
    validBytes: file?.validBytes() ?? 0,
    lastPosition: last?.to ?? null,
    lastScn: last?.lastScn ?? null,
    sealed: last?.kind === 'seal',
  };
}

export interface OpenLogFile {
  readonly header: LogFileHeader;
  /** Ends at the end of the file or at a torn tail. */
  readonly records: AsyncGenerator<LogRecord, void, void>;
  /** Bytes read as valid so far. */
  readonly validBytes: () => number;
}

/** Opens a log file for reading; null when its header is not complete. */
export async function openLogFile(source: ObjectSource, options: ScanOptions = {}): Promise<OpenLogFile | null> {
  const name = options.name ?? 'log file';
  const window = new Window(source);
  const start = decodeLogFileHeader(await window.upTo(0, maxLogFileHeaderBytes), name);
  if (!start) {
    if ((options.confirmedBytes ?? 0) > 0) throw damage(name, 'file header at offset 0', 'the file is cut off');
    return null;
  }
  const state = { validBytes: start.length };
  return {
    header: start.header,
    records: readRecords(window, state, name, options),
    validBytes: () => state.validBytes,
  };
}

async function* readRecords(
  window: Window,
  state: { validBytes: number },
  name: string,
  options: ScanOptions,
): AsyncGenerator<LogRecord, void, void> {
  let previousCrc = 0;
  let recordNo = 0;
  while (state.validBytes < window.sizeBytes) {
    options.signal?.throwIfAborted();
    const offset = state.validBytes;
    const record = await readRecord(window, offset);
    if (!record || record.header.recordNo !== recordNo || record.header.previousCrc !== previousCrc) {
      await refuseDamage(window, offset, recordNo, name);
      break;
    }
    previousCrc = record.header.headerCrc;
    recordNo += 1;
    state.validBytes = offset + record.bytes.length;
    yield record;
  }
  if (state.validBytes < (options.confirmedBytes ?? 0))
    throw damage(
      name,
      `record ${recordNo} at offset ${state.validBytes}`,
      'bytes that were confirmed are not readable',
    );
}

async function readRecord(window: Window, offset: number): Promise<LogRecord | null> {
  const header = decodeLogRecord(await window.upTo(offset, maxLogHeaderBytes));
  if (!header || offset + header.headerLength + header.storedLength > window.sizeBytes) return null;
  const bytes = await window.upTo(offset, header.headerLength + header.storedLength);
  if (crc32(bytes.subarray(header.headerLength)) !== header.storedCrc) return null;
  return { header, offset, bytes, own: () => window.own(bytes) };
}

/** Nothing but a torn tail may follow an invalid record: an intact later record means damage in the middle. */
async function refuseDamage(window: Window, offset: number, recordNo: number, name: string): Promise<void> {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(logRecordMagic);
  let at = offset + 1;
  while (at < window.sizeBytes) {
    const bytes = await window.upTo(at, searchBytes);
    const hit = bytes.indexOf(magic);
    if (hit < 0) {
      at += Math.max(1, bytes.length - 3);
      if (bytes.length < 4) return;
      continue;
    }
    const found = await readRecord(window, at + hit);
    if (found && found.header.recordNo >= recordNo)
      throw damage(
        name,
        `record ${recordNo} at offset ${offset}`,
        `damaged; intact records follow at offset ${at + hit}`,
      );
    at += hit + 1;
  }
}

const searchBytes = 1 << 20;

/** Read-ahead over a source: few large reads instead of many small ones. */
class Window {
  readonly sizeBytes: number;
  readonly #source: ObjectSource;
  #bytes: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(source: ObjectSource) {
    this.#source = source;
    this.sizeBytes = source.sizeBytes;
  }

  /** The bytes from `offset`, `length` of them or what the file still has. Valid until the next call. */
  async upTo(offset: number, length: number): Promise<Buffer> {
    const end = Math.min(this.sizeBytes, offset + length);
    if (offset < this.#offset || end > this.#offset + this.#bytes.length) {
      const wanted = Math.min(this.sizeBytes - offset, Math.max(end - offset, readAheadBytes));
      // Records of many MB would pile up until they are collected.
      freeBytes(this.#bytes);
      this.#bytes = Buffer.alloc(0);
      const bytes = wanted > 0 ? await this.#source.read(offset, wanted) : new Uint8Array(0);
      this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#offset = offset;
    }
    return this.#bytes.subarray(offset - this.#offset, end - this.#offset);
  }

  /** A part of what is held as bytes that stay; all of it is given away uncopied. */
  own(part: Buffer): Uint8Array<ArrayBuffer> {
    const { buffer, length } = part;
    if (buffer !== this.#bytes.buffer || !(buffer instanceof ArrayBuffer) || length < buffer.byteLength)
      return new Uint8Array(part);
    this.#bytes = Buffer.alloc(0);
    return new Uint8Array(buffer);
  }
}

const readAheadBytes = 1 << 20;
