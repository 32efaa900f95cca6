import { charsetRows, collationRows, engineRow } from '../../tenants/embedded/show/character-sets.ts';
import { type MemoryRows, numberColumn, textColumn } from '../memory-table.ts';
import type { SessionContext } from '../session-context.ts';

/** A SHOW of something that does not exist here: its columns without rows. */
export function empty(...labels: readonly string[]): () => MemoryRows {
  const columns = Object.freeze(labels.map((label) => textColumn(label)));
  return () => ({ columns, rows: [] });
}

const engineColumns = ['Engine', 'Support', 'Comment', 'Transactions', 'XA', 'Savepoints'].map((label) =>
  textColumn(label, 128),
);

/** The one engine clients see. */
export function engines(): MemoryRows {
  return { columns: engineColumns, rows: [engineRow] };
}

const charsetColumns = [
  ...['Charset', 'Description', 'Default collation'].map((label) => textColumn(label, 64)),
  numberColumn('Maxlen'),
];

export function charsets(): MemoryRows {
  const rows = charsetRows().map(([name, collation, description, size]) => [name, description, collation, size]);
  return { columns: charsetColumns, rows: rows as MemoryRows['rows'] };
}

const collationColumns = [
  textColumn('Collation', 64),
  textColumn('Charset', 64),
  numberColumn('Id'),
  textColumn('Default', 3),
  textColumn('Compiled', 3),
  numberColumn('Sortlen'),
];

export function collations(): MemoryRows {
  return { columns: collationColumns, rows: collationRows() };
}

const pluginColumns = ['Name', 'Status', 'Type', 'Library', 'License'].map((label) => textColumn(label, 128));

export function plugins(): MemoryRows {
  return { columns: pluginColumns, rows: [['mysql_native_password', 'ACTIVE', 'AUTHENTICATION', null, null]] };
}

const privilegeColumns = ['Privilege', 'Context', 'Comment'].map((label) => textColumn(label, 128));
const known: readonly (readonly [string, string, string])[] = [
  ['Alter', 'Tables', 'To alter the table'],
  ['Create', 'Databases,Tables,Indexes', 'To create new databases and tables'],
  ['Create user', 'Server Admin', 'To create new users'],
  ['Delete', 'Tables', 'To delete existing rows'],
  ['Drop', 'Databases,Tables', 'To drop databases, tables, and views'],
  ['Grant option', 'Databases,Tables', 'To give to other users those privileges you possess'],
  ['Index', 'Tables', 'To create or drop indexes'],
  ['Insert', 'Tables', 'To insert data into tables'],
  ['Process', 'Server Admin', 'To view the plain text of currently executing queries'],
  ['Select', 'Tables', 'To retrieve rows from table'],
  ['Show databases', 'Server Admin', 'To see all databases with SHOW DATABASES'],
  ['Super', 'Server Admin', 'To use KILL thread, SET GLOBAL, CHANGE MASTER, etc.'],
  ['Update', 'Tables', 'To update existing rows'],
  ['Alter tenant', 'Server Admin', 'To alter tenants'],
  ['Alter system', 'Server Admin', 'To use ALTER SYSTEM'],
  ['Create resource pool', 'Server Admin', 'To create resource pools'],
  ['Create resource unit', 'Server Admin', 'To create resource units'],
  ['Usage', 'Server Admin', 'No privileges - allow connect only'],
];

export function privileges(): MemoryRows {
  return { columns: privilegeColumns, rows: known };
}

const statusColumns = [textColumn('Variable_name', 128), textColumn('Value', 1024)];

/** SHOW STATUS: what this server counts. */
export function status(_: unknown, { host, client }: SessionContext): MemoryRows {
  const sessions = host.registry.list();
  const running = sessions.filter(({ command }) => command !== 'Sleep').length;
  const rows = [
    ['Ssl_version', client.tls ? 'TLS' : ''],
    ['Threads_connected', String(sessions.length)],
    ['Threads_running', String(running)],
    ['Uptime', String(Math.floor(process.uptime()))],
  ];
  return { columns: statusColumns, rows };
}
