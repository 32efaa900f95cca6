import { keyOrder } from '../../../sql/translate/text-key.ts';
import type { Connection } from '../connection.ts';
import type { Dictionary } from '../dictionary.ts';
import { foreignKeyText } from '../sql-errors.ts';
import { findColumn, quoteName, sqliteName, type TableForeignKey, type TableSchema } from '../table-schema.ts';
import { isTextReference, partKey } from './table-sql.ts';

/**
 * Foreign keys over texts. SQLite compares these by a collation of its own and finds parents in indexes over plain columns
 * only, so that they are no FOREIGN KEY of its tables but triggers, which compare by keys as unique keys do. Triggers go with
 * their table and name others: after every change of tables this brings them in line with the dictionary.
 */
export function keepTextReferences(writer: Connection, dictionary: Dictionary): void {
  const wanted = new Set(triggersOf(dictionary.allTables()));
  const known = writer
    .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '${prefix}%'`)
    .all() as readonly { readonly name: string; readonly sql: string }[];
  for (const { name, sql } of known) if (!wanted.delete(sql)) writer.exec(`DROP TRIGGER ${quoteName(name)}`);
  for (const sql of wanted) writer.exec(sql);
}

const prefix = 'ob-reference.';

function orderOf(table: Pick<TableSchema, 'columns'>, name: string): 'folded' | 'binary' | null {
  const column = findColumn(table, name);
  return column ? keyOrder(column.type) : null;
}

function triggersOf(tables: readonly TableSchema[]): readonly string[] {
  return tables.flatMap((child) =>
    child.foreignKeys
      .filter((key) => isTextReference(child, key))
      .flatMap((key, index) => {
        const parent = tables.find(({ schema, name }) => schema === key.schema && name === key.table);
        const name = (event: string) => quoteName(`${prefix}${child.id}.${index + 1}.${event}`);
        return parent
          ? [...ofChild(child, key, parent, name), ...ofParent(child, key, parent, name)]
          : ofOrphan(child, key, name);
      }),
  );
}

type Naming = (event: string) => string;

/** A row of the child needs its parent; the row itself may be that. */
function ofChild(child: TableSchema, key: TableForeignKey, parent: TableSchema, name: Naming): readonly string[] {
  const same = matches(parent, key.targetColumns, 'NEW', key.columns);
  const check = `SELECT ${raise('child')} WHERE NOT EXISTS (SELECT 1 FROM ${sqlNameOf(parent)} WHERE ${same})`;
  return childTriggers(child, key, name, check);
}

/** With foreign_key_checks = 0 a table may point at one that is not there yet: then only rows that point nowhere fit. */
function ofOrphan(child: TableSchema, key: TableForeignKey, name: Naming): readonly string[] {
  return childTriggers(child, key, name, `SELECT ${raise('child')}`);
}

function childTriggers(child: TableSchema, key: TableForeignKey, name: Naming, check: string): readonly string[] {
  const on = sqlNameOf(child);
  const points = key.columns.map((column) => `NEW.${quoteName(column)} IS NOT NULL`).join(' AND ');
  return [
    `CREATE TRIGGER ${name('insert')} AFTER INSERT ON ${on} WHEN ob_references() AND ${points} BEGIN ${check}; END`,
    `CREATE TRIGGER ${name('change')} AFTER UPDATE OF ${list(key.columns)} ON ${on} WHEN ob_references() AND ${points} AND (${moved(key.columns)}) BEGIN ${check}; END`,
  ];
}

/** A parent that goes or gets another text, be it in the case of its letters only, does what the key says. */
function ofParent(child: TableSchema, key: TableForeignKey, parent: TableSchema, name: Naming): readonly string[] {
  const on = sqlNameOf(parent);
  const where = matches(child, key.columns, 'OLD', key.targetColumns);
  const refuse = `SELECT ${raise('parent')} WHERE EXISTS (SELECT 1 FROM ${sqlNameOf(child)} WHERE ${where})`;
  const set = (value: (target: string, own: string) => string) => {
    const sets = key.columns.map(
      (own, i) => `${quoteName(own)} = ${value(quoteName(key.targetColumns[i]!), quoteName(own))}`,
    );
    return `UPDATE ${sqlNameOf(child)} SET ${sets.join(', ')} WHERE ${where}`;
  };
  const setNull = set(() => 'NULL');
  const carry = set(
    (target, own) => `CASE WHEN NEW.${target} COLLATE BINARY IS OLD.${target} THEN ${own} ELSE NEW.${target} END`,
  );
  const removal =
    key.onDelete === 'CASCADE'
      ? `DELETE FROM ${sqlNameOf(child)} WHERE ${where}`
      : key.onDelete === 'SET NULL'
        ? setNull
        : refuse;
  const renewal = key.onUpdate === 'CASCADE' ? carry : key.onUpdate === 'SET NULL' ? setNull : refuse;
  return [
    `CREATE TRIGGER ${name('remove')} AFTER DELETE ON ${on} WHEN ob_references() BEGIN ${removal}; END`,
    `CREATE TRIGGER ${name('renew')} AFTER UPDATE OF ${list(key.targetColumns)} ON ${on} WHEN ob_references() AND (${moved(key.targetColumns)}) BEGIN ${renewal}; END`,
  ];
}

/** Rows of a table whose columns equal those of the row a trigger is about, as indexes hold them. */
function matches(table: TableSchema, columns: readonly string[], row: 'NEW' | 'OLD', given: readonly string[]): string {
  return columns
    .map((column, i) => `${keyOf(table, column)} = ${givenKey(table, column, `${row}.${quoteName(given[i]!)}`)}`)
    .join(' AND ');
}

function keyOf(table: TableSchema, column: string): string {
  return partKey(table, { column, length: null, descending: false }, false);
}

function givenKey(table: TableSchema, column: string, value: string): string {
  const order = orderOf(table, column);
  return order === 'folded' ? `ob_key(${value})` : order === 'binary' ? `rtrim(${value})` : value;
}

/** A query of the rows of a table that point nowhere. */
export function rowsWithoutParent(child: TableSchema, key: TableForeignKey, parent: TableSchema): string {
  const points = key.columns.map((column) => `c.${quoteName(column)} IS NOT NULL`).join(' AND ');
  const same = key.targetColumns
    .map((column, i) => `${keyOf(parent, column)} = ${givenKey(parent, column, `c.${quoteName(key.columns[i]!)}`)}`)
    .join(' AND ');
  return `SELECT 1 FROM ${sqlNameOf(child)} AS c WHERE ${points}
    AND NOT EXISTS (SELECT 1 FROM ${sqlNameOf(parent)} WHERE ${same}) LIMIT 1`;
}

function moved(columns: readonly string[]): string {
  return columns
    .map((column) => `NEW.${quoteName(column)} COLLATE BINARY IS NOT OLD.${quoteName(column)}`)
    .join(' OR ');
}

function list(columns: readonly string[]): string {
  return columns.map(quoteName).join(', ');
}

function sqlNameOf({ schema, name }: TableSchema): string {
  return sqliteName(schema, name);
}

function raise(side: keyof typeof foreignKeyText): string {
  return `RAISE(ABORT, '${foreignKeyText[side]}')`;
}
