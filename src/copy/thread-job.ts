import type { Clock } from '../base/clock.ts';
import { fault, isFault } from '../base/errors.ts';
import { MediumError } from '../media/medium.ts';
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
}

/** How long threads may take to notice that they shall stop; then they are killed. */
export const stopGraceMs = 3_000;

/**
 * Runs one task on all threads and returns their values. The first failure, an abort or a standstill stops the others; it
 * settles only when no thread works any more, or when those that do not stop have been killed.
 */
export async function runThreadJob(job: ThreadJob): Promise<readonly unknown[]> {
  const failed = { error: null as Error | null };
  const ended = new AbortController();
  const fail = (error: Error) => {
    failed.error ??= error;
    job.shared.stop();
    stopping.abort();
  };
  const stopping = new AbortController();
  const onAbort = () => fail(abortError(job.signal));
  job.signal?.addEventListener('abort', onAbort, { once: true });
  const requests = job.threads.map((thread, slot) => thread.request(job.task, job.inputOf(slot), job.hooks));
  for (const request of requests) request.catch(fail);
  const settled = Promise.allSettled(requests).finally(() => ended.abort());
  if (job.signal?.aborted) onAbort();
  void watch(job, ended.signal, fail);
  void killStubborn(job, stopping.signal, ended.signal);
  const results = await settled;
  job.signal?.removeEventListener('abort', onAbort);
  if (failed.error) throw failed.error;
  return results.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
}

/** The coded error of an abort: the signal's own when it is one, OB_CANCELED else. */
export function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return isFault(reason) || reason instanceof MediumError ? reason : fault('OB_CANCELED');
}

async function watch(job: ThreadJob, ended: AbortSignal, fail: (error: Error) => void): Promise<void> {
  let last = -1;
  for (;;) {
    const now = job.shared.blocksDone;
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

async function killStubborn(job: ThreadJob, stopping: AbortSignal, ended: AbortSignal): Promise<void> {
  await new Promise((resolve) => {
    stopping.addEventListener('abort', resolve, { once: true });
    ended.addEventListener('abort', resolve, { once: true });
    if (stopping.aborted || ended.aborted) resolve(null);
  });
  if (ended.aborted || !(await slept(job.clock, stopGraceMs, ended))) return;
  for (const thread of job.threads) thread.kill(fault('OB_CANCELED'));
}

async function slept(clock: Clock, delayMs: number, ended: AbortSignal): Promise<boolean> {
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
