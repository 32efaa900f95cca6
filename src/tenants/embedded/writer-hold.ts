import { fault } from '../../base/errors.ts';
import type { StatementContext } from '../engine-session.ts';
import { roomInLog } from './log-room.ts';
import type { SqlTenant } from './sql-tenant.ts';
import type { Check } from './statement.ts';

const timerEarlyMs = 2;

/** What one session holds of its tenant's writer lock, and what for. */
export class WriterHold {
  readonly #tenant: SqlTenant;
  readonly #owner: object;
  #locked = false;
  #frozen = false;
  #guest = false;

  constructor(tenant: SqlTenant, owner: object) {
    this.#tenant = tenant;
    this.#owner = owner;
  }

  /** Held over commits: LOCK TABLES or FLUSH TABLES WITH READ LOCK. */
  get locked(): boolean {
    return this.#locked;
  }

  /** FLUSH TABLES WITH READ LOCK: nobody writes, the session itself neither. */
  get frozen(): boolean {
    return this.#frozen;
  }

  /** For a statement that runs in another thread. */
  get guest(): boolean {
    return this.#guest;
  }

  /** Takes the lock unless it is locked already. Rejects with 1205 after the lock wait timeout. */
  async take(context: StatementContext, check: Check): Promise<void> {
    check.pause();
    await roomInLog(this.#tenant, check);
    if (this.#locked) return;
    const leftMs = check.deadlineUs === 0 ? Number.POSITIVE_INFINITY : check.deadlineUs / 1000 - Date.now();
    // A timer may fire a moment before the clock says so: who waited up to the deadline is told of the deadline.
    const waitMs = Math.max(0, Math.min(context.lockWaitTimeoutMs, leftMs + timerEarlyMs));
    await this.#tenant.store.lock.take(waitMs, this.#owner, check);
    if (!this.#tenant.readOnly) return;
    this.#tenant.store.lock.release();
    throw fault('OB_STANDBY_READ_ONLY');
  }

  giveBack(): void {
    if (!this.#locked) this.#tenant.store.lock.release();
  }

  async lock(context: StatementContext, check: Check, frozen: boolean): Promise<void> {
    await this.take(context, check);
    this.#locked = true;
    this.#frozen ||= frozen;
  }

  unlock(): void {
    if (!this.#locked) return;
    this.#locked = false;
    this.#frozen = false;
    this.#tenant.store.lock.release();
  }

  async takeForGuest(context: StatementContext, check: Check): Promise<void> {
    await this.take(context, check);
    this.#guest = true;
  }

  guestLeft(): void {
    if (!this.#guest) return;
    this.#guest = false;
    this.#tenant.store.lock.release();
  }
}
