import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginePlace, mysqlTenant } from './engine-fixture.ts';
import { rootContext, type SqlClient, sqlClient } from './sql-fixture.ts';

// One thread for all: whoever holds it holds up everybody.
const place = enginePlace({ engineThreads: 1, guestThreads: 1, synchronous: 'NORMAL' });
let client: SqlClient;
let same: SqlClient;
let other: SqlClient;

beforeAll(async () => {
  for (const tenantId of [1002, 1004]) await place.engines.create(tenantId, mysqlTenant);
  const engine = await place.engines.open(1002);
  [client, same, other] = await Promise.all([
    sqlClient(engine),
    sqlClient(engine, {}, 2),
    sqlClient(await place.engines.open(1004), {}, 3),
  ]);
  await client.ok('CREATE TABLE t (id INT PRIMARY KEY, v INT)');
  await client.ok('INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)');
  await other.ok('CREATE TABLE o (id INT PRIMARY KEY)');
});
afterAll(() => place.end());

/** How long a statement takes, and that it gives others the thread meanwhile: they get answers before it has one. */
async function beside(work: Promise<unknown>): Promise<number> {
  const from = performance.now();
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  await othersAnswer();
  expect(over).toBe(false);
  await ended;
  return performance.now() - from;
}

async function othersAnswer(): Promise<void> {
  for (let i = 0; i < 3; i++) await Promise.all([same.rows('SELECT id FROM t'), other.rows('SELECT id FROM o')]);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A statement that ends only because it is told to: nobody waits for its sleep. */
async function interrupted(text: string): Promise<void> {
  const failure = client.fails(text);
  await othersAnswer();
  await pause(50);
  client.session.interrupt();
  expect((await failure).errno).toBe(1317);
}

describe('SLEEP', () => {
  it('over rows takes its time for each of them and holds up nobody', async () => {
    const work = client.rows('SELECT id, SLEEP(1.5) FROM t ORDER BY id');
    const ms = await beside(work);
    expect(await work).toEqual([
      ['1', '0'],
      ['2', '0'],
      ['3', '0'],
    ]);
    expect(ms).toBeGreaterThanOrEqual(4_490);
  });

  it('in a write and in a transaction writes once', async () => {
    const ms = await beside(client.ok('UPDATE t SET v = v + 1 + SLEEP(0.5) WHERE id < 3'));
    expect(ms).toBeGreaterThanOrEqual(990);
    await client.ok('BEGIN');
    await client.ok('UPDATE t SET v = v + 10');
    await client.ok('UPDATE t SET v = v + 100 + SLEEP(0.05) WHERE id = 1');
    await client.ok('INSERT INTO t VALUES (4, SLEEP(0.05))');
    await client.ok('COMMIT');
    expect(await client.rows('SELECT id, v FROM t ORDER BY id')).toEqual([
      ['1', '111'],
      ['2', '11'],
      ['3', '10'],
      ['4', '0'],
    ]);
    await client.ok('DELETE FROM t WHERE id = 4');
  });

  it('ends at once when the statement is ended, and the session goes on', async () => {
    for (const text of ['SELECT SLEEP(3000) FROM t', 'UPDATE t SET v = 7 + SLEEP(3000)']) await interrupted(text);
    expect(await client.value('SELECT COUNT(*) FROM t WHERE v = 7')).toBe('0');
  });

  it('ends at the deadline', async () => {
    const nowUs = Date.now() * 1000;
    const request = { sql: 'SELECT SLEEP(3000) FROM t', format: 'text', context: rootContext, nowUs } as const;
    await expect(client.session.execute({ ...request, deadlineUs: nowUs + 200_000 })).rejects.toMatchObject({
      errno: 4012,
    });
    expect(Date.now() * 1000 - nowUs).toBeGreaterThanOrEqual(200_000);
  });

  it('sleeps in a thread of its own when the statement goes there, and ends there as well', async () => {
    await client.ok('CREATE TABLE many (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(1000))');
    await client.ok(`INSERT INTO many (v) VALUES ${Array.from({ length: 3000 }, () => `(REPEAT('x', 1000))`)}`);
    const ms = await beside(client.rows('SELECT id, v, IF(id = 2990 OR id = 5, SLEEP(1), 0) FROM many'));
    expect(ms).toBeGreaterThanOrEqual(1_990);
    await interrupted('SELECT id, v, IF(id = 2990, SLEEP(3000), 0) FROM many');
  });

  it('refuses what is no time', async () => {
    expect((await client.fails('SELECT SLEEP(-1) FROM t')).errno).toBe(1210);
  });
});
