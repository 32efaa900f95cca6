import { afterEach, expect, test } from 'vitest';
import { parseRelease } from '../../src/base/release.ts';
import { makeTable } from './backed-up-tenant.ts';
import { type Harness, makePool, makeTenant, setsOf, settle, startArchiving, startHarness } from './job-harness.ts';

let harness: Harness;
afterEach(() => harness.stop());

const limit = (attribute: string) =>
  harness.say(
    `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = '${harness.place('shop/data')}' SET ATTRIBUTE = '${attribute}'`,
    'shop',
  );

test('the thread scores hold for a backup and a restore that run', async () => {
  harness = await startHarness({ release: parseRelease('4.3.5') });
  await makeTenant(harness, 'shop');
  await makeTable(harness, 'id INT PRIMARY KEY, body LONGBLOB', 'shop');
  // Some fifty blocks, which the pace lets through one by one.
  for (let id = 0; id < 60; id++)
    await harness.sql('shop', `INSERT INTO d.t VALUES (${id}, REPEAT(RANDOM_BYTES(1024), 1000))`);
  await startArchiving(harness, 'shop');
  const { workers, catalog } = harness.controller;
  const busy = (count: number) =>
    harness.until(async () => {
      const live = await catalog.read((tx) => tx.backups.liveJobs().length + tx.restores.liveJobs().length);
      expect(live, `the job ended before ${count} threads were at work`).toBeGreaterThan(0);
      return workers.busy === count;
    });
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${harness.place('shop/data')}' TENANT = shop`);
  await limit('max_iops=8');
  await harness.say('ALTER SYSTEM BACKUP TENANT = shop');
  await busy(2);
  await harness.say('ALTER SYSTEM SET ha_low_thread_score = 5 TENANT = shop');
  await busy(5);
  await harness.say('ALTER SYSTEM SET ha_low_thread_score = 1 TENANT = shop');
  await busy(1);
  await limit('max_iops=0');
  await settle(harness);
  expect((await setsOf(harness, 'shop')).map(({ status }) => status)).toEqual(['SUCCESS']);

  await makePool(harness, 'pool_copy');
  const paths = `${harness.place('shop/data')}?max_iops=8,${harness.place('shop/archive')}`;
  await harness.say(`ALTER SYSTEM RESTORE copy FROM '${paths}' WITH 'pool_list=pool_copy&concurrency=3'`);
  await busy(3);
  await harness.say('ALTER SYSTEM SET ha_high_thread_score = 6 TENANT = copy');
  await busy(6);
  await harness.say('ALTER SYSTEM SET ha_high_thread_score = 1 TENANT = copy');
  await busy(1);
  await settle(harness);
  expect(await harness.value('copy', 'SELECT COUNT(*) FROM d.t')).toBe('60');
});
