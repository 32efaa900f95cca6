import { sysTenantId, type Tenant } from '../catalog/tenants.ts';
import type { TenantKind } from '../catalog/view-reader.ts';
import type { ScanOptions } from '../sql/scan/scanner.ts';
import { defaultSession, type VariableValues } from '../sql/system-variables.ts';
import type { BackupMemory } from '../statements/statement-handler.ts';
import type { Grant } from '../tenants/tenant-account.ts';
import type { Charset } from '../value/charset.ts';
import type { Cell } from '../value/column-type.ts';
import type { Identity } from './login.ts';
import { defaultCollation } from './session-charset.ts';

/** The tenant a session works in. */
export type TenantRef = Pick<Tenant, 'tenantId' | 'tenantName' | 'mode'>;

/** Everything a session remembers between two statements, as one login left it. */
export interface SessionState {
  readonly identity: Identity;
  grants: readonly Grant[];
  /** Differs from the login tenant after ALTER SYSTEM CHANGE TENANT. */
  tenant: TenantRef;
  kind: TenantKind;
  database: string | null;
  /** By canonical name. */
  readonly variables: Record<string, string | null>;
  userVariables: Readonly<Record<string, Cell>>;
  lastInsertId: bigint;
  foundRows: bigint;
  rowCount: bigint;
  inTransaction: boolean;
  /** BEGIN was said before there was an engine to say it to. */
  pendingBegin: string | null;
  /** What the transaction wrote is gone, with its engine or as its commit failed: nothing goes on before ROLLBACK. */
  mustRollBack: boolean;
  /** SET TRANSACTION ISOLATION LEVEL without a scope: for the next transaction only. */
  nextIsolation: string | null;
  readonly memory: BackupMemory;
  /** What of sql_mode and tenant changes the reading of texts; the same object until it changes. */
  scan: ScanOptions;
  /** Counts whatever changes what an engine must know. */
  version: number;
}

/** Session values as of login, per set of globals: sessions write their own values over them. */
const bases = new WeakMap<VariableValues, Record<string, string | null>>();

export function newState(identity: Identity, charset: Charset): SessionState {
  const { tenant, account, globals } = identity;
  let base = bases.get(globals.values);
  if (!base) {
    base = defaultSession(globals.values);
    bases.set(globals.values, base);
  }
  const variables: Record<string, string | null> = Object.assign(Object.create(base), {
    character_set_client: charset.name,
    character_set_connection: charset.name,
    character_set_results: charset.name,
    collation_connection: charset.name === 'utf8mb4' ? base['collation_connection'] : defaultCollation(charset.name),
  });
  const state: SessionState = {
    identity,
    grants: account.grants,
    tenant,
    kind: kindOf(tenant),
    database: null,
    variables,
    userVariables: {},
    lastInsertId: 0n,
    foundRows: 0n,
    rowCount: 0n,
    inTransaction: false,
    pendingBegin: null,
    mustRollBack: false,
    nextIsolation: null,
    memory: { encryptionPassword: null, decryptionPasswords: [], restoreSources: [] },
    scan: {},
    version: 0,
  };
  rescan(state);
  return state;
}

export function kindOf(tenant: TenantRef): TenantKind {
  if (tenant.tenantId === sysTenantId) return 'sys';
  return tenant.mode === 'ORACLE' ? 'oracle' : 'mysql';
}

/** True in a tenant of Oracle mode. */
export function isOracle(state: SessionState): boolean {
  return state.kind === 'oracle';
}

/** Reads anew what sql_mode and the tenant say about texts. */
export function rescan(state: SessionState): void {
  const mode = state.variables['sql_mode'] ?? '';
  state.scan = Object.freeze({
    ...(mode.includes('NO_BACKSLASH_ESCAPES') ? { noBackslashEscapes: true } : {}),
    ...(mode.includes('ANSI_QUOTES') ? { ansiQuotes: true } : {}),
    ...(mode.includes('PIPES_AS_CONCAT') ? { pipesAsConcat: true } : {}),
    ...(isOracle(state) ? { oracle: true } : {}),
  });
  state.version++;
}

/** The session speaks for another tenant from now on. */
export function enterTenant(state: SessionState, tenant: TenantRef): void {
  state.tenant = tenant;
  state.kind = kindOf(tenant);
  state.database = state.kind === 'oracle' ? 'SYS' : 'oceanbase';
  rescan(state);
}

/** A session variable by canonical name; the caller knows that it exists. */
export function variable(state: SessionState, name: string): string {
  return state.variables[name] ?? '';
}

export function variableNumber(state: SessionState, name: string): number {
  return Number(state.variables[name] ?? 0);
}

/** How long a session may be idle now. What a forgotten transaction has locked ends with it: nothing said later can take it for whole. */
export function idleLimitMsOf(state: SessionState): number {
  const limitMs = variableNumber(state, 'wait_timeout') * 1000;
  const ofTransactionUs = state.inTransaction ? variableNumber(state, 'ob_trx_idle_timeout') : 0;
  return ofTransactionUs > 0 ? Math.min(limitMs, ofTransactionUs / 1000) : limitMs;
}
