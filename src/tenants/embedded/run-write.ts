import { faultText } from '../../base/errors.ts';
import type { BindInputs } from '../../sql/translate/bind.ts';
import type { Plan } from '../../sql/translate/plan.ts';
import { answerOk } from './answer.ts';
import type { Connection } from './connection.ts';
import { enterStatement } from './connection-setup.ts';
import { describeDuplicate, isDuplicate } from './duplicate-key.ts';
import { type Effects, functionContext, newEffects } from './function-context.ts';
import { prepared } from './prepared.ts';
import { planArguments } from './run-plan.ts';
import { foreignKeyText, isForeignKey } from './sql-errors.ts';
import type { Execution, StatementResult } from './statement.ts';

/** What a write did, as the OK packet tells it. */
export interface Written {
  readonly affectedRows: number;
  readonly insertId: bigint;
  readonly info: string;
}

/**
 * Runs a write on the writer: alone it is a transaction of its own; inside of one a failure takes back only this
 * statement.
 */
export async function runOnWriter(
  execution: Execution,
  work: (writer: Connection, effects: Effects) => Written,
): Promise<StatementResult> {
  const { transaction, context } = execution;
  const check = () => execution.check();
  const writer = await transaction.startWriting(context, check);
  const effects = newEffects();
  enterStatement(writer, functionContext(execution, effects), check);
  const alone = !transaction.open;
  if (!alone) writer.exec(`SAVEPOINT ${statementSavepoint}`);
  let written: Written;
  try {
    written = work(writer, effects);
  } catch (error) {
    if (alone) transaction.rollback();
    else if (writer.inTransaction) writer.exec(`ROLLBACK TO ${statementSavepoint}; RELEASE ${statementSavepoint}`);
    else transaction.rollback();
    throw error;
  }
  if (alone) transaction.commit();
  else writer.exec(`RELEASE ${statementSavepoint}`);
  return answerOk(execution, { ...written, warnings: effects.warnings });
}

const statementSavepoint = '__ob_statement';

/** Runs an UPDATE or DELETE. */
export function runWrite(execution: Execution, plan: Plan, inputs: BindInputs): Promise<StatementResult> {
  return runOnWriter(execution, (writer, effects) => {
    const changes = runCounted(execution, writer, plan, inputs);
    if (plan.kind === 'delete') return { affectedRows: changes, insertId: 0n, info: '' };
    const { matched, changed } = effects;
    const info = `Rows matched: ${matched}  Changed: ${changed}  Warnings: ${effects.warnings.length}`;
    return { affectedRows: changed, insertId: effects.lastInsertId ?? 0n, info };
  });
}

function runCounted(execution: Execution, writer: Connection, plan: Plan, inputs: BindInputs): number {
  try {
    return prepared(writer, plan.sql).run(...planArguments(plan, inputs)).changes;
  } catch (error) {
    if (isForeignKey(error)) throw faultText('ER_ROW_IS_REFERENCED', foreignKeyTextOf(execution, plan), error);
    if (isDuplicate(error)) throw describeDuplicate(execution.tenant, error, null);
    throw error;
  }
}

function foreignKeyTextOf(_execution: Execution, _plan: Plan): string {
  return foreignKeyText.parent;
}
