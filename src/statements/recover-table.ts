import { fault } from '../base/errors.ts';
import { baseScn } from '../base/scn.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { type Tenant, tenantType } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';
import {
  auxTenantName,
  insertRecoverTable,
  type RecoverTableMemory,
  type RecoverTableOrder,
} from '../jobs/recover-table/recover-table-rows.ts';
import { tenantEngineOf } from '../jobs/tenant-engine-of.ts';
import { type TableWish, targetOf } from '../policy/table-mapping.ts';
import { requireGroups, tableWish } from './recover-table-wish.ts';
import { restoreOrder } from './restore.ts';
import { restorePools } from './restore-options.ts';
import { handler } from './statement-handler.ts';
import { anyTenant, isSys } from './tenant-clause.ts';

/**
 * ALTER SYSTEM RECOVER TABLE: an auxiliary tenant is restored beside the target, tables are copied out of it, and it is dropped.
 * Everything a restore reads is read and decided before the answer.
 */
export const recoverTable = handler<'recoverTable', RecoverTableOrder>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'sys' },
  async resolve(statement, speaker, controller) {
    if (!isSys(speaker)) throw fault('OB_OP_NOT_ALLOW', 'user tenant initiate recover table is');
    await controller.catalog.read((tx) => anyTenant(tx, statement.tenant));
    tableWish(statement);
    if (statement.from !== null && speaker.memory.restoreSources.length > 0)
      throw fault('OB_NOT_SUPPORTED', 'should not have backup_dest and restore_source at the same time');
    if (statement.until?.kind === 'scn' && statement.until.scn <= baseScn)
      throw fault('OB_INVALID_ARGUMENT', 'until scn, it should be positive integer');
  },
  async check(statement, speaker, controller) {
    const target = await controller.catalog.read((tx) => requireTarget(tx, statement.tenant));
    const wish = tableWish(statement);
    const name = auxTenantName(controller.clock.nowUs());
    const restore = await restoreOrder({ ...statement, kind: 'restore', name }, speaker, controller);
    await requireRoom(controller, target, wish);
    requireGroups(statement);
    return { target, wish, restore };
  },
  async run(order, statement, _, controller) {
    await controller.catalog.transaction((tx) => {
      requireTarget(tx, statement.tenant);
      const names = order.restore.poolIds.map(
        (id) => tx.resources.pools.get({ resourcePoolId: id })?.name ?? String(id),
      );
      restorePools(tx, names);
      insertRecoverTable(tx, controller, order);
    });
    controller.wake.restore();
    return {};
  },
});

function requireTarget(tx: Repositories, name: string): Tenant {
  const target = anyTenant(tx, name);
  if (tenantType(target.tenantId) !== 'USER') throw fault('OB_INVALID_ARGUMENT', 'TENANT, it must be user tenant');
  if (target.role !== 'PRIMARY') throw fault('OB_NOT_SUPPORTED', 'recover table to standby tenant');
  if (target.status !== 'NORMAL' || target.inRecyclebin)
    throw fault('OB_OP_NOT_ALLOW', 'recover table to a tenant that is not normal is');
  if (tx.recoverTables.liveJobs().some((job) => job.tenantId === target.tenantId && job.finishUs === null))
    throw fault('OB_OP_NOT_ALLOW', 'recover table when recover table job exists is');
  return target;
}

/** What can be said before the tables are known: -5154 for databases, -5020 for tables that are named. */
async function requireRoom(controller: Controller, target: Tenant, wish: TableWish): Promise<void> {
  const engine = await tenantEngineOf(controller, target.tenantId);
  const databases = new Set(await engine.databases());
  const taken = new Set((await engine.tables()).map(({ database, table }) => JSON.stringify([database, table])));
  const goals = wish.tables.map((table) => targetOf(wish, table));
  const whole = wish.databases.map((from) => wish.remapDatabases.find((each) => each.from === from)?.to ?? from);
  for (const database of [...whole, ...goals.map((goal) => goal.database)])
    if (!databases.has(database)) throw fault('OB_ERR_BAD_DATABASE', database);
  for (const { database, table } of goals)
    if (taken.has(JSON.stringify([database, table]))) throw fault('OB_ERR_TABLE_EXIST', `${database}.${table}`);
}

/**
 * ALTER SYSTEM CANCEL RECOVER TABLE: ends every recovery into the tenant; none is OK. Tables that are there already stay. 4179 once
 * it is known how the recovery ends otherwise.
 */
export const cancelRecoverTable = handler<'cancelRecoverTable', number>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'sys' },
  async resolve(_, speaker) {
    if (!isSys(speaker)) throw fault('OB_OP_NOT_ALLOW', 'user tenant cancel recover table is');
  },
  check: ({ tenant }, _, controller) =>
    controller.catalog.read((tx) => {
      const target = anyTenant(tx, tenant);
      if (tenantType(target.tenantId) !== 'USER') throw fault('OB_INVALID_ARGUMENT');
      return target.tenantId;
    }),
  async run(tenantId, _, __, controller) {
    await controller.catalog.transaction((tx) => {
      for (const job of tx.recoverTables.liveJobs())
        if (job.tenantId === tenantId && job.finishUs === null && job.status !== 'CANCELING') {
          if ((job.stepData as RecoverTableMemory).end) throw fault('OB_OP_NOT_ALLOW', 'cancel ended recover table is');
          tx.recoverTables.jobs.update(job, { status: 'CANCELING' });
        }
    });
    controller.wake.restore();
    return {};
  },
});
