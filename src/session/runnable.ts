import { fault } from '../base/errors.ts';
import { syntaxErrorText } from '../sql/parse/cursor.ts';
import { BROKEN, END, PARAMETER, Scanner } from '../sql/scan/scanner.ts';
import type { ResultColumn } from '../value/column-type.ts';
import type { Call, MaybePromise } from './client.ts';
import type { SessionContext } from './session-context.ts';

/** A statement that was understood: it may run once, or again and again when it was prepared. */
export interface Runnable {
  readonly parameterCount: number;
  /** Columns of its result, empty for a statement without one. */
  columns(session: SessionContext): MaybePromise<readonly ResultColumn[]>;
  run(session: SessionContext, call: Call): MaybePromise<void>;
  /** True for questions about the last statement's messages, which stay as they are. */
  readonly keepsDiagnostics?: boolean;
}

/** A statement without a result. */
export function plainRunnable(text: string, run: Runnable['run']): Runnable {
  return { parameterCount: countParameters(text), columns: () => noColumns, run };
}

export const noColumns: readonly ResultColumn[] = Object.freeze([]);

/** Number of `?` of a text. */
export function countParameters(text: string): number {
  if (!text.includes('?')) return 0;
  const scanner = new Scanner(text);
  let count = 0;
  for (let kind = scanner.next(); kind !== END && kind !== BROKEN; kind = scanner.next())
    if (kind === PARAMETER) count++;
  return count;
}

/** Throws 1064 for a `?` in a text that was not prepared. */
export function refuseParameters(runnable: Runnable): void {
  if (runnable.parameterCount === 0) return;
  throw fault('OB_ERR_PARSE_SQL', syntaxErrorText, '?', 1);
}
