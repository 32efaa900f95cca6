import { readSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import { commitBytes, commitHeaderBytes, pageEntryBytes, readCommitHeader } from './log-chunk.ts';
import type { TenantStore } from './tenant-store.ts';
import type { WalAppend } from './wal-append.ts';
import { pageBytes } from './wal-format.ts';

/** Bytes of commits taken over in one turn of the engine thread. */
const bytesPerTurn = 4 << 20;

interface OpenCommit {
  readonly scn: Scn;
  readonly databasePages: number;
  /** Pages still to come. */
  left: number;
}

/**
 * Takes collected commits over into the log of an open standby. Small ones become visible together, one larger than a turn by
 * itself at its end; in between the tenant's writer lock is held, and after a crash nothing of it is there.
 */
export class TakeOver {
  readonly #store: TenantStore;
  readonly #stageFd: number;
  #append: WalAppend | null = null;
  #open: OpenCommit | null = null;
  #at = 0;
  #taken = 0;

  constructor(store: TenantStore, stageFd: number) {
    this.#store = store;
    this.#stageFd = stageFd;
  }

  /** Bytes of the stage whose commits are visible. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * One turn, of a stage with `end` bytes and something to take. True when commits became visible; OB_EAGAIN while somebody holds
   * the writer. When it fails, the commits of the turn are taken anew by the next.
   */
  turn(end: number): boolean {
    this.#append ??= this.#begin();
    let scn: Scn | null;
    try {
      scn = this.#copy(this.#append, end);
      if (scn === null) {
        this.#append.sync();
        return false;
      }
      this.#store.publishAppend(this.#append, scn);
      this.#taken = this.#at;
    } catch (error) {
      this.stop();
      throw error;
    }
    this.stop();
    return true;
  }

  /** Gives the writer back; nothing is there of a commit that is not whole. */
  stop(): void {
    this.#at = this.#taken;
    this.#open = null;
    if (this.#append === null) return;
    this.#append = null;
    try {
      this.#store.endAppend();
    } finally {
      this.#store.lock.release();
    }
  }

  #begin(): WalAppend {
    const { lock } = this.#store;
    if (!lock.tryTake()) throw faultText('OB_EAGAIN', 'the writer of the standby tenant is busy');
    try {
      return this.#store.beginAppend();
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Adds whole commits as long as they fit into a turn, or a part of one that does not; the last one's SCN, null inside of one. */
  #copy(append: WalAppend, end: number): Scn | null {
    const from = this.#at;
    const begun = this.#open !== null;
    let last = this.#store.scn;
    do {
      const commit = this.#open ?? this.#enter(last, this.#at > from ? bytesPerTurn - (this.#at - from) : null);
      if (commit === null) break;
      this.#open = commit;
      for (; commit.left > 0; commit.left--, this.#at += pageEntryBytes) {
        if (this.#at - from >= bytesPerTurn) return null;
        const entry = this.#read(this.#at, pageEntryBytes);
        const databasePages = commit.left === 1 ? commit.databasePages : 0;
        append.add(entry.readUInt32LE(0), entry.subarray(4, 4 + pageBytes), databasePages);
      }
      this.#open = null;
      last = commit.scn;
    } while (!begun && this.#at < end);
    return last;
  }

  /** The next commit, which follows `previous`; null when it has more bytes than there is `room` for. */
  #enter(previous: Scn, room: number | null): OpenCommit | null {
    const commit = readCommitHeader(this.#read(this.#at, commitHeaderBytes));
    if (room !== null && commitBytes(commit.pageCount) > room) return null;
    if (commit.previous !== previous)
      throw faultText('OB_ERR_UNEXPECTED', `commit ${commit.scn} does not follow ${previous}`);
    this.#at += commitHeaderBytes;
    return { scn: commit.scn, databasePages: commit.databasePages, left: commit.pageCount };
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    if (readSync(this.#stageFd, bytes, 0, length, offset) !== length)
      throw faultText('OB_ERR_UNEXPECTED', 'the collected log ends inside a commit');
    return bytes;
  }
}
