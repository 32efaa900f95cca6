import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { sysTenantId } from '../../src/catalog/tenants.ts';
import { archivedTenant, backedUp, passes } from './backed-up-tenant.ts';
import { hourMs, MovableClock } from './clean-clock.ts';
import { type Harness, makePool, setsOf, startHarness } from './job-harness.ts';

let harness: Harness;
let clock: MovableClock;
afterEach(() => harness.stop());

/** The ends of all jobs in the live views, but for that of a restore's row in sys, which comes after the tenant's has gone. */
const live = () =>
  harness.controller.catalog.read((tx) => [
    ...tx.backups.liveJobs().map(({ endUs }) => endUs),
    ...tx.restores
      .liveJobs()
      .filter(({ tenantId }) => tenantId !== sysTenantId)
      .map(({ finishUs }) => finishUs),
    ...tx.proofs.liveJobs().map(({ endUs }) => endUs),
  ]);

test('a job that ended lets its destination be changed, and lingers no longer when the clock is set back', async () => {
  clock = new MovableClock();
  harness = await startHarness({ clock, settings: { jobLingerMs: hourMs } });
  await archivedTenant(harness);
  await makePool(harness, 'p');
  const ended = (count: number) =>
    harness.until(async () => {
      const ends = await live();
      return ends.length === count && ends.every((endUs) => endUs !== null);
    });
  await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
  await ended(1);
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${harness.place('a/data')}' TENANT = a`);
  await harness.say('ALTER SYSTEM VALIDATE DATABASE', 'a');
  await ended(2);
  const paths = `${harness.place('a/data')},${harness.place('a/archive')}`;
  await harness.say(`ALTER SYSTEM RESTORE b FROM '${paths}' WITH 'pool_list=p'`);
  await ended(3);
  clock.move(-24 * hourMs);
  await harness.until(async () => (await live()).length === 0);
});

test('a clock that is set forward while a set waits for the archive ends no set', async () => {
  clock = new MovableClock();
  harness = await startHarness({ clock });
  await archivedTenant(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
  const root = join(harness.directory, 'a/archive');
  renameSync(root, `${root}-away`);
  // The copy needs log that the archive does not get.
  await harness.sql('a', 'INSERT INTO d.t VALUES (2)');
  await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
  const waits = () =>
    harness.controller.catalog.read((tx) => tx.backups.tasks.list({}).some(({ status }) => status === 'BACKUP_LOG'));
  await harness.until(waits);
  // A few looks of the set at its archive before and after.
  await passes(harness, 20);
  clock.move(hourMs);
  await passes(harness, 20);
  expect(await waits()).toBe(true);
  renameSync(`${root}-away`, root);
  await harness.until(async () => (await setsOf(harness, 'a')).some(({ status }) => status !== 'DOING'));
  expect((await setsOf(harness, 'a')).map(({ status }) => status)).toEqual(['SUCCESS']);
  expect((await backedUp(harness)).status).toBe('SUCCESS');
});
