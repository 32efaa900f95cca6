import { fault } from '../base/errors.ts';
import { sysTenantId } from '../catalog/tenants.ts';
import { viewSchema } from '../catalog/view-reader.ts';
import type { Expression } from '../sql/ast/expression.ts';
import type { TenantStatement } from '../sql/ast/statement.ts';
import { parseForPlan } from '../sql/parse/parse.ts';
import { utf8mb4 } from '../value/charset.ts';
import type { Call, MaybePromise } from './client.ts';
import { forward, runInEngine } from './engine-statements.ts';
import { evaluate } from './evaluate.ts';
import { hasGlobal } from './privileges.ts';
import { plainRunnable, type Runnable } from './runnable.ts';
import type { SessionContext } from './session-context.ts';

/** USE, KILL, DO and FLUSH. */
export function administrationRunnable(text: string, session: SessionContext): Runnable {
  const { statement } = parseForPlan(text, session.state.scan);
  return plainRunnable(text, (at, call) => run(statement, text, at, call));
}

async function run(statement: TenantStatement, text: string, session: SessionContext, call: Call): Promise<void> {
  const { answer, more } = call;
  switch (statement.kind) {
    case 'unsupported':
      throw fault('OB_NOT_SUPPORTED', statement.feature);
    case 'use':
      await useDatabase(statement.name, session);
      break;
    case 'kill':
      await killBy(statement.id, statement.query, session, call);
      break;
    case 'do':
      for (const expression of statement.expressions) await evaluate(expression, text, session, call.parameters);
      break;
    case 'flush':
      if (statement.lock && statement.tables.length === 0 && session.state.kind === 'sys')
        throw fault('OB_NOT_SUPPORTED', 'flush tables with read lock in the system tenant is');
      return forward(text, session, call);
    default:
      return forward(text, session, call);
  }
  session.state.rowCount = 0n;
  answer.ok({ more });
}

/** Databases every tenant has without an engine knowing of them. */
function isServerDatabase(name: string, session: SessionContext): boolean {
  const { state } = session;
  if (name === viewSchema(state.kind)) return true;
  return name === 'information_schema' && state.kind !== 'oracle';
}

/** Chooses the session's database; 1049 when there is none of that name. */
export async function useDatabase(name: string, session: SessionContext): Promise<void> {
  const { state } = session;
  const folded = name.toLowerCase();
  if (name === '') throw fault('ER_NO_DB');
  if (isServerDatabase(folded, session)) {
    state.database = state.kind === 'oracle' ? 'SYS' : folded;
  } else {
    const quoted = `USE \`${name.replaceAll('`', '``')}\``;
    const outcome = await runInEngine(quoted, session, { parameters: [], answer: silentForm });
    state.database = outcome.kind === 'ok' && outcome.database ? outcome.database : folded;
  }
  state.version++;
}

/** The form of rows nobody reads. */
const silentForm = { format: 'text', charset: utf8mb4 } as const;

async function killBy(id: Expression, queryOnly: boolean, session: SessionContext, call: Call): Promise<void> {
  const value = await evaluate(id, '', session, call.parameters);
  const threadId = Number(value);
  if (!Number.isInteger(threadId)) throw fault('ER_NO_SUCH_THREAD', String(value));
  killThread(threadId, queryOnly, session);
}

/** KILL and KILL QUERY. 1094 for a thread that is not there, 1095 for one of somebody else. */
export function killThread(threadId: number, queryOnly: boolean, session: SessionContext): MaybePromise<void> {
  const { state, host } = session;
  const target = host.registry.get(threadId);
  const mine = state.identity.tenant.tenantId;
  if (!target || (mine !== sysTenantId && target.tenantId !== mine)) throw fault('ER_NO_SUCH_THREAD', threadId);
  const sameUser = target.user === state.identity.account.user && target.tenantId === mine;
  if (!sameUser && !hasGlobal(state.grants, 'SUPER')) throw fault('ER_KILL_DENIED', threadId);
  if (queryOnly) return target.interrupt();
  if (threadId === session.client.threadId) {
    setImmediate(() => target.turnOut());
    throw fault('OB_ERR_QUERY_INTERRUPTED');
  }
  target.turnOut();
}
