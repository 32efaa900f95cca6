import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPieces } from '../../src/jobs/restore/read-archive-path.ts';
import { readSets } from '../../src/jobs/restore/read-data-path.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { createRandom } from '../torture/random.ts';
import { backedUp, roundIs } from './backed-up-tenant.ts';
import { hourMs, MovableClock } from './clean-clock.ts';
import { backUp, namesBelow, openCleanScene } from './clean-scene.ts';
import { farMedium } from './far-medium.ts';
import { type Harness, restoredValue, shipped, startHarness } from './job-harness.ts';
import { KilledServer, lastNumber } from './killed-server.ts';

const aheadMs = 48 * hourMs;
const samples = 5;

/** How the media of a clean-up are reached; far ones take several sets and pieces at a time. */
export type Reach = 'near' | 'far';

/** A SIGKILL at points of a clean-up; all of them with OBVAULT_KILL_POINTS=all, a few else. */
export function cleanKills(reach: Reach): void {
  const server = new KilledServer('./clean-kill-child.ts');
  let points = 0;
  beforeAll(async () => {
    const scene = await openCleanScene({ directory: server.directory });
    await backUp(scene, 1);
    await scene.harness.sql('a', 'INSERT INTO d.t VALUES (2)');
    await backedUp(scene.harness, 'INCREMENTAL DATABASE');
    await backUp(scene, 3);
    // The round ends, so that every run finds the same pieces.
    await scene.harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
    await roundIs(scene.harness, 'STOP');
    await scene.harness.stop();
    server.keep();
    points = lastNumber(await server.run(0, aheadMs, reach), 'points');
  });
  afterAll(() => server.remove());

  describe(`a clean-up of ${reach} media`, () => {
    test('counts its points', () => {
      expect(points).toBeGreaterThan(80);
    });

    test('killed at any of them leaves nothing stuck and nothing half there', { timeout: 3_600_000 }, async () => {
      const all = chosen(points);
      for (const at of all) {
        const { errors } = await server.run(at, aheadMs, reach);
        expect(errors).toBe('');
        await expectRecovery(server.directory, reach, at === all.at(-1)).catch((error: unknown) => {
          throw new Error(`killed at point ${at} of ${points}`, { cause: error });
        });
      }
    });
  });
}

function chosen(points: number): readonly number[] {
  if (process.env['OBVAULT_KILL_POINTS'] === 'all') return Array.from({ length: points }, (_, i) => i + 1);
  const random = createRandom(20261121);
  const width = Math.floor(points / samples);
  return Array.from({ length: samples }, (_, i) => i * width + 1 + random.below(width));
}

/** What still stands after the kill is whole; the job comes to its end, and what the window needs restores. */
async function expectRecovery(directory: string, reach: Reach, restores: boolean): Promise<void> {
  await expectWhole(directory);
  const clock = new MovableClock();
  clock.move(aheadMs);
  const harness = await startHarness({ directory, clock, ...(reach === 'far' ? { wrapMedium: farMedium } : {}) });
  try {
    await harness.until(() =>
      harness.controller.catalog.read((tx) => {
        const jobs = tx.deletions.jobs.list();
        return jobs.length > 0 && jobs.every((job) => job.history);
      }),
    );
    const { jobs, tasks, sets, pieces } = await harness.controller.catalog.read((tx) => ({
      jobs: tx.deletions.jobs.list(),
      tasks: tx.deletions.tasks.list(),
      sets: tx.backups.sets.list(),
      pieces: tx.archives.pieces.list(),
    }));
    expect(jobs.map((job) => [job.status, job.result])).toEqual([['COMPLETED', 0]]);
    expect(tasks.map((task) => task.status)).toEqual(tasks.map(() => 'COMPLETED'));
    expect(jobs[0]).toMatchObject({ taskCount: tasks.length, successTaskCount: tasks.length });
    for (const task of tasks) expect([task.id, task.totalLsCount]).toEqual([task.id, task.finishLsCount]);
    expect(sets.map((set) => set.fileStatus)).toEqual(['DELETED', 'DELETED', 'AVAILABLE']);
    const gone = pieces.filter((piece) => piece.fileStatus === 'DELETED').map((piece) => piece.pieceId);
    expect(gone.length).toBeGreaterThan(0);
    const names = [...namesBelow(join(directory, 'a/data')), ...namesBelow(join(directory, 'a/archive'))];
    const left = new RegExp(`backup_set_[12]_|r1p(?:${gone.join('|')})(?!\\d)`);
    expect(names.filter((name) => left.test(name))).toEqual([]);
    if (restores) await expectService(harness);
  } finally {
    await harness.stop();
  }
}

async function expectService(harness: Harness): Promise<void> {
  const query = 'SELECT CONCAT(COUNT(*), "/", MAX(id)) FROM d.t';
  expect(await restoredValue(harness, 'a', 'copy', query)).toBe('3/3');
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs(harness, 'DOING');
  await shipped(harness, 'a');
}

/** Whatever a reader of the paths finds right after the kill has its files. */
async function expectWhole(directory: string): Promise<void> {
  const dataNames = namesBelow(join(directory, 'a/data'));
  const sets = await readSets(openFileMedium(join(directory, 'a/data')));
  expect(sets.map((set) => set.plan.id)).toContain(3);
  const ids = sets.map((set) => set.plan.id);
  for (const { plan } of sets) {
    const data = new RegExp(`^backup_set_${plan.id}_(?:full|inc)/.*macro_block`);
    expect([plan.id, dataNames.some((name) => data.test(name))]).toEqual([plan.id, true]);
    if (plan.type === 'INC') expect(ids).toContain(plan.prevFullId);
  }
  const logNames = namesBelow(join(directory, 'a/archive'));
  const pieces = await readPieces(openFileMedium(join(directory, 'a/archive')));
  const available = pieces.filter((piece) => piece.fileStatus === 'AVAILABLE');
  const first = available[0]?.pieceId ?? 0;
  // The oldest go first: the log has no hole.
  expect(available.map((piece) => piece.pieceId)).toEqual(available.map((_, i) => first + i));
  for (const piece of available) {
    const holds = logNames.some((name) => name.startsWith(`piece_d1001r1p${piece.pieceId}/logstream_1001/log/`));
    expect([piece.pieceId, holds]).toEqual([piece.pieceId, true]);
  }
}
