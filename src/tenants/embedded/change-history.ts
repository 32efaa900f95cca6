import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Scn } from '../../base/scn.ts';
import type { ChangePoint } from '../tenant-engine.ts';
import { groupsIn, notesIn, type PlacedNote, writeAll, writeFolding } from './change-file.ts';
import { type ChangeRecord, encodeChangeRecord, type FileStamp } from './change-records.ts';
import { joinedGroups, resultOf, type ScannedChanges, scanChanges } from './change-scan.ts';
import { isOf, type KnownChanges, placeOf, pointAt, readKnownChanges, sameStamp } from './known-changes.ts';
import type { PageScns } from './page-scns.ts';
import { syncDirectory } from './tenant-files.ts';
import type { WalIndex } from './wal-index.ts';

/** The descriptors of a live tenant the history looks at. */
export interface HistoryFiles {
  readonly dbFd: number;
  readonly walFd: number;
}

export interface PinnedChanges {
  readonly point: ChangePoint | null;
  readonly changed: SharedArrayBuffer | null;
}

/** The file is rewritten when it has grown to twice what it was, and to this at least. */
const rewriteBytes = 256 * 1024;

/**
 * Remembers which pages of a tenant were changed by which commit, over folds, restarts and SIGKILL. It begins with the first
 * snapshot that asks for it. Whatever it cannot prove ends the epoch: points of an earlier one are unknown from then on.
 *
 * The proof: every commit names the one before it, so the commits in the file and those in the log form one chain from the
 * epoch's floor to now; only folding writes the data file, so a data file of another time or size was written by somebody
 * else; a log of another generation counts only behind a fold of ours; and a tenant that stands before a point that was
 * handed out has lost commits.
 */
export class ChangeHistory {
  readonly #path: string;
  readonly #files: HistoryFiles;
  readonly #openedScn: Scn;
  /** Undefined until the file was looked at; null without one. */
  #known: KnownChanges | null | undefined;

  /** `openedScn` is where the tenant stood when it was opened. */
  constructor(path: string, files: HistoryFiles, openedScn: Scn) {
    this.#path = path;
    this.#files = files;
    this.#openedScn = openedScn;
  }

  /** Whether `pin` could tell what changed since that point. */
  remembers(since: ChangePoint, index: WalIndex, scn: Scn): boolean {
    try {
      const known = this.#load(index);
      if (known === null || this.#survey(known, index, scn) === null) return false;
      return isOf(known, since) && BigInt(since.scn) <= scn;
    } catch {
      return false;
    }
  }

  /**
   * A durable point at the newest commit `scn`, and the pages changed since an earlier one as a bitmap (bit `page - 1`). The
   * point is null when it cannot be written down, the bitmap when what changed is not known. `index` is the log as it stands.
   */
  pin(since: ChangePoint | null, index: WalIndex, scn: Scn, databasePages: number): PinnedChanges {
    try {
      const known = this.#load(index);
      const survey = known && this.#survey(known, index, scn);
      if (known === null || survey === null) return { point: pointAt(this.#begin(index, scn), scn), changed: null };
      const tells = since !== null && isOf(known, since) && BigInt(since.scn) <= scn;
      const changed = tells ? this.#bitmap(known, BigInt(since.scn), survey.pages, databasePages) : null;
      if (scn > known.pinnedScn) {
        this.#append(known, { kind: 'pin', scn }, true);
        known.pinnedScn = scn;
      }
      return { point: pointAt(known, scn), changed };
    } catch {
      this.#giveUp();
      return { point: null, changed: null };
    }
  }

  #bitmap(known: KnownChanges, sinceScn: Scn, inLog: PageScns, databasePages: number): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(Math.ceil(databasePages / 8));
    const bitmap = new Uint8Array(buffer);
    const add = (page: number) => {
      if (page <= databasePages) bitmap[(page - 1) >> 3]! |= 1 << ((page - 1) & 7);
    };
    this.#withFolds(known, (fd, folds) => {
      for (const fold of folds)
        for (const group of groupsIn(fd, fold)) if (group.scn > sinceScn) group.pages.forEach(add);
    });
    for (const page of inLog.pagesAfter(sinceScn)) add(page);
    return buffer;
  }

  /** To be called before any of the log up to a commit, `scn` at `index`, is folded. */
  beforeFold(index: WalIndex, scn: Scn): void {
    resultOf(this.#foretell(index, scn));
  }

  /** As `beforeFold`, some milliseconds at a time. False when the tenant has `ended` meanwhile: nothing is told then. */
  async foretell(index: WalIndex, scn: Scn, ended: () => boolean): Promise<boolean> {
    for (const _ of this.#foretell(index, scn)) {
      await new Promise(setImmediate);
      if (ended()) return false;
    }
    return true;
  }

  *#foretell(index: WalIndex, scn: Scn): Generator<undefined, void> {
    try {
      const known = this.#load(index);
      if (known === null) return;
      const survey = yield* this.#surveying(known, index, scn);
      if (survey === null) {
        this.#giveUp();
        return;
      }
      const place = placeOf(index);
      const head = { afterScn: known.scn, scn, place };
      this.#writing(known, true, (fd, at) => writeFolding(fd, at, head, () => survey.pages.groups()));
      Object.assign(known, { scn, place, folded: true, stamp: null });
    } catch {
      this.#giveUp();
    }
  }

  /** To be called when the data file was written, well or not; before the log begins anew, which a kill may follow at once. */
  afterFold(): void {
    const known = this.#known;
    if (!known) return;
    try {
      const stamp = this.#stamp();
      if (known.stamp !== null && sameStamp(known.stamp, stamp)) return;
      known.stamp = stamp;
      // Not synced: without it the next start does not trust the data file, which costs a full set and nothing else.
      this.#append(known, { kind: 'folded', stamp }, false);
      if (known.sizeBytes > Math.max(rewriteBytes, 2 * known.rewrittenBytes)) this.#rewrite(known);
    } catch {
      this.#giveUp();
    }
  }

  /** The commits behind what is known; null when the chain is broken. */
  #survey(known: KnownChanges, index: WalIndex, scn: Scn): ScannedChanges | null {
    return resultOf(this.#surveying(known, index, scn));
  }

  *#surveying(known: KnownChanges, index: WalIndex, scn: Scn): Generator<undefined, ScannedChanges | null> {
    if (known.stamp !== null && !sameStamp(known.stamp, this.#stamp())) return null;
    const same = index.salt1 === known.place.salt1 && index.salt2 === known.place.salt2;
    if (same && index.frame < known.place.frame) return null;
    // A new generation may only follow a fold of ours, or a log that was empty.
    if (!same && !known.folded) return null;
    const found = yield* scanChanges(this.#files.walFd, index, same ? known.place.frame + 1 : 1, known.scn);
    return found !== null && found.scn === scn ? found : null;
  }

  #load(index: WalIndex): KnownChanges | null {
    if (this.#known === undefined) this.#known = existsSync(this.#path) ? this.#read(index) : null;
    return this.#known;
  }

  #read(index: WalIndex): KnownChanges | null {
    const known = this.#reading(readKnownChanges);
    if (known === null) return null;
    // A tenant behind a point that was handed out has lost commits: what it does since is another history.
    if (this.#openedScn < known.pinnedScn || this.#openedScn < known.scn) return null;
    if (known.stamp === null) {
      // Killed while folding: trusted only while the log that was being folded is still there.
      const { place } = known;
      if (index.salt1 !== place.salt1 || index.salt2 !== place.salt2 || index.frame < place.frame) return null;
      known.stamp = this.#stamp();
    }
    return known;
  }

  #begin(index: WalIndex, scn: Scn): KnownChanges {
    const epoch = randomBytes(8).toString('hex');
    const stamp = this.#stamp();
    const folded = index.frame === index.backfilled;
    const first = { epoch, floorScn: scn, pinnedScn: scn, place: placeOf(index), folded, stamp };
    const bytes = encodeChangeRecord({ kind: 'epoch', ...first });
    const sizeBytes = this.#replace((fd) => {
      writeAll(fd, bytes, 0);
      return bytes.length;
    });
    this.#known = { ...first, scn, sizeBytes, rewrittenBytes: sizeBytes };
    return this.#known;
  }

  /** One fold record with the newest commit of every page instead of many. */
  #rewrite(known: KnownChanges): void {
    const { epoch, floorScn, pinnedScn, place, scn, stamp } = known;
    if (stamp === null) return;
    const start = encodeChangeRecord({ kind: 'epoch', epoch, floorScn, pinnedScn, place, folded: true, stamp });
    const end = encodeChangeRecord({ kind: 'folded', stamp });
    known.sizeBytes = this.#withFolds(known, (from, folds) => {
      const newestFirst = folds.toReversed();
      const groups = () => joinedGroups(newestFirst.map((fold) => groupsIn(from, fold)));
      return this.#replace((fd) => {
        writeAll(fd, start, 0);
        const bytes = start.length + writeFolding(fd, start.length, { afterScn: floorScn, scn, place }, groups);
        writeAll(fd, end, bytes);
        return bytes + end.length;
      });
    });
    known.rewrittenBytes = known.sizeBytes;
  }

  /** Throws when not all that was written is whole: what is missing would be missing in a set. */
  #withFolds<T>({ sizeBytes }: KnownChanges, work: (fd: number, folds: readonly PlacedNote[]) => T): T {
    return this.#reading((fd) => {
      const folds: PlacedNote[] = [];
      let end = 0;
      for (const placed of notesIn(fd)) {
        if (placed.end > sizeBytes) break;
        if (placed.note.kind === 'folding') folds.push(placed);
        end = placed.end;
      }
      if (end !== sizeBytes) throw new RangeError(`the history is whole up to ${end} of ${sizeBytes} bytes only`);
      return work(fd, folds);
    });
  }

  #reading<T>(work: (fd: number) => T): T {
    const fd = openSync(this.#path, 'r');
    try {
      return work(fd);
    } finally {
      closeSync(fd);
    }
  }

  #append(known: KnownChanges, record: ChangeRecord, sync: boolean): void {
    const bytes = encodeChangeRecord(record);
    this.#writing(known, sync, (fd, at) => {
      writeAll(fd, bytes, at);
      return bytes.length;
    });
  }

  /** `write` puts a record at the end and returns how many bytes it has. */
  #writing(known: KnownChanges, sync: boolean, write: (fd: number, at: number) => number): void {
    const fd = openSync(this.#path, 'r+');
    try {
      const bytes = write(fd, known.sizeBytes);
      if (sync) fsyncSync(fd);
      known.sizeBytes += bytes;
    } finally {
      closeSync(fd);
    }
  }

  /** `write` returns how many bytes it wrote. */
  #replace(write: (fd: number) => number): number {
    const fresh = `${this.#path}.new`;
    const fd = openSync(fresh, 'w');
    let sizeBytes: number;
    try {
      sizeBytes = write(fd);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, this.#path);
    syncDirectory(dirname(this.#path));
    return sizeBytes;
  }

  /** Nothing is known any more. When even the file cannot be removed, its stamp does not fit the data file after the fold. */
  #giveUp(): void {
    this.#known = null;
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // See above.
    }
  }

  #stamp(): FileStamp {
    const { mtimeNs, size } = fstatSync(this.#files.dbFd, { bigint: true });
    return { modifiedNs: mtimeNs, sizeBytes: size };
  }
}
