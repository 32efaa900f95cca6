import { ReadTally } from '../base/read-tally.ts';
import { Pace } from '../media/pace.ts';
import type { BlockWriter, ThreadModule } from '../tenants/tenant-engine.ts';
import { damage } from './damage.ts';
import {
  type BlockEntry,
  decodeRecordHeader,
  type RecordHeader,
  recordAadBytes,
  recordHeaderBytes,
} from './data-file.ts';
import { loadEngineModule } from './engine-module.ts';
import { fileKey, freeBytes, unpack, unseal } from './payload-codec.ts';
import { SharedCounters } from './shared-counters.ts';
import { mediumErrorAt, tenantErrorAt } from './thread-error.ts';
import type { TaskContext, TaskResult } from './thread-guest.ts';
import { readAll, type ThreadIo } from './thread-io.ts';

export interface RestoreFile {
  readonly fileNo: number;
  /** Without it the main thread reads. */
  readonly fd: number | null;
  /** Cells of the destination's pace; whoever reads from `fd` keeps to it. */
  readonly pace: SharedArrayBuffer | null;
  /** Cells in which whoever reads from `fd` counts it. */
  readonly tally: SharedArrayBuffer | null;
  readonly salt: Uint8Array;
  readonly name: string;
}

export interface RestoreTaskInput {
  readonly shared: SharedArrayBuffer;
  readonly slot: number;
  readonly target: ThreadModule;
  readonly files: readonly RestoreFile[];
  readonly entries: readonly BlockEntry[];
  readonly setId: number;
  readonly tenantId: number;
  readonly key: Uint8Array | null;
}

interface Source extends Omit<RestoreFile, 'pace' | 'tally'> {
  readonly key: Uint8Array | null;
  readonly pace: Pace | null;
  readonly tally: ReadTally | null;
}

const progressEveryBytes = 8 << 20;

/** One thread's share of a restore. */
export async function restoreTask(input: RestoreTaskInput, context: TaskContext, io: ThreadIo): Promise<TaskResult> {
  const shared = new SharedCounters(input.shared);
  const engine = await loadEngineModule(input.target);
  const writer = engine.openBlockWriter(input.target.data);
  try {
    await restoreBlocks(input, writer, shared, context, io);
  } catch (error) {
    // The first error is the one to tell; a target that failed is thrown away.
    await writer.close().catch(() => undefined);
    throw error;
  }
  shared.idle(input.slot);
  try {
    await writer.close();
  } catch (error) {
    throw tenantErrorAt(error, 'syncing the tenant');
  }
  return { value: null };
}

async function restoreBlocks(
  input: RestoreTaskInput,
  writer: BlockWriter,
  shared: SharedCounters,
  context: TaskContext,
  io: ThreadIo,
): Promise<void> {
  const sources = new Map<number, Source>(
    input.files.map((file) => {
      const key = input.key && fileKey(input.key, file.salt, 'data');
      const tally = file.tally && new ReadTally(file.tally);
      return [file.fileNo, { ...file, key, pace: file.pace && new Pace(file.pace), tally }];
    }),
  );
  const largest = input.entries.reduce((most, entry) => Math.max(most, entry.storedLength), 0);
  const buffer = Buffer.allocUnsafeSlow(recordHeaderBytes + largest);
  let unreported = 0;
  while (!shared.stopped && input.slot < shared.threadLimit) {
    const entry = input.entries[shared.takeNext()];
    if (!entry) break;
    shared.workingAt(input.slot, entry.fileNo, entry.offset);
    const source = sources.get(entry.fileNo)!;
    const record = buffer.subarray(0, recordHeaderBytes + entry.storedLength);
    if (source.fd !== null)
      source.pace?.takeInThread(1, record.length, { stopped: () => shared.stopped, waiting: () => shared.beat() });
    if (shared.stopped) break;
    await readRecord(source, entry, record, context, io);
    const bytes = openRecord(input, source, entry, record);
    writeBlock(writer, entry.blockNo, bytes);
    freeBytes(bytes, record);
    shared.finished(entry.rawLength, record.length);
    unreported += entry.rawLength;
    if (unreported >= progressEveryBytes) {
      unreported = 0;
      context.progress();
      // Lets the writer hear of its syncs.
      await new Promise(setImmediate);
    }
  }
}

function writeBlock(writer: BlockWriter, blockNo: number, bytes: Uint8Array): void {
  try {
    writer.write(blockNo, bytes);
  } catch (error) {
    throw tenantErrorAt(error, `writing block ${blockNo} of the tenant`);
  }
}

async function readRecord(
  source: Source,
  entry: BlockEntry,
  record: Buffer,
  context: TaskContext,
  io: ThreadIo,
): Promise<void> {
  try {
    if (source.fd !== null) return readAll(io, source.fd, record, entry.offset, source.tally);
    const bytes = await context.call<Uint8Array>('read', {
      fileNo: entry.fileNo,
      offset: entry.offset,
      length: record.length,
    });
    if (bytes.length !== record.length) throw new Error(`${bytes.length} bytes where ${record.length} were asked for`);
    record.set(bytes);
  } catch (error) {
    throw mediumErrorAt(error, source.name, entry.offset, 'read');
  }
}

function openRecord(input: RestoreTaskInput, source: Source, entry: BlockEntry, record: Buffer): Uint8Array {
  const where = `block ${entry.blockNo} at offset ${entry.offset}`;
  const header = decodeRecordHeader(record);
  if (!header) throw damage(source.name, where, 'record header is damaged');
  if (
    header.blockNo !== entry.blockNo ||
    header.fileNo !== entry.fileNo ||
    header.setId !== input.setId ||
    header.tenantId !== input.tenantId ||
    header.storedLength !== entry.storedLength ||
    header.encrypted !== (input.key !== null)
  )
    throw damage(source.name, where, 'the record belongs to another place');
  return openPayload(header, record, source.key, source.name, where);
}

/** Decrypts, decompresses and checks the payload behind an intact record header; it may be part of `record`. */
export function openPayload(
  header: RecordHeader,
  record: Buffer,
  key: Uint8Array | null,
  name: string,
  where: string,
): Uint8Array {
  const stored = record.subarray(recordHeaderBytes);
  try {
    if (!header.encrypted) return unpack(header.codec, stored, header.rawLength, header.rawCrc);
    if (!key) throw new Error('encrypted, and no key was given');
    const opened = unseal(stored, key, header.nonce, header.tag, record.subarray(0, recordAadBytes));
    const raw = unpack(header.codec, opened.payload, header.rawLength, opened.rawCrc);
    freeBytes(opened.payload, raw);
    return raw;
  } catch (error) {
    throw damage(name, where, (error as Error).message);
  }
}
