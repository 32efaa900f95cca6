import { nextValue } from './auto-increment.ts';
import { Dictionary } from './dictionary.ts';
import type { SystemTable } from './engine-calls.ts';
import { PlanCache } from './plan-cache.ts';
import { Settings, type TenantMeta } from './settings.ts';
import type { SqlStore } from './sql-store.ts';
import { rowIdText, sqliteName, type TableSchema } from './table-schema.ts';

/** An AUTO_INCREMENT value may be of any size: no table has more rows. */
const mostRows = 1e12;

/** What statements need of a tenant: its connections, its dictionary and its cached plans. */
export class SqlTenant {
  readonly tenantId: number;
  readonly store: SqlStore;
  readonly settings: Settings;
  meta: TenantMeta;
  readonly dictionary: Dictionary;
  readonly plans = new PlanCache();
  /** Refuses writes of sessions while true. */
  readOnly = false;

  constructor(tenantId: number, systemTables: readonly SystemTable[], openStore: (self: () => SqlTenant) => SqlStore) {
    this.tenantId = tenantId;
    this.store = openStore(() => this);
    this.settings = new Settings(this.store);
    this.meta = this.settings.meta();
    const own = systemTables.filter((table) => table.tenantId === null || table.tenantId === tenantId);
    this.dictionary = new Dictionary(this.store.writer, own);
  }

  /** Roughly how many rows a table has, and its next AUTO_INCREMENT value; without a scan. */
  estimate(table: TableSchema): { readonly rows: number; readonly next: bigint | null } {
    const { keeper } = this.store;
    try {
      const id = rowIdText(table) ?? 'NULL';
      const rows = keeper
        .prepare(`SELECT max(${id}) FROM ${sqliteName(table.schema, table.name)}`)
        .pluck()
        .get();
      return { rows: Math.min(mostRows, Math.max(0, Number(rows ?? 0))), next: nextValue(keeper, table) };
    } catch {
      // The table is not committed yet: only its own session asks.
      return { rows: 0, next: null };
    }
  }

  /** Tables may be others now: somebody else has committed. */
  contentsReplaced(): void {
    this.meta = this.settings.meta();
    this.dictionary.reload();
    this.plans.clear();
  }
}
