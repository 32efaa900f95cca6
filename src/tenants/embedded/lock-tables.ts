import type { ObjectName } from '../../sql/ast/name.ts';
import type { LockTables } from '../../sql/ast/session.ts';
import type { Warning } from '../engine-session.ts';
import { answerOk } from './answer.ts';
import { requireTable, resolveName } from './ddl/change.ts';
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
  const views: Warning[] = [];
  for (const { table, write } of statement.tables) {
    const view = write ? null : systemView(execution, table);
    if (view === null) {
      const { schema, name } = requireTable(execution, table);
      requireTablePrivilege(context, 'LOCK TABLES', schema, name);
    } else {
      requireTablePrivilege(context, 'SELECT', view.schema, view.name);
      const message = `no session writes the server's view '${view.schema}.${view.name}', but its rows go on changing`;
      views.push({ level: 'Note', code: 1235, message });
    }
  }
  transaction.commit();
  const reading = statement.tables.every(({ write }) => !write);
  // Nobody writes a standby: a read lock has nothing to keep out. Neither has one on views only.
  const idle = (execution.tenant.readOnly && reading) || views.length === statement.tables.length;
  if (!idle) await transaction.lockTables(context, execution.check);
  return answerOk(execution, { warnings: views });
}

/** The name of a view of the server, as dumps of all databases lock it; null for anything else. */
function systemView(execution: Execution, table: ObjectName) {
  const { schema, name } = resolveName(execution, table);
  return execution.tenant.dictionary.systemColumns(schema, name) === null ? null : { schema, name };
}
