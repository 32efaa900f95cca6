import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseRelease } from '../../src/base/release.ts';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import { backedUp, makeTable, roundIs } from './backed-up-tenant.ts';
import { type Harness, makeTenant, roundOf, setsOf, settle, shipped, startHarness } from './job-harness.ts';

let harness: Harness;
let double: S3Double;
const newer = { accessId: 'AKIANEWER', accessKey: 'newer/secret' };

beforeEach(async () => {
  double = await S3Double.start();
  harness = await startHarness({ release: parseRelease('4.3.5') });
  await makeTenant(harness, 'shop');
  const keys = `host=${endpoint()}&access_id=${s3Keys.accessId}&access_key=${s3Keys.accessKey}`;
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=s3://bucket/log?${keys}' TENANT = shop`);
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = 's3://bucket/data?${keys}' TENANT = shop`);
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = shop');
  await roundIs(harness, 'DOING', 'shop');
  await makeTable(harness, 'id INT PRIMARY KEY', 'shop');
});
afterEach(async () => {
  await harness?.stop();
  await double?.stop();
});

const endpoint = () => `127.0.0.1:${double.port}`;

/** Both destinations get other keys, and the former pair is taken back. */
async function rotate(): Promise<void> {
  double.keys[newer.accessId] = newer.accessKey;
  for (const path of ['data', 'log'])
    await harness.say(
      `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = 's3://bucket/${path}?host=${endpoint()}' ` +
        `SET ACCESS_INFO = 'access_id=${newer.accessId}&access_key=${newer.accessKey}'`,
      'shop',
    );
  delete double.keys[s3Keys.accessId];
}

test('a backup and an archive that have begun go on with them', async () => {
  await harness.say('ALTER SYSTEM BACKUP DATABASE', 'shop');
  await rotate();
  await harness.sql('shop', 'INSERT INTO d.t VALUES (1)');
  await settle(harness);
  expect((await setsOf(harness, 'shop')).map(({ status, destId }) => [status, destId])).toEqual([['SUCCESS', 1002]]);
  await shipped(harness, 'shop');
  expect(await roundOf(harness, 'shop')).toMatchObject({ status: 'DOING', destId: 1001 });
});

test('a VALIDATE that was asked for before reads with them, and a clean-up removes with them', async () => {
  await backedUp(harness, 'DATABASE', 'shop');
  await backedUp(harness, 'DATABASE', 'shop');
  await harness.say('ALTER SYSTEM VALIDATE BACKUP', 'shop');
  await harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW = '1us'", 'shop');
  await rotate();
  const { catalog } = harness.controller;
  await harness.until(() =>
    catalog.read(
      (tx) =>
        tx.proofs.jobs.list({}).every(({ status }) => status === 'COMPLETED' || status === 'FAILED') &&
        tx.deletions.liveJobs().length === 0 &&
        tx.deletions.jobs.list({}).length > 0,
    ),
  );
  const jobs = await catalog.read((tx) => tx.proofs.jobs.list({}));
  expect(jobs.map(({ status, damagedCount, comment }) => [status, damagedCount, comment])).toEqual([
    ['COMPLETED', 0, ''],
  ]);
  expect((await setsOf(harness, 'shop')).map(({ fileStatus }) => fileStatus)).toEqual(['DELETED', 'AVAILABLE']);
  const left = [...double.bucket().objects.keys()].filter((key) => key.startsWith('data/backup_set_1_'));
  expect(left).toEqual([]);
});
