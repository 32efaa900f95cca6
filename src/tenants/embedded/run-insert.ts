import { fault, faultText, isFault } from '../../base/errors.ts';
import type { Insert } from '../../sql/ast/change.ts';
import type { FixedSlot } from '../../sql/parse/cursor.ts';
import { oneRow } from '../../sql/parse/value-rows.ts';
import { type BindInputs, type BindLiteral, bindCells } from '../../sql/translate/bind.ts';
import { type InsertPlan, planInsert } from '../../sql/translate/insert.ts';
import type { Plan } from '../../sql/translate/plan.ts';
import type { Cell } from '../../value/column-type.ts';
import { isUnsigned64 } from '../../value/unsigned.ts';
import { autoIncrementColumn, isRowIdSequence, whole } from './auto-increment.ts';
import type { Connection } from './connection.ts';
import { describeDuplicate, isDuplicate } from './duplicate-key.ts';
import { type Effects, mostWarnings } from './function-context.ts';
import { literalsOf } from './literals-of.ts';
import type { CachedPlan } from './plan-cache.ts';
import { prepared } from './prepared.ts';
import { requirePlanPrivileges } from './privileges.ts';
import { checkNumber, lastNumberTaken, lastRowIdGiven, numberingOf } from './row-numbering.ts';
import { bindInputs, planArguments, translateEnv } from './run-plan.ts';
import { runFitting, runOnWriter, type Written } from './run-write.ts';
import { coded, foreignKeyText, hasCode, isForeignKey, isReference } from './sql-errors.ts';
import { type Execution, type StatementResult, type StatementRun, startImplicit } from './statement.ts';
import type { TableSchema } from './table-schema.ts';
import { NarrowKey } from './wide-keys.ts';

/** Plans an INSERT or REPLACE, keeps the plan when it may serve again, and runs it. */
export function insertFor(
  execution: Execution,
  statement: Insert,
  cache: { readonly cacheKey: string | null; readonly fixedSlots: readonly FixedSlot[] },
): Promise<StatementResult> {
  const { tenant, request } = execution;
  const insert = planInsert(statement, translateEnv(execution));
  const shaping = functionLiterals(statement).map(({ slot, start, end }) => ({
    slot,
    text: request.sql.slice(start, end),
  }));
  const sourceSlots = [...cache.fixedSlots, ...shaping];
  const cached: CachedPlan = { plan: insert.plan, insert, statement, locking: false, sourceSlots };
  const small = (statement.rows?.length ?? 0) <= mostCachedRows;
  if (cache.cacheKey !== null && small) tenant.plans.add(cache.cacheKey, cached);
  execution.check.plan = cached;
  return runInsert(
    execution,
    { insert, statement },
    statement.rows && statement.rows.length > 1 ? [] : literalsOf(statement),
  );
}

/** A statement of more rows hardly comes again, and its tree is large. */
const mostCachedRows = 16;

/** Literals inside of calls such as NOW(3): the plan was made for them. */
function functionLiterals(statement: Insert) {
  const runs = statement.rows?.runs ?? [];
  const calls = runs.flatMap((run) =>
    'rows' in run ? run.rows.flatMap((row) => row.filter((value) => value.kind === 'function')) : [],
  );
  return literalsOf(calls).filter(Boolean);
}

export interface PlannedInsert {
  readonly insert: InsertPlan;
  readonly statement: Insert;
}

/** Runs a planned INSERT. Literals missing in `literals` are read from the tree. */
export function runInsert(
  execution: Execution,
  planned: PlannedInsert,
  literals: readonly BindLiteral[],
): Promise<StatementResult> {
  const { context, request } = execution;
  const { plan } = planned.insert;
  requirePlanPrivileges(context, plan);
  if ((request.parameters?.length ?? 0) !== plan.parameterCount) throw fault('ER_WRONG_ARGUMENTS', 'EXECUTE');
  startImplicit(execution);
  return runOnWriter(execution, (writer, effects) => {
    const inputs: BindInputs = {
      ...bindInputs(execution, literals),
      warn: (error) => effects.warnings.push({ level: 'Warning', code: error.errno, message: error.message }),
    };
    return insertWith(execution, writer, effects, planned, inputs);
  });
}

/** Runs an INSERT inside of a writer's transaction that is open already. */
export function insertWith(
  execution: StatementRun,
  writer: Connection,
  effects: Effects,
  planned: PlannedInsert,
  inputs: BindInputs,
): Written {
  const inserter = new Inserter(execution, writer, effects, planned.insert);
  for (const column of planned.insert.ignored) {
    const { errno, message } = fault(
      'ER_WARNING_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN',
      column,
      planned.insert.table.name,
    );
    effects.warnings.push({ level: 'Warning', code: errno, message });
  }
  if (planned.insert.kind === 'rows') {
    const evaluate = (plan: Plan) => readRow(writer, plan, inputs);
    return inserter.run(planned.insert.rows(inputs, evaluate), planned.insert, inputs);
  }
  return insertQuery(execution, writer, effects, planned, inputs, inserter);
}

function readRow(writer: Connection, plan: Plan, inputs: BindInputs): readonly Cell[] {
  return prepared(writer, plan.sql)
    .raw(true)
    .safeIntegers(true)
    .get(...planArguments(plan, inputs)) as Cell[];
}

/**
 * INSERT … SELECT: one SQLite statement where SQLite counts and numbers as MySQL does; otherwise, and to find out which
 * row was a duplicate, row by row.
 */
function insertQuery(
  execution: StatementRun,
  writer: Connection,
  effects: Effects,
  { insert, statement }: PlannedInsert,
  inputs: BindInputs,
  inserter: Inserter,
): Written {
  const rowByRow = () => {
    const source = insert.source!;
    effects.variables.clear();
    const rows = prepared(writer, source.sql)
      .raw(true)
      .safeIntegers(true)
      .all(...planArguments(source, inputs));
    const again = { ...statement, query: null, columns: null, rows: oneRow([]) };
    const single = insert.single ?? planInsert(again, translateEnv(execution));
    return inserter.run(rows as Cell[][], single, inputs);
  };
  const numbered = inserter.table.columns.some((column) => column.autoIncrement) && !isRowIdSequence(inserter.table);
  if (statement.replace || numbered || insert.single) return rowByRow();
  const asks = isRowIdSequence(inserter.table) && !names(statement, inserter.table);
  if (asks && lastRowIdGiven(writer, inserter.table)) throw inserter.overflow();
  const nested = '__ob_query';
  writer.exec(`SAVEPOINT ${nested}`);
  try {
    const { changes, lastInsertRowid } = prepared(writer, insert.plan.sql)
      .safeIntegers(false)
      .run(...planArguments(insert.plan, inputs));
    const inserted = changes - effects.matched;
    const generates = asks && inserted > 0;
    if (inserted > 0 && isRowIdSequence(inserter.table)) checkNumber(inserter.table, BigInt(lastInsertRowid));
    const insertId = generates ? BigInt(lastInsertRowid) - BigInt(inserted) + 1n : 0n;
    const affectedRows = inserted + 2 * effects.changed;
    return {
      affectedRows,
      foundRows: affectedRows + effects.matched - effects.changed,
      insertId: effects.lastInsertId ?? insertId,
      info: insertInfo(changes, effects.matched, effects),
    };
  } catch (error) {
    const again = isDuplicate(error) || (ignores(insert) && isReference(error));
    if (!again) throw inserter.coded(error, null);
    writer.exec(`ROLLBACK TO ${nested}`);
    return rowByRow();
  } finally {
    if (writer.inTransaction) writer.exec(`RELEASE ${nested}`);
  }
}

/** True when the statement names the AUTO_INCREMENT column. */
function names(statement: Insert, table: TableSchema): boolean {
  const column = autoIncrementColumn(table)!.name.toLowerCase();
  return statement.columns === null || statement.columns.some((name) => name.toLowerCase() === column);
}

/** IGNORE leaves out rows that a key is in the way of. */
function ignores({ plan }: InsertPlan): boolean {
  return plan.sql.startsWith('INSERT OR IGNORE');
}

function insertInfo(records: number, duplicates: number, effects: Effects): string {
  return `Records: ${records}  Duplicates: ${duplicates}  Warnings: ${effects.warnings.length}`;
}

const rowsPerCheck = 1024;
const ignoredSavepoint = '__ob_ignored';

function positive(cell: Cell | undefined): bigint | null {
  const value = typeof cell === 'number' ? BigInt(cell) : whole(cell);
  return value > 0n ? value : null;
}

/** Adds rows one by one with one compiled statement. */
class Inserter {
  readonly table: TableSchema;
  readonly #execution: StatementRun;
  readonly #writer: Connection;
  readonly #effects: Effects;

  constructor(execution: StatementRun, writer: Connection, effects: Effects, plan: InsertPlan) {
    this.#execution = execution;
    this.#writer = writer;
    this.#effects = effects;
    this.table = execution.tenant.dictionary.table(plan.table.schema, plan.table.name)!;
  }

  run(rows: Iterable<readonly Cell[]>, insert: InsertPlan, inputs: BindInputs): Written {
    const { plan, clear, autoIncrement } = insert;
    const effects = this.#effects;
    const statement = prepared(this.#writer, plan.sql);
    const clearing = clear ? prepared(this.#writer, clear.sql) : null;
    const numbering = autoIncrement >= 0 ? numberingOf(this.#writer, this.table, () => this.overflow()) : null;
    let records = 0;
    let affectedRows = 0;
    let unmoved = 0;
    let duplicates = 0;
    let givenId = 0n;
    for (const given of rows) {
      effects.rowNumber = ++records;
      if (records % rowsPerCheck === 0) this.#execution.check();
      const row = numbering ? numbering.number(given, autoIncrement) : given;
      const { matched, changed } = effects;
      try {
        const cleared = clearing ? clearing.run(...bindCells(clear!.binds, inputs, row)).changes : 0;
        const result = insert.direct
          ? statement.run(row)
          : runFitting(effects, inputs, (fitting) => statement.run(...bindCells(plan.binds, fitting, row)));
        const { changes } = result;
        if (effects.matched > matched) {
          duplicates++;
          affectedRows += effects.changed > changed ? 2 : 0;
          if (effects.changed === changed) unmoved++;
        } else {
          if (changes === 0) duplicates++;
          affectedRows += changes + cleared;
          duplicates += cleared;
          if (changes > 0) numbering?.added(row[autoIncrement], result.lastInsertRowid);
          if (changes > 0 && autoIncrement >= 0) givenId = positive(given[autoIncrement]) ?? givenId;
          if (changes === 0) this.ignored(insert, row);
        }
      } catch (error) {
        if (!ignores(insert) || !isReference(error)) throw this.coded(error, { plan: insert, cells: row });
        duplicates++;
        this.ignored(insert, row);
      }
    }
    numbering?.finish();
    const insertId = effects.lastInsertId ?? numbering?.first ?? 0n;
    const info = records > 1 || insert.source ? insertInfo(records, duplicates, effects) : '';
    return { affectedRows, foundRows: affectedRows + unmoved, insertId, givenId, info };
  }

  /** IGNORE left a row out: the same row without IGNORE tells why. */
  private ignored(insert: InsertPlan, row: readonly Cell[]): void {
    const { warnings } = this.#effects;
    if (!insert.direct || warnings.length >= mostWarnings) return;
    const plain = insert.plan.sql.replace(/^INSERT OR IGNORE/, 'INSERT');
    try {
      this.#writer.exec(`SAVEPOINT ${ignoredSavepoint}`);
      prepared(this.#writer, plain).run(row);
    } catch (error) {
      const cause = coded(this.coded(error, { plan: insert, cells: row }));
      if (isFault(cause)) warnings.push({ level: 'Warning', code: cause.errno, message: cause.message });
    } finally {
      this.#writer.exec(`ROLLBACK TO ${ignoredSavepoint}; RELEASE ${ignoredSavepoint}`);
    }
  }

  /** SQLite has given its last number. */
  overflow(): Error {
    return isUnsigned64(autoIncrementColumn(this.table)!.type) ? new NarrowKey() : fault('ER_AUTOINC_READ_FAILED');
  }

  coded(error: unknown, wanted: { readonly plan: InsertPlan; readonly cells: readonly Cell[] } | null): unknown {
    // SQLite says so when the largest row number is taken.
    if (hasCode(error, 'SQLITE_FULL') && lastNumberTaken(this.#writer, this.table)) return this.overflow();
    if (isDuplicate(error)) return describeDuplicate(this.#execution.tenant, error, wanted);
    if (isForeignKey(error)) return faultText('ER_NO_REFERENCED_ROW', foreignKeyText.child, error);
    return error;
  }
}
