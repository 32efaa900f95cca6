import { afterEach, beforeEach, expect, test } from 'vitest';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import { backedUp, makeTable, roundIs } from './backed-up-tenant.ts';
import {
  type Harness,
  makeTenant,
  restoredValue,
  roundOf,
  settle,
  shipped,
  startArchiving,
  startHarness,
} from './job-harness.ts';

let harness: Harness;
let tenantId: number;
beforeEach(async () => {
  harness = await startHarness();
  tenantId = await makeTenant(harness, 'a');
  await makeTable(harness);
});
afterEach(() => harness.stop());

const logBytes = async () => (await tenantEngineOf(harness.controller, tenantId)).logBytes();

for (const words of ['MAJOR FREEZE TENANT = a', 'MINOR FREEZE TENANT = a', 'MINOR FREEZE TENANT = ALL_USER'])
  test(`${words} folds the log of a tenant, and says when it has`, async () => {
    expect(await logBytes()).toBeGreaterThan(0);
    await harness.say(`ALTER SYSTEM ${words}`);
    await harness.until(async () => (await logBytes()) === 0);
    const told = harness.controller.catalog.readDatabase.prepare(
      'SELECT event, value1 FROM rootservice_event WHERE module = ?',
    );
    expect(told.all('freeze')).toEqual([{ event: 'fold_log', value1: String(tenantId) }]);
    // It holds for the log there was.
    await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
    await settle(harness);
    expect(await logBytes()).toBeGreaterThan(0);
  });

test('nothing is missing in the archive of a tenant that is frozen', async () => {
  await startArchiving(harness, 'a');
  await backedUp(harness);
  for (let i = 1; i <= 6; i++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${i})`);
    await harness.say('ALTER SYSTEM MINOR FREEZE', 'a');
    await harness.until(async () => (await logBytes()) === 0);
  }
  expect((await roundOf(harness, 'a'))?.roundId).toBe(1);
  await shipped(harness, 'a');
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('6');
});

test('a log whose archive is suspended is kept until it goes on', async () => {
  await startArchiving(harness, 'a');
  await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = a");
  await roundIs(harness, 'SUSPEND');
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
  await harness.say('ALTER SYSTEM MINOR FREEZE TENANT = a');
  await settle(harness);
  expect(await logBytes()).toBeGreaterThan(0);
  await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = a");
  await harness.until(async () => (await logBytes()) === 0);
});
