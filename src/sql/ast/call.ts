import type { Expression, OrderItem } from './expression.ts';

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
