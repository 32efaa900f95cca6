import { fault } from '../base/errors.ts';
import { createViews, viewSchema } from '../catalog/view-reader.ts';
import type { Cell } from '../value/column-type.ts';
import { plainInteger } from '../value/unsigned.ts';
import type { CatalogPlan, CatalogRows, PlannedQuery } from './catalog-queries.ts';
import { CatalogQueries } from './catalog-queries.ts';
import type { Call, MaybePromise } from './client.ts';
import { deadlineOf, forward, forwardDirect, forwardedColumns } from './engine-statements.ts';
import { requireViews } from './privileges.ts';
import type { Runnable } from './runnable.ts';
import { countParameters, refuseParameters } from './runnable.ts';
import { sendRows } from './send-rows.ts';
import type { SessionContext } from './session-context.ts';
import type { SessionHost } from './session-host.ts';
import { variable } from './session-state.ts';
import { readSessionTables } from './session-tables.ts';
import { runSleeping } from './sleeping.ts';

const queriesOf = new WeakMap<SessionHost, CatalogQueries>();

/** The catalog queries of a server; its plans are shared by all sessions. */
export function catalogQueries(host: SessionHost): CatalogQueries {
  let queries = queriesOf.get(host);
  if (!queries) {
    const { release, catalog } = host.controller;
    queries = new CatalogQueries(createViews(release, catalog));
    queriesOf.set(host, queries);
  }
  return queries;
}

/** A SELECT and its relatives, for PREPARE. It is planned anew at each run: plans are cached by text anyway. */
export function queryRunnable(text: string): Runnable {
  return {
    parameterCount: countParameters(text),
    columns(session) {
      const { query } = catalogQueries(session.host).plan(text, session.state);
      if (query.where === 'engine') return forwardedColumns(text, session);
      return query.plan.into ? [] : query.plan.columns;
    },
    run: (session, call) => runQuery(text, session, call),
  };
}

/** Runs a query's text where it belongs. */
export function runQuery(text: string, session: SessionContext, call: Call): MaybePromise<void> {
  const planned = catalogQueries(session.host).plan(text, session.state);
  if (planned.query.where === 'engine') return forward(text, session, call);
  return answerQuery(text, planned.query, planned, session, call);
}

/** As `runQuery` for a text that came by itself: it must not hold `?`. */
export function runDirectQuery(text: string, session: SessionContext, call: Call): MaybePromise<void> {
  const planned = catalogQueries(session.host).plan(text, session.state);
  if (planned.query.where === 'engine') return forwardDirect(text, session, call);
  if (planned.query.plan.parameterCount > 0) refuseParameters(queryRunnable(text));
  return answerQuery(text, planned.query, planned, session, call);
}

function answerQuery(
  text: string,
  query: CatalogPlan,
  { literals }: PlannedQuery,
  session: SessionContext,
  call: Call,
): MaybePromise<void> {
  requireViews(session.state, query.plan, viewSchema(session.state.kind));
  const send = (rows: Readonly<Record<string, string>> | null): MaybePromise<void> => {
    const run = () => catalogQueries(session.host).run(query, literals, call.parameters, session.live, rows);
    if (!query.sleeps) return sendAnswer(run(), query, session, call);
    const { nowUs } = session.live;
    const sleeping = { overTables: query.plan.uses.length > 0, deadlineUs: deadlineOf(text, session.state, nowUs) };
    return runSleeping(session, sleeping, run).then((read) => sendAnswer(read, query, session, call));
  };
  if (query.sessionTables.length === 0) return send(null);
  return readSessionTables(query.sessionTables, session).then(send);
}

function sendAnswer(
  read: CatalogRows,
  query: CatalogPlan,
  session: SessionContext,
  { answer, more }: Call,
): MaybePromise<void> {
  const { state, diagnostics } = session;
  const result = cut(read, query, session);
  state.foundRows = result.foundRows;
  if (query.plan.into) {
    assignInto(query.plan.into, result, session);
    return answer.ok({ affectedRows: result.rows.length, warnings: diagnostics.count, more });
  }
  state.rowCount = -1n;
  return sendRows(answer, result.columns, result.rows, { warnings: diagnostics.count, more }, result.moments);
}

/** sql_select_limit, for queries without a LIMIT of their own. */
function cut(result: CatalogRows, { plan }: CatalogPlan, { state }: SessionContext): CatalogRows {
  const most = plan.limited ? Number.POSITIVE_INFINITY : Number(variable(state, 'sql_select_limit'));
  return result.rows.length <= most ? result : { ...result, rows: result.rows.slice(0, most), foundRows: BigInt(most) };
}

/** SELECT … INTO @a, @b: one row at most. */
function assignInto(names: readonly string[], { rows, columns }: CatalogRows, session: SessionContext): void {
  const { state, diagnostics } = session;
  if (names.length !== columns.length) throw fault('ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT');
  if (rows.length > 1) throw fault('ER_TOO_MANY_ROWS');
  state.rowCount = BigInt(rows.length);
  const [row] = rows;
  if (!row) {
    diagnostics.add('Warning', 1329, 'No data - zero rows fetched, selected, or processed');
    return;
  }
  const assigned: Record<string, Cell> = { ...state.userVariables };
  names.forEach((name, index) => {
    assigned[name] = plainInteger(columns[index]!.type, row[index] ?? null);
  });
  state.userVariables = Object.freeze(assigned);
  state.version++;
}
