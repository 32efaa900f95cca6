import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { callDeadlineMs, retryFirstPauseMs, statementCallMs } from '../../src/media/limits.ts';
import { type Harness, makeTenant, startHarness } from '../jobs/job-harness.ts';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';

/** What media waited for, to its end. */
let waited: number[];
/** What a deadline of calls takes here: so long that none passes where somebody answers, little where nobody does. */
let deadlineMs: number;
/** The deadlines of calls pass sooner, and are noted. */
const hasty: Clock = {
  ...systemClock,
  async sleep(ms, signal) {
    await systemClock.sleep(ms >= statementCallMs ? deadlineMs : ms, signal);
    waited.push(ms);
  },
};

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({ mediumClock: hasty });
  await makeTenant(harness, 'shop');
  await harness.say("ALTER SYSTEM SET tde_method = 'internal'", 'shop');
  await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'shop');
  waited = [];
  deadlineMs = 60_000;
});
afterEach(() => harness?.stop());

const keys = `access_id=${s3Keys.accessId}&access_key=${s3Keys.accessKey}`;

/** Statements that reach a destination, each with the code it answers when nobody is there. */
const statements = [
  [(uri: string) => `ALTER SYSTEM SET DATA_BACKUP_DEST = '${uri}' TENANT = shop`, 9070],
  [(uri: string) => `ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${uri}' TENANT = shop`, 9070],
  [(uri: string) => `ALTER SYSTEM RESTORE b FROM '${uri}' WITH 'pool_list=p'`, null],
  [(uri: string) => `ALTER SYSTEM SET LOG_RESTORE_SOURCE = 'LOCATION=${uri}' TENANT = shop`, 9070],
  [(uri: string) => `ALTER SYSTEM BACKUP KEY TENANT = shop TO '${uri}' ENCRYPTED BY 'pw'`, null],
] as const;

test.each(['s3', 'oss', 'cos', 'sftp', 'hdfs'])(
  'nobody listens on %s: the answer comes after one pause at most',
  async (scheme) => {
    const place = createServer();
    await new Promise<void>((resolve) => place.listen(0, '127.0.0.1', resolve));
    const { port } = place.address() as { readonly port: number };
    await new Promise((resolve) => place.close(resolve));
    const uri = {
      s3: `s3://bucket/d?host=127.0.0.1:${port}&${keys}`,
      oss: `oss://bucket/d?host=127.0.0.1:${port}&${keys}`,
      cos: `cos://bucket/d?host=127.0.0.1:${port}&${keys}&appid=1250000000`,
      sftp: `sftp://u@127.0.0.1:${port}/d?password=p&host_key=SHA256:${'A'.repeat(43)}`,
      hdfs: `hdfs://n/d?namenode=127.0.0.1:${port}&user=u`,
    }[scheme];
    for (const [text, errno] of statements) {
      waited = [];
      const answer = harness.say(text(uri ?? ''));
      await expect(answer).rejects.toMatchObject(errno === null ? {} : { errno });
      expect(waited.length).toBeLessThanOrEqual(1);
      expect(Math.max(0, ...waited)).toBeLessThanOrEqual(retryFirstPauseMs);
    }
  },
);

test('somebody listens and never answers: one call, one deadline of statements', async () => {
  const double = await S3Double.start();
  const uri = `s3://bucket/d?host=127.0.0.1:${double.port}&${keys}`;
  // The first of all calls waits for the client's code as well.
  await harness.say(`ALTER SYSTEM TEST DESTINATION '${uri}'`).catch(() => undefined);
  double.faults.add({ on: 'every', deed: { deed: 'stall' }, times: 1_000 });
  deadlineMs = 4_000;
  for (const [text, errno] of statements) {
    [waited, double.requests.length] = [[], 0];
    await expect(harness.say(text(uri))).rejects.toMatchObject(errno === null ? {} : { errno });
    expect(waited).toEqual([statementCallMs]);
    expect(double.requests.length).toBe(1);
  }
  await double.stop();
});

test('a store that asks for patience gets it, one that is sick a second chance', async () => {
  const double = await S3Double.start();
  const set = () => harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${uri}' TENANT = shop`);
  const uri = `s3://bucket/d?host=127.0.0.1:${double.port}&${keys}`;
  double.faults.add({ on: ['ListObjectsV2'], deed: { deed: 'refuse', status: 503, code: 'SlowDown' }, times: 4 });
  await set();
  double.faults.add({ on: ['ListObjectsV2'], deed: { deed: 'refuse', status: 500, code: 'InternalError' }, times: 1 });
  await set();
  double.faults.add({ on: ['ListObjectsV2'], deed: { deed: 'refuse', status: 500, code: 'InternalError' }, times: 2 });
  await expect(set()).rejects.toMatchObject({ errno: 9070 });
  await double.stop();
});

test('a job is as patient as ever', async () => {
  const double = await S3Double.start();
  const uri = `s3://bucket/d?host=127.0.0.1:${double.port}&${keys}`;
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${uri}' TENANT = shop`);
  waited = [];
  deadlineMs = 4_000;
  double.faults.add({ on: 'every', deed: { deed: 'stall' }, times: 2 });
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = shop');
  await harness.until(async () => waited.filter((ms) => ms === callDeadlineMs).length >= 2);
  deadlineMs = 60_000;
  expect(waited).not.toContain(statementCallMs);
  await harness.until(() =>
    harness.controller.catalog.read((tx) => tx.archives.rounds.list({}).some(({ status }) => status === 'DOING')),
  );
  await double.stop();
});
