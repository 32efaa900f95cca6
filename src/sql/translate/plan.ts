import type { Cell, ResultColumn } from '../../value/column-type.ts';
import type { ObjectName } from '../ast.ts';

/**
 * A translated query or write: SQLite text, where its parameters come from, and what the client reads. Plans are cached
 * under the literal-normalised text of the statement, so literals are binds wherever MySQL's meaning allows it.
 */
export interface Plan {
  readonly kind: 'query' | 'insert' | 'update' | 'delete';
  readonly sql: string;
  /** In the order of the `?` of `sql`. */
  readonly binds: readonly BindSource[];
  /** Result columns of a query, empty for writes. */
  readonly columns: readonly ResultColumn[];
  /**
   * Literals that shaped the text (LIMIT in a label, ORDER BY position, interval text, select labels …). A cached plan
   * serves a statement only when these slots hold the same text again.
   */
  readonly fixedSlots: readonly { readonly slot: number; readonly text: string }[];
  /** What the statement touches, for privileges: SELECT, INSERT, UPDATE, DELETE. */
  readonly uses: readonly {
    readonly table: ObjectName;
    readonly privilege: 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';
  }[];
  readonly parameterCount: number;
  /** SELECT … INTO @a. */
  readonly into: readonly string[] | null;
  /** True when the same statement may give another answer without a write (NOW(), RAND(), UUID() …). */
  readonly volatile: boolean;
}

/** Where one `?` of the SQLite text gets its value. */
export type BindSource =
  | { readonly from: 'literal'; readonly slot: number; readonly convert?: BindConversion }
  | { readonly from: 'parameter'; readonly index: number; readonly convert?: BindConversion }
  | { readonly from: 'userVariable'; readonly name: string }
  | { readonly from: 'systemVariable'; readonly name: string; readonly scope: 'session' | 'global' | null }
  | { readonly from: 'context'; readonly name: ContextBind }
  | { readonly from: 'constant'; readonly value: Cell };

/** Values the executor takes from its statement context. Views use them as `@name` named parameters instead. */
export type ContextBind =
  | 'nowUs'
  | 'timeZone'
  | 'database'
  | 'user'
  | 'host'
  | 'connectionId'
  | 'lastInsertId'
  | 'foundRows'
  | 'rowCount'
  | 'tenantId'
  | 'tenantName'
  | 'sqlMode';

/** How a literal or parameter is brought to storage form before it is bound; `null` leaves it as it is. */
export interface BindConversion {
  readonly to: 'number' | 'text' | 'bytes' | 'date' | 'datetime' | 'time' | 'timestamp';
  readonly scale?: number;
}
