import type { KeyClause, Until } from './statement.ts';
import type { TenantOption } from './statement-tenant.ts';

// ---------------------------------------------------------------- restore

export type RestoreStatement =
  | Restore
  /** ALTER SYSTEM RESTORE FROM str [UNTIL …] PREVIEW. */
  | { readonly kind: 'restorePreview'; readonly from: string; readonly until: Until | null }
  /** ALTER SYSTEM ADD RESTORE SOURCE str. */
  | { readonly kind: 'addRestoreSource'; readonly source: string }
  /** ALTER SYSTEM CLEAR RESTORE SOURCE. */
  | { readonly kind: 'clearRestoreSource' }
  /** ALTER SYSTEM CANCEL RESTORE name; from 4.2.0. */
  | { readonly kind: 'cancelRestore'; readonly name: string };

/** ALTER SYSTEM RESTORE name [FROM str] [UNTIL …] WITH str [ENCRYPTED BY str] [WITH KEY FROM …] [DESCRIPTION …]. */
export interface Restore {
  readonly kind: 'restore';
  readonly name: string;
  /** Comma list of destinations as typed. */
  readonly from: string | null;
  readonly until: Until | null;
  /** `pool_list=…&locality=…`, as typed. */
  readonly options: string;
  readonly password: string | null;
  readonly key: KeyClause | null;
  readonly description: string | null;
}

/** ALTER SYSTEM RECOVER TABLE tables TO TENANT [=] t [FROM …] [UNTIL …] WITH … {REMAP …}; from 4.2.1. */
export interface RecoverTable {
  readonly kind: 'recoverTable';
  /** `'all'` is `*.*`. */
  readonly tables: 'all' | readonly TablePattern[];
  readonly tenant: string;
  readonly from: string | null;
  readonly until: Until | null;
  readonly options: string;
  readonly password: string | null;
  readonly key: KeyClause | null;
  /** One entry per REMAP clause, so that a kind given twice can be refused. */
  readonly remaps: readonly Remap[];
  readonly description: string | null;
}
/** `db.*` has a null table. */
export interface TablePattern {
  readonly database: string;
  readonly table: string | null;
  readonly partition: string | null;
}
export type Remap =
  | {
      readonly kind: 'table';
      readonly items: readonly {
        readonly from: TablePattern;
        readonly to: { readonly database: string | null; readonly table: string | null };
      }[];
    }
  | {
      readonly kind: 'tablegroup' | 'tablespace';
      readonly items: readonly { readonly from: string; readonly to: string }[];
    };
/** ALTER SYSTEM CANCEL RECOVER TABLE name; the name is the target tenant's. */
export interface CancelRecoverTable {
  readonly kind: 'cancelRecoverTable';
  readonly tenant: string;
}

// ---------------------------------------------------------------- standby tenants

export type StandbyStatement =
  /** ALTER SYSTEM RECOVER STANDBY [TENANT …] (UNTIL … | UNTIL UNLIMITED | CANCEL); null when none of the three stands. */
  | {
      readonly kind: 'recoverStandby';
      readonly tenant: string | null;
      readonly until: Until | { readonly kind: 'unlimited' } | { readonly kind: 'cancel' } | null;
    }
  /** ALTER SYSTEM ACTIVATE STANDBY [TENANT …] [VERIFY]. */
  | { readonly kind: 'activateStandby'; readonly tenant: string | null; readonly verify: boolean }
  /** ALTER SYSTEM SWITCHOVER TO (PRIMARY | STANDBY) [TENANT …] [VERIFY]. */
  | {
      readonly kind: 'switchover';
      readonly to: 'PRIMARY' | 'STANDBY';
      readonly tenant: string | null;
      readonly verify: boolean;
    }
  /** CREATE STANDBY TENANT [IF NOT EXISTS] name [LOG_RESTORE_SOURCE [=] str] [options]; from 4.2.0. */
  | {
      readonly kind: 'createStandbyTenant';
      readonly name: string;
      readonly ifNotExists: boolean;
      readonly logRestoreSource: string | null;
      readonly options: readonly TenantOption[];
    };
