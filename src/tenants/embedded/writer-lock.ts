import { fault } from '../../base/errors.ts';

/** The right to write into a tenant: one holder, first come first served, with a limit on waiting. */
export class WriterLock {
  #held = false;
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
    await new Promise<void>((resolve, reject) => {
      const leave = (error: Error) => {
        clearTimeout(timer);
        const at = this.#queue.indexOf(waiter);
        if (at >= 0) this.#queue.splice(at, 1);
        reject(error);
      };
      const timer = setTimeout(() => {
        waiter.wake();
        leave(fault('OB_ERR_EXCLUSIVE_LOCK_CONFLICT'));
      }, Math.ceil(timeoutMs));
      const waiter: Waiter = {
        key,
        grant() {
          clearTimeout(timer);
          resolve();
        },
        wake() {
          try {
            cancelled();
          } catch (error) {
            leave(error as Error);
          }
        },
      };
      this.#queue.push(waiter);
    });
  }

  /** Takes the lock only when nobody has it. */
  tryTake(): boolean {
    if (this.#held) return false;
    this.#held = true;
    return true;
  }

  release(): void {
    const next = this.#queue.shift();
    if (next) next.grant();
    else this.#held = false;
  }

  /** Lets the waiters of `key` look whether they were cancelled. */
  wake(key: unknown): void {
    for (const waiter of [...this.#queue]) if (waiter.key === key) waiter.wake();
  }
}

interface Waiter {
  readonly key: unknown;
  grant(): void;
  wake(): void;
}
