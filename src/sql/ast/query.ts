import type { WindowSpec } from './call.ts';
import type { Expression, OrderItem } from './expression.ts';
import type { ObjectName } from './name.ts';

export type Query = Select | SetOperation | ValuesQuery;

export interface Select {
  readonly kind: 'select';
  readonly with: WithClause | null;
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: readonly TableExpression[];
  readonly where: Expression | null;
  readonly groupBy: readonly OrderItem[];
  readonly rollup: boolean;
  readonly having: Expression | null;
  readonly windows: readonly { readonly name: string; readonly spec: WindowSpec }[];
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
  readonly lock: 'UPDATE' | 'SHARE' | null;
  /** SELECT … INTO @a, @b. */
  readonly into: readonly string[] | null;
  /** SQL_CALC_FOUND_ROWS was given. */
  readonly calcFoundRows: boolean;
}

export interface WithClause {
  readonly recursive: boolean;
  readonly tables: readonly {
    readonly name: string;
    readonly columns: readonly string[] | null;
    readonly query: Query;
  }[];
}

/** One or more queries joined; ORDER BY and LIMIT of the whole. Left-associative; INTERSECT binds tighter. */
export interface SetOperation {
  readonly kind: 'setOperation';
  readonly with: WithClause | null;
  readonly operator: 'UNION' | 'UNION ALL' | 'EXCEPT' | 'INTERSECT';
  readonly left: Query;
  readonly right: Query;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

export interface ValuesQuery {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expression[])[];
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

export interface Limit {
  readonly count: Expression;
  readonly offset: Expression | null;
}

export type SelectItem =
  | { readonly kind: 'star'; readonly schema: string | null; readonly table: string | null }
  | {
      readonly kind: 'expression';
      readonly expression: Expression;
      readonly alias: string | null;
      /** What the client reads: the alias, the bare column name, or the text as typed (at most 256 characters). */
      readonly label: string;
    };

export type TableExpression =
  | { readonly kind: 'table'; readonly table: ObjectName; readonly alias: string | null; readonly start: number }
  | {
      readonly kind: 'derived';
      readonly query: Query;
      readonly alias: string;
      readonly columns: readonly string[] | null;
      readonly lateral: boolean;
    }
  | {
      readonly kind: 'join';
      readonly join: 'INNER' | 'LEFT' | 'RIGHT' | 'CROSS';
      readonly natural: boolean;
      readonly left: TableExpression;
      readonly right: TableExpression;
      readonly on: Expression | null;
      readonly using: readonly string[] | null;
    };
