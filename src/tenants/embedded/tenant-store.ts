import { systemClock } from '../../base/clock.ts';
import { fault } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import type { ChangePoint } from '../tenant-engine.ts';
import { newAliveFlag } from './alive.ts';
import type { BlockReaderData } from './block-reader.ts';
import { ChangeHistory } from './change-history.ts';
import { ClockCell } from './clock-cell.ts';
import { type Connection, openConnection } from './connection.ts';
import { LogFold } from './fold-log.ts';
import { buildFrameMap } from './frame-map.ts';
import type { GuestPlace } from './guest-store.ts';
import type { Position } from './log-position.ts';
import { ReaderPool } from './reader-pool.ts';
import type { SqlStore } from './sql-store.ts';
import { TenantFiles, type TenantPaths } from './tenant-files.ts';
import { WalAppend } from './wal-append.ts';
import { frameBytes, pageBytes } from './wal-format.ts';
import { readPosition, readWalIndex, type WalIndex } from './wal-index.ts';
import { WriterLock } from './writer-lock.ts';

export interface StoreLimits {
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly cacheKb: number;
  /** Reader connections kept open for reuse. */
  readonly idleReaders: number;
  /** A log file larger than this is cut when it is folded, not only restarted. */
  readonly keepLogBytes: number;
  /**
   * A log that has grown to this ends the oldest snapshot of a transaction which keeps it from being folded, and waits for its turn
   * among writers that take minutes.
   */
  readonly snapshotLogBytes: number;
}

/** A frozen state as the engine thread hands it over. */
export interface PinnedState {
  readonly scn: Scn;
  readonly data: BlockReaderData;
  readonly point: ChangePoint | null;
  readonly incremental: boolean;
}

export interface TenantSizes {
  readonly logBytes: number;
  readonly dataBytes: number;
}

/** What others may hold of a tenant while it is closed: nothing is committed then, so that both stay true. */
export interface KeptLog extends TenantSizes {
  readonly cell: ClockCell;
  /** Null while nobody reads the log. */
  readonly walFd: number | null;
}

/** Prepares a connection for tenant SQL (functions and the like). */
export type ConnectionSetup = (connection: Connection) => void;

/**
 * The files and connections of one open tenant, in the engine thread. One writer, readers on demand, and a read-only
 * keeper that closes last: that way SQLite neither folds nor removes the log behind anybody's back.
 */
export class TenantStore implements SqlStore {
  readonly tenantId: number;
  readonly files: TenantFiles;
  readonly cell: ClockCell;
  readonly lock = new WriterLock();
  readonly writer: Connection;
  /** Read-only; its reads see what is committed. */
  readonly keeper: Connection;
  readonly fold: LogFold;
  readonly #changes: ChangeHistory;
  readonly #readers: ReaderPool;
  readonly #paths: TenantPaths;
  readonly #updateScn: ReturnType<Connection['prepare']>;
  #pins = 0;
  #closed = false;
  #guestWrites = false;
  #scn: Scn;

  constructor(
    tenantId: number,
    paths: TenantPaths,
    limits: StoreLimits,
    setup: ConnectionSetup,
    kept: KeptLog | null = null,
  ) {
    this.tenantId = tenantId;
    this.#paths = paths;
    this.files = new TenantFiles(paths);
    this.keeper = openConnection(paths.data, { ...limits, readonly: true, cacheKb: 16 });
    this.writer = openConnection(paths.data, { ...limits, readonly: false });
    setup(this.writer);
    this.#readers = new ReaderPool(paths.data, limits, setup);
    this.#scn = this.writer.prepare('SELECT scn FROM __ob_scn').pluck().safeIntegers().get() as bigint;
    this.keeper.prepare('SELECT scn FROM __ob_scn').get();
    this.files.openLog(kept?.walFd ?? null);
    this.#changes = new ChangeHistory(paths.changes, this.files, this.#scn);
    this.#updateScn = this.writer.prepare('UPDATE __ob_scn SET previous = scn, scn = ? WHERE id = 1');
    this.cell = kept?.cell ?? new ClockCell();
    this.cell.raiseFloor(this.files.readFloor());
    this.cell.publish(this.#position());
    this.fold = new LogFold({
      dataPath: paths.data,
      shmFd: this.files.shmFd,
      writer: this.writer,
      lock: this.lock,
      cell: this.cell,
      limits,
      changes: this.#changes,
      pinned: () => this.pinned,
      endOldestSnapshot: () => this.#readers.endOldestPin(),
      settled: () => ({ index: this.#settledIndex(), scn: this.#scn }),
      position: () => this.#position(),
    });
  }

  /** SCN of the newest commit. */
  get scn(): Scn {
    return this.#scn;
  }

  /** The index of the log as it was at the newest commit, which may be another thread's. */
  #settledIndex(): WalIndex {
    for (;;) {
      const index = readWalIndex(this.files.shmFd);
      if (!this.#guestWrites) return index;
      const { scn, frame, salt1, salt2 } = this.cell.read();
      if (index.frame !== frame || index.salt1 !== salt1 || index.salt2 !== salt2) continue;
      this.#scn = scn;
      return index;
    }
  }

  /** Starts the writer's transaction; the caller holds the lock. */
  begin(): void {
    this.writer.exec('BEGIN IMMEDIATE');
  }

  /** Commits the writer's transaction under a new SCN; rolls back and throws when SQLite cannot. */
  commit(atLeast: Scn = 0n): Scn {
    // SQLite took it back: what follows would be a commit of its own, and empty.
    if (!this.writer.inTransaction) throw fault('OB_TRANS_NEED_ROLLBACK');
    const scn = this.cell.startCommit(systemClock, atLeast > this.#scn ? atLeast - 1n : this.#scn);
    let committed = false;
    try {
      this.#updateScn.run(scn);
      this.writer.exec('COMMIT');
      committed = true;
      this.#scn = scn;
    } finally {
      if (!committed) this.rollback();
      this.cell.endCommit(committed ? this.#position() : null);
    }
    return scn;
  }

  rollback(): void {
    if (this.writer.inTransaction) this.writer.exec('ROLLBACK');
  }

  /** For commits made elsewhere, until `endAppend`; the caller holds the lock. SQLite's own write lock keeps other processes out. */
  beginAppend(): WalAppend {
    this.writer.exec('BEGIN IMMEDIATE');
    try {
      return new WalAppend(this.files.walFd, this.files.shmFd);
    } catch (error) {
      this.endAppend();
      throw error;
    }
  }

  /** Makes what was appended visible; `scn` is that of the last commit. */
  publishAppend(append: WalAppend, scn: Scn): void {
    append.publish();
    this.#scn = scn;
  }

  /** What was not published is not there. */
  endAppend(): void {
    // Nothing was written through this connection: a ROLLBACK would take the new end of the log for its own.
    this.writer.exec('COMMIT');
    this.cell.publish(this.#position());
  }

  /** Where a statement in another thread finds the tenant; a write's caller holds the lock until `guestLeft`. */
  lend(as: GuestPlace['as']): Pick<GuestPlace, 'data' | 'shmFd' | 'cell' | 'as'> {
    if (as === 'write') this.#guestWrites = true;
    return { data: this.#paths.data, shmFd: this.files.shmFd, cell: this.cell.buffer, as };
  }

  /** A write in another thread is over, committed or not. */
  guestLeft(): void {
    this.#guestWrites = false;
    this.#scn = this.keeper.prepare('SELECT scn FROM __ob_scn').pluck().safeIntegers().get() as bigint;
    this.cell.endCommit(this.#position());
  }

  pinReader(lost: () => void): Connection {
    return this.#readers.pin(lost);
  }

  takeReader(): Connection {
    return this.#readers.take();
  }

  returnReader(reader: Connection): void {
    this.#readers.giveBack(reader);
  }

  /**
   * Freezes the present committed state; `unpin` ends it. Nothing folds the log meanwhile. The reader gives the pages changed
   * since `since` alone when `incremental` says so.
   */
  pin(since: ChangePoint | null = null): PinnedState {
    const filePages = this.keeper.pragma('page_count', { simple: true }) as number;
    const index = this.#settledIndex();
    // A commit of another thread may have come in between: the index speaks for the log, the file alone when that is empty.
    const databasePages = index.frame === 0 ? filePages : index.pageCount;
    // A fully folded log still looks valid until the next writer overwrites it: the data file alone counts then.
    const frames =
      index.frame === index.backfilled
        ? new SharedArrayBuffer(0)
        : buildFrameMap(this.files.walFd, index, databasePages);
    const { point, changed } = this.#changes.pin(since, index, this.#scn, databasePages);
    this.#pins++;
    const { dbFd, walFd } = this.files;
    const data = { dbFd, walFd, databasePages, frames, changed, alive: newAliveFlag() };
    return { scn: this.#scn, data, point, incremental: changed !== null };
  }

  /** Whether `pin` could tell what changed since that point. */
  remembers(since: ChangePoint): boolean {
    return this.#changes.remembers(since, this.#settledIndex(), this.#scn);
  }

  unpin(): void {
    this.#pins--;
    if (this.#closed && this.#pins === 0) this.files.close();
  }

  get pinned(): boolean {
    return this.#pins > 0;
  }

  /** The end of the log as it is now; for seals. */
  position(): Position {
    return this.#position();
  }

  /** Folds the log; the caller holds the lock and has sealed. False when a reader is in the way. */
  foldLog(): boolean {
    return this.fold.cut();
  }

  logBytes(): number {
    const index = readWalIndex(this.files.shmFd);
    return index.frame === index.backfilled && !this.fold.marked ? 0 : index.frame * frameBytes;
  }

  dataBytes(): number {
    return (this.keeper.pragma('page_count', { simple: true }) as number) * pageBytes;
  }

  /** Closes a tenant that nobody has pinned, but not what others hold of its log. */
  park(logIsRead: boolean): KeptLog {
    const sizes = { logBytes: this.logBytes(), dataBytes: this.dataBytes() };
    this.#closed = true;
    this.#closeConnections();
    this.files.close(logIsRead);
    return { ...sizes, cell: this.cell, walFd: logIsRead ? this.files.walFd : null };
  }

  close(): void {
    this.#closeConnections();
    this.#closed = true;
    if (this.#pins === 0) this.files.close();
  }

  #closeConnections(): void {
    this.fold.close();
    this.rollback();
    this.#readers.close();
    this.writer.close();
    this.keeper.close();
  }

  #position(): Position {
    return readPosition(this.files.shmFd, this.#scn);
  }
}
