/** How long a statement may keep an engine thread busy before it is run again in a thread of its own. */
export interface SliceLimits {
  readonly readSliceMs: number;
  /** Writes get longer: starting anew costs them more, and most large ones are loads whose time is known. */
  readonly writeSliceMs: number;
}

/**
 * How a statement could be run elsewhere: as a read, or as a write that is a transaction of its own; null when it
 * belongs to what its session holds in the engine thread.
 */
export type Movable = 'read' | 'write' | null;

/** Ends a statement in the engine thread, with nothing done, so that it runs in a thread of its own. */
export class NeedsOwnThread extends Error {
  override readonly name = 'NeedsOwnThread';
  readonly as: 'read' | 'write';

  constructor(as: 'read' | 'write') {
    super('the statement takes long');
    this.as = as;
  }
}

/** Waiting for storage counts beyond this many times its share; so does waiting for a processor, which nobody can tell from it. */
const waitingShares = 10;

/** A statement's share of the engine thread, in processor time: one that the machine holds up is not a long one. */
export class Slice {
  readonly #limits: SliceLimits;
  readonly #movable: () => Movable;
  #startedMs = Number.POSITIVE_INFINITY;
  #ranBeforeMs = 0;

  constructor(limits: SliceLimits, movable: () => Movable) {
    this.#limits = limits;
    this.#movable = movable;
  }

  /** Work inside of SQLite begins. */
  start(): void {
    this.#startedMs = performance.now();
    this.#ranBeforeMs = ranMs();
  }

  /** What is waited for does not count, until `start`. */
  pause(): void {
    this.#startedMs = Number.POSITIVE_INFINITY;
  }

  /** Throws NeedsOwnThread when the share is used up. */
  look(): void {
    const tookMs = performance.now() - this.#startedMs;
    const { readSliceMs, writeSliceMs } = this.#limits;
    if (tookMs < readSliceMs) return;
    const usedMs = Math.max(ranMs() - this.#ranBeforeMs, tookMs / waitingShares);
    if (usedMs < readSliceMs) return;
    const as = this.#movable();
    if (as === null || (as === 'write' && usedMs < writeSliceMs)) return;
    throw new NeedsOwnThread(as);
  }

  /** Throws NeedsOwnThread at once when the statement can move: it is known to take long. */
  leave(as: 'read' | 'write'): void {
    if (this.#movable() !== null) throw new NeedsOwnThread(as);
  }
}

/** Processor time of this thread so far. */
function ranMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
