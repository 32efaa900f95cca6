import { fault } from '../base/errors.ts';
import { sysTenantId } from '../catalog/tenants.ts';
import { parseForPlan } from '../sql/parse/parse.ts';
import { utf8mb4 } from '../value/charset.ts';
import type { Call } from './client.ts';
import { forward, loseTransaction, refuseWhenLost, runInEngine } from './engine-statements.ts';
import { plainRunnable, type Runnable } from './runnable.ts';
import type { SessionContext } from './session-context.ts';

/** BEGIN, COMMIT and ROLLBACK: the engine's business, once there is one. */
export function transactionRunnable(text: string, session: SessionContext): Runnable {
  const { statement } = parseForPlan(text, session.state.scan);
  if (statement.kind === 'unsupported') throw fault('OB_NOT_SUPPORTED', statement.feature);
  if (statement.kind === 'begin') return plainRunnable(text, (at, call) => begin(text, at, call));
  const { kind } = statement;
  if (kind === 'commit' || kind === 'rollback') return plainRunnable(text, (at, call) => end(kind, text, at, call));
  return plainRunnable(text, (at, call) => forward(text, at, call));
}

/**
 * The system tenant's engine is not started for the sake of a BEGIN: most of its sessions read views only, and drivers begin
 * and commit around everything.
 */
function begin(text: string, session: SessionContext, call: Call): Promise<void> | void {
  const { state } = session;
  refuseWhenLost(state);
  if (session.openEngine !== null || state.tenant.tenantId !== sysTenantId) return forward(text, session, call);
  state.pendingBegin = text;
  state.rowCount = 0n;
  state.inTransaction = true;
  session.showStatus();
  call.answer.ok({ more: call.more });
}

/** A BEGIN the engine has not heard of ends here. So does a transaction that was lost with its engine, but by ROLLBACK only. */
function end(kind: 'commit' | 'rollback', text: string, session: SessionContext, call: Call): Promise<void> | void {
  const { state } = session;
  if (kind === 'commit') refuseWhenLost(state);
  if (session.openEngine !== null && state.pendingBegin === null) {
    const said = forward(text, session, call);
    if (kind === 'commit') return said;
    return said.catch((error: unknown) => {
      if (!state.mustRollBack) throw error;
      endHere(session, call);
    });
  }
  endHere(session, call);
}

function endHere(session: SessionContext, call: Call): void {
  session.state.rowCount = 0n;
  endOpen(session);
  call.answer.ok({ more: call.more });
}

function endOpen(session: SessionContext): void {
  const { state } = session;
  state.pendingBegin = null;
  state.mustRollBack = false;
  if (!state.inTransaction) return;
  state.inTransaction = false;
  session.showStatus();
}

/** Commits what is open for a statement of the session that commits before it begins. */
export function commitOpen(session: SessionContext): Promise<void> | void {
  const { state } = session;
  if (!state.inTransaction) return;
  refuseWhenLost(state);
  if (session.openEngine === null || state.pendingBegin !== null) return endOpen(session);
  return commitInEngine(session);
}

async function commitInEngine(session: SessionContext): Promise<void> {
  try {
    await runInEngine('COMMIT', session, { parameters: [], answer: { format: 'text', charset: utf8mb4 } });
  } catch (error) {
    // Nobody said COMMIT: the client must hear of it before it goes on.
    if (!session.state.inTransaction) loseTransaction(session);
    throw error;
  }
  endOpen(session);
}

/** 1192 for a statement that waits for the tenant's writers while the session itself is the one it would wait for. */
export async function refuseOwnLock({ openEngine }: SessionContext): Promise<void> {
  // An engine that is lost holds nothing.
  const transaction = await openEngine?.transaction().catch(() => null);
  if (transaction?.holdsWriter) throw fault('ER_LOCK_OR_ACTIVE_TRANSACTION');
}
