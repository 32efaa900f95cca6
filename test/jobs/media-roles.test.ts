import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { parseRelease } from '../../src/base/release.ts';
import { OssDouble } from '../media/servers/oss-double.ts';
import { S3Double } from '../media/servers/s3-double.ts';
import { StsDouble, stsCaller } from '../media/servers/sts-double.ts';
import { backedUp, makeTable, roundIs } from './backed-up-tenant.ts';
import { type Harness, makeTenant, restoredFrom, setsOf, settle, shipped, startHarness } from './job-harness.ts';

const externalId = 'a-customer-of-ours';

describe.each(['s3', 'oss'] as const)('a role on %s', (scheme) => {
  let harness: Harness;
  let sts: StsDouble;
  let host: string;
  let stopStore: () => Promise<void>;
  let arn: string;
  /** The one pair of lasting keys the store knows. */
  let lasting: (keys: { readonly accessId: string; readonly accessKey: string }) => void;
  beforeEach(async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_ID']) vi.stubEnv(name, stsCaller.accessId);
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'])
      vi.stubEnv(name, stsCaller.accessKey);
    sts = await StsDouble.start();
    arn = `acs:ram::1:role/${scheme}-${sts.host}`;
    sts.roles.set(arn, externalId);
    if (scheme === 's3') {
      const double = await S3Double.start();
      double.temporary = sts.given;
      host = `127.0.0.1:${double.port}`;
      stopStore = () => double.stop();
      lasting = ({ accessId, accessKey }) => {
        for (const id of Object.keys(double.keys)) delete double.keys[id];
        double.keys[accessId] = accessKey;
      };
    } else {
      const double = new OssDouble();
      await double.listen();
      double.bucket('bucket');
      double.temporary = sts.given;
      host = `127.0.0.1:${double.port}`;
      stopStore = () => double.kill();
      lasting = ({ accessId, accessKey }) => Object.assign(double, { accessId, accessKey });
    }
    harness = await startHarness({ release: parseRelease('4.3.5') });
    await makeTenant(harness, 'shop');
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await harness.stop();
    await stopStore();
    await sts.stop();
  });

  const text = (directory: string, id = externalId) =>
    `${scheme}://bucket/${directory}?host=${host}&role_arn=${arn}&external_id=${id}&sts_host=http://${sts.host}`;
  /** Every key that was given out ends now. */
  const endKeys = () => {
    for (const [id, keys] of sts.given) sts.given.set(id, { ...keys, endsMs: 0 });
  };
  const refusal = async (sql: string) => {
    const error = await harness.say(sql).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ObError);
    expect((error as ObError).message).not.toContain(externalId);
    return (error as ObError).code;
  };

  test('carries archive, backup and restore, also when its keys end in between; nothing keeps its secret', async () => {
    await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${text('log')}' TENANT = shop`);
    await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${text('data')}' TENANT = shop`);
    await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = shop');
    await roundIs(harness, 'DOING', 'shop');
    await makeTable(harness, 'id INT PRIMARY KEY', 'shop');
    const asked = sts.answers.length;
    await harness.say('ALTER SYSTEM BACKUP DATABASE', 'shop');
    endKeys();
    await harness.sql('shop', 'INSERT INTO d.t VALUES (1)');
    await settle(harness);
    expect((await setsOf(harness, 'shop')).map(({ status }) => status)).toEqual(['SUCCESS']);
    endKeys();
    await harness.sql('shop', 'INSERT INTO d.t VALUES (2)');
    await shipped(harness, 'shop');
    expect(sts.answers.length).toBeGreaterThan(asked);
    const paths = `${text('data')},${text('log')}`;
    expect(await restoredFrom(harness, paths, 'b', 'SELECT COUNT(*) FROM d.t')).toBe('2');

    const kept = readdirSync(harness.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    const secrets = [
      externalId,
      stsCaller.accessKey,
      ...[...sts.given.values()].flatMap((keys) => [keys.accessKey, keys.token]),
    ];
    for (const secret of secrets) expect(kept.filter((content) => content.includes(secret)).length).toBe(0);
    const stored = await harness.controller.catalog.read((tx) => tx.destinations.storageInfo.list({}));
    for (const { authorization } of stored)
      expect(authorization).toMatch(/^role_arn=acs:ram::1:role[^&]*&encrypt_key=[0-9a-f]+$/);
  });

  test('takes the place of keys under a job that was asked for with them', async () => {
    lasting(stsCaller);
    const keys = `host=${host}&access_id=${stsCaller.accessId}&access_key=${stsCaller.accessKey}`;
    await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${harness.place('log')}' TENANT = shop`);
    await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${scheme}://bucket/data?${keys}' TENANT = shop`);
    await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = shop');
    await roundIs(harness, 'DOING', 'shop');
    await backedUp(harness, 'DATABASE', 'shop');
    await harness.say('ALTER SYSTEM VALIDATE BACKUPSET', 'shop');
    await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${text('data')}' TENANT = shop`);
    lasting({ accessId: 'nobody', accessKey: 'nothing' });
    const { catalog } = harness.controller;
    const jobs = () => catalog.read((tx) => tx.proofs.jobs.list({}));
    await harness.until(async () => (await jobs()).every(({ status }) => ['COMPLETED', 'FAILED'].includes(status)));
    expect((await jobs()).map(({ status, result, damagedCount }) => [status, result, damagedCount])).toEqual([
      ['COMPLETED', 0, 0],
    ]);
  });

  test('that is refused, or whose service is not there, refuses the destination', async () => {
    const set = (id?: string) => `ALTER SYSTEM SET DATA_BACKUP_DEST = '${text('data', id)}' TENANT = shop`;
    expect(await refusal(set('wrong'))).toBe(-9116);
    await sts.stop();
    expect(await refusal(set())).toBe(-9070);
  });
});
