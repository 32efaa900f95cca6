import { fault } from '../../base/errors.ts';

/** The right to write into a tenant: one holder, first come first served, with a limit on waiting. */
export class WriterLock {
  #held = false;
  /** Held by `takeAside`. */
  #aside = false;
  readonly #queue: Waiter[] = [];

  get held(): boolean {
    return this.#held;
  }

  /**
   * Resolves when the lock is the caller's. Rejects with the lock wait timeout error after `timeoutMs`, and with what
   * `cancelled` throws when `wake` was called for the waiter's key.
   */
  async take(timeoutMs: number, key: unknown, cancelled: () => void): Promise<void> {
    if (!this.#held) {
      this.#held = true;
      return;
    }
    await this.#wait(timeoutMs, key, cancelled, null);
  }

  /**
   * Takes the lock, in turn, for work nobody asked for: the time of those that wait for it stands still until `release`, so that
   * none of them is refused for its sake. False when it is not the caller's after `timeoutMs`.
   */
  async takeAside(timeoutMs: number): Promise<boolean> {
    if (!this.#held) {
      this.#held = true;
      this.#aside = true;
      return true;
    }
    try {
      await this.#wait(
        timeoutMs,
        null,
        () => undefined,
        () => this.#standStill(),
      );
      return true;
    } catch {
      return false;
    }
  }

  /** Takes the lock only when nobody has it. */
  tryTake(): boolean {
    if (this.#held) return false;
    this.#held = true;
    return true;
  }

  release(): void {
    const wasAside = this.#aside;
    this.#aside = false;
    const next = this.#queue.shift();
    if (next) next.grant();
    else this.#held = false;
    if (wasAside && !this.#aside) for (const waiter of this.#queue) waiter.goOn();
  }

  /** Lets the waiters of `key` look whether they were cancelled. */
  wake(key: unknown): void {
    for (const waiter of [...this.#queue]) if (waiter.key === key) waiter.wake();
  }

  #standStill(): void {
    this.#aside = true;
    for (const waiter of this.#queue) waiter.standStill();
  }

  /** `granted` is called when the lock goes over. */
  #wait(timeoutMs: number, key: unknown, cancelled: () => void, granted: (() => void) | null): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const leave = (error: Error) => {
        waiter.standStill();
        const at = this.#queue.indexOf(waiter);
        if (at >= 0) this.#queue.splice(at, 1);
        reject(error);
      };
      let leftMs = Math.ceil(timeoutMs);
      let sinceMs = 0;
      let timer: NodeJS.Timeout | null = null;
      const waiter: Waiter = {
        key,
        grant() {
          waiter.standStill();
          granted?.();
          resolve();
        },
        wake() {
          try {
            cancelled();
          } catch (error) {
            leave(error as Error);
          }
        },
        standStill() {
          if (timer === null) return;
          clearTimeout(timer);
          timer = null;
          leftMs = Math.max(0, leftMs - Math.floor(performance.now() - sinceMs));
        },
        goOn() {
          sinceMs = performance.now();
          timer = setTimeout(
            () => {
              waiter.wake();
              leave(fault('OB_ERR_EXCLUSIVE_LOCK_CONFLICT'));
            },
            Math.min(leftMs, longestTimerMs),
          );
        },
      };
      if (!this.#aside) waiter.goOn();
      this.#queue.push(waiter);
    });
  }
}

/** Beyond this a timer of Node fires at once; nobody waits that long. */
const longestTimerMs = 2 ** 31 - 1;

interface Waiter {
  readonly key: unknown;
  grant(): void;
  wake(): void;
  /** Its time is not counted until `goOn`. */
  standStill(): void;
  goOn(): void;
}
