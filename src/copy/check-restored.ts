import { type Clock, systemClock } from '../base/clock.ts';
import type { ThreadModule } from '../tenants/tenant-engine.ts';
import type { CheckTaskInput } from './check-task.ts';
import type { CopyWorkers } from './copy-workers.ts';
import { SharedCounters } from './shared-counters.ts';
import type { ThreadHost } from './thread-host.ts';
import { runThreadJob } from './thread-job.ts';

export interface CheckRequest {
  /** The filled target. */
  readonly target: ThreadModule;
  readonly workers: CopyWorkers;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** A table is checked in one go, which tells nothing on the way. */
const checkLimitMs = 6 * 3_600_000;

/** Lets the engine prove a filled tenant in copy threads; engines that cannot do it when the restore is finished. */
export async function checkRestored(request: CheckRequest): Promise<void> {
  const { workers } = request;
  const count = workers.threads;
  const shared = SharedCounters.begin(count);
  const inputOf = (slot: number): CheckTaskInput => ({ shared: shared.buffer, slot, target: request.target });
  const run = (threads: readonly ThreadHost[], giveBack: (thread: ThreadHost) => void) =>
    runThreadJob({
      threads,
      giveBack,
      task: 'check',
      inputOf,
      shared,
      signal: request.signal,
      clock: request.clock ?? systemClock,
      stallTimeoutMs: checkLimitMs,
      nameOf: () => 'restored tenant',
      // How many parts there are only the engine knows; the first thread that finds none left says so.
      follow: { workers, turn: 'restore', blockCount: Number.POSITIVE_INFINITY, wanted: async () => count },
      hooks: {},
    });
  await workers.use(count, request.signal, run, { turn: 'restore' });
}
