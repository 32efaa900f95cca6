import { type Clock, systemClock } from '../base/clock.ts';
import type { ThreadModule } from '../tenants/tenant-engine.ts';
import type { CheckTaskInput } from './check-task.ts';
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

/** A table is checked in one go, which tells nothing on the way. */
const checkLimitMs = 6 * 3_600_000;

/** Lets the engine prove a filled tenant in copy threads; engines that cannot do it when the restore is finished. */
export async function checkRestored(request: CheckRequest): Promise<void> {
  const { threads: count } = request.workers;
  const shared = SharedCounters.begin(count);
  const input: CheckTaskInput = { shared: shared.buffer, target: request.target };
  await request.workers.use(count, request.signal, (threads, giveBack) =>
    runThreadJob({
      threads,
      giveBack,
      task: 'check',
      inputOf: () => input,
      shared,
      signal: request.signal,
      clock: request.clock ?? systemClock,
      stallTimeoutMs: checkLimitMs,
      nameOf: () => 'restored tenant',
      hooks: {},
    }),
  );
}
