import { isFault } from '../../base/errors.ts';
import type { StatementContext } from '../engine-session.ts';
import { setForeignKeys } from './connection.ts';
import { enterChange } from './connection-setup.ts';
import { type Change, planless } from './ddl/change.ts';
import { makeIndexes } from './ddl/make-indexes.ts';
import { rebuildTable } from './ddl/rebuild-table.ts';
import { createStatements, indexName, indexStatements, isTextReference } from './ddl/table-sql.ts';
import { keepTextReferences } from './ddl/text-references.ts';
import { functionContext } from './function-context.ts';
import { putRow } from './settings.ts';
import type { SqlTenant } from './sql-tenant.ts';
import type { Check } from './statement.ts';
import type { TableSchema } from './table-schema.ts';

/**
 * Tenants made before texts were compared by keys have indexes over the plain columns, which no query finds any more. Their
 * first write makes them anew, in one transaction with the mark that it was done; the caller holds the writer lock. A unique
 * key whose texts are no longer told apart stays as it was. Foreign keys over texts that SQLite compared become triggers.
 */
export function renewTextKeys(tenant: SqlTenant, context: StatementContext, check: Check): void {
  if (tenant.meta.textKeys && tenant.meta.textReferences) return;
  const { store, dictionary } = tenant;
  const { writer } = store;
  const { version } = dictionary;
  const meta = { ...tenant.meta, textKeys: true, textReferences: true };
  const change: Change = { execution: planless(tenant, context, check), writer, dictionary, notes: [] };
  enterChange(writer, functionContext(change.execution), check);
  setForeignKeys(writer, false);
  store.begin();
  try {
    for (const table of dictionary.allTables()) renewTable(change, table);
    keepTextReferences(writer, dictionary);
    putRow(writer, { kind: 'meta', schema: '', name: 'tenant', body: meta });
    store.commit();
  } catch (error) {
    store.rollback();
    if (dictionary.version !== version) tenant.contentsReplaced();
    throw error;
  }
  tenant.meta = meta;
}

function renewTable(change: Change, table: TableSchema): void {
  const { writer } = change;
  const known = knownIndexes(change, table);
  const wanted = indexStatements(table);
  const missing = wanted.filter((sql) => known.get(nameOf(sql)) !== sql);
  const primary = indexName(table, 'PRIMARY');
  const references = table.foreignKeys.some((key) => isTextReference(table, key)) && !isAsWanted(change, table);
  // Foreign keys over texts had indexes of their parents' plain columns.
  for (const name of known.keys()) if (name.endsWith(' (parent)"')) writer.exec(`DROP INDEX ${name}`);
  if (references || missing.some((sql) => nameOf(sql) === primary && !known.has(primary))) {
    const names = new Map(table.columns.map(({ name }) => [name.toLowerCase(), name]));
    keeping(change, () => rebuildTable(change, table, table, names));
    return;
  }
  for (const sql of missing)
    keeping(change, () => {
      writer.exec(`DROP INDEX IF EXISTS ${nameOf(sql)}`);
      makeIndexes(change, table, [sql]);
    });
}

/** True when the table itself, apart from its name, was made by the statement of today. */
function isAsWanted({ writer }: Change, table: TableSchema): boolean {
  const body = (sql: string) => sql.slice(sql.indexOf(' ('));
  const sql = writer
    .prepare(`SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?`)
    .pluck()
    .get(`${table.schema}.${table.name}`) as string;
  return body(sql) === body(createStatements(table)[0]!);
}

/** The texts of a table's indexes by their quoted names. */
function knownIndexes({ writer }: Change, { schema, name }: TableSchema): ReadonlyMap<string, string> {
  const rows = writer
    .prepare(`SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`)
    .pluck()
    .all(`${schema}.${name}`) as readonly string[];
  return new Map(rows.map((sql) => [nameOf(sql), sql]));
}

function nameOf(sql: string): string {
  return /INDEX ("(?:[^"]|"")*")/.exec(sql)![1]!;
}

const attempt = '__ob_renew';

/** Does a step wholly, or leaves things as they were when rows are not unique any more. */
function keeping({ writer }: Change, step: () => void): void {
  writer.exec(`SAVEPOINT ${attempt}`);
  try {
    step();
  } catch (error) {
    if (!isFault(error, 'OB_ERR_PRIMARY_KEY_DUPLICATE')) throw error;
    writer.exec(`ROLLBACK TO ${attempt}`);
  }
  writer.exec(`RELEASE ${attempt}`);
}
