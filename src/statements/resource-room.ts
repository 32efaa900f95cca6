import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { clusterScope } from '../catalog/parameters.ts';
import type { UnitConfig } from '../catalog/resources.ts';

/** What one unit is promised. */
export type UnitDemand = Pick<UnitConfig, 'maxCpu' | 'memorySize' | 'logDiskSize'>;

/** Resource that is short, as error texts name it; null when the units fit beside the others. */
export function shortResource(
  tx: Repositories,
  demand: UnitDemand,
  count: number,
  isOther: (resourcePoolId: number) => boolean,
): 'CPU' | 'MEMORY' | 'LOG_DISK' | null {
  const capacity = tx.cluster.capacity();
  const used = {
    cpu: demand.maxCpu * count,
    memory: demand.memorySize * BigInt(count),
    log: demand.logDiskSize * BigInt(count),
  };
  // All at once: a server may hold thousands of pools.
  const configs = new Map(tx.resources.unitConfigs.list().map((config) => [config.unitConfigId, config]));
  const unitCounts = new Map<number, number>();
  for (const { resourcePoolId: id } of tx.resources.units.list()) unitCounts.set(id, (unitCounts.get(id) ?? 0) + 1);
  for (const pool of tx.resources.pools.list()) {
    if (!isOther(pool.resourcePoolId)) continue;
    const config = configs.get(pool.unitConfigId);
    if (config === undefined) throw new Error(`pool ${pool.name} has no unit`);
    const units = unitCounts.get(pool.resourcePoolId) ?? 0;
    used.cpu += config.maxCpu * units;
    used.memory += config.memorySize * BigInt(units);
    used.log += config.logDiskSize * BigInt(units);
  }
  if (used.cpu > capacity.cpu) return 'CPU';
  if (used.memory > capacity.memoryBytes) return 'MEMORY';
  return used.log > capacity.logDiskBytes ? 'LOG_DISK' : null;
}

/** 4624 when pools that exist cannot have their units grow to the demand. */
export function requireRoomToGrow(tx: Repositories, demand: UnitDemand, poolIds: readonly number[]): void {
  const count = poolIds.reduce((sum, resourcePoolId) => sum + tx.resources.units.list({ resourcePoolId }).length, 0);
  const short = shortResource(tx, demand, count, (id) => !poolIds.includes(id));
  if (short === null) return;
  const { zone, svrIp, svrPort } = tx.cluster.server();
  throw fault('OB_MACHINE_RESOURCE_NOT_ENOUGH', zone, `${svrIp}:${svrPort}`, short);
}

/** 1235 for a unit too small to carry replicas of a tenant. */
export function requireFullMemory(tx: Repositories, config: Pick<UnitConfig, 'memorySize'>): void {
  const least = BigInt(tx.parameters.integer(clusterScope, '__min_full_resource_pool_memory'));
  if (config.memorySize < least)
    throw fault('OB_NOT_SUPPORTED', 'unit MEMORY_SIZE less than __min_full_resource_pool_memory');
}
