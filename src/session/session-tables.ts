import type { SchemaProvider, TableSource } from '../sql/schema.ts';
import type { Account } from '../tenants/tenant-account.ts';
import type { Cell, ResultColumn } from '../value/column-type.ts';
import { jsonOf, type MemoryRows, memorySource, numberColumn, textColumn } from './memory-table.ts';
import { hasGlobal } from './privileges.ts';
import type { SessionContext } from './session-context.ts';
import { visibleProcesses } from './show/process-rows.ts';

/** A system table whose rows only the server knows: a query over nothing but views and such tables runs on the catalog. */
export interface SessionTable {
  readonly schema: string;
  readonly name: string;
  /** Named parameter its rows come in, as JSON. */
  readonly bind: string;
  readonly source: TableSource;
  rows(session: SessionContext): Promise<MemoryRows['rows']>;
}

function sessionTable(
  [schema, name]: readonly [string, string],
  columns: readonly ResultColumn[],
  rows: SessionTable['rows'],
): SessionTable {
  const bind = `rows_${schema}_${name.toLowerCase()}`;
  return Object.freeze({ schema, name, bind, source: memorySource(schema, name, columns, bind), rows });
}

const processColumns = [
  numberColumn('ID'),
  textColumn('USER', 32),
  textColumn('HOST', 128),
  textColumn('DB', 128),
  textColumn('COMMAND', 4096),
  numberColumn('TIME'),
  textColumn('STATE', 128),
  textColumn('INFO', 65_535),
];

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

/** All of them. */
export const sessionTables: readonly SessionTable[] = Object.freeze([
  sessionTable(['information_schema', 'PROCESSLIST'], processColumns, async (session) =>
    visibleProcesses(session, true).map(({ row }) => row),
  ),
  // As in SHOW CREATE USER, only who may change accounts sees what passwords are checked against.
  sessionTable(['mysql', 'user'], userColumns, async ({ host, state }) => {
    const accounts = await host.directory.accounts(state.tenant.tenantId);
    return accounts.map((account) => userRow(account, hasGlobal(state.grants, 'CREATE USER')));
  }),
]);

/** The table of a name; names ignore case. */
export function findSessionTable(schema: string | null, name: string): SessionTable | null {
  const [database, table] = [schema?.toLowerCase(), name.toLowerCase()];
  return sessionTables.find((one) => one.schema === database && one.name.toLowerCase() === table) ?? null;
}

/** The provider with the session tables beside its own. */
export function withSessionTables(provider: SchemaProvider): SchemaProvider {
  return {
    hasDatabase: (name) =>
      provider.hasDatabase(name) || sessionTables.some(({ schema }) => schema === name.toLowerCase()),
    table: (schema, name) => findSessionTable(schema, name)?.source ?? provider.table(schema, name),
  };
}

/** The tables among a plan's named parameters. */
export function sessionTablesOf(namedBinds: readonly string[]): readonly SessionTable[] {
  return namedBinds.length === 0 ? none : sessionTables.filter(({ bind }) => namedBinds.includes(bind));
}

const none: readonly SessionTable[] = Object.freeze([]);

/** Their rows at this moment, by named parameter. */
export async function readSessionTables(
  tables: readonly SessionTable[],
  session: SessionContext,
): Promise<Readonly<Record<string, string>>> {
  const read = await Promise.all(tables.map(async (table) => [table.bind, jsonOf(await table.rows(session))] as const));
  return Object.fromEntries(read);
}
