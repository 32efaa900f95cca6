import { ReadTally } from '../base/read-tally.ts';
import type { Scn } from '../base/scn.ts';
import type { ObjectSource } from '../media/medium.ts';
import { Pace } from '../media/pace.ts';
import type { LogPosition } from '../tenants/tenant-engine.ts';
import { openRecord } from './apply-task.ts';
import { damage } from './damage.ts';
import type { BlockEntry, DataFileHeader } from './data-file.ts';
import { type LogRecordHeader, samePosition } from './log-file.ts';
import { openLogFile } from './log-scan.ts';
import { fileKey, freeBytes } from './payload-codec.ts';
import { SharedCounters } from './shared-counters.ts';
import { mediumErrorAt } from './thread-error.ts';
import type { TaskContext, TaskResult } from './thread-guest.ts';
import { readAll, type ThreadIo } from './thread-io.ts';
import { verifyRecord } from './verify-data-file.ts';

/** A file to be read in a thread. */
export interface VerifyFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Without it the main thread reads. */
  readonly fd: number | null;
  /** Cells of the destination's pace; whoever reads from `fd` keeps to it. */
  readonly pace: SharedArrayBuffer | null;
  /** Cells in which whoever reads from `fd` counts it. */
  readonly tally: SharedArrayBuffer | null;
}

export interface VerifyDataInput {
  readonly shared: SharedArrayBuffer;
  readonly slot: number;
  readonly file: VerifyFile;
  readonly header: DataFileHeader;
  readonly entries: readonly BlockEntry[];
  /** Set key; null also for an encrypted file that shall be checked by its stored checksums alone. */
  readonly key: Uint8Array | null;
}

/** One thread's share of the records of a data file. Its value is null; damage is an OB_CHECKSUM_ERROR. */
export async function verifyDataTask(input: VerifyDataInput, context: TaskContext, io: ThreadIo): Promise<TaskResult> {
  const { file, header } = input;
  const shared = new SharedCounters(input.shared);
  const source = sourceOf(file, shared, context, io);
  const key = input.key && header.encrypted ? fileKey(input.key, header.salt, 'data') : null;
  while (!shared.stopped) {
    const entry = input.entries[shared.takeNext()];
    if (!entry) break;
    shared.workingAt(input.slot, entry.fileNo, entry.offset);
    const where = `block ${entry.blockNo} at offset ${entry.offset}`;
    const record = await verifyRecord(source, entry, header, key, file.name, where);
    shared.finished(record.length, 0);
    freeBytes(record);
    context.progress();
  }
  shared.idle(input.slot);
  return { value: null };
}

export interface VerifyLogInput {
  readonly shared: SharedArrayBuffer;
  readonly file: VerifyFile;
  /** Bytes that must be valid; what is behind may be a torn tail. */
  readonly confirmedBytes: number;
  readonly key: Uint8Array | null;
}

/** Where the log of a file begins and ends; null when it holds no record. */
export interface LogSpan {
  readonly afterScn: Scn;
  readonly from: LogPosition | null;
  readonly lastScn: Scn;
  readonly to: LogPosition | null;
}

export interface VerifiedLog {
  readonly span: LogSpan | null;
  readonly records: number;
  readonly validBytes: number;
  /** False when records are encrypted and there was no key: only stored checksums were held against them. */
  readonly opened: boolean;
}

/** Reads a log file from its first to its last byte. Its value is a VerifiedLog; damage is an OB_CHECKSUM_ERROR. */
export async function verifyLogTask(input: VerifyLogInput, context: TaskContext, io: ThreadIo): Promise<TaskResult> {
  const { file, confirmedBytes } = input;
  const shared = new SharedCounters(input.shared);
  const opened = await openLogFile(sourceOf(file, shared, context, io), { name: file.name, confirmedBytes });
  let last: LogRecordHeader | null = null;
  let span = null as LogSpan | null;
  let records = 0;
  let complete = true;
  for await (const record of opened?.records ?? []) {
    if (shared.stopped) break;
    const { header } = record;
    const where = `record ${header.recordNo} at offset ${record.offset}`;
    if (last && (header.afterScn !== last.lastScn || !samePosition(header.from, last.to)))
      throw damage(file.name, where, 'it does not follow the record before it');
    if (header.encrypted !== opened!.header.encrypted)
      throw damage(file.name, where, 'encrypted otherwise than its file');
    if (header.encrypted && !input.key) complete = false;
    else {
      const item = { name: file.name, offset: record.offset, setKey: input.key };
      const { commits, bytes } = openRecord(header, record.bytes, { ...item, salt: opened!.header.salt }, where);
      freeBytes(bytes, record.bytes);
      // A batch that crosses the end of a piece holds commits beyond the bounds of its record: only the order is certain.
      const ordered = commits.every(({ scn }, i) => i === 0 || scn > commits[i - 1]!.scn);
      if (!ordered) throw damage(file.name, where, 'its commits are not in order');
    }
    span = span
      ? { ...span, lastScn: header.lastScn, to: header.to }
      : { afterScn: header.afterScn, from: header.from, lastScn: header.lastScn, to: header.to };
    last = header;
    records += 1;
    shared.finished(record.bytes.length, 0);
    context.progress();
  }
  const value: VerifiedLog = { span, records, validBytes: opened?.validBytes() ?? 0, opened: complete };
  return { value };
}

function sourceOf(file: VerifyFile, shared: SharedCounters, context: TaskContext, io: ThreadIo): ObjectSource {
  const pace = file.pace && new Pace(file.pace);
  const tally = file.tally && new ReadTally(file.tally);
  return {
    sizeBytes: file.sizeBytes,
    async read(offset, length) {
      if (file.fd === null) return context.call<Uint8Array>('read', { offset, length });
      pace?.takeInThread(1, length, { stopped: () => shared.stopped, waiting: () => shared.beat() });
      const bytes = Buffer.allocUnsafeSlow(length);
      try {
        readAll(io, file.fd, bytes, offset, tally);
      } catch (error) {
        throw mediumErrorAt(error, file.name, offset, 'read');
      }
      return bytes;
    },
    async close() {},
  };
}
