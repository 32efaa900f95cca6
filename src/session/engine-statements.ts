import { fault, isFault } from '../base/errors.ts';
import type { EngineSession, RowsEnd, StatementOutcome } from '../tenants/engine-session.ts';
import type { Cell, ResultColumn } from '../value/column-type.ts';
import type { Call } from './client.ts';
import type { Runnable } from './runnable.ts';
import { countParameters, refuseParameters } from './runnable.ts';
import type { SessionContext } from './session-context.ts';
import { type SessionState, variableNumber } from './session-state.ts';

type OkOutcome = Extract<StatementOutcome, { readonly kind: 'ok' }>;
type RowsOutcome = Extract<StatementOutcome, { readonly kind: 'rows' }>;

/** A statement of the tenant's own SQL, for PREPARE. */
export function engineRunnable(text: string): Runnable {
  return {
    parameterCount: countParameters(text),
    columns: (session) => forwardedColumns(text, session),
    run: (session, call) => forward(text, session, call),
  };
}

/** Columns a statement will have in the tenant's engine. */
export async function forwardedColumns(text: string, session: SessionContext): Promise<readonly ResultColumn[]> {
  const engine = await session.engine();
  const { columns } = await engine.prepare(text, session.contexts.of(text, 'utf8mb4'));
  return columns;
}

/** Runs a text in the tenant's engine and hands its answer on. */
export async function forward(text: string, session: SessionContext, call: Call): Promise<void> {
  const outcome = await runInEngine(text, session, call);
  if (outcome.kind === 'ok') answerOk(outcome, session, call);
  else await answerRows(outcome, session, call);
}

/** As `forward` for a text that came by itself: a `?` in it is a syntax error. */
export async function forwardDirect(text: string, session: SessionContext, call: Call): Promise<void> {
  try {
    await forward(text, session, call);
  } catch (error) {
    if (isFault(error, 'OB_INVALID_ARGUMENT') || isFault(error, 'ER_WRONG_ARGUMENTS'))
      refuseParameters(engineRunnable(text));
    throw error;
  }
}

/** Runs a text in the tenant's engine for the session's own purposes. */
export async function runInEngine(
  text: string,
  session: SessionContext,
  { parameters, answer }: Pick<Call, 'parameters'> & { readonly answer: Pick<Call['answer'], 'format' | 'charset'> },
): Promise<StatementOutcome> {
  const { state } = session;
  refuseWhenLost(state);
  const engine = await session.engine();
  await sayPendingBegin(engine, session);
  const { nowUs } = session.live;
  try {
    return await engine.execute({
      sql: text,
      parameters,
      format: answer.format,
      context: session.contexts.of(text, answer.charset.name),
      nowUs,
      deadlineUs: deadlineOf(text, state, nowUs),
    });
  } catch (error) {
    await noteFailure(error, session);
    throw error;
  }
}

/** BEGIN that was said before the engine session existed. */
async function sayPendingBegin(engine: EngineSession, session: SessionContext): Promise<void> {
  const { state } = session;
  const begin = state.pendingBegin;
  if (begin === null) return;
  state.pendingBegin = null;
  const { nowUs } = session.live;
  const context = session.contexts.of(begin, 'utf8mb4');
  await engine.execute({ sql: begin, format: 'text', context, nowUs, deadlineUs: 0 });
}

/** 6224 while a transaction that is lost waits for its ROLLBACK. */
export function refuseWhenLost({ mustRollBack }: Pick<SessionState, 'mustRollBack'>): void {
  if (mustRollBack) throw fault('OB_TRANS_NEED_ROLLBACK');
}

/** What was written is gone, and nothing goes on before the client says ROLLBACK. */
export function loseTransaction(session: SessionContext): void {
  session.state.inTransaction = true;
  session.state.mustRollBack = true;
  session.showStatus();
}

/**
 * An engine that stopped, or that closed the session, is opened anew by the next statement. A transaction that was open there is
 * lost, and the client has to say that it knows. Of any other failure the engine says whether its transaction is still open.
 */
async function noteFailure(error: unknown, session: SessionContext): Promise<void> {
  const { state } = session;
  if (isFault(error, 'OB_SESSION_KILLED') || isFault(error, 'OB_ERR_UNEXPECTED')) {
    const lost = state.inTransaction;
    await session.leaveEngine().catch(() => undefined);
    if (lost) loseTransaction(session);
    return;
  }
  const transaction = await session.openEngine?.transaction().catch(() => null);
  if (transaction) noteTransaction(transaction.open, session);
}

function answerOk(outcome: OkOutcome, session: SessionContext, { answer, more }: Call): void {
  const { state, diagnostics } = session;
  noteEnd(outcome, session);
  const affectedRows = (session.client.foundRows ? outcome.foundRows : undefined) ?? outcome.affectedRows;
  state.rowCount = BigInt(affectedRows);
  if (outcome.insertId !== 0n) state.lastInsertId = outcome.insertId;
  if (outcome.database !== undefined) {
    state.database = outcome.database;
    state.version++;
  }
  if (outcome.accountsChanged) session.host.directory.forgetAccounts(state.tenant.tenantId);
  answer.ok({
    affectedRows,
    insertId: outcome.insertId !== 0n ? outcome.insertId : (outcome.givenId ?? 0n),
    info: outcome.info,
    warnings: diagnostics.count,
    more,
  });
}

/** Batches go on as they come; a client that leaves ends the statement. */
async function answerRows(
  { columns, batches }: RowsOutcome,
  session: SessionContext,
  { answer, more }: Call,
): Promise<void> {
  const { state, diagnostics } = session;
  let ended: RowsEnd | null = null;
  try {
    answer.rows(columns);
    for (;;) {
      const next = await batches.next();
      if (next.done) {
        ended = next.value;
        break;
      }
      const sent = answer.batch(next.value);
      if (sent) await sent;
    }
  } catch (error) {
    await noteFailure(error, session);
    throw error;
  } finally {
    if (ended === null) await batches.return(noEnd).catch(() => undefined);
  }
  noteEnd(ended, session);
  state.foundRows = BigInt(ended.rowCount);
  state.rowCount = -1n;
  answer.end({ warnings: diagnostics.count, more });
}

const noEnd: RowsEnd = { rowCount: 0, warnings: [], inTransaction: false };

/** What every end of a statement in an engine leaves in the session. */
function noteEnd(end: Pick<RowsEnd, 'warnings' | 'inTransaction' | 'assigned'>, session: SessionContext): void {
  const { state, diagnostics } = session;
  diagnostics.addAll(end.warnings);
  if (end.assigned) assign(state, end.assigned);
  noteTransaction(end.inTransaction, session);
}

/** What SET TRANSACTION said holds until the end of the next transaction, which may be one statement. */
function noteTransaction(open: boolean, session: SessionContext): void {
  const { state } = session;
  if (!open && state.nextIsolation !== null) {
    state.nextIsolation = null;
    state.version++;
  }
  if (state.inTransaction === open) return;
  state.inTransaction = open;
  session.showStatus();
}

/** Gives user variables new values. */
export function assign(state: SessionState, values: Readonly<Record<string, Cell>>): void {
  state.userVariables = Object.freeze({ ...state.userVariables, ...values });
  state.version++;
}

const timeoutHint = /\/\*\+[^*]*\bquery_timeout\s*\(\s*(\d+)\s*\)/i;

/** When a statement must have ended: ob_query_timeout, or the hint's. */
export function deadlineOf(text: string, state: SessionState, nowUs: number): number {
  const hint = text.includes('/*+') ? timeoutHint.exec(text.slice(0, 1000)) : null;
  const limitUs = hint ? Number(hint[1]) : variableNumber(state, 'ob_query_timeout');
  return limitUs > 0 ? nowUs + limitUs : 0;
}
