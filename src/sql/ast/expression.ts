import type { Aggregate, Cast, ConvertUsing, FunctionCall, Interval, WindowCall } from './call.ts';
import type { Query } from './query.ts';

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
