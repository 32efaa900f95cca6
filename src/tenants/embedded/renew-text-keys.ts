import { isFault } from '../../base/errors.ts';
import type { StatementContext } from '../engine-session.ts';
import { type Change, planless } from './ddl/change.ts';
import { makeIndexes } from './ddl/make-indexes.ts';
import { rebuildTable } from './ddl/rebuild-table.ts';
import { indexName, indexStatements } from './ddl/table-sql.ts';
import { putRow } from './settings.ts';
import type { SqlTenant } from './sql-tenant.ts';
import type { Check } from './statement.ts';
import type { TableSchema } from './table-schema.ts';

/**
 * Tenants made before texts were compared by keys have indexes over the plain columns, which no query finds any more. Their
 * first write makes them anew, in one transaction with the mark that it was done; the caller holds the writer lock. A unique
 * key whose texts are no longer told apart stays as it was.
 */
export function renewTextKeys(tenant: SqlTenant, context: StatementContext, check: Check): void {
  if (tenant.meta.textKeys) return;
  const { store, dictionary } = tenant;
  const { writer } = store;
  const { version } = dictionary;
  const meta = { ...tenant.meta, textKeys: true };
  const change: Change = { execution: planless(tenant, context, check), writer, dictionary, notes: [] };
  writer.pragma('foreign_keys = OFF');
  store.begin();
  try {
    for (const table of dictionary.allTables()) renewTable(change, table);
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
  if (missing.some((sql) => nameOf(sql) === primary && !known.has(primary))) {
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
