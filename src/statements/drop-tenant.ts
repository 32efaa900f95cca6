import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { sysTenantId, type Tenant } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';
import { removeTenant } from '../jobs/tenant-removal.ts';
import type { StatementOf } from '../sql/statement.ts';
import { note } from './note.ts';
import { handler, type Speaker, type StatementAccess } from './statement-handler.ts';
import { existingUserTenant, requireTenantName } from './tenant-name.ts';

const access: StatementAccess = { privilege: 'SUPER', tenants: 'sys' };

/**
 * DROP TENANT. With the variable recyclebin ON and no option the tenant is renamed and out of reach until FLASHBACK or PURGE;
 * otherwise it is removed before the answer. The delay other releases put before PURGE is nought here.
 */
export const dropTenant = handler<'dropTenant', boolean>({
  access,
  async resolve(_, speaker) {
    if (speaker.loginTenant.mode === 'ORACLE') throw fault('OB_NOT_SUPPORTED', 'dropping tenant in oracle mode is');
  },
  async check(statement, speaker, controller) {
    await controller.catalog.read((tx) => droppable(tx, statement));
    return statement.how === null && recyclebinIsOn(speaker);
  },
  async run(recycles, statement, speaker, controller) {
    const tenant = await controller.catalog.transaction((tx) => {
      const found = droppable(tx, statement);
      if (found !== null && recycles) recycle(tx, found, controller);
      return found;
    });
    if (tenant === null) {
      note(speaker, 'OB_TENANT_NOT_EXIST', statement.name);
      return {};
    }
    if (!recycles) {
      await removeTenant(controller, tenant.tenantId, (tx) => {
        if (droppable(tx, statement)?.tenantId !== tenant.tenantId) throw fault('OB_TENANT_NOT_EXIST', statement.name);
      });
    }
    controller.wake.archive();
    return { dropped: tenant.tenantId };
  },
});

function recyclebinIsOn(speaker: Speaker): boolean {
  return /^(?:on|1|true)$/i.test(speaker.systemVariable('recyclebin', 'session') ?? '');
}

/** The tenant to drop, null when IF EXISTS passes over it. */
function droppable(tx: Repositories, statement: StatementOf<'dropTenant'>): Tenant | null {
  const { name, ifExists, how } = statement;
  if (tx.tenants.byName(name) === null && ifExists) return null;
  const tenant = existingUserTenant(tx, name, 'drop');
  if (how === 'FORCE') return tenant;
  if (tenant.inRecyclebin && how === null) throw fault('OB_TENANT_NOT_EXIST', name);
  if (tenant.status !== 'NORMAL') throw fault('OB_NOT_SUPPORTED', 'should drop tenant force, delay drop tenant');
  return tenant;
}

function recycle(tx: Repositories, tenant: Tenant, controller: Controller): void {
  tx.tenants.change(tenant.tenantId, {
    tenantName: `__recycle_$_${controller.cluster.id}_${controller.clock.nowUs()}`,
    originalName: tenant.tenantName,
    inRecyclebin: true,
  });
  tx.events.record('tenant', 'recycle_tenant', { tenant_id: tenant.tenantId, tenant_name: tenant.tenantName });
}

/** FLASHBACK TENANT … TO BEFORE DROP: back under its name or another one. */
export const flashbackTenant = handler<'flashbackTenant', null>({
  access,
  async resolve({ to }, speaker) {
    requireSysSession(speaker, 'flashback');
    if (to !== null) requireTenantName(to);
  },
  async check({ name, to }, _, controller) {
    await controller.catalog.read((tx) => returning(tx, name, to));
    return null;
  },
  async run(_, { name, to }, _speaker, controller) {
    await controller.catalog.transaction((tx) => {
      const { tenant, tenantName } = returning(tx, name, to);
      tx.tenants.change(tenant.tenantId, { tenantName, originalName: null, inRecyclebin: false });
      tx.events.record('tenant', 'flashback_tenant', { tenant_id: tenant.tenantId, tenant_name: tenantName });
    });
    controller.wake.archive();
    return {};
  },
});

/** PURGE TENANT: a tenant in the recycle bin goes for good. */
export const purgeTenant = handler<'purgeTenant', null>({
  access,
  resolve: async (_, speaker) => requireSysSession(speaker, 'purge'),
  async check({ name }, _, controller) {
    await controller.catalog.read((tx) => recycled(tx, name));
    return null;
  },
  async run(_, { name }, _speaker, controller) {
    const { tenantId } = await controller.catalog.read((tx) => recycled(tx, name));
    await removeTenant(controller, tenantId, (tx) => {
      if (recycled(tx, name).tenantId !== tenantId) throw fault('OB_TENANT_NOT_EXIST', name);
    });
    return { dropped: tenantId };
  },
});

function requireSysSession(speaker: Speaker, what: string): void {
  const sys = speaker.loginTenant.tenantId === sysTenantId && speaker.effectiveTenantId === sysTenantId;
  if (!sys) throw fault('OB_OP_NOT_ALLOW', `${what} tenant outside the sys tenant is`);
}

/** By the name it has in the bin, or the youngest one that had that name before. */
function recycled(tx: Repositories, name: string): Tenant {
  const exact = tx.tenants.byName(name);
  if (exact?.inRecyclebin) return exact;
  const former = tx.tenants.users().filter((tenant) => tenant.inRecyclebin && tenant.originalName === name);
  const youngest = former.toSorted((a, b) => a.modifyUs - b.modifyUs).at(-1);
  if (youngest) return youngest;
  throw exact === null ? fault('OB_TENANT_NOT_EXIST', name) : fault('OB_OBJECT_NOT_IN_RECYCLEBIN');
}

function returning(tx: Repositories, name: string, to: string | null) {
  const tenant = recycled(tx, name);
  const tenantName = to ?? tenant.originalName ?? tenant.tenantName;
  if (tx.tenants.byName(tenantName) !== null || tx.restores.liveJobOfName(tenantName) !== null) {
    throw fault('OB_TENANT_EXIST', tenantName);
  }
  return { tenant, tenantName };
}
