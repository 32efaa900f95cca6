import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { ResourcePool, UnitConfig } from '../catalog/resources.ts';
import type { PoolOption } from '../sql/statement-tenant.ts';
import { note } from './note.ts';
import { requireFullMemory, requireRoomToGrow, shortResource } from './resource-room.ts';
import { requireName } from './resource-unit.ts';
import { handler, type StatementAccess } from './statement-handler.ts';

const access: StatementAccess = { privilege: 'CREATE RESOURCE POOL', tenants: 'sys' };

/** The options by name; what was not given is null. */
interface PoolWish {
  readonly unit: string | null;
  readonly unitNum: number | null;
  readonly deleteUnits: readonly number[];
  readonly zones: readonly string[] | null;
  readonly replicaType: string | null;
}

/** CREATE RESOURCE POOL: the pool and its unit in every zone. */
export const createResourcePool = handler<'createResourcePool', PoolWish>({
  access,
  async check({ name, ifNotExists, options }, _, controller) {
    const wish = readPoolOptions(options);
    await controller.catalog.read((tx) => newPool(tx, name, ifNotExists, wish));
    return wish;
  },
  async run(wish, { name, ifNotExists }, speaker, controller) {
    const made = await controller.catalog.transaction((tx) => {
      const pool = newPool(tx, name, ifNotExists, wish);
      if (pool === null) return false;
      const times = { createUs: controller.clock.nowUs(), modifyUs: controller.clock.nowUs() };
      const resourcePoolId = tx.counters.nextOfCluster('resourcePool');
      tx.resources.createPool({ ...pool, ...times, resourcePoolId }, () => tx.counters.nextOfCluster('unit'));
      tx.events.record('unit', 'create_resource_pool', { name });
      return true;
    });
    if (!made) note(speaker, 'OB_RESOURCE_POOL_EXIST', name);
    return {};
  },
});

/** ALTER RESOURCE POOL. With one server in one zone only the unit can really change. */
export const alterResourcePool = handler<'alterResourcePool', PoolWish>({
  access,
  async check({ name, options }, _, controller) {
    if (new Set(options.map((one) => one.option)).size > 1) {
      throw fault('OB_NOT_SUPPORTED', 'alter unit_num, resource_unit, zone_list in one cmd');
    }
    const wish = readPoolOptions(options);
    await controller.catalog.read((tx) => changedPool(tx, name, wish));
    return wish;
  },
  async run(wish, { name }, _, controller) {
    await controller.catalog.transaction((tx) => {
      const { pool, changes } = changedPool(tx, name, wish);
      if (Object.keys(changes).length === 0) return;
      tx.resources.pools.update(pool, { ...changes, modifyUs: controller.clock.nowUs() });
      tx.events.record('unit', 'alter_resource_pool', { name });
    });
    return {};
  },
});

/** DROP RESOURCE POOL. */
export const dropResourcePool = handler<'dropResourcePool', null>({
  access,
  async check({ name, ifExists }, _, controller) {
    await controller.catalog.read((tx) => freePool(tx, name, ifExists));
    return null;
  },
  async run(_, { name, ifExists }, speaker, controller) {
    const dropped = await controller.catalog.transaction((tx) => {
      const pool = freePool(tx, name, ifExists);
      if (pool === null) return false;
      tx.resources.units.removeAll({ resourcePoolId: pool.resourcePoolId });
      tx.resources.pools.remove(pool);
      tx.events.record('unit', 'drop_resource_pool', { name });
      return true;
    });
    if (!dropped) note(speaker, 'OB_RESOURCE_POOL_NOT_EXIST', name);
    return {};
  },
});

function readPoolOptions(options: readonly PoolOption[]): PoolWish {
  const twice = options.find((one, i) => options.findIndex((other) => other.option === one.option) !== i);
  if (twice) throw fault('OB_INVALID_ARGUMENT', `${optionNames[twice.option]}, it is given twice`);
  const unitNum = optionOf(options, 'unitNum');
  return {
    unit: optionOf(options, 'unit')?.unit ?? null,
    unitNum: unitNum?.count ?? null,
    deleteUnits: unitNum?.deleteUnits ?? [],
    zones: optionOf(options, 'zoneList')?.zones ?? null,
    replicaType: optionOf(options, 'replicaType')?.value ?? null,
  };
}

function optionOf<O extends PoolOption['option']>(options: readonly PoolOption[], name: O) {
  return options.find((one): one is Extract<PoolOption, { readonly option: O }> => one.option === name);
}

const optionNames: Readonly<Record<PoolOption['option'], string>> = {
  unit: 'UNIT',
  unitNum: 'UNIT_NUM',
  zoneList: 'ZONE_LIST',
  replicaType: 'REPLICA_TYPE',
};

/** The pool to make, all checks in the kernel's order; null when IF NOT EXISTS passes over it. */
function newPool(
  tx: Repositories,
  name: string,
  ifNotExists: boolean,
  wish: PoolWish,
): Omit<ResourcePool, 'resourcePoolId' | 'createUs' | 'modifyUs'> | null {
  requireName(name, 'resource pool name');
  const unitCount = wish.unitNum ?? 0;
  if (unitCount <= 0) throw fault('OB_INVALID_ARGUMENT', 'unit num');
  const zones = wish.zones ?? tx.cluster.zones.list().map((zone) => zone.zone);
  requireZones(tx, zones);
  requireServers(tx, zones, unitCount);
  const replicaType = (wish.replicaType ?? 'FULL').toUpperCase();
  if (replicaType !== 'FULL') throw fault('OB_NOT_SUPPORTED', `REPLICA_TYPE '${wish.replicaType}' is`);
  if (wish.unit === null || wish.unit === '') throw fault('OB_INVALID_ARGUMENT', 'resource unit name');
  const config = unitNamed(tx, wish.unit);
  if (tx.resources.poolByName(name) !== null) {
    if (ifNotExists) return null;
    throw fault('OB_RESOURCE_POOL_EXIST', name);
  }
  requireFullMemory(tx, config);
  for (const zone of zones) {
    if (shortResource(tx, config, unitCount, () => true) !== null)
      throw fault('OB_RESOURCE_OUT_OF_SPACE', zone, unitCount);
  }
  return { name, tenantId: null, unitCount, unitConfigId: config.unitConfigId, zoneList: zones.join(';'), replicaType };
}

function changedPool(
  tx: Repositories,
  name: string,
  wish: PoolWish,
): { readonly pool: ResourcePool; readonly changes: Partial<ResourcePool> } {
  const pool = tx.resources.poolByName(name);
  if (pool === null) throw fault('OB_RESOURCE_POOL_NOT_EXIST', name);
  if (wish.unit !== null) return { pool, changes: changedUnit(tx, pool, wish.unit) };
  if (wish.zones !== null) {
    requireZones(tx, wish.zones);
    return { pool, changes: {} };
  }
  const unitCount = wish.unitNum ?? 0;
  if (unitCount <= 0) throw fault('OB_INVALID_ARGUMENT', 'unit num');
  if (pool.tenantId !== null) throw fault('OB_OP_NOT_ALLOW', 'alter pool unit num which is granted to a tenant');
  requireServers(tx, pool.zoneList.split(';'), unitCount);
  // A list of units makes sense only when there are to be fewer of them, and there is one.
  if (wish.deleteUnits.length > 0) throw fault('OB_INVALID_ARGUMENT', 'unit list');
  return { pool, changes: {} };
}

function changedUnit(tx: Repositories, pool: ResourcePool, unit: string): Partial<ResourcePool> {
  const config = unitNamed(tx, unit);
  if (config.unitConfigId === pool.unitConfigId) return {};
  requireFullMemory(tx, config);
  requireRoomToGrow(tx, config, [pool.resourcePoolId]);
  return { unitConfigId: config.unitConfigId };
}

function unitNamed(tx: Repositories, name: string): UnitConfig {
  const config = tx.resources.unitConfigByName(name);
  if (config === null) throw fault('OB_RESOURCE_UNIT_NOT_EXIST', name);
  return config;
}

function requireZones(tx: Repositories, zones: readonly string[]): void {
  const twice = zones.find((zone, i) => zones.indexOf(zone) !== i);
  if (twice !== undefined) throw fault('OB_ZONE_DUPLICATED', twice, zoneListText(zones));
  for (const zone of zones) if (tx.cluster.zones.get({ zone }) === null) throw fault('OB_ZONE_INFO_NOT_EXIST', zone);
}

function requireServers(tx: Repositories, zones: readonly string[], unitCount: number): void {
  for (const zone of zones) {
    if (unitCount > tx.cluster.servers.list({ zone }).length) throw fault('OB_UNIT_NUM_OVER_SERVER_COUNT');
  }
}

/** Zones as error texts print a list. */
export function zoneListText(zones: readonly string[]): string {
  return `[${zones.map((zone) => `"${zone}"`).join(', ')}]`;
}

function freePool(tx: Repositories, name: string, ifExists: boolean): ResourcePool | null {
  const pool = tx.resources.poolByName(name);
  if (pool === null) {
    if (ifExists) return null;
    throw fault('OB_RESOURCE_POOL_NOT_EXIST', name);
  }
  if (pool.tenantId !== null) throw fault('OB_RESOURCE_POOL_ALREADY_GRANTED', name);
  return pool;
}
