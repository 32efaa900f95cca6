import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Clock, systemClock } from '../base/clock.ts';
import type { ObjectSink } from '../media/medium.ts';
import type { Snapshot } from '../tenants/tenant-engine.ts';
import type { BackupTaskInput, OpenedFile } from './backup-task.ts';
import { type CopyWorkers, type Lease, useLease, type WithThreads } from './copy-workers.ts';
import {
  type BlockEntry,
  type DataFileHeader,
  encodeFileHeader,
  encodeFileIndex,
  encodeFooter,
  fileHeaderFixedBytes,
  footerBytes,
  recordHeaderBytes,
  saltBytes,
} from './data-file.ts';
import type { SetKey } from './keys.ts';
import { indexSeal } from './payload-codec.ts';
import { SharedCounters } from './shared-counters.ts';
import { mediumErrorAt } from './thread-error.ts';
import { abortError, atMost, runThreadJob, stopGraceMs } from './thread-job.ts';

export interface BackupRequest {
  readonly snapshot: Pick<Snapshot, 'blockCount' | 'reader'>;
  /** Opens the data file of that number; called once for each, from 0. */
  readonly openSink: (fileNo: number) => Promise<ObjectSink>;
  /** Bytes of a file when there is no wish. */
  readonly maxFileBytes?: number;
  /** What may change while it runs; asked at the start and twice a second. */
  readonly wish?: () => Promise<BackupWish>;
  readonly setId: number;
  readonly tenantId: number;
  /** Null stores in clear. */
  readonly key: SetKey | null;
  readonly workers: CopyWorkers;
  /** Threads to begin with; without them it waits for some. */
  readonly lease?: Lease;
  readonly signal?: AbortSignal;
  /** Numbers never go down. Called now and then and once at the end. */
  readonly onProgress?: (progress: CopyProgress) => void;
  /** What errors call a file; `data file <n>` when left out. */
  readonly nameOf?: (fileNo: number) => string;
  /** Without progress for this long the job fails with a `timeout`. */
  readonly stallTimeoutMs?: number;
  readonly clock?: Clock;
}

export interface BackupWish {
  readonly threads: number;
  /** Records stop here and go on in the next file; index and footer come on top (28 bytes a block). */
  readonly maxFileBytes: number;
}

export interface CopyProgress {
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly blocksDone: number;
  readonly blockCount: number;
}

export interface BackupResult {
  readonly files: readonly { readonly no: number; readonly sizeBytes: number }[];
  /** Raw bytes of the blocks. */
  readonly inputBytes: number;
  /** Bytes of all files. */
  readonly outputBytes: number;
  /** Blocks with content. */
  readonly blockCount: number;
  /** Where each block stands, by file and offset; for the set's index file. */
  readonly entries: readonly BlockEntry[];
}

/** The shared place counter holds offsets of 40 bits; half of that leaves room for any last record. */
const largestFileBytes = 2 ** 39;

interface OpenFile {
  /** `paceWaits` of the sink, once it is open. */
  waits: () => number;
  readonly header: DataFileHeader;
  readonly headerBytes: Buffer;
  readonly sink: Promise<ObjectSink>;
  /** The sink once the header stands in it: what is filled from its start need not be kept until the set ends. */
  readonly headed: Promise<ObjectSink>;
}

/**
 * Copies every block of a snapshot into data files and publishes them. On any failure all unpublished files are aborted and
 * the first error is thrown: a MediumError naming file and offset, the engine's error, or OB_CANCELED.
 */
export async function backupBlocks(request: BackupRequest): Promise<BackupResult> {
  const wish = await wishOf(request);
  const files = new Map<number, OpenFile>();
  const ended = new Set<number>();
  try {
    openFile(request, files, 0);
    const copied = await copyAll(request, files, wish);
    const result = await finishFiles(request, files, copied, ended);
    request.onProgress?.({
      inputBytes: copied.shared.inputBytes,
      outputBytes: result.outputBytes,
      blocksDone: request.snapshot.blockCount,
      blockCount: request.snapshot.blockCount,
    });
    return result;
  } catch (error) {
    const aborts = [...files].filter(([no]) => !ended.has(no)).map(async ([, file]) => (await file.sink).abort());
    await atMost(request.clock ?? systemClock, stopGraceMs, Promise.allSettled(aborts));
    throw error;
  }
}

async function wishOf(request: BackupRequest): Promise<BackupWish> {
  const { threads, maxFileBytes } = (await request.wish?.()) ?? {
    threads: request.workers.threads,
    maxFileBytes: request.maxFileBytes ?? largestFileBytes,
  };
  if (!(maxFileBytes > 0 && maxFileBytes <= largestFileBytes))
    throw new RangeError(`data files of ${maxFileBytes} bytes are not possible`);
  if (!(threads >= 1)) throw new RangeError(`${threads} threads are not possible`);
  return { threads, maxFileBytes };
}

interface Copied {
  readonly shared: SharedCounters;
  readonly entries: readonly BlockEntry[];
}

async function copyAll(request: BackupRequest, files: Map<number, OpenFile>, wish: BackupWish): Promise<Copied> {
  const shared = SharedCounters.begin(wish.threads);
  shared.maxFileBytes = wish.maxFileBytes;
  const firstOffset = fileHeaderFixedBytes + (request.key?.wrapped.length ?? 0);
  shared.startPlace(0, firstOffset);
  const { snapshot, workers } = request;
  const inputOf = (slot: number): BackupTaskInput => ({
    shared: shared.buffer,
    slot,
    reader: snapshot.reader,
    blockCount: snapshot.blockCount,
    setId: request.setId,
    tenantId: request.tenantId,
    key: request.key?.bytes ?? null,
    firstOffset,
  });
  const run: WithThreads<readonly unknown[]> = (threads, giveBack) =>
    runThreadJob({
      threads,
      giveBack,
      task: 'backup',
      inputOf,
      shared,
      signal: request.signal,
      clock: request.clock ?? systemClock,
      stallTimeoutMs: request.stallTimeoutMs ?? 120_000,
      nameOf: (no) => nameOf(request, no),
      paceWaits: () => [...files.values()].reduce((sum, { waits }) => sum + waits(), 0),
      follow: { workers, turn: 'backup', blockCount: snapshot.blockCount, wanted: () => followWish(request, shared) },
      hooks: {
        answer: (name, value) => answer(request, files, name, value),
        progress: () => request.onProgress?.(progressOf(shared, snapshot.blockCount)),
      },
    });
  const values = await (request.lease
    ? useLease(request.lease, snapshot.blockCount, run)
    : workers.use(snapshot.blockCount, request.signal, run, { turn: 'backup', most: wish.threads }));
  const entries = (values as BlockEntry[][]).flat().sort((a, b) => a.fileNo - b.fileNo || a.offset - b.offset);
  return { shared, entries };
}

/** Passes the wish of the moment on to the threads. */
async function followWish(request: BackupRequest, shared: SharedCounters): Promise<number> {
  const { threads, maxFileBytes } = await wishOf(request);
  shared.maxFileBytes = maxFileBytes;
  return threads;
}

/** What the threads of a job counted so far. */
export function progressOf(shared: SharedCounters, blockCount: number): CopyProgress {
  const { inputBytes, outputBytes, blocksDone } = shared;
  return { inputBytes, outputBytes, blocksDone, blockCount };
}

async function answer(request: BackupRequest, files: Map<number, OpenFile>, name: string, value: unknown) {
  if (name === 'openFile') {
    const file = openFile(request, files, value as number);
    const sink = await file.headed;
    const opened: OpenedFile = {
      fd: sink.fd ?? null,
      pace: sink.pace ?? null,
      salt: file.header.salt,
      name: nameOf(request, file.header.fileNo),
    };
    return opened;
  }
  const { fileNo, offset, bytes } = value as { fileNo: number; offset: number; bytes: Uint8Array };
  const sink = await openFile(request, files, fileNo).headed;
  return named(sink.writeAt(offset, bytes), nameOf(request, fileNo), offset);
}

function openFile(request: BackupRequest, files: Map<number, OpenFile>, fileNo: number): OpenFile {
  const known = files.get(fileNo);
  if (known) return known;
  const header: DataFileHeader = {
    setId: request.setId,
    tenantId: request.tenantId,
    fileNo,
    encrypted: request.key !== null,
    keyVersion: request.key?.masterKeyVersion ?? 0,
    salt: randomBytes(saltBytes),
    wrappedKey: request.key?.wrapped ?? new Uint8Array(0),
  };
  const headerBytes = encodeFileHeader(header);
  const sink = request.openSink(fileNo);
  const headed = sink.then(async (open) => {
    file.waits = open.paceWaits ?? file.waits;
    await writePiece(request, fileNo, open, 0, headerBytes);
    return open;
  });
  // Whoever writes into the file hears of it.
  headed.catch(() => undefined);
  const file: OpenFile = { header, headerBytes, sink, headed, waits: () => 0 };
  files.set(fileNo, file);
  return file;
}

/** Writes index and footer of every file, then publishes in order. */
async function finishFiles(
  request: BackupRequest,
  files: Map<number, OpenFile>,
  copied: Copied,
  ended: Set<number>,
): Promise<BackupResult> {
  const perFile = [...files].sort(([a], [b]) => a - b);
  const entriesOf = Map.groupBy(copied.entries, ({ fileNo }) => fileNo);
  const sizes: { no: number; sizeBytes: number }[] = [];
  for (const [no, file] of perFile) {
    const own = entriesOf.get(no) ?? [];
    const last = own.at(-1);
    const indexOffset = last ? last.offset + recordHeaderBytes + last.storedLength : file.headerBytes.length;
    const index = encodeFileIndex(own);
    const footer = encodeFooter(
      {
        fileNo: no,
        setId: request.setId,
        indexOffset,
        indexLength: index.length,
        indexCrc: crc32(index),
        fileCount: files.size,
        blockCount: copied.entries.length,
      },
      (start) => request.key && indexSeal(request.key.bytes, file.header.salt, [file.headerBytes, index, start]),
    );
    await writePiece(request, no, await file.headed, indexOffset, Buffer.concat([index, footer]));
    sizes.push({ no, sizeBytes: indexOffset + index.length + footerBytes });
  }
  for (const { no, sizeBytes } of sizes) {
    if (request.signal?.aborted) throw abortError(request.signal);
    const sink = await files.get(no)!.sink;
    await named(sink.publish(sizeBytes), nameOf(request, no), sizeBytes);
    ended.add(no);
  }
  return {
    files: sizes,
    inputBytes: copied.shared.inputBytes,
    outputBytes: sizes.reduce((sum, file) => sum + file.sizeBytes, 0),
    blockCount: copied.entries.length,
    entries: copied.entries,
  };
}

async function writePiece(
  request: BackupRequest,
  no: number,
  sink: ObjectSink,
  offset: number,
  bytes: Buffer,
): Promise<void> {
  if (request.signal?.aborted) throw abortError(request.signal);
  await named(sink.writeAt(offset, bytes), nameOf(request, no), offset);
}

async function named(work: Promise<void>, name: string, offset: number): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw mediumErrorAt(error, name, offset, 'write');
  }
}

function nameOf(request: BackupRequest, fileNo: number): string {
  return request.nameOf?.(fileNo) ?? `data file ${fileNo}`;
}
