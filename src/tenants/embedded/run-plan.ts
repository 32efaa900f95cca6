import { fault } from '../../base/errors.ts';
import type { Delete, Update } from '../../sql/ast/change.ts';
import type { TenantStatement } from '../../sql/ast/statement.ts';
import type { FixedSlot } from '../../sql/parse/cursor.ts';
import { type BindInputs, type BindLiteral, bindCell, bindCells } from '../../sql/translate/bind.ts';
import type { ContextBind, Plan } from '../../sql/translate/plan.ts';
import { type TranslateEnv, translate } from '../../sql/translate/translate.ts';
import type { Cell } from '../../value/column-type.ts';
import { plainInteger } from '../../value/unsigned.ts';
import type { PreparedShape, RowsEnd, StatementContext } from '../engine-session.ts';
import { answerOk } from './answer.ts';
import type { Connection } from './connection.ts';
import { enterStatement } from './connection-setup.ts';
import type { Dictionary } from './dictionary.ts';
import { assignedBy, type Effects, functionContext, newEffects } from './function-context.ts';
import { literalsOf } from './literals-of.ts';
import type { CachedPlan } from './plan-cache.ts';
import { prepared } from './prepared.ts';
import { requirePlanPrivileges } from './privileges.ts';
import { RowCursor } from './row-cursor.ts';
import { runWrite } from './run-write.ts';
import { schemaProvider } from './schema-provider.ts';
import { type Execution, parameterKinds, type StatementResult, type StatementRun, startImplicit } from './statement.ts';

type Plannable = Extract<TenantStatement, { readonly kind: 'query' }> | Update | Delete;

/** Translates a statement, keeps the plan when it may serve again, and runs it. */
export function planFor(
  execution: Execution,
  statement: Plannable,
  cache: { readonly cacheKey: string | null; readonly fixedSlots: readonly FixedSlot[] },
): Promise<StatementResult> {
  const { tenant } = execution;
  const plan = translate(statement, translateEnv(execution));
  const locking = statement.kind === 'query' && statement.query.kind === 'select' && statement.query.lock === 'UPDATE';
  const keyless = statement.kind !== 'query' && isKeyless(statement, plan, tenant.dictionary);
  const cached: CachedPlan = { plan, locking, keyless, sourceSlots: cache.fixedSlots };
  if (cache.cacheKey !== null) tenant.plans.add(cache.cacheKey, cached);
  execution.check.plan = cached;
  const literals = literalsOf(statement);
  return runPlan(execution, cached, literals);
}

/** An UPDATE or DELETE without LIMIT whose condition names no key column: sql_safe_updates refuses it. */
function isKeyless({ where, limit }: Update | Delete, { uses }: Plan, dictionary: Dictionary): boolean {
  if (limit !== null) return false;
  const keys = new Set<string>();
  for (const use of uses) {
    const found = dictionary.table(use.table.schema ?? '', use.table.name);
    const parts = found ? [...found.primaryKey, ...found.keys.flatMap((key) => key.parts.slice(0, 1))] : [];
    for (const { column } of parts) keys.add(column.toLowerCase());
  }
  return !namesColumn(where, keys);
}

function namesColumn(node: unknown, names: ReadonlySet<string>): boolean {
  if (Array.isArray(node)) return node.some((item) => namesColumn(item, names));
  if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return false;
  if ('kind' in node && node.kind === 'column' && 'name' in node) return names.has(String(node.name).toLowerCase());
  return Object.values(node).some((item) => namesColumn(item, names));
}

/** Without a request nothing is known of the parameters. */
export function translateEnv({
  tenant,
  context,
  request,
}: Pick<Execution, 'tenant' | 'context'> & Partial<Pick<Execution, 'request'>>): TranslateEnv {
  return {
    ...(request ? { parameterKinds: parameterKinds(request) } : {}),
    userVariables: context.userVariables,
    schema: schemaProvider(tenant.dictionary),
    database: context.database,
    sqlMode: context.sqlMode,
    collation: context.collation,
    ticks: true,
  };
}

export async function runPlan(
  execution: Execution,
  cached: CachedPlan,
  literals: readonly BindLiteral[],
): Promise<StatementResult> {
  const { plan } = cached;
  const { context, request, transaction } = execution;
  requirePlanPrivileges(context, plan);
  if ((request.parameters?.length ?? 0) !== plan.parameterCount) throw fault('ER_WRONG_ARGUMENTS', 'EXECUTE');
  startImplicit(execution);
  const inputs = bindInputs(execution, literals);
  if (plan.kind !== 'query') {
    if (cached.keyless && Number(context.systemVariables['sql_safe_updates'] ?? 0) !== 0)
      throw fault('ER_UPDATE_WITHOUT_KEY_IN_SAFE_MODE');
    return runWrite(execution, plan, inputs);
  }
  const { check } = execution;
  if (cached.locking && transaction.open) await transaction.startWriting(context, check);
  const lent = await transaction.reader(context, check);
  try {
    const effects = newEffects();
    enterStatement(lent.connection, functionContext(execution, effects), check);
    if (plan.into) return intoVariables(execution, plan, lent.connection, inputs, lent.release);
    const foundRows = plan.foundRows ? countRows(lent.connection, plan.foundRows, inputs) : null;
    return { kind: 'rows', cursor: openCursor(execution, plan, lent, inputs, effects, foundRows) };
  } catch (error) {
    lent.release();
    throw error;
  }
}

export function bindInputs({ context, request, tenant }: StatementRun, literals: readonly BindLiteral[]): BindInputs {
  return {
    literals,
    parameters: request.parameters ?? [],
    context: { ...context, nowUs: request.nowUs, tenantId: tenant.tenantId },
  };
}

/** The arguments of a plan's statement, positional ones first. */
export function planArguments(plan: Plan, inputs: BindInputs, row?: readonly Cell[]): unknown[] {
  const cells: unknown[] = bindCells(plan.binds, inputs, row);
  if (plan.namedBinds.length === 0) return cells;
  const named = Object.fromEntries(
    plan.namedBinds.map((name) => [name, bindCell({ from: 'context', name: name as ContextBind }, inputs)]),
  );
  return [...cells, named];
}

function openCursor(
  execution: Execution,
  plan: Plan,
  lent: { readonly connection: Connection; release(): void },
  inputs: BindInputs,
  effects: Effects,
  foundRows: number | null,
): RowCursor {
  const { request, context } = execution;
  const statement = prepared(lent.connection, plan.sql).raw(true).safeIntegers(plan.wideIntegers);
  const most = plan.limited ? Number.POSITIVE_INFINITY : selectLimit(context);
  let given = 0;
  const rows = statement.iterate(...planArguments(plan, inputs)) as IterableIterator<readonly Cell[]>;
  let lending = true;
  const release = () => {
    if (lending) lent.release();
    lending = false;
  };
  const guarded: Iterator<readonly Cell[]> = {
    next: () => (given++ < most ? rows.next() : (rows.return?.() ?? { done: true, value: undefined })),
    return() {
      rows.return?.();
      release();
      return { done: true, value: undefined };
    },
  };
  const finish = (rowCount: number): RowsEnd => {
    release();
    return {
      rowCount,
      warnings: effects.warnings,
      inTransaction: execution.transaction.open,
      ...(foundRows === null ? {} : { foundRows }),
      ...(effects.lastInsertId === null ? {} : { lastInsertId: effects.lastInsertId }),
      ...assignedBy(effects),
    };
  };
  const form = { format: request.format, charset: context.charset };
  return new RowCursor(plan.columns, guarded, form, execution.check, finish);
}

function selectLimit({ systemVariables }: StatementContext): number {
  return Number(systemVariables['sql_select_limit'] ?? Number.POSITIVE_INFINITY);
}

function countRows(connection: Connection, counting: NonNullable<Plan['foundRows']>, inputs: BindInputs): number {
  return Number(
    prepared(connection, counting.sql)
      .raw(false)
      .pluck(true)
      .get(...bindCells(counting.binds, inputs)),
  );
}

/** SELECT … INTO @a: at most one row, whose cells the session takes over. */
function intoVariables(
  execution: Execution,
  plan: Plan,
  connection: Connection,
  inputs: BindInputs,
  release: () => void,
): StatementResult {
  const names = plan.into!;
  if (names.length !== plan.columns.length) throw fault('ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT');
  const statement = prepared(connection, plan.sql).raw(true).safeIntegers(true);
  const rows = statement.all(...planArguments(plan, inputs)) as Cell[][];
  release();
  if (rows.length > 1) throw fault('ER_SUBQUERY_NO_1_ROW');
  const [row] = rows;
  const assigned = row
    ? Object.fromEntries(names.map((name, i) => [name, plainInteger(plan.columns[i]!.type, row[i] ?? null)]))
    : {};
  return answerOk(execution, { affectedRows: rows.length, assigned });
}

/** Columns and parameter count of a statement that is not run yet. */
export function planShape(
  tenant: Execution['tenant'],
  statement: TenantStatement,
  context: StatementContext,
): PreparedShape | null {
  if (!['query', 'insert', 'update', 'delete'].includes(statement.kind)) return null;
  const plan = translate(statement as Plannable, translateEnv({ tenant, context }));
  return { parameterCount: plan.parameterCount, columns: plan.into ? [] : plan.columns };
}
