import { type ErrorName, type ErrorRow, errorTable } from './error-table.ts';

export type { ErrorName } from './error-table.ts';

/**
 * An error with a code: the user's mistake or the world's fault. `message` is exactly what a MySQL client reads.
 * Everything else that is thrown is a bug of ours and is answered with an internal error and a trace id.
 */
export class ObError extends Error {
  override readonly name = 'ObError';
  readonly symbol: ErrorName;
  /** OceanBase code, negative; what RESULT columns show. */
  readonly code: number;
  /** What the MySQL protocol sends. */
  readonly errno: number;
  readonly sqlstate: string;
  /** What was wrong in particular, where the text does not say: a warning beside the error. Null without. */
  readonly hint: string | null;

  constructor(symbol: ErrorName, message: string, cause?: unknown, hint: string | null = null) {
    super(cut(message), cause === undefined ? undefined : { cause });
    const row: ErrorRow = errorTable[symbol];
    this.symbol = symbol;
    this.code = row.code;
    this.errno = row.errno;
    this.sqlstate = row.sqlstate;
    this.hint = hint === null ? null : cut(hint);
  }
}

/** Bytes a client reads of one text at most; what a user typed may be in it. */
const maxTextBytes = 511;

function cut(message: string): string {
  if (message.length <= maxTextBytes / 3) return message;
  const bytes = Buffer.from(message.slice(0, maxTextBytes + 1));
  if (bytes.length <= maxTextBytes) return message;
  let end = maxTextBytes;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

/**
 * Makes a coded error. Without arguments it carries the plain text, with arguments the template filled in order.
 * `fault('OB_NOT_SUPPORTED', 'backup key without a path is')` reads "backup key without a path is not supported".
 */
export function fault(symbol: ErrorName, ...args: readonly (string | number | bigint)[]): ObError {
  const row: ErrorRow = errorTable[symbol];
  if (args.length === 0) return new ObError(symbol, row.template?.includes('%s') === false ? row.template : row.text);
  let next = 0;
  const text = (row.template ?? row.text).replaceAll('%s', () => String(args[next++] ?? ''));
  return new ObError(symbol, text);
}

/** Makes a coded error with a text of its own (a kernel call site that replaces the whole user message). */
export function faultText(symbol: ErrorName, message: string, cause?: unknown): ObError {
  return new ObError(symbol, message, cause);
}

/** The error with a hint: the texts clients compare stay what they are. */
export function hinted(error: ObError, hint: string): ObError {
  return new ObError(error.symbol, error.message, error.cause, hint);
}

/** True for a coded error, of one symbol when it is named. */
export function isFault(error: unknown, symbol?: ErrorName): error is ObError {
  return error instanceof ObError && (symbol === undefined || error.symbol === symbol);
}

/** The row of an error by its symbol: default text for RESULT comments, Oracle number, retry rule. */
export function errorRow(symbol: ErrorName): ErrorRow {
  return errorTable[symbol];
}

/** A coded error as plain data, to cross a thread border; `reviveFault` is the way back. */
export interface FaultData {
  readonly symbol: ErrorName;
  readonly message: string;
}

export function faultData(error: ObError): FaultData {
  return { symbol: error.symbol, message: error.message };
}

export function reviveFault(data: FaultData): ObError {
  return new ObError(data.symbol, data.message);
}
