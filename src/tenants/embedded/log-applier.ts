import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import type { LogApplier } from '../tenant-engine.ts';
import { type AliveFlag, requireAlive } from './alive.ts';
import { CommitParts } from './commit-parts.ts';
import { type CommitRecord, pageEntryBytes, readCommit } from './log-chunk.ts';
import { decodeScnPage, scnPageNo } from './scn-page.ts';
import { pageBytes } from './wal-format.ts';

export interface RestoreData {
  readonly dbFd: number;
  readonly alive: AliveFlag;
  /** The file behind `dbFd`. */
  readonly path: string;
  /** One cell: 1 once the file was proved whole, 0 again with every write. */
  readonly whole: SharedArrayBuffer;
}

/**
 * Writes archived commits into a file restored from blocks. Each commit must follow the one the file stands at;
 * OB_ARCHIVE_LOG_NOT_CONTINUES_WITH_DATA otherwise. Commits the file already holds are passed over. Of a commit in parts nothing
 * is written before the last part is there.
 */
export function openLogApplier(data: RestoreData): LogApplier {
  const { dbFd } = data;
  const alive = new Int32Array(data.alive);
  const whole = new Int32Array(data.whole);
  const parts = new CommitParts(`${data.path}-parts`);
  let current: Scn | null = null;
  let pages: number | null = null;
  return {
    apply(chunk, afterScn, untilScn) {
      let applied = 0;
      for (let offset = 0; offset < chunk.bytes.length; ) {
        const commit = readCommit(chunk.bytes, offset);
        offset = commit.end;
        if (commit.scn <= afterScn) continue;
        if (commit.scn > untilScn) break;
        current ??= fileScn(dbFd);
        if (commit.scn <= current) continue;
        if (commit.previous !== current || !parts.goOnWith(commit)) throw notContinuous(commit, current);
        requireAlive(alive, 'the restore');
        if (commit.databasePages === 0) {
          parts.add(chunk.bytes.subarray(commit.pagesOffset, commit.end), commit.scn);
          continue;
        }
        Atomics.store(whole, 0, 0);
        for (const entries of parts.take()) writePages(dbFd, entries);
        writePages(dbFd, chunk.bytes.subarray(commit.pagesOffset, commit.end));
        current = commit.scn;
        pages = commit.databasePages;
        applied++;
      }
      return applied;
    },
    close() {
      parts.close();
      requireAlive(alive, 'the restore');
      if (pages !== null) ftruncateSync(dbFd, pages * pageBytes);
    },
  };
}

/** SCN a restored file stands at; throws when it holds no tenant. */
export function fileScn(dbFd: number): Scn {
  const page = new Uint8Array(pageBytes);
  const offset = (scnPageNo - 1) * pageBytes;
  const whole = fstatSync(dbFd).size >= offset + pageBytes && readSync(dbFd, page, 0, pageBytes, offset) === pageBytes;
  const row = whole ? decodeScnPage(page) : null;
  if (!row) throw faultText('OB_INVALID_DATA', 'the restored blocks do not hold the SCN of a tenant');
  return row.scn;
}

function writePages(dbFd: number, entries: Uint8Array): void {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
  for (let at = 0; at < entries.length; at += pageEntryBytes) {
    const pageNo = view.getUint32(at, true);
    const written = writeSync(dbFd, entries, at + 4, pageBytes, (pageNo - 1) * pageBytes);
    if (written !== pageBytes) throw faultText('OB_IO_ERROR', `page ${pageNo} was written in part`);
  }
}

export function notContinuous(commit: Pick<CommitRecord, 'scn' | 'previous'>, current: Scn): Error {
  return faultText(
    'OB_ARCHIVE_LOG_NOT_CONTINUES_WITH_DATA',
    `the archive log and backup data are not continuous: commit ${commit.scn} follows ${commit.previous}, the data stands at ${current}`,
  );
}
