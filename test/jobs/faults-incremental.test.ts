import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archivedTenant, backedUp, backupUnderFault } from './backed-up-tenant.ts';
import { FaultSwitch, type PlannedFault } from './fault-switch.ts';
import { type Harness, restoredFrom, setsOf, shipped, startHarness } from './job-harness.ts';
import { temporaryNames } from './media-truth.ts';

const faults = new FaultSwitch();
let harness: Harness;
let tenantId: number;
let dataRoot: string;
let rows = 0;

beforeAll(async () => {
  harness = await startHarness({ wrapMedium: (medium, path) => faults.wrap(medium, path) });
  tenantId = await archivedTenant(harness, 'id INT PRIMARY KEY, v VARCHAR(500)');
  dataRoot = join(harness.directory, 'a/data');
  await backedUp(harness);
});
afterAll(() => harness.stop());

/** One incremental backup with its log, during which an operation on the data path fails; what became of it. */
async function backupWith(at: number, plan: PlannedFault, keys: RegExp) {
  await harness.sql('a', `INSERT INTO d.t VALUES (${++rows}, '${'row '.repeat(100)}')`);
  const statement = 'ALTER SYSTEM BACKUP INCREMENTAL DATABASE PLUS ARCHIVELOG';
  const { hit, job } = await backupUnderFault({ harness, faults, tenantId, dataRoot }, { at, plan, keys }, statement);
  return { hit, status: job?.status, result: job?.result ?? null, type: job?.backupType };
}

/** Lets an operation fail, and another one, until none is left to fail; how many there were. */
async function untilClean(
  plan: PlannedFault,
  where: { readonly keys: RegExp; readonly step: number },
  check: (outcome: Awaited<ReturnType<typeof backupWith>>) => void,
): Promise<number> {
  for (let at = 1; ; at += where.step) {
    const outcome = await backupWith(at, plan, where.keys);
    if (outcome.hit === null) {
      expect(outcome).toMatchObject({ status: 'COMPLETED', result: 0, type: 'INC' });
      return at;
    }
    check(outcome);
  }
}

/** What only such sets have; the rest is as with full ones. */
const ownLog = { keys: /complement_log/, step: 1 };
const anywhere = { keys: /./, step: 9 };

/** With the data path alone: chain of sets and the log of the last one. */
async function expectRestored(to: string): Promise<void> {
  const count = rows;
  await harness.sql('a', `INSERT INTO d.t VALUES (${++rows}, 'in no set')`);
  const query = 'SELECT CONCAT(COUNT(*), "/", MAX(id)) FROM d.t';
  expect(await restoredFrom(harness, harness.place('a/data'), to, query)).toBe(`${count}/${count}`);
}

describe('an incremental backup with its log on a failing medium', () => {
  for (const moment of ['before', 'after'] as const) {
    test(`a single io ${moment} any operation is survived, and the set builds on the last one`, async () => {
      const survived = (outcome: Awaited<ReturnType<typeof backupWith>>) =>
        expect(outcome).toMatchObject({ status: 'COMPLETED', result: 0, type: 'INC' });
      const own = { ...ownLog, step: moment === 'before' ? 1 : 4 };
      expect(await untilClean({ kind: 'io', moment }, own, survived)).toBeGreaterThan(10);
      expect(await untilClean({ kind: 'io', moment }, anywhere, survived)).toBeGreaterThan(30);
      await expectRestored(`after_${moment}`);
    });
  }

  test('no space before any operation ends the job; the next set does not build on the failed one', async () => {
    const check = (outcome: Awaited<ReturnType<typeof backupWith>>) => {
      if (outcome.hit !== '') expect(outcome).toMatchObject({ status: 'FAILED', result: -9082 });
    };
    await untilClean({ kind: 'outOfSpace' }, anywhere, check);
    await untilClean({ kind: 'outOfSpace' }, { ...ownLog, step: 4 }, check);
    const sets = await setsOf(harness, 'a');
    const failed = new Set(sets.filter((set) => set.status === 'FAILED').map((set) => set.backupSetId));
    expect(failed.size).toBeGreaterThan(5);
    for (const set of sets) expect(failed.has(set.prevIncBackupSetId)).toBe(false);
    await expectRestored('after_space');
  });

  test('afterwards nothing is left open on the medium', async () => {
    await shipped(harness, 'a');
    expect(temporaryNames(dataRoot)).toEqual([]);
  });
});
