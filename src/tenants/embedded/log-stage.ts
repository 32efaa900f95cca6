import { writeSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import type { LogApplier } from '../tenant-engine.ts';
import { type AliveFlag, requireAlive } from './alive.ts';
import { notContinuous } from './log-applier.ts';
import { readCommit } from './log-chunk.ts';

/** Where commits for an open tenant are collected; `standsAt` is the newest commit the tenant holds. */
export interface StageData {
  readonly stageFd: number;
  readonly alive: AliveFlag;
  readonly standsAt: Scn;
}

/**
 * Collects archived commits in a file beside an open tenant, from which the engine thread takes them over. Each must follow the
 * one before, the first the tenant's newest; OB_ARCHIVE_LOG_NOT_CONTINUES_WITH_DATA otherwise.
 */
export function openLogStage(data: StageData): LogApplier {
  const alive = new Int32Array(data.alive);
  let current = data.standsAt;
  let end = 0;
  return {
    apply(chunk, afterScn, untilScn) {
      let applied = 0;
      for (let offset = 0; offset < chunk.bytes.length; ) {
        const start = offset;
        const commit = readCommit(chunk.bytes, offset);
        offset = commit.end;
        if (commit.scn <= afterScn || commit.scn <= current) continue;
        if (commit.scn > untilScn) break;
        if (commit.previous !== current) throw notContinuous(commit, current);
        requireAlive(alive, 'the recovery');
        const length = commit.end - start;
        if (writeSync(data.stageFd, chunk.bytes, start, length, end) !== length)
          throw faultText('OB_IO_ERROR', `commit ${commit.scn} was written in part`);
        end += length;
        current = commit.scn;
        applied++;
      }
      return applied;
    },
    close() {
      requireAlive(alive, 'the recovery');
    },
  };
}
