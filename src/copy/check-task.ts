import type { ThreadModule } from '../tenants/tenant-engine.ts';
import { loadEngineModule } from './engine-module.ts';
import { SharedCounters } from './shared-counters.ts';
import type { TaskResult } from './thread-guest.ts';

export interface CheckTaskInput {
  readonly shared: SharedArrayBuffer;
  readonly slot: number;
  readonly target: ThreadModule;
}

/** One thread's share of the engine's proof of a filled tenant, as far as the engine can give it in threads. */
export async function checkTask(input: CheckTaskInput): Promise<TaskResult> {
  const shared = new SharedCounters(input.shared);
  const engine = await loadEngineModule(input.target);
  const check = await engine.openRestoredCheck?.(input.target.data);
  if (!check) return { value: null };
  try {
    while (!shared.stopped && input.slot < shared.threadLimit) {
      const part = shared.takeNext();
      if (part >= check.parts) {
        // Whoever has a part ends it first; nobody more is needed.
        shared.stop();
        break;
      }
      check.check(part);
      shared.finished(0, 0);
      if (shared.blocksDone === check.parts) check.proved();
    }
  } finally {
    await check.close();
  }
  return { value: null };
}
