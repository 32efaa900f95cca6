import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { sysTenantId, type Tenant } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';
import { tenantEngineOf } from '../jobs/tenant-engine-of.ts';
import type { AlterTenant } from '../sql/statement-tenant.ts';
import { zoneListText } from './resource-pool.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { isSys } from './tenant-clause.ts';
import { existingTenant, existingUserTenant, requireTenantName } from './tenant-name.ts';
import {
  checkedPrimaryZone,
  checkedTenantLocality,
  checkZoneList,
  readTenantOptions,
  type TenantWish,
  zonesOfPools,
} from './tenant-options.ts';
import { type GlobalValues, readVariables, remarkOn } from './tenant-variables.ts';

interface Alteration {
  readonly tenant: Tenant;
  readonly wish: TenantWish;
  readonly values: GlobalValues;
}

/** ALTER TENANT: options in one step, or variables one after the other. A user tenant may alter only itself. */
export const alterTenant = handler<'alterTenant', Alteration>({
  access: { privilege: 'ALTER TENANT', tenants: 'all' },
  async resolve(statement, speaker) {
    const { options, variables } = statement;
    if (options.length > 0 && variables.length > 0) {
      throw fault('OB_OP_NOT_ALLOW', 'modify tenant option and system variable at the same time');
    }
    if (options.some(({ option }) => option === 'charset' || option === 'collate')) {
      throw fault('OB_NOT_SUPPORTED', 'tenant change charset');
    }
    readTenantOptions(options);
    readVariables(variables, speaker);
    if (statement.all) throw fault('OB_NOT_SUPPORTED', 'ALTER TENANT ALL is');
    if (!isSys(speaker) && statement.name !== speaker.loginTenant.tenantName) throw fault('OB_ERR_NO_PRIVILEGE');
  },
  check: (statement, speaker, controller) => controller.catalog.read((tx) => alterationOf(tx, statement, speaker)),
  async run(alteration, statement, speaker, controller) {
    const { tenant, values } = alteration;
    if (statement.variables.length > 0) {
      await setVariables(controller, tenant, values);
      remarkOn(values, speaker);
      return { variablesOf: [tenant.tenantId] };
    }
    await controller.catalog.transaction((tx) => {
      const now = alterationOf(tx, statement, speaker);
      tx.tenants.change(now.tenant.tenantId, optionChanges(tx, now));
      tx.events.record('tenant', 'alter_tenant', { tenant_id: now.tenant.tenantId });
    });
    return {};
  },
});

function alterationOf(tx: Repositories, statement: AlterTenant, speaker: Speaker): Alteration {
  const tenant = existingTenant(tx, statement.name ?? '');
  if (tenant.tenantId !== sysTenantId) {
    existingUserTenant(tx, tenant.tenantName, 'alter');
    if (tenant.status !== 'NORMAL' || tenant.inRecyclebin) {
      throw fault('OB_OP_NOT_ALLOW', 'alter tenant which is not in normal status is');
    }
  }
  const values = readVariables(statement.variables, speaker);
  if (statement.variables.length > 0 && tenant.role !== 'PRIMARY') throw fault('OB_STANDBY_READ_ONLY');
  const alteration = { tenant, wish: readTenantOptions(statement.options), values };
  optionChanges(tx, alteration);
  return alteration;
}

/** What the options change in the tenant's row. */
function optionChanges(tx: Repositories, { tenant, wish }: Alteration): Partial<Tenant> {
  const granted = tx.resources.poolsOfTenant(tenant.tenantId);
  if (wish.pools !== null) {
    requireSamePools(
      tx,
      wish.pools,
      granted.map((pool) => pool.name),
      tenant.tenantId,
    );
  }
  const zones = zonesOfPools(granted);
  if (wish.zones !== null) checkZoneList(tx, wish.zones, zones);
  return {
    ...(wish.locality === null ? {} : { locality: checkedTenantLocality(tx, wish.locality, zones) }),
    ...(wish.primaryZone === null ? {} : { primaryZone: checkedPrimaryZone(wish.primaryZone, zones) }),
    ...(wish.comment === null ? {} : { comment: wish.comment }),
  };
}

/** All pools lie on the one server, so a second one intersects (4657) and the only one cannot be taken away. */
function requireSamePools(
  tx: Repositories,
  wanted: readonly string[],
  present: readonly string[],
  tenantId: number,
): void {
  for (const name of wanted) {
    const pool = tx.resources.poolByName(name);
    if (pool === null) throw fault('OB_RESOURCE_POOL_NOT_EXIST', name);
    if (pool.tenantId !== null && pool.tenantId !== tenantId) throw fault('OB_RESOURCE_POOL_ALREADY_GRANTED', name);
  }
  if (wanted.length > 1) throw fault('OB_POOL_SERVER_INTERSECT', zoneListText(wanted));
  if (!present.every((name) => wanted.includes(name)))
    throw fault('OB_NOT_SUPPORTED', 'change resource pools of a tenant is');
}

/** Where a tenant keeps its globals, and the note of them views read. */
async function setVariables(controller: Controller, { tenantId }: Tenant, values: GlobalValues): Promise<void> {
  const engine = tenantId === sysTenantId ? null : await tenantEngineOf(controller, tenantId);
  for (const [name, value] of Object.entries(values)) {
    await engine?.setGlobalVariable(name, value);
    await controller.catalog.transaction((tx) => tx.variables.set(tenantId, name, value));
  }
}

/** ALTER TENANT … RENAME GLOBAL_NAME TO. */
export const renameTenant = handler<'renameTenant', null>({
  access: { privilege: 'ALTER TENANT', tenants: 'all' },
  async resolve({ to }, speaker) {
    if (!isSys(speaker)) throw fault('OB_NOT_SUPPORTED', 'rename tenant outside the sys tenant is');
    requireTenantName(to);
  },
  async check({ name, to }, _, controller) {
    await controller.catalog.read((tx) => renamable(tx, name, to));
    return null;
  },
  async run(_, { name, to }, _speaker, controller) {
    await controller.catalog.transaction((tx) => {
      const { tenantId } = renamable(tx, name, to);
      tx.tenants.change(tenantId, { tenantName: to });
      tx.events.record('tenant', 'rename_tenant', { tenant_id: tenantId, old_name: name, new_name: to });
    });
    return {};
  },
});

function renamable(tx: Repositories, name: string, to: string): Tenant {
  const tenant = existingUserTenant(tx, name, 'rename');
  if (tenant.status === 'RESTORE') {
    throw fault('OB_OP_NOT_ALLOW', 'rename tenant while tenant is in physical restore status is');
  }
  if (tenant.status !== 'NORMAL' || tenant.inRecyclebin) {
    throw fault('OB_OP_NOT_ALLOW', 'rename tenant which is not in normal status is');
  }
  if (tx.tenants.byName(to) !== null || tx.restores.liveJobOfName(to) !== null) throw fault('OB_TENANT_EXIST', to);
  return tenant;
}

/** ALTER TENANT … LOCK | UNLOCK: a locked tenant takes no logins and is not found by backup statements. */
export const lockTenant = handler<'lockTenant', null>({
  access: { privilege: 'ALTER TENANT', tenants: 'sys' },
  async check({ name }, _, controller) {
    await controller.catalog.read((tx) => lockable(tx, name));
    return null;
  },
  async run(_, { name, lock }, _speaker, controller) {
    await controller.catalog.transaction((tx) => {
      const tenant = lockable(tx, name);
      if (tenant.locked !== lock) tx.tenants.change(tenant.tenantId, { locked: lock });
    });
    return {};
  },
});

function lockable(tx: Repositories, name: string): Tenant {
  const tenant = tx.tenants.byName(name);
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST');
  if (tenant.tenantId === sysTenantId) throw fault('OB_ERR_NO_PRIVILEGE');
  return existingUserTenant(tx, name, 'lock');
}
