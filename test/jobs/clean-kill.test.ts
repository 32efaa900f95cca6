import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPieces } from '../../src/jobs/restore/read-archive-path.ts';
import { readSets } from '../../src/jobs/restore/read-data-path.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { createRandom } from '../torture/random.ts';
import { roundIs } from './backed-up-tenant.ts';
import { hourMs, MovableClock } from './clean-clock.ts';
import { backUp, namesBelow, openCleanScene } from './clean-scene.ts';
import { type Harness, restoredValue, shipped, startHarness } from './job-harness.ts';
import { KilledServer, lastNumber } from './killed-server.ts';

const server = new KilledServer('./clean-kill-child.ts');
const { directory } = server;
const aheadMs = 48 * hourMs;
const samples = 5;
let points = 0;

beforeAll(async () => {
  const scene = await openCleanScene({ directory });
  await backUp(scene, 1);
  await backUp(scene, 2, 'anyPiece');
  await backUp(scene, 3);
  // The round ends, so that every run finds the same pieces.
  await scene.harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await roundIs(scene.harness, 'STOP');
  await scene.harness.stop();
  server.keep();
  points = lastNumber(await server.run(0, aheadMs), 'points');
});
afterAll(() => server.remove());

/** What still stands after the kill is whole; the job comes to its end, and what the window needs restores. */
async function expectRecovery(restores: boolean): Promise<void> {
  await expectWhole();
  const clock = new MovableClock();
  clock.move(aheadMs);
  const harness = await startHarness({ directory, clock });
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
async function expectWhole(): Promise<void> {
  const dataNames = namesBelow(join(directory, 'a/data'));
  const sets = await readSets(openFileMedium(join(directory, 'a/data')));
  expect(sets.map((set) => set.plan.id)).toContain(3);
  for (const { plan } of sets) {
    const holds = dataNames.some((name) => name.startsWith(`backup_set_${plan.id}_full/`) && /macro_block/.test(name));
    expect([plan.id, holds]).toEqual([plan.id, true]);
  }
  const logNames = namesBelow(join(directory, 'a/archive'));
  for (const piece of await readPieces(openFileMedium(join(directory, 'a/archive')))) {
    if (piece.fileStatus !== 'AVAILABLE') continue;
    const holds = logNames.some((name) => name.startsWith(`piece_d1001r1p${piece.pieceId}/logstream_1001/log/`));
    expect([piece.pieceId, holds]).toEqual([piece.pieceId, true]);
  }
}

test('the child counts its points', () => {
  expect(points).toBeGreaterThan(100);
});

/** All of them with OBVAULT_KILL_POINTS=all, a few else. */
function chosen(): readonly number[] {
  if (process.env['OBVAULT_KILL_POINTS'] === 'all') return Array.from({ length: points }, (_, i) => i + 1);
  const random = createRandom(20261121);
  const width = Math.floor(points / samples);
  return Array.from({ length: samples }, (_, i) => i * width + 1 + random.below(width));
}

test('a SIGKILL at any point of a clean-up leaves nothing stuck and nothing half there', {
  timeout: 3_600_000,
}, async () => {
  const all = chosen();
  for (const at of all) {
    const { errors } = await server.run(at, aheadMs);
    expect(errors).toBe('');
    await expectRecovery(at === all.at(-1)).catch((error: unknown) => {
      throw new Error(`killed at point ${at} of ${points}`, { cause: error });
    });
  }
});
