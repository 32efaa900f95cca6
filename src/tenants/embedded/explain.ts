import { fault } from '../../base/errors.ts';
import type { Explain } from '../../sql/ast/session.ts';
import { translate } from '../../sql/translate/translate.ts';
import { answerColumn, answerRows, longText } from './answer.ts';
import { enterStatement } from './connection-setup.ts';
import { functionContext } from './function-context.ts';
import { requirePlanPrivileges } from './privileges.ts';
import { translateEnv } from './run-plan.ts';
import type { Execution, StatementResult } from './statement.ts';

/** EXPLAIN: the steps SQLite takes, one row a step, indented by their depth. */
export function explain(execution: Execution, { statement }: Explain): StatementResult {
  if (
    statement.kind !== 'query' &&
    statement.kind !== 'insert' &&
    statement.kind !== 'update' &&
    statement.kind !== 'delete'
  )
    throw fault('OB_NOT_SUPPORTED', 'explain of this statement is');
  const plan = translate(statement, translateEnv(execution));
  requirePlanPrivileges(execution.context, plan);
  const { store } = execution.tenant;
  const reader = store.takeReader();
  try {
    enterStatement(reader, functionContext(execution), execution.check);
    const nulls = new Array<null>(plan.binds.length).fill(null);
    const steps = reader.prepare(`EXPLAIN QUERY PLAN ${plan.sql}`).all(...nulls) as readonly Step[];
    const depths = new Map<number, number>([[0, -1]]);
    const rows = steps.map(({ id, parent, detail }) => {
      const depth = (depths.get(parent) ?? -1) + 1;
      depths.set(id, depth);
      return [`${'  '.repeat(depth)}${detail}`];
    });
    return answerRows(execution, [answerColumn('Query Plan', longText)], rows);
  } finally {
    store.returnReader(reader);
  }
}

interface Step {
  readonly id: number;
  readonly parent: number;
  readonly detail: string;
}
