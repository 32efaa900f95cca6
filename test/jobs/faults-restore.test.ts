import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MediumErrorKind } from '../../src/media/medium.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { FaultSwitch, type PlannedFault } from './fault-switch.ts';
import { type Harness, makePool, settle, shipped, startHarness } from './job-harness.ts';

const faults = new FaultSwitch();
let harness: Harness;
let restores = 0;

beforeAll(async () => {
  harness = await startHarness({ wrapMedium: (medium, path) => faults.wrap(medium, path), maxLogFileBytes: 40_000 });
  await archivedTenant(harness, 'id INT PRIMARY KEY, v TEXT');
  await harness.sql('a', "INSERT INTO d.t VALUES (1, 'in the set')");
  await backedUp(harness);
  for (let id = 2; id <= 6; id++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${id}, '${'in the log '.repeat(500)}')`);
    await shipped(harness, 'a');
  }
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await harness.until(() =>
    harness.controller.catalog.read((tx) => tx.archives.rounds.list({ status: 'STOP' }).length === 1),
  );
  await makePool(harness, 'p');
});
afterAll(() => harness.stop());

/** One restore whose background part meets a fault: what became of it, and the first operation that failed. */
async function restoreWith(at: number, plan: PlannedFault) {
  const name = `r${++restores}`;
  const paths = `${harness.place('a/data')},${harness.place('a/archive')}`;
  await harness.say(`ALTER SYSTEM RESTORE ${name} FROM '${paths}' WITH 'pool_list=p'`);
  faults.arm(at, plan);
  await settle(harness);
  const hit = faults.hits[0] ?? null;
  faults.clear();
  const jobs = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: name }));
  expect(jobs).toHaveLength(2);
  expect(jobs[1]).toMatchObject({ status: jobs[0]?.status, comment: jobs[0]?.comment });
  const status = jobs[0]?.status ?? '';
  expect(status).toMatch(/^RESTORE_(SUCCESS|FAIL)$/);
  await expectTenant(name, status);
  await harness.say(`DROP TENANT ${name} FORCE`);
  return { hit, status, comment: jobs[0]?.comment ?? '' };
}

/** A restored tenant has every row; a failed one is still in RESTORE and takes no statement. */
async function expectTenant(name: string, status: string): Promise<void> {
  const tenant = await harness.controller.catalog.read((tx) => tx.tenants.byName(name));
  if (status === 'RESTORE_FAIL') return expect(tenant).toMatchObject({ status: 'RESTORE', role: 'RESTORE' });
  expect(tenant).toMatchObject({ status: 'NORMAL', role: 'STANDBY' });
  expect(await harness.value(name, 'SELECT CONCAT(COUNT(*), "/", SUM(LENGTH(v))) FROM d.t')).toBe('6/27510');
}

async function untilClean(plan: PlannedFault, check: (outcome: Awaited<ReturnType<typeof restoreWith>>) => void) {
  for (let at = 1; ; at++) {
    const outcome = await restoreWith(at, plan);
    if (outcome.hit === null) {
      expect(at).toBeGreaterThan(10);
      expect(outcome).toMatchObject({ status: 'RESTORE_SUCCESS' });
      return;
    }
    check(outcome);
  }
}

describe('restore from a failing medium', () => {
  test('a single io before any operation is survived', async () => {
    await untilClean({ kind: 'io' }, (outcome) =>
      expect(outcome).toMatchObject({ status: 'RESTORE_SUCCESS', comment: '' }),
    );
  });

  const ending: readonly (readonly [MediumErrorKind, number])[] = [
    ['denied', -9071],
    ['notFound', -9011],
    ['checksum', -4103],
  ];
  for (const [kind, code] of ending) {
    test(`${kind} before any operation ends the restore with ${code} in its comment`, async () => {
      await untilClean({ kind, moment: 'after' }, (outcome) => {
        // What is closed last has done its work.
        if (outcome.status === 'RESTORE_SUCCESS') return;
        expect(outcome.comment).toContain(`result: ${code}(`);
      });
    });
  }

  test('a medium that goes away ends the restore after the retries', async () => {
    const outcome = await restoreWith(3, { kind: 'io', lasting: true });
    expect(outcome).toMatchObject({ status: 'RESTORE_FAIL' });
    expect(outcome.comment).toContain('result: -4009(');
  });
});
