import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTenant, errorOf, oneValue, startTestServer, type TestServer } from '../server/server-fixture.ts';
import { watchEngineWorkers } from '../tenants/engine-workers.ts';

const workers = watchEngineWorkers();
let server: TestServer;
let one: Connection;
let two: Connection;

beforeAll(async () => {
  server = await startTestServer();
  const sys = await server.connect();
  await createTenant(sys, 'shop');
  sys.destroy();
});
afterAll(async () => {
  workers.stop();
  await server?.stop();
});
beforeEach(async () => {
  for (const connection of [one, two]) connection?.destroy();
  one = await server.connect('root@shop', { database: 'test' });
  two = await server.connect('root@shop', { database: 'test' });
  await two.query('SET ob_trx_lock_timeout = 50000');
  await one.query('DROP TABLE IF EXISTS t');
  await one.query('CREATE TABLE t (id INT PRIMARY KEY)');
});

const rows = (client = one) => oneValue(client, 'SELECT COUNT(*) FROM t');

/** Whether OK says that a transaction is open. */
async function inTransaction(sql: string): Promise<boolean> {
  const [ok] = await one.query<ResultSetHeader>(sql);
  return ((ok.serverStatus ?? 0) & 1) !== 0;
}

test.each(['BEGIN', 'SET autocommit = 0'])(
  '%s: what an engine thread takes along is not committed in parts',
  async (begin) => {
    await one.query(begin);
    await one.query('INSERT INTO t VALUES (1)');
    await workers.lose();
    expect((await errorOf(one.query('INSERT INTO t VALUES (2)'))).errno).toBe(4016);
    for (const sql of [
      'INSERT INTO t VALUES (2)',
      'SELECT * FROM t',
      'COMMIT',
      'BEGIN',
      'CREATE USER u',
      'SAVEPOINT s',
    ])
      expect([sql, await errorOf(one.query(sql))]).toMatchObject([sql, { errno: 6224, sqlState: '25000' }]);
    if (begin !== 'BEGIN') expect((await errorOf(one.query('SET autocommit = 1'))).errno).toBe(6224);
    expect(await inTransaction('SET @a = 1')).toBe(true);
    expect(await inTransaction('ROLLBACK')).toBe(false);
    expect(await rows()).toBe(0);
    await one.query('INSERT INTO t VALUES (3)');
    await one.query('COMMIT');
    expect(await rows()).toBe(1);
  },
);

test('ROLLBACK needs no engine, COMMIT that does not find it fails', async () => {
  await one.query('BEGIN');
  await one.query('INSERT INTO t VALUES (1)');
  await workers.lose();
  await one.query('ROLLBACK');
  await one.query('BEGIN');
  await one.query('INSERT INTO t VALUES (2)');
  await workers.lose();
  expect((await errorOf(one.query('COMMIT'))).errno).toBe(4016);
  expect((await errorOf(one.query('COMMIT'))).errno).toBe(6224);
  await one.query('ROLLBACK');
  expect(await rows()).toBe(0);
});

test('account statements commit what is open, and nobody waits for himself', async () => {
  await one.query('BEGIN');
  await one.query('INSERT INTO t VALUES (1)');
  await one.query('CREATE USER IF NOT EXISTS u');
  expect(await inTransaction('ROLLBACK')).toBe(false);
  expect(await rows(two)).toBe(1);
  await one.query('BEGIN');
  await one.query('INSERT INTO t VALUES (2)');
  expect((await errorOf(one.query('SET GLOBAL wait_timeout = 1000'))).errno).toBe(1192);
  await one.query('ROLLBACK');
  await one.query('SET GLOBAL wait_timeout = 1000');
  await one.query('LOCK TABLES t WRITE');
  expect((await errorOf(one.query('GRANT SELECT ON test.* TO u'))).errno).toBe(1192);
  await one.query('UNLOCK TABLES');
  await one.query('GRANT SELECT ON test.* TO u');
});

test('FLUSH TABLES WITH READ LOCK: 1205 for others until UNLOCK TABLES', async () => {
  await one.query('FLUSH TABLES WITH READ LOCK');
  expect((await errorOf(two.query('INSERT INTO t VALUES (1)'))).errno).toBe(1205);
  await one.query('UNLOCK TABLES');
  await two.query('INSERT INTO t VALUES (1)');
  expect((await errorOf(one.query('FLUSH NONSENSE'))).errno).toBe(1064);
  const sys = await server.connect();
  expect((await errorOf(sys.query('FLUSH TABLES WITH READ LOCK'))).errno).toBe(1235);
  await sys.query('FLUSH PRIVILEGES');
  sys.destroy();
});

test('a statement that fails says too whether a transaction is open', async () => {
  await one.query('BEGIN');
  await one.query('INSERT INTO t VALUES (1)');
  expect((await errorOf(one.query('CREATE TABLE t (id INT)'))).errno).toBe(1050);
  expect(await inTransaction('SET @a = 1')).toBe(false);
  await one.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');
  await one.query('INSERT INTO t VALUES (2)');
  // The level was for that statement: this one does not wait for the writer.
  await two.query('BEGIN');
  await two.query('INSERT INTO t VALUES (3)');
  await one.query('SET ob_trx_lock_timeout = 50000');
  await one.query('BEGIN');
  expect(await rows()).toBe(2);
  for (const client of [one, two]) await client.query('ROLLBACK');
});
