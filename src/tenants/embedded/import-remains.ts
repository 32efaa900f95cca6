import type { TablePlace } from '../tenant-engine.ts';
import { planless } from './ddl/change.ts';
import { rebuildTable } from './ddl/rebuild-table.ts';
import { keepTextReferences } from './ddl/text-references.ts';
import { noStatement } from './no-statement.ts';
import { coded } from './sql-errors.ts';
import { dropStep, unnamedPrefix } from './table-import.ts';
import { quoteName, sqliteName } from './table-schema.ts';
import type { Tenant } from './tenant.ts';

/**
 * Drops the tables of imports that ended without naming them, which nobody sees but whose foreign keys hold. Those that are
 * being filled stay; a read-only tenant keeps all until it takes writes.
 */
export async function dropUnnamedTables(tenant: Tenant): Promise<void> {
  if (tenant.readOnly || unnamedTables(tenant).length === 0) return;
  await dropStep(tenant, () => {
    for (const name of unnamedTables(tenant)) tenant.store.writer.exec(`DROP TABLE ${quoteName(name)}`);
  }).catch(throwCoded);
}

/** Makes the table anew without those foreign keys. */
export async function dropForeignKeys(
  tenant: Tenant,
  { database, table }: TablePlace,
  names: readonly string[],
): Promise<void> {
  const { dictionary, store } = tenant;
  await dropStep(tenant, (check) => {
    const from = dictionary.table(database, table);
    const foreignKeys = from?.foreignKeys.filter((key) => !names.includes(key.name)) ?? [];
    if (!from || foreignKeys.length === from.foreignKeys.length) return;
    const execution = planless(tenant, noStatement.context, check);
    const same = new Map(from.columns.map(({ name }) => [name.toLowerCase(), name]));
    rebuildTable({ execution, writer: store.writer, dictionary, notes: [] }, from, { ...from, foreignKeys }, same);
    keepTextReferences(store.writer, dictionary);
  }).catch(throwCoded);
}

function unnamedTables({ store, dictionary, imports }: Tenant): readonly string[] {
  const named = new Set(dictionary.allTables().map((table) => sqliteName(table.schema, table.name)));
  const found = store.writer
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '${unnamedPrefix}*'`)
    .pluck()
    .all() as readonly string[];
  return found.filter((name) => !imports.has(name) && !named.has(quoteName(name)));
}

function throwCoded(error: unknown): never {
  throw coded(error);
}
