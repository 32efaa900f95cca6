import { type Clock, systemClock } from '../base/clock.ts';
import type { ObjectSource } from '../media/medium.ts';
import type { CopyWorkers, Turn } from './copy-workers.ts';
import { damage, recordPlace } from './damage.ts';
import { recordHeaderBytes } from './data-file.ts';
import type { DataFileContents } from './data-file-reader.ts';
import { SharedCounters } from './shared-counters.ts';
import type { ThreadHost } from './thread-host.ts';
import { runThreadJob } from './thread-job.ts';
import type { VerifiedLog, VerifyDataInput, VerifyFile, VerifyLogInput } from './verify-task.ts';

export interface VerifyRequest {
  readonly source: ObjectSource;
  /** What errors call the file. */
  readonly name: string;
  /** The unwrapped key; without it an encrypted file is checked by its stored checksums. */
  readonly key: Uint8Array | null;
  readonly workers: CopyWorkers;
  readonly turn: Turn;
  readonly signal?: AbortSignal;
  /** Gets the bytes of this file that were read so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Without any progress for this long the medium is said to hang. */
  readonly stallTimeoutMs?: number;
  readonly clock?: Clock;
}

const defaultStallTimeoutMs = 120_000;

/**
 * Reads every record of a data file whose header, footer and index were read before, in copy threads. A flipped bit is an
 * OB_CHECKSUM_ERROR that names file, block and offset; a medium that hangs is a MediumError `timeout`.
 */
export async function verifyDataRecords(request: VerifyRequest, contents: DataFileContents): Promise<void> {
  checkPlaces(contents, request.name);
  const { header, entries } = contents;
  const inputOf = (slot: number, shared: SharedCounters): VerifyDataInput => ({
    shared: shared.buffer,
    slot,
    file: fileOf(request),
    header,
    entries,
    key: request.key,
  });
  await run(request, 'verifyData', entries.length, inputOf);
}

/** Reads a whole log file in a copy thread: chain of headers, checksums, and with the key the content of every record. */
export async function verifyLogFile(request: VerifyRequest, confirmedBytes: number): Promise<VerifiedLog> {
  const inputOf = (_: number, shared: SharedCounters): VerifyLogInput => ({
    shared: shared.buffer,
    file: fileOf(request),
    confirmedBytes,
    key: request.key,
  });
  const [verified] = await run(request, 'verifyLog', 1, inputOf);
  return verified as VerifiedLog;
}

/** The records lie back to back between header and index; the index names each of them. */
export function checkPlaces({ headerLength, footer, entries }: DataFileContents, name: string): void {
  let offset = headerLength;
  for (const [recordNo, entry] of entries.entries()) {
    if (entry.offset !== offset)
      throw damage(name, recordPlace(recordNo, entry.blockNo, offset), `the index says ${entry.offset}`);
    offset += recordHeaderBytes + entry.storedLength;
  }
  if (offset !== footer.indexOffset)
    throw damage(name, `index at offset ${footer.indexOffset}`, `records end at offset ${offset}`);
}

function fileOf({ source, name }: VerifyRequest): VerifyFile {
  const { sizeBytes, fd = null, pace = null, tally = null } = source;
  return { name, sizeBytes, fd, pace, tally };
}

async function run(
  request: VerifyRequest,
  task: 'verifyData' | 'verifyLog',
  items: number,
  inputOf: (slot: number, shared: SharedCounters) => unknown,
): Promise<readonly unknown[]> {
  if (items === 0) return [];
  const shared = new SharedCounters();
  const work = (threads: readonly ThreadHost[]) =>
    runThreadJob({
      threads,
      task,
      inputOf: (slot) => inputOf(slot, shared),
      shared,
      signal: request.signal,
      clock: request.clock ?? systemClock,
      stallTimeoutMs: request.stallTimeoutMs ?? defaultStallTimeoutMs,
      nameOf: () => request.name,
      paceWaits: () => request.source.paceWaits?.() ?? 0,
      hooks: {
        answer: (_, value) => {
          const { offset, length } = value as { readonly offset: number; readonly length: number };
          return request.source.read(offset, length);
        },
        progress: () => request.onProgress?.(shared.inputBytes),
      },
    });
  return request.workers.use(items, request.signal, work, { turn: request.turn });
}
