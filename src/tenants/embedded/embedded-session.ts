import { faultText } from '../../base/errors.ts';
import type { RowBatch } from '../../value/row-batch.ts';
import type {
  EngineSession,
  RowsEnd,
  StatementContext,
  StatementOutcome,
  StatementRequest,
} from '../engine-session.ts';
import type { ExecuteReply, MovedReply, RowsReply } from './engine-calls.ts';
import type { EngineThread } from './engine-thread.ts';
import type { GuestThreads } from './guest-threads.ts';
import { Patience } from './patience.ts';
import { statementFlag } from './statement-flag.ts';

/** One client's place in a tenant's engine thread. Statements that take long go on in threads of their own. */
export async function openEmbeddedSession(
  thread: EngineThread,
  guests: GuestThreads,
  tenantId: number,
  sessionId: number,
): Promise<EngineSession> {
  const flag = newFlag();
  const handle = await thread.call('openSession', tenantId, sessionId, flag.buffer);
  return new EmbeddedSession({ thread, guests, handle, sessionId }, flag);
}

type Flag = Int32Array<SharedArrayBuffer>;

const newFlag = (): Flag => new Int32Array(new SharedArrayBuffer(4));

interface Place {
  readonly thread: EngineThread;
  readonly guests: GuestThreads;
  readonly handle: number;
  readonly sessionId: number;
}

type Rows = Extract<ExecuteReply, { readonly kind: 'rows' }>;

class EmbeddedSession implements EngineSession {
  readonly #place: Place;
  #flag: Flag;
  #sent: StatementContext | null = null;
  #patience: Patience | null = null;
  /** Settles when the running statement has really ended, also one its client gave up. */
  #over: Promise<unknown> = Promise.resolve();
  #leaveVisit: (() => Promise<void>) | null = null;

  constructor(place: Place, flag: Flag) {
    this.#place = place;
    this.#flag = flag;
  }

  async execute(request: StatementRequest): Promise<StatementOutcome> {
    const renewed = this.#patience?.abandoned === true;
    if (renewed) this.#flag = newFlag();
    Atomics.store(this.#flag, 0, statementFlag.running);
    const patience = new Patience(this.#flag, request);
    this.#patience = patience;
    const running = this.#run(request, renewed, patience);
    this.#over = running.catch(() => undefined);
    try {
      return await patience.wait(running);
    } catch (error) {
      if (patience.abandoned) void running.then(dropRows, () => undefined);
      throw error;
    }
  }

  prepare(sql: string, context: StatementContext) {
    const { thread, handle } = this.#place;
    return thread.call('prepare', handle, sql, this.#news(context));
  }

  async transaction() {
    if (this.#patience?.abandoned) return null;
    return this.#place.thread.call('transaction', this.#place.handle);
  }

  rollback() {
    return this.#place.thread.call('rollback', this.#place.handle);
  }

  interrupt(): void {
    Atomics.compareExchange(this.#flag, 0, statementFlag.running, statementFlag.ended);
    Atomics.notify(this.#flag, 0);
    this.#patience?.end();
    this.#place.thread.call('wake', this.#place.handle).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.interrupt();
    await this.#over;
    await this.#leaveVisit?.().catch(() => undefined);
    await this.#place.thread.call('closeSession', this.#place.handle);
  }

  /** Contexts travel only when they are new. */
  #news(context: StatementContext): StatementContext | null {
    if (context === this.#sent) return null;
    this.#sent = context;
    return context;
  }

  async #run(request: StatementRequest, renewed: boolean, patience: Patience): Promise<StatementOutcome> {
    const { thread, handle } = this.#place;
    const flag = this.#flag.buffer;
    const context = this.#news(request.context);
    const reply = await thread.call('execute', handle, { ...request, context, ...(renewed ? { flag } : {}) });
    if (reply.kind === 'ok') return reply;
    if (reply.kind === 'moved') return this.#visit(reply, request, flag, patience);
    return { kind: 'rows', columns: reply.columns, batches: batches(thread, handle, reply, patience) };
  }

  async #visit(
    { place, slept }: MovedReply,
    request: StatementRequest,
    flag: SharedArrayBuffer,
    patience: Patience,
  ): Promise<StatementOutcome> {
    const { thread, guests, handle, sessionId } = this.#place;
    const over = once(() => thread.call('guestLeft', handle, place.as));
    try {
      const visit = await guests.visit({ place, sessionId, flag, request, slept });
      if (visit.reply.kind === 'ok') {
        await over();
        return visit.reply;
      }
      const { columns } = visit.reply;
      const leave = once(() => visit.leave().finally(over));
      // Nobody will ask for the rows, and rows nobody asks for have no end.
      if (patience.abandoned) {
        await leave();
        throw faultText('OB_ERR_QUERY_INTERRUPTED', 'Query execution was interrupted');
      }
      this.#leaveVisit = leave;
      return { kind: 'rows', columns, batches: visited({ ...visit, leave }, visit.reply, patience) };
    } catch (error) {
      await over();
      throw error;
    }
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => {
    done ??= work();
    return done;
  };
}

async function dropRows(outcome: StatementOutcome): Promise<void> {
  if (outcome.kind === 'rows') await outcome.batches.return({ rowCount: 0, warnings: [], inTransaction: false });
}

async function* visited(
  visit: { readonly thread: EngineThread; readonly handle: number; leave(): Promise<void> },
  first: Rows,
  patience: Patience,
): AsyncGenerator<RowBatch, RowsEnd, void> {
  try {
    return yield* batches(visit.thread, visit.handle, first, patience);
  } finally {
    const left = visit.leave();
    left.catch(() => undefined);
    if (!patience.abandoned) await left;
  }
}

/** Hands on batches while the next one is being made; leaving early ends the statement. */
async function* batches(
  thread: EngineThread,
  handle: number,
  first: RowsReply,
  patience: Patience,
): AsyncGenerator<RowBatch, RowsEnd, void> {
  let reply = first;
  let ended = first.end !== null;
  try {
    for (;;) {
      const next = reply.end ? null : thread.call('fetch', handle);
      // A failure is met at the await below; until then the client still reads the batch at hand.
      next?.catch(() => undefined);
      if (reply.batch) yield reply.batch;
      if (!next) return reply.end!;
      ended = true;
      reply = await patience.wait(next);
      ended = reply.end !== null;
    }
  } finally {
    if (!ended) await thread.call('endRows', handle);
  }
}
