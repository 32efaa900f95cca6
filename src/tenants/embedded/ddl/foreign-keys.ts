import { fault, faultText } from '../../../base/errors.ts';
import { keyOrder } from '../../../sql/translate/text-key.ts';
import { foreignKeyText } from '../sql-errors.ts';
import { findColumn, sqliteName, type TableForeignKey, type TableSchema } from '../table-schema.ts';
import type { Change } from './change.ts';
import { isTextReference } from './table-sql.ts';
import { rowsWithoutParent } from './text-references.ts';

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
 * The foreign keys of other tables follow columns of `from` that got other names, `sources` naming the old ones. With
 * foreign_key_checks a table may not change so that a foreign key, its own or another table's, loses the key it points at: 1235.
 */
export function followColumns(
  change: Change,
  from: TableSchema,
  to: TableSchema,
  sources: ReadonlyMap<string, string>,
): readonly TableSchema[] {
  const { dictionary, execution } = change;
  const names = new Map<string, string>();
  for (const { name } of to.columns) {
    const old = sources.get(name.toLowerCase());
    if (old !== undefined) names.set(old.toLowerCase(), name);
  }
  const renamed = (column: string) => names.get(column.toLowerCase()) ?? column;
  const here = ({ schema, table }: TableForeignKey) => schema === from.schema && table === from.name;
  const follows = (key: TableForeignKey) =>
    here(key) && key.targetColumns.some((column) => renamed(column).toLowerCase() !== column.toLowerCase())
      ? { ...key, targetColumns: key.targetColumns.map(renamed) }
      : key;
  const others = dictionary.allTables().filter(({ id }) => id !== from.id);
  if (execution.context.foreignKeyChecks) {
    for (const other of others)
      for (const key of other.foreignKeys.filter(here)) requireKept(other, from, key, other, to, follows(key));
    for (const key of to.foreignKeys) {
      const before = from.foreignKeys.find(({ name }) => name === key.name);
      const parent = dictionary.table(key.schema, key.table);
      if (before && parent) requireKept(from, parent, before, to, here(key) ? to : parent, key);
    }
  }
  return others.flatMap((other) => {
    const foreignKeys = other.foreignKeys.map(follows);
    return foreignKeys.some((key, i) => key !== other.foreignKeys[i]) ? [{ ...other, foreignKeys }] : [];
  });
}

function requireKept(
  child: TableSchema,
  parent: TableSchema,
  key: TableForeignKey,
  newChild: TableSchema,
  newParent: TableSchema,
  newKey: TableForeignKey,
): void {
  if (pointsAtKey(child, parent, key) && !pointsAtKey(newChild, newParent, newKey))
    throw fault('OB_NOT_SUPPORTED', `change of columns or keys that foreign key '${key.name}' needs is`);
}

function pointsAtKey(table: TableSchema, target: TableSchema, key: TableForeignKey): boolean {
  const wanted = key.targetColumns.map((column) => column.toLowerCase()).sort();
  const kinds = key.targetColumns.every((column, i) => {
    const there = findColumn(target, column);
    const here = findColumn(table, key.columns[i]!);
    return (
      there !== undefined &&
      here !== undefined &&
      there.type.name === here.type.name &&
      keyOrder(there.type) === keyOrder(here.type)
    );
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
export function checkForeignRows({ writer, dictionary, execution }: Change, table: TableSchema): void {
  if (!execution.context.foreignKeyChecks || table.foreignKeys.length === 0) return;
  const broken = writer.pragma(`foreign_key_check(${sqliteName(table.schema, table.name)})`) as readonly unknown[];
  const alone = table.foreignKeys.some((key) => {
    const parent = isTextReference(table, key) ? dictionary.table(key.schema, key.table) : null;
    return parent && writer.prepare(rowsWithoutParent(table, key, parent)).get() !== undefined;
  });
  if (broken.length > 0 || alone) throw faultText('ER_NO_REFERENCED_ROW', foreignKeyText.child);
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
