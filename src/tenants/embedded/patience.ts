import { fault, faultText } from '../../base/errors.ts';
import { statementFlag } from './statement-flag.ts';

/**
 * How long a client waits for a statement that was ended or is late. SQLite looks at the flag about once in a thousand
 * rows; a sort or the making of an index does not look at all. After this time the client gets its error, and the
 * statement, which can no longer commit, is left to find its end alone.
 */
export const abandonMs = 1_000;

/** A client's patience with one statement. */
export class Patience {
  readonly #flag: Int32Array;
  readonly #request: { readonly nowUs: number; readonly deadlineUs: number };
  #giveUp: ((error: Error) => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;
  /** True when the client went on without the statement. */
  abandoned = false;

  constructor(flag: Int32Array, request: { readonly nowUs: number; readonly deadlineUs: number }) {
    this.#flag = flag;
    this.#request = request;
  }

  /** The statement was told to end. */
  end(): void {
    this.#ended = true;
    if (this.#giveUp) this.#arm(abandonMs);
  }

  /** Waits for a part of the statement, or for the end of patience. */
  async wait<T>(part: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    this.#giveUp = reject;
    const { deadlineUs } = this.#request;
    if (this.#ended) this.#arm(abandonMs);
    else if (deadlineUs > 0) this.#arm(Math.max(0, deadlineUs / 1000 - Date.now()) + abandonMs);
    try {
      return await Promise.race([part, promise]);
    } finally {
      this.#giveUp = null;
      if (this.#timer) clearTimeout(this.#timer);
    }
  }

  #arm(ms: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abandon(), Math.min(ms, longestTimerMs)).unref();
  }

  #abandon(): void {
    const { nowUs, deadlineUs } = this.#request;
    const late = deadlineUs > 0 && Date.now() * 1000 >= deadlineUs;
    if (!late && !this.#ended) {
      this.#arm(deadlineUs / 1000 - Date.now() + abandonMs);
      return;
    }
    const seen = Atomics.compareExchange(this.#flag, 0, statementFlag.running, statementFlag.ended);
    Atomics.notify(this.#flag, 0);
    // A commit under way ends by itself, and its outcome counts. What it was done for may go on after it.
    if (seen === statementFlag.committing) {
      this.#arm(abandonMs);
      return;
    }
    this.abandoned = true;
    const error = this.#ended
      ? faultText('OB_ERR_QUERY_INTERRUPTED', 'Query execution was interrupted')
      : fault('OB_TIMEOUT', Math.round(deadlineUs - nowUs));
    this.#giveUp?.(error);
  }
}

const longestTimerMs = 2 ** 31 - 1;
