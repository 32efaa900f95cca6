import type { Insert } from '../../sql/ast.ts';
import type { BindInputs } from '../../sql/translate/bind.ts';
import type { Plan } from '../../sql/translate/plan.ts';
import type { Connection } from './connection.ts';
import type { Execution, StatementResult } from './statement.ts';
export async function runWrite(_execution: Execution, _plan: Plan, _inputs: BindInputs): Promise<StatementResult> {
  throw new Error('not yet');
}
export function insertRows(_execution: Execution, _writer: Connection, _statement: Insert): { affectedRows: number } {
  throw new Error('not yet');
}
