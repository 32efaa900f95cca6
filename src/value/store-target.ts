import { type ErrorName, fault, faultText, type ObError } from '../base/errors.ts';

/** Where a value is going, for error texts, and how strictly it is looked at. */
export interface StoreTarget {
  readonly column: string;
  /** Row of the statement, from 1. */
  readonly row: number;
  /** Strict sql_mode and no IGNORE: what does not fit is an error; otherwise it is fitted and `warn` hears of it. */
  readonly strict: boolean;
  /** Session zone; timestamps given as text are converted from it to UTC. */
  readonly timeZone: string;
  /** False refuses NULL with 1048. */
  readonly nullable: boolean;
  /** NO_ZERO_DATE and NO_ZERO_IN_DATE of sql_mode. */
  readonly noZeroDate: boolean;
  readonly noZeroInDate: boolean;
  /** `table.column`, for JSON errors; the column alone when absent. */
  readonly qualified?: string;
  readonly warn?: (warning: ObError) => void;
}

/** Throws when the target is strict, otherwise warns; the caller goes on with a fitted value. */
export function complain(target: StoreTarget, error: ObError): void {
  if (target.strict) throw error;
  target.warn?.(error);
}

export function outOfRange(target: StoreTarget): ObError {
  return fault('ER_WARN_DATA_OUT_OF_RANGE', target.column, target.row);
}

export function truncated(target: StoreTarget): ObError {
  return fault('WARN_DATA_TRUNCATED', target.column, target.row);
}

/** `Incorrect <kind> value: '<text>' for column …`; temporal kinds are 1292, others 1366. */
export function incorrect(target: StoreTarget, kind: string, text: string): ObError {
  const symbol: ErrorName = /^(date|time|timestamp)/.test(kind)
    ? 'ER_TRUNCATED_WRONG_VALUE'
    : 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD';
  return fault(symbol, kind, text.length > 128 ? text.slice(0, 128) : text, target.column, target.row);
}

/** A value this server could only keep by rounding it: refused under its own name whatever the sql_mode. */
export function refuse(target: StoreTarget, what: string): ObError {
  return faultText('OB_NOT_SUPPORTED', `${what} for column '${target.column}' at row ${target.row} not supported`);
}
