import { fault } from '../../../base/errors.ts';
import type { ObjectName } from '../../../sql/ast/name.ts';
import type { StatementContext } from '../../engine-session.ts';
import type { Connection } from '../connection.ts';
import { enterChange } from '../connection-setup.ts';
import type { Dictionary } from '../dictionary.ts';
import { functionContext } from '../function-context.ts';
import type { SqlTenant } from '../sql-tenant.ts';
import type { Check, Execution, StatementRun } from '../statement.ts';
import type { TableSchema } from '../table-schema.ts';
import type { BuildEnv } from './table-builder.ts';
import { keepTextReferences } from './text-references.ts';

/** The execution of a change that no statement asked for. */
export function planless(tenant: SqlTenant, context: StatementContext, check: Check): StatementRun {
  return { tenant, context, check, request: { sql: '', format: 'text', context, nowUs: 0, deadlineUs: 0 } };
}

/** What a change of tables or databases works with: the writer inside of a transaction of its own. */
export interface Change {
  readonly execution: StatementRun;
  readonly writer: Connection;
  readonly dictionary: Dictionary;
  readonly notes: { readonly level: 'Note' | 'Warning'; readonly code: number; readonly message: string }[];
}

/**
 * Runs a change as one durable step of its own: what was open is committed, the writer lock is held, and either the
 * tables and the dictionary both change or neither does.
 */
export async function runChange(
  execution: Execution,
  work: (change: Change) => number,
): Promise<{
  readonly affectedRows: number;
  readonly notes: Change['notes'];
}> {
  const { tenant, transaction, context } = execution;
  const { dictionary } = tenant;
  const writer = await transaction.startChange(context, execution.check);
  enterChange(writer, functionContext(execution), execution.check);
  const change: Change = { execution, writer, dictionary, notes: [] };
  const version = dictionary.version;
  try {
    const affectedRows = work(change);
    keepTextReferences(writer, dictionary);
    transaction.commit(execution.check);
    return { affectedRows, notes: change.notes };
  } catch (error) {
    transaction.rollback();
    if (dictionary.version !== version) dictionary.reload();
    throw error;
  } finally {
    if (dictionary.version !== version) tenant.plans.clear();
  }
}

export function buildEnv({ context, request }: StatementRun): BuildEnv {
  return {
    sqlMode: context.sqlMode,
    timeZone: context.timeZone,
    schema: context.database ?? '',
    sql: request.sql,
  };
}

/** The database and table a name means; 1046 when there is none to mean. */
export function resolveName(execution: Pick<Execution, 'context'>, name: ObjectName) {
  const schema = name.schema ?? execution.context.database;
  if (schema === null) throw fault('ER_NO_DB');
  return { schema: schema.toLowerCase(), name: name.name.toLowerCase() };
}

/** The table a name means; 1049 and 1146 when it is missing. */
export function requireTable(execution: Pick<Execution, 'context' | 'tenant'>, name: ObjectName): TableSchema {
  const resolved = resolveName(execution, name);
  const table = execution.tenant.dictionary.table(resolved.schema, resolved.name);
  if (table) return table;
  if (!execution.tenant.dictionary.hasDatabase(resolved.schema)) throw fault('OB_ERR_BAD_DATABASE', resolved.schema);
  execution.tenant.dictionary.refuseSystemTable(resolved.schema, resolved.name);
  throw fault('OB_TABLE_NOT_EXIST', resolved.schema, resolved.name);
}

/** A database in which tables may be made; 1049 when missing, 1044 for the ones that hold views of the server only. */
export function requireDatabase({ context, tenant }: Pick<Execution, 'context' | 'tenant'>, schema: string): void {
  if (virtualDatabases.has(schema)) throw fault('ER_DBACCESS_DENIED', context.user, context.host, schema);
  if (!tenant.dictionary.hasDatabase(schema)) throw fault('OB_ERR_BAD_DATABASE', schema);
}

/** Databases without tables of their own. */
export const virtualDatabases: ReadonlySet<string> = new Set(['information_schema', 'oceanbase']);
