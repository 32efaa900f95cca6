import { fault } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { EngineThreadOptions } from './engine-calls.ts';
import { EngineThread } from './engine-thread.ts';

/** The engine thread of one tenant, whichever that is at the time of a call. */
export interface TenantThread extends Pick<EngineThread, 'call' | 'recycleLog'> {
  readonly now: EngineThread;
}

/** The engine threads. New tenants go round; a tenant stays where it is unless it is brought. */
export class Shards {
  readonly #threads: readonly EngineThread[];
  readonly #places = new Map<number, EngineThread>();
  #next = 0;

  /** `onLost` names the tenants of a thread that ended by itself: they must be opened anew. */
  constructor(options: EngineThreadOptions, log: Log, count: number, onLost: (tenantIds: readonly number[]) => void) {
    this.#threads = Array.from({ length: count }, () => {
      const thread: EngineThread = new EngineThread(options, log, () => onLost(this.#tenantsOf(thread)));
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

  threadOf(tenantId: number): TenantThread {
    const now = () => this.of(tenantId);
    return {
      get now() {
        return now();
      },
      call: (name, ...args) => now().call(name, ...args),
      recycleLog: (id, seal) => now().recycleLog(id, seal),
    };
  }

  /**
   * Closes the tenant and lets it be opened in the thread of another: two threads never hold one tenant. OB_EAGAIN while
   * a snapshot of it is pinned.
   */
  async bring(tenantId: number, besideId: number): Promise<void> {
    const wanted = this.of(besideId);
    const present = this.of(tenantId);
    if (present === wanted) return;
    if ((await present.call('closeTenant', tenantId)) === false) throw fault('OB_EAGAIN');
    this.#places.set(tenantId, wanted);
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
