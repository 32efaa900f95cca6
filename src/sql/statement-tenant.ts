import type { ConstantValue } from './statement.ts';

// ---------------------------------------------------------------- resources

export type UnitOptionName =
  | 'MAX_CPU'
  | 'MIN_CPU'
  | 'MAX_IOPS'
  | 'MIN_IOPS'
  | 'IOPS_WEIGHT'
  | 'MEMORY_SIZE'
  | 'LOG_DISK_SIZE'
  | 'DATA_DISK_SIZE'
  | 'MAX_NET_BANDWIDTH'
  | 'NET_BANDWIDTH_WEIGHT';

/** MAX_CPU [=] 2, MEMORY_SIZE [=] '4G'; the value's text as typed. */
export interface UnitOption {
  readonly name: UnitOptionName;
  readonly value: string;
}

export type ResourceUnitStatement =
  /** CREATE RESOURCE UNIT [IF NOT EXISTS] name options. */
  | {
      readonly kind: 'createResourceUnit';
      readonly name: string;
      readonly ifNotExists: boolean;
      readonly options: readonly UnitOption[];
    }
  /** ALTER RESOURCE UNIT name options. */
  | { readonly kind: 'alterResourceUnit'; readonly name: string; readonly options: readonly UnitOption[] }
  /** DROP RESOURCE (UNIT | POOL) [IF EXISTS] name. */
  | { readonly kind: 'dropResourceUnit' | 'dropResourcePool'; readonly name: string; readonly ifExists: boolean };

export type PoolOption =
  | { readonly option: 'unit'; readonly unit: string }
  /** `deleteUnits` only in ALTER: UNIT_NUM [=] n DELETE UNIT [=] (id, …). */
  | { readonly option: 'unitNum'; readonly count: number; readonly deleteUnits: readonly number[] }
  | { readonly option: 'zoneList'; readonly zones: readonly string[] }
  /** Only in CREATE. */
  | { readonly option: 'replicaType'; readonly value: string };

/** CREATE RESOURCE POOL [IF NOT EXISTS] name options. */
export interface CreateResourcePool {
  readonly kind: 'createResourcePool';
  readonly name: string;
  readonly ifNotExists: boolean;
  readonly options: readonly PoolOption[];
}

export type AlterResourcePool =
  /** ALTER RESOURCE POOL name options. */
  | { readonly kind: 'alterResourcePool'; readonly name: string; readonly options: readonly PoolOption[] }
  /** ALTER RESOURCE POOL name SPLIT INTO (…) ON (…). */
  | {
      readonly kind: 'splitResourcePool';
      readonly name: string;
      readonly into: readonly string[];
      readonly zones: readonly string[];
    }
  /** ALTER RESOURCE POOL MERGE (…) INTO (…). */
  | { readonly kind: 'mergeResourcePools'; readonly pools: readonly string[]; readonly into: readonly string[] }
  /** ALTER RESOURCE TENANT name UNIT_NUM [=] n [DELETE UNIT_GROUP [=] (id, …)]. */
  | {
      readonly kind: 'alterResourceTenant';
      readonly name: string;
      readonly unitNum: number;
      readonly deleteGroups: readonly number[];
    };

// ---------------------------------------------------------------- tenants

export type TenantOption =
  | { readonly option: 'charset' | 'collate' | 'comment'; readonly value: string }
  | { readonly option: 'replicaNum' | 'logonlyReplicaNum' | 'progressiveMergeNum'; readonly value: number }
  | { readonly option: 'zoneList' | 'resourcePoolList'; readonly value: readonly string[] }
  /** `userVariable`: the lower-case name of a variable to read. */
  | {
      readonly option: 'primaryZone';
      readonly form: 'text' | 'random' | 'default' | 'userVariable';
      readonly value: string;
    }
  | {
      readonly option: 'locality';
      readonly form: 'text' | 'default';
      readonly value: string;
      readonly force: boolean;
    }
  | { readonly option: 'readOnly' | 'enableArbitrationService' | 'enableExtendedRowid'; readonly value: boolean }
  /** Null: DEFAULT TABLEGROUP = NULL. */
  | { readonly option: 'defaultTablegroup'; readonly value: string | null };

/** `name = value` behind SET or VARIABLES; `word` is a bare word such as ON or utf8mb4. */
export interface TenantVariable {
  /** Lower case. */
  readonly name: string;
  readonly value: ConstantValue | { readonly type: 'default' | 'word'; readonly text: string };
}

/** CREATE TENANT [IF NOT EXISTS] name [options] [SET variables]. */
export interface CreateTenant {
  readonly kind: 'createTenant';
  readonly name: string;
  readonly ifNotExists: boolean;
  readonly options: readonly TenantOption[];
  readonly variables: readonly TenantVariable[];
}
/** CREATE TENANT name FROM source WITH RESOURCE_POOL [=] p, UNIT [=] u; from 4.3.0. */
export interface CloneTenant {
  readonly kind: 'cloneTenant';
  readonly name: string;
  readonly ifNotExists: boolean;
  readonly source: string;
  readonly pool: string;
  readonly unit: string;
}
/** ALTER TENANT (name | ALL) [SET] options [VARIABLES variables]; both lists filled is for the checker to refuse. */
export interface AlterTenant {
  readonly kind: 'alterTenant';
  readonly all: boolean;
  /** Null with ALL. */
  readonly name: string | null;
  readonly options: readonly TenantOption[];
  readonly variables: readonly TenantVariable[];
}

export type TenantLifeStatement =
  /** ALTER TENANT name RENAME GLOBAL_NAME TO name. */
  | { readonly kind: 'renameTenant'; readonly name: string; readonly to: string }
  /** ALTER TENANT name (LOCK | UNLOCK). */
  | { readonly kind: 'lockTenant'; readonly name: string; readonly lock: boolean }
  /** DROP TENANT [IF EXISTS] name [FORCE | PURGE]. */
  | {
      readonly kind: 'dropTenant';
      readonly name: string;
      readonly ifExists: boolean;
      readonly how: 'FORCE' | 'PURGE' | null;
    }
  /** FLASHBACK TENANT name TO BEFORE DROP [RENAME TO name]. */
  | { readonly kind: 'flashbackTenant'; readonly name: string; readonly to: string | null }
  /** PURGE TENANT name. */
  | { readonly kind: 'purgeTenant'; readonly name: string };
