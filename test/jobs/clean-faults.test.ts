import { renameSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Medium } from '../../src/media/medium.ts';
import { hourMs } from './clean-clock.ts';
import { backUp, type CleanRows, type CleanScene, cleaned, cleanRows, openCleanScene } from './clean-scene.ts';
import { expectCleanTruth } from './clean-truth.ts';
import { FaultSwitch, type PlannedFault } from './fault-switch.ts';
import { hangMedium, hungCallsComeBack } from './hang-medium.ts';
import { restoredValue, shipped } from './job-harness.ts';

const faults = new FaultSwitch();
let hangs = false;
let cleaning = false;
let scene: CleanScene;
let rows = 0;

/** Every operation with OBVAULT_FAULTS=all. */
const everything = process.env['OBVAULT_FAULTS'] === 'all';
const stride = (some: number) => (everything ? 1 : some);
const loopMs = everything ? 3_600_000 : 600_000;

/** Only clean-ups meet the faults: media of theirs are those opened while one may run. */
function wrapMedium(medium: Medium, path: string): Medium {
  return cleaning ? hangMedium(faults.wrap(medium, path), () => hangs) : medium;
}

beforeAll(async () => {
  scene = await openCleanScene({
    wrapMedium,
    // Few enough pieces for a clean-up of each day, also on a machine that has much else to do.
    pieceSwitch: '3s',
    settings: { maxDeleteRetries: 3 },
  });
  await backUp(scene, ++rows);
  await scene.harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '12h' TENANT = a");
  await cleaned(scene, 1);
});
afterAll(async () => {
  hungCallsComeBack();
  await scene.harness.stop();
});

/** One more set, and a day later the clean-up that drops the one before it with its log. */
async function oneDay(): Promise<CleanRows> {
  await backUp(scene, ++rows, 'anyPiece');
  return nextClean();
}

async function nextClean(): Promise<CleanRows> {
  const { jobs } = await cleanRows(scene);
  cleaning = true;
  scene.clock.move(24 * hourMs);
  const after = await cleaned(scene, jobs.length + 1);
  cleaning = false;
  return after;
}

/**
 * Fails the first operation of a clean-up, then the `step`-th next, until one meets no fault any more; the short form takes longer steps
 * later on, because a slow day has more pieces.
 */
async function operationsFail(plan: PlannedFault, step: number, check: (after: CleanRows) => void): Promise<void> {
  for (let at = 1; ; at += everything ? step : Math.max(step, at >> 1)) {
    faults.arm(at, plan);
    const after = await oneDay();
    const hits = [...faults.hits];
    faults.clear();
    await expectCleanTruth(scene);
    if (hits.length === 0) {
      expect(at).toBeGreaterThan(15);
      expect(after.jobs.at(-1)).toMatchObject({ status: 'COMPLETED', result: 0 });
      return;
    }
    check(after);
  }
}

describe('a clean-up on a failing medium', () => {
  for (const moment of ['before', 'after'] as const) {
    test(`survives a single fault ${moment} any operation`, { timeout: loopMs }, async () => {
      await operationsFail({ kind: 'io', moment }, stride(17), ({ jobs, sets }) => {
        expect(jobs.at(-1)).toMatchObject({ status: 'COMPLETED', result: 0 });
        expect(Object.values(sets).filter((status) => status !== 'DELETED')).toEqual(['AVAILABLE']);
      });
    });
  }

  test('ends FAILED when it is denied; the next one goes on where it stopped', { timeout: loopMs }, async () => {
    await operationsFail({ kind: 'denied' }, stride(19), ({ jobs, tasks }) => {
      const job = jobs.at(-1)!;
      expect(job).toMatchObject({ status: 'FAILED', result: -9071 });
      const own = tasks.filter((task) => task.jobId === job.jobId).map((task) => `${task.status} ${task.result}`);
      expect(own.filter((text) => text === 'FAILED -9071').length).toBe(own.length === 0 ? 0 : 1);
      expect(own.every((text) => ['COMPLETED 0', 'FAILED -9071', 'CANCELED -4072'].includes(text))).toBe(true);
      expect(job.successTaskCount).toBe(own.filter((text) => text === 'COMPLETED 0').length);
      expect(job.taskCount).toBe(own.length);
    });
    const { sets, pieces } = await nextClean();
    expect([...Object.values(sets), ...Object.values(pieces)]).not.toContain('DELETING');
  });

  test('gives up on a medium that stays away, after its retries', async () => {
    faults.arm(12, { kind: 'io', lasting: true });
    const { jobs, sets } = await oneDay();
    faults.clear();
    expect(jobs.at(-1)).toMatchObject({ status: 'FAILED', result: -4009 });
    expect(Object.values(sets)).toContain('DELETING');
    await nextClean();
    await expectCleanTruth(scene);
  });

  test('does not take what vanished for deleted', async () => {
    await backUp(scene, ++rows);
    renameSync(scene.dataRoot, `${scene.dataRoot}.away`);
    const { jobs, sets } = await nextClean();
    renameSync(`${scene.dataRoot}.away`, scene.dataRoot);
    expect(jobs.at(-1)).toMatchObject({ status: 'FAILED', result: -9080, taskCount: 0 });
    expect(Object.values(sets).filter((status) => status === 'AVAILABLE').length).toBe(2);
    await nextClean();
  });
});

test('CANCEL ends a clean-up whose medium hangs for ever', { timeout: 600_000 }, async () => {
  await backUp(scene, ++rows);
  const { jobs } = await cleanRows(scene);
  cleaning = true;
  hangs = true;
  scene.clock.move(24 * hourMs);
  await scene.harness.until(async () => (await cleanRows(scene)).jobs.length > jobs.length);
  const began = performance.now();
  await scene.harness.say('ALTER SYSTEM CANCEL DELETE BACKUP TENANT = a');
  const after = await cleaned(scene, jobs.length + 1);
  expect(performance.now() - began).toBeLessThan(20_000);
  expect(after.jobs.at(-1)).toMatchObject({ status: 'CANCELED', result: -4072, comment: 'Operation canceled' });
  hangs = false;
  cleaning = false;
});

test('CANCEL in the middle keeps what was not begun', { timeout: 600_000 }, async () => {
  await backUp(scene, ++rows);
  const { jobs } = await cleanRows(scene);
  cleaning = true;
  scene.clock.move(24 * hourMs);
  await scene.harness.until(async () => {
    // The medium stops answering as soon as the first set is gone.
    hangs ||= (await cleanRows(scene)).tasks.some(
      (task) => task.jobId > (jobs.at(-1)?.jobId ?? 0) && task.status === 'COMPLETED',
    );
    const { jobs: now } = await cleanRows(scene);
    return hangs || (now.length > jobs.length && now.every((job) => job.history));
  });
  await scene.harness.say('ALTER SYSTEM CANCEL DELETE BACKUP', 'a');
  const after = await cleaned(scene, jobs.length + 1);
  hangs = false;
  cleaning = false;
  const job = after.jobs.at(-1)!;
  if (job.status !== 'COMPLETED') {
    const own = after.tasks.filter((task) => task.jobId === job.jobId).map((task) => task.status);
    expect(job).toMatchObject({
      status: 'CANCELED',
      successTaskCount: own.filter((one) => one === 'COMPLETED').length,
    });
    expect(new Set(own)).toEqual(new Set(['COMPLETED', 'CANCELED']));
  }
  await nextClean();
  await expectCleanTruth(scene);
});

test('after all that what is left restores', async () => {
  await shipped(scene.harness, 'a');
  expect(await restoredValue(scene.harness, 'a', 'b', 'SELECT CONCAT(COUNT(*), "/", MAX(id)) FROM d.t')).toBe(
    `${rows}/${rows}`,
  );
});
