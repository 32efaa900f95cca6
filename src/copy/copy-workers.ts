import { fault } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { ThreadModule } from '../tenants/tenant-engine.ts';
import { ThreadHost } from './thread-host.ts';

/** Threads that do block work. A job borrows them; each thread serves one job at a time, so that a crash or a hang on one destination fails that job alone. */
export interface CopyWorkers {
  /** Threads one job gets at most when it does not say otherwise; so many are kept while nobody wants them. */
  readonly threads: number;
  /** Threads at work now. */
  readonly busy: number;
  /**
   * Runs `work` with `count` threads (at least one, at most `most` or `threads`); waits for free ones, or fails when aborted. All
   * are free again when it ends, one that is given back before is at once.
   */
  use<T>(
    count: number,
    signal: AbortSignal | undefined,
    work: (threads: readonly ThreadHost[], giveBack: (thread: ThreadHost) => void) => Promise<T>,
    most?: number,
  ): Promise<T>;
  /** Ends all threads; running jobs fail with OB_CANCELED. */
  close(): Promise<void>;
}

export interface CopyWorkersOptions {
  /** Threads per job, when the job does not say otherwise. A third thread on two cores gains nothing. */
  readonly threads?: number;
  /** Threads at work at the same time over all jobs; further jobs wait, and one that wants more than this waits until it is alone. */
  readonly maxThreads?: number;
  readonly log: Log;
  /** Wraps the threads' system calls: `wrapThreadIo(io, data)` of that module. For fault tests. */
  readonly io?: ThreadModule;
}

/** Makes the pool; no thread starts before the first job. */
export function createCopyWorkers(options: CopyWorkersOptions): CopyWorkers {
  return new ThreadPool(options);
}

interface Waiter {
  readonly count: number;
  readonly go: () => void;
  readonly stop: (error: Error) => void;
}

class ThreadPool implements CopyWorkers {
  readonly threads: number;
  readonly #maxThreads: number;
  readonly #options: CopyWorkersOptions;
  readonly #idle: ThreadHost[] = [];
  readonly #busy = new Set<ThreadHost>();
  readonly #queue: Waiter[] = [];
  #closed = false;

  constructor(options: CopyWorkersOptions) {
    this.#options = options;
    this.threads = Math.max(1, options.threads ?? 2);
    this.#maxThreads = Math.max(this.threads, options.maxThreads ?? 8);
  }

  get busy(): number {
    return this.#busy.size;
  }

  async use<T>(
    count: number,
    signal: AbortSignal | undefined,
    work: (threads: readonly ThreadHost[], giveBack: (thread: ThreadHost) => void) => Promise<T>,
    most = this.threads,
  ): Promise<T> {
    const lease = await this.#acquire(Math.min(most, Math.max(1, count)), signal);
    const kept = new Set(lease);
    try {
      return await work(lease, (thread) => {
        if (kept.delete(thread)) this.#release([thread]);
      });
    } finally {
      this.#release([...kept]);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const entry of [...this.#queue]) entry.stop(fault('OB_CANCELED'));
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((thread) => thread.close()));
  }

  async #acquire(count: number, signal: AbortSignal | undefined): Promise<readonly ThreadHost[]> {
    if (this.#closed || signal?.aborted) throw fault('OB_CANCELED');
    const fits = this.#queue.length === 0 && this.#fits(count);
    return fits ? this.#take(count) : this.#wait(count, signal);
  }

  #fits(count: number): boolean {
    return this.#busy.size === 0 || this.#busy.size + count <= this.#maxThreads;
  }

  #take(count: number): readonly ThreadHost[] {
    const lease: ThreadHost[] = [];
    while (lease.length < count) {
      const thread = this.#idle.pop() ?? this.#start();
      if (!thread.alive) continue;
      this.#busy.add(thread);
      lease.push(thread);
    }
    return lease;
  }

  #wait(count: number, signal: AbortSignal | undefined): Promise<readonly ThreadHost[]> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal?.removeEventListener('abort', onAbort);
        this.#queue.splice(this.#queue.indexOf(entry), 1);
      };
      const entry: Waiter = {
        count,
        go: () => {
          leave();
          resolve(this.#take(count));
        },
        stop: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => entry.stop(fault('OB_CANCELED'));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(entry);
    });
  }

  #release(lease: readonly ThreadHost[]): void {
    for (const thread of lease) {
      this.#busy.delete(thread);
      if (!thread.alive) continue;
      if (this.#closed || this.#idle.length >= this.threads) thread.kill(fault('OB_CANCELED'));
      else this.#idle.push(thread);
    }
    for (let next = this.#queue[0]; next && this.#fits(next.count); next = this.#queue[0]) next.go();
  }

  #start(): ThreadHost {
    return new ThreadHost('copy-worker', { io: this.#options.io ?? null }, this.#options.log);
  }
}
