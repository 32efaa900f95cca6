import { formatTypeText, isTextType } from '../../../value/column-storage.ts';
import type { KeyPart, TableColumn, TableSchema } from '../table-schema.ts';
import { backquote, quoteSqlText } from './quote-text.ts';

/** The text of SHOW CREATE TABLE; running it makes the same table. */
export function createTableText(table: TableSchema, nextAutoIncrement: bigint | null): string {
  const lines = table.columns.map((column) => columnText(table, column));
  if (table.primaryKey.length > 0) lines.push(`PRIMARY KEY (${parts(table.primaryKey)})`);
  for (const key of table.foreignKeys) {
    const target = `${key.schema === table.schema ? '' : `${backquote(key.schema)}.`}${backquote(key.table)}`;
    const rules = `${key.onDelete ? ` ON DELETE ${key.onDelete}` : ''}${key.onUpdate ? ` ON UPDATE ${key.onUpdate}` : ''}`;
    lines.push(
      `CONSTRAINT ${backquote(key.name)} FOREIGN KEY (${names(key.columns)}) REFERENCES ${target}(${names(key.targetColumns)})${rules}`,
    );
  }
  for (const key of table.keys)
    lines.push(`${key.unique ? 'UNIQUE ' : ''}KEY ${backquote(key.name)} (${parts(key.parts)})`);
  for (const check of table.checks) lines.push(`CONSTRAINT ${backquote(check.name)} CHECK (${check.text})`);
  return `CREATE TABLE ${backquote(table.name)} (\n  ${lines.join(',\n  ')}\n) ${options(table, nextAutoIncrement)}`;
}

function options(table: TableSchema, nextAutoIncrement: bigint | null): string {
  const start = nextAutoIncrement !== null && nextAutoIncrement > 1n ? `AUTO_INCREMENT = ${nextAutoIncrement} ` : '';
  const usual = `${table.charset}_general_ci`;
  const collate = table.collation === usual ? '' : ` COLLATE = ${table.collation}`;
  const comment = table.comment === '' ? '' : ` COMMENT = ${quoteSqlText(table.comment)}`;
  return `${start}DEFAULT CHARSET = ${table.charset}${collate}${comment}`;
}

function columnText(table: TableSchema, column: TableColumn): string {
  let text = `${backquote(column.name)} ${formatTypeText(column.type)}${charsetText(table, column)}`;
  if (column.generated) {
    text += ` GENERATED ALWAYS AS (${column.generated.text}) ${column.generated.stored ? 'STORED' : 'VIRTUAL'}`;
    if (!column.nullable) text += ' NOT NULL';
  } else {
    if (!column.nullable) text += ' NOT NULL';
    else if (column.type.name === 'timestamp') text += ' NULL';
    if (column.default && (column.default.sql !== 'NULL' || !isText(column))) text += ` DEFAULT ${column.default.text}`;
    else if (column.nullable && !column.autoIncrement && !isText(column)) text += ' DEFAULT NULL';
  }
  if (column.onUpdateNow) text += ` ON UPDATE CURRENT_TIMESTAMP${column.type.scale ? `(${column.type.scale})` : ''}`;
  if (column.autoIncrement) text += ' AUTO_INCREMENT';
  return column.comment === '' ? text : `${text} COMMENT ${quoteSqlText(column.comment)}`;
}

function charsetText(table: TableSchema, { type }: TableColumn): string {
  if (!isTextType(type) || (type.collation === table.collation && type.charset === table.charset)) return '';
  const charset = type.charset === table.charset ? '' : ` CHARACTER SET ${type.charset}`;
  return `${charset} COLLATE ${type.collation}`;
}

/** Long texts and bytes never have a default and show none. */
function isText({ type }: TableColumn): boolean {
  return /(text|blob)$/.test(type.name);
}

function names(columns: readonly string[]): string {
  return columns.map(backquote).join(', ');
}

function parts(keyParts: readonly KeyPart[]): string {
  return keyParts
    .map(
      (part) =>
        `${backquote(part.column)}${part.length === null ? '' : `(${part.length})`}${part.descending ? ' DESC' : ''}`,
    )
    .join(', ');
}
