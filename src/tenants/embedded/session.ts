import { fault, faultText } from '../../base/errors.ts';
import { Mutex } from '../../base/mutex.ts';
import { NeedsSleep, Slumber } from '../../sql/functions/slumber.ts';
import type { PreparedShape, StatementContext, StatementRequest } from '../engine-session.ts';
import type { ExecuteReply, MovedReply, RowsReply, SessionRequest } from './engine-calls.ts';
import { engineSleep } from './engine-sleep.ts';
import type { GuestPlace } from './guest-store.ts';
import { prepareShape } from './prepare-shape.ts';
import type { RowCursor } from './row-cursor.ts';
import { NeedsOwnThread, Slice, type SliceLimits } from './slice.ts';
import { coded } from './sql-errors.ts';
import type { SqlTenant } from './sql-tenant.ts';
import { type Check, runStatement } from './statement.ts';
import { statementFlag } from './statement-flag.ts';
import { Transaction } from './transaction.ts';

/** The engine thread's side of statements that move to threads of their own. */
export interface SessionPlace {
  readonly limits: SliceLimits;
  /** Opens the tenant when it is closed; it then knows of the session. */
  arrive(session: Session): SqlTenant;
  left(session: Session): void;
  lend(as: GuestPlace['as']): Pick<GuestPlace, 'data' | 'shmFd' | 'cell' | 'as'>;
  /** Takes over what a write elsewhere committed. */
  guestLeft(): void;
}

/** One client's session in the engine thread: a transaction, at most one answer being read, one statement at a time. */
export class Session {
  readonly tenantId: number;
  readonly sessionId: number;
  #tenant: SqlTenant;
  #transaction: Transaction;
  #flag: Int32Array;
  readonly #host: SessionPlace | null;
  readonly #turn = new Mutex();
  #context: StatementContext | null = null;
  #cursor: RowCursor | null = null;
  #closed = false;
  /** The sleeps of the running statement, and whether rows of it went out already. */
  #slumber: Slumber | null = null;
  #handedOut = false;
  /** Calls that are under way, and statements that are elsewhere. */
  #underway = 0;
  #away = 0;

  /** Without a host every statement runs here to its end. */
  constructor(tenant: SqlTenant, sessionId: number, flag: Int32Array, host: SessionPlace | null) {
    this.#host = host;
    this.#tenant = tenant;
    this.tenantId = tenant.tenantId;
    this.sessionId = sessionId;
    this.#flag = flag;
    this.#transaction = new Transaction(tenant, this);
  }

  /** The tenant as it is open now. */
  get tenant(): SqlTenant {
    return this.#tenant;
  }

  get transaction(): Transaction {
    return this.#transaction;
  }

  /** True while the tenant must stay open for it. */
  get busy(): boolean {
    return this.#underway > 0 || this.#away > 0 || this.#cursor !== null || this.#transaction.held;
  }

  /** `slept` is what calls of SLEEP answered before the statement came here. */
  execute(request: SessionRequest, slept: MovedReply['slept'] = []): Promise<ExecuteReply | MovedReply> {
    this.#context = request.context ?? this.#context;
    if (request.flag) this.#flag = new Int32Array(request.flag);
    const context = this.#context;
    return this.#inTurn(async () => {
      if (this.#closed || !context) throw fault('OB_SESSION_KILLED');
      this.#endCursor();
      this.#takePlace();
      const slumber = new Slumber(slept);
      this.#slumber = slumber;
      this.#handedOut = false;
      const check = this.#checkOf(request, context, slumber);
      const full = { ...request, context };
      for (;;) {
        try {
          return await this.#runOnce(full, check);
        } catch (error) {
          this.#endCursor();
          if (error instanceof NeedsOwnThread) return this.#move(error.as, context, check, slumber);
          if (!(error instanceof NeedsSleep)) throw coded(error);
          await this.#sleep(error.seconds, full, check);
        }
      }
    });
  }

  async #runOnce(request: StatementRequest, check: Check): Promise<ExecuteReply> {
    const { tenant, transaction } = this;
    this.#slumber?.restart();
    check();
    const { context } = request;
    const result = await runStatement({ tenant, session: this, transaction, context, request, check });
    if (result.kind === 'ok') {
      if (check.plan) check.plan.longRuns = 0;
      return result;
    }
    this.#cursor = result.cursor;
    this.#readAhead(result.cursor, check);
    const reply = this.#advance();
    this.#handedOut = true;
    return { kind: 'rows', columns: result.cursor.columns, ...reply };
  }

  /** Waits beside the thread; a statement that was ended meanwhile, or is late, fails. */
  async #sleep(seconds: number, { deadlineUs }: StatementRequest, check: Check): Promise<void> {
    // A share that was used up before the sleep is no reason to move: the statement begins anew.
    check.pause();
    check();
    const leftMs = deadlineUs > 0 ? deadlineUs / 1000 - Date.now() : Number.POSITIVE_INFINITY;
    await this.#slumber?.nap(Math.min(seconds * 1000, leftMs + 1));
    if (this.#closed) throw fault('OB_SESSION_KILLED');
    check();
    this.#slumber?.slept(0);
  }

  /** What ran in another thread is over. */
  guestLeft(as: GuestPlace['as']): void {
    this.#away--;
    if (as === 'read') return;
    this.#host?.guestLeft();
    this.#tenant.contentsReplaced();
    this.#transaction.guestLeft();
  }

  prepare(sql: string, context: StatementContext | null): Promise<PreparedShape> {
    this.#context = context ?? this.#context;
    const known = this.#context;
    return this.#inTurn(() => {
      if (this.#closed || !known) throw fault('OB_SESSION_KILLED');
      this.#takePlace();
      try {
        return prepareShape(this.tenant, sql, known);
      } catch (error) {
        throw coded(error);
      }
    });
  }

  fetch(): Promise<RowsReply> {
    return this.#inTurn(() => {
      if (!this.#cursor) throw faultText('OB_ERR_UNEXPECTED', 'the answer was ended');
      try {
        return this.#advance();
      } catch (error) {
        throw coded(error);
      }
    });
  }

  endRows(): Promise<void> {
    return this.#inTurn(() => this.#endCursor());
  }

  rollback(): Promise<void> {
    return this.#inTurn(() => {
      this.#endCursor();
      this.transaction.rollback();
    });
  }

  /** Lets a statement that sleeps or waits for the writer lock see that it was interrupted. */
  wake(): void {
    this.#slumber?.wake();
    this.tenant.store.lock.wake(this);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // A guest's flag belongs to the session it stands in for.
    if (this.#host) {
      Atomics.store(this.#flag, 0, statementFlag.ended);
      Atomics.notify(this.#flag, 0);
    }
    this.wake();
    await this.#inTurn(() => {
      this.#endCursor();
      this.transaction.close();
      this.#host?.left(this);
    });
  }

  async #inTurn<T>(work: () => Promise<T> | T): Promise<T> {
    this.#underway++;
    try {
      return await this.#turn.run(async () => {
        try {
          return await work();
        } finally {
          this.#transaction.settle();
        }
      });
    } finally {
      this.#underway--;
    }
  }

  /** The tenant may have been closed while the session was idle. */
  #takePlace(): void {
    const tenant = this.#host?.arrive(this);
    if (!tenant || tenant === this.#tenant) return;
    this.#tenant = tenant;
    this.#transaction = new Transaction(tenant, this);
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

  /** An answer that is not complete within the engine thread's share of time and memory is made elsewhere. */
  #readAhead(cursor: RowCursor, check: Check): void {
    if (!this.#host || cursor.readAhead(mostBytesAhead)) {
      if (check.plan) check.plan.longRuns = 0;
      return;
    }
    check.leave('read');
  }

  async #move(as: GuestPlace['as'], context: StatementContext, check: Check, { over }: Slumber): Promise<MovedReply> {
    const host = this.#host!;
    const { tenant, transaction } = this;
    if (check.plan) check.plan.longRuns ||= 1;
    check.disclaim();
    if (as === 'write') await transaction.holdForGuest(context, check);
    this.#away++;
    const { tenantId, readOnly } = tenant;
    return { kind: 'moved', place: { ...host.lend(as), tenantId, readOnly, open: transaction.open }, slept: over };
  }

  #checkOf(request: SessionRequest, context: StatementContext, slumber: Slumber): Check {
    const flag = this.#flag;
    const movable = () => this.transaction.movable(context);
    const slice = this.#host ? new Slice(this.#host.limits, movable) : null;
    const late = () => request.deadlineUs > 0 && Date.now() * 1000 >= request.deadlineUs;
    const refuse = () => {
      if (Atomics.load(flag, 0) === statementFlag.ended)
        throw faultText('OB_ERR_QUERY_INTERRUPTED', 'Query execution was interrupted');
      if (late()) throw fault('OB_TIMEOUT', Math.round(request.deadlineUs - request.nowUs));
    };
    const look = () => {
      refuse();
      slice?.look();
    };
    return Object.assign(look, {
      deadlineUs: request.deadlineUs,
      plan: null,
      start: () => slice?.start(),
      pause: () => slice?.pause(),
      leave: (as: 'read' | 'write') => slice?.leave(as),
      sleep: engineSleep({
        ...{ slumber, flag, refuse, ownThread: this.#host === null, handedOut: () => this.#handedOut },
        leave: () => slice?.leave(movable() ?? 'read'),
        leftMs: () =>
          request.deadlineUs > 0 ? Math.max(0, request.deadlineUs / 1000 - Date.now()) : Number.POSITIVE_INFINITY,
      }),
      claim() {
        // A statement that commits is not refused any more, however late it gets.
        if (Atomics.load(flag, 0) === statementFlag.committing) return;
        refuse();
        const seen = Atomics.compareExchange(flag, 0, statementFlag.running, statementFlag.committing);
        if (seen === statementFlag.ended) refuse();
      },
      disclaim: () => void Atomics.compareExchange(flag, 0, statementFlag.committing, statementFlag.running),
    });
  }
}

/** Bytes of an answer an engine thread makes before the first of them goes out. */
const mostBytesAhead = 1 << 20;
