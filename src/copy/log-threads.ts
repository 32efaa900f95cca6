import { availableParallelism } from 'node:os';
import { faultText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { SharedCounters } from './shared-counters.ts';
import { ThreadHost } from './thread-host.ts';

/** Threads that ship log at most, whatever is wished. */
export const maxLogThreads = 16;

/** One log thread, and what stands on it. */
export interface LogThread {
  readonly index: number;
  readonly host: ThreadHost;
  /** Tenants whose log it holds open. */
  readonly tenants: number;
  /** Requests it has not answered yet. */
  readonly atWork: number;
  /** Counts the signs that it gets on: what it reads, and its answers. */
  readonly shared: SharedCounters;
}

type Slot = { -readonly [key in keyof LogThread]: LogThread[key] };

/**
 * The threads that read and pack the log of all tenants. The first starts with the first tenant and stays, further ones start
 * when a tenant has to wait for another one, and end with the last tenant on them.
 */
export class LogThreads {
  readonly #log: Log;
  readonly #slots: (Slot | null)[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** How many tenants each thread holds. */
  get load(): readonly number[] {
    return this.#slots.filter((slot) => slot !== null).map(({ tenants }) => tenants);
  }

  /** The thread with the fewest tenants among those that run, of the first `wish` (0: one for each processor). */
  place(wish: number): LogThread {
    const running = this.#running(wish);
    const least = running.reduce<Slot | null>(
      (best, slot) => (best && best.tenants <= slot.tenants ? best : slot),
      null,
    );
    return least ?? this.#start(0);
  }

  /** Where a tenant goes on that may not stay on its thread, or had to wait there; null when it stays. */
  betterThan(thread: LogThread, wish: number, crowded: boolean): LogThread | null {
    if (thread.index >= allowed(wish)) return this.place(wish);
    if (!crowded || thread.atWork === 0) return null;
    const idle = this.#running(wish).find((slot) => slot.atWork === 0);
    if (idle) return idle;
    for (let index = 0; index < allowed(wish); index++) if (!this.#slots[index]?.host.alive) return this.#start(index);
    return null;
  }

  enter(thread: LogThread): void {
    (thread as Slot).tenants++;
  }

  /** A further thread that nobody needs any more ends. */
  leave(thread: LogThread): void {
    const slot = thread as Slot;
    slot.tenants--;
    if (slot.index === 0 || slot.tenants > 0) return;
    if (this.#slots[slot.index] === slot) this.#slots[slot.index] = null;
    slot.host.kill(faultText('OB_CANCELED', 'log thread is not needed'));
  }

  async request(thread: LogThread, name: string, input: unknown): Promise<unknown> {
    const slot = thread as Slot;
    slot.atWork++;
    try {
      return await slot.host.request(name, input);
    } finally {
      slot.atWork--;
      slot.shared.beat();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot?.host.close()));
  }

  #running(wish: number): readonly Slot[] {
    return this.#slots
      .slice(0, allowed(wish))
      .filter((slot) => slot !== null)
      .filter((slot) => slot.host.alive);
  }

  #start(index: number): Slot {
    const shared = new SharedCounters();
    const host = new ThreadHost('log-worker', { shared: shared.buffer }, this.#log);
    const slot: Slot = { index, host, tenants: 0, atWork: 0, shared };
    while (this.#slots.length < index) this.#slots.push(null);
    this.#slots[index] = slot;
    return slot;
  }
}

function allowed(wish: number): number {
  return Math.min(maxLogThreads, wish > 0 ? wish : availableParallelism());
}
