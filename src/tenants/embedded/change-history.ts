import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Scn } from '../../base/scn.ts';
import type { ChangePoint } from '../tenant-engine.ts';
import {
  type ChangeRecord,
  decodeChangeRecords,
  encodeChangeRecord,
  type FileStamp,
  type FoldingRecord,
  type LogPlace,
} from './change-records.ts';
import { groupsOf, joinedGroups, type PageScns, type ScannedChanges, scanChanges } from './change-scan.ts';
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

/** What is in memory of the file; the pages are read when they are asked for. */
interface Known {
  readonly epoch: string;
  readonly floorScn: Scn;
  pinnedScn: Scn;
  /** Everything up to this commit is in the file or was before the floor. */
  scn: Scn;
  /** Where that commit stands in the log. */
  place: LogPlace;
  /** True once everything up to `place` was folded: another generation may follow. */
  folded: boolean;
  /** Null while a fold is under way: the data file changes. */
  stamp: FileStamp | null;
  /** Bytes of the file, and of the file as it was last rewritten. */
  sizeBytes: number;
  rewrittenBytes: number;
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
  #known: Known | null | undefined;

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
      const changed = tells ? this.#bitmap(BigInt(since.scn), survey.pages, databasePages) : null;
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

  #bitmap(sinceScn: Scn, inLog: PageScns, databasePages: number): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(Math.ceil(databasePages / 8));
    const bitmap = new Uint8Array(buffer);
    const add = (page: number) => {
      if (page <= databasePages) bitmap[(page - 1) >> 3]! |= 1 << ((page - 1) & 7);
    };
    for (const fold of this.#folds()) {
      for (const group of fold.groups) if (group.scn > sinceScn) group.pages.forEach(add);
    }
    for (const [page, scn] of inLog) if (scn > sinceScn) add(page);
    return buffer;
  }

  /** To be called before the log is folded, while nobody writes. */
  beforeFold(index: WalIndex, scn: Scn): void {
    try {
      const known = this.#load(index);
      if (known === null) return;
      const survey = this.#survey(known, index, scn);
      if (survey === null) {
        this.#giveUp();
        return;
      }
      const place = placeOf(index);
      const record = { afterScn: known.scn, scn, place, groups: groupsOf(survey.pages) };
      this.#append(known, { kind: 'folding', ...record }, true);
      Object.assign(known, { scn, place, folded: true, stamp: null });
    } catch {
      this.#giveUp();
    }
  }

  /** To be called when folding has ended, well or not. */
  afterFold(): void {
    const known = this.#known;
    if (!known) return;
    try {
      const stamp = this.#stamp();
      known.stamp = stamp;
      // Not synced: without it the next start does not trust the data file, which costs a full set and nothing else.
      this.#append(known, { kind: 'folded', stamp }, false);
      if (known.sizeBytes > Math.max(rewriteBytes, 2 * known.rewrittenBytes)) this.#rewrite(known);
    } catch {
      this.#giveUp();
    }
  }

  /** The commits behind what is known; null when the chain is broken. */
  #survey(known: Known, index: WalIndex, scn: Scn): ScannedChanges | null {
    if (known.stamp !== null && !sameStamp(known.stamp, this.#stamp())) return null;
    const same = index.salt1 === known.place.salt1 && index.salt2 === known.place.salt2;
    if (same && index.frame < known.place.frame) return null;
    // A new generation may only follow a fold of ours, or a log that was empty.
    if (!same && !known.folded) return null;
    const found = scanChanges(this.#files.walFd, index, same ? known.place.frame + 1 : 1, known.scn);
    return found !== null && found.scn === scn ? found : null;
  }

  #load(index: WalIndex): Known | null {
    if (this.#known === undefined) this.#known = existsSync(this.#path) ? this.#read(index) : null;
    return this.#known;
  }

  #read(index: WalIndex): Known | null {
    const file = readFileSync(this.#path);
    const { records, validBytes } = decodeChangeRecords(file);
    const [first] = records;
    if (first?.kind !== 'epoch') return null;
    const known: Known = {
      ...first,
      scn: first.floorScn,
      sizeBytes: validBytes,
      rewrittenBytes: 0,
    };
    for (const record of records.slice(1)) {
      if (record.kind === 'pin') known.pinnedScn = record.scn;
      else if (record.kind === 'folded') known.stamp = record.stamp;
      else if (record.kind === 'epoch' || record.afterScn !== known.scn) return null;
      else Object.assign(known, { scn: record.scn, place: record.place, folded: true, stamp: null });
    }
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

  #begin(index: WalIndex, scn: Scn): Known {
    const epoch = randomBytes(8).toString('hex');
    const stamp = this.#stamp();
    const folded = index.frame === index.backfilled;
    const first = { epoch, floorScn: scn, pinnedScn: scn, place: placeOf(index), folded, stamp };
    const sizeBytes = this.#replace([{ kind: 'epoch', ...first }]);
    this.#known = { ...first, scn, sizeBytes, rewrittenBytes: sizeBytes };
    return this.#known;
  }

  /** One fold record with the newest commit of every page instead of many. */
  #rewrite(known: Known): void {
    const groups = joinedGroups(this.#folds());
    const { epoch, floorScn, pinnedScn, place, scn, stamp } = known;
    if (stamp === null) return;
    known.sizeBytes = this.#replace([
      { kind: 'epoch', epoch, floorScn, pinnedScn, place, folded: true, stamp },
      { kind: 'folding', afterScn: floorScn, scn, place, groups },
      { kind: 'folded', stamp },
    ]);
    known.rewrittenBytes = known.sizeBytes;
  }

  #folds(): readonly FoldingRecord[] {
    const { records } = decodeChangeRecords(readFileSync(this.#path));
    return records.filter((record) => record.kind === 'folding');
  }

  #append(known: Known, record: ChangeRecord, sync: boolean): void {
    const bytes = encodeChangeRecord(record);
    const fd = openSync(this.#path, 'r+');
    try {
      writeAll(fd, bytes, known.sizeBytes);
      if (sync) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    known.sizeBytes += bytes.length;
  }

  #replace(records: readonly ChangeRecord[]): number {
    const bytes = Buffer.concat(records.map(encodeChangeRecord));
    const fresh = `${this.#path}.new`;
    const fd = openSync(fresh, 'w');
    try {
      writeAll(fd, bytes, 0);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, this.#path);
    syncDirectory(dirname(this.#path));
    return bytes.length;
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

function pointAt({ epoch }: Known, scn: Scn): ChangePoint {
  return { epoch, scn: String(scn) };
}

function isOf(known: Known, since: ChangePoint): boolean {
  return since.epoch === known.epoch && BigInt(since.scn) >= known.floorScn;
}

function placeOf({ salt1, salt2, frame }: WalIndex): LogPlace {
  return { salt1, salt2, frame };
}

function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.modifiedNs === b.modifiedNs && a.sizeBytes === b.sizeBytes;
}

function writeAll(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
}
