import type { Release } from '../base/release.ts';
import { type Scn, unlimitedScn } from '../base/scn.ts';
import { openTable, type Store, type TableAccess } from './store.ts';

export type TenantStatus = 'NORMAL' | 'CREATING' | 'DROPPING' | 'RESTORE' | 'CREATING_STANDBY';
export type TenantRole = 'PRIMARY' | 'STANDBY' | 'RESTORE';
export type SwitchoverStatus =
  | 'NORMAL'
  | 'PREPARE SWITCHING TO PRIMARY'
  | 'SWITCHING TO PRIMARY'
  | 'PREPARE FLASHBACK'
  | 'FLASHBACK'
  | 'PREPARE SWITCHING TO STANDBY'
  | 'SWITCHING TO STANDBY';

/** One tenant: sys (1), a user tenant (even, from 1002) or its meta tenant (one below). SCNs are null for sys and meta. */
export interface Tenant {
  readonly tenantId: number;
  readonly tenantName: string;
  /** The name before the tenant went to the recycle bin. */
  readonly originalName: string | null;
  readonly createUs: number;
  readonly modifyUs: number;
  readonly primaryZone: string;
  readonly locality: string;
  readonly previousLocality: string | null;
  readonly mode: 'MYSQL' | 'ORACLE';
  readonly status: TenantStatus;
  readonly inRecyclebin: boolean;
  readonly locked: boolean;
  /** READ ONLY given in CREATE or ALTER TENANT. */
  readonly readOnly: boolean;
  readonly role: TenantRole;
  readonly switchoverStatus: SwitchoverStatus;
  readonly switchoverEpoch: number;
  readonly syncScn: Scn | null;
  readonly replayableScn: Scn | null;
  readonly readableScn: Scn | null;
  readonly recoveryUntilScn: Scn | null;
  readonly logMode: 'NOARCHIVELOG' | 'ARCHIVELOG';
  readonly arbitrationStatus: string;
  readonly unitNum: number;
  /** Data version, four numbers. */
  readonly compatible: string;
  readonly maxLsId: number;
  readonly restoreDataMode: 'NORMAL' | 'REMOTE';
  readonly comment: string;
  readonly charset: string;
  readonly collation: string;
  /** Which engine keeps the data; `none` for sys and meta. */
  readonly engine: string;
  /** When the delayed drop of the tenant is due. */
  readonly dropUs: number | null;
  readonly createScn: Scn | null;
  /** Last known size of data and log, for views. */
  readonly dataBytes: bigint;
  readonly logBytes: bigint;
  readonly stepData: unknown;
}

/** What `create` needs; everything else starts at its default. */
export type NewTenant = Partial<Omit<Tenant, 'tenantId' | 'tenantName'>> & { readonly tenantName: string };

export interface TenantRepository extends TableAccess<Tenant, 'tenantId'> {
  byName(tenantName: string): Tenant | null;
  /** User tenants by id; those in the recycle bin are included. */
  users(): readonly Tenant[];
  /** Writes the user tenant and its meta tenant under the given even id. */
  create(tenantId: number, tenant: NewTenant): Tenant;
  /** Changes fields and the modification time; throws when the tenant is gone. */
  change(tenantId: number, changes: Partial<Omit<Tenant, 'tenantId'>>): void;
  /** Removes the tenant and its meta tenant. Rows other aggregates keep of it are theirs to remove. */
  drop(tenantId: number): void;
}

/** Id of the system tenant. */
export const sysTenantId = 1;

/** Which kind of tenant an id names. */
export function tenantType(tenantId: number): 'SYS' | 'META' | 'USER' {
  if (tenantId === sysTenantId) return 'SYS';
  return tenantId % 2 === 1 ? 'META' : 'USER';
}

export function createTenants(store: Store, release: Release): TenantRepository {
  const compatibleNow = release.numbers.join('.');
  const table = openTable<Tenant, 'tenantId'>(store, {
    name: 'tenant',
    key: ['tenantId'],
    fields: {
      tenantId: 'int',
      tenantName: 'text',
      originalName: 'text',
      createUs: 'int',
      modifyUs: 'int',
      primaryZone: 'text',
      locality: 'text',
      previousLocality: 'text',
      mode: 'text',
      status: 'text',
      inRecyclebin: 'flag',
      locked: 'flag',
      readOnly: 'flag',
      role: 'text',
      switchoverStatus: 'text',
      switchoverEpoch: 'int',
      syncScn: 'big',
      replayableScn: 'big',
      readableScn: 'big',
      recoveryUntilScn: 'big',
      logMode: 'text',
      arbitrationStatus: 'text',
      unitNum: 'int',
      compatible: 'text',
      maxLsId: 'int',
      restoreDataMode: 'text',
      comment: 'text',
      charset: 'text',
      collation: 'text',
      engine: 'text',
      dropUs: 'int',
      createScn: 'big',
      dataBytes: 'big',
      logBytes: 'big',
      stepData: 'json',
    },
  });
  return Object.freeze({
    ...table,
    byName: (tenantName: string) => table.list({ tenantName })[0] ?? null,
    users: () => table.select('WHERE tenant_id > 1 AND tenant_id % 2 = 0'),
    create: (tenantId: number, tenant: NewTenant) => {
      if (tenantType(tenantId) !== 'USER') throw new RangeError(`${tenantId} is not the id of a user tenant`);
      const made: Tenant = { ...userDefaults(store.nowUs()), compatible: compatibleNow, ...tenant, tenantId };
      const { createUs, modifyUs, primaryZone, locality, unitNum, compatible } = made;
      table.insert({
        ...plainDefaults(createUs),
        tenantId: tenantId - 1,
        tenantName: `META$${tenantId}`,
        ...{ modifyUs, primaryZone, locality, unitNum, compatible },
      });
      table.insert(made);
      return made;
    },
    change: (tenantId: number, changes: Partial<Omit<Tenant, 'tenantId'>>) => {
      if (!table.update({ tenantId }, { ...changes, modifyUs: store.nowUs() })) {
        throw new Error(`there is no tenant ${tenantId}`);
      }
    },
    drop: (tenantId: number) => {
      table.remove({ tenantId });
      table.remove({ tenantId: tenantId - 1 });
    },
  });
}

/** A sys or meta tenant: no SCNs, no data of its own. */
export function plainDefaults(nowUs: number): Omit<Tenant, 'tenantId' | 'tenantName'> {
  return {
    originalName: null,
    createUs: nowUs,
    modifyUs: nowUs,
    primaryZone: 'RANDOM',
    locality: 'FULL{1}@zone1',
    previousLocality: null,
    mode: 'MYSQL',
    status: 'NORMAL',
    inRecyclebin: false,
    locked: false,
    readOnly: false,
    role: 'PRIMARY',
    switchoverStatus: 'NORMAL',
    switchoverEpoch: 0,
    syncScn: null,
    replayableScn: null,
    readableScn: null,
    recoveryUntilScn: null,
    logMode: 'NOARCHIVELOG',
    arbitrationStatus: 'DISABLED',
    unitNum: 1,
    compatible: '4.2.1.0',
    maxLsId: 1,
    restoreDataMode: 'NORMAL',
    comment: '',
    charset: 'utf8mb4',
    collation: 'utf8mb4_general_ci',
    engine: 'none',
    dropUs: null,
    createScn: null,
    dataBytes: 0n,
    logBytes: 0n,
    stepData: null,
  };
}

function userDefaults(nowUs: number): Omit<Tenant, 'tenantId' | 'tenantName'> {
  const scn = BigInt(nowUs) * 1000n;
  return {
    ...plainDefaults(nowUs),
    syncScn: scn,
    replayableScn: scn,
    readableScn: scn,
    recoveryUntilScn: unlimitedScn,
    createScn: scn,
    maxLsId: 1001,
    engine: 'embedded',
  };
}
