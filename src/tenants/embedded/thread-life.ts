import { type AliveFlag, endAlive, loseAlive, newAliveFlag, requireAlive } from './alive.ts';

/**
 * An engine thread from its start to its end. Whatever it gives out (a clock cell, descriptors, a pinned snapshot) means nothing
 * behind that: its successor opens the tenants anew and knows nothing of it. The flags end before there is a successor.
 */
export class ThreadLife {
  readonly flag: AliveFlag = newAliveFlag();
  readonly #cells = new Int32Array(this.flag);
  readonly #lent = new Set<AliveFlag>();
  #over = false;

  get over(): boolean {
    return this.#over;
  }

  /** OB_EAGAIN once the thread has ended. */
  require(what: string): void {
    requireAlive(this.#cells, what);
  }

  /** Ends a flag with the thread, unless it is given back before. */
  lend(flag: AliveFlag): void {
    if (this.#over) loseAlive(flag);
    else this.#lent.add(flag);
  }

  giveBack(flag: AliveFlag): void {
    this.#lent.delete(flag);
    endAlive(flag);
  }

  end(): void {
    this.#over = true;
    for (const flag of [this.flag, ...this.#lent]) loseAlive(flag);
    this.#lent.clear();
  }
}
