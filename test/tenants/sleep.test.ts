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

/** How often others get an answer while `work` runs, and how long it runs. */
async function beside(work: Promise<unknown>): Promise<{ answers: number; ms: number }> {
  const from = performance.now();
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  let answers = 0;
  for (; !over; answers++) {
    await Promise.all([same.rows('SELECT id FROM t'), other.rows('SELECT id FROM o')]);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await ended;
  return { answers, ms: performance.now() - from };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('SLEEP', () => {
  it('over rows takes its time for each of them and holds up nobody', async () => {
    const work = client.rows('SELECT id, SLEEP(0.2) FROM t ORDER BY id');
    const { answers, ms } = await beside(work);
    expect(await work).toEqual([
      ['1', '0'],
      ['2', '0'],
      ['3', '0'],
    ]);
    expect(ms).toBeGreaterThanOrEqual(590);
    expect(answers).toBeGreaterThan(20);
  });

  it('in a write and in a transaction writes once', async () => {
    const { ms } = await beside(client.ok('UPDATE t SET v = v + 1 + SLEEP(0.1) WHERE id < 3'));
    expect(ms).toBeGreaterThanOrEqual(190);
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
    for (const text of ['SELECT SLEEP(30) FROM t', 'UPDATE t SET v = 7 + SLEEP(30)']) {
      const failure = client.fails(text);
      await pause(50);
      const from = performance.now();
      client.session.interrupt();
      expect((await failure).errno).toBe(1317);
      expect(performance.now() - from).toBeLessThan(900);
    }
    expect(await client.value('SELECT COUNT(*) FROM t WHERE v = 7')).toBe('0');
  });

  it('ends at the deadline', async () => {
    const from = performance.now();
    const nowUs = Date.now() * 1000;
    const request = { sql: 'SELECT SLEEP(30) FROM t', format: 'text', context: rootContext, nowUs } as const;
    await expect(client.session.execute({ ...request, deadlineUs: nowUs + 200_000 })).rejects.toMatchObject({
      errno: 4012,
    });
    expect(performance.now() - from).toBeLessThan(1100);
  });

  it('sleeps in a thread of its own when the statement goes there, and ends there as well', async () => {
    await client.ok('CREATE TABLE many (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(1000))');
    await client.ok(`INSERT INTO many (v) VALUES ${Array.from({ length: 3000 }, () => `(REPEAT('x', 1000))`)}`);
    const { ms, answers } = await beside(client.rows('SELECT id, v, IF(id = 2990 OR id = 5, SLEEP(0.2), 0) FROM many'));
    expect(ms).toBeGreaterThanOrEqual(390);
    expect(answers).toBeGreaterThan(20);
    const failure = client.fails('SELECT id, v, IF(id = 2990, SLEEP(30), 0) FROM many');
    await pause(300);
    const from = performance.now();
    client.session.interrupt();
    expect((await failure).errno).toBe(1317);
    expect(performance.now() - from).toBeLessThan(900);
  });

  it('refuses what is no time', async () => {
    expect((await client.fails('SELECT SLEEP(-1) FROM t')).errno).toBe(1210);
  });
});
