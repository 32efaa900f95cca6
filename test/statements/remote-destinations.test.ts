import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseRelease } from '../../src/base/release.ts';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import type { Answer, Login } from '../refusals/refusal.ts';
import { answerOf, archiveIsDoing, openScene, type Scene, until } from '../refusals/scene.ts';

const t: Login = 'root@t';
const sys: Login = 'root@sys';

let scene: Scene;
let double: S3Double;
beforeAll(async () => {
  double = await S3Double.start({ buckets: ['bucket', 'other'] });
  scene = await openScene({ tenants: ['t', 'u'], release: parseRelease('4.3.5') });
});
afterAll(async () => {
  await scene?.stop();
  await double?.stop();
});
beforeEach(() => {
  double.skewMs = 0;
  double.deniedPrefix = null;
});

const uri = (path: string, keys: { accessId: string; accessKey: string } = s3Keys, bucket = 'bucket') =>
  `s3://${bucket}/${path}?host=127.0.0.1:${double.port}&access_id=${keys.accessId}&access_key=${keys.accessKey}`;
const setData = (path: string) => `ALTER SYSTEM SET DATA_BACKUP_DEST = '${path}'`;

/** The answer, and what SHOW WARNINGS says then beside the error itself. */
async function sayAndAsk(as: Login, sql: string): Promise<Answer & { readonly hint: string }> {
  const client = await scene.session(as);
  const answer = await answerOf(() => client.query(sql));
  const [rows] = (await client.query('SHOW WARNINGS')) as unknown as [{ Level: string; Message: string }[]];
  client.destroy();
  const hint = rows.filter((row) => row.Level === 'Warning').map((row) => row.Message);
  return { ...answer, hint: hint.join() };
}

describe('SET of a destination on S3', () => {
  test('checks, registers and keeps the key sealed', async () => {
    await scene.ok(t, setData(`${uri('t/data/')}&max_iops=9`));
    const objects = [...double.bucket().objects.keys()].filter((key) => key.startsWith('t/data/')).sort();
    expect(objects.map((key) => key.replace(/\d{8}T\d{6}/, '<T>'))).toEqual([
      't/data/check_file/1002_connect_file_<T>.obbak',
      't/data/format.obbak',
    ]);
    const value = String(await scene.value(t, 'SELECT value FROM oceanbase.DBA_OB_BACKUP_PARAMETER'));
    expect(value).toMatch(
      /^s3:\/\/bucket\/t\/data\?host=127\.0\.0\.1:\d+&access_id=AKIADOUBLE&encrypt_key=[0-9a-f]+&checksum_type=md5$/,
    );
    const row = (await scene.rows(t, 'SELECT * FROM oceanbase.DBA_OB_BACKUP_STORAGE_INFO'))[0];
    expect(row).toMatchObject({
      PATH: 's3://bucket/t/data',
      ENDPOINT: `host=127.0.0.1:${double.port}`,
      EXTENSION: 'checksum_type=md5',
      AUTHORIZATION: expect.stringMatching(/^access_id=AKIADOUBLE&encrypt_key=[0-9a-f]+$/),
    });
  });

  test.each([
    [
      'a wrong key',
      () => uri('x', { ...s3Keys, accessKey: 'wrong' }),
      9116,
      'no I/O operation permission of the object storage',
    ],
    [
      'an unknown key',
      () => uri('x', { accessId: 'NOBODY', accessKey: 'wrong' }),
      9116,
      'no I/O operation permission of the object storage',
    ],
    ['a missing bucket', () => uri('x', s3Keys, 'nowhere'), 9120, 'cannot find object on object storage'],
    [
      'a closed port',
      () => uri('x').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'),
      9070,
      'can not connect to backup destination',
    ],
    [
      'a host that is none',
      () => uri('x').replace(/127\.0\.0\.1:\d+/, 'no host'),
      9118,
      'object storage endpoint is invalid',
    ],
  ])('%s is refused with its code, and told in SHOW WARNINGS', async (_, text, errno, message) => {
    const answer = await sayAndAsk(t, setData(text()));
    expect([answer.errno, answer.text]).toEqual([errno, message]);
    if (errno !== 9118) expect(answer.hint).toMatch(/^(denied|no container|network|unavailable) at /);
    expect(JSON.stringify(answer)).not.toContain('wrong');
    expect(JSON.stringify(answer)).not.toContain(s3Keys.accessKey);
  });

  test('a clock 20 minutes off is refused, and said to be that', async () => {
    double.skewMs = 1_200_000;
    const answer = await sayAndAsk(t, setData(uri('x')));
    expect([answer.errno, answer.text]).toEqual([9116, 'no I/O operation permission of the object storage']);
    expect(answer.hint).toMatch(/^clock skew at /);
  });

  test('what the probe may not do is 9071', async () => {
    double.deniedPrefix = 'closed/check_file/1002_append';
    const answer = await sayAndAsk(t, setData(uri('closed')));
    expect([answer.errno, answer.text]).toEqual([9071, 'no I/O operation permission at the backup destination']);
    expect(answer.hint).toMatch(/^denied at check_file\/1002_append_permission_file_/);
    expect([...double.bucket().objects.keys()].filter((key) => key.includes('permission_file'))).toEqual([]);
  });

  test('an archive in a hurry is refused', async () => {
    await scene.ok(t, `ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file://$DIR/lag'`);
    await scene.ok(t, `ALTER SYSTEM SET archive_lag_target = '10s'`);
    const location = `ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${uri('t/log')}'`;
    expect(await scene.say(t, location)).toMatchObject({
      errno: 4179,
      text: 'archive_lag_target is smaller than 60s, set log_archive_dest to S3 is not allowed',
    });
    await scene.ok(t, `ALTER SYSTEM SET archive_lag_target = '60s'`, location);
    expect(await scene.say(t, `ALTER SYSTEM SET archive_lag_target = '59s'`)).toMatchObject({ errno: 4179 });
  });
});

describe('RESTORE', () => {
  test('tells what the medium said, of the right path', async () => {
    await scene.ok(sys, "CREATE RESOURCE POOL spare UNIT = 'unit_t', UNIT_NUM = 1, ZONE_LIST = ('zone1')");
    const from = `${uri('x', s3Keys, 'other')},${uri('x', { ...s3Keys, accessKey: 'wrong' })}`;
    const answer = await sayAndAsk(sys, `ALTER SYSTEM RESTORE r FROM '${from}' WITH 'pool_list=spare'`);
    expect(answer.errno).toBe(9011);
    const second = await sayAndAsk(sys, `ALTER SYSTEM RESTORE r FROM '${from.split(',')[1]}' WITH 'pool_list=spare'`);
    expect([second.errno, second.text]).toEqual([9071, 'no I/O operation permission at the backup destination']);
    expect(second.hint).toMatch(/^denied at /);
    expect(second.hint).not.toContain('wrong');
  });
});

describe('other keys', () => {
  const newer = { accessId: 'AKIANEWER', accessKey: 'newer/secret' };
  const change = (path: string, clauses: string) =>
    `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = '${path}?host=127.0.0.1:${double.port}' ${clauses}`;
  const access = (keys: typeof newer) => `SET ACCESS_INFO = 'access_id=${keys.accessId}&access_key=${keys.accessKey}'`;
  const destIds = () => scene.rows(t, 'SELECT path, dest_id FROM oceanbase.DBA_OB_BACKUP_STORAGE_INFO ORDER BY path');

  test('SET again with them keeps the id and the format file', async () => {
    await scene.ok(t, setData(uri('again')));
    const before = [await destIds(), double.bucket().objects.get('again/format.obbak')];
    double.keys[newer.accessId] = newer.accessKey;
    await scene.ok(t, setData(uri('again', newer)));
    expect([await destIds(), double.bucket().objects.get('again/format.obbak')]).toEqual(before);
    const shown = 'SELECT authorization FROM oceanbase.DBA_OB_BACKUP_STORAGE_INFO WHERE path = ';
    expect(await scene.value(t, `${shown}'s3://bucket/again'`)).toMatch(/^access_id=AKIANEWER&/);
    expect(await scene.say(t, setData(uri('again', { ...newer, accessKey: 'guessed' })))).toMatchObject({
      errno: 9116,
    });
    expect(await scene.value(t, `${shown}'s3://bucket/again'`)).toMatch(/^access_id=AKIANEWER&/);
  });

  test('CHANGE EXTERNAL_STORAGE_DEST puts them everywhere, while the archive is running', async () => {
    await scene.ok('root@u', `ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${uri('u/log')}'`, setData(uri('u/data')));
    await scene.ok('root@u', 'ALTER SYSTEM ARCHIVELOG');
    await archiveIsDoing(scene, 'u');
    double.keys[newer.accessId] = newer.accessKey;
    for (const path of ['u/log', 'u/data']) await scene.ok('root@u', change(`s3://bucket/${path}`, access(newer)));
    for (const sql of [
      'SELECT value FROM oceanbase.DBA_OB_BACKUP_PARAMETER',
      "SELECT value FROM oceanbase.DBA_OB_ARCHIVE_DEST WHERE name = 'path'",
      'SELECT GROUP_CONCAT(authorization) FROM oceanbase.DBA_OB_BACKUP_STORAGE_INFO',
    ])
      expect(String(await scene.value('root@u', sql))).toMatch(/^(?!.*AKIADOUBLE).*AKIANEWER/);
    // The old pair is taken back: what runs goes on with the new one.
    delete double.keys[s3Keys.accessId];
    try {
      await scene.ok('root@u', 'CREATE DATABASE d', 'CREATE TABLE d.r (a INT)', 'INSERT INTO d.r VALUES (1), (2)');
      await scene.ok('root@u', 'ALTER SYSTEM BACKUP DATABASE');
      await until(
        () => scene.value('root@u', 'SELECT status FROM oceanbase.DBA_OB_BACKUP_SET_FILES'),
        (status) => status === 'SUCCESS',
      );
      expect(await scene.value('root@u', 'SELECT status FROM oceanbase.DBA_OB_ARCHIVELOG')).toBe('DOING');
    } finally {
      double.keys[s3Keys.accessId] = s3Keys.accessKey;
    }
  });

  test('is refused for what it cannot be', async () => {
    await scene.ok(t, setData(uri('refused')));
    const cases: readonly (readonly [string, number])[] = [
      [change('s3://bucket/never', access(newer)), 4018],
      [change('s3://bucket/refused', `SET ACCESS_INFO = 'access_id=a'`), 1210],
      [change('s3://bucket/refused', `SET ACCESS_INFO = 'access_id=a&access_key=b&host=c'`), 1210],
      [change('s3://bucket/refused', `SET ACCESS_INFO = 'access_id=a&encrypt_key=00'`), 9026],
      [change('s3://bucket/refused', `SET ATTRIBUTE = 'max_iops=many'`), 1210],
      [change('s3://bucket/refused', ''), 1210],
      [change('s3://bucket/refused', access({ accessId: 'AKIADOUBLE', accessKey: 'no' })), 9116],
      [`ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = '' ${access(newer)}`, 1210],
      [`ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = 'file:///x' ${access(newer)}`, 1235],
    ];
    for (const [sql, errno] of cases) expect([sql, (await scene.say(t, sql)).errno]).toEqual([sql, errno]);
    const shown = "SELECT authorization FROM oceanbase.DBA_OB_BACKUP_STORAGE_INFO WHERE path = 's3://bucket/refused'";
    expect(await scene.value(t, shown)).toMatch(/^access_id=AKIADOUBLE&/);
    double.bucket().objects.delete('refused/format.obbak');
    expect(await scene.say(t, change('s3://bucket/refused', access(s3Keys)))).toMatchObject({ errno: 9080 });
  });

  test('limits and keys in one statement', async () => {
    await scene.ok(t, setData(uri('limits')));
    double.keys[newer.accessId] = newer.accessKey;
    await scene.ok(t, change('s3://bucket/limits', `${access(newer)} ATTRIBUTE = 'max_bandwidth=2MB'`));
    const row = async () =>
      (await scene.rows(t, "SELECT * FROM oceanbase.DBA_OB_BACKUP_STORAGE_INFO WHERE path = 's3://bucket/limits'"))[0];
    expect(await row()).toMatchObject({
      ...{ MAX_IOPS: 0, MAX_BANDWIDTH: 2097152, MAX_BANDWIDTH_DISPLAY: '2.00MB/s' },
      AUTHORIZATION: expect.stringMatching(/^access_id=AKIANEWER&/),
    });
    for (const [limit, shown] of [
      ['max_bandwidth=0MB&max_iops=7', 'UNLIMITED'],
      ['max_bandwidth=1000B', '1000.00B/s'],
      ['max_bandwidth=1536GB', '1.50TB/s'],
    ] as const) {
      await scene.ok(t, change('s3://bucket/limits', `ATTRIBUTE = '${limit}'`));
      expect(await row()).toMatchObject({ MAX_IOPS: 7, MAX_BANDWIDTH_DISPLAY: shown });
    }
  });
});

describe('TEST DESTINATION', () => {
  const results = async (as: Login, text: string) =>
    Object.fromEntries(
      (await scene.rows(as, `ALTER SYSTEM TEST DESTINATION '${text}'`)).map((row) => [row['PROPERTY'], row]),
    );

  test('tells what S3 was found to do, as tenant and as sys, and leaves nothing', async () => {
    for (const as of [t, sys]) {
      const rows = await results(as, uri('tested'));
      expect(Object.keys(rows)).toHaveLength(14);
      expect(rows['CREATE ONLY']).toMatchObject({ RESULT: 'OK' });
      expect(rows['TAGGING']).toMatchObject({ RESULT: 'OK' });
      expect(rows['CLOCK DIFFERENCE']).toMatchObject({ RESULT: 'OK' });
      expect(rows['CLEAN UP']).toMatchObject({ RESULT: 'OK' });
      expect(Number(rows['WRITE']?.['LATENCY_MS'])).toBeGreaterThan(0);
      expect([...double.bucket().objects.keys()].filter((key) => key.startsWith('tested'))).toEqual([]);
      expect(double.bucket().uploads.size).toBe(0);
    }
  });

  test('takes the keys of a destination the tenant uses', async () => {
    await scene.ok(t, setData(uri('own')));
    const shown = `s3://bucket/own?host=127.0.0.1:${double.port}`;
    const rows = await results(t, shown);
    expect(rows['DELETE']).toMatchObject({ RESULT: 'OK' });
    expect(rows['CLEAN UP']).toMatchObject({ RESULT: 'OK' });
    expect((await scene.say('root@u', `ALTER SYSTEM TEST DESTINATION '${shown}'`)).errno).toBe(9026);
    expect((await scene.say(sys, `ALTER SYSTEM TEST DESTINATION '${shown}'`)).errno).toBe(9026);
  });

  test('a bucket that cannot exist is a trouble like any other', async () => {
    const rows = await results(t, `s3://B_/x?host=127.0.0.1:1&access_id=a&access_key=${s3Keys.accessKey}`);
    expect(rows['LIST']).toMatchObject({ RESULT: 'FAILED', DETAIL: expect.stringMatching(/^-9\d+ /) });
  });

  test('a trouble is a row with the code SET would answer, without the key', async () => {
    const rows = await results(t, uri('x', { ...s3Keys, accessKey: 'wrong' }));
    expect(rows['LIST']).toMatchObject({ RESULT: 'FAILED', DETAIL: expect.stringMatching(/^-9116 denied at /) });
    expect(rows['WRITE']).toMatchObject({ RESULT: 'SKIPPED', LATENCY_MS: null });
    expect(JSON.stringify(rows)).not.toContain('wrong');
  });

  test('a text that is none is refused as by SET, and so is who may not', async () => {
    expect(await scene.say(t, "ALTER SYSTEM TEST DESTINATION 's3://b/d'")).toMatchObject({ errno: 9026 });
    expect(await scene.say(t, "ALTER SYSTEM TEST DESTINATION ''")).toMatchObject({ errno: 9026 });
    expect(await scene.say(t, 'ALTER SYSTEM TEST DESTINATION')).toMatchObject({ errno: 1064 });
    await scene.ok(t, 'CREATE USER bob');
    expect(await scene.say('bob@t', "ALTER SYSTEM TEST DESTINATION 'file://$DIR/x'")).toMatchObject({ errno: 1227 });
  });

  test('a directory is tested without being registered', async () => {
    const rows = await results(t, scene.fill('file://$DIR/tested'));
    expect(rows['FREE SPACE']).toMatchObject({ RESULT: 'OK' });
    expect(rows['TAGGING']).toMatchObject({ RESULT: 'NO' });
    expect(await scene.rows(t, "SELECT 1 FROM oceanbase.DBA_OB_BACKUP_STORAGE_INFO WHERE path LIKE '%tested'")).toEqual(
      [],
    );
    await scene.ok(t, setData('file://$DIR/tested'));
  });
});
