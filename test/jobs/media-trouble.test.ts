import { afterEach, beforeEach, expect, test } from 'vitest';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import type { S3FaultDeed } from '../media/servers/s3-faults.ts';
import { makeTable, roundIs } from './backed-up-tenant.ts';
import {
  type Harness,
  makeTenant,
  restoredFrom,
  roundOf,
  setsOf,
  settle,
  shipped,
  startHarness,
} from './job-harness.ts';
import { objectsBelow, type Place, placeAt, verticalOptions } from './media-vertical.ts';
import { findingsOf, validate } from './validate-scene.ts';

let double: S3Double;
let place: Place;
let harness: Harness;
let rows = 0;
beforeEach(async () => {
  double = await S3Double.start();
  const host = `127.0.0.1:${double.port}`;
  place = placeAt({ scheme: 's3', path: 's3://bucket/root', host, authorization: s3Keys, options: {} });
  harness = await startHarness(verticalOptions);
  await makeTenant(harness, 'a');
  rows = 0;
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${place.text('archive')}' TENANT = a`);
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${place.text('data')}' TENANT = a`);
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await roundIs(harness, 'DOING');
  await makeTable(harness);
});
afterEach(async () => {
  double.faults.clear();
  await harness.stop();
  await place.medium.close();
  await double.stop();
});

async function addRows(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await harness.sql('a', `INSERT INTO d.t VALUES (${++rows})`);
}

async function backUp(kind = ''): Promise<void> {
  await harness.say(`ALTER SYSTEM BACKUP ${kind}DATABASE`, 'a');
  await settle(harness);
}

const restored = (to: string) =>
  restoredFrom(harness, `${place.text('data')},${place.text('archive')}`, to, 'SELECT COUNT(*) FROM d.t');

const deeds: readonly S3FaultDeed[] = [
  { deed: 'loseReply' },
  { deed: 'refuse', status: 503, code: 'SlowDown' },
  { deed: 'duplicate' },
  { deed: 'cutDownload', afterBytes: 10 },
  { deed: 'refuse', status: 500, code: 'InternalError' },
  { deed: 'cutUpload', afterBytes: 100 },
  { deed: 'garbage', status: 502, body: '<html>bad gateway</html>' },
  { deed: 'flipUpload' },
];

/** So many requests from now on meet trouble, one in `every`, each time another. */
function trouble(count: number, every: number): void {
  for (let i = 0; i < count; i++)
    double.faults.add({ on: 'every', skip: (i + 1) * every, deed: deeds[i % deeds.length]! });
}

test('what goes wrong now and then shows nowhere', async () => {
  trouble(32, 7);
  await addRows(5);
  await backUp();
  await addRows(5);
  await backUp('INCREMENTAL ');
  await addRows(5);
  await shipped(harness, 'a');
  expect((await setsOf(harness, 'a')).map((set) => set.status)).toEqual(['SUCCESS', 'SUCCESS']);
  double.faults.clear();
  trouble(16, 11);
  expect(await restored('b')).toBe(String(rows));
  double.faults.clear();
  expect(await validate(harness, 'a', 'BACKUP')).toMatchObject({ status: 'COMPLETED', damagedCount: 0 });
  expect((await findingsOf(harness, 'a')).filter(({ kind }) => kind !== 'FOREIGN')).toEqual([]);
});

test('a data file damaged on its way to the store is sent again, and its set succeeds', async () => {
  await addRows(5);
  double.faults.add({
    on: ['PutObject'],
    keys: (key) => key.includes('macro_block_data'),
    deed: { deed: 'flipUpload' },
  });
  await backUp();
  expect(double.faults.left).toBe(0);
  expect((await setsOf(harness, 'a')).map((set) => set.status)).toEqual(['SUCCESS']);
  expect(await restored('b')).toBe(String(rows));
});

test('a storm longer than all attempts holds up the archive, and nothing is lost when it is over', async () => {
  await backUp();
  double.faults.add({ on: 'every', times: 1e6, deed: { deed: 'refuse', status: 503, code: 'SlowDown' } });
  await addRows(10);
  const before = (await roundOf(harness, 'a'))!.checkpointScn;
  const stormEndMs = performance.now() + 4_000;
  await harness.until(async () => performance.now() > stormEndMs);
  const during = (await roundOf(harness, 'a'))!;
  expect(['DOING', 'SUSPENDING']).toContain(during.status);
  double.faults.clear();
  await shipped(harness, 'a');
  expect((await roundOf(harness, 'a'))!.checkpointScn).toBeGreaterThan(before);
  expect(await restored('b')).toBe('10');
});

test('keys that are refused end a backup with its code, no secret in what is said, nothing partial to see', async () => {
  const refused: S3FaultDeed = { deed: 'refuse', status: 403, code: 'AccessDenied' };
  double.faults.add({ on: 'every', keys: (key) => key.includes('macro_block_data'), times: 1e6, deed: refused });
  await backUp();
  double.faults.clear();
  const [set] = await setsOf(harness, 'a');
  expect(set).toMatchObject({ status: 'FAILED', fileStatus: 'INCOMPLETE' });
  const comments = await harness.controller.catalog.read((tx) => tx.backups.tasks.list({}).map((task) => task.comment));
  expect(comments.join()).toContain('-9071');
  expect(comments.join()).not.toContain(s3Keys.accessKey);
  const names = (await objectsBelow(place.medium, 'data')).join();
  expect(names).not.toContain('macro_block_data');
  expect(names).not.toContain('end_success');
  expect(double.bucket().uploads.size).toBe(0);
  await backUp();
  expect((await setsOf(harness, 'a')).at(-1)).toMatchObject({ status: 'SUCCESS' });
});
