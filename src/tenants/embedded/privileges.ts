import { fault } from '../../base/errors.ts';
import type { Plan } from '../../sql/translate/plan.ts';
import type { StatementContext } from '../engine-session.ts';
import type { Grant } from '../tenant-account.ts';

/** True when the account's grants cover a privilege on a table (null: on the database as a whole). */
export function covers(
  grants: readonly Grant[],
  privilege: string,
  database: string | null,
  table: string | null,
): boolean {
  return grants.some((grant) => {
    if (grant.database !== null && grant.database.toLowerCase() !== database) return false;
    if (grant.table !== null && grant.table.toLowerCase() !== table) return false;
    return grant.privileges.some((each) => each === privilege || each === 'ALL PRIVILEGES' || each === 'ALL');
  });
}

/** 1142 unless the grants cover it. */
export function requireTablePrivilege(
  context: StatementContext,
  privilege: string,
  schema: string,
  table: string,
): void {
  if (schema === 'information_schema' || covers(context.grants, privilege, schema, table)) return;
  throw fault('ER_TABLE_ACCESS_DENIED', privilege, context.user, context.host, table);
}

/** 1044 unless the grants cover it. */
export function requireDatabasePrivilege(context: StatementContext, privilege: string, schema: string): void {
  if (covers(context.grants, privilege, schema, null)) return;
  throw fault('ER_DBACCESS_DENIED', context.user, context.host, schema);
}

/** True when the account may know that the database is there. */
export function seesDatabase(context: StatementContext, schema: string): boolean {
  if (schema === 'information_schema') return true;
  return context.grants.some(
    (grant) =>
      (grant.database === null || grant.database.toLowerCase() === schema) &&
      grant.privileges.some((privilege) => privilege !== 'USAGE'),
  );
}

export function seesTable(context: StatementContext, schema: string, table: string): boolean {
  if (schema === 'information_schema') return true;
  return context.grants.some(
    (grant) =>
      (grant.database === null || grant.database.toLowerCase() === schema) &&
      (grant.table === null || grant.table.toLowerCase() === table) &&
      grant.privileges.some((privilege) => privilege !== 'USAGE'),
  );
}

export function requirePlanPrivileges(context: StatementContext, plan: Plan): void {
  for (const { table, privilege } of plan.uses) {
    const schema = (table.schema ?? context.database ?? '').toLowerCase();
    requireTablePrivilege(context, privilege, schema, table.name.toLowerCase());
  }
}
