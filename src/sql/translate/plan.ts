import type { Cell, ColumnType, ResultColumn } from '../../value/column-type.ts';
import type { Literal } from '../ast/expression.ts';
import type { ObjectName } from '../ast/name.ts';
import type { ValueKind } from './value-kind.ts';

/**
 * A translated query or write: SQLite text, where its parameters come from, and what the client reads. Plans are cached
 * under the literal-normalised text of the statement, so literals are binds wherever MySQL's meaning allows it.
 *
 * Calling rule: prepare `sql`, read rows as arrays (`.raw()`; columns have no names of their own), pass the cells of
 * `bindCells(plan.binds, …)` as positional arguments and, when `namedBinds` is not empty, one object with those names as
 * the last argument: `statement.all(...cells, { tenantId, nowUs })`. SQLite numbers both kinds on its own and
 * better-sqlite3 fills plain `?` in order whatever stands between them.
 */
export interface Plan {
  readonly kind: 'query' | 'insert' | 'update' | 'delete';
  readonly sql: string;
  /** In the order of the `?` of `sql`. */
  readonly binds: readonly BindSource[];
  /** Named parameters (without `@`) the text holds because a view it reads uses them. */
  readonly namedBinds: readonly string[];
  /** Result columns of a query, empty for writes. */
  readonly columns: readonly ResultColumn[];
  /**
   * Literals that shaped the text (LIMIT in a label, ORDER BY position, interval text, select labels …). A cached plan
   * serves a statement only when these slots hold the same text again.
   */
  readonly fixedSlots: readonly { readonly slot: number; readonly text: string }[];
  /** User variables the plan took types from: it serves only while they are of these kinds. */
  readonly variableKinds: readonly { readonly name: string; readonly kind: ValueKind }[];
  /** False for a query without LIMIT: sql_select_limit cuts it. */
  readonly limited: boolean;
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
  /**
   * True when a result column may hold an integer beyond 2^53 (bigint, decimal): the executor reads with `safeIntegers`.
   */
  readonly wideIntegers: boolean;
  /** The places of such columns. */
  readonly wideColumns: readonly number[];
  /**
   * Places of result columns that hold microseconds since 1970 UTC in place of the text of their moment, ascending: the executor
   * shows them in the session's zone. Only queries that read views have any.
   */
  readonly moments?: readonly number[];
  /**
   * A write in two steps: the `rows` of all parts are read first; then `write` runs once for each row, in order, with its
   * cells. `sql` is empty. For writes to several tables and for UPDATE … ORDER BY, which SQLite would run in any order.
   */
  readonly parts?: readonly WritePart[];
  /** SQL_CALC_FOUND_ROWS: the number of rows without LIMIT, a query of one cell with binds of its own. */
  readonly foundRows?: { readonly sql: string; readonly binds: readonly BindSource[] };
}

export interface WritePart {
  readonly rows: PlanText;
  readonly write: PlanText;
}

export interface PlanText {
  readonly sql: string;
  readonly binds: readonly BindSource[];
}

/** Where one `?` of the SQLite text gets its value. */
export type BindSource =
  /** `given` is the literal the plan was made for: it stands in where the executor hands over no literals. */
  | {
      readonly from: 'literal';
      readonly slot: number;
      readonly convert?: BindConversion;
      readonly given?: Pick<Literal, 'type' | 'value'>;
    }
  | { readonly from: 'parameter'; readonly index: number; readonly convert?: BindConversion }
  | { readonly from: 'userVariable'; readonly name: string; readonly convert?: BindConversion }
  | {
      readonly from: 'systemVariable';
      readonly name: string;
      readonly scope: 'session' | 'global' | null;
      readonly convert?: BindConversion;
    }
  | { readonly from: 'context'; readonly name: ContextBind; readonly convert?: BindConversion }
  | { readonly from: 'constant'; readonly value: Cell }
  /** Cell `index` of the row a one-row INSERT or the delete before a REPLACE is run for. */
  | { readonly from: 'cell'; readonly index: number };

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

/**
 * How a value is brought to the form its place in the text needs; absent leaves it as it is. `folded` and `unpadded` are keys
 * of texts, `weights` their characters' weights; `likeFrom` and `likeTo` bound the keys a LIKE pattern can match. The `now…` and `utc…` forms
 * belong to the clock of the statement, in the session's zone and in UTC. `beside` compares with stored unsigned integers,
 * `leading` is the integer a text begins with, `plain` is what SQLite can show. `negate` belongs to a literal behind a minus sign.
 */
export interface BindConversion {
  readonly to:
    | 'number'
    | 'double'
    | 'plain'
    | 'integer'
    | 'leading'
    | 'unsigned'
    | 'beside'
    | 'limit'
    | 'text'
    | 'folded'
    | 'unpadded'
    | 'weights'
    | 'likeFrom'
    | 'likeTo'
    | 'bytes'
    | 'date'
    | 'datetime'
    | 'time'
    | 'timestamp'
    | 'nowDatetime'
    | 'nowDate'
    | 'nowTime'
    | 'utcDatetime'
    | 'utcDate'
    | 'utcTime'
    | 'seconds'
    | 'column';
  readonly scale?: number;
  readonly negate?: boolean;
  /** Target of `column`: the value is stored as into that column (strictness comes from the executor). */
  readonly column?: { readonly name: string; readonly type: ColumnType; readonly nullable: boolean };
  /** The write says IGNORE: values are fitted. */
  readonly ignore?: boolean;
}
