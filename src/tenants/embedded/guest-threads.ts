import { faultText } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { EngineThreadOptions, ExecuteReply, GuestCall } from './engine-calls.ts';
import { EngineThread } from './engine-thread.ts';
import { statementFlag } from './statement-flag.ts';

/** A moved statement, from its start until its connection is closed. */
export interface Visit {
  readonly reply: ExecuteReply;
  readonly thread: EngineThread;
  /** Of the rest of its rows in that thread. */
  readonly handle: number;
  /** Ends it; harmless when repeated. */
  leave(): Promise<void>;
}

interface Running {
  readonly tenantId: number;
  readonly writes: boolean;
  readonly flag: Int32Array;
  readonly over: Promise<void>;
}

interface Entering {
  readonly place: Pick<GuestCall['place'], 'tenantId' | 'as'>;
  readonly flag: SharedArrayBuffer;
}

interface Seat {
  readonly thread: EngineThread;
  guests: number;
  idleTimer: NodeJS.Timeout | null;
}

/** How long a thread waits for another guest before it ends. */
const idleMs = 5_000;
/** How long a tenant that is closed or dropped waits for readers inside of SQLite; their connections cannot harm it. */
const readerPatienceMs = 2_000;

/** Threads for statements that take long, started when they are needed: one statement inside of SQLite at a time each. */
export class GuestThreads {
  readonly #options: EngineThreadOptions;
  readonly #log: Log;
  readonly #most: number;
  readonly #seats: Seat[] = [];
  readonly #running = new Set<Running>();
  readonly #closing = new Set<number>();

  constructor(options: EngineThreadOptions, log: Log, most: number) {
    this.#options = { ...options, guestsOnly: true };
    this.#log = log;
    this.#most = most;
  }

  /** Starts a moved statement. Rejects as the statement does. */
  async visit(call: GuestCall): Promise<Visit> {
    const { tenantId } = call.place;
    if (this.#closing.has(tenantId)) throw faultText('OB_SESSION_KILLED', 'the tenant is being closed');
    const seat = this.#seat();
    const leave = this.#enter(seat, call);
    try {
      const { handle, ...reply } = await seat.thread.call('visit', call);
      const ended = reply.kind === 'ok' || reply.end !== null;
      if (ended) leave();
      return {
        reply,
        thread: seat.thread,
        handle,
        async leave() {
          if (!ended) await seat.thread.call('closeSession', handle);
          leave();
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Writes a tenant's log into its data file; the tenant is not closed before that is over. */
  async fold(tenantId: number, data: string): Promise<void> {
    if (this.#closing.has(tenantId)) throw faultText('OB_SESSION_KILLED', 'the tenant is being closed');
    const seat = this.#seat();
    const leave = this.#enter(seat, { place: { tenantId, as: 'write' }, flag: new SharedArrayBuffer(4) });
    try {
      await seat.thread.call('foldElsewhere', data);
    } finally {
      leave();
    }
  }

  /** Ends the tenant's guests and admits no others while `work` runs. */
  async without<T>(tenantId: number, work: () => Promise<T>): Promise<T> {
    this.#closing.add(tenantId);
    try {
      await this.#end((each) => each.tenantId === tenantId);
      return await work();
    } finally {
      this.#closing.delete(tenantId);
    }
  }

  /** Ends all guests and their threads. */
  async stop(): Promise<void> {
    await this.#end(() => true);
    await Promise.all(this.#seats.splice(0).map((seat) => seat.thread.kill()));
  }

  async #end(chosen: (running: Running) => boolean): Promise<void> {
    const ending = [...this.#running].filter(chosen);
    for (const { flag } of ending) {
      Atomics.compareExchange(flag, 0, statementFlag.running, statementFlag.ended);
      Atomics.notify(flag, 0);
    }
    const over = (writes: boolean) =>
      Promise.all(ending.filter((each) => each.writes === writes).map((each) => each.over));
    await over(true);
    await Promise.race([over(false), new Promise((resolve) => setTimeout(resolve, readerPatienceMs).unref())]);
  }

  #enter(seat: Seat, { place, flag }: Entering): () => void {
    seat.guests++;
    if (seat.idleTimer) clearTimeout(seat.idleTimer);
    const { promise, resolve } = Promise.withResolvers<void>();
    const running = {
      tenantId: place.tenantId,
      writes: place.as === 'write',
      flag: new Int32Array(flag),
      over: promise,
    };
    this.#running.add(running);
    return () => {
      if (!this.#running.delete(running)) return;
      resolve();
      if (--seat.guests === 0) seat.idleTimer = setTimeout(() => this.#retire(seat), idleMs).unref();
    };
  }

  #retire(seat: Seat): void {
    const at = this.#seats.indexOf(seat);
    if (at < 0 || seat.guests > 0) return;
    this.#seats.splice(at, 1);
    void seat.thread.kill();
  }

  /** A thread with nothing to do, a new one, or the one with the least to do. */
  #seat(): Seat {
    const idle = this.#seats.find(({ thread }) => thread.busy === 0);
    if (idle) return idle;
    if (this.#seats.length < this.#most) {
      const seat: Seat = { thread: new EngineThread(this.#options, this.#log, () => {}), guests: 0, idleTimer: null };
      this.#seats.push(seat);
      return seat;
    }
    return this.#seats.reduce((least, seat) => (seat.thread.busy < least.thread.busy ? seat : least));
  }
}
