import type { LockTables } from '../../sql/ast/session.ts';
import { answerOk } from './answer.ts';
import { requireTable } from './ddl/change.ts';
import { requireTablePrivilege } from './privileges.ts';
import type { Execution, StatementResult } from './statement.ts';

/**
 * LOCK TABLES holds the tenant's writer lock until UNLOCK TABLES: nobody else writes any table meanwhile. READ locks
 * hold it too, for nobody may write a table that is read-locked.
 */
export async function lockTables(execution: Execution, statement: LockTables): Promise<StatementResult> {
  const { transaction, context } = execution;
  if (statement.unlock) {
    transaction.unlockTables();
    return answerOk(execution);
  }
  for (const { table } of statement.tables) {
    const { schema, name } = requireTable(execution, table);
    requireTablePrivilege(context, 'LOCK TABLES', schema, name);
  }
  transaction.commit();
  const reading = statement.tables.every(({ write }) => !write);
  // Nobody writes a standby: a read lock has nothing to keep out.
  if (execution.tenant.readOnly && reading) return answerOk(execution);
  await transaction.lockTables(context, execution.check);
  return answerOk(execution);
}
