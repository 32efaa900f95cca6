import { fault, faultText } from '../../base/errors.ts';
import { Mutex } from '../../base/mutex.ts';
import type { PreparedShape, StatementContext } from '../tenant-engine.ts';
import type { ExecuteReply, RowsReply, SessionRequest } from './engine-calls.ts';
import { prepareShape } from './prepare-shape.ts';
import type { RowCursor } from './row-cursor.ts';
import { coded } from './sql-errors.ts';
import { runStatement } from './statement.ts';
import type { Tenant } from './tenant.ts';
import { Transaction } from './transaction.ts';

/** One client's session in the engine thread: a transaction, at most one answer being read, one statement at a time. */
export class Session {
  readonly tenant: Tenant;
  readonly sessionId: number;
  readonly transaction: Transaction;
  readonly #flag: Int32Array;
  readonly #turn = new Mutex();
  #context: StatementContext | null = null;
  #cursor: RowCursor | null = null;
  #closed = false;

  constructor(tenant: Tenant, sessionId: number, flag: Int32Array) {
    this.tenant = tenant;
    this.sessionId = sessionId;
    this.#flag = flag;
    this.transaction = new Transaction(tenant, this);
    tenant.sessions++;
  }

  execute(request: SessionRequest): Promise<ExecuteReply> {
    this.#context = request.context ?? this.#context;
    const context = this.#context;
    return this.#turn.run(async () => {
      if (this.#closed || !context) throw fault('OB_SESSION_KILLED');
      this.#endCursor();
      const { deadlineUs } = request;
      const check = Object.assign(() => this.#check(request), { deadlineUs });
      try {
        check();
        const result = await runStatement({
          tenant: this.tenant,
          session: this,
          transaction: this.transaction,
          context,
          request: { ...request, context },
          check,
        });
        if (result.kind === 'ok') return result;
        this.#cursor = result.cursor;
        return { kind: 'rows', columns: result.cursor.columns, ...this.#advance() };
      } catch (error) {
        throw coded(error);
      }
    });
  }

  prepare(sql: string, context: StatementContext | null): Promise<PreparedShape> {
    this.#context = context ?? this.#context;
    const known = this.#context;
    return this.#turn.run(() => {
      if (this.#closed || !known) throw fault('OB_SESSION_KILLED');
      try {
        return prepareShape(this.tenant, sql, known);
      } catch (error) {
        throw coded(error);
      }
    });
  }

  fetch(): Promise<RowsReply> {
    return this.#turn.run(() => {
      if (!this.#cursor) throw faultText('OB_ERR_UNEXPECTED', 'the answer was ended');
      try {
        return this.#advance();
      } catch (error) {
        throw coded(error);
      }
    });
  }

  endRows(): Promise<void> {
    return this.#turn.run(() => this.#endCursor());
  }

  rollback(): Promise<void> {
    return this.#turn.run(() => {
      this.#endCursor();
      this.transaction.rollback();
    });
  }

  /** Lets a statement that waits for the writer lock see that it was interrupted. */
  wake(): void {
    this.tenant.store.lock.wake(this);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    Atomics.store(this.#flag, 0, 1);
    this.wake();
    await this.#turn.run(() => {
      this.#endCursor();
      this.transaction.close();
      this.tenant.sessions--;
    });
  }

  #advance(): RowsReply {
    const cursor = this.#cursor!;
    try {
      const reply = cursor.next();
      if (reply.end) this.#cursor = null;
      return reply;
    } catch (error) {
      this.#endCursor();
      throw error;
    }
  }

  #endCursor(): void {
    const cursor = this.#cursor;
    this.#cursor = null;
    cursor?.close();
  }

  #check(request: SessionRequest): void {
    if (Atomics.load(this.#flag, 0) !== 0)
      throw faultText('OB_ERR_QUERY_INTERRUPTED', 'Query execution was interrupted');
    if (request.deadlineUs > 0 && Date.now() * 1000 >= request.deadlineUs)
      throw fault('OB_TIMEOUT', Math.round(request.deadlineUs - request.nowUs));
  }
}
