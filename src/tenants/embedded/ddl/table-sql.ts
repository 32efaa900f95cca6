import { columnKey, keyOrder } from '../../../sql/translate/text-key.ts';
import { sqliteColumnType } from '../../../value/column-storage.ts';
import {
  findColumn,
  type KeyPart,
  quoteName,
  rowIdColumn,
  sqliteName,
  type TableForeignKey,
  type TableSchema,
} from '../table-schema.ts';

/**
 * The SQLite statements that make a table. A single integer primary key is SQLite's row id; other primary keys are
 * unique indexes. Texts are indexed by their keys (`sql/translate/text-key.ts`), with a prefix length by that of the cut text.
 */
export function createStatements(table: TableSchema, sqlName = sqliteName(table.schema, table.name)): string[] {
  const rowId = rowIdColumn(table);
  const lines = table.columns.map((column) => {
    const name = quoteName(column.name);
    if (column === rowId) return `${name} INTEGER PRIMARY KEY${column.autoIncrement ? ' AUTOINCREMENT' : ''} NOT NULL`;
    const notNull = column.nullable ? '' : ' NOT NULL';
    const stored = column.generated?.stored ? 'STORED' : 'VIRTUAL';
    const generated = column.generated ? ` GENERATED ALWAYS AS (${column.generated.sql}) ${stored}` : '';
    return `${name} ${sqliteColumnType(column.type)}${notNull}${generated}`;
  });
  if (!rowId && table.primaryKey.length > 0 && !isApart(table))
    lines.push(`PRIMARY KEY (${partList(table, table.primaryKey)})`);
  for (const check of table.checks) lines.push(`CONSTRAINT ${quoteName(check.name)} CHECK (${check.sql})`);
  for (const key of table.foreignKeys) {
    if (isTextReference(table, key)) continue;
    const names = (columns: readonly string[]) => columns.map(quoteName).join(', ');
    const rules = `${rule('DELETE', key.onDelete)}${rule('UPDATE', key.onUpdate)}`;
    const target = sqliteName(key.schema, key.table);
    lines.push(`FOREIGN KEY (${names(key.columns)}) REFERENCES ${target} (${names(key.targetColumns)})${rules}`);
  }
  return [`CREATE TABLE ${sqlName} (${lines.join(', ')})`];
}

/** The SQLite statements that make the indexes of a table. */
export function indexStatements(table: TableSchema): string[] {
  const on = sqliteName(table.schema, table.name);
  const statements = table.keys.map((key) => {
    const unique = key.unique ? 'UNIQUE ' : '';
    return `CREATE ${unique}INDEX ${indexName(table, key.name)} ON ${on} (${partList(table, key.parts, key.unique)})`;
  });
  if (isApart(table))
    statements.push(
      `CREATE UNIQUE INDEX ${indexName(table, 'PRIMARY')} ON ${on} (${partList(table, table.primaryKey, true)})`,
    );
  for (const key of table.foreignKeys) {
    if (isIndexed(table, key.columns)) continue;
    const parts = key.columns.map((column): KeyPart => ({ column, length: null, descending: false }));
    statements.push(`CREATE INDEX ${indexName(table, `${key.name} (foreign)`)} ON ${on} (${partList(table, parts)})`);
  }
  return statements;
}

/** SQLite's name of an index; unique over all tables of the tenant. */
export function indexName(table: Pick<TableSchema, 'schema' | 'name'>, key: string): string {
  return sqliteName(table.schema, `${table.name}/${key.toLowerCase()}`);
}

function rule(event: string, action: string | null): string {
  return action ? ` ON ${event} ${action}` : '';
}

/** The primary key has an index of its own: SQLite knows no expressions in one, and takes a single INTEGER for its row id. */
function isApart(table: TableSchema): boolean {
  return table.wideKey === true || hasExpression(table, table.primaryKey);
}

/** True for keys that are no plain list of columns to SQLite. */
function hasExpression(table: Pick<TableSchema, 'columns'>, parts: readonly KeyPart[]): boolean {
  return parts.some((part) => part.length !== null || isText(table, part.column));
}

/** True for a foreign key SQLite cannot compare as MySQL does. */
export function isTextReference(child: Pick<TableSchema, 'columns'>, { columns }: TableForeignKey): boolean {
  return columns.some((name) => isText(child, name));
}

function isText(table: Pick<TableSchema, 'columns'>, name: string): boolean {
  const column = findColumn(table, name);
  return column !== undefined && keyOrder(column.type) !== null;
}

/** A prefix matters for uniqueness only: other indexes take the whole column, which serves more queries. */
function partList(table: TableSchema, parts: readonly KeyPart[], exactPrefix = false): string {
  return parts
    .map((part) => {
      const direction = part.descending ? ' DESC' : '';
      return `${partKey(table, part, exactPrefix)}${direction}`;
    })
    .join(', ');
}

/** What SQLite tells the rows of a key apart by. */
export function partKey(table: Pick<TableSchema, 'columns'>, part: KeyPart, exactPrefix: boolean): string {
  const column = findColumn(table, part.column);
  const name = quoteName(column?.name ?? part.column);
  const own = part.length !== null && exactPrefix ? `substr(${name}, 1, ${part.length})` : name;
  const order = column ? keyOrder(column.type) : null;
  return order === 'folded' ? columnKey(name, own) : order === 'binary' ? `rtrim(${own})` : own;
}

function isIndexed(table: TableSchema, columns: readonly string[]): boolean {
  return [table.primaryKey, ...table.keys.map((key) => key.parts)].some((parts) =>
    columns.every((column, i) => parts[i]?.column.toLowerCase() === column.toLowerCase()),
  );
}
