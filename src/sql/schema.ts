import type { ColumnType } from '../value/column-type.ts';

/**
 * What the translator knows of the tables it meets. A tenant engine builds it from its dictionary, the view reader from
 * `views/`. Lookups ignore case for tables of views; tenant tables are stored in lower case (lower_case_table_names=1).
 */
export interface SchemaProvider {
  /** Null when the database does not exist; `table` null then too. */
  table(schema: string, name: string): TableSource | null;
  hasDatabase(schema: string): boolean;
}

export interface TableSource {
  readonly schema: string;
  readonly name: string;
  /**
   * `table`: `sql` is the quoted SQLite name. `view`: `sql` is a complete SELECT, put in parentheses; it may use the
   * named parameters of `contextBinds`.
   */
  readonly kind: 'table' | 'view';
  readonly sql: string;
  readonly columns: readonly SourceColumn[];
  /** Columns of the primary key, in order; empty without one. */
  readonly primaryKey: readonly string[];
  /** Unique keys including the primary one, for ON DUPLICATE KEY and error texts. */
  readonly uniqueKeys: readonly { readonly name: string; readonly columns: readonly string[] }[];
}

export interface SourceColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly autoIncrement: boolean;
  /** SQLite expression of the default in storage form, null when the column has none. */
  readonly default: string | null;
  readonly onUpdateNow: boolean;
  readonly primaryKey: boolean;
  readonly uniqueKey: boolean;
  readonly multipleKey: boolean;
  readonly generated?: boolean;
  /**
   * Of a view's timestamps and datetimes: a further column of `sql` with the same moment in microseconds since 1970 UTC (for a
   * datetime it is the session's local time that is shown). Answers are written from it, which spares SQLite the texts.
   */
  readonly moment?: string;
}

/** A column of a view or of an answer: it has a name and a type, and no part in keys or defaults. */
export function viewColumn(name: string, type: ColumnType, nullable = true): SourceColumn {
  return {
    name,
    type,
    nullable,
    autoIncrement: false,
    default: null,
    onUpdateNow: false,
    primaryKey: false,
    uniqueKey: false,
    multipleKey: false,
  };
}
