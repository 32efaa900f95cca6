import type { Clock } from '../../base/clock.ts';
import { MediumError } from '../medium.ts';

/** A cancelled call that is not back after this time hangs. */
const backAfterCancelMs = 1_000;

interface Abandoned {
  hangs: boolean;
  /** Resolves when the call is back, or is known to hang. */
  readonly judged: Promise<void>;
}

/**
 * Calls on one root that were given up and have not come back. Such a call holds one of the few threads all files of the process
 * are read and written through, and it may still write, or remove, when it comes back.
 */
export class AbandonedCalls {
  readonly #all = new Set<Abandoned>();
  readonly #changing = new Map<string, Set<Abandoned>>();
  readonly #owed = new Map<object, () => Promise<unknown>>();
  #paying = false;
  #due = false;
  /** Those that hang: they passed their deadline, or did not come back soon after they were cancelled. */
  hanging = 0;

  /** True when every call has come back. */
  get idle(): boolean {
    return this.#all.size === 0;
  }

  /**
   * Resolves when nothing given up can change these keys any more; a call that was only cancelled is given a moment to come back.
   * Throws `unavailable` while one of them hangs.
   */
  async settled(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      for (;;) {
        const calls = [...(this.#changing.get(key) ?? [])];
        if (calls.some(({ hangs }) => hangs))
          throw new MediumError('unavailable', key, 'an earlier call on it has not come back');
        if (calls.length === 0) break;
        await Promise.all(calls.map(({ judged }) => judged));
      }
    }
  }

  /** Resolves when each call given up by now has come back or is known to hang. */
  async judged(): Promise<void> {
    await Promise.all([...this.#all].map(({ judged }) => judged));
  }

  /**
   * Remembers what ends an object and was refused because too many calls hang. Whenever one of those has come back all that is owed
   * is tried, one after the other; what is refused again is owed again. `of` stands for the object, which is ended once.
   */
  owe(of: object, end: () => Promise<unknown>): void {
    // No limit: what is open was opened while the medium answered, and holds a descriptor that nobody else would close.
    this.#owed.set(of, end);
  }

  /** The object is being ended. */
  settle(of: object): void {
    this.#owed.delete(of);
  }

  async #pay(): Promise<void> {
    this.#due = true;
    if (this.#paying) return;
    this.#paying = true;
    while (this.#due) {
      this.#due = false;
      for (const end of [...this.#owed.values()]) await end().catch(() => undefined);
    }
    this.#paying = false;
  }

  /** Keeps account of a call given up until what it returns is called. `changes` are the keys it may still write or remove. */
  add(clock: Clock, changes: readonly string[], timedOut: boolean): () => void {
    const { promise: judged, resolve } = Promise.withResolvers<void>();
    const call: Abandoned = { hangs: false, judged };
    const back = new AbortController();
    const hangs = () => {
      call.hangs = true;
      this.hanging += 1;
      resolve();
    };
    this.#all.add(call);
    for (const key of changes) this.#changing.set(key, (this.#changing.get(key) ?? new Set()).add(call));
    if (timedOut) hangs();
    else clock.sleep(backAfterCancelMs, back.signal).then(hangs, () => undefined);
    return () => {
      back.abort();
      if (call.hangs) this.hanging -= 1;
      this.#all.delete(call);
      for (const key of changes) this.#forget(key, call);
      resolve();
      void this.#pay();
    };
  }

  #forget(key: string, call: Abandoned): void {
    const calls = this.#changing.get(key);
    calls?.delete(call);
    if (calls?.size === 0) this.#changing.delete(key);
  }
}
