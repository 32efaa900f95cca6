import { fault } from '../../base/errors.ts';
import type { ObjectName } from '../../sql/ast/name.ts';
import type { FlushStatement, LockTables } from '../../sql/ast/session.ts';
import type { Warning } from '../engine-session.ts';
import { answerOk } from './answer.ts';
import { requireTable, resolveName } from './ddl/change.ts';
import { covers, requireTablePrivilege } from './privileges.ts';
import type { Execution, StatementResult } from './statement.ts';

/**
 * LOCK TABLES holds the tenant's writer lock until UNLOCK TABLES: nobody else writes any table meanwhile. READ locks
 * hold it too, for nobody may write a table that is read-locked.
 */
export async function lockTables(execution: Execution, statement: LockTables): Promise<StatementResult> {
  const { transaction, context, check } = execution;
  if (statement.unlock) {
    transaction.unlockTables(check);
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
  const reading = statement.tables.every(({ write }) => !write);
  // Whoever has frozen the tenant holds more than a READ lock already, and keeps it.
  if (transaction.frozen && !reading) throw fault('ER_CANT_UPDATE_WITH_READLOCK');
  transaction.commitFirst(check);
  if (transaction.frozen) return answerOk(execution, { warnings: views });
  // Nobody writes a standby: a read lock has nothing to keep out. Neither has one on views only.
  const idle = (execution.tenant.readOnly && reading) || views.length === statement.tables.length;
  if (idle) transaction.unlockTables(check);
  else await transaction.lockTables(context, check);
  return answerOk(execution, { warnings: views });
}

/**
 * FLUSH TABLES … WITH READ LOCK and FOR EXPORT lock the tables they name as LOCK TABLES … READ does. Without a name nobody writes the
 * tenant until UNLOCK TABLES, the session itself neither; other tenants are not concerned.
 */
export async function flushTables(execution: Execution, { tables, lock }: FlushStatement): Promise<StatementResult> {
  const { tenant, transaction, context, check } = execution;
  if (!lock) return answerOk(execution);
  if (tenant.readOnly || tenant.meta.mode === 'oracle')
    throw fault(
      'OB_NOT_SUPPORTED',
      `flush tables with read lock in ${tenant.readOnly ? 'a standby' : 'an Oracle-mode'} tenant is`,
    );
  const read = tables.map((table) => ({ table, write: false }));
  if (read.length > 0) return lockTables(execution, { kind: 'lockTables', unlock: false, tables: read });
  if (!covers(context.grants, 'RELOAD', null, null)) throw fault('OB_ERR_NO_PRIVILEGE', 'RELOAD');
  await transaction.freeze(context, check);
  return answerOk(execution);
}

/** The name of a view of the server, as dumps of all databases lock it; null for anything else. */
function systemView(execution: Execution, table: ObjectName) {
  const { schema, name } = resolveName(execution, table);
  return execution.tenant.dictionary.systemColumns(schema, name) === null ? null : { schema, name };
}
