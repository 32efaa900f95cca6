import { faultText } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { EngineThreadOptions, ExecuteReply, GuestCall } from './engine-calls.ts';
import type { EngineThread } from './engine-thread.ts';
import { GuestSeats, type Seat, type SeatWish } from './guest-seats.ts';
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

interface Running extends SeatWish {
  readonly over: Promise<void>;
}

/** How long a tenant that is closed or dropped waits for readers inside of SQLite; their connections cannot harm it. */
const readerPatienceMs = 2_000;

/** Statements that take long, in threads of their own. */
export class GuestThreads {
  readonly #seats: GuestSeats;
  readonly #running = new Set<Running>();
  readonly #closing = new Set<number>();

  /** `mostEach` is how many threads the statements of one tenant have at a time. */
  constructor(options: EngineThreadOptions, log: Log, mostEach: number) {
    this.#seats = new GuestSeats({ ...options, guestsOnly: true }, log, mostEach);
  }

  /** Starts a moved statement. Rejects as the statement does. */
  visit(call: GuestCall): Promise<Visit> {
    const { tenantId, as } = call.place;
    const flag = new Int32Array(call.flag);
    return this.#admit({ tenantId, work: as, flag }, async (seat, leave) => {
      const { handle, ...reply } = await seat.thread.call('visit', call);
      const ended = reply.kind === 'ok' || reply.end !== null;
      if (ended) leave();
      return {
        reply,
        thread: seat.thread,
        handle,
        async leave() {
          try {
            if (!ended) await seat.thread.call('closeSession', handle);
          } finally {
            leave();
          }
        },
      };
    });
  }

  /** Writes a tenant's log into its data file, with `held` under its writer lock; the tenant is not closed before that is over. */
  fold(tenantId: number, data: string, held: boolean): Promise<void> {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    return this.#admit({ tenantId, work: held ? 'heldFold' : 'fold', flag }, async (seat, leave) => {
      await seat.thread.call('foldElsewhere', data);
      leave();
    });
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
    await this.#seats.stop();
  }

  async #end(chosen: (running: Running) => boolean): Promise<void> {
    const ending = [...this.#running].filter(chosen);
    for (const { flag } of ending) {
      Atomics.compareExchange(flag, 0, statementFlag.running, statementFlag.ended);
      Atomics.notify(flag, 0);
    }
    const over = (reads: boolean) =>
      Promise.all(ending.filter(({ work }) => (work === 'read') === reads).map((each) => each.over));
    await over(false);
    await Promise.race([over(true), new Promise((resolve) => setTimeout(resolve, readerPatienceMs).unref())]);
  }

  /** `work` calls `leave` when it is over; when it fails that is done for it. */
  async #admit<T>(wish: SeatWish, work: (seat: Seat, leave: () => void) => Promise<T>): Promise<T> {
    if (this.#closing.has(wish.tenantId)) throw faultText('OB_SESSION_KILLED', 'the tenant is being closed');
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const running = { ...wish, over };
    const gone = () => {
      this.#running.delete(running);
      resolve();
    };
    this.#running.add(running);
    try {
      return await this.#seats.run(wish, async (seat) => {
        const leaveSeat = this.#seats.enter(seat, wish);
        const leave = () => {
          gone();
          leaveSeat();
        };
        try {
          return await work(seat, leave);
        } catch (error) {
          leave();
          throw error;
        }
      });
    } catch (error) {
      gone();
      throw error;
    }
  }
}
