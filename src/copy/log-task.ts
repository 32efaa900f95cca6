import { randomBytes } from 'node:crypto';
import type { Scn } from '../base/scn.ts';
import type { LogChunk, LogPosition, LogReader, ThreadModule } from '../tenants/tenant-engine.ts';
import { loadEngineModule } from './engine-module.ts';
import {
  encodeCommitIndex,
  encodeLogRecordStart,
  finishLogRecord,
  type LogRecordStart,
  logRecordAad,
} from './log-file.ts';
import {
  fileKey,
  freeBytes,
  nonceBytes,
  type Packed,
  pack,
  seal,
  storeClear,
  storedLengthOf,
} from './payload-codec.ts';
import { tenantErrorAt } from './thread-error.ts';
import type { TaskResult } from './thread-guest.ts';

/** Where the next record of a log file goes. */
export interface LogFileState {
  readonly setKey: Uint8Array | null;
  readonly salt: Uint8Array;
  readonly recordNo: number;
  readonly previousCrc: number;
  readonly sizeBytes: number;
}

export interface OpenLogInput {
  readonly handle: number;
  readonly reader: ThreadModule;
  readonly from: LogPosition | null;
  /** Position the last record reaches; the next record's `from`. */
  readonly afterScn: Scn;
  readonly file: LogFileState;
}

export interface BatchInput {
  readonly handle: number;
  readonly maxBytes: number;
  readonly untilScn: Scn;
  readonly maxFileBytes: number;
}

/** One encoded record, or why there is none: `end` nothing new, `scn` the rest lies behind `untilScn`, `size` the file is full. */
export type BatchOutput =
  | {
      readonly record: Uint8Array;
      readonly firstScn: Scn;
      readonly lastScn: Scn;
      readonly inputBytes: number;
      readonly commits: number;
      readonly position: LogPosition | null;
    }
  | { readonly record: null; readonly why: 'end' | 'scn' | 'size' };

export interface NoteInput {
  readonly handle: number;
  readonly kind: 'seal' | 'mark';
  /** New position (seal) or null to keep the present one. */
  readonly position: LogPosition | null;
  readonly lastScn: Scn | null;
}

export interface NoteOutput {
  readonly record: Uint8Array;
  readonly lastScn: Scn;
  readonly position: LogPosition | null;
}

interface Pending {
  /** Its bytes are packed already and kept no longer. */
  readonly chunk: Omit<LogChunk, 'bytes'>;
  readonly inputBytes: number;
  readonly packed: Packed;
  readonly indexLength: number;
}

interface Shipment {
  readonly module: ThreadModule;
  reader: LogReader;
  /** `to` of the last record. */
  position: LogPosition | null;
  afterScn: Scn;
  pending: Pending | null;
  file: LogFileState;
  key: Uint8Array | null;
}

const shipments = new Map<number, Shipment>();

export async function openLog(input: OpenLogInput): Promise<TaskResult> {
  const engine = await loadEngineModule(input.reader);
  shipments.set(input.handle, {
    module: input.reader,
    reader: engine.openLogReader(input.reader.data, input.from),
    position: input.from,
    afterScn: input.afterScn,
    pending: null,
    file: input.file,
    key: keyOf(input.file),
  });
  return { value: null };
}

/** Reads, compresses and encrypts the next batch; `gotOn` is called while it reads. */
export function nextBatch(input: BatchInput, gotOn: () => void): TaskResult {
  const shipment = shipmentOf(input.handle);
  const pending = shipment.pending ?? readPending(shipment, input.maxBytes, gotOn);
  if (!pending) return none('end');
  const { chunk, packed } = pending;
  if (!chunk.commits.some(({ scn }) => scn > shipment.afterScn && scn <= input.untilScn)) return none('scn');
  const partial = chunk.lastScn > input.untilScn;
  const start: LogRecordStart = {
    ...startOf(shipment, chunk.part ? 'part' : 'batch'),
    codec: packed.codec,
    firstScn: chunk.commits.find(({ scn }) => scn > shipment.afterScn)!.scn,
    lastScn: chunk.part ? shipment.afterScn : partial ? input.untilScn : chunk.lastScn,
    rawLength: packed.rawLength,
    storedLength: storedLengthOf(packed, shipment.key !== null),
    rawCrc: shipment.key ? 0 : packed.rawCrc,
    indexLength: pending.indexLength,
    commitCount: chunk.commits.length,
    to: partial ? shipment.position : chunk.position,
  };
  const record = encodeRecord(shipment, start, packed, input.maxFileBytes);
  if (!record) return none('size');
  if (!partial) {
    shipment.pending = null;
    freeBytes(packed.payload);
  }
  const value: BatchOutput = {
    record,
    firstScn: start.firstScn,
    lastScn: start.lastScn,
    inputBytes: pending.inputBytes,
    commits: chunk.commits.filter(({ scn }) => scn >= start.firstScn && scn <= start.lastScn).length,
    position: start.to,
  };
  return { value, transfer: [record.buffer] };
}

/**
 * A record without content. A seal also moves the reader to its position: the log starts a new generation behind it. Null when the
 * log went on before it was sealed: the records behind the seal are written already.
 */
export async function noteRecord(input: NoteInput): Promise<TaskResult> {
  const shipment = shipmentOf(input.handle);
  if (input.position && (shipment.pending || !shipment.reader.standsAt(input.position))) return { value: null };
  const packed = pack(new Uint8Array(0), 'log');
  const start: LogRecordStart = {
    ...startOf(shipment, input.kind),
    storedLength: storedLengthOf(packed, shipment.key !== null),
    firstScn: shipment.afterScn,
    lastScn: input.lastScn !== null && input.lastScn > shipment.afterScn ? input.lastScn : shipment.afterScn,
    to: input.position ?? shipment.position,
  };
  const record = encodeRecord(shipment, start, packed, Number.MAX_SAFE_INTEGER)!;
  if (input.position) {
    const engine = await loadEngineModule(shipment.module);
    shipment.reader.close();
    shipment.reader = engine.openLogReader(shipment.module.data, input.position);
  }
  const value: NoteOutput = { record, lastScn: start.lastScn, position: start.to };
  return { value, transfer: [record.buffer] };
}

export function switchLogFile(input: { readonly handle: number; readonly file: LogFileState }): TaskResult {
  const shipment = shipmentOf(input.handle);
  shipment.file = input.file;
  shipment.key = keyOf(input.file);
  return { value: null };
}

/** Where the log file stands, for the thread that goes on with it; null when nothing was open. */
export interface ClosedLog {
  readonly file: LogFileState | null;
}

export function closeLog(input: { readonly handle: number }): TaskResult {
  const shipment = shipments.get(input.handle);
  shipments.delete(input.handle);
  shipment?.reader.close();
  if (shipment?.pending) freeBytes(shipment.pending.packed.payload);
  return { value: { file: shipment?.file ?? null } satisfies ClosedLog };
}

function shipmentOf(handle: number): Shipment {
  const shipment = shipments.get(handle);
  if (!shipment) throw new Error(`no log shipment ${handle}`);
  return shipment;
}

function keyOf(file: LogFileState): Uint8Array | null {
  return file.setKey && fileKey(file.setKey, file.salt, 'log');
}

function none(why: 'end' | 'scn' | 'size'): TaskResult {
  return { value: { record: null, why } satisfies BatchOutput };
}

/** The next chunk with anything new; what was recorded before a restart is passed over. */
function readPending(shipment: Shipment, maxBytes: number, gotOn: () => void): Pending | null {
  for (;;) {
    const chunk = readChunk(shipment.reader, maxBytes, gotOn);
    if (!chunk) return null;
    if (chunk.lastScn <= shipment.afterScn) continue;
    const index = encodeCommitIndex(chunk.commits);
    const inputBytes = chunk.bytes.length;
    const raw = Buffer.concat([index, chunk.bytes]);
    freeBytes(chunk.bytes);
    const packed = pack(raw, 'log');
    freeBytes(raw, packed.payload);
    const { bytes, ...rest } = chunk;
    shipment.pending = { chunk: rest, inputBytes, packed, indexLength: index.length };
    return shipment.pending;
  }
}

function readChunk(reader: LogReader, maxBytes: number, gotOn: () => void): LogChunk | null {
  try {
    return reader.next(maxBytes, gotOn);
  } catch (error) {
    throw tenantErrorAt(error, 'reading the log of the tenant');
  }
}

function startOf(shipment: Shipment, kind: LogRecordStart['kind']): LogRecordStart {
  return {
    codec: 0,
    encrypted: shipment.key !== null,
    kind,
    recordNo: shipment.file.recordNo,
    afterScn: shipment.afterScn,
    firstScn: shipment.afterScn,
    lastScn: shipment.afterScn,
    rawLength: 0,
    storedLength: 0,
    rawCrc: 0,
    indexLength: 0,
    commitCount: 0,
    previousCrc: shipment.file.previousCrc,
    from: shipment.position,
    to: shipment.position,
  };
}

/** Null when the file would pass `maxFileBytes` and holds a record already. */
function encodeRecord(
  shipment: Shipment,
  start: LogRecordStart,
  packed: Packed,
  maxFileBytes: number,
): Uint8Array<ArrayBuffer> | null {
  const header = encodeLogRecordStart(start);
  const { file } = shipment;
  if (file.recordNo > 0 && file.sizeBytes + header.length + start.storedLength > maxFileBytes) return null;
  const nonce = start.encrypted ? randomBytes(nonceBytes) : Buffer.alloc(nonceBytes);
  const sealed = start.encrypted ? seal(packed, shipment.key!, nonce, logRecordAad(header)) : storeClear(packed);
  const previousCrc = finishLogRecord(header, sealed.storedCrc, nonce, sealed.tag);
  const record = new Uint8Array(header.length + sealed.storedLength);
  record.set(header);
  let at = header.length;
  for (const part of sealed.parts) {
    record.set(part, at);
    at += part.length;
    freeBytes(part, packed.payload);
  }
  shipment.file = { ...file, recordNo: file.recordNo + 1, previousCrc, sizeBytes: file.sizeBytes + record.length };
  shipment.position = start.to;
  shipment.afterScn = start.lastScn;
  return record;
}
