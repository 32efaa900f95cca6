import type { RowBatch } from '../../value/row-batch.ts';
import type { EngineSession, RowsEnd, StatementContext } from '../tenant-engine.ts';
import type { RowsReply } from './engine-calls.ts';
import type { EngineThread } from './engine-thread.ts';

/** One client's place in the engine thread. Contexts travel only when they are new. */
export async function openEmbeddedSession(
  thread: EngineThread,
  tenantId: number,
  sessionId: number,
): Promise<EngineSession> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const handle = await thread.call('openSession', tenantId, sessionId, flag.buffer as SharedArrayBuffer);
  let sent: StatementContext | null = null;
  const news = (context: StatementContext) => {
    if (context === sent) return null;
    sent = context;
    return context;
  };
  const interrupt = () => {
    Atomics.store(flag, 0, 1);
    thread.call('wake', handle).catch(() => undefined);
  };
  return {
    async execute(request) {
      Atomics.store(flag, 0, 0);
      const reply = await thread.call('execute', handle, { ...request, context: news(request.context) });
      if (reply.kind === 'ok') return reply;
      return { kind: 'rows', columns: reply.columns, batches: batches(thread, handle, reply) };
    },
    prepare: (sql, context) => thread.call('prepare', handle, sql, news(context)),
    rollback: () => thread.call('rollback', handle),
    interrupt,
    async close() {
      interrupt();
      await thread.call('closeSession', handle);
    },
  };
}

/** Hands on batches while the next one is being made; leaving early ends the statement. */
async function* batches(
  thread: EngineThread,
  handle: number,
  first: RowsReply,
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
      reply = await next;
      ended = reply.end !== null;
    }
  } finally {
    if (!ended) await thread.call('endRows', handle);
  }
}
