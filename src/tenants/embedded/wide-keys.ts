import { fault } from '../../base/errors.ts';
import { isUnsigned64 } from '../../value/unsigned.ts';
import { type Change, runChange } from './ddl/change.ts';
import { rebuildTable } from './ddl/rebuild-table.ts';
import { keepTextReferences } from './ddl/text-references.ts';
import { leaveWhenLarge } from './large-table.ts';
import { hasCode } from './sql-errors.ts';
import type { Execution } from './statement.ts';
import { rowIdColumn, type TableSchema } from './table-schema.ts';

/** A primary key that is SQLite's row id was to get a number beyond 2^63 - 1. */
export class NarrowKey extends Error {}

/**
 * A BIGINT UNSIGNED primary key is SQLite's row id until the first value comes that this does not hold: then the table is
 * rebuilt with a key of its own. True when that was why the statement failed, and it may run again.
 *
 * Outside of a transaction the rebuild is a durable step of its own. Inside, SQLite would carry out the foreign keys of
 * tables that point at the one that is dropped: there it is refused (1235).
 */
export async function widenKeys(execution: Execution, error: unknown): Promise<boolean> {
  if (!(error instanceof NarrowKey) && !hasCode(error, 'SQLITE_MISMATCH')) return false;
  const { tenant, transaction, context, check } = execution;
  const tables = narrowTables(execution);
  if (tables.length === 0) return false;
  const widen = (change: Change) => tables.reduce((rows, table) => rows + widenKey(change, table), 0);
  if (!transaction.open) {
    for (const { schema, name } of tables) leaveWhenLarge(execution, { schema, name }, 'write');
    await runChange(execution, widen);
    return true;
  }
  const others = tenant.dictionary.allTables().flatMap((table) => table.foreignKeys);
  const named = tables.find(({ schema, name }) => others.some((key) => key.schema === schema && key.table === name));
  if (named && context.foreignKeyChecks)
    throw fault(
      'OB_NOT_SUPPORTED',
      `first bigint unsigned value above 9223372036854775807 for the primary key of '${named.name}' inside of a transaction is`,
    );
  const writer = await transaction.startWriting(context, check);
  const { dictionary } = tenant;
  writer.exec(`SAVEPOINT ${widening}`);
  try {
    widen({ execution, writer, dictionary, notes: [] });
    keepTextReferences(writer, dictionary);
  } catch (failure) {
    // Half a rebuilt table must not be there at COMMIT.
    if (writer.inTransaction) writer.exec(`ROLLBACK TO ${widening}; RELEASE ${widening}`);
    tenant.contentsReplaced();
    throw failure;
  }
  writer.exec(`RELEASE ${widening}`);
  tenant.plans.clear();
  return true;
}

const widening = '__ob_widening';

/** The tables a statement writes, and those its foreign keys carry a primary key on to. */
function narrowTables({ tenant, context, check }: Execution): readonly TableSchema[] {
  const { dictionary } = tenant;
  const found = new Set<TableSchema>();
  const visit = (table: TableSchema | null) => {
    const key = table && rowIdColumn(table);
    if (!table || !key || found.has(table) || !isUnsigned64(key.type)) return;
    found.add(table);
    for (const child of dictionary.allTables()) if (carriesOn(table, child)) visit(child);
  };
  for (const { table, privilege } of check.plan?.plan.uses ?? [])
    if (privilege !== 'SELECT') visit(dictionary.table(table.schema ?? context.database ?? '', table.name));
  return [...found];
}

function carriesOn({ schema, name }: TableSchema, child: TableSchema): boolean {
  const key = rowIdColumn(child)?.name;
  return child.foreignKeys.some(
    (each) => each.schema === schema && each.table === name && each.columns.some((column) => column === key),
  );
}

function widenKey(change: Change, table: TableSchema): number {
  const names = new Map(table.columns.map(({ name }) => [name.toLowerCase(), name]));
  return rebuildTable(change, table, { ...table, wideKey: true }, names);
}
