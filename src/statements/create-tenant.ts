import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { ResourcePool } from '../catalog/resources.ts';
import type { Controller } from '../jobs/controller.ts';
import { removeTenant, requireCreating } from '../jobs/tenant-removal.ts';
import type { CreateTenant } from '../sql/statement-tenant.ts';
import type { TenantOptions } from '../tenants/tenant-engine.ts';
import { note } from './note.ts';
import { zoneListText } from './resource-pool.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { requireTenantName } from './tenant-name.ts';
import {
  checkedPrimaryZone,
  checkedTenantLocality,
  checkZoneList,
  readTenantOptions,
  type TenantWish,
  zonesOfPools,
} from './tenant-options.ts';
import { readNewVariables, remarkOn } from './tenant-variables.ts';

/** A tenant that may be made: what its row and its engine get. */
interface NewTenantPlan {
  readonly pools: readonly ResourcePool[];
  readonly locality: string;
  readonly primaryZone: string;
  readonly unitNum: number;
  readonly engine: TenantOptions;
  readonly comment: string;
}

/**
 * CREATE TENANT. The row stands in CREATING while the engine makes the tenant; it is NORMAL when OK goes out. Whatever goes wrong
 * in between is undone, by `resumeCreatingTenants` when the server ended there.
 */
export const createTenant = handler<'createTenant', NewTenantPlan | null>({
  access: { privilege: 'SUPER', tenants: 'sys' },
  async resolve({ name, options, variables }, speaker) {
    requireTenantName(name);
    const wish = readTenantOptions(options);
    readNewVariables(variables, speaker);
    if (wish.pools === null) throw fault('OB_MISS_ARGUMENT', 'resource_pool_list');
  },
  check: (statement, speaker, controller) => controller.catalog.read((tx) => planOf(tx, statement, speaker)),
  async run(_, statement, speaker, controller) {
    const made = await controller.catalog.transaction((tx) => {
      const plan = planOf(tx, statement, speaker);
      return plan === null ? null : { tenantId: insertTenant(tx, statement.name, plan), engine: plan.engine };
    });
    if (made === null) {
      note(speaker, 'OB_TENANT_EXIST', statement.name);
      return {};
    }
    await makeTenant(controller, made.tenantId, statement.name, made.engine);
    remarkOn(readNewVariables(statement.variables, speaker).values, speaker);
    return {};
  },
});

/** Null when IF NOT EXISTS passes over it. */
function planOf(tx: Repositories, statement: CreateTenant, speaker: Speaker): NewTenantPlan | null {
  const { name } = statement;
  const wish = readTenantOptions(statement.options);
  const { oracle, values } = readNewVariables(statement.variables, speaker);
  if (name === 'diag') throw fault('OB_INVALID_ARGUMENT', 'tenant name');
  if (tx.tenants.byName(name) !== null || tx.restores.liveJobOfName(name) !== null) {
    if (statement.ifNotExists) return null;
    throw fault('OB_TENANT_EXIST', name);
  }
  const pools = (wish.pools ?? []).map((pool) => existingPool(tx, pool));
  const zones = zonesOfPools(pools);
  if (wish.zones !== null) checkZoneList(tx, wish.zones, zones);
  const locality = checkedTenantLocality(tx, wish.locality ?? defaultLocality(wish.zones ?? zones), zones);
  for (const pool of pools) {
    if (pool.tenantId !== null) throw fault('OB_RESOURCE_POOL_ALREADY_GRANTED', pool.name);
  }
  checkPoolsTogether(tx, pools);
  return {
    ...{ pools, locality, comment: wish.comment ?? '', unitNum: pools[0]?.unitCount ?? 1 },
    primaryZone: wish.primaryZone === null ? 'RANDOM' : checkedPrimaryZone(wish.primaryZone, zones),
    engine: engineOptions(wish, oracle, values),
  };
}

function existingPool(tx: Repositories, name: string): ResourcePool {
  const pool = tx.resources.poolByName(name);
  if (pool === null) throw fault('OB_RESOURCE_POOL_NOT_EXIST', name);
  return pool;
}

const defaultLocality = (zones: readonly string[]) => zones.map((zone) => `FULL{1}@${zone}`).join(',');

/** Pools of one tenant must not share a server (4657) and have the same number of units (4179). */
function checkPoolsTogether(tx: Repositories, pools: readonly ResourcePool[]): void {
  const servers = pools.flatMap((pool) => [
    ...new Set(tx.resources.units.list({ resourcePoolId: pool.resourcePoolId }).map((unit) => unit.serverId)),
  ]);
  if (new Set(servers).size < servers.length) {
    throw fault('OB_POOL_SERVER_INTERSECT', zoneListText(pools.map((pool) => pool.name)));
  }
  if (new Set(pools.map((pool) => pool.unitCount)).size > 1) {
    throw fault('OB_OP_NOT_ALLOW', 'pools belong to one tenant with different unit num are');
  }
}

/** The tenant's character set shows in its globals as well. */
function engineOptions(wish: TenantWish, oracle: boolean, values: Readonly<Record<string, string>>): TenantOptions {
  const charset = wish.charset ?? 'utf8mb4';
  const collation = wish.collation ?? 'utf8mb4_general_ci';
  const ofCharset = {
    character_set_server: charset,
    character_set_database: charset,
    collation_server: collation,
    collation_database: collation,
  };
  const variables = { ...(wish.charset === null ? {} : ofCharset), ...values };
  return { mode: oracle ? 'oracle' : 'mysql', charset, collation, variables };
}

function insertTenant(tx: Repositories, tenantName: string, plan: NewTenantPlan): number {
  const { engine, pools, ...row } = plan;
  const tenantId = tx.counters.nextOfCluster('tenant');
  tx.tenants.create(tenantId, {
    ...{ tenantName, status: 'CREATING', charset: engine.charset, collation: engine.collation, ...row },
    mode: engine.mode === 'oracle' ? 'ORACLE' : 'MYSQL',
  });
  const unitGroupId = tx.counters.nextOfCluster('unitGroup');
  for (const pool of pools) tx.resources.grant(pool.resourcePoolId, tenantId, unitGroupId);
  for (const [name, value] of Object.entries(engine.variables)) tx.variables.set(tenantId, name, value);
  tx.events.record('tenant', 'create_tenant_start', { tenant_name: tenantName, tenant_id: tenantId });
  return tenantId;
}

async function makeTenant(
  controller: Controller,
  tenantId: number,
  name: string,
  engine: TenantOptions,
): Promise<void> {
  try {
    await controller.engines.create(tenantId, engine);
    await controller.catalog.transaction((tx) => {
      requireCreating(tx, tenantId, name);
      tx.tenants.change(tenantId, { status: 'NORMAL' });
      tx.events.record('tenant', 'create_tenant_finish', { tenant_name: name, tenant_id: tenantId });
    });
  } catch (error) {
    await undo(controller, tenantId);
    throw error;
  }
}

/** What cannot be undone now stays in its status and is cleared up at the next start. */
async function undo(controller: Controller, tenantId: number): Promise<void> {
  try {
    const row = await controller.catalog.read((tx) => tx.tenants.get({ tenantId }));
    if (row === null) await controller.engines.drop(tenantId);
    else await removeTenant(controller, tenantId);
  } catch (error) {
    controller.log.error('tenant that failed to be made cannot be removed', { tenantId, error });
  }
}
