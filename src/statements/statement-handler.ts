import type { Tenant } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';
import type { ObStatementKind, StatementOf, Until } from '../sql/statement.ts';
import type { Grant } from '../tenants/tenant-account.ts';
import type { Cell, ResultColumn } from '../value/column-type.ts';

/** Who says a statement, and what the session remembers for the backup statements. */
export interface Speaker {
  readonly connectionId: number;
  /** Where the session authenticated. */
  readonly loginTenant: Pick<Tenant, 'tenantId' | 'tenantName' | 'mode'>;
  /** Changed by ALTER SYSTEM CHANGE TENANT; otherwise the login tenant. */
  readonly effectiveTenantId: number;
  /** The account's name: user and host pattern, not the client's address. */
  readonly user: string;
  readonly host: string;
  /** Current database, null when none is chosen; GRANT … ON * needs it. */
  readonly database?: string | null;
  readonly grants: readonly Grant[];
  readonly timeZone: string;
  readonly inTransaction: boolean;
  /** Aborted by KILL, with what the client is told. What has begun to write something is waited for all the same. */
  readonly signal?: AbortSignal;
  readonly memory: BackupMemory;
  /** Adds a row to SHOW WARNINGS; the OK packet counts it. */
  warn(level: 'Note' | 'Warning', errno: number, message: string): void;
  /** Value of a system variable as text, null when it does not exist. */
  systemVariable(name: string, scope: 'session' | 'global'): string | null;
}

/** What SET ENCRYPTION, SET DECRYPTION, ADD RESTORE SOURCE and PREVIEW leave in a session; gone with it. Never shown. */
export interface BackupMemory {
  encryptionPassword: string | null;
  decryptionPasswords: readonly string[];
  restoreSources: readonly string[];
  /** What RESTORE … PREVIEW asked. */
  preview?: { readonly from: string; readonly until: Until | null };
}

/** What a statement gives back beside OK. */
export interface StatementResult {
  /** Rows, for the few statements that have them. */
  readonly rows?: { readonly columns: readonly ResultColumn[]; readonly cells: readonly (readonly Cell[])[] };
  /** Accounts or grants of this tenant changed: cached logins are stale. */
  readonly accountsOf?: number;
  /** Global variables of these tenants changed: what is cached of them is stale. */
  readonly variablesOf?: readonly number[];
  /** The session speaks for this tenant from now on. */
  readonly changeTenantTo?: number;
  /** Sessions of this tenant must be closed: it is gone. */
  readonly dropped?: number;
}

/**
 * One statement. `check` may refuse with a coded error and changes nothing; `run` is one durable step, after which OK goes
 * out. What `check` finds is handed to `run`.
 */
export interface StatementHandler<K extends ObStatementKind, Checked = unknown> {
  /** The privilege the statement needs, and whether user tenants may say it. */
  readonly access: StatementAccess;
  /** What the kernel's resolver refuses, before privileges are looked at: clauses that do not go together. */
  resolve?(statement: StatementOf<K>, speaker: Speaker, controller: Controller): Promise<void>;
  check(statement: StatementOf<K>, speaker: Speaker, controller: Controller): Promise<Checked>;
  run(checked: Checked, statement: StatementOf<K>, speaker: Speaker, controller: Controller): Promise<StatementResult>;
}

export interface StatementAccess {
  /** Upper case; null for none. */
  readonly privilege:
    | 'ALTER SYSTEM'
    | 'SUPER'
    | 'CREATE RESOURCE UNIT'
    | 'CREATE RESOURCE POOL'
    | 'ALTER TENANT'
    | 'CREATE USER'
    | null;
  /** `all`: also user tenants for themselves; `sys`: the system tenant only. */
  readonly tenants: 'all' | 'sys';
}

/** Writes a handler with its types kept. */
export function handler<K extends ObStatementKind, Checked>(
  definition: StatementHandler<K, Checked>,
): StatementHandler<K, Checked> {
  return Object.freeze(definition);
}
