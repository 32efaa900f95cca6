import { setupConnection } from './connection-setup.ts';
import type { EngineThreadOptions } from './engine-calls.ts';
import type { Session } from './session.ts';
import { SqlTenant } from './sql-tenant.ts';
import type { TenantPaths } from './tenant-files.ts';
import { type KeptLog, TenantStore } from './tenant-store.ts';

/** One open tenant in its engine thread. */
export class Tenant extends SqlTenant {
  declare readonly store: TenantStore;
  /** True once another thread reads the log: its descriptor stays when the tenant is closed. */
  logIsRead = false;
  /** True while somebody works with the open tenant outside of sessions. */
  held = false;
  /** SQLite's names of tables that are being imported. */
  readonly imports = new Set<string>();
  readonly sessions = new Set<Session>();
  #closed = false;

  constructor(tenantId: number, paths: TenantPaths, options: EngineThreadOptions, kept: KeptLog | null) {
    const { limits, systemTables } = options;
    super(
      tenantId,
      systemTables,
      (self) => new TenantStore(tenantId, paths, limits, (connection) => setupConnection(connection, self), kept),
    );
    this.logIsRead = kept?.walFd != null;
  }

  get inUse(): boolean {
    return (
      this.held ||
      this.imports.size > 0 ||
      this.store.pinned ||
      this.store.lock.held ||
      this.store.fold.busy ||
      [...this.sessions].some((session) => session.busy)
    );
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Closes a tenant that is not in use; its idle sessions open it again. */
  park(): KeptLog {
    this.#closed = true;
    return this.store.park(this.logIsRead);
  }

  close(): void {
    this.#closed = true;
    this.store.close();
  }
}
