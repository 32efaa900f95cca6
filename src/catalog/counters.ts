import type { Store } from './store.ts';

/**
 * Numbers a tenant hands out. `job`: backup, clean-up, recover-table and import jobs share it. `task`: backup and
 * clean-up tasks. `dest`: from 1001, data and archive destinations share it. `masterKey`: versions of the master key.
 */
export type TenantCounter = 'job' | 'task' | 'backupSet' | 'dest' | 'masterKey';

/** Numbers the cluster hands out. `rootServiceJob` numbers restore jobs and jobs of the root service. */
export type ClusterCounter =
  | 'rootServiceJob'
  | 'tenant'
  | 'unit'
  | 'resourcePool'
  | 'unitConfig'
  | 'unitGroup'
  | 'lsGroup';

/** Numbers that are never handed out twice, not even after a crash: taken inside the transaction that uses them. */
export interface CounterRepository {
  /** The next number of a tenant's counter; the first is 1, of `dest` 1001. */
  next(tenantId: number, name: TenantCounter): number;
  /** The next number of a cluster counter; tenants get even ids from 1002. */
  nextOfCluster(name: ClusterCounter): number;
  /** Raises a counter to at least `value` (a format file brought an id of its own). */
  atLeast(tenantId: number, name: TenantCounter, value: number): void;
  /** The last number handed out, one before the first when none was. */
  last(tenantId: number, name: TenantCounter): number;
  /** Forgets the counters of a dropped tenant. */
  removeTenant(tenantId: number): void;
}

const beforeFirst: Readonly<Record<string, number>> = {
  dest: 1000,
  tenant: 1000,
  unit: 1000,
  resourcePool: 1000,
  unitConfig: 1000,
  unitGroup: 1000,
  lsGroup: 1000,
};
const steps: Readonly<Record<string, number>> = { tenant: 2 };
const clusterTenantId = 0;

export function createCounters(store: Store): CounterRepository {
  const bump = store.database
    .prepare(
      `INSERT INTO counter (tenant_id, name, value) VALUES (@tenantId, @name, @first)
       ON CONFLICT DO UPDATE SET value = value + @step RETURNING value`,
    )
    .pluck(true);
  const read = store.database.prepare('SELECT value FROM counter WHERE tenant_id = ? AND name = ?').pluck(true);
  const raise = store.database.prepare(
    `INSERT INTO counter (tenant_id, name, value) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`,
  );
  const take = (tenantId: number, name: string): number => {
    const step = steps[name] ?? 1;
    return bump.get({ tenantId, name, step, first: (beforeFirst[name] ?? 0) + step }) as number;
  };
  return Object.freeze({
    next: take,
    nextOfCluster: (name: ClusterCounter) => take(clusterTenantId, name),
    atLeast: (tenantId: number, name: TenantCounter, value: number) => void raise.run(tenantId, name, value),
    last: (tenantId: number, name: TenantCounter) =>
      (read.get(tenantId, name) as number | undefined) ?? beforeFirst[name] ?? 0,
    removeTenant: (tenantId: number) =>
      void store.database.prepare('DELETE FROM counter WHERE tenant_id = ?').run(tenantId),
  });
}
