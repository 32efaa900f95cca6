import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { remoteReadsAtOnce } from '../../src/media/limits.ts';
import { type Medium, MediumError } from '../../src/media/medium.ts';
import { backedUp, nextPiece } from './backed-up-tenant.ts';
import { hourMs } from './clean-clock.ts';
import { backUp, type CleanRows, type CleanScene, cleaned, cleanRows, openCleanScene } from './clean-scene.ts';
import { expectCleanTruth } from './clean-truth.ts';
import { farMedium } from './far-medium.ts';
import { FaultSwitch } from './fault-switch.ts';
import { restoredValue, shipped } from './job-harness.ts';

/* Clean-ups where no call holds a thread: several sets and pieces go beside each other. */

const faults = new FaultSwitch();
let scene: CleanScene;
let rows = 0;
let cleaning = false;
/** What the clean-up wrote and removed, in order. */
let changes: string[] = [];
/** Keys nobody may remove. */
let locked: (key: string) => boolean = () => false;
let underWay = 0;
let mostUnderWay = 0;

function wrapMedium(medium: Medium, path: string): Medium {
  const far = farMedium(medium);
  return cleaning ? faults.wrap(recorded(far), path) : far;
}

function recorded(medium: Medium): Medium {
  return {
    ...medium,
    async putSmall(key, bytes, mode, signal) {
      changes.push(`put ${key}`);
      await medium.putSmall(key, bytes, mode, signal);
    },
    async remove(keys, signal) {
      const refused = keys.find(locked);
      if (refused !== undefined) throw new MediumError('denied', refused, 'the object is locked');
      changes.push(...keys.map((key) => `remove ${key}`));
      mostUnderWay = Math.max(mostUnderWay, ++underWay);
      await medium.remove(keys, signal).finally(() => underWay--);
    },
  };
}

beforeAll(async () => {
  scene = await openCleanScene({ wrapMedium, pieceSwitch: '2s', settings: { maxDeleteRetries: 3 } });
  await backUp(scene, ++rows);
  await scene.harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '12h' TENANT = a");
  await cleaned(scene, 1);
});
afterAll(() => scene.harness.stop());
afterEach(() => {
  locked = () => false;
  faults.clear();
});

/** A full set with an increment, some pieces, and the full set that makes them obsolete a day later. */
async function chain(): Promise<void> {
  await scene.harness.sql('a', `INSERT INTO d.t VALUES (${++rows})`);
  await backedUp(scene.harness);
  await backedUp(scene.harness, 'INCREMENTAL DATABASE');
  for (let i = 0; i < 2; i++) await nextPiece(scene.harness);
  await backUp(scene, ++rows);
}

async function nextClean(): Promise<CleanRows> {
  const { jobs } = await cleanRows(scene);
  cleaning = true;
  changes = [];
  mostUnderWay = 0;
  scene.clock.move(24 * hourMs);
  const after = await cleaned(scene, jobs.length + 1);
  cleaning = false;
  return after;
}

/** Tasks of the newest job, as `set 3 COMPLETED 0`. */
function told({ jobs, tasks }: CleanRows, type: 'BACKUP SET' | 'BACKUP PIECE'): readonly string[] {
  const { jobId } = jobs.at(-1)!;
  return tasks
    .filter((task) => task.jobId === jobId && task.taskType === type)
    .map((task) => `${task.id} ${task.status} ${task.result}`);
}

const at = (change: RegExp) => changes.findIndex((one) => change.test(one));

describe('several sets and pieces at a time', () => {
  beforeEach(chain);

  test('are hidden in their order, before the first file of any goes; the list is written once', async () => {
    const { jobs, tasks } = await nextClean();
    const own = tasks.filter((task) => task.jobId === jobs.at(-1)!.jobId);
    const pieces = own.filter((task) => task.taskType === 'BACKUP PIECE').map((task) => task.id);
    const sets = own.filter((task) => task.taskType === 'BACKUP SET').map((task) => task.id);
    expect(pieces.length).toBeGreaterThanOrEqual(3);
    const marks = changes.filter((one) => one.includes('single_piece_info')).filter((one) => one.startsWith('put'));
    expect(marks).toEqual(pieces.map((id) => `put piece_d1001r1p${id}/single_piece_info.obarc`));
    const hidden = changes.filter((one) => /_end_success_/.test(one)).map((one) => Number(/_set_(\d+)_/.exec(one)![1]));
    expect(hidden).toEqual(sets);
    expect(changes.slice(0, sets.length).every((one) => /^remove backup_sets\/.*_end_success_/.test(one))).toBe(true);
    const batches = Math.ceil(pieces.length / remoteReadsAtOnce);
    for (let batch = 0; batch < batches; batch++) {
      const [first, ...more] = pieces.slice(batch * remoteReadsAtOnce, (batch + 1) * remoteReadsAtOnce);
      const marked = marks[batch * remoteReadsAtOnce + more.length]!;
      const gone = [first, ...more].map((id) => at(new RegExp(`^remove (?:pieces/)?piece_d1001r1p${id}[_/]`)));
      expect(changes.indexOf(marked)).toBeLessThan(Math.min(...gone));
    }
    for (const id of pieces) {
      const order = [
        at(new RegExp(`^remove pieces/piece_d1001r1p${id}_end_`)),
        at(new RegExp(`^remove piece_d1001r1p${id}/logstream_1001/log/`)),
        at(new RegExp(`^remove piece_d1001r1p${id}/single_piece_info`)),
        at(new RegExp(`^remove pieces/piece_d1001r1p${id}_start_`)),
      ];
      expect(order).toEqual([...order].sort((a, b) => a - b));
      expect(order).not.toContain(-1);
    }
    const lists = changes.filter((one) => /^put .*tenant_archive_piece_infos/.test(one));
    expect(lists.length).toBeLessThanOrEqual(batches);
    expect(mostUnderWay).toBeGreaterThan(1);
    await expectCleanTruth(scene);
  });

  test('one that may not be removed holds up none beside it, and the next job takes it up', async () => {
    const { pieces } = await cleanRows(scene);
    const [first] = Object.entries(pieces).find(([, status]) => status === 'AVAILABLE')!;
    locked = (key) => key.startsWith(`piece_d1001r1p${first}/`);
    const failed = await nextClean();
    expect(failed.jobs.at(-1)).toMatchObject({ status: 'FAILED', result: -9071 });
    const [own, ...others] = told(failed, 'BACKUP PIECE');
    expect(own).toBe(`${first} FAILED -9071`);
    expect(others.length).toBeGreaterThanOrEqual(2);
    for (const other of others.slice(0, remoteReadsAtOnce - 1)) expect(other).toMatch(/COMPLETED 0$/);
    expect(failed.pieces[Number(first)]).toBe('DELETING');
    await expectCleanTruth(scene);
    locked = () => false;
    const after = await nextClean();
    expect(after.jobs.at(-1)).toMatchObject({ status: 'COMPLETED', result: 0 });
    expect(after.pieces[Number(first)]).toBe('DELETED');
    await expectCleanTruth(scene);
  });

  test('what cannot be hidden keeps what it stands on', async () => {
    const { sets } = await cleanRows(scene);
    const [base, increment] = Object.keys(sets)
      .filter((id) => sets[Number(id)] === 'AVAILABLE')
      .slice(-3, -1);
    locked = (key) => key.startsWith(`backup_sets/backup_set_${increment}_inc_end_success`);
    const failed = await nextClean();
    expect(failed.jobs.at(-1)).toMatchObject({ status: 'FAILED', result: -9071 });
    expect(told(failed, 'BACKUP SET').slice(-2)).toEqual([`${increment} FAILED -9071`, `${base} CANCELED -4072`]);
    for (const task of told(failed, 'BACKUP PIECE')) expect(task).toMatch(/CANCELED -4072$/);
    expect(changes.filter((one) => one.includes(`backup_set_${base}_full`))).toEqual([]);
    expect(changes.filter((one) => one.includes(`backup_set_${increment}_inc`))).toEqual([]);
    locked = () => false;
    expect((await nextClean()).jobs.at(-1)).toMatchObject({ status: 'COMPLETED', result: 0 });
    await expectCleanTruth(scene);
  });
});

describe('on a failing medium', () => {
  for (const moment of ['before', 'after'] as const)
    test(`survive a fault ${moment} one operation or another`, { timeout: 600_000 }, async () => {
      for (let nth = 1; ; nth += Math.max(23, nth >> 1)) {
        await backUp(scene, ++rows, 'anyPiece');
        faults.arm(nth, { kind: 'io', moment });
        const { jobs } = await nextClean();
        const hits = [...faults.hits];
        faults.clear();
        expect(jobs.at(-1)).toMatchObject({ status: 'COMPLETED', result: 0 });
        await expectCleanTruth(scene);
        if (hits.length > 0) continue;
        expect(nth).toBeGreaterThan(20);
        break;
      }
    });

  test('are given up when it stays away, after the retries of one, and taken up again', async () => {
    await chain();
    faults.arm(20, { kind: 'io', lasting: true });
    const { jobs, tasks } = await nextClean();
    const hits = faults.hits.length;
    faults.clear();
    expect(hits).toBeGreaterThan(0);
    expect(jobs.at(-1)).toMatchObject({ status: 'FAILED', result: -4009 });
    const ends = tasks.filter((task) => task.jobId === jobs.at(-1)!.jobId).map((task) => task.status);
    expect(ends.filter((end) => end === 'FAILED')).toHaveLength(1);
    expect((await nextClean()).jobs.at(-1)).toMatchObject({ status: 'COMPLETED', result: 0 });
    await expectCleanTruth(scene);
  });
});

test('after all that what is left restores', async () => {
  await shipped(scene.harness, 'a');
  const query = 'SELECT CONCAT(COUNT(*), "/", MAX(id)) FROM d.t';
  expect(await restoredValue(scene.harness, 'a', 'b', query)).toBe(`${rows}/${rows}`);
});
