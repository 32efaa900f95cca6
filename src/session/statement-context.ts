import type { FunctionContext } from '../sql/functions/context.ts';
import type { Slumber } from '../sql/functions/slumber.ts';
import { checkReadable, findVariable, storedName, variableCell } from '../sql/system-variables.ts';
import type { BindContext } from '../sql/translate/bind.ts';
import type { StatementContext } from '../tenants/engine-session.ts';
import type { Cell } from '../value/column-type.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { SessionHost } from './session-host.ts';
import { type SessionState, variable, variableNumber } from './session-state.ts';

/** The value of `@@name` for a session: undefined when there is no such variable. */
export function readVariable(
  state: SessionState,
  host: SessionHost,
  diagnostics: Diagnostics,
  name: string,
  scope: 'session' | 'global' | null,
): Cell | undefined {
  const definition = findVariable(name);
  if (definition === null) return undefined;
  checkReadable(definition, scope);
  const own = scope === 'global' ? undefined : liveValue(state, diagnostics, name);
  if (own !== undefined) return own;
  const key = storedName(definition);
  const globals = host.directory.knownGlobals(state.tenant.tenantId) ?? state.identity.globals;
  const stored = scope === 'global' || definition.scope === 'global' ? globals.values[key] : state.variables[key];
  return variableCell(definition, stored ?? null);
}

/** Variables whose value is not set but happens. */
function liveValue(state: SessionState, diagnostics: Diagnostics, name: string): Cell | undefined {
  switch (name) {
    case 'last_insert_id':
    case 'identity':
      return state.lastInsertId;
    case 'warning_count':
      return diagnostics.shown.length;
    case 'error_count':
      return diagnostics.shown.filter(({ level }) => level === 'Error').length;
    default:
      return undefined;
  }
}

/** What binds and functions of catalog queries read: always the present state of the session. */
export class LiveContext implements BindContext, FunctionContext {
  readonly #state: () => SessionState;
  readonly #host: SessionHost;
  readonly #diagnostics: Diagnostics;
  readonly systemVariables: Readonly<Record<string, Cell>>;
  readonly connectionId: number;
  nowUs = 0;
  /** While a query runs that may sleep. */
  slumber: Slumber | null = null;
  /** While one of OceanBase's own statements runs: KILL ends its waiting. */
  killed: AbortController | null = null;

  constructor(state: () => SessionState, host: SessionHost, diagnostics: Diagnostics, connectionId: number) {
    this.#state = state;
    this.#host = host;
    this.#diagnostics = diagnostics;
    this.connectionId = connectionId;
    this.systemVariables = new Proxy(
      {},
      {
        get: (_, key) => {
          const text = String(key);
          const global = text.startsWith('global.');
          return readVariable(state(), host, diagnostics, global ? text.slice(7) : text, global ? 'global' : null);
        },
      },
    );
  }

  get timeZone(): string {
    return variable(this.#state(), 'time_zone');
  }
  get sqlMode(): string {
    return variable(this.#state(), 'sql_mode');
  }
  get database(): string | null {
    return this.#state().database;
  }
  get user(): string {
    return this.#state().identity.account.user;
  }
  get host(): string {
    return this.#state().identity.host;
  }
  get lastInsertId(): bigint {
    return this.#state().lastInsertId;
  }
  get foundRows(): bigint {
    return this.#state().foundRows;
  }
  get rowCount(): bigint {
    return this.#state().rowCount;
  }
  get tenantId(): number {
    return this.#state().tenant.tenantId;
  }
  get tenantName(): string {
    return this.#state().tenant.tenantName;
  }
  get userVariables(): Readonly<Record<string, Cell>> {
    return this.#state().userVariables;
  }
  get version(): string {
    return `5.7.25-OceanBase-v${this.obVersion}`;
  }
  get obVersion(): string {
    return this.#host.facts.release.numbers.join('.');
  }
  get hostIp(): string {
    return this.#host.hostIp;
  }
  get rpcPort(): number {
    return this.#host.rpcPort;
  }
  get sleep(): ((seconds: number) => 0 | 1) | undefined {
    const { slumber } = this;
    return slumber ? (seconds) => slumber.sleep(seconds) : undefined;
  }
  setLastInsertId(value: bigint): void {
    this.#state().lastInsertId = value;
  }
  warn(code: number, message: string): void {
    this.#diagnostics.add('Warning', code, message);
  }
}

const volatileWords = /last_insert_id|found_rows|row_count|@@identity/i;
const variableWords = /@@\s*(?:(global|session|local)\s*\.\s*)?`?([a-z0-9_$]+)/gi;

/** Variables engines read without a statement naming them. */
const alwaysSent = [
  'version',
  'auto_increment_increment',
  'auto_increment_offset',
  'group_concat_max_len',
  'div_precision_increment',
  'default_week_format',
  'sql_select_limit',
  'sql_safe_updates',
  'sql_auto_is_null',
  'explicit_defaults_for_timestamp',
  'max_allowed_packet',
  'character_set_server',
  'collation_server',
  'character_set_database',
  'collation_database',
  'lc_time_names',
  'cte_max_recursion_depth',
  'max_execution_time',
  'block_encryption_mode',
  'tx_read_only',
  'ob_trx_timeout',
];

/**
 * Makes the contexts engines are given. The same object comes back until something changes, so that it crosses the thread
 * border once; variables a text does not name, and last-statement values it does not ask for, are left out of the comparison.
 */
export class EngineContexts {
  readonly #state: () => SessionState;
  readonly #host: SessionHost;
  readonly #diagnostics: Diagnostics;
  readonly #connectionId: number;
  #last: StatementContext | null = null;
  #version = -1;
  #state0: SessionState | null = null;
  #charset = '';

  constructor(state: () => SessionState, host: SessionHost, diagnostics: Diagnostics, connectionId: number) {
    this.#state = state;
    this.#host = host;
    this.#diagnostics = diagnostics;
    this.#connectionId = connectionId;
  }

  /** The context of a statement whose answer is written in `charset`. */
  of(text: string, charset: string): StatementContext {
    const state = this.#state();
    const last = this.#last;
    const named = text.includes('@@');
    const fresh =
      last !== null && this.#state0 === state && this.#version === state.version && this.#charset === charset;
    if (fresh && !named && (!volatileWords.test(text) || this.#sameCounts(state, last))) return last;
    this.#last = this.#make(state, charset, named ? namesIn(text) : []);
    this.#version = state.version;
    this.#state0 = state;
    this.#charset = charset;
    return this.#last;
  }

  #sameCounts(state: SessionState, last: StatementContext): boolean {
    return (
      last.lastInsertId === state.lastInsertId && last.foundRows === state.foundRows && last.rowCount === state.rowCount
    );
  }

  #make(state: SessionState, charset: string, names: readonly (readonly [string, boolean])[]): StatementContext {
    const systemVariables: Record<string, Cell> = {
      tenant_name: state.tenant.tenantName,
      host_ip: this.#host.hostIp,
      rpc_port: this.#host.rpcPort,
    };
    for (const name of alwaysSent) this.#add(systemVariables, state, name, false);
    for (const [name, global] of names) this.#add(systemVariables, state, name, global);
    const { account, host } = state.identity;
    return Object.freeze({
      database: state.database,
      user: account.user,
      host,
      grants: state.grants,
      timeZone: variable(state, 'time_zone'),
      sqlMode: variable(state, 'sql_mode'),
      autocommit: variable(state, 'autocommit') === 'ON',
      isolation: (state.nextIsolation ?? variable(state, 'tx_isolation')) as StatementContext['isolation'],
      foreignKeyChecks: variable(state, 'foreign_key_checks') === 'ON',
      uniqueChecks: variable(state, 'unique_checks') === 'ON',
      charset,
      collation: variable(state, 'collation_connection'),
      connectionId: this.#connectionId,
      lastInsertId: state.lastInsertId,
      foundRows: state.foundRows,
      rowCount: state.rowCount,
      userVariables: state.userVariables,
      systemVariables: Object.freeze(systemVariables),
      lockWaitTimeoutMs: lockWaitMs(state),
    });
  }

  #add(into: Record<string, Cell>, state: SessionState, name: string, global: boolean): void {
    const value = readVariable(state, this.#host, this.#diagnostics, name, global ? 'global' : null);
    if (value !== undefined) into[global ? `global.${name}` : name] = value;
  }
}

function lockWaitMs(state: SessionState): number {
  const limitUs = variableNumber(state, 'ob_trx_lock_timeout');
  return limitUs >= 0 ? limitUs / 1000 : variableNumber(state, 'innodb_lock_wait_timeout') * 1000;
}

function namesIn(text: string): readonly (readonly [string, boolean])[] {
  return [...text.matchAll(variableWords)].map(([, scope, name]) => [
    name!.toLowerCase(),
    scope?.toLowerCase() === 'global',
  ]);
}
