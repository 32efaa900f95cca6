import type { Insert } from '../../sql/ast.ts';
import type { Execution, StatementResult } from './statement.ts';
export async function runInsert(_execution: Execution, _statement: Insert): Promise<StatementResult | null> {
  return null;
}
