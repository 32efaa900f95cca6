import type { Log } from '../../base/log.ts';
import type { EngineThreadOptions } from './engine-calls.ts';
import { EngineThread } from './engine-thread.ts';

/** The engine threads. A tenant belongs to one of them as long as the process lives; new tenants go round. */
export class Shards {
  readonly #threads: readonly EngineThread[];
  readonly #places = new Map<number, EngineThread>();
  #next = 0;

  /** `onLost` names the tenants of a thread that ended by itself: they must be opened anew. */
  constructor(options: EngineThreadOptions, log: Log, count: number, onLost: (tenantIds: readonly number[]) => void) {
    this.#threads = Array.from({ length: count }, () => {
      const thread: EngineThread = new EngineThread(options, log, { onLost: () => onLost(this.#tenantsOf(thread)) });
      return thread;
    });
  }

  of(tenantId: number): EngineThread {
    const known = this.#places.get(tenantId);
    if (known) return known;
    const thread = this.#threads[this.#next++ % this.#threads.length]!;
    this.#places.set(tenantId, thread);
    return thread;
  }

  /** The tenant is gone. */
  forget(tenantId: number): void {
    this.#places.delete(tenantId);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  #tenantsOf(thread: EngineThread): readonly number[] {
    return [...this.#places].filter(([, place]) => place === thread).map(([tenantId]) => tenantId);
  }
}
