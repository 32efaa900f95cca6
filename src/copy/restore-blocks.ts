import { type Clock, systemClock } from '../base/clock.ts';
import { faultText } from '../base/errors.ts';
import type { ObjectSource } from '../media/medium.ts';
import type { ThreadModule } from '../tenants/tenant-engine.ts';
import { type CopyProgress, progressOf } from './backup-blocks.ts';
import type { CopyWorkers } from './copy-workers.ts';
import { damage } from './damage.ts';
import type { BlockEntry } from './data-file.ts';
import { type DataFileContents, readDataFile } from './data-file-reader.ts';
import type { RestoreTaskInput } from './restore-task.ts';
import { SharedCounters } from './shared-counters.ts';
import type { ThreadHost } from './thread-host.ts';
import { runThreadJob } from './thread-job.ts';

export interface RestoreRequest {
  /** All data files of one set, in any order. */
  readonly sources: readonly { readonly no: number; readonly source: ObjectSource }[];
  readonly target: ThreadModule;
  /** The set key, unwrapped; null for a set in clear. */
  readonly key: Uint8Array | null;
  readonly workers: CopyWorkers;
  /** How many threads shall work; asked at the start and twice a second. */
  readonly threads?: () => Promise<number>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
  /** What errors call a file; `data file <n>` when left out. */
  readonly nameOf?: (fileNo: number) => string;
  readonly stallTimeoutMs?: number;
  readonly clock?: Clock;
}

export interface RestoreResult {
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly blockCount: number;
}

/**
 * Writes every block of one set into the target. The files must be complete: a missing, foreign or damaged file is an
 * OB_CHECKSUM_ERROR before anything is written. `outputBytes` are the raw bytes written, `inputBytes` those read.
 */
export async function restoreBlocks(request: RestoreRequest): Promise<RestoreResult> {
  const name = (no: number) => request.nameOf?.(no) ?? `data file ${no}`;
  const files = await Promise.all(
    request.sources.map(async ({ no, source }) => ({
      no,
      source,
      contents: await readDataFile(source, name(no), request.key),
    })),
  );
  const entries = checkComplete(files, request.key !== null, name);
  const first = files[0]!.contents.header;
  const wanted = async () => Math.max(1, (await request.threads?.()) ?? request.workers.threads);
  const threads = await wanted();
  const shared = SharedCounters.begin(threads);
  const inputOf = (slot: number): RestoreTaskInput => ({
    shared: shared.buffer,
    slot,
    target: request.target,
    files: files.map(({ no, source, contents }) => ({
      fileNo: no,
      fd: source.fd ?? null,
      pace: source.pace ?? null,
      tally: source.tally ?? null,
      salt: contents.header.salt,
      name: name(no),
    })),
    entries,
    setId: first.setId,
    tenantId: first.tenantId,
    key: request.key,
  });
  const run = (threads: readonly ThreadHost[], giveBack: (thread: ThreadHost) => void) =>
    runThreadJob({
      threads,
      giveBack,
      task: 'restore',
      inputOf,
      shared,
      signal: request.signal,
      clock: request.clock ?? systemClock,
      stallTimeoutMs: request.stallTimeoutMs ?? 120_000,
      nameOf: name,
      paceWaits: () => request.sources.reduce((sum, { source }) => sum + (source.paceWaits?.() ?? 0), 0),
      follow: { workers: request.workers, turn: 'restore', blockCount: entries.length, wanted },
      hooks: {
        answer: (_call, value) => readFor(request, value as ReadCall),
        progress: () => request.onProgress?.(swap(progressOf(shared, entries.length))),
      },
    });
  await request.workers.use(entries.length, request.signal, run, { turn: 'restore', most: threads });
  if (shared.blocksDone !== entries.length)
    throw faultText('OB_ERR_UNEXPECTED', `restored ${shared.blocksDone} of ${entries.length} blocks`);
  request.onProgress?.(swap(progressOf(shared, entries.length)));
  return { inputBytes: shared.outputBytes, outputBytes: shared.inputBytes, blockCount: entries.length };
}

interface ReadCall {
  readonly fileNo: number;
  readonly offset: number;
  readonly length: number;
}

function readFor(request: RestoreRequest, call: ReadCall): Promise<Uint8Array> {
  const file = request.sources.find(({ no }) => no === call.fileNo);
  return file!.source.read(call.offset, call.length);
}

/** Shared counters name the raw side input; for a restore it is the output. */
function swap(progress: CopyProgress): CopyProgress {
  return { ...progress, inputBytes: progress.outputBytes, outputBytes: progress.inputBytes };
}

/** All files of one set, each once, and as many blocks as the footers say; returns the blocks in reading order. */
function checkComplete(
  files: readonly { readonly no: number; readonly contents: DataFileContents }[],
  encrypted: boolean,
  name: (no: number) => string,
): readonly BlockEntry[] {
  const first = files[0]?.contents;
  if (!first) throw damage('backup set', 'data files', 'there is none');
  const numbers = new Set<number>();
  for (const { no, contents } of files) {
    const { header, footer } = contents;
    if (header.encrypted !== encrypted)
      throw damage(
        name(no),
        'file header at offset 0',
        encrypted ? 'the file is not encrypted' : 'the file is encrypted and no key was given',
      );
    if (header.setId !== first.header.setId || header.tenantId !== first.header.tenantId || header.fileNo !== no)
      throw damage(name(no), 'file header at offset 0', 'the file belongs to another place');
    if (footer.fileCount !== first.footer.fileCount || footer.blockCount !== first.footer.blockCount)
      throw damage(name(no), 'footer', 'the file belongs to another attempt of this set');
    numbers.add(no);
  }
  if (numbers.size !== first.footer.fileCount || files.length !== numbers.size)
    throw damage('backup set', 'data files', `${files.length} given where the set has ${first.footer.fileCount}`);
  const entries = files.flatMap(({ contents }) => contents.entries);
  if (entries.length !== first.footer.blockCount)
    throw damage('backup set', 'data files', `${entries.length} blocks where the set has ${first.footer.blockCount}`);
  return [...entries].sort((a, b) => a.fileNo - b.fileNo || a.offset - b.offset);
}
