import { faultText } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { EngineThreadOptions } from './engine-calls.ts';
import { EngineThread } from './engine-thread.ts';
import { statementFlag } from './statement-flag.ts';

/** A thread for guests. */
export interface Seat {
  readonly thread: EngineThread;
  /** The first of its present guests, or the last one that left. */
  guest: SeatWish | null;
  guests: number;
  idleTimer: NodeJS.Timeout | null;
}

/** Somebody who needs a thread. */
export interface SeatWish {
  readonly tenantId: number;
  /**
   * A write holds its tenant's writer lock, and so does the last part of a fold (`heldFold`): neither may wait for those who read, nor
   * for the parts of other tenants' folds before the last.
   */
  readonly work: 'read' | 'write' | 'fold' | 'heldFold';
  /** Of the statement: once it is ended nobody waits for a thread any more. */
  readonly flag: Int32Array;
}

interface Waiting {
  readonly wish: SeatWish;
  start(seat: Seat): void;
  fail(error: Error): void;
}

/** How long a thread waits for another guest before it ends. */
const idleMs = 5_000;
/** How often those who wait are asked whether they still do. */
const askMs = 100;
/** Tenants that can have all their threads at a time. */
const fullTenants = 4;

/**
 * Threads for guests, started when they are needed, and the queue for them. Each tenant has a number of threads for what it reads:
 * who comes when they are full waits for one of them, and shares it only while the statements in it wait for their clients. A
 * tenant writes one statement at a time; those threads, and the ones that fold, are counted by themselves.
 */
export class GuestSeats {
  readonly #options: EngineThreadOptions;
  readonly #log: Log;
  readonly #most: Readonly<Record<SeatWish['work'], { readonly each: number; readonly together: number }>>;
  readonly #seats: Seat[] = [];
  #waiting: readonly Waiting[] = [];
  #asking: NodeJS.Timeout | null = null;

  constructor(options: EngineThreadOptions, log: Log, mostEach: number) {
    this.#options = options;
    this.#log = log;
    const together = mostEach * fullTenants;
    this.#most = {
      read: { each: mostEach, together },
      write: { each: 1, together },
      fold: { each: 1, together: mostEach },
      heldFold: { each: 1, together },
    };
  }

  /**
   * Runs `work` as soon as there is a thread; it must enter and call the thread at once. Rejects with 1317 when the statement is
   * ended before.
   */
  run<T>(wish: SeatWish, work: (seat: Seat) => Promise<T>): Promise<T> {
    const seat = this.#free(wish);
    if (seat) return work(seat);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting = [...this.#waiting, { wish, start: (free) => resolve(work(free)), fail: reject }];
    this.#asking ??= setInterval(() => this.#dropEnded(), askMs).unref();
    return promise;
  }

  /** A guest comes; the answer lets it go, once. */
  enter(seat: Seat, wish: SeatWish): () => void {
    if (seat.guests++ === 0) seat.guest = wish;
    if (seat.idleTimer) clearTimeout(seat.idleTimer);
    seat.idleTimer = null;
    let here = true;
    return () => {
      if (!here) return;
      here = false;
      if (--seat.guests === 0) seat.idleTimer = setTimeout(() => this.#retire(seat), idleMs).unref();
      this.#startNext();
    };
  }

  /** Ends all threads. */
  async stop(): Promise<void> {
    this.#dropEnded();
    await Promise.all(this.#seats.splice(0).map((seat) => seat.thread.kill()));
  }

  #dropEnded(): void {
    const ended = ({ wish }: Waiting) => Atomics.load(wish.flag, 0) === statementFlag.ended;
    const gone = this.#waiting.filter(ended);
    this.#keep((each) => !gone.includes(each));
    for (const { fail } of gone) fail(faultText('OB_ERR_QUERY_INTERRUPTED', 'Query execution was interrupted'));
  }

  #keep(chosen: (waiting: Waiting) => boolean): void {
    this.#waiting = this.#waiting.filter(chosen);
    if (this.#waiting.length > 0 || !this.#asking) return;
    clearInterval(this.#asking);
    this.#asking = null;
  }

  #startNext(): void {
    for (const next of this.#waiting) {
      const seat = this.#free(next.wish);
      if (!seat) continue;
      this.#keep((each) => each !== next);
      next.start(seat);
    }
  }

  /** A thread of nobody, else one whose guests all wait for their clients; null when there is none for this wish. */
  #free({ tenantId, work }: SeatWish): Seat | null {
    const alike = this.#seats.filter(({ guests, guest }) => guests > 0 && guest?.work === work);
    const own = alike.filter(({ guest }) => guest?.tenantId === tenantId);
    const { each, together } = this.#most[work];
    if (own.length < each && alike.length < together)
      return this.#seats.find((seat) => seat.guests === 0) ?? this.#another();
    const still = (own.length > 0 ? own : alike).filter(({ thread }) => thread.busy === 0);
    return still.reduce<Seat | null>((least, seat) => (least && least.guests <= seat.guests ? least : seat), null);
  }

  #another(): Seat {
    const onIdle = () => this.#startNext();
    const thread = new EngineThread(this.#options, this.#log, { onIdle });
    const seat: Seat = { thread, guest: null, guests: 0, idleTimer: null };
    this.#seats.push(seat);
    return seat;
  }

  #retire(seat: Seat): void {
    const at = this.#seats.indexOf(seat);
    if (at < 0 || seat.guests > 0) return;
    this.#seats.splice(at, 1);
    void seat.thread.kill();
  }
}
