import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pieceEndKey, pieceKeys, pieceLsKeys } from '../../src/destination/archive-layout.ts';
import { checkpointFile } from '../../src/destination/codec/checkpoint-file.ts';
import type { Medium } from '../../src/media/medium.ts';
import { archivedTenant, backedUp, roundIs } from './backed-up-tenant.ts';
import { type Harness, shipped, startHarness } from './job-harness.ts';

interface PieceRow {
  readonly destId: number;
  readonly roundId: number;
  readonly pieceId: number;
  readonly status: string;
  readonly startScn: bigint;
  readonly checkpointScn: bigint;
  readonly fileId: number;
  readonly fileOffset: bigint;
}

const rowsSql = `SELECT p.dest_id AS destId, p.round_id AS roundId, p.piece_id AS pieceId, p.status, p.start_scn AS startScn,
  p.checkpoint_scn AS checkpointScn, l.file_id AS fileId, l.file_offset AS fileOffset
  FROM archive_piece p JOIN ls_archive_progress l USING (tenant_id, dest_id, round_id, piece_id)`;

/** A medium on which everything takes a while. */
function slow(medium: Medium, pauseMs: number): Medium {
  const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs));
  return {
    ...medium,
    async putSmall(...call) {
      await pause();
      await medium.putSmall(...call);
    },
    async openAppend(...call) {
      const sink = await medium.openAppend(...call);
      return {
        get sizeBytes() {
          return sink.sizeBytes;
        },
        async append(bytes) {
          await pause();
          await sink.append(bytes);
        },
        close: () => sink.close(),
      };
    },
  };
}

test('no row says more of an archive than its medium does, whenever the server dies', async () => {
  let harness: Harness | null = null;
  let compared = 0;
  const ahead: string[] = [];
  const compare = () => {
    if (harness === null) return;
    const { readDatabase } = harness.controller.catalog;
    const archive = join(harness.directory, 'a/archive');
    for (const row of readDatabase.prepare(rowsSql).safeIntegers().all() as PieceRow[]) {
      const piece = { destId: Number(row.destId), roundId: Number(row.roundId), pieceId: Number(row.pieceId) };
      const place = `piece ${piece.pieceId} at ${row.checkpointScn}`;
      const log = join(archive, pieceLsKeys(piece, 1001).log(Number(row.fileId)));
      if (row.fileOffset > 0n && statSync(log).size < Number(row.fileOffset)) ahead.push(`${place}: log`);
      if (row.status === 'FROZEN' && !existsSync(join(archive, pieceEndKey(piece, row.checkpointScn))))
        ahead.push(`${place}: end`);
      if (row.checkpointScn === row.startScn) continue;
      const { checkpointScn } = checkpointFile.decode(readFileSync(join(archive, pieceKeys(piece).checkpoint)));
      if (checkpointScn < row.checkpointScn) ahead.push(`${place}: checkpoint`);
      compared++;
    }
  };
  const started = await startHarness({
    wrapMedium: (medium) => slow(medium, 20),
    maxLogFileBytes: 20_000,
    onStep: (moment) => {
      if (moment === 'after') compare();
    },
  });
  try {
    await archivedTenant(started, 'id INT PRIMARY KEY, v TEXT');
    harness = started;
    await backedUp(started);
    for (let id = 1; id <= 12; id++) {
      await started.sql('a', `INSERT INTO d.t VALUES (${id}, '${'log '.repeat(500)}')`);
      await shipped(started, 'a');
    }
    await started.say('ALTER SYSTEM NOARCHIVELOG', 'a');
    await roundIs(started, 'STOP');
    expect(ahead).toEqual([]);
    expect(compared).toBeGreaterThan(20);
  } finally {
    await started.stop();
  }
});
