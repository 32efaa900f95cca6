import { holds, privilegesOf } from '../statements/privileges.ts';
import type { Account, Grant } from '../tenants/tenant-account.ts';
import type { Cell } from '../value/column-type.ts';
import { numberColumn, textColumn } from './memory-table.ts';
import { hasGlobal } from './privileges.ts';
import type { SessionContext } from './session-context.ts';
import { type SessionTable, sessionTable } from './session-table.ts';

/** By column: the privilege that makes it Y; null where the kernel always says N. */
const privileges: readonly (readonly [column: string, privilege: string | null])[] = [
  ...['select', 'insert', 'update', 'delete', 'create', 'drop', 'reload', 'shutdown', 'process', 'file'].map(own),
  ['grant', 'GRANT OPTION'],
  ['references', null],
  ...['index', 'alter'].map(own),
  ['show_db', 'SHOW DATABASES'],
  ['super', 'SUPER'],
  ['create_tmp_table', null],
  ['lock_tables', null],
  ['execute', 'EXECUTE'],
  ['repl_slave', 'REPLICATION SLAVE'],
  ['repl_client', 'REPLICATION CLIENT'],
  ...['create_view', 'show_view', 'create_routine', 'alter_routine', 'create_user'].map(own),
  ['event', null],
  ['trigger', null],
  ['create_tablespace', 'CREATE TABLESPACE'],
];
const linkPrivileges = ['drop_database_link', 'create_database_link'].map(own);

function own(column: string): readonly [string, string] {
  return [column, column.toUpperCase().replaceAll('_', ' ')];
}

const flag = ([column]: readonly [string, string | null]) => textColumn(`${column}_priv`, 1);

/** The columns of release 4.2.1, in its order. */
const userColumns = [
  textColumn('host', 60),
  textColumn('user', 128),
  textColumn('password', 128),
  ...privileges.map(flag),
  ...['ssl_type', 'ssl_cipher', 'x509_issuer', 'x509_subject'].map((name) => textColumn(name, 1024)),
  ...['max_questions', 'max_updates', 'max_connections', 'max_user_connections'].map(numberColumn),
  textColumn('plugin', 1024),
  textColumn('authentication_string', 1024),
  textColumn('password_expired', 1),
  textColumn('account_locked', 1),
  ...linkPrivileges.map(flag),
];

function userRow({ host, user, passwordHash, locked, grants }: Account, secrets: boolean): readonly Cell[] {
  const globals = grants.filter(({ database }) => database === null);
  const has = ([, privilege]: readonly [string, string | null]) => {
    if (privilege === null) return 'N';
    const given =
      privilege === 'GRANT OPTION' ? globals.some((one) => one.withGrantOption) : hasGlobal(globals, privilege);
    return given ? 'Y' : 'N';
  };
  const password = secrets && passwordHash !== '' ? `*${passwordHash.toLowerCase()}` : '';
  return [
    ...[host, user, password, ...privileges.map(has), '', '', '', '', 0, 0, 0, 0],
    ...['ob_native_password', '', '', locked ? 'Y' : 'N', ...linkPrivileges.map(has)],
  ];
}

/** Of one database: the privileges of `mysql.db`. */
const databasePrivileges = [
  ...['select', 'insert', 'update', 'delete', 'create', 'drop'].map(own),
  ...privileges.filter(([column]) => ['grant', 'references', 'index', 'alter'].includes(column)),
  ['create_tmp_table', 'CREATE TEMPORARY TABLES'] as const,
  ...['lock_tables', 'create_view', 'show_view', 'create_routine', 'alter_routine'].map(own),
  ...['execute', 'event', 'trigger'].map(own),
];

function databaseRows({ user, host, grants }: Account): readonly (readonly Cell[])[] {
  return grants
    .filter(({ database, table }) => database !== null && table === null)
    .map((grant) => {
      const given = ([, privilege]: readonly [string, string | null]) =>
        privilege !== null && holds([grant], grant, privilege) ? 'Y' : 'N';
      return [host, grant.database, user, ...databasePrivileges.map(given)];
    });
}

/** The accounts somebody may hear of: all with SELECT on everything, otherwise the own one. */
async function knownAccounts({ host, state }: SessionContext): Promise<readonly Account[]> {
  const accounts = await host.directory.accounts(state.tenant.tenantId);
  const { user, host: from } = state.identity.account;
  return hasGlobal(state.grants, 'SELECT')
    ? accounts
    : accounts.filter((one) => one.user === user && one.host === from);
}

/** A privilege table of information_schema: the cells between grantee and privilege say where a grant holds. */
function privilegeTable(name: string, between: readonly string[], place: (grant: Grant) => readonly Cell[] | null) {
  const columns = [
    textColumn('GRANTEE', 292),
    ...['TABLE_CATALOG', ...between].map((label) => textColumn(label, 512)),
    textColumn('PRIVILEGE_TYPE', 64),
    textColumn('IS_GRANTABLE', 3),
  ];
  return sessionTable(['information_schema', name], columns, async (session) => {
    const accounts = await knownAccounts(session);
    return accounts.flatMap(({ user, host, grants }) => {
      const grantee = `'${user}'@'${host}'`;
      const rows = grants.flatMap((grant) => {
        const cells = place(grant);
        if (cells === null) return [];
        const names = privilegesOf(grant).filter((privilege) => holds([grant], grant, privilege));
        return names.map((privilege) => [grantee, 'def', ...cells, privilege, grant.withGrantOption ? 'YES' : 'NO']);
      });
      return rows.length === 0 && between.length === 0 ? [[grantee, 'def', 'USAGE', 'NO']] : rows;
    });
  });
}

/** Who may log in and what for. */
export const accountTables: readonly SessionTable[] = [
  // As in SHOW CREATE USER, only who may change accounts sees what passwords are checked against.
  sessionTable(['mysql', 'user'], userColumns, async ({ host, state }) => {
    const accounts = await host.directory.accounts(state.tenant.tenantId);
    return accounts.map((account) => userRow(account, hasGlobal(state.grants, 'CREATE USER')));
  }),
  sessionTable(
    ['mysql', 'db'],
    [textColumn('host', 60), textColumn('db', 128), textColumn('user', 128), ...databasePrivileges.map(flag)],
    async ({ host, state }) => (await host.directory.accounts(state.tenant.tenantId)).flatMap(databaseRows),
  ),
  privilegeTable('USER_PRIVILEGES', [], ({ database }) => (database === null ? [] : null)),
  privilegeTable('SCHEMA_PRIVILEGES', ['TABLE_SCHEMA'], ({ database, table }) =>
    database !== null && table === null ? [database] : null,
  ),
  privilegeTable('TABLE_PRIVILEGES', ['TABLE_SCHEMA', 'TABLE_NAME'], ({ database, table }) =>
    table === null ? null : [database, table],
  ),
  // No release grants single columns.
  privilegeTable('COLUMN_PRIVILEGES', ['TABLE_SCHEMA', 'TABLE_NAME', 'COLUMN_NAME'], () => null),
];
