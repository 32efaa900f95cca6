import { fault } from '../../base/errors.ts';
import type { StatementContext } from '../engine-session.ts';
import { type Connection, setForeignKeys } from './connection.ts';
import { PinnedSnapshot } from './pinned-snapshot.ts';
import { renewTextKeys } from './renew-text-keys.ts';
import { Savepoints } from './savepoints.ts';
import type { Movable } from './slice.ts';
import type { SqlTenant } from './sql-tenant.ts';
import type { Check } from './statement.ts';
import { WriterHold } from './writer-hold.ts';

/** A connection lent to one statement. */
export interface Lent {
  readonly connection: Connection;
  release(): void;
}

/**
 * A session's transaction. Reads outside of writes run on reader connections; the first write takes the tenant's writer
 * lock, and from then on everything runs on the writer until COMMIT or ROLLBACK.
 */
export class Transaction {
  readonly #tenant: SqlTenant;
  readonly #hold: WriterHold;
  /** Open for the client: BEGIN was said, or autocommit is off and something ran. */
  open = false;
  /** Opened by autocommit = 0, not by BEGIN. */
  implicit = false;
  readOnly = false;
  #repeatable = false;
  #writing = false;
  /** Whether its writes heed foreign keys. */
  #foreignKeys = true;
  readonly #snapshot: PinnedSnapshot;
  readonly #savepoints = new Savepoints();
  /** What was written is gone though nobody said ROLLBACK: until somebody does, nothing else is carried out. */
  #takenBack = false;
  /** Version of the dictionary when the writer's transaction began. */
  #version = 0;

  constructor(tenant: SqlTenant, owner: object) {
    this.#tenant = tenant;
    this.#hold = new WriterHold(tenant, owner);
    this.#snapshot = new PinnedSnapshot(tenant.store);
  }

  get writing(): boolean {
    return this.#writing;
  }

  /** Nobody else writes the tenant. */
  get holdsWriter(): boolean {
    return this.#writing || this.#hold.locked;
  }

  /** True while something of it lies in the connections of the tenant. */
  get held(): boolean {
    return this.open || this.#writing || this.#hold.locked || this.#hold.guest || this.#snapshot.connection !== null;
  }

  /**
   * How a statement that runs now could run in another thread instead. A read that pins the transaction's snapshot, or takes
   * the writer lock for it, cannot, though it has done neither yet.
   */
  movable({ isolation }: Pick<StatementContext, 'isolation'>): Movable {
    if (this.open && (isolation === 'REPEATABLE-READ' || isolation === 'SERIALIZABLE')) return null;
    if (this.#hold.locked || (this.open && (this.#writing || this.#repeatable || this.#snapshot.connection !== null)))
      return null;
    return this.#writing ? 'write' : 'read';
  }

  /** Takes the writer lock for a write that runs in another thread, until `guestLeft`. */
  holdForGuest(context: StatementContext, check: Check): Promise<void> {
    return this.#hold.takeForGuest(context, check);
  }

  guestLeft(): void {
    this.#hold.guestLeft();
  }

  begin(options: { readonly readOnly: boolean; readonly snapshot: boolean; readonly implicit: boolean }): void {
    this.open = true;
    this.implicit = options.implicit;
    this.readOnly = options.readOnly;
    if (options.snapshot) {
      this.#repeatable = true;
      this.#snapshot.pin();
    }
  }

  /**
   * A connection to read from. In a serializable transaction reading waits for the writer lock, unless it cannot write: then what it
   * reads stands still.
   */
  async reader(context: StatementContext, check: Check): Promise<Lent> {
    const serializable = this.open && context.isolation === 'SERIALIZABLE';
    const mayWrite = !this.#tenant.readOnly && !this.readOnly && !this.#hold.frozen;
    if (serializable && mayWrite) await this.startWriting(context, check);
    if (this.#writing) return { connection: this.#tenant.store.writer, release() {} };
    const repeatable = this.#repeatable || context.isolation === 'REPEATABLE-READ';
    if (serializable || (this.open && repeatable)) this.#snapshot.pin();
    if (this.#snapshot.connection) return { connection: this.#snapshot.connection, release() {} };
    const { store } = this.#tenant;
    const connection = store.takeReader();
    return { connection, release: () => store.returnReader(connection) };
  }

  /** Takes the writer lock and starts the writer's transaction. Rejects with 1205 after the lock wait timeout. */
  async startWriting(context: StatementContext, check: Check): Promise<Connection> {
    const { store } = this.#tenant;
    this.refuseWhenTakenBack();
    this.#refuseWhenReadOnly();
    this.#snapshot.refuseWhenLost();
    if (this.#writing) return store.writer;
    await this.#hold.take(context, check);
    this.#renewKeys(context, check);
    this.#beginWriter(context.foreignKeyChecks);
    this.#snapshot.drop();
    this.#savepoints.carryOver(store.writer);
    return store.writer;
  }

  /** 1235 for a write under another foreign_key_checks than the transaction's first: SQLite knows one for all of it. */
  requireForeignKeys({ foreignKeyChecks }: StatementContext): void {
    if (foreignKeyChecks === this.#foreignKeys) return;
    if (this.#tenant.dictionary.allTables().every((table) => table.foreignKeys.length === 0)) return;
    throw fault('OB_NOT_SUPPORTED', 'write after foreign_key_checks was switched inside of the transaction is');
  }

  /** Commits what is open, as every change of a table's shape does, and starts a writer's transaction of its own. */
  async startChange(context: StatementContext, check: Check): Promise<Connection> {
    this.#refuseWhenReadOnly();
    this.commitFirst(check);
    await this.#hold.take(context, check);
    this.#renewKeys(context, check);
    // Rebuilding a table drops it: SQLite must not carry out the foreign keys that point at it.
    this.#beginWriter(false);
    return this.#tenant.store.writer;
  }

  /** Keeps the writer lock over commits until `unlockTables`. */
  async lockTables(context: StatementContext, check: Check): Promise<void> {
    this.unlockTables(check);
    this.#refuseWhenReadOnly();
    await this.#hold.lock(context, check, false);
  }

  /** As `lockTables`, and the session itself writes nothing until `unlockTables`: 1223. */
  async freeze(context: StatementContext, check: Check): Promise<void> {
    this.commitFirst(check);
    await this.#hold.lock(context, check, true);
  }

  get frozen(): boolean {
    return this.#hold.frozen;
  }

  /** Gives back what `lockTables` took, and commits then; a transaction without it, or of a frozen tenant, stays open. */
  unlockTables(check: Check): void {
    if (!this.#hold.locked) return;
    if (!this.#hold.frozen) this.commitFirst(check);
    this.#hold.unlock();
  }

  /** Commits what is open. The statement is claimed before: nobody may be told that it was ended and have it committed. */
  commit(check: Pick<Check, 'claim'>): void {
    const { store } = this.#tenant;
    this.refuseWhenTakenBack();
    const writing = this.#writing;
    if (writing) check.claim();
    this.#end();
    if (!writing) return;
    try {
      store.commit();
    } catch (error) {
      this.#takeBack();
      throw error;
    } finally {
      this.#hold.giveBack();
    }
  }

  /** Commits what is open for a statement that begins with it, and may be ended again from then on. */
  commitFirst(check: Pick<Check, 'claim' | 'disclaim'>): void {
    const { open } = this;
    try {
      this.commit(check);
    } catch (error) {
      // Nobody said COMMIT: the client must hear of it before it goes on.
      if (open && !this.open) this.#mustRollBack();
      throw error;
    }
    check.disclaim();
  }

  /**
   * To be called when a statement, or a part of its answer, is over: where the disk is full or memory ends, SQLite takes back the
   * whole transaction, for a read of it too. Its next savepoint would be a transaction of its own.
   */
  settle(): void {
    if (!this.#writing || this.#tenant.store.writer.inTransaction) return;
    const { open } = this;
    this.rollback();
    if (open) this.#mustRollBack();
  }

  refuseWhenTakenBack(): void {
    this.settle();
    if (this.#takenBack) throw fault('OB_TRANS_NEED_ROLLBACK');
  }

  #mustRollBack(): void {
    this.open = true;
    this.#takenBack = true;
  }

  rollback(): void {
    const { store } = this.#tenant;
    const writing = this.#writing;
    this.#end();
    if (!writing) return;
    try {
      store.rollback();
      this.#takeBack();
    } finally {
      this.#hold.giveBack();
    }
  }

  /** Tables that were changed inside of the transaction are as before. */
  #takeBack(): void {
    if (this.#tenant.dictionary.version !== this.#version) this.#tenant.contentsReplaced();
  }

  /** Rolls back and gives everything back: the session ends. */
  close(): void {
    this.rollback();
    this.#hold.unlock();
    this.guestLeft();
  }

  #refuseWhenReadOnly(): void {
    if (this.#tenant.readOnly) throw fault('OB_STANDBY_READ_ONLY');
    if (this.readOnly) throw fault('ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION');
    if (this.#hold.frozen) throw fault('ER_CANT_UPDATE_WITH_READLOCK');
  }

  #beginWriter(foreignKeys: boolean): void {
    const { store } = this.#tenant;
    try {
      setForeignKeys(store.writer, foreignKeys);
      store.begin();
    } catch (error) {
      this.#hold.giveBack();
      throw error;
    }
    this.#writing = true;
    this.#foreignKeys = foreignKeys;
    this.#version = this.#tenant.dictionary.version;
  }

  #renewKeys(context: StatementContext, check: Check): void {
    try {
      renewTextKeys(this.#tenant, context, check);
    } catch (error) {
      this.#hold.giveBack();
      throw error;
    }
  }

  savepoint(name: string): void {
    this.#savepoints.add(name, this.#openWriter());
  }

  rollbackTo(name: string): void {
    const writer = this.#openWriter();
    this.#savepoints.rollbackTo(name, writer);
    if (writer) this.#takeBack();
  }

  release(name: string): void {
    this.#savepoints.release(name, this.#openWriter());
  }

  #openWriter(): Connection | null {
    this.refuseWhenTakenBack();
    return this.#writing ? this.#tenant.store.writer : null;
  }

  #end(): void {
    this.open = false;
    this.implicit = false;
    this.readOnly = false;
    this.#repeatable = false;
    this.#writing = false;
    this.#takenBack = false;
    this.#savepoints.clear();
    this.#snapshot.end();
  }
}
