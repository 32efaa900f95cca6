import type { Expression, OrderItem } from './expression.ts';
import type { ObjectName } from './name.ts';
import type { Limit, Query, TableExpression } from './query.ts';

/** The rows of VALUES; long runs of plain literals are no tree, but read from the text whenever somebody walks over them. */
export interface ValueRows {
  readonly length: number;
  readonly runs: readonly RowRun[];
}

/** Rows one behind the other. Those of a run that is read have the same number of values, which are plain literals. */
export type RowRun =
  | { readonly rows: readonly (readonly Expression[])[] }
  | { readonly length: number; readonly width: number; read(): Iterable<readonly Expression[]> };

/** INSERT, INSERT IGNORE, REPLACE; VALUES, SET (as one row) or a query. */
export interface Insert {
  readonly kind: 'insert';
  readonly replace: boolean;
  readonly ignore: boolean;
  readonly table: ObjectName;
  readonly columns: readonly string[] | null;
  readonly rows: ValueRows | null;
  readonly query: Query | null;
  readonly onDuplicate: readonly Assignment[] | null;
}

export interface Assignment {
  readonly table: string | null;
  readonly column: string;
  readonly value: Expression;
}

/** Single table when `from` has one plain table; otherwise MySQL's multi-table form. */
export interface Update {
  readonly kind: 'update';
  readonly ignore: boolean;
  readonly from: readonly TableExpression[];
  readonly assignments: readonly Assignment[];
  readonly where: Expression | null;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

export interface Delete {
  readonly kind: 'delete';
  readonly ignore: boolean;
  /** The tables rows are removed from. */
  readonly targets: readonly ObjectName[];
  readonly from: readonly TableExpression[];
  readonly where: Expression | null;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

export interface Truncate {
  readonly kind: 'truncate';
  readonly table: ObjectName;
}
