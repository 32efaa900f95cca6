import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogFileName } from '../../src/catalog/open-catalog.ts';
import { backupJob } from '../catalog/sample-rows.ts';
import { openAt, standingClock } from '../catalog/scratch.ts';
import { oneValue, rowsOf, startTestServer, type TestServer } from '../server/server-fixture.ts';

/** Ended jobs of a tenant that is gone; the last job's id is beyond what a number holds. */
const startUs = [1_704_067_199_999_999, 1_711_846_799_999_999, 1_711_846_800_000_000, 0, 1];
const endUs = [null, 1_711_846_800_000_000, 1_729_990_800_000_001, 1, null];
const zones = ['+08:00', '-03:30', 'UTC', 'Europe/Berlin', 'Asia/Shanghai', 'SYSTEM'];
const query = 'SELECT * FROM oceanbase.CDB_OB_BACKUP_JOBS WHERE TENANT_ID = ';

const directory = mkdtempSync(join(tmpdir(), 'obvault-times-'));
let server: TestServer;
let client: Connection;

beforeAll(async () => {
  const catalog = openAt(directory, standingClock());
  await catalog.transaction(({ backups }) => {
    startUs.forEach((us, i) => {
      backups.jobs.insert({
        ...{ ...backupJob, tenantId: 1002, jobId: i + 1, status: 'COMPLETED' },
        ...{ startUs: us, endUs: endUs[i] ?? null },
      });
    });
  });
  await catalog.close();
  server = await startTestServer({ dataDir: directory, jobLingerMs: 1e12 });
  client = await server.connect('root@sys', { supportBigNumbers: true, bigNumberStrings: true });
});
afterAll(async () => {
  client?.destroy();
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('rows are those of a derived table, whose times SQLite makes, in both protocols and every zone', async () => {
  const seen = new Set<string>();
  for (const zone of zones) {
    await client.query(`SET time_zone = '${zone}'`);
    const texts = await rowsOf(client, `SELECT * FROM (${query}1002) AS d ORDER BY JOB_ID`);
    expect(texts.length).toBe(startUs.length);
    expect(await rowsOf(client, `${query}1002`)).toEqual(texts);
    const [prepared] = await client.execute(`${query}?`, [1002]);
    expect(prepared).toEqual((await client.execute(`SELECT * FROM (${query}?) AS d ORDER BY JOB_ID`, [1002]))[0]);
    seen.add(String(texts[0]!['START_TIMESTAMP']));
  }
  expect(seen.size).toBeGreaterThan(3);
  await client.query("SET time_zone = '+08:00'");
  expect(await oneValue(client, `SELECT START_TIMESTAMP FROM (${query}1002) AS d WHERE JOB_ID = 4`)).toBe(
    '1970-01-01 08:00:00.000000',
  );
});

test('a view shows at once what was committed, also to a prepared statement', async () => {
  const statement = await client.prepare('SELECT VALUE FROM oceanbase.CDB_OB_SYS_VARIABLES WHERE NAME = ?');
  const text = "SELECT VALUE FROM oceanbase.CDB_OB_SYS_VARIABLES WHERE NAME = 'wait_timeout'";
  for (let seconds = 100; seconds < 120; seconds++) {
    await client.query(`SET GLOBAL wait_timeout = ${seconds}`);
    expect(await oneValue(client, text)).toBe(String(seconds));
    expect((await statement.execute(['wait_timeout']))[0]).toEqual([{ VALUE: String(seconds) }]);
  }
  await statement.close();
});

test('many reads between writes leave the log short', async () => {
  for (let i = 0; i < 200; i++) {
    await client.query(`SET GLOBAL wait_timeout = ${100 + i}`);
    await rowsOf(client, `${query}1002`);
  }
  const other = new Database(join(directory, catalogFileName));
  const [{ busy, log }] = other.pragma('wal_checkpoint(PASSIVE)') as [{ busy: number; log: number }];
  other.close();
  expect(busy).toBe(0);
  expect(log).toBeLessThan(2000);
});

test('integers beyond 2^53 are exact, whenever they appear', async () => {
  const ids = async () => (await rowsOf(client, `${query}1004`)).map((row) => String(row['JOB_ID']));
  expect(await ids()).toEqual([]);
  await server.restart();
  client = await server.connect('root@sys', { supportBigNumbers: true, bigNumberStrings: true });
  expect((await rowsOf(client, `${query}1002`)).length).toBe(startUs.length);
  await server.stop();
  const database = new Database(join(directory, catalogFileName));
  database.exec('UPDATE backup_job SET job_id = 9007199254740993 WHERE job_id = 5');
  database.close();
  server = await startTestServer({ dataDir: directory, jobLingerMs: 1e12 });
  client = await server.connect('root@sys', { supportBigNumbers: true, bigNumberStrings: true });
  for (let i = 0; i < 2; i++)
    expect((await rowsOf(client, `${query}1002`)).map((row) => row['JOB_ID'])).toContain('9007199254740993');
  const [row] = await rowsOf(client, `${query}1002 ORDER BY JOB_ID DESC LIMIT 1`);
  expect(row).toMatchObject({ JOB_ID: '9007199254740993', START_TIMESTAMP: '1970-01-01 08:00:00.000001' });
});
