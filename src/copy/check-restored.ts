import { type Clock, systemClock } from '../base/clock.ts';
import type { ThreadModule } from '../tenants/tenant-engine.ts';
import type { CopyWorkers } from './copy-workers.ts';
import { SharedCounters } from './shared-counters.ts';
import { runThreadJob } from './thread-job.ts';

export interface CheckRequest {
  /** The filled target. */
  readonly target: ThreadModule;
  readonly workers: CopyWorkers;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** The engine checks in one go and tells nothing on the way. */
const checkLimitMs = 6 * 3_600_000;

/** Lets the engine prove a filled tenant in a copy thread; engines that cannot do it when the restore is finished. */
export async function checkRestored(request: CheckRequest): Promise<void> {
  const shared = SharedCounters.begin(1);
  await request.workers.use(1, request.signal, (threads) =>
    runThreadJob({
      threads,
      task: 'check',
      inputOf: () => request.target,
      shared,
      signal: request.signal,
      clock: request.clock ?? systemClock,
      stallTimeoutMs: checkLimitMs,
      nameOf: () => 'restored tenant',
      hooks: {},
    }),
  );
}
