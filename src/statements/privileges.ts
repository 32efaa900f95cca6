import type { Grant } from '../tenants/tenant-account.ts';

/** Where privileges hold: the whole tenant, a database, a table. */
export type GrantPlace = Pick<Grant, 'database' | 'table'>;

const all = 'ALL PRIVILEGES';

const ofTables = [
  ...['ALTER', 'CREATE', 'CREATE VIEW', 'DELETE', 'DROP', 'INDEX', 'INSERT', 'REFERENCES', 'SELECT'],
  ...['SHOW VIEW', 'TRIGGER', 'UPDATE'],
];
const ofDatabases = [
  ...ofTables,
  ...['ALTER ROUTINE', 'CREATE ROUTINE', 'CREATE TEMPORARY TABLES', 'EVENT', 'EXECUTE', 'LOCK TABLES'],
];
const ofTenants = [
  ...ofDatabases,
  ...['ALTER SYSTEM', 'ALTER TENANT', 'CREATE DATABASE LINK', 'CREATE RESOURCE POOL', 'CREATE RESOURCE UNIT'],
  ...['CREATE ROLE', 'CREATE TABLESPACE', 'CREATE USER', 'DECRYPT', 'DROP DATABASE LINK', 'DROP ROLE', 'ENCRYPT'],
  ...['FILE', 'PROCESS', 'RELOAD', 'REPLICATION CLIENT', 'REPLICATION SLAVE', 'SHOW DATABASES', 'SHUTDOWN', 'SUPER'],
];

/** Everything ALL PRIVILEGES stands for at a place. */
export function privilegesOf(place: GrantPlace): readonly string[] {
  if (place.database === null) return ofTenants;
  return place.table === null ? ofDatabases : ofTables;
}

/** True when a global grant of the account covers the privilege. */
export function hasPrivilege({ grants }: { readonly grants: readonly Grant[] }, privilege: string): boolean {
  return holds(grants, { database: null, table: null }, privilege);
}

/** True when a grant at the place or around it has the privilege; `GRANT OPTION` is one of them. */
export function holds(grants: readonly Grant[], place: GrantPlace, privilege: string): boolean {
  return grants.some((grant) => {
    if (grant.database !== null && grant.database !== place.database) return false;
    if (grant.table !== null && grant.table !== place.table) return false;
    if (privilege === 'GRANT OPTION') return grant.withGrantOption;
    return names(grant, privilege);
  });
}

/** True when a grant has the privilege, by name or because it has all of them. */
export function names({ privileges }: Pick<Grant, 'privileges'>, privilege: string): boolean {
  return privileges.some((one) => one === privilege || one === all || one === 'ALL');
}

/** Privileges in one GRANT or REVOKE: those of the place, and the right to pass them on. */
export interface PrivilegeSet {
  readonly all: boolean;
  readonly names: readonly string[];
  readonly grantOption: boolean;
}

/** The grants with more privileges at a place. */
export function withPrivileges(grants: readonly Grant[], place: GrantPlace, more: PrivilegeSet): readonly Grant[] {
  const present = grants.find((grant) => isAt(grant, place));
  const names = [...new Set([...(present?.privileges ?? []), ...more.names])].sort();
  const privileges = more.all || isAll(names, place) ? [all] : names;
  const withGrantOption = more.grantOption || (present?.withGrantOption ?? false);
  return kept(grants, { ...place, privileges, withGrantOption });
}

/** The grants with fewer privileges at a place; null when nothing was granted there. */
export function withoutPrivileges(
  grants: readonly Grant[],
  place: GrantPlace,
  less: PrivilegeSet,
): readonly Grant[] | null {
  const present = grants.find((grant) => isAt(grant, place));
  if (present === undefined) return null;
  const expanded = isAll(present.privileges, place) ? privilegesOf(place) : present.privileges;
  const left = less.all ? [] : expanded.filter((name) => !less.names.includes(name));
  const privileges = left.length === expanded.length ? present.privileges : [...left].sort();
  return kept(grants, { ...present, privileges, withGrantOption: present.withGrantOption && !less.grantOption });
}

function isAt(grant: Grant, { database, table }: GrantPlace): boolean {
  return grant.database === database && grant.table === table;
}

function isAll(names: readonly string[], place: GrantPlace): boolean {
  return names.includes(all) || names.includes('ALL') || privilegesOf(place).every((name) => names.includes(name));
}

/** Replaces the grant of a place; an empty one leaves. */
function kept(grants: readonly Grant[], grant: Grant): readonly Grant[] {
  const others = grants.filter((one) => !isAt(one, grant));
  return grant.privileges.length > 0 || grant.withGrantOption ? [...others, grant] : others;
}
