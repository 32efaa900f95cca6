import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backedUp, makeTable, passes } from './backed-up-tenant.ts';
import { hangMedium, hungCallsComeBack } from './hang-medium.ts';
import { type Harness, makePool, makeTenant, settle, shipped, startHarness } from './job-harness.ts';

/** Calls that are let through before everything hangs; never with infinity. */
let left = Number.POSITIVE_INFINITY;
let harness: Harness;
let from: string;

beforeAll(async () => {
  harness = await startHarness({
    wrapMedium: (medium, path) => (path.includes('/source/') ? hangMedium(medium, () => --left < 0) : medium),
  });
  await makeTenant(harness, 'a');
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${harness.place('source/archive')}' TENANT = a`);
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${harness.place('source/data')}' TENANT = a`);
  await harness.until(() =>
    harness.controller.catalog.read((tx) => tx.archives.rounds.list({ status: 'DOING' }).length === 1),
  );
  await makeTable(harness, 'id INT');
  await backedUp(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
  await shipped(harness, 'a');
  from = `${harness.place('source/data')},${harness.place('source/archive')}`;
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await harness.until(() =>
    harness.controller.catalog.read((tx) => tx.archives.rounds.list({ status: 'STOP' }).length === 1),
  );
  await makePool(harness, 'p');
});
afterAll(async () => {
  left = Number.POSITIVE_INFINITY;
  hungCallsComeBack();
  await harness.stop();
});

/** CANCEL must not wait for what hangs: below the deadline of a call, which is 30 s, whatever the machine does. */
const boundMs = 20_000;

async function inTime(work: () => Promise<unknown>): Promise<void> {
  const startMs = performance.now();
  await work();
  expect(performance.now() - startMs).toBeLessThan(boundMs);
}

test('CANCEL RESTORE ends while the medium hangs for ever, and leaves no file, row or grant', async () => {
  const before = await harness.controller.catalog.read((tx) => tx.tenants.list().length);
  for (const through of [0, 1, 3, 5, 8]) {
    left = Number.POSITIVE_INFINITY;
    await harness.say(`ALTER SYSTEM RESTORE b FROM '${from}' WITH 'pool_list=p'`);
    left = through;
    await passes(harness, 5);
    await inTime(() => harness.say('ALTER SYSTEM CANCEL RESTORE b'));
    await inTime(() => settle(harness));
    const found = await harness.controller.catalog.read((tx) => ({
      jobs: tx.restores.jobs.list({ restoreTenantName: 'b' }).slice(-1),
      tenants: tx.tenants.list().length,
      pool: tx.resources.poolByName('p')?.tenantId,
    }));
    expect(found).toMatchObject({
      jobs: [{ status: 'RESTORE_FAIL', history: true, comment: expect.stringContaining('it was dropped while') }],
      ...{ tenants: before, pool: null },
    });
  }
  expect(readdirSync(join(harness.directory, 'server/tenants'))).toEqual(['t1002']);
});

test('RECOVER STANDBY CANCEL and CANCEL RECOVER TABLE end while the medium hangs', async () => {
  left = Number.POSITIVE_INFINITY;
  await harness.say(`ALTER SYSTEM RECOVER TABLE d.t TO TENANT = a FROM '${from}' WITH 'pool_list=p' REMAP TABLE d.t:u`);
  left = 2;
  await passes(harness, 5);
  await inTime(() => harness.say('ALTER SYSTEM CANCEL RECOVER TABLE a'));
  await inTime(() => settle(harness));
  const [job] = await harness.controller.catalog.read((tx) => tx.recoverTables.jobs.list({ tenantId: 1002 }));
  expect(job).toMatchObject({ status: 'FAILED', result: '-4072' });

  left = Number.POSITIVE_INFINITY;
  await makePool(harness, 'q');
  await harness.say(`ALTER SYSTEM RESTORE s FROM '${from}' WITH 'pool_list=q'`);
  await settle(harness);
  await harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = s UNTIL UNLIMITED');
  left = 1;
  await passes(harness, 5);
  await inTime(() => harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = s CANCEL'));
  await inTime(() => harness.say('ALTER SYSTEM ACTIVATE STANDBY TENANT = s'));
  await harness.sql('s', 'INSERT INTO d.t VALUES (2)');
  expect(await harness.value('s', 'SELECT COUNT(*) FROM d.t')).toBe('2');
});
