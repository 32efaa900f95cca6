import { fault } from '../base/errors.ts';
import type { AccountSpec, GrantLevel, PrivilegeItem } from '../sql/statement-account.ts';
import type { Account } from '../tenants/tenant-account.ts';
import { requestedHash } from './account-password.ts';
import {
  type AccountScene,
  accountNamed,
  accountStatement,
  requireNotAdministrator,
  resolveName,
} from './account-plan.ts';
import { newAccount, requireCreateUser } from './accounts.ts';
import {
  type GrantPlace,
  holds,
  type PrivilegeSet,
  privilegesOf,
  withoutPrivileges,
  withPrivileges,
} from './privileges.ts';

const anybody = { privilege: null, tenants: 'all' } as const;

/** GRANT: also sets passwords and makes users that come with one. */
export const grant = accountStatement<'grant'>(anybody, (statement, scene) => {
  const place = placeOf(statement.level, scene);
  const asked = privilegesIn(statement.privileges, place);
  const more = { ...asked, grantOption: asked.grantOption || statement.withGrantOption };
  requireRight(scene, place, more);
  let now = scene;
  for (const spec of statement.users) {
    const account = granted(spec, now);
    const changed = { ...account, grants: withPrivileges(account.grants, place, more) };
    now = { ...now, accounts: [...now.accounts.filter((one) => !isSame(one, changed)), changed] };
  }
  return { puts: now.accounts.filter((account) => !scene.accounts.includes(account)) };
});

/** The account to grant to: as it is, with another password, or new; 1133 when it is unknown and has no password. */
function granted(spec: AccountSpec, scene: AccountScene): Account {
  const account = accountNamed(scene, spec);
  const hash = requestedHash(spec, resolveName(spec, scene).user, scene.globals);
  if (account !== null && hash === null) return account;
  if (account === null && hash === null) throw fault('ER_PASSWORD_NO_MATCH');
  requireCreateUser(scene);
  return account === null ? newAccount(spec, false, scene) : { ...account, passwordHash: hash ?? account.passwordHash };
}

/** REVOKE … ON. Nothing granted on the database or table: 1141. */
export const revoke = accountStatement<'revoke'>(anybody, (statement, scene) => {
  const place = placeOf(statement.level, scene);
  const less = privilegesIn(statement.privileges, place);
  requireRight(scene, place, less);
  const puts = statement.users.map((name) => {
    const account = accountNamed(scene, name);
    const { user, host } = account ?? resolveName(name, scene);
    if (account === null) throw fault('ER_NONEXISTING_GRANT', user, host);
    requireNotAdministrator(account, scene);
    const left = withoutPrivileges(account.grants, place, less);
    if (left === null && place.database !== null) throw fault('ER_NONEXISTING_GRANT', user, host);
    return { ...account, grants: left ?? account.grants };
  });
  return { puts };
});

/** REVOKE ALL, GRANT OPTION FROM. */
export const revokeAll = accountStatement<'revokeAll'>(
  { privilege: 'CREATE USER', tenants: 'all' },
  ({ users }, scene) => ({
    puts: users.map((name) => {
      const account = accountNamed(scene, name);
      if (account === null) throw fault('ER_REVOKE_GRANTS');
      requireNotAdministrator(account, scene);
      return { ...account, grants: [] };
    }),
  }),
);

function isSame(a: Account, b: Account): boolean {
  return a.user === b.user && a.host === b.host;
}

/** 1046 without a database to be in; 1235 for routines and patterns. */
function placeOf(level: GrantLevel, { speaker, tenant }: AccountScene): GrantPlace {
  const fold = (name: string) => (tenant.mode === 'ORACLE' ? name : name.toLowerCase());
  const current = () => {
    if (!speaker.database) throw fault('ER_NO_DB');
    return fold(speaker.database);
  };
  switch (level.scope) {
    case 'global':
      return { database: null, table: null };
    case 'currentDatabase':
      return { database: current(), table: null };
    case 'database':
      return { database: fold(plainDatabase(level.database)), table: null };
    case 'table':
      return { database: level.database === null ? current() : fold(level.database), table: fold(level.name) };
    case 'function':
    case 'procedure':
      throw fault('OB_NOT_SUPPORTED', `privileges on a ${level.scope} are`);
  }
}

/** `\_` and `\%` stand for the characters themselves; a pattern would match nothing and is refused. */
function plainDatabase(name: string): string {
  if (/(?<!\\)%/.test(name)) throw fault('OB_NOT_SUPPORTED', 'a pattern of databases is');
  return name.replace(/\\([_%])/g, '$1');
}

/** 3619 for a privilege that does not exist at the place, 1235 for single columns. */
function privilegesIn(items: readonly PrivilegeItem[], place: GrantPlace): PrivilegeSet {
  if (items.some(({ columns }) => columns !== null)) throw fault('OB_NOT_SUPPORTED', 'privileges on columns are');
  const names = items.map(({ name }) => name).filter((name) => name !== 'USAGE' && name !== 'GRANT OPTION');
  const every = names.includes('ALL PRIVILEGES');
  const known = privilegesOf(place);
  for (const name of names) {
    if (name !== 'ALL PRIVILEGES' && !known.includes(name)) throw fault('ER_ILLEGAL_PRIVILEGE', name);
  }
  const grantOption = items.some(({ name }) => name === 'GRANT OPTION');
  return { all: every, names: every ? [] : names, grantOption };
}

/** Whoever grants or revokes holds it and may pass it on: 1227, 1044 of a database, 1142 of a table. */
function requireRight({ speaker }: AccountScene, place: GrantPlace, { all, names }: PrivilegeSet): void {
  const needed = ['GRANT OPTION', ...(all ? privilegesOf(place) : names)];
  const missing = needed.find((name) => !holds(speaker.grants, place, name));
  if (missing === undefined) return;
  if (place.database === null) throw fault('OB_ERR_NO_PRIVILEGE', missing);
  if (place.table === null) throw fault('ER_DBACCESS_DENIED', speaker.user, speaker.host, place.database);
  throw fault('ER_TABLE_ACCESS_DENIED', missing, speaker.user, speaker.host, place.table);
}
