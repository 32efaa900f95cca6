import { fault } from '../../base/errors.ts';
import type { TenantStatement } from '../../sql/ast/statement.ts';
import { parseForPlan } from '../../sql/parse/parse.ts';
import type { ScanOptions } from '../../sql/scan/scanner.ts';
import { normalise } from '../../sql/scan.ts';
import { kindsKey, parameterKind, type ValueKind } from '../../sql/translate/value-kind.ts';
import type { StatementContext, StatementRequest } from '../engine-session.ts';
import { answerOk } from './answer.ts';
import { runChangeStatement } from './change-statement.ts';
import type { ExecuteReply } from './engine-calls.ts';
import { explain } from './explain.ts';
import { flushTables, lockTables } from './lock-tables.ts';
import { maintain } from './maintenance.ts';
import type { CachedPlan } from './plan-cache.ts';
import { seesDatabase } from './privileges.ts';
import type { RowCursor } from './row-cursor.ts';
import { insertFor, runInsert } from './run-insert.ts';
import { planFor, runPlan } from './run-plan.ts';
import type { Session } from './session.ts';
import { describe, show } from './show/show.ts';
import type { SqlTenant } from './sql-tenant.ts';
import type { Transaction } from './transaction.ts';

/** Everything one statement runs with. */
export interface Execution {
  readonly tenant: SqlTenant;
  readonly session: Session;
  readonly transaction: Transaction;
  readonly context: StatementContext;
  readonly request: StatementRequest;
  /** Throws when the statement was interrupted or is past its deadline. */
  readonly check: Check;
}

/** What its rows are read and written with; a change of tables that no statement asked for has it too. */
export type StatementRun = Omit<Execution, 'session' | 'transaction'>;

/** Asked now and then while a statement runs or waits; `deadlineUs` is 0 for never. */
export interface Check {
  (): void;
  readonly deadlineUs: number;
  /** Work inside of SQLite begins. */
  start(): void;
  /** What is waited for now is no work. */
  pause(): void;
  /** The statement is known to take long: throws NeedsOwnThread where it can move. */
  leave(as: 'read' | 'write'): void;
  /** To be called right before a commit: throws when the statement was ended; from then on it cannot be. */
  claim(): void;
  /** The commit is over, and the statement goes on: it can be ended again. */
  disclaim(): void;
  /** SLEEP: answers, or ends this run with NeedsSleep. */
  sleep(seconds: number): 0 | 1;
  /** The plan that runs: it learns how long it takes. */
  plan: CachedPlan | null;
}

export type StatementResult =
  | Extract<ExecuteReply, { readonly kind: 'ok' }>
  | { readonly kind: 'rows'; readonly cursor: RowCursor };

/** Statements whose text is longer are not looked up among cached plans. */
const longestCachedText = 32_768;

/** Runs one statement of a tenant's session. */
export async function runStatement(execution: Execution): Promise<StatementResult> {
  const { context, request, tenant, transaction, check } = execution;
  if (context.autocommit && transaction.open && transaction.implicit) transaction.commitFirst(check);
  if (request.sql.length <= longestCachedText && tenant.meta.mode === 'mysql') {
    const { key, literals } = normalise(request.sql, scanOptions(context));
    const cacheKey = planKey(context, key, parameterKinds(request));
    const plan = tenant.plans.find(cacheKey, literals, request.sql, context.userVariables);
    if (plan) transaction.refuseWhenTakenBack();
    if (plan) leaveWhenLong(execution, plan);
    if (plan?.insert) return runInsert(execution, { insert: plan.insert, statement: plan.statement! }, literals);
    if (plan) return runPlan(execution, plan, literals);
    return dispatch(execution, cacheKey);
  }
  return dispatch(execution, null);
}

/** A plan that took long keeps away from the engine thread, but for a try now and then. */
function leaveWhenLong(execution: Execution, cached: CachedPlan): void {
  const { check, transaction } = execution;
  check.plan = cached;
  startImplicit(execution);
  // It takes the writer lock for its transaction, which another thread would take back at its end.
  if (transaction.open && (cached.locking || cached.plan.kind !== 'query')) return;
  if (cached.longRuns && ++cached.longRuns % runsPerTry > 0)
    check.leave(cached.plan.kind === 'query' ? 'read' : 'write');
}

const runsPerTry = 32;

/** How sql_mode changes the reading of texts. */
export function scanOptions(context: Pick<StatementContext, 'sqlMode'>): ScanOptions {
  const mode = context.sqlMode.toUpperCase();
  return {
    noBackslashEscapes: mode.includes('NO_BACKSLASH_ESCAPES'),
    ansiQuotes: mode.includes('ANSI'),
    pipesAsConcat: mode.includes('PIPES_AS_CONCAT') || /\bANSI\b/.test(mode),
  };
}

export function planKey(context: StatementContext, key: string, kinds: readonly ValueKind[]): string {
  return `${context.database ?? ''}\u0000${context.sqlMode}\u0000${context.collation}\u0000${kindsKey(kinds)}\u0000${key}`;
}

export function parameterKinds({ parameters }: Pick<StatementRequest, 'parameters'>): readonly ValueKind[] {
  return parameters?.map(parameterKind) ?? [];
}

async function dispatch(execution: Execution, cacheKey: string | null): Promise<StatementResult> {
  const { context, request, tenant, transaction } = execution;
  const { statement, fixedSlots } = parseForPlan(request.sql, scanOptions(context));
  if (tenant.meta.mode === 'oracle' && !oracleKinds.has(statement.kind))
    throw fault('OB_NOT_SUPPORTED', 'SQL over tables of an Oracle-mode tenant is');
  if (statement.kind !== 'rollback') transaction.refuseWhenTakenBack();
  switch (statement.kind) {
    case 'insert':
      return insertFor(execution, statement, { cacheKey, fixedSlots });
    case 'query':
    case 'update':
    case 'delete':
      return planFor(execution, statement, { cacheKey, fixedSlots });
    default:
      return other(execution, statement);
  }
}

/** What works in an Oracle-mode tenant, whose tables nobody can read or write here. */
const oracleKinds: ReadonlySet<TenantStatement['kind']> = new Set(['begin', 'commit', 'rollback', 'empty', 'flush']);

async function other(execution: Execution, statement: TenantStatement): Promise<StatementResult> {
  const { transaction, check } = execution;
  switch (statement.kind) {
    case 'begin':
      transaction.commitFirst(check);
      if (!transaction.frozen) transaction.unlockTables(check);
      transaction.begin({ readOnly: statement.readOnly, snapshot: statement.snapshot, implicit: false });
      return answerOk(execution);
    case 'commit':
      transaction.commit(check);
      return answerOk(execution);
    case 'rollback':
      transaction.rollback();
      return answerOk(execution);
    case 'savepoint':
      if (transaction.open || !execution.context.autocommit) {
        startImplicit(execution);
        transaction.savepoint(statement.name);
      }
      return answerOk(execution);
    case 'rollbackTo':
      transaction.rollbackTo(statement.name);
      return answerOk(execution);
    case 'release':
      transaction.release(statement.name);
      return answerOk(execution);
    case 'use':
      return use(execution, statement.name);
    case 'lockTables':
      return lockTables(execution, statement);
    case 'show':
      return show(execution, statement);
    case 'describe':
      return describe(execution, statement);
    case 'explain':
      return explain(execution, statement);
    case 'maintenance':
      return maintain(execution, statement);
    case 'flush':
      return flushTables(execution, statement);
    case 'empty':
      return answerOk(execution);
    case 'unsupported':
      throw fault('OB_NOT_SUPPORTED', statement.feature);
    default:
      return runChangeStatement(execution, statement);
  }
}

/** With autocommit = 0 the first statement that touches data opens a transaction. */
export function startImplicit({ context, transaction }: Execution): void {
  if (context.autocommit || transaction.open) return;
  transaction.begin({ readOnly: false, snapshot: false, implicit: true });
}

function use(execution: Execution, name: string): StatementResult {
  const { context, tenant } = execution;
  const schema = name.toLowerCase();
  if (!tenant.dictionary.hasDatabase(schema)) throw fault('OB_ERR_BAD_DATABASE', name);
  if (!seesDatabase(context, schema)) throw fault('ER_DBACCESS_DENIED', context.user, context.host, schema);
  return answerOk(execution, { database: schema });
}
