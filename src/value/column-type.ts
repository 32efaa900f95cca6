/**
 * MySQL column types as the product knows them: what a table column, a view column and a result column have in common.
 */
export type TypeName =
  | 'tinyint'
  | 'smallint'
  | 'mediumint'
  | 'int'
  | 'bigint'
  | 'decimal'
  | 'float'
  | 'double'
  | 'bit'
  | 'year'
  | 'date'
  | 'time'
  | 'datetime'
  | 'timestamp'
  | 'char'
  | 'varchar'
  | 'binary'
  | 'varbinary'
  | 'tinytext'
  | 'text'
  | 'mediumtext'
  | 'longtext'
  | 'tinyblob'
  | 'blob'
  | 'mediumblob'
  | 'longblob'
  | 'enum'
  | 'set'
  | 'json'
  | 'null';

export interface ColumnType {
  readonly name: TypeName;
  /** Characters of char/varchar, bytes of binary/varbinary, bits of bit, display width of integers. */
  readonly length?: number;
  /** Total digits of decimal. */
  readonly precision?: number;
  /** Digits after the point of decimal; digits of the fraction of time, datetime and timestamp (0 to 6). */
  readonly scale?: number;
  readonly unsigned?: boolean;
  readonly zerofill?: boolean;
  /** Character types only; `binary` for byte strings. */
  readonly charset?: string;
  readonly collation?: string;
  /** Members of enum and set. */
  readonly values?: readonly string[];
}

/** One column of an answer, enough for the protocol's column definition. */
export interface ResultColumn {
  /** The text the client reads as the column's name. */
  readonly label: string;
  readonly type: ColumnType;
  /** Database and table (alias) the column came from; empty for expressions. */
  readonly schema: string;
  readonly table: string;
  readonly orgTable: string;
  readonly orgName: string;
  readonly notNull?: boolean;
  readonly primaryKey?: boolean;
  readonly uniqueKey?: boolean;
  readonly multipleKey?: boolean;
  readonly autoIncrement?: boolean;
}

/**
 * A value as SQLite hands it over (`safeIntegers` off or on): integers may be number or bigint, datetimes and decimals
 * have the storage forms documented in `storage.ts`.
 */
export type Cell = null | number | bigint | string | Uint8Array;
