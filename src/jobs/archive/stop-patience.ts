import { fault } from '../../base/errors.ts';
import type { Controller } from '../controller.ts';

/**
 * How long a round may take to stop in an orderly way: `forceStopMs` from when this server first meets it STOPPING. Measured by
 * sleeping, so that it ends whatever the clock does. Beside that every wait ends with the tenant.
 */
export class StopPatience {
  readonly #controller: Controller;
  readonly #life = new AbortController();
  #over = new AbortController();
  #timer: AbortController | null = null;
  #lastError: unknown = null;

  constructor(controller: Controller) {
    this.#controller = controller;
  }

  /** Ends waits on the medium: the tenant goes, the server stops, or there is no more time to stop in order. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#life.signal, this.#over.signal]);
  }

  /** The round is STOPPING. */
  begin(): void {
    if (this.#timer !== null) return;
    const { clock, settings } = this.#controller;
    const timer = new AbortController();
    this.#timer = timer;
    clock.sleep(settings.forceStopMs, timer.signal).then(
      () => this.#over.abort(fault('OB_TIMEOUT')),
      () => undefined,
    );
  }

  /** An attempt to stop failed. What made stopping in order impossible when the time is over, null while there is some left. */
  failed(error: unknown): unknown {
    const over = this.#over.signal.aborted;
    if (!over) this.#lastError = error;
    return over ? (this.#lastError ?? this.#over.signal.reason) : null;
  }

  /** The round has stopped. */
  end(): void {
    this.#timer?.abort();
    this.#timer = null;
    this.#lastError = null;
    this.#over = new AbortController();
  }

  /** Ends every wait for good. */
  abandon(reason: Error): void {
    this.#life.abort(reason);
    this.#timer?.abort();
  }
}
