import { fault } from '../../base/errors.ts';
import type { StatementContext } from '../engine-session.ts';
import { type Connection, setForeignKeys } from './connection.ts';
import { roomInLog } from './log-room.ts';
import { renewTextKeys } from './renew-text-keys.ts';
import type { Movable } from './slice.ts';
import type { SqlTenant } from './sql-tenant.ts';
import type { Check } from './statement.ts';
import { quoteName } from './table-schema.ts';

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
  readonly #owner: object;
  /** Open for the client: BEGIN was said, or autocommit is off and something ran. */
  open = false;
  /** Opened by autocommit = 0, not by BEGIN. */
  implicit = false;
  readOnly = false;
  #repeatable = false;
  #writing = false;
  #locked = false;
  #guest = false;
  #snapshot: Connection | null = null;
  /** The snapshot kept the log from being folded for too long. */
  #snapshotLost = false;
  #savepoints: string[] = [];
  /** Version of the dictionary when the writer's transaction began. */
  #version = 0;

  constructor(tenant: SqlTenant, owner: object) {
    this.#tenant = tenant;
    this.#owner = owner;
  }

  get writing(): boolean {
    return this.#writing;
  }

  /** True while something of it lies in the connections of the tenant. */
  get held(): boolean {
    return this.open || this.#writing || this.#locked || this.#guest || this.#snapshot !== null;
  }

  /**
   * How a statement that runs now could run in another thread instead. A read that pins the transaction's snapshot, or takes
   * the writer lock for it, cannot, though it has done neither yet.
   */
  movable({ isolation }: Pick<StatementContext, 'isolation'>): Movable {
    if (this.open && (isolation === 'REPEATABLE-READ' || isolation === 'SERIALIZABLE')) return null;
    if (this.#locked || (this.open && (this.#writing || this.#repeatable || this.#snapshot !== null))) return null;
    return this.#writing ? 'write' : 'read';
  }

  /** Takes the writer lock for a write that runs in another thread, until `guestLeft`. */
  async holdForGuest(context: StatementContext, check: Check): Promise<void> {
    await this.#take(context, check);
    this.#guest = true;
  }

  guestLeft(): void {
    if (!this.#guest) return;
    this.#guest = false;
    this.#tenant.store.lock.release();
  }

  begin(options: { readonly readOnly: boolean; readonly snapshot: boolean; readonly implicit: boolean }): void {
    this.open = true;
    this.implicit = options.implicit;
    this.readOnly = options.readOnly;
    if (options.snapshot) {
      this.#repeatable = true;
      this.#pinSnapshot();
    }
  }

  /** A connection to read from. In a serializable transaction reading waits for the writer lock. */
  async reader(context: StatementContext, check: Check): Promise<Lent> {
    if (this.open && context.isolation === 'SERIALIZABLE' && !this.#tenant.readOnly)
      await this.startWriting(context, check);
    if (this.#writing) return { connection: this.#tenant.store.writer, release() {} };
    if (this.open && (this.#repeatable || context.isolation === 'REPEATABLE-READ')) this.#pinSnapshot();
    if (this.#snapshot) return { connection: this.#snapshot, release() {} };
    const { store } = this.#tenant;
    const connection = store.takeReader();
    return { connection, release: () => store.returnReader(connection) };
  }

  /** Takes the writer lock and starts the writer's transaction. Rejects with 1205 after the lock wait timeout. */
  async startWriting(context: StatementContext, check: Check): Promise<Connection> {
    const { store } = this.#tenant;
    this.#refuseWhenReadOnly();
    this.#refuseWhenLost();
    if (this.#writing) return store.writer;
    await this.#take(context, check);
    this.#renewKeys(context, check);
    this.#beginWriter(context.foreignKeyChecks);
    this.#dropSnapshot();
    for (const name of this.#savepoints) store.writer.exec(`SAVEPOINT ${quoteName(name)}`);
    return store.writer;
  }

  /** Commits what is open, as every change of a table's shape does, and starts a writer's transaction of its own. */
  async startChange(context: StatementContext, check: Check): Promise<Connection> {
    this.#refuseWhenReadOnly();
    this.commit();
    await this.#take(context, check);
    this.#renewKeys(context, check);
    // Rebuilding a table drops it: SQLite must not carry out the foreign keys that point at it.
    this.#beginWriter(false);
    return this.#tenant.store.writer;
  }

  /** Keeps the writer lock over commits until `unlockTables`. */
  async lockTables(context: StatementContext, check: Check): Promise<void> {
    this.unlockTables();
    this.#refuseWhenReadOnly();
    await this.#take(context, check);
    this.#locked = true;
  }

  /** Gives back what LOCK TABLES took, and commits then; a transaction without it stays open. */
  unlockTables(): void {
    if (!this.#locked) return;
    this.commit();
    this.#locked = false;
    this.#tenant.store.lock.release();
  }

  commit(): void {
    const { store } = this.#tenant;
    const writing = this.#writing;
    this.#end();
    if (!writing) return;
    try {
      store.commit();
    } finally {
      this.#giveBack();
    }
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
      this.#giveBack();
    }
  }

  /** Tables that were changed inside of the transaction are as before. */
  #takeBack(): void {
    if (this.#tenant.dictionary.version !== this.#version) this.#tenant.contentsReplaced();
  }

  /** Rolls back and gives everything back: the session ends. */
  close(): void {
    this.rollback();
    this.unlockTables();
    this.guestLeft();
  }

  #refuseWhenReadOnly(): void {
    if (this.#tenant.readOnly) throw fault('OB_STANDBY_READ_ONLY');
    if (this.readOnly) throw fault('ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION');
  }

  #refuseWhenLost(): void {
    if (this.#snapshotLost) throw fault('OB_SNAPSHOT_DISCARDED');
  }

  async #take(context: StatementContext, check: Check): Promise<void> {
    check.pause();
    await roomInLog(this.#tenant, check);
    if (this.#locked) return;
    const leftMs = check.deadlineUs === 0 ? Number.POSITIVE_INFINITY : check.deadlineUs / 1000 - Date.now();
    const waitMs = Math.max(0, Math.min(context.lockWaitTimeoutMs, leftMs));
    await this.#tenant.store.lock.take(waitMs, this.#owner, check);
    if (!this.#tenant.readOnly) return;
    this.#tenant.store.lock.release();
    throw fault('OB_STANDBY_READ_ONLY');
  }

  #beginWriter(foreignKeys: boolean): void {
    const { store } = this.#tenant;
    try {
      setForeignKeys(store.writer, foreignKeys);
      store.begin();
    } catch (error) {
      this.#giveBack();
      throw error;
    }
    this.#writing = true;
    this.#version = this.#tenant.dictionary.version;
  }

  #renewKeys(context: StatementContext, check: Check): void {
    try {
      renewTextKeys(this.#tenant, context, check);
    } catch (error) {
      this.#giveBack();
      throw error;
    }
  }

  #giveBack(): void {
    if (!this.#locked) this.#tenant.store.lock.release();
  }

  savepoint(name: string): void {
    const key = name.toLowerCase();
    const { writer } = this.#tenant.store;
    if (this.#savepoints.includes(key)) {
      // MySQL drops the older savepoint of the name; SQLite would stack them, which answers the same.
      this.#savepoints.splice(this.#savepoints.indexOf(key), 1);
    }
    this.#savepoints.push(key);
    if (this.#writing) writer.exec(`SAVEPOINT ${quoteName(key)}`);
  }

  rollbackTo(name: string): void {
    const at = this.#find(name);
    if (this.#writing) {
      this.#tenant.store.writer.exec(`ROLLBACK TO ${quoteName(this.#savepoints[at]!)}`);
      this.#takeBack();
    }
    this.#savepoints.splice(at + 1);
  }

  release(name: string): void {
    const at = this.#find(name);
    if (this.#writing) this.#tenant.store.writer.exec(`RELEASE ${quoteName(this.#savepoints[at]!)}`);
    this.#savepoints.splice(at);
  }

  #find(name: string): number {
    const at = this.#savepoints.indexOf(name.toLowerCase());
    if (at < 0) throw fault('ER_SP_DOES_NOT_EXIST', 'SAVEPOINT', name);
    return at;
  }

  #pinSnapshot(): void {
    this.#refuseWhenLost();
    if (this.#snapshot || this.#writing) return;
    this.#snapshot = this.#tenant.store.pinReader(() => {
      this.#snapshot = null;
      this.#snapshotLost = true;
    });
  }

  #dropSnapshot(): void {
    const snapshot = this.#snapshot;
    this.#snapshot = null;
    if (snapshot) this.#tenant.store.returnReader(snapshot);
  }

  #end(): void {
    this.open = false;
    this.implicit = false;
    this.readOnly = false;
    this.#repeatable = false;
    this.#writing = false;
    this.#snapshotLost = false;
    this.#savepoints = [];
    this.#dropSnapshot();
  }
}
