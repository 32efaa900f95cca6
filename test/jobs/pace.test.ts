import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { parseRelease } from '../../src/base/release.ts';
import { copyThreads } from '../../src/jobs/copy-threads.ts';
import { makeTable } from './backed-up-tenant.ts';
import {
  type Harness,
  makePool,
  makeTenant,
  restoredValue,
  setsOf,
  settle,
  startArchiving,
  startHarness,
} from './job-harness.ts';

let harness: Harness;
afterEach(() => harness.stop());

const dataBytes = 3_000_000;

/** A tenant with rows that do not shrink, archiving. */
async function fullTenant(): Promise<number> {
  harness = await startHarness({ release: parseRelease('4.3.5') });
  const tenantId = await makeTenant(harness, 'shop');
  await makeTable(harness, 'id INT PRIMARY KEY, body VARBINARY(60000)', 'shop');
  const rows = Array.from(
    { length: dataBytes / 50_000 },
    (_, id) => `(${id},x'${randomBytes(50_000).toString('hex')}')`,
  );
  await harness.sql('shop', `INSERT INTO d.t VALUES ${rows.join(',')}`);
  await startArchiving(harness, 'shop');
  return tenantId;
}

const limit = (attribute: string) =>
  harness.say(
    `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = '${harness.place('shop/data')}' SET ATTRIBUTE = '${attribute}'`,
    'shop',
  );

describe('limits of a destination', () => {
  test('max_bandwidth holds a backup back, and lets it go when raised while it runs', async () => {
    await fullTenant();
    await harness.say(
      `ALTER SYSTEM SET DATA_BACKUP_DEST = '${harness.place('shop/data')}?max_bandwidth=2MB' TENANT = shop`,
    );
    const startMs = performance.now();
    await harness.say('ALTER SYSTEM BACKUP TENANT = shop');
    await settle(harness);
    // A tenth of a second's worth may come at once.
    expect(performance.now() - startMs).toBeGreaterThan((dataBytes / (2 << 20)) * 1000 - 100);
    expect((await setsOf(harness, 'shop')).map(({ status }) => status)).toEqual(['SUCCESS']);

    await limit('max_bandwidth=4KB');
    await harness.say('ALTER SYSTEM BACKUP TENANT = shop');
    const soon = performance.now() + 1_500;
    await harness.until(async () => performance.now() > soon && (await setsOf(harness, 'shop')).length === 2);
    expect((await setsOf(harness, 'shop')).map(({ status }) => status)).toEqual(['SUCCESS', 'DOING']);
    // At 4 KB/s it would be at work for ten minutes more.
    await limit('max_bandwidth=0B');
    await settle(harness);
    expect((await setsOf(harness, 'shop')).map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS']);
    expect(await restoredValue(harness, 'shop', 'copy', 'SELECT COUNT(*) FROM d.t')).toBe(String(dataBytes / 50_000));
  });

  test('a restore keeps to the limits its paths are given with', async () => {
    await fullTenant();
    await harness.say('ALTER SYSTEM BACKUP TENANT = shop');
    await settle(harness);
    await makePool(harness, 'pool_copy');
    const data = `${harness.place('shop/data')}?max_bandwidth=2MB`;
    const startMs = performance.now();
    await harness.say(
      `ALTER SYSTEM RESTORE copy FROM '${data},${harness.place('shop/archive')}' WITH 'pool_list=pool_copy&concurrency=1'`,
    );
    await settle(harness);
    expect(performance.now() - startMs).toBeGreaterThan((dataBytes / (2 << 20)) * 1000 - 100);
    expect(await harness.value('copy', 'SELECT COUNT(*) FROM d.t')).toBe(String(dataBytes / 50_000));
  });

  test('the archive waits for its pace too', async () => {
    harness = await startHarness();
    await makeTenant(harness, 'shop');
    const place = harness.place('shop/archive');
    await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${place}?max_iops=20' TENANT = shop`);
    const startMs = performance.now();
    await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = shop');
    await harness.until(() =>
      harness.controller.catalog.read((tx) => tx.archives.rounds.list({})[0]?.status === 'DOING'),
    );
    // Format file, round and piece files, log file, checkpoint: more than a dozen operations.
    expect(performance.now() - startMs).toBeGreaterThan(400);
  });

  test('a clean-up waits for the pace of its destination', async () => {
    await fullTenant();
    for (let set = 1; set <= 2; set++) {
      await harness.say('ALTER SYSTEM BACKUP TENANT = shop');
      await settle(harness);
    }
    await limit('max_iops=20');
    await harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '1ms'", 'shop');
    const startMs = performance.now();
    await harness.until(async () => (await setsOf(harness, 'shop'))[0]?.fileStatus === 'DELETED');
    // Every file of the set is one operation, and there are more than a dozen.
    expect(performance.now() - startMs).toBeGreaterThan(400);
  });

  test('a statement that cannot be carried out says so', async () => {
    await fullTenant();
    const refusals: readonly (readonly [string, number])[] = [
      [`PATH = '${harness.place('shop/data')}' SET ATTRIBUTE = 'max_files=3'`, 1210],
      [`PATH = '${harness.place('shop/data')}' SET ATTRIBUTE = 'max_bandwidth=fast'`, 1210],
      [`PATH = '${harness.place('shop/data')}' SET ATTRIBUTE = ''`, 1210],
      [`PATH = '${harness.place('shop/data')}'`, 1210],
      [`PATH = '' SET ATTRIBUTE = 'max_iops=1'`, 1210],
      [`PATH = '${harness.place('shop/other')}' SET ATTRIBUTE = 'max_iops=1'`, 4018],
      [`PATH = '${harness.place('shop/data')}' SET ACCESS_INFO = 'access_id=a&access_key=b'`, 1235],
      [`PATH = 'oss://b/p?host=h' SET ATTRIBUTE = 'max_iops=1'`, 4018],
    ];
    for (const [clause, errno] of refusals)
      await expect(
        harness.say(`ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST ${clause}`, 'shop'),
        clause,
      ).rejects.toMatchObject({ errno });
    await limit('max_iops=7');
    await limit('max_bandwidth=3MB');
    const rows = await harness.controller.catalog.read((tx) => tx.destinations.storageInfo.list({}));
    const limits = rows.map(({ maxIops, maxBandwidth }) => [maxIops, maxBandwidth]);
    expect(limits).toEqual(expect.arrayContaining([[7n, 3n << 20n]]));
  });
});

describe('threads of a job', () => {
  test('follow their score at once; without one the option of the restore, or the default, holds', async () => {
    harness = await startHarness();
    const tenantId = await makeTenant(harness, 'shop');
    const { controller } = harness;
    expect(await copyThreads(controller, tenantId, 'backup')).toBe(2);
    expect(await copyThreads(controller, tenantId, 'restore', 5)).toBe(5);
    await harness.say('ALTER SYSTEM SET ha_low_thread_score = 7 TENANT = shop');
    await harness.say('ALTER SYSTEM SET ha_high_thread_score = 3 TENANT = shop');
    expect(await copyThreads(controller, tenantId, 'backup')).toBe(7);
    expect(await copyThreads(controller, tenantId, 'restore', 5)).toBe(3);
  });
});
