import { type ErrorName, fault } from '../base/errors.ts';
import type { Speaker } from './statement-handler.ts';

/** Tells what IF EXISTS and IF NOT EXISTS passed over, in the words of the error it would have been. */
export function note(speaker: Speaker, symbol: ErrorName, ...args: readonly string[]): void {
  const error = fault(symbol, ...args);
  speaker.warn('Note', error.errno, error.message);
}
