import type { Clock } from '../base/clock.ts';

/** The pause behind a failure, which doubles with each one in a row. */
export class RetryPause {
  readonly #clock: Clock;
  readonly #firstMs: number;
  readonly #mostMs: number;
  #failures = 0;
  #pause: AbortController | null = null;

  constructor(clock: Clock, firstMs: number, mostMs: number) {
    this.#clock = clock;
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
  }

  get lasts(): boolean {
    return this.#pause !== null;
  }

  /** Begins after a failure. Measured by sleeping: a clock that is set back must not make it longer. */
  begin(): void {
    this.#wake();
    const pause = new AbortController();
    this.#pause = pause;
    const pauseMs = Math.min(this.#mostMs, this.#firstMs * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    this.#clock.sleep(pauseMs, pause.signal).then(
      () => this.#wake(),
      () => undefined,
    );
  }

  /** Ends it, and the next one is as short as the first. */
  end(): void {
    this.#failures = 0;
    this.#wake();
  }

  #wake(): void {
    this.#pause?.abort();
    this.#pause = null;
  }
}
