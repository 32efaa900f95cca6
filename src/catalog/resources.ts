import { openTable, type Store, type TableAccess } from './store.ts';

/** A resource unit specification. Sizes in bytes. */
export interface UnitConfig {
  readonly unitConfigId: number;
  readonly name: string;
  readonly createUs: number;
  readonly modifyUs: number;
  readonly maxCpu: number;
  readonly minCpu: number;
  readonly memorySize: bigint;
  readonly logDiskSize: bigint;
  readonly maxIops: bigint;
  readonly minIops: bigint;
  readonly iopsWeight: bigint;
}

export interface ResourcePool {
  readonly resourcePoolId: number;
  readonly name: string;
  /** Null while the pool is free. */
  readonly tenantId: number | null;
  readonly createUs: number;
  readonly modifyUs: number;
  /** Units per zone. */
  readonly unitCount: number;
  readonly unitConfigId: number;
  /** Zones separated by semicolons. */
  readonly zoneList: string;
  readonly replicaType: string | null;
}

export interface Unit {
  readonly unitId: number;
  readonly resourcePoolId: number;
  /** 0 while the pool is free. */
  readonly unitGroupId: number;
  readonly zone: string;
  readonly serverId: number;
  readonly status: 'ACTIVE' | 'DELETING';
  readonly createUs: number;
  readonly modifyUs: number;
}

/** Unit specifications, pools and the units a pool stands for. */
export interface ResourceRepository {
  readonly unitConfigs: TableAccess<UnitConfig, 'unitConfigId'>;
  readonly pools: TableAccess<ResourcePool, 'resourcePoolId'>;
  readonly units: TableAccess<Unit, 'unitId'>;
  unitConfigByName(name: string): UnitConfig | null;
  poolByName(name: string): ResourcePool | null;
  poolsOfTenant(tenantId: number): readonly ResourcePool[];
  /** Pools that use a specification. */
  poolsOfUnitConfig(unitConfigId: number): readonly ResourcePool[];
  /** Creates the pool together with one unit per zone and count. */
  createPool(pool: ResourcePool, unitIds: () => number): void;
  /** Gives the pool and its units to a tenant, or frees them with null. */
  grant(resourcePoolId: number, tenantId: number | null, unitGroupId: number): void;
}

export function createResources(store: Store): ResourceRepository {
  const unitConfigs = openTable<UnitConfig, 'unitConfigId'>(store, {
    name: 'unit_config',
    key: ['unitConfigId'],
    fields: {
      unitConfigId: 'int',
      name: 'text',
      createUs: 'int',
      modifyUs: 'int',
      maxCpu: 'real',
      minCpu: 'real',
      memorySize: 'big',
      logDiskSize: 'big',
      maxIops: 'big',
      minIops: 'big',
      iopsWeight: 'big',
    },
  });
  const pools = openTable<ResourcePool, 'resourcePoolId'>(store, {
    name: 'resource_pool',
    key: ['resourcePoolId'],
    fields: {
      resourcePoolId: 'int',
      name: 'text',
      tenantId: 'int',
      createUs: 'int',
      modifyUs: 'int',
      unitCount: 'int',
      unitConfigId: 'int',
      zoneList: 'text',
      replicaType: 'text',
    },
  });
  const units = openTable<Unit, 'unitId'>(store, {
    name: 'unit',
    key: ['unitId'],
    fields: {
      unitId: 'int',
      resourcePoolId: 'int',
      unitGroupId: 'int',
      zone: 'text',
      serverId: 'int',
      status: 'text',
      createUs: 'int',
      modifyUs: 'int',
    },
  });
  return Object.freeze({
    unitConfigs,
    pools,
    units,
    unitConfigByName: (name: string) => unitConfigs.list({ name })[0] ?? null,
    poolByName: (name: string) => pools.list({ name })[0] ?? null,
    poolsOfTenant: (tenantId: number) => pools.list({ tenantId }),
    poolsOfUnitConfig: (unitConfigId: number) => pools.list({ unitConfigId }),
    createPool: (pool: ResourcePool, unitIds: () => number) => {
      pools.insert(pool);
      for (const zone of pool.zoneList.split(';')) {
        for (let i = 0; i < pool.unitCount; i++) {
          const { resourcePoolId, createUs, modifyUs } = pool;
          const place = { zone, serverId: 1, status: 'ACTIVE' as const, unitGroupId: 0 };
          units.insert({ unitId: unitIds(), resourcePoolId, createUs, modifyUs, ...place });
        }
      }
    },
    grant: (resourcePoolId: number, tenantId: number | null, unitGroupId: number) => {
      const modifyUs = store.nowUs();
      pools.update({ resourcePoolId }, { tenantId, modifyUs });
      for (const unit of units.list({ resourcePoolId })) {
        units.update({ unitId: unit.unitId }, { unitGroupId: tenantId === null ? 0 : unitGroupId, modifyUs });
      }
    },
  });
}
