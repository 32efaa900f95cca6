import { faultText } from '../../base/errors.ts';
import type { BindInputs } from '../../sql/translate/bind.ts';
import type { Plan, WritePart } from '../../sql/translate/plan.ts';
import type { Cell } from '../../value/column-type.ts';
import { answerOk } from './answer.ts';
import type { Connection } from './connection.ts';
import { enterStatement } from './connection-setup.ts';
import { describeDuplicate, duplicateValue, isDuplicate } from './duplicate-key.ts';
import { assignedBy, type Effects, functionContext, newEffects } from './function-context.ts';
import { prepared } from './prepared.ts';
import { planArguments } from './run-plan.ts';
import { foreignKeyText, isForeignKey } from './sql-errors.ts';
import type { Execution, StatementResult } from './statement.ts';
import { quoteName } from './table-schema.ts';
import { widenKeys } from './wide-keys.ts';

/** What a write did, as the OK packet tells it. */
export interface Written {
  readonly affectedRows: number;
  readonly foundRows?: number;
  readonly insertId: bigint;
  readonly givenId?: bigint;
  readonly info: string;
}

/**
 * Runs a write on the writer: alone it is a transaction of its own; inside of one a failure takes back only this
 * statement.
 */
export async function runOnWriter(execution: Execution, work: Work): Promise<StatementResult> {
  try {
    return await runOnce(execution, work);
  } catch (error) {
    if (!(await widenKeys(execution, error))) throw error;
    return runOnce(execution, work);
  }
}

type Work = (writer: Connection, effects: Effects) => Written;

async function runOnce(execution: Execution, work: Work): Promise<StatementResult> {
  const { transaction, context } = execution;
  const { check } = execution;
  const writer = await transaction.startWriting(context, check);
  transaction.requireForeignKeys(context);
  const effects = newEffects();
  enterStatement(writer, functionContext(execution, effects), check);
  const alone = !transaction.open;
  if (!alone) writer.exec(`SAVEPOINT ${statementSavepoint}`);
  let written: Written;
  try {
    written = work(writer, effects);
    check.claim();
    if (alone) transaction.commit(check);
  } catch (error) {
    if (alone) transaction.rollback();
    else if (writer.inTransaction) writer.exec(`ROLLBACK TO ${statementSavepoint}; RELEASE ${statementSavepoint}`);
    transaction.settle();
    throw error;
  }
  if (!alone) writer.exec(`RELEASE ${statementSavepoint}`);
  return answerOk(execution, { ...written, warnings: effects.warnings, ...assignedBy(effects) });
}

const statementSavepoint = '__ob_statement';

/** Runs an UPDATE or DELETE. */
export function runWrite(execution: Execution, plan: Plan, given: BindInputs): Promise<StatementResult> {
  return runOnWriter(execution, (writer, effects) => {
    effects.countsRows = true;
    // A value may stand in the text more than once, and is told of once, when a row took it.
    const fitted = new Map<string, number>();
    const inputs: BindInputs = { ...given, warn: ({ errno, message }) => fitted.set(message, errno) };
    const changes = runFitting(effects, inputs, (fitting) => runCounted(execution, writer, plan, fitting));
    if (plan.kind === 'delete') return { affectedRows: changes, insertId: 0n, info: '' };
    const { matched } = effects;
    if (matched > 0) for (const [message, code] of fitted) effects.warnings.push({ level: 'Warning', code, message });
    // IGNORE leaves rows as they were after they were met.
    const changed = Math.max(0, effects.changed - (matched - changes));
    const info = `Rows matched: ${matched}  Changed: ${changed}  Warnings: ${effects.warnings.length}`;
    return { affectedRows: changed, foundRows: matched, insertId: effects.lastInsertId ?? 0n, info };
  });
}

/** Runs a write some of whose values may not fit their columns, which is an error once it met a row. */
export function runFitting<T>(effects: Effects, inputs: BindInputs, run: (inputs: BindInputs) => T): T {
  const unfit: unknown[] = [];
  const { matched } = effects;
  const wrong = () => unfit.length > 0 && effects.matched > matched;
  try {
    const done = run({ ...inputs, unfit: (error) => void unfit.push(error) });
    if (!wrong()) return done;
  } catch (error) {
    if (!wrong()) throw error;
  }
  throw unfit[0];
}

function runCounted(execution: Execution, writer: Connection, plan: Plan, inputs: BindInputs): number {
  const nested = '__ob_write';
  const write = () =>
    plan.parts ? runParts(execution, writer, plan, plan.parts, inputs) : runText(writer, plan, inputs);
  writer.exec(`SAVEPOINT ${nested}`);
  try {
    return write();
  } catch (error) {
    if (isForeignKey(error)) throw brokenForeignKey(execution, plan, error);
    if (!isDuplicate(error)) throw error;
    if (writer.inTransaction) writer.exec(`ROLLBACK TO ${nested}`);
    throw describeDuplicate(execution.tenant, error, duplicateValue(execution.tenant, writer, error, write));
  } finally {
    if (writer.inTransaction) writer.exec(`RELEASE ${nested}`);
  }
}

function runText(writer: Connection, plan: Plan, inputs: BindInputs): number {
  return prepared(writer, plan.sql).run(...planArguments(plan, inputs)).changes;
}

const rowsPerCheck = 1024;

/** All rows are read before the first is written. */
function runParts(
  execution: Execution,
  writer: Connection,
  plan: Plan,
  parts: readonly WritePart[],
  inputs: BindInputs,
): number {
  const rows = parts.map(
    (part) =>
      prepared(writer, part.rows.sql)
        .raw(true)
        .safeIntegers(true)
        .all(...planArguments({ ...plan, ...part.rows }, inputs)) as Cell[][],
  );
  let changes = 0;
  let done = 0;
  for (const [index, { write }] of parts.entries()) {
    const statement = prepared(writer, write.sql);
    for (const row of rows[index]!) {
      if (++done % rowsPerCheck === 0) execution.check();
      changes += statement.run(...planArguments({ ...plan, ...write }, inputs, row)).changes;
    }
  }
  return changes;
}

/** 1452 when the write gave a row a parent that is not there, 1451 when it took a parent away. */
function brokenForeignKey({ tenant, context }: Execution, plan: Plan, cause: unknown): Error {
  const written = plan.uses.find(({ privilege }) => privilege === 'UPDATE');
  const table = written && tenant.dictionary.table(written.table.schema ?? context.database ?? '', written.table.name);
  const text = plan.parts?.map(({ write }) => write.sql).join(' ') ?? plan.sql;
  const child = table?.foreignKeys.some((key) => key.columns.some((column) => assigns(text, column)));
  return child
    ? faultText('ER_NO_REFERENCED_ROW', foreignKeyText.child, cause)
    : faultText('ER_ROW_IS_REFERENCED', foreignKeyText.parent, cause);
}

function assigns(sql: string, column: string): boolean {
  return sql.toLowerCase().includes(`${quoteName(column.toLowerCase())} = `);
}
