import type { ColumnType } from '../value/column-type.ts';

/**
 * The syntax tree of MySQL's everyday language: what `parse/` makes of a text and `translate/` turns into SQLite.
 * OceanBase's own statements have typed statements of their own (`grammar/`, `statement.ts`).
 *
 * Every node is a frozen plain object with a `kind`. `start` and `end` are offsets into the statement text where labels
 * and error texts need them.
 */

/** `db.name`; `schema` is null when not given. Case is kept as typed. */
export interface ObjectName {
  readonly schema: string | null;
  readonly name: string;
}

// ---------------------------------------------------------------- expressions

export type Expression =
  | Literal
  | Placeholder
  | ColumnRef
  | UserVariable
  | SystemVariable
  | Unary
  | Binary
  | Between
  | InList
  | InSubquery
  | Like
  | IsTest
  | CaseExpression
  | Cast
  | ConvertUsing
  | FunctionCall
  | Aggregate
  | WindowCall
  | Interval
  | Exists
  | Scalar
  | Quantified
  | RowExpression
  | DefaultValue
  | ValuesOf
  | AssignVariable
  | MatchAgainst
  | Collate;

/**
 * A literal. `slot` numbers the literals of a statement from 0 in text order; plans bind them (see `scan.ts`). NULL, TRUE
 * and FALSE have slot -1: they stay words of the normalised text and are never bound.
 */
export interface Literal {
  readonly kind: 'literal';
  readonly type:
    | 'null'
    | 'boolean'
    | 'integer'
    | 'decimal'
    | 'double'
    | 'string'
    | 'hex'
    | 'bit'
    | 'date'
    | 'time'
    | 'timestamp';
  /** Text of numbers exactly as typed, text of strings unescaped, bytes of hex and bit, null of null. */
  readonly value: string | Uint8Array | boolean | null;
  readonly charset?: string;
  readonly slot: number;
  readonly start: number;
  readonly end: number;
}

/** `?`; `index` counts from 0. */
export interface Placeholder {
  readonly kind: 'placeholder';
  readonly index: number;
}
export interface ColumnRef {
  readonly kind: 'column';
  readonly schema: string | null;
  readonly table: string | null;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}
/** `@name`, lower case without the sign. */
export interface UserVariable {
  readonly kind: 'userVariable';
  readonly name: string;
}
/** `@@name`, `@@session.name`, `@@global.name`; lower case. */
export interface SystemVariable {
  readonly kind: 'systemVariable';
  readonly name: string;
  readonly scope: 'session' | 'global' | null;
}
/** `@name := value` inside an expression. */
export interface AssignVariable {
  readonly kind: 'assignVariable';
  readonly name: string;
  readonly value: Expression;
}
export interface Unary {
  readonly kind: 'unary';
  readonly operator: '-' | '+' | '~' | '!' | 'NOT' | 'BINARY';
  readonly operand: Expression;
}
export interface Binary {
  readonly kind: 'binary';
  readonly operator:
    | '+'
    | '-'
    | '*'
    | '/'
    | 'DIV'
    | '%'
    | '|'
    | '&'
    | '^'
    | '<<'
    | '>>'
    | '='
    | '<=>'
    | '<>'
    | '<'
    | '<='
    | '>'
    | '>='
    | 'AND'
    | 'OR'
    | 'XOR'
    | 'REGEXP'
    | 'NOT REGEXP'
    | 'SOUNDS LIKE'
    | '->'
    | '->>';
  readonly left: Expression;
  readonly right: Expression;
}
export interface Between {
  readonly kind: 'between';
  readonly not: boolean;
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
}
export interface InList {
  readonly kind: 'inList';
  readonly not: boolean;
  readonly operand: Expression;
  readonly items: readonly Expression[];
}
export interface InSubquery {
  readonly kind: 'inSubquery';
  readonly not: boolean;
  readonly operand: Expression;
  readonly query: Query;
}
export interface Like {
  readonly kind: 'like';
  readonly not: boolean;
  readonly operand: Expression;
  readonly pattern: Expression;
  readonly escape: Expression | null;
}
export interface IsTest {
  readonly kind: 'is';
  readonly not: boolean;
  readonly operand: Expression;
  readonly test: 'NULL' | 'TRUE' | 'FALSE' | 'UNKNOWN';
}
export interface CaseExpression {
  readonly kind: 'case';
  readonly operand: Expression | null;
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  readonly otherwise: Expression | null;
}
/** CAST(x AS type), CONVERT(x, type). */
export interface Cast {
  readonly kind: 'cast';
  readonly operand: Expression;
  readonly type: CastType;
}
export interface CastType {
  readonly name:
    | 'signed'
    | 'unsigned'
    | 'char'
    | 'binary'
    | 'decimal'
    | 'double'
    | 'float'
    | 'date'
    | 'time'
    | 'datetime'
    | 'year'
    | 'json';
  readonly length: number | null;
  readonly scale: number | null;
  readonly charset: string | null;
}
export interface ConvertUsing {
  readonly kind: 'convertUsing';
  readonly operand: Expression;
  readonly charset: string;
}
/** Any function that is not an aggregate; `name` in lower case. Special forms (EXTRACT, TRIM, SUBSTRING FROM …) are brought to plain arguments. */
export interface FunctionCall {
  readonly kind: 'function';
  readonly name: string;
  readonly schema: string | null;
  readonly arguments: readonly Expression[];
  /** EXTRACT unit, TRIM side, TIMESTAMPDIFF unit and the like, upper case. */
  readonly keyword?: string;
  readonly start: number;
  readonly end: number;
}
export interface Aggregate {
  readonly kind: 'aggregate';
  readonly name:
    | 'count'
    | 'sum'
    | 'avg'
    | 'min'
    | 'max'
    | 'group_concat'
    | 'bit_and'
    | 'bit_or'
    | 'bit_xor'
    | 'std'
    | 'stddev'
    | 'stddev_pop'
    | 'stddev_samp'
    | 'variance'
    | 'var_pop'
    | 'var_samp'
    | 'json_arrayagg'
    | 'json_objectagg';
  /** Empty for COUNT(*). */
  readonly arguments: readonly Expression[];
  readonly distinct: boolean;
  readonly orderBy: readonly OrderItem[];
  readonly separator: string | null;
  readonly over: WindowSpec | null;
}
export interface WindowCall {
  readonly kind: 'window';
  readonly name: string;
  readonly arguments: readonly Expression[];
  readonly over: WindowSpec;
}
export interface WindowSpec {
  readonly name: string | null;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly frame: { readonly unit: 'ROWS' | 'RANGE'; readonly from: FrameBound; readonly to: FrameBound | null } | null;
}
export interface FrameBound {
  readonly bound: 'UNBOUNDED PRECEDING' | 'PRECEDING' | 'CURRENT ROW' | 'FOLLOWING' | 'UNBOUNDED FOLLOWING';
  readonly offset: Expression | null;
}
/** INTERVAL n unit, only as an operand of + and - or an argument of date functions. */
export interface Interval {
  readonly kind: 'interval';
  readonly amount: Expression;
  readonly unit: string;
}
export interface Exists {
  readonly kind: 'exists';
  readonly query: Query;
}
/** A subquery used as a value. */
export interface Scalar {
  readonly kind: 'scalar';
  readonly query: Query;
}
export interface Quantified {
  readonly kind: 'quantified';
  readonly operator: '=' | '<>' | '<' | '<=' | '>' | '>=';
  readonly quantifier: 'ALL' | 'ANY';
  readonly operand: Expression;
  readonly query: Query;
}
export interface RowExpression {
  readonly kind: 'row';
  readonly items: readonly Expression[];
}
/** DEFAULT or DEFAULT(col). */
export interface DefaultValue {
  readonly kind: 'default';
  readonly column: string | null;
}
/** VALUES(col) in ON DUPLICATE KEY UPDATE. */
export interface ValuesOf {
  readonly kind: 'valuesOf';
  readonly column: string;
}
export interface MatchAgainst {
  readonly kind: 'match';
  readonly columns: readonly ColumnRef[];
  readonly against: Expression;
}
export interface Collate {
  readonly kind: 'collate';
  readonly operand: Expression;
  readonly collation: string;
}

export interface OrderItem {
  readonly expression: Expression;
  readonly descending: boolean;
}

// ---------------------------------------------------------------- queries

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

// ---------------------------------------------------------------- statements

export type TenantStatement =
  | { readonly kind: 'query'; readonly query: Query }
  | Insert
  | Update
  | Delete
  | Truncate
  | CreateTable
  | AlterTable
  | DropTable
  | RenameTable
  | CreateIndex
  | DropIndex
  | CreateDatabase
  | DropDatabase
  | AlterDatabase
  | Use
  | TransactionStatement
  | LockTables
  | Show
  | Describe
  | Explain
  | SetStatement
  | Kill
  | TextPrepare
  | TextExecute
  | TextDeallocate
  | Unsupported
  | Empty
  | TableMaintenance
  | DoStatement
  | FlushStatement;

/** INSERT, INSERT IGNORE, REPLACE; VALUES, SET (as one row) or a query. */
export interface Insert {
  readonly kind: 'insert';
  readonly replace: boolean;
  readonly ignore: boolean;
  readonly table: ObjectName;
  readonly columns: readonly string[] | null;
  readonly rows: readonly (readonly Expression[])[] | null;
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

export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** Literal, CURRENT_TIMESTAMP call or NULL; null when there is no DEFAULT. */
  readonly default: Expression | null;
  readonly onUpdateNow: boolean;
  readonly autoIncrement: boolean;
  readonly primaryKey: boolean;
  readonly unique: boolean;
  readonly comment: string | null;
  readonly generated: { readonly expression: Expression; readonly stored: boolean } | null;
  readonly check: Expression | null;
  readonly references: ForeignKeyTarget | null;
}
export interface IndexPart {
  readonly column: string;
  readonly length: number | null;
  readonly descending: boolean;
}
export interface ForeignKeyTarget {
  readonly table: ObjectName;
  readonly columns: readonly string[];
  readonly onDelete: ReferenceAction | null;
  readonly onUpdate: ReferenceAction | null;
}
export type ReferenceAction = 'RESTRICT' | 'CASCADE' | 'SET NULL' | 'NO ACTION' | 'SET DEFAULT';
export type TableConstraint =
  | { readonly kind: 'primary'; readonly parts: readonly IndexPart[] }
  | { readonly kind: 'unique'; readonly name: string | null; readonly parts: readonly IndexPart[] }
  | { readonly kind: 'index'; readonly name: string | null; readonly parts: readonly IndexPart[] }
  | { readonly kind: 'fulltext' | 'spatial'; readonly name: string | null; readonly parts: readonly IndexPart[] }
  | {
      readonly kind: 'foreign';
      readonly name: string | null;
      readonly columns: readonly string[];
      readonly target: ForeignKeyTarget;
    }
  | { readonly kind: 'check'; readonly name: string | null; readonly expression: Expression; readonly text: string };
/** Table options, lower-case names (`engine`, `charset`, `collate`, `auto_increment`, `comment`, `row_format`, …). */
export type TableOptions = Readonly<Record<string, string>>;
export interface CreateTable {
  readonly kind: 'createTable';
  readonly table: ObjectName;
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly TableConstraint[];
  readonly options: TableOptions;
  /** CREATE TABLE … LIKE other. */
  readonly like: ObjectName | null;
  /** CREATE TABLE … AS SELECT. */
  readonly query: Query | null;
  /** PARTITION BY text, when given. */
  readonly partitioning: string | null;
}
export type AlterAction =
  | { readonly kind: 'addColumn'; readonly column: ColumnDefinition; readonly position: ColumnPosition | null }
  | {
      readonly kind: 'changeColumn';
      readonly oldName: string;
      readonly column: ColumnDefinition;
      readonly position: ColumnPosition | null;
    }
  | { readonly kind: 'dropColumn'; readonly name: string }
  | { readonly kind: 'renameColumn'; readonly oldName: string; readonly newName: string }
  | { readonly kind: 'alterDefault'; readonly column: string; readonly default: Expression | null }
  | { readonly kind: 'addConstraint'; readonly constraint: TableConstraint }
  | { readonly kind: 'dropIndex'; readonly name: string }
  | { readonly kind: 'dropPrimary' }
  | { readonly kind: 'dropForeign'; readonly name: string }
  | { readonly kind: 'dropCheck'; readonly name: string }
  | { readonly kind: 'renameIndex'; readonly oldName: string; readonly newName: string }
  | { readonly kind: 'renameTable'; readonly table: ObjectName }
  | { readonly kind: 'options'; readonly options: TableOptions }
  | { readonly kind: 'convertCharset'; readonly charset: string; readonly collation: string | null }
  | { readonly kind: 'keys'; readonly enable: boolean };
export type ColumnPosition = { readonly first: true } | { readonly after: string };
export interface AlterTable {
  readonly kind: 'alterTable';
  readonly table: ObjectName;
  readonly actions: readonly AlterAction[];
}
export interface DropTable {
  readonly kind: 'dropTable';
  readonly tables: readonly ObjectName[];
  readonly ifExists: boolean;
  readonly temporary: boolean;
  readonly view: boolean;
}
export interface RenameTable {
  readonly kind: 'renameTable';
  readonly renames: readonly { readonly from: ObjectName; readonly to: ObjectName }[];
}
export interface CreateIndex {
  readonly kind: 'createIndex';
  readonly name: string;
  readonly table: ObjectName;
  readonly unique: boolean;
  readonly parts: readonly IndexPart[];
}
export interface DropIndex {
  readonly kind: 'dropIndex';
  readonly name: string;
  readonly table: ObjectName;
}
export interface CreateDatabase {
  readonly kind: 'createDatabase';
  readonly name: string;
  readonly ifNotExists: boolean;
  readonly charset: string | null;
  readonly collation: string | null;
}
export interface AlterDatabase {
  readonly kind: 'alterDatabase';
  readonly name: string | null;
  readonly charset: string | null;
  readonly collation: string | null;
}
export interface DropDatabase {
  readonly kind: 'dropDatabase';
  readonly name: string;
  readonly ifExists: boolean;
}
export interface Use {
  readonly kind: 'use';
  readonly name: string;
}
export type TransactionStatement =
  | { readonly kind: 'begin'; readonly readOnly: boolean; readonly snapshot: boolean }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'savepoint'; readonly name: string }
  | { readonly kind: 'rollbackTo'; readonly name: string }
  | { readonly kind: 'release'; readonly name: string };
export interface LockTables {
  readonly kind: 'lockTables';
  readonly unlock: boolean;
  readonly tables: readonly { readonly table: ObjectName; readonly write: boolean }[];
}
/**
 * SHOW. `what` is one of the words below; `subject` the table, database, user or variable scope it names.
 */
export interface Show {
  readonly kind: 'show';
  readonly what:
    | 'databases'
    | 'tables'
    | 'columns'
    | 'createTable'
    | 'createDatabase'
    | 'createUser'
    | 'createTenant'
    | 'index'
    | 'variables'
    | 'status'
    | 'warnings'
    | 'errors'
    | 'processlist'
    | 'engines'
    | 'charset'
    | 'collation'
    | 'plugins'
    | 'tableStatus'
    | 'grants'
    | 'parameters'
    | 'tenant'
    | 'tenantStatus'
    | 'privileges'
    | 'triggers'
    | 'events'
    | 'procedureStatus'
    | 'functionStatus'
    | 'countWarnings'
    | 'countErrors'
    | 'recyclebin'
    | 'restorePreview'
    | 'openTables'
    | 'masterStatus'
    | 'slaveStatus'
    | 'binaryLogs'
    | 'profiles';
  readonly full: boolean;
  readonly global: boolean;
  readonly subject: ObjectName | null;
  readonly database: string | null;
  readonly like: string | null;
  readonly where: Expression | null;
  /** SHOW PARAMETERS … TENANT = t. */
  readonly tenant: string | null;
  readonly limit: Limit | null;
}
/** DESC / DESCRIBE / EXPLAIN table [column]. */
export interface Describe {
  readonly kind: 'describe';
  readonly table: ObjectName;
  readonly column: string | null;
}
export interface Explain {
  readonly kind: 'explain';
  readonly statement: TenantStatement;
}
export interface SetStatement {
  readonly kind: 'set';
  readonly items: readonly SetItem[];
}
export type SetItem =
  | {
      readonly kind: 'system';
      readonly name: string;
      readonly scope: 'session' | 'global';
      readonly value: Expression | 'default';
    }
  | { readonly kind: 'user'; readonly name: string; readonly value: Expression }
  | { readonly kind: 'names'; readonly charset: string | 'default'; readonly collation: string | null }
  | { readonly kind: 'characterSet'; readonly charset: string | 'default' }
  | {
      readonly kind: 'transaction';
      readonly scope: 'session' | 'global' | 'next';
      readonly isolation: string | null;
      readonly readOnly: boolean | null;
    };
export interface Kill {
  readonly kind: 'kill';
  readonly query: boolean;
  readonly id: Expression;
}
export interface TextPrepare {
  readonly kind: 'prepare';
  readonly name: string;
  readonly source: Expression;
}
export interface TextExecute {
  readonly kind: 'execute';
  readonly name: string;
  readonly using: readonly string[];
}
export interface TextDeallocate {
  readonly kind: 'deallocate';
  readonly name: string;
}
/** ANALYZE, OPTIMIZE, CHECK, CHECKSUM, REPAIR TABLE. */
export interface TableMaintenance {
  readonly kind: 'maintenance';
  readonly verb: 'analyze' | 'optimize' | 'check' | 'checksum' | 'repair';
  readonly tables: readonly ObjectName[];
}
export interface DoStatement {
  readonly kind: 'do';
  readonly expressions: readonly Expression[];
}
/** FLUSH TABLES, PRIVILEGES and the like; nothing to do, but answered. */
export interface FlushStatement {
  readonly kind: 'flush';
  readonly what: string;
}
/** A statement MySQL knows and this server refuses with 1235; `feature` completes "… not supported", such as "create trigger is". */
export interface Unsupported {
  readonly kind: 'unsupported';
  readonly feature: string;
}
/** Nothing but comments: answered with OK. */
export interface Empty {
  readonly kind: 'empty';
}
