import { fault } from '../../base/errors.ts';
import type { ObjectName } from '../../sql/ast/name.ts';
import type { TenantStatement } from '../../sql/ast/statement.ts';
import { answerOk } from './answer.ts';
import { alterTable } from './ddl/alter-table.ts';
import { type Change, requireDatabase, resolveName, runChange } from './ddl/change.ts';
import { createTable } from './ddl/create-table.ts';
import { alterDatabase, createDatabase, dropDatabase } from './ddl/databases.ts';
import { createIndex, dropIndex, dropTable, renameTables, truncateTable } from './ddl/drop-table.ts';
import { leaveWhenLarge } from './large-table.ts';
import { requireDatabasePrivilege, requireTablePrivilege } from './privileges.ts';
import type { Execution, StatementResult } from './statement.ts';

/** Statements that change tables and databases: each commits what was open and is one durable step. */
export async function runChangeStatement(execution: Execution, statement: TenantStatement): Promise<StatementResult> {
  requirePrivileges(execution, statement);
  if (statement.kind === 'alterTable' || statement.kind === 'createIndex' || statement.kind === 'dropIndex') {
    execution.transaction.commitFirst(execution.check);
    leaveWhenLarge(execution, statement.table, 'write');
  }
  const work = workOf(statement);
  const { affectedRows: changed, notes } = await runChange(execution, work);
  // OceanBase tells of no rows when it alters a table.
  const affectedRows = statement.kind === 'alterTable' ? 0 : changed;
  const info =
    statement.kind === 'createTable' && statement.query !== null
      ? `Records: ${affectedRows}  Duplicates: 0  Warnings: ${notes.length}`
      : '';
  const current = execution.context.database?.toLowerCase();
  const gone = statement.kind === 'dropDatabase' && statement.name.toLowerCase() === current;
  return answerOk(execution, { affectedRows, info, warnings: notes, ...(gone ? { database: null } : {}) });
}

function workOf(statement: TenantStatement): (change: Change) => number {
  switch (statement.kind) {
    case 'createTable':
      return (change) => createTable(change, statement);
    case 'alterTable':
      return (change) => alterTable(change, statement);
    case 'dropTable':
      return (change) => dropTable(change, statement);
    case 'renameTable':
      return (change) => renameTables(change, statement);
    case 'truncate':
      return (change) => truncateTable(change, statement);
    case 'createIndex':
      return (change) => createIndex(change, statement);
    case 'dropIndex':
      return (change) => dropIndex(change, statement);
    case 'createDatabase':
      return (change) => createDatabase(change, statement);
    case 'alterDatabase':
      return (change) => alterDatabase(change, statement);
    case 'dropDatabase':
      return (change) => dropDatabase(change, statement);
    default:
      throw fault('OB_NOT_SUPPORTED', `${statement.kind} inside of a tenant's engine is`);
  }
}

function requirePrivileges(execution: Execution, statement: TenantStatement): void {
  const { context } = execution;
  const table = (privilege: string, name: ObjectName) => {
    const resolved = resolveName(execution, name);
    if (statement.kind !== 'dropTable') requireDatabase(execution, resolved.schema);
    requireTablePrivilege(context, privilege, resolved.schema, resolved.name);
  };
  switch (statement.kind) {
    case 'createTable':
      table('CREATE', statement.table);
      if (statement.like) table('SELECT', statement.like);
      return;
    case 'alterTable':
      table('ALTER', statement.table);
      return;
    case 'truncate':
      table('DROP', statement.table);
      return;
    case 'createIndex':
    case 'dropIndex':
      table('INDEX', statement.table);
      return;
    case 'dropTable':
      for (const name of statement.tables) table('DROP', name);
      return;
    case 'renameTable':
      for (const { from, to } of statement.renames) {
        table('ALTER', from);
        table('DROP', from);
        table('CREATE', to);
      }
      return;
    case 'createDatabase':
      requireDatabasePrivilege(context, 'CREATE', statement.name.toLowerCase());
      return;
    case 'alterDatabase':
      requireDatabasePrivilege(context, 'ALTER', (statement.name ?? context.database ?? '').toLowerCase());
      return;
    case 'dropDatabase':
      requireDatabasePrivilege(context, 'DROP', statement.name.toLowerCase());
      return;
    default:
      return;
  }
}
