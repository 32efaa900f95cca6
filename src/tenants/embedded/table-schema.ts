import type { ReferenceAction } from '../../sql/ast/definition.ts';
import { rowIdName } from '../../sql/row-id-name.ts';
import type { ColumnType } from '../../value/column-type.ts';

/** A table as the dictionary keeps it: JSON in a row of the tenant's own file. Names are in lower case but columns'. */
export interface TableSchema {
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** Empty without a primary key. */
  readonly primaryKey: readonly KeyPart[];
  readonly keys: readonly TableKey[];
  readonly foreignKeys: readonly TableForeignKey[];
  readonly checks: readonly TableCheck[];
  readonly charset: string;
  readonly collation: string;
  readonly comment: string;
  /** Options of CREATE TABLE that are kept for its text only. */
  readonly options: Readonly<Record<string, string>>;
  /** AUTO_INCREMENT = n given and not yet overtaken, as text when a number does not hold it; 0 otherwise. */
  readonly autoIncrement: number | string;
  /** The primary key has met values that SQLite's row id does not hold: it is a column like others. */
  readonly wideKey?: boolean;
  readonly createdUs: number;
}

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly default: ColumnDefault | null;
  readonly onUpdateNow: boolean;
  readonly autoIncrement: boolean;
  readonly comment: string;
  readonly generated: { readonly text: string; readonly sql: string; readonly stored: boolean } | null;
}

/** `text` is what SHOW CREATE TABLE prints behind DEFAULT, `shown` what SHOW COLUMNS shows, `sql` what SQLite runs. */
export interface ColumnDefault {
  readonly text: string;
  readonly shown: string | null;
  readonly sql: string;
}

export interface KeyPart {
  readonly column: string;
  readonly length: number | null;
  readonly descending: boolean;
}

export interface TableKey {
  readonly name: string;
  readonly unique: boolean;
  readonly parts: readonly KeyPart[];
}

export interface TableForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly schema: string;
  readonly table: string;
  readonly targetColumns: readonly string[];
  readonly onDelete: ReferenceAction | null;
  readonly onUpdate: ReferenceAction | null;
}

export interface TableCheck {
  readonly name: string;
  /** As typed. */
  readonly text: string;
  readonly sql: string;
}

/** The quoted SQLite name of a tenant's table. */
export function sqliteName(schema: string, name: string): string {
  return quoteName(`${schema}.${name}`);
}

/** Quotes a SQLite name. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Finds a column by name, ignoring case. */
export function findColumn(table: Pick<TableSchema, 'columns'>, name: string): TableColumn | undefined {
  const wanted = name.toLowerCase();
  return table.columns.find((column) => column.name.toLowerCase() === wanted);
}

const integerKeys = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);

/** The column that is SQLite's row id: the only column of an integer primary key, unless that is a wide one. */
export function rowIdColumn(table: Pick<TableSchema, 'columns' | 'primaryKey' | 'wideKey'>): TableColumn | null {
  const [part, ...more] = table.primaryKey;
  if (!part || more.length > 0 || table.wideKey) return null;
  const column = findColumn(table, part.column);
  return column && integerKeys.has(column.type.name) ? column : null;
}

/** What SQLite's row id is called in a text over the table; null when columns have all of its names. */
export function rowIdText(table: Pick<TableSchema, 'columns' | 'primaryKey' | 'wideKey'>): string | null {
  const column = rowIdColumn(table);
  return column ? quoteName(column.name) : rowIdName(table.columns);
}
