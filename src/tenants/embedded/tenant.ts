import { nextValue } from './auto-increment.ts';
import { setupConnection } from './connection-setup.ts';
import { Dictionary } from './dictionary.ts';
import type { EngineThreadOptions } from './engine-calls.ts';
import { PlanCache } from './plan-cache.ts';
import { Settings, type TenantMeta } from './settings.ts';
import { quoteName, rowIdColumn, sqliteName, type TableSchema } from './table-schema.ts';
import type { TenantPaths } from './tenant-files.ts';
import { TenantStore } from './tenant-store.ts';

/** An AUTO_INCREMENT value may be of any size: no table has more rows. */
const mostRows = 1e12;

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
    this.store = new TenantStore(tenantId, paths, options.limits, (connection) =>
      setupConnection(connection, () => this),
    );
    this.settings = new Settings(this.store);
    this.meta = this.settings.meta();
    this.dictionary = new Dictionary(this.store.writer, options.systemTables);
  }

  get inUse(): boolean {
    return this.keepOpen || this.sessions > 0 || this.readOnly || this.store.pinned || this.store.lock.held;
  }

  /** Roughly how many rows a table has, and its next AUTO_INCREMENT value; without a scan. */
  estimate(table: TableSchema): { readonly rows: number; readonly next: bigint | null } {
    const { keeper } = this.store;
    try {
      const column = rowIdColumn(table);
      const key = column ? quoteName(column.name) : 'rowid';
      const rows = keeper
        .prepare(`SELECT max(${key}) FROM ${sqliteName(table.schema, table.name)}`)
        .pluck()
        .get();
      return { rows: Math.min(mostRows, Math.max(0, Number(rows ?? 0))), next: nextValue(keeper, table) };
    } catch {
      // The table is not committed yet: only its own session asks.
      return { rows: 0, next: null };
    }
  }

  /** Commits made elsewhere were taken over: tables may be others now. */
  contentsReplaced(): void {
    this.dictionary.reload();
    this.plans.clear();
  }

  close(): void {
    this.store.close();
  }
}
