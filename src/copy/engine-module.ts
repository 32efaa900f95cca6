import type { EngineThreadModule, ThreadModule } from '../tenants/tenant-engine.ts';

/** Loads an engine's thread code. The module system keeps it, so that a second job costs nothing. */
export async function loadEngineModule(module: ThreadModule): Promise<EngineThreadModule> {
  return (await import(module.module)) as EngineThreadModule;
}
