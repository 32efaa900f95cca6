/** Ends a run in which SLEEP was called, with nothing done: it is waited for outside, then the statement runs again. */
export class NeedsSleep extends Error {
  override readonly name = 'NeedsSleep';
  readonly seconds: number;

  constructor(seconds: number) {
    super('the statement sleeps');
    this.seconds = seconds;
  }
}

/**
 * The sleeps of one statement. SQLite cannot wait without holding its thread, so each call of SLEEP ends the run; in the next
 * one the sleeps that are over answer at once, in order.
 */
export class Slumber {
  readonly #over: (0 | 1)[];
  #next = 0;
  #wake: (() => void) | null = null;

  /** `over` are sleeps of the statement in another place. */
  constructor(over: readonly (0 | 1)[] = []) {
    this.#over = [...over];
  }

  /** What the sleeps that are over answered. */
  get over(): readonly (0 | 1)[] {
    return this.#over;
  }

  /** The statement runs from its start. */
  restart(): void {
    this.#next = 0;
  }

  /** SLEEP's answer when this one is over, else undefined. */
  answer(): 0 | 1 | undefined {
    return this.#over[this.#next++];
  }

  /** SLEEP as SQLite calls it. */
  sleep(seconds: number): 0 | 1 {
    const known = this.answer();
    if (known === undefined) throw new NeedsSleep(seconds);
    return known;
  }

  /** A sleep is over; 1 says that it was cut short. */
  slept(answer: 0 | 1): void {
    this.#over.push(answer);
  }

  /** Waits without holding the thread; true when it was woken. */
  async nap(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#wake = () => resolve(true);
    const timer = setTimeout(() => resolve(false), Math.min(Math.max(0, ms), longestTimerMs));
    try {
      return await promise;
    } finally {
      this.#wake = null;
      clearTimeout(timer);
    }
  }

  /** Ends a nap. */
  wake(): void {
    this.#wake?.();
  }
}

const longestTimerMs = 2 ** 31 - 1;
