import { type Clock, systemClock } from '../base/clock.ts';
import { faultText } from '../base/errors.ts';
import type { Scn } from '../base/scn.ts';
import type { ObjectSource } from '../media/medium.ts';
import type { ThreadModule } from '../tenants/tenant-engine.ts';
import type { ApplyItem, ApplyTaskInput } from './apply-task.ts';
import type { CopyWorkers } from './copy-workers.ts';
import { damage } from './damage.ts';
import { type LogFileHeader, type LogRecordHeader, reachesBeyond, samePosition } from './log-file.ts';
import { type LogRecord, openLogFile } from './log-scan.ts';
import { SharedCounters } from './shared-counters.ts';
import type { ThreadHost } from './thread-host.ts';
import { runThreadJob } from './thread-job.ts';

export interface LogInput {
  readonly source: ObjectSource;
  /** What errors call the file. */
  readonly name: string;
  /** Bytes known to be durable; fewer valid ones are damage. Without it the last file may end in a torn record. */
  readonly confirmedBytes?: number;
}

export interface ApplyRequest {
  /** Log files of one round in order, over all pieces. Opened and closed by the caller. */
  readonly files: Iterable<LogInput> | AsyncIterable<LogInput>;
  readonly target: ThreadModule;
  /** Commits up to here are in the target already. */
  readonly afterScn: Scn;
  readonly untilScn: Scn;
  /** The key of a file, unwrapped; null for one in clear. */
  readonly keyFor: (header: LogFileHeader) => Promise<Uint8Array | null>;
  readonly workers: CopyWorkers;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ApplyProgress) => void;
  readonly stallTimeoutMs?: number;
  readonly clock?: Clock;
}

export interface ApplyProgress {
  readonly inputBytes: number;
  readonly records: number;
}

export interface Applied {
  readonly appliedCommits: number;
  /** Every commit up to here is in the target: `untilScn`, or less when the files end before. */
  readonly lastScn: Scn;
  /** Name of the file in which the log goes on behind that; null when nothing was read. */
  readonly goesOnIn: string | null;
}

/**
 * Applies exactly the commits with `afterScn` < SCN ≤ `untilScn`. Throws OB_ENTRY_NOT_EXIST `No enough log for restore` when
 * the files begin too late or have a hole, OB_CHECKSUM_ERROR for damaged files.
 */
export async function applyLog(request: ApplyRequest): Promise<Applied> {
  const shared = SharedCounters.begin(1);
  const reached: Reached = { scn: request.afterScn, file: null, inParts: false };
  const names = { current: 'log file' };
  const waits = { before: 0, now: () => 0 };
  const input: ApplyTaskInput = {
    shared: shared.buffer,
    target: request.target,
    afterScn: request.afterScn,
    untilScn: request.untilScn,
  };
  async function* noted(files: ApplyRequest['files']): AsyncGenerator<LogInput> {
    for await (const file of files) {
      waits.now = file.source.paceWaits ?? (() => 0);
      yield file;
      waits.before += waits.now();
      waits.now = () => 0;
    }
  }
  const items = itemsOf({ ...request, files: noted(request.files) }, reached);
  const next = async (): Promise<ApplyItem | null> => {
    const item = await items.next();
    if (item.done) return null;
    names.current = item.value.name;
    return item.value;
  };
  try {
    const run = (threads: readonly ThreadHost[]) =>
      runThreadJob({
        threads,
        task: 'apply',
        inputOf: () => input,
        shared,
        signal: request.signal,
        clock: request.clock ?? systemClock,
        stallTimeoutMs: request.stallTimeoutMs ?? 120_000,
        nameOf: () => names.current,
        paceWaits: () => waits.before + waits.now(),
        hooks: {
          answer: next,
          gives: (item) => (item === null ? [] : [(item as ApplyItem).bytes.buffer]),
          progress: () => request.onProgress?.({ inputBytes: shared.inputBytes, records: shared.blocksDone }),
        },
      });
    const [applied] = await request.workers.use(1, request.signal, run, { turn: 'restore' });
    return { appliedCommits: applied as number, lastScn: reached.scn, goesOnIn: reached.file };
  } finally {
    await items.return(undefined).catch(() => undefined);
  }
}

interface Reached {
  scn: Scn;
  file: string | null;
  /** Parts of a commit were read, and not yet its last one. */
  inParts: boolean;
}

/** The records that matter, after checking that none is missing between them. */
async function* itemsOf(request: ApplyRequest, reached: Reached): AsyncGenerator<ApplyItem, void, void> {
  let last: LogRecordHeader | null = null;
  let torn: { name: string; offset: number } | null = null;
  for await (const input of request.files) {
    if (torn) throw damage(torn.name, `record at offset ${torn.offset}`, 'cut off, and further log follows');
    const file = await openLogFile(input.source, fileOptions(request, input));
    if (!file) {
      torn = { name: input.name, offset: 0 };
      continue;
    }
    let setKey: Uint8Array | null | undefined;
    for await (const record of file.records) {
      checkFollows(last, record, request.afterScn, input.name);
      last = record.header;
      if (!reached.inParts) reached.file = input.name;
      reached.inParts = record.header.kind === 'part';
      if (!reachesBeyond(record.header, request.afterScn)) continue;
      if (record.header.kind === 'part' && record.header.firstScn > request.untilScn) {
        reached.scn = request.untilScn;
        return;
      }
      reached.scn = record.header.lastScn < request.untilScn ? record.header.lastScn : request.untilScn;
      setKey ??= await keyOf(request, file.header, input.name);
      yield { bytes: record.own(), name: input.name, offset: record.offset, setKey, salt: file.header.salt };
      if (record.header.lastScn >= request.untilScn) return;
    }
    if (file.validBytes() < input.source.sizeBytes) torn = { name: input.name, offset: file.validBytes() };
  }
}

function fileOptions(request: ApplyRequest, input: LogInput) {
  return {
    name: input.name,
    ...(input.confirmedBytes === undefined ? {} : { confirmedBytes: input.confirmedBytes }),
    ...(request.signal ? { signal: request.signal } : {}),
  };
}

async function keyOf(request: ApplyRequest, header: LogFileHeader, name: string): Promise<Uint8Array | null> {
  const key = await request.keyFor(header);
  if (header.encrypted && !key) throw damage(name, 'file header at offset 0', 'encrypted, and no key was given');
  return header.encrypted ? key : null;
}

function checkFollows(last: LogRecordHeader | null, record: LogRecord, afterScn: Scn, name: string): void {
  const { header } = record;
  const follows = last
    ? header.afterScn === last.lastScn && samePosition(header.from, last.to)
    : header.afterScn <= afterScn;
  if (follows) return;
  const text = last
    ? `No enough log for restore: ${name} goes on after SCN ${header.afterScn}, the log before it ends at ${last.lastScn}`
    : `No enough log for restore: ${name} begins after SCN ${header.afterScn}, wanted from ${afterScn}`;
  throw faultText('OB_ENTRY_NOT_EXIST', text);
}
