import { fault } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { ThreadModule } from '../tenants/tenant-engine.ts';
import { ThreadHost } from './thread-host.ts';

/** What threads are wanted for; who comes first gets free ones first. */
const turns = ['restore', 'backup', 'validate'] as const;

/** Restores, standbys among them, go before backups, backups before validations. */
export type Turn = (typeof turns)[number];

export interface ThreadWish {
  readonly turn: Turn;
  /** Threads at most; `threads` when left out. */
  readonly most?: number;
}

/** What is done with the threads of one job, and the way to give one back early. */
export type WithThreads<T> = (threads: readonly ThreadHost[], giveBack: (thread: ThreadHost) => void) => Promise<T>;

/** Threads somebody has already. */
export interface Lease {
  readonly threads: readonly ThreadHost[];
  readonly giveBack: (thread: ThreadHost) => void;
}

/** Runs `work` with `count` of the threads at hand, at least one; those it has no use for are given back. */
export function useLease<T>({ threads, giveBack }: Lease, count: number, work: WithThreads<T>): Promise<T> {
  const needed = Math.max(1, count);
  for (const thread of threads.slice(needed)) giveBack(thread);
  return work(threads.slice(0, needed), giveBack);
}

/** Threads that do block work. A job borrows them; each thread serves one job at a time, so that a crash or a hang on one destination fails that job alone. */
export interface CopyWorkers {
  /** Threads one job gets at most when it does not say otherwise; so many are kept while nobody wants them. */
  readonly threads: number;
  /** Threads at work now. */
  readonly busy: number;
  /**
   * Runs `work` with as many of `count` threads as are free, at least one and no more than the wish says; while none is it waits,
   * those of an earlier turn first, or fails when aborted. All are free again when it ends, one that is given back before is at
   * once.
   */
  use<T>(count: number, signal: AbortSignal | undefined, work: WithThreads<T>, wish: ThreadWish): Promise<T>;
  /**
   * How many threads a job that holds `held` of them may have now: what is free on top, `threads` while others wait, one while
   * somebody of an earlier turn waits.
   */
  room(turn: Turn, held: number): number;
  /** Ends all threads; running jobs fail with OB_CANCELED. */
  close(): Promise<void>;
}

export interface CopyWorkersOptions {
  /** Threads per job, when the job does not say otherwise. A third thread on two cores gains nothing. */
  readonly threads?: number;
  /** Threads at work at the same time over all jobs, however many one of them wants; further jobs wait. */
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
  readonly turn: Turn;
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
    work: WithThreads<T>,
    { turn, most = this.threads }: ThreadWish,
  ): Promise<T> {
    const lease = await this.#acquire(Math.max(1, Math.min(most, count)), turn, signal);
    const kept = new Set(lease);
    try {
      return await work(lease, (thread) => {
        if (kept.delete(thread)) this.#release([thread]);
      });
    } finally {
      this.#release([...kept]);
    }
  }

  room(turn: Turn, held: number): number {
    if (this.#queue.some((waiter) => isBefore(waiter.turn, turn))) return 1;
    return this.#queue.length > 0 ? this.threads : Math.max(this.threads, held + this.#free);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const entry of [...this.#queue]) entry.stop(fault('OB_CANCELED'));
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((thread) => thread.close()));
  }

  get #free(): number {
    return this.#maxThreads - this.#busy.size;
  }

  async #acquire(count: number, turn: Turn, signal: AbortSignal | undefined): Promise<readonly ThreadHost[]> {
    if (this.#closed || signal?.aborted) throw fault('OB_CANCELED');
    return this.#free > 0 ? this.#take(count) : this.#wait(count, turn, signal);
  }

  #take(most: number): readonly ThreadHost[] {
    const count = Math.min(most, this.#free);
    const lease: ThreadHost[] = [];
    try {
      while (lease.length < count) {
        const thread = this.#idle.pop() ?? this.#start();
        if (!thread.alive) continue;
        this.#busy.add(thread);
        lease.push(thread);
      }
    } catch (error) {
      this.#putBack(lease);
      throw error;
    }
    return lease;
  }

  #wait(count: number, turn: Turn, signal: AbortSignal | undefined): Promise<readonly ThreadHost[]> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal?.removeEventListener('abort', onAbort);
        this.#queue.splice(this.#queue.indexOf(entry), 1);
      };
      const entry: Waiter = {
        turn,
        go: () => {
          leave();
          // What fails here is this waiter's own, not the fault of the job whose end made room.
          try {
            resolve(this.#take(count));
          } catch (error) {
            reject(error);
          }
        },
        stop: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => entry.stop(fault('OB_CANCELED'));
      signal?.addEventListener('abort', onAbort, { once: true });
      const before = this.#queue.findIndex((waiter) => isBefore(turn, waiter.turn));
      this.#queue.splice(before < 0 ? this.#queue.length : before, 0, entry);
    });
  }

  #release(lease: readonly ThreadHost[]): void {
    this.#putBack(lease);
    for (let next = this.#queue[0]; next && this.#free > 0; next = this.#queue[0]) next.go();
  }

  #putBack(lease: readonly ThreadHost[]): void {
    for (const thread of lease) {
      this.#busy.delete(thread);
      if (!thread.alive) continue;
      if (this.#closed || this.#idle.length >= this.threads) thread.kill(fault('OB_CANCELED'));
      else this.#idle.push(thread);
    }
  }

  #start(): ThreadHost {
    return new ThreadHost('copy-worker', { io: this.#options.io ?? null }, this.#options.log);
  }
}

function isBefore(a: Turn, b: Turn): boolean {
  return turns.indexOf(a) < turns.indexOf(b);
}
