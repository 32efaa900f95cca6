import { fault } from '../base/errors.ts';
import type { Plan } from '../sql/translate/plan.ts';
import { hasPrivilege, names } from '../statements/privileges.ts';
import type { Grant } from '../tenants/tenant-account.ts';
import type { SessionState } from './session-state.ts';

/** True when a global grant covers the privilege. */
export function hasGlobal(grants: readonly Grant[], privilege: string): boolean {
  return hasPrivilege({ grants }, privilege);
}

/** True when the grants cover a privilege on a table of a database. */
function covers(grants: readonly Grant[], privilege: string, database: string, table: string): boolean {
  return grants.some(
    (grant) =>
      (grant.database === null || grant.database.toLowerCase() === database.toLowerCase()) &&
      (grant.table === null || grant.table.toLowerCase() === table.toLowerCase()) &&
      names(grant, privilege),
  );
}

/** Throws 1227 naming the privilege. */
export function requireGlobal(state: SessionState, privilege: string): void {
  if (!hasGlobal(state.grants, privilege)) throw fault('OB_ERR_NO_PRIVILEGE', privilege);
}

/** Throws 1142 when the account may not read a view the plan reads. */
export function requireViews(state: SessionState, plan: Plan, schema: string): void {
  if (plan.uses.length === 0 || hasGlobal(state.grants, 'SELECT')) return;
  for (const { table, privilege } of plan.uses) {
    // What it shows depends on privileges, reading it does not.
    if (table.schema === 'information_schema') continue;
    if (covers(state.grants, privilege, table.schema ?? schema, table.name)) continue;
    const { account, host } = state.identity;
    throw fault('ER_TABLE_ACCESS_DENIED', privilege, account.user, host, table.name);
  }
}
