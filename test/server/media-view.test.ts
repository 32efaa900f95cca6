import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { s3Address } from '../media/s3-root.ts';
import { S3Double } from '../media/servers/s3-double.ts';
import { createTenant, errorOf, type Row, rowsOf, startTestServer, type TestServer } from './server-fixture.ts';

let double: S3Double;
let server: TestServer;
let sys: Connection;
beforeAll(async () => {
  double = await S3Double.start();
  server = await startTestServer();
  sys = await server.connect('root@sys', { database: 'oceanbase' });
  await createTenant(sys, 'shop');
});
afterAll(async () => {
  sys?.destroy();
  await server?.stop();
  await double?.stop();
});

const secret = () => s3Address(double).authorization;

function destination(directory: string): string {
  const { host, path } = s3Address(double);
  const { accessId, accessKey } = secret();
  return `${path}/${directory}?host=http://${host}&access_id=${accessId}&access_key=${accessKey}&s3_region=us-east-1`;
}

async function countsOf(path: string): Promise<ReadonlyMap<unknown, Row>> {
  const rows = await rowsOf(sys, `SELECT * FROM GV$OB_BACKUP_MEDIA WHERE PATH = '${path}'`);
  return new Map(rows.map((row) => [row['OPERATION'], row]));
}

test('what SET asks of a destination is shown to sys, with its retries, and without a secret', async () => {
  expect(await rowsOf(sys, 'SELECT * FROM GV$OB_BACKUP_MEDIA')).toEqual([]);
  double.faults.add({ on: ['PutObject'], deed: { deed: 'refuse', status: 503, code: 'SlowDown' } });
  await sys.query(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${destination('data')}' TENANT = shop`);
  const counts = await countsOf('s3://bucket/dest/data');
  const puts = counts.get('putSmall')!;
  // The probe tries a name that is taken.
  const FAILURE_KINDS = 'throttled 1, alreadyExists 1';
  expect(puts).toMatchObject({ SVR_PORT: 2882, RUNNING: 0, FAILURES: 2, FAILURE_KINDS, RETRIES: 1 });
  expect(Number(puts['CALLS'])).toBeGreaterThan(1);
  expect(Number(puts['BYTES_OUT'])).toBeGreaterThan(0);
  expect(Number(puts['TOTAL_TIME_US'])).toBeGreaterThanOrEqual(Number(puts['MAX_TIME_US']));
  const classes = ['CALLS_10MS', 'CALLS_100MS', 'CALLS_1S', 'CALLS_10S', 'CALLS_SLOWER'];
  expect(classes.reduce((sum, name) => sum + Number(puts[name]), 0)).toBe(Number(puts['CALLS']));
  expect(Number(counts.get('read')!['BYTES_IN'])).toBeGreaterThan(0);
  const shown = JSON.stringify([...counts.values()]);
  for (const word of [secret().accessKey, secret().accessId, 'access_key']) expect(shown).not.toContain(word);
});

test('it can be asked as any view is', async () => {
  const [row] = await rowsOf(
    sys,
    'SELECT PATH, SUM(CALLS) AS calls, SUM(FAILURES) AS failures FROM V$OB_BACKUP_MEDIA GROUP BY PATH ORDER BY calls DESC',
  );
  expect(row?.['PATH']).toBe('s3://bucket/dest/data');
  expect(Number(row?.['calls'])).toBeGreaterThan(Number(row?.['failures']));
  const shop = await server.connect('root@shop', { database: 'oceanbase' });
  try {
    expect(await errorOf(shop.query('SELECT * FROM V$OB_BACKUP_MEDIA'))).toMatchObject({ errno: 1146 });
  } finally {
    shop.destroy();
  }
});

test('of a backup to files what threads wrote and read back themselves is counted too', async () => {
  const root = join(server.dataDir, '..', 'dest');
  const shop = await server.connect('root@shop', { database: 'oceanbase' });
  try {
    await sys.query(`ALTER SYSTEM SET DATA_BACKUP_DEST = 'file://${root}/data' TENANT = shop`);
    await sys.query(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file://${root}/log' TENANT = shop`);
    await sys.query('ALTER SYSTEM ARCHIVELOG TENANT = shop');
    const status = 'SELECT STATUS FROM DBA_OB_ARCHIVELOG';
    await expect.poll(async () => (await rowsOf(shop, status))[0]?.['STATUS']).toBe('DOING');
    await shop.query('CREATE DATABASE d');
    await shop.query('CREATE TABLE d.t (a VARCHAR(20000))');
    for (let i = 0; i < 20; i++) await shop.query('INSERT INTO d.t VALUES (?)', [randomBytes(5_000).toString('hex')]);
    await shop.query('ALTER SYSTEM BACKUP DATABASE');
    const ended = 'SELECT STATUS FROM DBA_OB_BACKUP_JOB_HISTORY';
    await expect.poll(async () => (await rowsOf(shop, ended))[0]?.['STATUS']).toBe('COMPLETED');
    const before = await countsOf(`file://${root}/data`);
    expect(Number(before.get('publish')!['BYTES_OUT'])).toBeGreaterThan(100_000);
    await shop.query('ALTER SYSTEM VALIDATE BACKUPSET');
    const validated = 'SELECT STATUS FROM DBA_OB_BACKUP_VALIDATE_JOB_HISTORY';
    await expect.poll(async () => (await rowsOf(shop, validated))[0]?.['STATUS']).toBe('COMPLETED');
    const after = await countsOf(`file://${root}/data`);
    const read = (rows: ReadonlyMap<unknown, Row>) => Number(rows.get('readAt')?.['BYTES_IN']);
    expect(read(after) - read(before)).toBeGreaterThan(100_000);
  } finally {
    shop.destroy();
  }
  expect((await countsOf(`file://${root}/log`)).has('append')).toBe(true);
});

test('a restart begins at zero', async () => {
  await server.restart();
  sys.destroy();
  sys = await server.connect('root@sys', { database: 'oceanbase' });
  expect(await rowsOf(sys, "SELECT * FROM GV$OB_BACKUP_MEDIA WHERE PATH LIKE 's3:%'")).toEqual([]);
});
