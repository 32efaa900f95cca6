import { setImmediate as nextTurn } from 'node:timers/promises';
import { fault, faultText } from '../../base/errors.ts';
import type { Cell } from '../../value/column-type.ts';
import type { ImportedTable, TableImport, TableOutline } from '../tenant-engine.ts';
import { nextValue, setNextValue } from './auto-increment.ts';
import { type Connection, openConnection, setForeignKeys } from './connection.ts';
import { enterStatement } from './connection-setup.ts';
import { virtualDatabases } from './ddl/change.ts';
import { createStatements, indexStatements } from './ddl/table-sql.ts';
import { keepTextReferences } from './ddl/text-references.ts';
import { Dictionary } from './dictionary.ts';
import { functionContext } from './function-context.ts';
import { noStatement } from './no-statement.ts';
import { requireAllRows } from './row-count.ts';
import { coded } from './sql-errors.ts';
import type { Check } from './statement.ts';
import { quoteName, sqliteName, type TableForeignKey, type TableSchema } from './table-schema.ts';
import type { Tenant } from './tenant.ts';

/** The writer is held for about this long at a time while rows are copied. */
const turnMs = 20;
const lockWaitMs = 60_000;
const dropWaitMs = 5_000;

/** Tables a tenant has, in the order of their names. */
export function outlines(tenant: Tenant): readonly TableOutline[] {
  return tenant.dictionary.allTables().map((table) => ({
    database: table.schema,
    table: table.name,
    columnCount: table.columns.length,
    indexCount: table.keys.length,
    constraintCount: table.checks.length + (table.primaryKey.length > 0 ? 1 : 0),
    references: table.foreignKeys.map((key) => ({ database: key.schema, table: key.table, key: key.name })),
  }));
}

/**
 * Copies a table of another tenant with its rows, indexes, constraints and numbering, under its new name. The rows are gathered
 * in a table nobody sees; the last step gives it its name, so that the table is there whole or not at all. Repeating it after a
 * crash with the same `createdUs` is harmless. Errors: 1146 no such source, 1049 no such database, 1050 the name is taken, and
 * whatever an INSERT fails with.
 */
export async function importTable(
  target: Tenant,
  sourcePath: string,
  wish: TableImport,
  cancelled: () => boolean,
): Promise<ImportedTable> {
  // A connection of its own: another engine thread may have the source.
  const source = openConnection(sourcePath, { readonly: true, synchronous: 'NORMAL', cacheKb: 8192 });
  const name = unnamed(wish);
  target.imports.add(name);
  try {
    return await importFrom(target, source, wish, cancelled);
  } catch (error) {
    throw coded(error);
  } finally {
    target.imports.delete(name);
    source.close();
  }
}

async function importFrom(
  target: Tenant,
  source: Connection,
  wish: TableImport,
  cancelled: () => boolean,
): Promise<ImportedTable> {
  const from = new Dictionary(source, []).table(wish.from.database, wish.from.table);
  if (!from) throw fault('OB_TABLE_NOT_EXIST', wish.from.database, wish.from.table);
  const { foreignKeys, dropped } = keptForeignKeys(from, wish);
  const done = { indexCount: from.keys.length, constraintCount: from.checks.length, droppedReferences: dropped };
  const there = target.dictionary.table(wish.to.database, wish.to.table);
  if (there?.createdUs === wish.createdUs) return done;
  const to: TableSchema = {
    ...from,
    schema: wish.to.database.toLowerCase(),
    name: wish.to.table.toLowerCase(),
    createdUs: wish.createdUs,
    foreignKeys,
  };
  requireFree(target, to);
  const hidden = quoteName(unnamed(wish));
  const check = checkOf(cancelled);
  const step = <T>(work: () => T) => writeStep(target, check, work);
  const { writer } = target.store;
  const dropHidden = () => void writer.exec(`DROP TABLE IF EXISTS ${hidden}`);
  await step(() => {
    dropHidden();
    for (const sql of createStatements(to, hidden)) writer.exec(sql);
  });
  try {
    await copyRows(source, from, hidden, { target, step });
    await step(() => nameTable(target, source, { from, to, hidden }));
  } catch (error) {
    // What cannot be dropped now is dropped by the next attempt, or when the recovery ends.
    await dropStep(target, dropHidden).catch(() => undefined);
    throw error;
  }
  return done;
}

/** What names of tables that are not named yet begin with. */
export const unnamedPrefix = '__ob_import';

/** Without a dot, which stands between database and table in every other name. */
function unnamed({ importId }: TableImport): string {
  return `${unnamedPrefix}${importId}`;
}

function requireFree({ dictionary }: Tenant, to: TableSchema): void {
  if (virtualDatabases.has(to.schema) || !dictionary.hasDatabase(to.schema))
    throw fault('OB_ERR_BAD_DATABASE', to.schema);
  if (dictionary.table(to.schema, to.name)) throw fault('OB_ERR_TABLE_EXIST', to.name);
}

/** Foreign keys to tables that come along, under their new names; the others cannot be kept. */
function keptForeignKeys(from: TableSchema, { parents }: TableImport) {
  const foreignKeys: TableForeignKey[] = [];
  const dropped: string[] = [];
  for (const key of from.foreignKeys) {
    const parent = parents.find((each) => each.from.database === key.schema && each.from.table === key.table);
    if (parent) foreignKeys.push({ ...key, schema: parent.to.database, table: parent.to.table });
    else dropped.push(key.name);
  }
  return { foreignKeys, dropped };
}

interface Copying {
  readonly target: Tenant;
  readonly step: <T>(work: () => T) => Promise<T>;
}

async function copyRows(source: Connection, from: TableSchema, hidden: string, copying: Copying): Promise<void> {
  const table = sqliteName(from.schema, from.name);
  const columns = from.columns.filter((column) => !column.generated);
  const names = columns.map((column) => quoteName(column.name)).join(', ');
  const insert = `INSERT INTO ${hidden} (${names}) VALUES (${columns.map(() => '?').join(', ')})`;
  source.exec('BEGIN');
  try {
    // In the order they lie in, which is all the order rows without a key have.
    const rows = source.prepare(`SELECT ${names} FROM ${table} NOT INDEXED`).raw().safeIntegers();
    requireAllRows(source, table, await writeRows(rows.iterate() as Rows, insert, copying));
  } finally {
    source.exec('ROLLBACK');
  }
}

type Rows = IterableIterator<readonly Cell[], undefined>;

/** A stretch of rows at a time; in between the writer is free for the tenant's own sessions. Returns their number. */
async function writeRows(rows: Rows, sql: string, { target, step }: Copying): Promise<number> {
  let count = 0;
  try {
    for (let more = true; more; ) {
      await step(() => {
        const insert = target.store.writer.prepare(sql);
        const endMs = performance.now() + turnMs;
        while (more && performance.now() < endMs) {
          const { value } = rows.next();
          more = value !== undefined;
          if (!value) continue;
          insert.run(...value);
          count++;
        }
      });
      await nextTurn();
    }
    return count;
  } finally {
    rows.return?.();
  }
}

interface Naming {
  readonly from: TableSchema;
  readonly to: TableSchema;
  readonly hidden: string;
}

function nameTable(target: Tenant, source: Connection, { from, to, hidden }: Naming): void {
  const { dictionary, store } = target;
  const { writer } = store;
  requireFree(target, to);
  // Otherwise SQLite would rename inside other tables' foreign keys too.
  writer.pragma('legacy_alter_table = ON');
  try {
    writer.exec(`ALTER TABLE ${hidden} RENAME TO ${sqliteName(to.schema, to.name)}`);
  } finally {
    writer.pragma('legacy_alter_table = OFF');
  }
  for (const sql of indexStatements(to)) writer.exec(sql);
  const next = nextValue(source, from);
  if (next !== null) setNextValue(writer, to, next);
  dictionary.putTable({ ...to, id: dictionary.newTableId() });
  keepTextReferences(writer, dictionary);
}

/** A step that takes away what an import left: it is repeated until it was done, and so does not wait for long. */
export function dropStep(tenant: Tenant, work: (check: Check) => void): Promise<void> {
  const check = checkOf(() => false);
  return writeStep(tenant, check, () => work(check), dropWaitMs);
}

/** One transaction of the writer, with the functions that generated columns and checks may call. */
async function writeStep<T>(tenant: Tenant, check: Check, work: () => T, waitMs = lockWaitMs): Promise<T> {
  const { store, dictionary } = tenant;
  check();
  await store.lock.take(waitMs, check, check);
  const { version } = dictionary;
  try {
    if (tenant.readOnly) throw fault('OB_STANDBY_READ_ONLY');
    setForeignKeys(store.writer, false);
    // What was let in once may be refused under other settings of a session.
    store.writer.pragma('ignore_check_constraints = ON');
    enterStatement(store.writer, functionContext({ ...noStatement, tenant, check }), check);
    store.begin();
    try {
      const result = work();
      store.commit();
      return result;
    } catch (error) {
      store.rollback();
      if (dictionary.version !== version) dictionary.reload();
      throw error;
    }
  } finally {
    store.writer.pragma('ignore_check_constraints = OFF');
    if (dictionary.version !== version) tenant.plans.clear();
    store.lock.release();
  }
}

function checkOf(cancelled: () => boolean): Check {
  const look = () => {
    if (cancelled()) throw faultText('OB_CANCELED', 'the import was cancelled');
  };
  const none = () => undefined;
  const sleep = () => 0 as const;
  return Object.assign(look, {
    deadlineUs: 0,
    start: none,
    pause: none,
    leave: none,
    claim: none,
    disclaim: none,
    sleep,
    plan: null,
  });
}
