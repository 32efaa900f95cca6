import { systemClock } from '../../base/clock.ts';
import { fault } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import { ClockCell } from './clock-cell.ts';
import { type Connection, openConnection } from './connection.ts';
import type { SqlStore } from './sql-store.ts';
import type { ConnectionSetup, StoreLimits } from './tenant-store.ts';
import { readPosition } from './wal-index.ts';
import { WriterLock } from './writer-lock.ts';

/** What another thread needs to run one statement of a tenant that an engine thread holds open. */
export interface GuestPlace {
  readonly tenantId: number;
  /** Path of the data file. Raw descriptors of it are the host's alone. */
  readonly data: string;
  readonly shmFd: number;
  readonly cell: SharedArrayBuffer;
  /** A write runs alone: the host keeps the tenant's writer lock for it. */
  readonly as: 'read' | 'write';
  /** The tenant refuses writes. */
  readonly readOnly: boolean;
  /** The session has a transaction open. */
  readonly open: boolean;
}

/**
 * A connection of a tenant in a thread that is not its host. The host's read-only keeper stays open longer, so closing
 * this one folds nothing. A read sees one state from start to end, tables included.
 */
export class GuestStore implements SqlStore {
  readonly lock = new WriterLock();
  readonly cell: ClockCell;
  readonly writer: Connection;
  readonly #place: GuestPlace;
  readonly #limits: StoreLimits;
  #keeper: Connection | null = null;
  #scn: Scn;

  constructor(place: GuestPlace, limits: StoreLimits, setup: ConnectionSetup) {
    this.cell = new ClockCell(place.cell);
    this.#place = place;
    this.#limits = limits;
    const readonly = place.as === 'read';
    this.writer = openConnection(place.data, { ...limits, readonly });
    setup(this.writer);
    if (readonly) this.writer.exec('BEGIN');
    this.#scn = this.writer.prepare('SELECT scn FROM __ob_scn').pluck().safeIntegers().get() as bigint;
  }

  get scn(): Scn {
    return this.#scn;
  }

  get keeper(): Connection {
    this.#keeper ??= openConnection(this.#place.data, { ...this.#limits, readonly: true, cacheKb: 64 });
    return this.#keeper;
  }

  begin(): void {
    this.writer.exec('BEGIN IMMEDIATE');
  }

  commit(): Scn {
    // SQLite took it back: what follows would be a commit of its own, and empty.
    if (!this.writer.inTransaction) throw fault('OB_TRANS_NEED_ROLLBACK');
    const scn = this.cell.startCommit(systemClock, this.#scn);
    let committed = false;
    try {
      this.writer.prepare('UPDATE __ob_scn SET previous = scn, scn = ? WHERE id = 1').run(scn);
      this.writer.exec('COMMIT');
      committed = true;
      this.#scn = scn;
    } finally {
      if (!committed) this.rollback();
      this.cell.endCommit(committed ? readPosition(this.#place.shmFd, scn) : null);
    }
    return scn;
  }

  rollback(): void {
    if (this.writer.inTransaction) this.writer.exec('ROLLBACK');
  }

  takeReader(): Connection {
    return this.writer;
  }

  /** All of a guest's reads see one state. */
  pinReader(): Connection {
    return this.writer;
  }

  returnReader(): void {}

  close(): void {
    this.rollback();
    this.writer.close();
    this.#keeper?.close();
  }
}
