import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import { type Medium, MediumError } from '../../src/media/medium.ts';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, settle, startHarness } from './job-harness.ts';
import { objectsBelow, placeAt } from './media-vertical.ts';
import { validate } from './validate-scene.ts';

/** Writes of an index that fail, as where a server is killed behind the data files. */
let failures: number;
/** What a removal of a former attempt waits for. */
let removing: () => Promise<void>;
let harness: Harness;
let tenantId: number;

function failing(medium: Medium): Medium {
  return {
    ...medium,
    async putSmall(key, ...rest) {
      if (failures === 0 || !key.endsWith('macro_range_index.obbak')) return medium.putSmall(key, ...rest);
      failures--;
      throw new MediumError('network', key, 'planned');
    },
    async remove(keys, signal) {
      if (keys.some((key) => key.includes('major_data_turn'))) await removing();
      return medium.remove(keys, signal);
    },
  };
}

beforeEach(async () => {
  removing = () => Promise.resolve();
  failures = 0;
  harness = await startHarness({ wrapMedium: failing, settings: { maxJobRetries: 3, retryPauseMs: 10 } });
  tenantId = await archivedTenant(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
});
afterEach(() => harness.stop());

test('an attempt removes what the ones before it left, data files too', async () => {
  failures = 2;
  await backedUp(harness);
  expect(failures).toBe(0);
  const folder = join(harness.directory, 'a/data/backup_set_1_full/logstream_1001');
  expect(readdirSync(folder).filter((name) => name.startsWith('major_data'))).toEqual(['major_data_turn_1_retry_2']);
});

test('while what a former attempt left is being removed, nobody waits for the set', async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  removing = () => {
    begun.resolve();
    return gate.promise;
  };
  failures = 1;
  await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
  const settled = settle(harness);
  await begun.promise;
  try {
    expect(harness.controller.workers.busy).toBe(0);
    // False while the tenant is pinned.
    expect(await (await tenantEngineOf(harness.controller, tenantId)).foldAhead()).toBe(true);
  } finally {
    gate.resolve();
    await settled;
  }
  expect(await harness.controller.catalog.read((tx) => tx.backups.setById(tenantId, 1)?.status)).toBe('SUCCESS');
});

test('with delete_mode=tagging what a former attempt left is marked and stays', async () => {
  const double = await S3Double.start();
  const host = `127.0.0.1:${double.port}`;
  const place = placeAt({ scheme: 's3', path: 's3://bucket/root', host, authorization: s3Keys, options: {} });
  try {
    await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${place.text('data', 'delete_mode=tagging')}' TENANT = a`);
    failures = 1;
    expect(await backedUp(harness)).toMatchObject({ status: 'SUCCESS' });
    const tagged = new Map<string, unknown>();
    for (const key of await objectsBelow(place.medium, 'data'))
      if (key.endsWith('macro_block_data.0.obbak'))
        tagged.set(key.replace(/.*_retry_(\d+)\/.*/, '$1'), await place.medium.tagsOf(key));
    expect(Object.fromEntries(tagged)).toEqual({ 0: { delete_mode: 'tagging' }, 1: {} });
    expect(await validate(harness, 'a', 'BACKUP')).toMatchObject({ status: 'COMPLETED', damagedCount: 0 });
  } finally {
    await place.medium.close();
    await double.stop();
  }
});
