import { performance } from 'node:perf_hooks';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, rowsOf, startTestServer, type TestServer } from './server-fixture.ts';

let server: TestServer;
let sleeper: Connection;
let other: Connection;

beforeAll(async () => {
  server = await startTestServer();
  [sleeper, other] = await Promise.all([server.connect(), server.connect()]);
});
afterAll(async () => {
  sleeper.destroy();
  other.destroy();
  await server.stop();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('SLEEP without a table holds up nobody', async () => {
  const from = performance.now();
  let over = false;
  const sleeping = rowsOf(sleeper, 'SELECT SLEEP(1.5) AS s, SLEEP(0.5) AS t').finally(() => {
    over = true;
  });
  for (let i = 0; i < 3; i++) await rowsOf(other, 'SELECT 1');
  expect(over).toBe(false);
  expect(await sleeping).toEqual([{ s: 0, t: 0 }]);
  expect(performance.now() - from).toBeGreaterThanOrEqual(1_990);
});

test('in SET and DO it holds up nobody either', async () => {
  for (const text of ['SET @a = 1 + SLEEP(3000)', 'DO SLEEP(3000)', 'SET @b = 7, @a = (SELECT SLEEP(3000))']) {
    const sleeping = sleeper.query(text);
    for (let i = 0; i < 3; i++) expect(await rowsOf(other, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await pause(50);
    await other.query(`KILL QUERY ${sleeper.threadId}`);
    await sleeping;
  }
  expect(await rowsOf(sleeper, 'SELECT @a AS a, @b AS b')).toEqual([{ a: 1, b: 7 }]);
  const from = performance.now();
  await sleeper.query('SET @a = 5 + SLEEP(0.3)');
  expect(performance.now() - from).toBeGreaterThanOrEqual(290);
  expect(await rowsOf(sleeper, 'SELECT @a AS a')).toEqual([{ a: 5 }]);
});

test('KILL QUERY ends it at once: 1 without a table, an error over a view', async () => {
  const sleeping = rowsOf(sleeper, 'SELECT SLEEP(3000) AS s');
  await pause(50);
  await other.query(`KILL QUERY ${sleeper.threadId}`);
  expect(await sleeping).toEqual([{ s: 1 }]);
  const failure = errorOf(sleeper.query('SELECT SLEEP(3000) FROM oceanbase.DBA_OB_TENANTS'));
  await pause(50);
  await other.query(`KILL QUERY ${sleeper.threadId}`);
  expect((await failure).errno).toBe(1317);
  expect(await rowsOf(sleeper, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('ob_query_timeout ends it', async () => {
  await sleeper.query('SET ob_query_timeout = 200000');
  expect((await errorOf(sleeper.query('SELECT SLEEP(30)'))).errno).toBe(4012);
  await sleeper.query('SET ob_query_timeout = 10000000');
});
