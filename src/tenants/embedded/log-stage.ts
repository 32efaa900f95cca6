import { ftruncateSync, writeSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import type { LogApplier } from '../tenant-engine.ts';
import { type AliveFlag, requireAlive } from './alive.ts';
import { notContinuous } from './log-applier.ts';
import { type CommitRecord, commitHeaderBytes, readCommit, writeCommitHeader } from './log-chunk.ts';

/** Where commits for an open tenant are collected; `standsAt` is the newest commit the tenant holds. */
export interface StageData {
  readonly stageFd: number;
  readonly alive: AliveFlag;
  readonly standsAt: Scn;
}

/**
 * Collects archived commits in a file beside an open tenant, from which the engine thread takes them over. Each must follow the
 * one before, the first the tenant's newest; OB_ARCHIVE_LOG_NOT_CONTINUES_WITH_DATA otherwise. Parts of a commit become one.
 */
export function openLogStage(data: StageData): LogApplier {
  const alive = new Int32Array(data.alive);
  let current = data.standsAt;
  let end = 0;
  let open: { readonly scn: Scn; readonly pageCount: number; readonly end: number } | null = null;
  const write = (bytes: Uint8Array, at: number) => {
    if (writeSync(data.stageFd, bytes, 0, bytes.length, at) !== bytes.length)
      throw faultText('OB_IO_ERROR', 'the collected log was written in part');
  };
  return {
    apply(chunk, afterScn, untilScn) {
      let applied = 0;
      for (let offset = 0; offset < chunk.bytes.length; ) {
        const commit = readCommit(chunk.bytes, offset);
        offset = commit.end;
        if (commit.scn <= afterScn || commit.scn <= current) continue;
        if (commit.scn > untilScn) break;
        const follows = commit.goesOn ? open?.scn === commit.scn : open === null;
        if (commit.previous !== current || !follows) throw notContinuous(commit, current);
        requireAlive(alive, 'the recovery');
        const before = open ?? { pageCount: 0, end: end + commitHeaderBytes };
        write(chunk.bytes.subarray(commit.pagesOffset, commit.end), before.end);
        open = {
          scn: commit.scn,
          pageCount: before.pageCount + commit.pageCount,
          end: before.end + commit.end - commit.pagesOffset,
        };
        if (commit.databasePages === 0) continue;
        write(wholeHeader(commit, open.pageCount), end);
        end = open.end;
        open = null;
        current = commit.scn;
        applied++;
      }
      return applied;
    },
    close() {
      requireAlive(alive, 'the recovery');
      if (open !== null) ftruncateSync(data.stageFd, end);
    },
  };
}

function wholeHeader(commit: CommitRecord, pageCount: number): Uint8Array {
  const bytes = new Uint8Array(commitHeaderBytes);
  writeCommitHeader(new DataView(bytes.buffer), 0, { ...commit, pageCount, goesOn: false });
  return bytes;
}
