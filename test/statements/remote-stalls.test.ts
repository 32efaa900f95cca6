import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { configureDeadlineMs } from '../../src/destination/limits.ts';
import { probeDeadlineMs } from '../../src/media/probe.ts';
import { parseObStatement } from '../../src/sql/parse-ob.ts';
import { runObStatement } from '../../src/statements/run-statement.ts';
import { type Harness, makeTenant, startHarness } from '../jobs/job-harness.ts';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import type { S3Operation } from '../media/servers/s3-faults.ts';

/** Resolves when the request came that is not answered. */
let met: PromiseWithResolvers<void>;
/** Waiting for a whole statement is over in a moment once nothing else is left to come; all else takes the time it takes. */
const hasty: Clock = {
  ...systemClock,
  async sleep(ms, signal) {
    if (ms !== configureDeadlineMs && ms !== probeDeadlineMs) return systemClock.sleep(ms, signal);
    await met.promise;
    await systemClock.sleep(500, signal);
  },
};

let harness: Harness;
let double: S3Double;
beforeEach(async () => {
  met = Promise.withResolvers();
  double = await S3Double.start();
  harness = await startHarness({ clock: hasty });
  await makeTenant(harness, 'shop');
});
afterEach(async () => {
  await harness?.stop();
  await double?.stop();
});

function isMet(): boolean {
  met.resolve();
  return true;
}

const uri = () =>
  `s3://bucket/d?host=127.0.0.1:${double.port}&access_id=${s3Keys.accessId}&access_key=${s3Keys.accessKey}`;

test.each<S3Operation>(['ListObjectsV2', 'GetObject'])(
  'SET is refused with 9070 when %s is never answered, and registers nothing',
  async (operation) => {
    double.faults.add({ on: [operation], keys: isMet, deed: { deed: 'stall' }, times: 1_000 });
    const answer = harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${uri()}' TENANT = shop`);
    await expect(answer).rejects.toMatchObject({ errno: 9070 });
    expect(double.count(operation)).toBeGreaterThan(0);
    expect(await harness.controller.catalog.read((tx) => tx.destinations.storageInfo.list({}))).toEqual([]);
  },
);

test('TEST DESTINATION tells what was not answered, and what was left unasked', async () => {
  const isLarge = (key: string) => key.endsWith('/large') && isMet();
  double.faults.add({ on: 'every', keys: isLarge, deed: { deed: 'stall' }, times: 1_000 });
  const statement = parseObStatement(`ALTER SYSTEM TEST DESTINATION '${uri()}'`, {
    release: harness.controller.release,
    oracle: false,
  });
  const { rows } = await runObStatement(statement, await harness.speaker('shop'), harness.controller);
  const results = Object.fromEntries((rows?.cells ?? []).map(([property, result]) => [property, result]));
  expect(results).toMatchObject({
    LIST: 'OK',
    'CREATE ONLY': 'OK',
    'LARGE OBJECT': 'FAILED',
    APPEND: 'SKIPPED',
    LATENCY: 'SKIPPED',
  });
  expect(JSON.stringify(rows?.cells)).not.toContain(s3Keys.accessKey);
  const left = [...double.bucket().objects.keys()];
  expect(left).toEqual([]);
});
