import { setupConnection } from './connection-setup.ts';
import type { EngineThreadOptions } from './engine-calls.ts';
import { SqlTenant } from './sql-tenant.ts';
import type { TenantPaths } from './tenant-files.ts';
import { TenantStore } from './tenant-store.ts';

/** One open tenant in its engine thread. */
export class Tenant extends SqlTenant {
  declare readonly store: TenantStore;
  /** True once another thread holds descriptors of this tenant. */
  keepOpen = false;

  constructor(tenantId: number, paths: TenantPaths, options: EngineThreadOptions) {
    const { limits, systemTables } = options;
    super(
      tenantId,
      systemTables,
      (self) => new TenantStore(tenantId, paths, limits, (connection) => setupConnection(connection, self)),
    );
  }

  get inUse(): boolean {
    return this.keepOpen || this.sessions > 0 || this.readOnly || this.store.pinned || this.store.lock.held;
  }

  close(): void {
    this.store.close();
  }
}
