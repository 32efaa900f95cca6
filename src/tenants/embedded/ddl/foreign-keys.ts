import { fault, faultText } from '../../../base/errors.ts';
import { keyOrder } from '../../../sql/translate/text-key.ts';
import { foreignKeyText } from '../sql-errors.ts';
import { findColumn, sqliteName, type TableForeignKey, type TableSchema } from '../table-schema.ts';
import type { Change } from './change.ts';
import { reindex } from './drop-table.ts';

/** 1215 unless every foreign key points at a key of an existing table; not looked at with foreign_key_checks = 0. */
export function checkForeignKeys({ dictionary, execution }: Change, table: TableSchema): void {
  if (!execution.context.foreignKeyChecks) return;
  for (const key of table.foreignKeys) {
    const self = key.schema === table.schema && key.table === table.name;
    const target = self ? table : dictionary.table(key.schema, key.table);
    if (!target || !pointsAtKey(table, target, key)) throw fault('ER_CANNOT_ADD_FOREIGN');
  }
}

/**
 * The table with an index for the foreign keys that point at texts of it; tables its own keys point at get theirs. SQLite
 * looks a parent up in an index over plain columns, and unique keys over texts have none.
 */
export function withParentKeys(change: Change, table: TableSchema): TableSchema {
  const { dictionary } = change;
  for (const key of table.foreignKeys) {
    const parent = dictionary.table(key.schema, key.table);
    if (!parent || parent.id === table.id) continue;
    const parentKeys = parentKeysOf(parent, [...dictionary.allTables(), table]);
    if (parentKeys.length > (parent.parentKeys?.length ?? 0)) reindex(change, parent, { ...parent, parentKeys });
  }
  const others = [...dictionary.allTables()].filter(({ id }) => id !== table.id);
  const { parentKeys: _, ...rest } = table;
  const parentKeys = parentKeysOf(table, [...others, table]);
  return parentKeys.length === 0 ? rest : { ...rest, parentKeys };
}

function parentKeysOf(parent: TableSchema, children: readonly TableSchema[]): string[][] {
  const found = new Map<string, string[]>();
  for (const key of children.flatMap(({ foreignKeys }) => foreignKeys)) {
    if (key.schema !== parent.schema || key.table !== parent.name) continue;
    const columns = key.targetColumns.map((name) => findColumn(parent, name));
    if (columns.some((column) => !column) || !columns.some((column) => keyOrder(column!.type) !== null)) continue;
    const names = columns.map((column) => column!.name);
    found.set(names.join().toLowerCase(), names);
  }
  return [...found.values()];
}

function pointsAtKey(table: TableSchema, target: TableSchema, key: TableForeignKey): boolean {
  const wanted = key.targetColumns.map((column) => column.toLowerCase()).sort();
  const kinds = key.targetColumns.every((column, i) => {
    const there = findColumn(target, column);
    const here = findColumn(table, key.columns[i]!);
    return there !== undefined && here !== undefined && there.type.name === here.type.name;
  });
  const unique = [target.primaryKey, ...target.keys.filter((each) => each.unique).map((each) => each.parts)];
  return (
    kinds &&
    unique.some(
      (parts) =>
        parts
          .map((part) => part.column.toLowerCase())
          .sort()
          .join() === wanted.join(),
    )
  );
}

/** 1452 when rows of the table point nowhere; for keys added to a filled table. */
export function checkForeignRows({ writer, execution }: Change, table: TableSchema): void {
  if (!execution.context.foreignKeyChecks || table.foreignKeys.length === 0) return;
  const broken = writer.pragma(`foreign_key_check(${sqliteName(table.schema, table.name)})`) as readonly unknown[];
  if (broken.length > 0) throw faultText('ER_NO_REFERENCED_ROW', foreignKeyText.child);
}

/** 3730 when another table points at this one. */
export function refuseReferenced(
  { dictionary, execution }: Change,
  table: TableSchema,
  among: ReadonlySet<string>,
): void {
  if (!execution.context.foreignKeyChecks) return;
  for (const other of dictionary.allTables()) {
    if (other.id === table.id || among.has(`${other.schema}.${other.name}`)) continue;
    const key = other.foreignKeys.find((each) => each.schema === table.schema && each.table === table.name);
    if (key) throw fault('ER_FK_CANNOT_DROP_PARENT', table.name, key.name, other.name);
  }
}
