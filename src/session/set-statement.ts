import { fault } from '../base/errors.ts';
import type { SetItem, SetStatement } from '../sql/ast/session.ts';
import { parseForPlan } from '../sql/parse/parse.ts';
import type { VariableDefinition } from '../sql/system-variable-table.ts';
import { checkAssignment, checkSettable, storedName, variableNamed } from '../sql/system-variables.ts';
import { ineffective } from '../sql/variable-effects.ts';
import { charsetByName, utf8mb4 } from '../value/charset.ts';
import type { Cell } from '../value/column-type.ts';
import { applyVariable } from './apply-variable.ts';
import type { Call, MaybePromise } from './client.ts';
import { assign } from './engine-statements.ts';
import { evaluate } from './evaluate.ts';
import { requireGlobal } from './privileges.ts';
import { plainRunnable, type Runnable } from './runnable.ts';
import { defaultCollation } from './session-charset.ts';
import type { SessionContext } from './session-context.ts';
import { refuseOwnLock } from './transactions.ts';

/** Trees of short SETs by text: drivers and operators say the same ones before every statement. */
const parsed = new Map<string, SetStatement>();
const mostParsed = 256;
const longestKept = 200;

/** SET with its assignments, carried out from left to right; the first that fails ends it. */
export function setRunnable(text: string, session: SessionContext): Runnable {
  const statement = parseSet(text, session);
  return plainRunnable(text, (at, call) => runSet(statement, text, at, call));
}

function parseSet(text: string, { state }: SessionContext): SetStatement {
  const keep = text.length <= longestKept && Object.keys(state.scan).length === 0;
  const known = keep ? parsed.get(text) : undefined;
  if (known) return known;
  const { statement } = parseForPlan(text, state.scan);
  if (statement.kind === 'unsupported') throw fault('OB_NOT_SUPPORTED', statement.feature);
  if (statement.kind !== 'set') throw new Error(`a ${statement.kind} is no SET`);
  if (keep) {
    if (parsed.size >= mostParsed) parsed.clear();
    parsed.set(text, statement);
  }
  return statement;
}

function runSet(statement: SetStatement, text: string, session: SessionContext, call: Call): MaybePromise<void> {
  const done = () => {
    session.state.rowCount = 0n;
    call.answer.ok({ warnings: session.diagnostics.count, more: call.more });
  };
  const pending = runItems(statement.items, 0, text, session, call);
  if (pending) return pending.then(done);
  done();
}

/** Goes on without a promise as long as nothing has to be waited for. */
function runItems(
  items: readonly SetItem[],
  from: number,
  text: string,
  session: SessionContext,
  call: Call,
): MaybePromise<void> {
  for (let i = from; i < items.length; i++) {
    const pending = runItem(items[i]!, text, session, call);
    if (pending) return pending.then(() => runItems(items, i + 1, text, session, call));
  }
}

function runItem(item: SetItem, text: string, session: SessionContext, call: Call): MaybePromise<void> {
  switch (item.kind) {
    case 'user': {
      const value = evaluate(item.value, text, session, call.parameters);
      if (value instanceof Promise) return value.then((cell) => assign(session.state, { [item.name]: cell }));
      return assign(session.state, { [item.name]: value });
    }
    case 'system':
      return setSystem(item, text, session, call);
    case 'names':
      return setNames(item.charset, item.collation, session);
    case 'characterSet':
      return setCharacterSet(item.charset, session);
    case 'transaction':
      return setTransaction(item, session);
  }
}

function setSystem(
  item: Extract<SetItem, { kind: 'system' }>,
  text: string,
  session: SessionContext,
  call: Call,
): MaybePromise<void> {
  const definition = variableNamed(item.name);
  checkSettable(definition, item.scope);
  if (item.value === 'default')
    return store(definition, item.scope, defaultFor(definition, item.scope, session), session);
  const value = evaluate(item.value, text, session, call.parameters);
  if (value instanceof Promise) return value.then((cell) => storeCell(definition, item.scope, cell, session));
  return storeCell(definition, item.scope, value, session);
}

/** SET x = DEFAULT: the global value for a session, the built-in one for a global. */
function defaultFor(
  definition: VariableDefinition,
  scope: 'session' | 'global',
  { host, state }: SessionContext,
): string | null {
  const globals = host.directory.knownGlobals(state.tenant.tenantId) ?? state.identity.globals;
  if (scope === 'session' && definition.scope === 'both') return globals.values[storedName(definition)] ?? null;
  const { default: built } = definition;
  return typeof built === 'function' ? built({ ...host.facts, oracle: state.kind === 'oracle' }) : built;
}

function storeCell(
  definition: VariableDefinition,
  scope: 'session' | 'global',
  value: Cell,
  session: SessionContext,
): MaybePromise<void> {
  const checked = checkAssignment(definition, value);
  const stored = store(definition, scope, checked, session);
  const remark = ineffective(definition, checked);
  if (remark !== null) session.diagnostics.add('Warning', 1235, remark);
  return stored;
}

function store(
  definition: VariableDefinition,
  scope: 'session' | 'global',
  value: string | null,
  session: SessionContext,
): MaybePromise<void> {
  const name = storedName(definition);
  if (scope === 'session') return applyVariable(name, value, session);
  requireGlobal(session.state, 'SUPER');
  return setGlobal(name, value ?? '', session);
}

async function setGlobal(name: string, value: string, session: SessionContext): Promise<void> {
  const { host, state } = session;
  await refuseOwnLock(session);
  await host.directory.setGlobal(state.tenant.tenantId, name, value);
  await host.directory.globals(state.tenant.tenantId, state.kind === 'oracle');
  state.version++;
}

/** SET NAMES: what the client sends and reads, and how its literals compare. */
function setNames(charset: string, collation: string | null, session: SessionContext): void {
  const { variables } = session.state;
  const chosen = charset === 'default' ? utf8mb4 : charsetByName(charset);
  const checked = collation === null ? null : checkAssignment(variableNamed('collation_connection'), collation);
  if (checked !== null && !fits(checked, chosen.name))
    throw fault('ER_COLLATION_CHARSET_MISMATCH', checked, chosen.name);
  variables['character_set_client'] = chosen.name;
  variables['character_set_connection'] = chosen.name;
  variables['character_set_results'] = chosen.name;
  variables['collation_connection'] = checked ?? defaultCollation(chosen.name);
  session.client.setCharset(chosen, chosen);
  session.state.version++;
}

function fits(collation: string, charset: string): boolean {
  return collation === charset || collation.startsWith(`${charset}_`);
}

/** SET CHARACTER SET: as SET NAMES, but literals are taken for the database's set. */
function setCharacterSet(charset: string, session: SessionContext): void {
  const { variables } = session.state;
  const chosen = charset === 'default' ? utf8mb4 : charsetByName(charset);
  variables['character_set_client'] = chosen.name;
  variables['character_set_results'] = chosen.name;
  variables['character_set_connection'] = variables['character_set_database'] ?? 'utf8mb4';
  variables['collation_connection'] = variables['collation_database'] ?? 'utf8mb4_general_ci';
  session.client.setCharset(chosen, chosen);
  session.state.version++;
}

function setTransaction(item: Extract<SetItem, { kind: 'transaction' }>, session: SessionContext): MaybePromise<void> {
  const { state } = session;
  const isolation = item.isolation?.replaceAll(' ', '-') ?? null;
  if (item.scope === 'next') {
    if (state.inTransaction) throw fault('ER_CANT_CHANGE_TX_CHARACTERISTICS');
    if (item.readOnly) throw fault('OB_NOT_SUPPORTED', 'set transaction read only without a scope is');
    if (isolation !== null) {
      state.nextIsolation = isolation;
      state.version++;
    }
    return;
  }
  const scope = item.scope;
  const first = isolation === null ? undefined : storeCell(variableNamed('tx_isolation'), scope, isolation, session);
  const second = () => {
    if (item.readOnly !== null) return storeCell(variableNamed('tx_read_only'), scope, item.readOnly ? 1 : 0, session);
  };
  return first ? first.then(second) : second();
}
