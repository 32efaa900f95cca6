import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseRelease } from '../../src/base/release.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { parseObStatement } from '../../src/sql/parse-ob.ts';
import { runObStatement } from '../../src/statements/run-statement.ts';
import { cosAddress } from '../media/servers/cos.ts';
import { CosDouble } from '../media/servers/cos-double.ts';
import { ossAddress } from '../media/servers/oss.ts';
import { OssDouble } from '../media/servers/oss-double.ts';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import { backedUp, cleanUpsEnded, makeTable, roundIs } from './backed-up-tenant.ts';
import {
  type Harness,
  makeTenant,
  restoredFrom,
  roundOf,
  setsOf,
  shipped,
  startArchiving,
  startHarness,
} from './job-harness.ts';
import { objectsBelow, type Place, placeAt } from './media-vertical.ts';

// Buckets under retention: what stands may not be removed, or not even be replaced.

interface Store {
  readonly address: MediumAddress;
  lock: 'none' | 'deletes' | 'all';
  stop(): Promise<void>;
}

const stores: Readonly<Record<string, () => Promise<Store>>> = {
  async s3() {
    const double = await S3Double.start();
    const host = `127.0.0.1:${double.port}`;
    return Object.assign(double.bucket(), {
      address: { scheme: 's3' as const, path: 's3://bucket', host, authorization: s3Keys, options: {} },
      stop: () => double.stop(),
    });
  },
  async oss() {
    const double = new OssDouble();
    await double.listen();
    return Object.assign(double.bucket('bucket'), {
      address: ossAddress(double, 'oss://bucket', 'address'),
      stop: () => double.kill(),
    });
  },
  async cos() {
    const double = await CosDouble.start();
    return Object.assign(double.store, { address: cosAddress(double, 'd'), stop: () => double.stop() });
  },
};

describe.each(Object.keys(stores))('under retention on %s', (scheme) => {
  let store: Store;
  let place: Place;
  let harness: Harness;
  let rows: number;
  beforeEach(async () => {
    store = await stores[scheme]!();
    place = placeAt(store.address);
    harness = await startHarness({ release: parseRelease('4.4.2') });
    await makeTenant(harness, 'a');
    rows = 0;
  });
  afterEach(async () => {
    await harness.stop();
    await place.medium.close();
    await store.stop();
  });

  const begin = async (data: string, archive: string) => {
    await startArchiving(harness, 'a', data, archive);
    await makeTable(harness);
  };
  const backUp = async () => {
    await harness.sql('a', `INSERT INTO d.t VALUES (${++rows})`);
    await backedUp(harness);
    return (await setsOf(harness, 'a')).at(-1)?.status;
  };
  const fileStatus = async () => (await setsOf(harness, 'a')).map((set) => set.fileStatus);
  /** The result of each clean-up so far, with those of its tasks. */
  const deleteSet = async (id: number) => {
    await harness.say(`ALTER SYSTEM DELETE BACKUPSET ${id}`, 'a');
    await cleanUpsEnded(harness);
    return harness.controller.catalog.read((tx) =>
      tx.deletions.jobs.list({}).map((job) => {
        const tasks = tx.deletions.tasks.list({ tenantId: job.tenantId, jobId: job.jobId });
        return [job.status, job.result, ...tasks.map((task) => task.result)];
      }),
    );
  };
  const restored = async (to: string, from: string) => {
    return Number(await restoredFrom(harness, from, to, 'SELECT COUNT(*) FROM d.t'));
  };
  const found = async (uri: string) => {
    const statement = parseObStatement(`ALTER SYSTEM TEST DESTINATION '${uri}'`, {
      release: harness.controller.release,
      oracle: false,
    });
    const answer = await runObStatement(statement, await harness.speaker('a'), harness.controller);
    return Object.fromEntries((answer.rows?.cells ?? []).map(([property, result]) => [property, result]));
  };

  test('a set that may not be removed is not deleted, each clean-up says so, and all else goes on', async () => {
    const [data, archive] = [place.text('data'), place.text('archive')];
    await begin(data, archive);
    expect([await backUp(), await backUp()]).toEqual(['SUCCESS', 'SUCCESS']);
    const before = await objectsBelow(place.medium, 'data');
    store.lock = 'deletes';
    expect(await deleteSet(1)).toEqual([['FAILED', -9071, -9071]]);
    expect(await deleteSet(1)).toEqual([
      ['FAILED', -9071, -9071],
      ['FAILED', -9071, -9071],
    ]);
    expect(await fileStatus()).toEqual(['DELETING', 'AVAILABLE']);
    expect(await objectsBelow(place.medium, 'data')).toEqual(before);
    expect(await found(data)).toMatchObject({ WRITE: 'OK', REPLACE: 'OK', DELETE: 'FAILED', 'CLEAN UP': 'FAILED' });
    const anew = harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${place.text('anew')}' TENANT = a`);
    await expect(anew).rejects.toMatchObject({ errno: 9071 });
    expect(await backUp()).toBe('SUCCESS');
    expect(await restored('b', `${data},${archive}`)).toBe(rows);
    store.lock = 'none';
    expect((await deleteSet(1)).at(-1)).toEqual(['COMPLETED', 0, 0]);
    expect(await fileStatus()).toEqual(['DELETED', 'AVAILABLE', 'AVAILABLE']);
    expect((await objectsBelow(place.medium, 'data')).filter((key) => key.includes('backup_set_1_'))).toEqual([]);
  });

  test('with delete_mode=tagging destinations are taken and sets deleted all the same', async () => {
    store.lock = 'deletes';
    const [data, archive] = [place.text('data', 'delete_mode=tagging'), place.text('archive', 'delete_mode=tagging')];
    await begin(data, archive);
    expect([await backUp(), await backUp()]).toEqual(['SUCCESS', 'SUCCESS']);
    expect(await deleteSet(1)).toEqual([['COMPLETED', 0, 0]]);
    expect(await fileStatus()).toEqual(['DELETED', 'AVAILABLE']);
    expect(await restored('b', `${data},${archive}`)).toBe(rows);
  });

  test('sets are made where nothing may be replaced, for each of their files is written once', async () => {
    await begin(place.text('data'), harness.place('archive'));
    store.lock = 'all';
    expect([await backUp(), await backUp()]).toEqual(['SUCCESS', 'SUCCESS']);
    expect(await restored('b', `${place.text('data')},${harness.place('archive')}`)).toBe(rows);
    expect(await found(place.text('data'))).toMatchObject({ WRITE: 'OK', REPLACE: 'FAILED', DELETE: 'FAILED' });
  });

  test('an archive whose checkpoint may not be replaced stands still, and no backup succeeds over it', async () => {
    await begin(harness.place('data'), place.text('archive'));
    expect(await backUp()).toBe('SUCCESS');
    store.lock = 'all';
    const { settings } = harness.controller;
    const { archiveWaitMs } = settings;
    Object.assign(settings, { archiveWaitMs: 3_000 });
    expect(await backUp()).toBe('FAILED');
    Object.assign(settings, { archiveWaitMs });
    const [, failed] = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({}));
    expect(failed?.result).toBeLessThan(0);
    expect((await roundOf(harness, 'a'))?.status).toBe('DOING');
    store.lock = 'none';
    expect(await backUp()).toBe('SUCCESS');
    await shipped(harness, 'a');
    expect(await restored('b', `${harness.place('data')},${place.text('archive')}`)).toBe(rows);
  });
});

test('object lock on versions, as S3 has it, hinders nothing: what is removed or replaced stays as a version', async () => {
  const double = await S3Double.start();
  const bucket = double.bucket();
  bucket.versioned = true;
  bucket.lock = 'all';
  const harness = await startHarness({ release: parseRelease('4.4.2') });
  await makeTenant(harness, 'a');
  const keys = `host=127.0.0.1:${double.port}&access_id=${s3Keys.accessId}&access_key=${s3Keys.accessKey}`;
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=s3://bucket/log?${keys}' TENANT = a`);
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = 's3://bucket/data?${keys}' TENANT = a`);
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await roundIs(harness, 'DOING');
  for (let i = 0; i < 2; i++) {
    await backedUp(harness);
  }
  await harness.say('ALTER SYSTEM DELETE BACKUPSET 1', 'a');
  await cleanUpsEnded(harness);
  expect((await setsOf(harness, 'a')).map(({ status, fileStatus }) => [status, fileStatus])).toEqual([
    ['SUCCESS', 'DELETED'],
    ['SUCCESS', 'AVAILABLE'],
  ]);
  expect(bucket.history.some(({ key, marker }) => marker && key.includes('backup_set_1_'))).toBe(true);
  expect(bucket.history.some(({ key, marker }) => !marker && key.includes('checkpoint'))).toBe(true);
  await harness.stop();
  await double.stop();
});
