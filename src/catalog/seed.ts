import { randomUUID } from 'node:crypto';
import type { Release } from '../base/release.ts';
import { type CapacityParameter, capacityInfo, standardCapacity } from './capacity.ts';
import type { Repositories } from './catalog.ts';
import { clusterScope } from './parameters.ts';
import type { Store } from './store.ts';
import { plainDefaults, sysTenantId } from './tenants.ts';

/** Ids of what every cluster starts with. */
const sysUnitConfigId = 1;
const sysPoolId = 1;
const gib = 1n << 30n;

interface SeedOptions {
  readonly clusterName: string;
  readonly clusterId: number;
  readonly release: Release;
}

/**
 * Writes what a cluster has from its first second: its name and id, zone1 with one server, the system tenant with its
 * unit, pool and root account. On later openings only what the command line decides is brought up to date.
 */
export function seedCatalog(store: Store, repositories: Repositories, options: SeedOptions): void {
  const { cluster, parameters, tenants } = repositories;
  const { clusterName, clusterId, release } = options;
  const version = release.numbers.join('.');
  if (cluster.info('create_us') === null) seedFresh(store, repositories, version);
  if (cluster.info('release') !== version) {
    cluster.setInfo('release', version);
    cluster.servers.update({ id: 1 }, { buildVersion: buildVersion(version) });
  }
  if (cluster.info('cluster_name') !== clusterName || cluster.info('cluster_id') !== String(clusterId)) {
    cluster.setInfo('cluster_name', clusterName);
    cluster.setInfo('cluster_id', String(clusterId));
    parameters.store(clusterScope, 'cluster', clusterName);
    parameters.store(clusterScope, 'cluster_id', String(clusterId));
  }
  if (tenants.get({ tenantId: sysTenantId }) === null) throw new Error('the catalog has no system tenant');
}

function seedFresh(store: Store, { cluster, resources, sysTenant, tenants }: Repositories, version: string): void {
  const nowUs = store.nowUs();
  const times = { createUs: nowUs, modifyUs: nowUs };
  cluster.setInfo('create_us', String(nowUs));
  cluster.setInfo('instance_id', randomUUID());
  for (const [name, value] of Object.entries(standardCapacity))
    cluster.setInfo(capacityInfo[name as CapacityParameter], String(value));
  cluster.zones.insert({ zone: 'zone1', ...times, status: 'ACTIVE', idc: '', region: 'sys_region', type: 'ReadWrite' });
  cluster.servers.insert({
    ...{ id: 1, svrIp: '127.0.0.1', svrPort: 2882, sqlPort: 2881, zone: 'zone1', withRootserver: true },
    ...{ status: 'ACTIVE', startServiceUs: nowUs, stopUs: null, blockMigrateInUs: null },
    ...{ ...times, buildVersion: buildVersion(version), lastOfflineUs: null },
  });
  resources.unitConfigs.insert({
    ...{ unitConfigId: sysUnitConfigId, name: 'sys_unit_config', ...times, maxCpu: 1, minCpu: 1 },
    ...{ memorySize: 2n * gib, logDiskSize: 2n * gib, maxIops: 10_000n, minIops: 10_000n, iopsWeight: 1n },
  });
  resources.createPool(
    {
      ...{ resourcePoolId: sysPoolId, name: 'sys_pool', tenantId: sysTenantId, ...times, unitCount: 1 },
      ...{ unitConfigId: sysUnitConfigId, zoneList: 'zone1', replicaType: 'FULL' },
    },
    () => 1,
  );
  resources.grant(sysPoolId, sysTenantId, 1);
  tenants.insert({
    ...plainDefaults(nowUs),
    tenantId: sysTenantId,
    tenantName: 'sys',
    comment: 'system tenant',
    compatible: version,
  });
  sysTenant.putAccount({
    ...{ user: 'root', host: '%', passwordHash: '', locked: false },
    grants: [{ database: null, table: null, privileges: ['ALL PRIVILEGES'], withGrantOption: true }],
  });
}

function buildVersion(version: string): string {
  return `${version}_obvault`;
}
