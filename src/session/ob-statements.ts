import { fault } from '../base/errors.ts';
import { bindStatement } from '../sql/bind-statement.ts';
import { type ObParseOptions, parseObStatement, prepareObStatement } from '../sql/parse-ob.ts';
import type { ObStatement, ObStatementKind } from '../sql/statement.ts';
import { findVariable, storedName } from '../sql/system-variables.ts';
import { runObStatement } from '../statements/run-statement.ts';
import type { Speaker, StatementResult } from '../statements/statement-handler.ts';
import type { Call } from './client.ts';
import { noColumns, type Runnable } from './runnable.ts';
import { sendRows } from './send-rows.ts';
import type { SessionContext } from './session-context.ts';
import { enterTenant, variable } from './session-state.ts';
import { readVariable } from './statement-context.ts';
import { commitOpen, refuseOwnLock } from './transactions.ts';

/** A statement of OceanBase's own language. With `placeholders` it may hold `?`. */
export function obStatementRunnable(text: string, session: SessionContext, placeholders: boolean): Runnable {
  const options: ObParseOptions = {
    release: session.host.controller.release,
    oracle: session.state.kind === 'oracle',
  };
  if (!placeholders || !text.includes('?')) {
    const statement = parseObStatement(text, options);
    return { parameterCount: 0, columns: () => noColumns, run: (at, call) => run(statement, at, call) };
  }
  const unbound = prepareObStatement(text, options);
  return {
    parameterCount: unbound.places.length,
    columns: () => noColumns,
    run: (at, call) => run(bindStatement(unbound, call.parameters), at, call),
  };
}

async function run(statement: ObStatement, session: SessionContext, call: Call): Promise<void> {
  const { host, state, diagnostics } = session;
  if (statement.kind === 'changeTenant' && session.prepared.size > 0)
    throw fault('OB_OP_NOT_ALLOW', 'change tenant which has open prepared statements');
  if (committing.has(statement.kind)) {
    await commitOpen(session);
    await refuseOwnLock(session);
  }
  const result = await untilKilled(session, (speaker) => runObStatement(statement, speaker, host.controller));
  if (stale.has(statement.kind)) host.directory.forgetAll();
  for (const tenantId of result.variablesOf ?? []) host.directory.forget(tenantId);
  await host.directory.globals(state.tenant.tenantId, state.kind === 'oracle');
  await follow(result, session);
  state.rowCount = 0n;
  const { answer, more } = call;
  const warnings = diagnostics.count;
  if (result.rows) await sendRows(answer, result.rows.columns, result.rows.cells, { warnings, more });
  else answer.ok({ warnings, more });
}

async function untilKilled<T>(session: SessionContext, say: (speaker: Speaker) => Promise<T>): Promise<T> {
  const killed = new AbortController();
  session.live.killed = killed;
  try {
    return await say({ ...speakerOf(session), signal: killed.signal });
  } finally {
    session.live.killed = null;
  }
}

/** Statements that write the tenant the session works in, each in a step of its own. */
const committing: ReadonlySet<ObStatementKind> = new Set([
  'createUser',
  'alterUser',
  'dropUser',
  'renameUser',
  'setPassword',
  'grant',
  'revoke',
  'revokeAll',
  'alterTenant',
]);

/** Statements that change what logins and sessions keep of tenants. */
const stale: ReadonlySet<ObStatementKind> = new Set([
  'createTenant',
  'alterTenant',
  'renameTenant',
  'lockTenant',
  'dropTenant',
  'flashbackTenant',
  'purgeTenant',
]);

/** What a statement asks of the sessions when it is done. */
async function follow(result: StatementResult, session: SessionContext): Promise<void> {
  const { host, state } = session;
  if (result.accountsOf !== undefined) await refreshAccounts(result.accountsOf, session);
  if (result.dropped !== undefined) host.registry.endTenant(result.dropped);
  if (result.changeTenantTo === undefined) return;
  const tenantId = result.changeTenantTo;
  const tenant = await host.controller.catalog.read((tx) => tx.tenants.get({ tenantId }));
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', tenantId);
  await session.leaveEngine();
  await host.directory.globals(tenantId, tenant.mode === 'ORACLE');
  enterTenant(state, tenant);
}

async function refreshAccounts(tenantId: number, { host }: SessionContext): Promise<void> {
  host.directory.forgetAccounts(tenantId);
  const accounts = await host.directory.accounts(tenantId);
  const find = (user: string, from: string) =>
    accounts.find((one) => one.user === user && one.host === from)?.grants ?? null;
  for (const process of host.registry.list()) if (process.tenantId === tenantId) process.refreshGrants(find);
}

function speakerOf(session: SessionContext): Speaker {
  const { host, state, diagnostics, client } = session;
  const { tenant, account } = state.identity;
  return {
    connectionId: client.threadId,
    loginTenant: tenant,
    effectiveTenantId: state.tenant.tenantId,
    user: account.user,
    host: account.host,
    database: state.database,
    grants: state.grants,
    timeZone: variable(state, 'time_zone'),
    inTransaction: state.inTransaction,
    memory: state.memory,
    warn: (level, errno, message) => diagnostics.add(level, errno, message),
    systemVariable(name, scope) {
      const definition = findVariable(name);
      if (definition === null) return null;
      if (scope === 'session' && definition.scope !== 'global') return state.variables[storedName(definition)] ?? null;
      const value = readVariable(state, host, diagnostics, definition.name, 'global');
      return value === undefined || value === null ? null : String(value);
    },
  };
}
