import type { Clock } from '../base/clock.ts';
import { fault, isFault } from '../base/errors.ts';
import { MediumError } from '../media/medium.ts';
import type { CopyWorkers, Turn } from './copy-workers.ts';
import type { SharedCounters } from './shared-counters.ts';
import type { RequestHooks, ThreadHost } from './thread-host.ts';

export interface ThreadJob {
  readonly threads: readonly ThreadHost[];
  readonly task: string;
  readonly inputOf: (slot: number) => unknown;
  readonly shared: SharedCounters;
  readonly hooks: RequestHooks;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  /** Without any progress for this long the job fails with a `timeout` of the medium. */
  readonly stallTimeoutMs: number;
  readonly nameOf: (fileNo: number) => string;
  /** Grows while the main thread waits for the pace of a destination on behalf of the job. */
  readonly paceWaits?: () => number;
  /** Frees a thread for others as soon as it has done its share. */
  readonly giveBack?: (thread: ThreadHost) => void;
  /** Where further threads come from while the job runs. */
  readonly follow?: FollowThreads;
}

export interface FollowThreads {
  readonly workers: CopyWorkers;
  readonly turn: Turn;
  /** Blocks of the job: when the last one is taken nobody is needed any more. */
  readonly blockCount: number;
  /** How many threads shall work now; asked twice a second. */
  readonly wanted: () => Promise<number>;
}

/** How often a running job looks whether it shall have more threads, or fewer. */
export const followMs = 500;

/** How long threads may take to notice that they shall stop; then they are killed. */
export const stopGraceMs = 3_000;

/**
 * Runs one task on all threads and returns their values. The first failure, an abort or a standstill stops the others; it
 * settles only when no thread works any more, or when those that do not stop have been killed.
 */
export async function runThreadJob(job: ThreadJob): Promise<readonly unknown[]> {
  const failed = { error: null as Error | null };
  const ended = new AbortController();
  const stopping = new AbortController();
  const fail = (error: Error) => {
    failed.error ??= error;
    job.shared.stop();
    stopping.abort();
  };
  const onAbort = () => fail(abortError(job.signal));
  job.signal?.addEventListener('abort', onAbort, { once: true });
  const running = new Running(job, fail);
  for (const [slot, thread] of job.threads.entries()) void running.start(slot, thread);
  if (job.signal?.aborted) onAbort();
  void watch(job, ended.signal, fail);
  void killStubborn(job, running, stopping.signal, ended.signal);
  if (job.follow) void followWish(job, job.follow, running, ended.signal, fail);
  await running.settled();
  ended.abort();
  job.signal?.removeEventListener('abort', onAbort);
  if (failed.error) throw failed.error;
  return running.values;
}

/** The threads at work on a job, by slot. */
class Running {
  readonly values: unknown[] = [];
  readonly #job: ThreadJob;
  readonly #fail: (error: Error) => void;
  readonly #bySlot = new Map<number, { readonly thread: ThreadHost; readonly work: Promise<void> }>();

  constructor(job: ThreadJob, fail: (error: Error) => void) {
    this.#job = job;
    this.#fail = fail;
  }

  get count(): number {
    return this.#bySlot.size;
  }

  has(slot: number): boolean {
    return this.#bySlot.has(slot);
  }

  /** Sets a thread to work; resolves when it is done, whatever came of it. */
  start(slot: number, thread: ThreadHost): Promise<void> {
    const { task, inputOf, hooks } = this.#job;
    const work = thread
      .request(task, inputOf(slot), hooks)
      .then((value) => void this.values.push(value), this.#fail)
      .finally(() => {
        this.#bySlot.delete(slot);
        this.#job.giveBack?.(thread);
      });
    this.#bySlot.set(slot, { thread, work });
    return work;
  }

  async settled(): Promise<void> {
    while (this.#bySlot.size > 0) await Promise.all([...this.#bySlot.values()].map(({ work }) => work));
  }

  kill(reason: Error): void {
    for (const { thread } of this.#bySlot.values()) thread.kill(reason);
  }
}

/** Threads beyond the wish, or beyond what others leave, stop at their next block; missing ones are borrowed as soon as some are free. */
async function followWish(
  job: ThreadJob,
  { workers, turn, blockCount, wanted }: FollowThreads,
  running: Running,
  ended: AbortSignal,
  fail: (error: Error) => void,
): Promise<void> {
  const awaited = new Set<number>();
  const borrow = async (slot: number) => {
    awaited.add(slot);
    try {
      const work = async ([thread]: readonly ThreadHost[]) => {
        awaited.delete(slot);
        const needed = slot < job.shared.threadLimit && !ended.aborted && !job.shared.stopped;
        if (thread && needed) await running.start(slot, thread);
      };
      await workers.use(1, ended, work, { turn });
    } catch (error) {
      if (!ended.aborted) fail(error as Error);
    }
  };
  let wish = job.shared.threadLimit;
  while (await slept(job.clock, followMs, ended)) {
    // A wish that cannot be read now is read the next time.
    wish = await wanted().catch(() => wish);
    job.shared.threadLimit = Math.max(1, Math.min(wish, workers.room(turn, running.count)));
    if (ended.aborted || job.shared.stopped || job.shared.taken >= blockCount) return;
    for (let slot = 0; slot < job.shared.threadLimit; slot++)
      if (!running.has(slot) && !awaited.has(slot)) void borrow(slot);
  }
}

/** The coded error of an abort: the signal's own when it is one, OB_CANCELED else. */
export function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return isFault(reason) || reason instanceof MediumError ? reason : fault('OB_CANCELED');
}

async function watch(job: ThreadJob, ended: AbortSignal, fail: (error: Error) => void): Promise<void> {
  let last = -1;
  for (;;) {
    const now = job.shared.signs + (job.paceWaits?.() ?? 0);
    if (now === last) {
      const place = job.shared.anyPlace();
      const name = place ? job.nameOf(place.fileNo) : job.nameOf(0);
      return fail(
        new MediumError(
          'timeout',
          name,
          `no progress${place ? ` at offset ${place.offset}` : ''} for ${job.stallTimeoutMs} ms`,
        ),
      );
    }
    last = now;
    if (!(await slept(job.clock, job.stallTimeoutMs, ended))) return;
  }
}

async function killStubborn(
  job: ThreadJob,
  running: Running,
  stopping: AbortSignal,
  ended: AbortSignal,
): Promise<void> {
  await new Promise((resolve) => {
    stopping.addEventListener('abort', resolve, { once: true });
    ended.addEventListener('abort', resolve, { once: true });
    if (stopping.aborted || ended.aborted) resolve(null);
  });
  if (ended.aborted || !(await slept(job.clock, stopGraceMs, ended))) return;
  running.kill(fault('OB_CANCELED'));
}

/** Sleeps; false when it was ended before. */
export async function slept(clock: Clock, delayMs: number, ended: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(delayMs, ended);
    return !ended.aborted;
  } catch {
    return false;
  }
}

/** Waits for `work`, but no longer than `delayMs`. */
export async function atMost(clock: Clock, delayMs: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const finish = () => done.abort();
  await Promise.race([work.then(finish, finish), slept(clock, delayMs, done.signal)]);
}
