import { EarlySync } from '../base/early-sync.ts';
import { Pace } from '../media/pace.ts';
import type { BlockReader, ThreadModule } from '../tenants/tenant-engine.ts';
import {
  type BlockEntry,
  encodeRecordStart,
  finishRecordHeader,
  recordAadBytes,
  recordHeaderBytes,
  recordNonce,
} from './data-file.ts';
import { loadEngineModule } from './engine-module.ts';
import { fileKey, freeBytes, type Packed, pack, seal, storeClear, storedLengthOf } from './payload-codec.ts';
import { SharedCounters } from './shared-counters.ts';
import { mediumErrorAt, tenantErrorAt } from './thread-error.ts';
import type { TaskContext, TaskResult } from './thread-guest.ts';
import { type ThreadIo, writeAll } from './thread-io.ts';

export interface BackupTaskInput {
  readonly shared: SharedArrayBuffer;
  readonly slot: number;
  readonly reader: ThreadModule;
  readonly blockCount: number;
  readonly setId: number;
  readonly tenantId: number;
  readonly key: Uint8Array | null;
  readonly firstOffset: number;
}

/** Main thread's answer to `openFile`. Without `fd` the records are handed back with `write`. */
export interface OpenedFile {
  readonly fd: number | null;
  /** Cells of the destination's pace; whoever writes into `fd` keeps to it. */
  readonly pace: SharedArrayBuffer | null;
  readonly salt: Uint8Array;
  readonly name: string;
}

interface Target extends Omit<OpenedFile, 'pace'> {
  readonly key: Uint8Array | null;
  readonly pace: Pace | null;
  readonly early: EarlySync | null;
}

const progressEveryBytes = 8 << 20;

/** One thread's share of a backup: takes blocks until none is left. Its value is the BlockEntry list of what it wrote. */
export async function backupTask(input: BackupTaskInput, context: TaskContext, io: ThreadIo): Promise<TaskResult> {
  const shared = new SharedCounters(input.shared);
  const engine = await loadEngineModule(input.reader);
  const reader = engine.openBlockReader(input.reader.data);
  const files = new Map<number, Target>();
  try {
    return { value: await copyBlocks(files, input, reader, shared, context, io) };
  } catch (error) {
    // Whoever gave the descriptors closes them now: no sync may still have one of their numbers.
    await Promise.allSettled([...files.values()].map(({ early }) => early?.end()));
    throw error;
  } finally {
    shared.idle(input.slot);
    reader.close();
  }
}

async function copyBlocks(
  files: Map<number, Target>,
  input: BackupTaskInput,
  reader: BlockReader,
  shared: SharedCounters,
  context: TaskContext,
  io: ThreadIo,
): Promise<readonly BlockEntry[]> {
  const raw = new Uint8Array(reader.maxBlockBytes);
  const entries: BlockEntry[] = [];
  let unreported = 0;
  while (!shared.stopped && input.slot < shared.threadLimit) {
    const blockNo = shared.takeNext();
    if (blockNo >= input.blockCount) break;
    const length = readBlock(reader, blockNo, raw);
    if (length > 0) {
      const packed = pack(raw.subarray(0, length), 'block');
      entries.push(await writeBlock(input, blockNo, packed, shared, files, context, io));
      freeBytes(packed.payload, raw);
    }
    shared.finished(length, length > 0 ? recordHeaderBytes + entries.at(-1)!.storedLength : 0);
    unreported += length;
    if (unreported >= progressEveryBytes) {
      unreported = 0;
      context.progress();
      // Lets the files hear of their syncs.
      await new Promise(setImmediate);
    }
  }
  for (const [fileNo, file] of files) await endSync(file, fileNo, entries, input.slot, shared);
  return entries;
}

/** A write that the system took and the disk refused shows here at the latest. */
async function endSync(
  file: Target,
  fileNo: number,
  entries: readonly BlockEntry[],
  slot: number,
  shared: SharedCounters,
): Promise<void> {
  const { offset } = entries.findLast((entry) => entry.fileNo === fileNo)!;
  shared.workingAt(slot, fileNo, offset);
  try {
    await file.early?.end();
  } catch (error) {
    throw mediumErrorAt(error, file.name, offset, 'write');
  }
}

function readBlock(reader: BlockReader, blockNo: number, into: Uint8Array): number {
  try {
    return reader.read(blockNo, into);
  } catch (error) {
    throw tenantErrorAt(error, `reading block ${blockNo} of the tenant`);
  }
}

async function writeBlock(
  input: BackupTaskInput,
  blockNo: number,
  packed: Packed,
  shared: SharedCounters,
  files: Map<number, Target>,
  context: TaskContext,
  io: ThreadIo,
): Promise<BlockEntry> {
  const encrypted = input.key !== null;
  const storedLength = storedLengthOf(packed, encrypted);
  const { fileNo, offset } = shared.reserve(recordHeaderBytes + storedLength, input.firstOffset, shared.maxFileBytes);
  const file = files.get(fileNo) ?? (await openFile(input, fileNo, files, context, io));
  const header = encodeRecordStart({
    codec: packed.codec,
    encrypted,
    fileNo,
    setId: input.setId,
    tenantId: input.tenantId,
    blockNo,
    rawLength: packed.rawLength,
    storedLength,
    rawCrc: encrypted ? 0 : packed.rawCrc,
  });
  const nonce = recordNonce(fileNo, blockNo);
  const sealed = file.key ? seal(packed, file.key, nonce, header.subarray(0, recordAadBytes)) : storeClear(packed);
  finishRecordHeader(header, sealed.storedCrc, nonce, sealed.tag);
  shared.workingAt(input.slot, fileNo, offset);
  await store(file, fileNo, offset, [header, ...sealed.parts], shared, context, io);
  shared.idle(input.slot);
  for (const part of sealed.parts) freeBytes(part, packed.payload);
  return { blockNo, fileNo, offset, storedLength, rawLength: packed.rawLength, storedCrc: sealed.storedCrc };
}

async function openFile(
  input: BackupTaskInput,
  fileNo: number,
  files: Map<number, Target>,
  context: TaskContext,
  io: ThreadIo,
): Promise<Target> {
  const opened = await context.call<OpenedFile>('openFile', fileNo);
  const { fd } = opened;
  const pace = opened.pace && new Pace(opened.pace);
  const early = fd === null ? null : new EarlySync(() => io.sync(fd));
  const file: Target = { ...opened, pace, early, key: input.key && fileKey(input.key, opened.salt, 'data') };
  files.set(fileNo, file);
  return file;
}

async function store(
  file: Target,
  fileNo: number,
  offset: number,
  parts: readonly Uint8Array[],
  shared: SharedCounters,
  context: TaskContext,
  io: ThreadIo,
): Promise<void> {
  if (file.fd === null) {
    const bytes = joined(parts);
    await context.call('write', { fileNo, offset, bytes }, [bytes.buffer]);
    return;
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  file.pace?.takeInThread(1, length, { stopped: () => shared.stopped, waiting: () => shared.beat() });
  try {
    writeAll(io, file.fd, parts, offset, () => shared.stopped);
  } catch (error) {
    throw mediumErrorAt(error, file.name, offset, 'write');
  }
  file.early?.wrote(length);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
