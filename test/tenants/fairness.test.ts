import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { abandonMs } from '../../src/tenants/embedded/patience.ts';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, mysqlTenant } from './engine-fixture.ts';
import { rootContext, type SqlClient, sqlClient } from './sql-fixture.ts';

/** A product of this many rows by itself takes SQLite minutes. */
const manyRows = 60_000;
/** The statements below would hold everybody up for minutes; a loaded machine takes its time as well. */
const patienceMs = 20_000;
const endless = 'SELECT count(*) FROM many a JOIN many b ON a.v <> b.v + 1 WHERE a.w + b.w > -1';

let place: EnginePlace;
let busy: TenantEngine;
let other: TenantEngine;

beforeAll(async () => {
  // One thread for all: whoever holds it holds up everybody.
  // Two guests: one for the statement of minutes, one for who takes long beside it.
  place = enginePlace({ engineThreads: 1, guestThreads: 2, synchronous: 'NORMAL' });
  for (const tenantId of [1002, 1004]) await place.engines.create(tenantId, mysqlTenant);
  busy = await place.engines.open(1002);
  other = await place.engines.open(1004);
  const client = await sqlClient(busy);
  await client.ok('CREATE TABLE many (id INT PRIMARY KEY AUTO_INCREMENT, v INT, w INT, t VARCHAR(64))');
  await client.ok(
    `INSERT INTO many (v, w, t) VALUES ${Array.from({ length: 1000 }, (_, i) => `(${i}, ${i % 7}, 'row ${i}')`)}`,
  );
  await client.ok(
    `INSERT INTO many (v, w, t) SELECT a.v * 1000 + b.v, b.w, concat(a.t, b.t) FROM many a, many b WHERE b.id <= ${manyRows / 1000 - 1}`,
  );
  await (await sqlClient(other)).ok('CREATE TABLE small (id INT PRIMARY KEY, v INT)');
});
afterAll(() => place.end());

/** Runs a statement of minutes that its session ends, and finds both guest threads free again. */
async function ended(client: SqlClient, sql: string, afterMs: number): Promise<void> {
  const failure = client.fails(sql);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  client.session.interrupt();
  expect((await failure).errno).toBe(1317);
  const beside = await sqlClient(busy);
  const all = await Promise.all([client, beside].map((each) => each.rows('SELECT id, t FROM many ORDER BY id')));
  for (const rows of all) expect(rows).toHaveLength(manyRows);
}

async function longest(work: () => Promise<unknown>, forMs: number): Promise<number> {
  let most = 0;
  for (const end = performance.now() + forMs; performance.now() < end; ) {
    const from = performance.now();
    await work();
    most = Math.max(most, performance.now() - from);
  }
  return most;
}

describe('a long read', () => {
  test('holds up nobody on its engine thread, and ends when told', async () => {
    const [long, same, foreign] = await Promise.all([sqlClient(busy), sqlClient(busy), sqlClient(other)]);
    const failure = long.fails(endless);
    let id = 0;
    const most = await longest(async () => {
      expect(await same.value('SELECT v FROM many WHERE id = 5')).toBe('4');
      await foreign.ok(`INSERT INTO small VALUES (${++id}, 1)`);
    }, 1_500);
    // Before anything is expected: the other tests need the guest thread.
    long.session.interrupt();
    expect((await failure).errno).toBe(1317);
    expect(id).toBeGreaterThan(3);
    expect(most).toBeLessThan(patienceMs);
    expect(await long.value('SELECT 1')).toBe('1');
  });

  test('in a read-committed transaction moves, too', async () => {
    const [long, foreign] = await Promise.all([sqlClient(busy), sqlClient(other)]);
    await long.ok('BEGIN');
    const failure = long.fails(endless);
    const most = await longest(() => foreign.rows('SELECT 1'), 500);
    long.session.interrupt();
    expect((await failure).errno).toBe(1317);
    expect(most).toBeLessThan(patienceMs);
    expect((await long.ok('SET @a = 1').catch(() => null)) ?? null).toBeNull();
    await long.ok('ROLLBACK');
  });

  test('keeps a transaction open that it ran in', async () => {
    const client = await sqlClient(busy);
    await client.ok('BEGIN');
    const rows = await client.rows('SELECT id, t FROM many ORDER BY t');
    expect(rows).toHaveLength(manyRows);
    const { inTransaction } = await client.ok('SAVEPOINT a');
    expect(inTransaction).toBe(true);
    await client.ok('ROLLBACK');
  });

  test('that begins a repeatable transaction stays with its snapshot', async () => {
    const [client, writer] = await Promise.all([sqlClient(busy, { isolation: 'REPEATABLE-READ' }), sqlClient(busy)]);
    const long = 'SELECT sum(a.v * b.w) FROM many a JOIN many b ON b.id % 300 = a.id';
    // Known to take long from now on: it would go to another thread at once.
    const sum = await client.value(long);
    await client.ok('BEGIN');
    expect(await client.value(long)).toBe(sum);
    await writer.ok('UPDATE many SET w = w + 1 WHERE id = 600');
    expect(await client.value('SELECT w FROM many WHERE id = 600')).not.toBe(
      await writer.value('SELECT w FROM many WHERE id = 600'),
    );
    await client.ok('COMMIT');
    await writer.ok('UPDATE many SET w = w - 1 WHERE id = 600');
  });

  test('answers as a short one does', async () => {
    const client = await sqlClient(busy);
    const rows = await client.rows('SELECT id, t FROM many ORDER BY id');
    expect(rows.map(([id]) => Number(id))).toEqual(Array.from({ length: manyRows }, (_, i) => i + 1));
  });

  test('ends with OB_TIMEOUT at its deadline', async () => {
    const client = await sqlClient(busy);
    const nowUs = Date.now() * 1000;
    const request = { sql: endless, format: 'text', context: rootContext, nowUs, deadlineUs: nowUs + 400_000 } as const;
    const outcome = client.session.execute(request).then(async (reply) => {
      if (reply.kind === 'rows') for await (const _ of reply.batches);
    });
    await expect(outcome).rejects.toMatchObject({ errno: 4012 });
    expect(Date.now() * 1000 - nowUs).toBeLessThan(400_000 + (abandonMs + patienceMs) * 1000);
  });

  test.each([
    [
      'a product of small tables',
      'SELECT count(*) FROM s a, s b, s c, s d, s e, s f, s g, s h, s i WHERE a.v + i.v > -1',
    ],
    [
      'a product of a common table',
      'WITH c AS (SELECT v FROM many LIMIT 20000) SELECT count(*) FROM c a, c b WHERE a.v <> b.v',
    ],
    ['derived tables', 'SELECT count(*) FROM (SELECT v FROM many) a, (SELECT v FROM many) b WHERE a.v + b.v <> 1'],
    [
      'a recursive table',
      'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 100000000) SELECT count(*) FROM r',
    ],
    ['a subquery for each row', 'SELECT sum((SELECT count(*) FROM many b WHERE b.w <> a.w)) FROM many a'],
    ['a query without rows', 'SELECT a.id FROM many a, many b WHERE a.v + b.v = -5'],
  ])('of %s can be ended', async (_, sql) => {
    const client = await sqlClient(busy);
    await client.ok('CREATE TABLE IF NOT EXISTS s (id INT PRIMARY KEY, v INT)');
    await client.ok('REPLACE INTO s VALUES (1,1),(2,2),(3,3),(4,4),(5,5),(6,6),(7,7),(8,8),(9,9),(10,10)');
    await ended(client, sql, 150);
  });
});

describe('a long write', () => {
  test('said again without autocommit, while it runs, is part of its transaction', async () => {
    const first = await sqlClient(busy);
    const second = await sqlClient(busy, { autocommit: false, lockWaitTimeoutMs: 60_000 }, 31);
    const sum = async () => Number(await first.value('SELECT sum(w) FROM many'));
    const before = await sum();
    const text =
      'UPDATE many SET w = w + 1 WHERE (SELECT count(*) FROM many b WHERE b.id < 200 AND b.t <> many.w) > -1';
    const writing = first.ok(text);
    // It has left the engine thread by then, and its plan says so.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await second.ok(text)).affectedRows).toBe(manyRows);
    await writing;
    await second.ok('COMMIT');
    expect(await sum()).toBe(before + 2 * manyRows);
  });

  test('of its own moves, holds up no reader, and is there afterwards', async () => {
    const [long, same, foreign] = await Promise.all([sqlClient(busy), sqlClient(busy), sqlClient(other)]);
    await long.ok('CREATE TABLE made (a INT, b INT)');
    const source = await busy.log();
    const before = await source.barrier();
    const from = performance.now();
    const writing = long.ok('INSERT INTO made SELECT a.v, b.v FROM many a, many b WHERE a.id <= 80 AND b.v <> a.v + 1');
    const most = await longest(() => foreign.rows('SELECT 1'), 300);
    expect(await same.value('SELECT count(*) FROM made')).toBe('0');
    const written = await writing;
    expect(most).toBeLessThan((performance.now() - from) / 2);
    expect(written.affectedRows).toBeGreaterThan(4_000_000);
    expect(await same.value('SELECT count(*) FROM made')).toBe(String(written.affectedRows));
    const after = await source.barrier();
    expect(after.scn > before.scn).toBe(true);
    expect(after.position['frame']).toBeGreaterThan(before.position['frame'] as number);
    const snapshot = await busy.pin();
    expect(snapshot.scn <= (await source.barrier()).scn && snapshot.scn > before.scn).toBe(true);
    await snapshot.release();
    await same.ok('INSERT INTO made VALUES (1, 1)');
    await same.ok('DROP TABLE made');
  });

  test('that is ended leaves nothing, and others write on', async () => {
    const [long, same] = await Promise.all([sqlClient(busy), sqlClient(busy)]);
    await long.ok('CREATE TABLE gone (a INT, b INT)');
    await ended(long, 'INSERT INTO gone SELECT a.v, b.v FROM many a, many b WHERE b.v <> a.v + 1', 600);
    await same.ok('INSERT INTO gone VALUES (1, 1)');
    expect(await same.value('SELECT count(*) FROM gone')).toBe('1');
    await same.ok('DROP TABLE gone');
  });
});

describe('work inside of SQLite that cannot be stopped', () => {
  /** Sorts without a WHERE that could be looked into: SQLite makes the index in one go. */
  const index = 'CREATE INDEX it ON big (t, v, w)';

  test('holds up nobody, is given up by its client, and comes to nothing', async () => {
    const [long, same, foreign] = await Promise.all([sqlClient(busy), sqlClient(busy), sqlClient(other)]);
    await long.ok('CREATE TABLE big (id INT PRIMARY KEY AUTO_INCREMENT, v INT, w INT, t VARCHAR(200))');
    await long.ok(
      "INSERT INTO big (v, w, t) SELECT a.v * 7919 % 1000, b.w, concat(repeat('x', 40), a.t, b.t) FROM many a, many b WHERE b.id <= 12",
    );
    const failure = long.fails(index);
    await foreign.rows('SELECT 1');
    const from = performance.now();
    long.session.interrupt();
    expect((await failure).errno).toBe(1317);
    expect(performance.now() - from).toBeLessThan(abandonMs + patienceMs);
    // The connection is free; what it left finds its end and is not there.
    expect(await long.value('SELECT 1')).toBe('1');
    await same.with({ lockWaitTimeoutMs: 30_000 }).ok('INSERT INTO big (v, w, t) VALUES (1, 1, 1)');
    expect(await same.rows("SHOW INDEX FROM big WHERE Key_name = 'it'")).toEqual([]);
    await same.ok('DELETE FROM big WHERE id > 100000');
    await same.ok(index);
    expect(await same.rows("SHOW INDEX FROM big WHERE Key_name = 'it'")).toHaveLength(3);
    expect(await same.rows('CHECK TABLE big')).toEqual([['test.big', 'check', 'status', 'OK']]);
  });
});

describe('a tenant', () => {
  test('is dropped while it is scanned', async () => {
    await place.engines.create(1006, mysqlTenant);
    const engine = await place.engines.open(1006);
    const client = await sqlClient(engine);
    await client.ok('CREATE TABLE n (id INT PRIMARY KEY AUTO_INCREMENT, v INT)');
    await client.ok(`INSERT INTO n (v) VALUES ${Array.from({ length: 5000 }, (_, i) => `(${i})`)}`);
    const failure = client.fails('SELECT count(*) FROM n a, n b, n c WHERE a.v + b.v + c.v <> 1');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const from = performance.now();
    await place.engines.drop(1006);
    expect(performance.now() - from).toBeLessThan(patienceMs);
    expect((await failure).errno).toBe(1317);
  });
});
