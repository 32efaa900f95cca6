import { setupConnection } from './connection-setup.ts';
import { Dictionary } from './dictionary.ts';
import type { EngineThreadOptions } from './engine-calls.ts';
import { PlanCache } from './plan-cache.ts';
import { Settings, type TenantMeta } from './settings.ts';
import type { TenantPaths } from './tenant-files.ts';
import { TenantStore } from './tenant-store.ts';

/** One open tenant in the engine thread: its files, its dictionary and its cached plans. */
export class Tenant {
  readonly tenantId: number;
  readonly store: TenantStore;
  readonly settings: Settings;
  readonly meta: TenantMeta;
  readonly dictionary: Dictionary;
  readonly plans = new PlanCache();
  /** Refuses writes of sessions while true. */
  readOnly = false;
  /** True once another thread holds descriptors of this tenant. */
  keepOpen = false;
  sessions = 0;

  constructor(tenantId: number, paths: TenantPaths, options: EngineThreadOptions) {
    this.tenantId = tenantId;
    this.store = new TenantStore(tenantId, paths, options.limits, setupConnection);
    this.settings = new Settings(this.store);
    this.meta = this.settings.meta();
    this.dictionary = new Dictionary(this.store.writer, options.systemTables);
  }

  get inUse(): boolean {
    return this.keepOpen || this.sessions > 0 || this.readOnly || this.store.pinned || this.store.lock.held;
  }

  close(): void {
    this.store.close();
  }
}
