import { fault } from '../base/errors.ts';
import { sysTenantId } from '../catalog/tenants.ts';
import { parseForPlan } from '../sql/parse/parse.ts';
import type { Call } from './client.ts';
import { forward } from './engine-statements.ts';
import { plainRunnable, type Runnable } from './runnable.ts';
import type { SessionContext } from './session-context.ts';

/** BEGIN, COMMIT and ROLLBACK: the engine's business, once there is one. */
export function transactionRunnable(text: string, session: SessionContext): Runnable {
  const { statement } = parseForPlan(text, session.state.scan);
  if (statement.kind === 'unsupported') throw fault('OB_NOT_SUPPORTED', statement.feature);
  if (statement.kind === 'begin') return plainRunnable(text, (at, call) => begin(text, at, call));
  if (statement.kind === 'commit' || statement.kind === 'rollback')
    return plainRunnable(text, (at, call) => end(text, at, call));
  return plainRunnable(text, (at, call) => forward(text, at, call));
}

/**
 * The system tenant's engine is not started for the sake of a BEGIN: most of its sessions read views only, and drivers begin
 * and commit around everything.
 */
function begin(text: string, session: SessionContext, call: Call): Promise<void> | void {
  const { state } = session;
  if (session.openEngine !== null || state.tenant.tenantId !== sysTenantId) return forward(text, session, call);
  state.pendingBegin = text;
  state.rowCount = 0n;
  state.inTransaction = true;
  session.showStatus();
  call.answer.ok({ more: call.more });
}

function end(text: string, session: SessionContext, call: Call): Promise<void> | void {
  const { state } = session;
  if (session.openEngine !== null && state.pendingBegin === null) return forward(text, session, call);
  state.pendingBegin = null;
  state.rowCount = 0n;
  if (state.inTransaction) {
    state.inTransaction = false;
    session.showStatus();
  }
  call.answer.ok({ more: call.more });
}
