import type { Clock } from '../base/clock.ts';
import type { Pace } from './pace.ts';

/**
 * What has gone to a destination and back beside what its callers paid for: requests that were repeated, and what a medium moves by
 * itself. It is taken from the pace behind them, so that who comes next waits. Nobody's call is held up, for it has a deadline.
 */
export class PaceDebts {
  readonly #pace: Pace | null;
  readonly #clock: Clock;
  readonly #closed = new AbortController();

  constructor(pace: Pace | null, clock: Clock) {
    this.#pace = pace;
    this.#clock = clock;
  }

  owe(operationCount: number, byteCount: number): void {
    if (operationCount + byteCount === 0) return;
    const sleep = (delayMs: number) => this.#clock.sleep(delayMs, this.#closed.signal);
    this.#pace?.take(operationCount, byteCount, sleep).catch(() => undefined);
  }

  /** How long so much takes when nobody else wants any, milliseconds. */
  spanMs(operationCount: number, byteCount: number): number {
    return this.#pace?.spanMs(operationCount, byteCount) ?? 0;
  }

  /** Forgives what is owed. */
  close(): void {
    this.#closed.abort();
  }
}
