import type { Scn } from '../../base/scn.ts';
import type { ChangeHistory } from './change-history.ts';
import type { ClockCell } from './clock-cell.ts';
import { type Connection, openConnection } from './connection.ts';
import type { Position } from './log-position.ts';
import type { StoreLimits } from './tenant-store.ts';
import { frameBytes } from './wal-format.ts';
import { readWalIndex, type WalIndex } from './wal-index.ts';
import type { WriterLock } from './writer-lock.ts';

/** Writes a tenant's log into its data file in a thread that serves nobody; with `held` the tenant's writers wait for it. */
export type FoldElsewhere = (data: string, held: boolean) => Promise<void>;

/** Confirms every record up to a position. */
export type SealLog = (position: Position) => Promise<void>;

/** What is folded while writers wait, in the engine thread itself: some milliseconds. */
const mostHeldBytes = 1 << 20;
/** More than this is folded while writers wait only when they commit faster than is folded. */
const mostAwaitedBytes = 16 << 20;
/**
 * How long a fold waits in turn for the writer lock. Whoever seals has an archive that stands still meanwhile; but where each write
 * takes seconds a log that is never waited for would grow without end.
 */
const turnWaitMs = 2_000;
const patientTurnWaitMs = 10_000;
/** From this on a log is folded at any price: a single statement may write for minutes, and leave more than is folded ahead. */
const urgentBytes = 1 << 30;
const urgentTurnWaitMs = 600_000;
/** Nothing is committed while one writer has the lock, so that an archive loses little by standing still; it may be told to stop. */
const urgentSealWaitMs = 60_000;
/** How long writers wait for the archive to confirm the last of the log: at first, and at most. Doubled whenever it was too short. */
const sealWaitMs = 500;
const sealWaitMostMs = 8_000;
/** So many times as long as they waited in vain writers are left alone. */
const sealPause = 8;

/** What a fold needs of an open tenant. */
export interface FoldedTenant {
  readonly dataPath: string;
  readonly shmFd: number;
  readonly writer: Connection;
  readonly lock: WriterLock;
  readonly cell: ClockCell;
  readonly limits: StoreLimits;
  readonly changes: ChangeHistory;
  /** True while a snapshot is pinned, for which nothing may be folded. */
  readonly pinned: () => boolean;
  /** Ends the oldest snapshot a transaction reads from. */
  readonly endOldestSnapshot: () => void;
  /** The log as it is at the newest commit, and that commit. */
  readonly settled: () => { readonly index: WalIndex; readonly scn: Scn };
  readonly position: () => Position;
}

/**
 * Folds the log of an open tenant. Most of it is folded ahead, while writers go on: a read transaction marks how far, and as
 * long as it stands SQLite neither folds what is behind the mark nor begins the log anew. What was committed meanwhile is folded
 * ahead in its turn, until little is left; only then writers wait, for the seal and the cut. A snapshot, an open transaction, a
 * reader or a slow archive in the way puts the fold off. Writers that commit faster than is folded wait at last, for what they
 * wrote in one round.
 */
export class LogFold {
  readonly #of: FoldedTenant;
  #mark: Connection | null = null;
  #under: Promise<void> | null = null;
  #ahead: Promise<Ahead> | null = null;
  #sealWaitMs = sealWaitMs;
  /** On the clock of `performance`. */
  #noSealBeforeMs = 0;
  #closed = false;

  constructor(of: FoldedTenant) {
    this.#of = of;
  }

  /** Settles when a fold that is under way elsewhere is over; null without one. */
  get folding(): Promise<void> | null {
    return this.#under;
  }

  /** True while the tenant must stay open for it. */
  get busy(): boolean {
    return this.#ahead !== null || this.marked;
  }

  /** True while the log stays as it is, though all of it may be folded. */
  get marked(): boolean {
    return this.#mark !== null;
  }

  /** Folds ahead while writers go on, until `leftBytes` are left. False when something is in the way, or writers are faster. */
  async ahead(elsewhere: FoldElsewhere, leftBytes = mostHeldBytes): Promise<boolean> {
    return (await this.#catchUp(elsewhere, leftBytes)) === 'little left';
  }

  /** Folds the log and lets the next writer begin a new one. False when something is in the way: to be tried again. */
  async recycle(seal: SealLog | null, elsewhere: FoldElsewhere): Promise<boolean> {
    const ahead = await this.#catchUp(elsewhere, mostHeldBytes);
    if (ahead === 'blocked') this.#endSnapshot();
    if (ahead === 'blocked' || (seal !== null && performance.now() < this.#noSealBeforeMs)) return false;
    if (!(await this.#of.lock.takeAside(this.#turnWaitMs(seal !== null)))) return false;
    const sealing = { over: Promise.resolve() };
    try {
      return await this.#recycleHeld(
        seal,
        elsewhere,
        ahead === 'behind' || this.#isUrgent() ? Number.POSITIVE_INFINITY : mostAwaitedBytes,
        sealing,
      );
    } finally {
      this.#of.lock.release();
      // Whoever seals is not asked again before it has answered.
      await sealing.over;
    }
  }

  #isUrgent(): boolean {
    const { shmFd, limits } = this.#of;
    return readWalIndex(shmFd).frame * frameBytes >= Math.min(urgentBytes, limits.snapshotLogBytes);
  }

  #turnWaitMs(sealed: boolean): number {
    if (this.#isUrgent()) return sealed ? urgentSealWaitMs : urgentTurnWaitMs;
    return sealed ? turnWaitMs : patientTurnWaitMs;
  }

  /** The last of it, while writers wait. */
  async #recycleHeld(
    seal: SealLog | null,
    elsewhere: FoldElsewhere,
    mostBytes: number,
    sealing: Sealing,
  ): Promise<boolean> {
    const { cell } = this.#of;
    if (this.#blocked || this.#leftBytes() > mostBytes) return false;
    const position = { ...this.#of.position(), sealed: true };
    if (seal !== null && !(await this.#sealed(seal(position), sealing))) return false;
    // A snapshot may have been pinned while the archive confirmed.
    if (this.#blocked) return false;
    cell.seal(seal === null ? null : position);
    const folded = (this.#leftBytes() <= mostHeldBytes || (await this.#round(elsewhere, true))) && this.cut();
    // All of an unsealed log is in the file, and the next writer begins a new generation: who begins to read before that, at the
    // very end, has missed nothing. With a reader in the way the seal alone that the archive holds counts.
    if (seal === null) cell.seal(!this.#closed && this.#leftBytes() === 0 ? position : null);
    else if (!folded) cell.seal(null);
    return folded;
  }

  /** Folds what is left and cuts the log off; the caller holds the lock and has sealed. False when a reader is in the way. */
  cut(): boolean {
    const { changes, writer, limits, cell, position } = this.#of;
    this.#unmark();
    const { index, scn } = this.#of.settled();
    const mode = index.frame * frameBytes > limits.keepLogBytes ? 'TRUNCATE' : 'RESTART';
    changes.beforeFold(index, scn);
    // Apart: cutting a large log off takes long enough to be killed in.
    writer.pragma('wal_checkpoint(PASSIVE)');
    changes.afterFold();
    const rows = writer.pragma(`wal_checkpoint(${mode})`) as readonly { readonly busy: number }[];
    changes.afterFold();
    cell.publish(position());
    return rows[0]!.busy === 0;
  }

  /** Before the tenant's connections are closed. */
  close(): void {
    this.#closed = true;
    this.#unmark();
  }

  /** Readers may hold up a fold, but not until the disk is full. */
  #endSnapshot(): void {
    if (this.#blocked) return;
    const { frame } = readWalIndex(this.#of.shmFd);
    if (frame * frameBytes >= this.#of.limits.snapshotLogBytes) this.#of.endOldestSnapshot();
  }

  get #blocked(): boolean {
    return this.#closed || this.#of.pinned();
  }

  #leftBytes(): number {
    const { frame, backfilled } = readWalIndex(this.#of.shmFd);
    return (frame - backfilled) * frameBytes;
  }

  /** One at a time: who comes later gets the same answer. */
  #catchUp(elsewhere: FoldElsewhere, littleBytes: number): Promise<Ahead> {
    this.#ahead ??= this.#rounds(elsewhere, littleBytes).finally(() => {
      this.#ahead = null;
    });
    return this.#ahead;
  }

  /** Rounds as long as each leaves at most half of what the one before left. */
  async #rounds(elsewhere: FoldElsewhere, littleBytes: number): Promise<Ahead> {
    for (let before = Number.POSITIVE_INFINITY; !this.#blocked; ) {
      const leftBytes = this.#leftBytes();
      if (leftBytes <= littleBytes) return 'little left';
      if (leftBytes > before / 2) return 'behind';
      before = leftBytes;
      if (!(await this.#round(elsewhere, false))) break;
      // Whoever waits for the end of a round, to pin a snapshot, comes before the next.
      await new Promise(setImmediate);
    }
    return 'blocked';
  }

  /** Folds everything committed up to now, in another thread. False when a reader or the end of the tenant is in the way. */
  async #round(elsewhere: FoldElsewhere, held: boolean): Promise<boolean> {
    const { changes, dataPath } = this.#of;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#under = promise;
    try {
      this.#setMark();
      const { index, scn } = this.#of.settled();
      if (!(await changes.foretell(index, scn, () => this.#closed))) return false;
      await elsewhere(dataPath, held);
      if (this.#closed) return false;
      changes.afterFold();
      const now = readWalIndex(this.#of.shmFd);
      // Without a later commit the mark alone keeps the next writer from beginning the log anew, unsealed.
      if (now.backfilled < now.frame) this.#unmark();
      return now.backfilled >= index.frame;
    } finally {
      this.#under = null;
      resolve();
    }
  }

  /** Marks the newest commit: nothing behind it is folded. The former mark goes when the new one stands. */
  #setMark(): void {
    const { dataPath, limits } = this.#of;
    const mark = openConnection(dataPath, { ...limits, readonly: true, cacheKb: 16 });
    try {
      mark.exec('BEGIN');
      mark.prepare('SELECT scn FROM __ob_scn').get();
    } catch (error) {
      mark.close();
      throw error;
    }
    this.#unmark();
    this.#mark = mark;
  }

  #unmark(): void {
    this.#mark?.close();
    this.#mark = null;
  }

  /** False when the archive does not confirm in time: writers go on, and it goes on confirming. */
  async #sealed(confirming: Promise<void>, sealing: Sealing): Promise<boolean> {
    sealing.over = confirming.then(noop, noop);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#sealWaitMs);
    });
    const inTime = await Promise.race([confirming.then(() => true), late]).finally(() => clearTimeout(timer));
    if (!inTime) this.#noSealBeforeMs = performance.now() + sealPause * this.#sealWaitMs;
    this.#sealWaitMs = inTime ? sealWaitMs : Math.min(2 * this.#sealWaitMs, sealWaitMostMs);
    return inTime;
  }
}

interface Sealing {
  /** Settles when the archive has answered, in time or not. */
  over: Promise<void>;
}

/** `blocked`: a snapshot or a reader is in the way; `behind`: writers commit faster than is folded. */
type Ahead = 'little left' | 'behind' | 'blocked';

const noop = () => undefined;
