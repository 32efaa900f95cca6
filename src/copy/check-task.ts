import type { ThreadModule } from '../tenants/tenant-engine.ts';
import { loadEngineModule } from './engine-module.ts';
import type { TaskResult } from './thread-guest.ts';

/** Lets the engine prove a filled tenant, as far as it can do so in a thread. */
export async function checkTask(target: ThreadModule): Promise<TaskResult> {
  const engine = await loadEngineModule(target);
  await engine.checkRestored?.(target.data);
  return { value: null };
}
