import { fault } from '../base/errors.ts';
import type { Repositories } from './catalog.ts';
import { clusterScope } from './parameters.ts';

/** What units are held against as long as nobody says otherwise: it bounds what is promised, not what the machine has. */
export const standardCapacity = {
  cpu_count: 64n,
  memory_limit: 256n << 30n,
  log_disk_size: 1024n << 30n,
  datafile_size: 1024n << 30n,
} as const;

/** A cluster parameter that sets a capacity; 0 means the standard. */
export type CapacityParameter = keyof typeof standardCapacity;

/** Names under which the cluster keeps its capacities, as views read them. */
export const capacityInfo: Readonly<Record<CapacityParameter, string>> = {
  cpu_count: 'cpu_capacity',
  memory_limit: 'memory_capacity',
  log_disk_size: 'log_disk_capacity',
  datafile_size: 'data_disk_capacity',
};

/** What of the memory is there before `system_memory` is kept from it, as views read it. */
export const memoryLimitInfo = 'memory_limit';

/** Parameters that move the capacity of another one. */
const partners: Readonly<Record<string, CapacityParameter>> = {
  system_memory: 'memory_limit',
  datafile_maxsize: 'datafile_size',
};

/** The capacities that parameters of these names move, each once. */
export function capacitiesOf(names: readonly string[]): readonly CapacityParameter[] {
  const moved = names.map((name) => partners[name] ?? name).filter((name) => name in standardCapacity);
  return [...new Set(moved)] as CapacityParameter[];
}

type Parts = Pick<Repositories, 'cluster' | 'parameters' | 'resources'>;

/**
 * Brings a capacity in line with its parameters: what `system_memory` keeps for the server is not for units, and the data file may grow
 * to `datafile_maxsize`. 4624 when it becomes less than what units were promised already.
 */
export function settleCapacity(tx: Parts, name: CapacityParameter): void {
  const { cluster, parameters } = tx;
  const given =
    name === 'cpu_count'
      ? BigInt(parameters.integer(clusterScope, name))
      : parameters.capacityBytes(clusterScope, name);
  const whole = given > 0n ? given : standardCapacity[name];
  const value = withPartner(tx, name, whole);
  const shrinks = value < BigInt(cluster.info(capacityInfo[name]) ?? 0);
  if (shrinks && Number(value) < promised(tx, name)) {
    const { zone, svrIp, svrPort } = cluster.server();
    throw fault('OB_MACHINE_RESOURCE_NOT_ENOUGH', zone, `${svrIp}:${svrPort}`, shortNames[name]);
  }
  cluster.setInfo(capacityInfo[name], String(value));
  if (name === 'memory_limit') cluster.setInfo(memoryLimitInfo, String(whole));
}

function withPartner({ parameters }: Parts, name: CapacityParameter, whole: bigint): bigint {
  if (name === 'memory_limit') return whole - parameters.capacityBytes(clusterScope, 'system_memory');
  if (name !== 'datafile_size') return whole;
  const most = parameters.capacityBytes(clusterScope, 'datafile_maxsize');
  return most > whole ? most : whole;
}

const shortNames: Readonly<Record<CapacityParameter, string>> = {
  cpu_count: 'CPU',
  memory_limit: 'MEMORY',
  log_disk_size: 'LOG_DISK',
  datafile_size: 'DATA_DISK',
};

function promised({ resources }: Parts, name: CapacityParameter): number {
  const configs = new Map(resources.unitConfigs.list().map((config) => [config.unitConfigId, config]));
  const pools = new Map(resources.pools.list().map((pool) => [pool.resourcePoolId, pool]));
  let sum = 0;
  for (const { resourcePoolId } of resources.units.list()) {
    const config = configs.get(pools.get(resourcePoolId)?.unitConfigId ?? -1);
    if (!config) throw new Error('a unit has no configuration');
    if (name === 'cpu_count') sum += config.maxCpu;
    else if (name === 'memory_limit') sum += Number(config.memorySize);
    else if (name === 'log_disk_size') sum += Number(config.logDiskSize);
  }
  return sum;
}
