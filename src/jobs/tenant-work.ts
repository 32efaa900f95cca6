import type { Log } from '../base/log.ts';

interface Running {
  readonly tenantId: number;
  readonly cancel: AbortController;
  readonly done: Promise<void>;
}

/**
 * Runs at most one piece of work per key at a time, keys beside each other, so that one tenant's sick medium never holds up
 * another tenant. A key that is still busy is passed over; a tenant that was forgotten gets no work any more.
 */
export class TenantWork {
  readonly #running = new Map<string, Running>();
  readonly #forgotten = new Set<number>();
  readonly #name: string;
  readonly #log: Log;

  /** `name` is what the log calls the work when it throws, which it should not. */
  constructor(name: string, log: Log) {
    this.#name = name;
    this.#log = log;
  }

  /** Starts `work` unless its key is busy or its tenant forgotten; true when it was started. */
  start(tenantId: number, key: string, stopping: AbortSignal, work: (signal: AbortSignal) => Promise<void>): boolean {
    if (this.#running.has(key) || this.#forgotten.has(tenantId)) return false;
    const cancel = new AbortController();
    const done = work(AbortSignal.any([cancel.signal, stopping]))
      .catch((error: unknown) => {
        if (!stopping.aborted) this.#log.error('work for a tenant failed', { work: this.#name, key, error });
      })
      .finally(() => this.#running.delete(key));
    this.#running.set(key, { tenantId, cancel, done });
    return true;
  }

  /** Aborts the signal of a running piece of work. */
  abort(key: string, reason: Error): void {
    this.#running.get(key)?.cancel.abort(reason);
  }

  /** Starts nothing for the tenant any more, aborts what runs for it, and resolves when that has ended. */
  async forget(tenantId: number, reason: Error): Promise<void> {
    this.#forgotten.add(tenantId);
    const own = [...this.#running.values()].filter((one) => one.tenantId === tenantId);
    for (const { cancel } of own) cancel.abort(reason);
    await Promise.all(own.map(({ done }) => done));
  }

  isForgotten(tenantId: number): boolean {
    return this.#forgotten.has(tenantId);
  }

  /** Resolves when everything running now has ended. */
  async settle(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }
}
