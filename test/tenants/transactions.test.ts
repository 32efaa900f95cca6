import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, mysqlTenant } from './engine-fixture.ts';
import { drain, rootContext, type SqlClient, sqlClient } from './sql-fixture.ts';

let place: EnginePlace;
let engine: TenantEngine;
let one: SqlClient;
let two: SqlClient;

beforeAll(async () => {
  place = enginePlace();
  await place.engines.create(1001, mysqlTenant);
  engine = await place.engines.open(1001);
});
afterAll(() => place.end());

beforeEach(async () => {
  await one?.session.close();
  await two?.session.close();
  one = await sqlClient(engine, {}, 1);
  two = await sqlClient(engine, {}, 2);
  await one.ok('DROP TABLE IF EXISTS t');
  await one.ok('CREATE TABLE t (id INT PRIMARY KEY, n INT, UNIQUE KEY u (n))');
  await one.ok('INSERT INTO t VALUES (1, 10), (2, 20)');
});

describe('isolation', () => {
  test('READ COMMITTED sees commits of others, never their open work', async () => {
    await one.ok('BEGIN');
    await two.ok('BEGIN');
    await two.ok('UPDATE t SET n = 11 WHERE id = 1');
    expect(await one.value('SELECT n FROM t WHERE id = 1')).toBe('10');
    expect(await two.value('SELECT n FROM t WHERE id = 1')).toBe('11');
    await two.ok('COMMIT');
    expect(await one.value('SELECT n FROM t WHERE id = 1')).toBe('11');
    await one.ok('COMMIT');
  });

  test('REPEATABLE READ and a consistent snapshot stand still', async () => {
    const repeatable = one.with({ isolation: 'REPEATABLE-READ' });
    await repeatable.ok('BEGIN');
    expect(await repeatable.value('SELECT n FROM t WHERE id = 1')).toBe('10');
    const third = await sqlClient(engine, {}, 3);
    await third.ok('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    await two.ok('UPDATE t SET n = 12 WHERE id = 1');
    expect(await repeatable.value('SELECT n FROM t WHERE id = 1')).toBe('10');
    expect(await third.value('SELECT n FROM t WHERE id = 1')).toBe('10');
    await repeatable.ok('COMMIT');
    await third.session.close();
    expect(await repeatable.value('SELECT n FROM t WHERE id = 1')).toBe('12');
  });

  test('serializable transactions wait for each other', async () => {
    const a = one.with({ isolation: 'SERIALIZABLE' });
    const b = two.with({ isolation: 'SERIALIZABLE', lockWaitTimeoutMs: 30 });
    await a.ok('BEGIN');
    await a.rows('SELECT * FROM t');
    await b.ok('BEGIN');
    expect(await b.fails('SELECT * FROM t')).toMatchObject({ errno: 1205 });
    await a.ok('ROLLBACK');
    expect(await b.rows('SELECT id FROM t')).toHaveLength(2);
  });
});

test('a serializable transaction that cannot write reads what stands still', async () => {
  const serial = one.with({ isolation: 'SERIALIZABLE' });
  await serial.ok('START TRANSACTION READ ONLY');
  expect(await serial.value('SELECT n FROM t WHERE id = 1')).toBe('10');
  await two.ok('UPDATE t SET n = 11 WHERE id = 1');
  expect(await serial.value('SELECT n FROM t WHERE id = 1')).toBe('10');
  await serial.ok('COMMIT');
});

test('foreign_key_checks holds for a whole transaction', async () => {
  const off = one.with({ foreignKeyChecks: false });
  await one.ok('BEGIN');
  await one.ok('DELETE FROM t WHERE id = 2');
  // Without foreign keys it makes no difference.
  await off.ok('INSERT INTO t VALUES (3, 30)');
  await one.ok('CREATE TABLE child (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES t (id))');
  const child = 'INSERT INTO child VALUES (9)';
  await one.ok('BEGIN');
  await one.ok('INSERT INTO t VALUES (4, 40)');
  expect(await off.fails(child)).toMatchObject({ errno: 1235 });
  expect(await one.fails(child)).toMatchObject({ errno: 1452 });
  await one.ok('COMMIT');
  await off.ok('BEGIN');
  await off.ok(child);
  expect(await one.fails('INSERT INTO child VALUES (8)')).toMatchObject({ errno: 1235 });
  await off.ok('COMMIT');
  expect(await one.rows('SELECT id FROM child')).toEqual([['9']]);
  await one.ok('DROP TABLE child');
});

describe('transactions', () => {
  test('ROLLBACK, savepoints and the transaction flag', async () => {
    expect(await one.ok('BEGIN')).toMatchObject({ inTransaction: true });
    await one.ok('SAVEPOINT early');
    await one.ok('INSERT INTO t VALUES (3, 30)');
    await one.ok('SAVEPOINT s');
    await one.ok('DELETE FROM t');
    await one.ok('ROLLBACK TO SAVEPOINT s');
    expect(await one.value('SELECT count(*) FROM t')).toBe('3');
    await one.ok('ROLLBACK TO early');
    expect(await one.value('SELECT count(*) FROM t')).toBe('2');
    expect(await one.fails('ROLLBACK TO s')).toMatchObject({ errno: 1305 });
    await one.ok('INSERT INTO t VALUES (4, 40)');
    expect(await one.ok('ROLLBACK')).toMatchObject({ inTransaction: false });
    expect(await one.value('SELECT count(*) FROM t')).toBe('2');
  });

  test('a statement that fails takes back only itself', async () => {
    await one.ok('BEGIN');
    await one.ok('INSERT INTO t VALUES (3, 30)');
    expect(await one.fails('INSERT INTO t VALUES (4, 40), (5, 10)')).toMatchObject({ errno: 1062 });
    expect(await one.fails('UPDATE t SET n = 5')).toMatchObject({ errno: 1062 });
    await one.ok('COMMIT');
    expect(await two.rows('SELECT id, n FROM t ORDER BY id')).toEqual([
      ['1', '10'],
      ['2', '20'],
      ['3', '30'],
    ]);
  });

  test('DDL commits what was open', async () => {
    await one.ok('BEGIN');
    await one.ok('INSERT INTO t VALUES (3, 30)');
    expect(await one.ok('CREATE TABLE IF NOT EXISTS other (a INT)')).toMatchObject({ inTransaction: false });
    await one.ok('ROLLBACK');
    expect(await two.value('SELECT count(*) FROM t')).toBe('3');
  });

  test('autocommit = 0 opens one transaction until COMMIT', async () => {
    const manual = one.with({ autocommit: false });
    expect(await manual.ok('INSERT INTO t VALUES (3, 30)')).toMatchObject({ inTransaction: true });
    expect(await two.value('SELECT count(*) FROM t')).toBe('2');
    await manual.ok('ROLLBACK');
    await manual.ok('INSERT INTO t VALUES (4, 40)');
    await one.rows('SELECT 1');
    expect(await two.value('SELECT count(*) FROM t')).toBe('3');
  });

  test('READ ONLY transactions do not write', async () => {
    await one.ok('START TRANSACTION READ ONLY');
    expect(await one.fails('DELETE FROM t')).toMatchObject({ errno: 1792 });
    await one.ok('COMMIT');
  });

  test('a session that goes away leaves nothing behind', async () => {
    await one.ok('BEGIN');
    await one.ok('DELETE FROM t');
    await one.session.close();
    expect(await two.value('SELECT count(*) FROM t')).toBe('2');
    await two.ok('INSERT INTO t VALUES (3, 30)');
  });
});

describe('the writer lock', () => {
  test('is given in order of arrival, and 1205 after the wait', async () => {
    await one.ok('BEGIN');
    await one.ok('UPDATE t SET n = n + 1 WHERE id = 1');
    expect(await two.with({ lockWaitTimeoutMs: 30 }).fails('DELETE FROM t')).toEqual({
      errno: 1205,
      message: 'Lock wait timeout exceeded; try restarting transaction',
    });
    const order: number[] = [];
    const others = await Promise.all([3, 4, 5].map((id) => sqlClient(engine, {}, id)));
    const waiting = others.map((client, i) =>
      client.ok(`INSERT INTO t VALUES (${i + 10}, ${i + 100})`).then(() => order.push(i)),
    );
    // Calls are taken in order: once this one is answered, the three wait.
    await two.rows('SELECT 1');
    await one.ok('COMMIT');
    await Promise.all(waiting);
    expect(order).toEqual([0, 1, 2]);
    await Promise.all(others.map((client) => client.session.close()));
  });

  test('a wait ends at the deadline of its statement', async () => {
    await one.ok('BEGIN');
    await one.ok('DELETE FROM t');
    const nowUs = Date.now() * 1000;
    const request = {
      sql: 'DELETE FROM t',
      format: 'text',
      context: rootContext,
      nowUs,
      deadlineUs: nowUs + 40_000,
    } as const;
    await expect(two.session.execute(request)).rejects.toMatchObject({ errno: 4012 });
    await one.ok('ROLLBACK');
  });

  test('readers never wait for it', async () => {
    await one.ok('BEGIN');
    await one.ok('DELETE FROM t');
    expect(await two.value('SELECT count(*) FROM t')).toBe('2');
    await one.ok('ROLLBACK');
  });

  test('LOCK TABLES keeps writers out until UNLOCK TABLES', async () => {
    await one.ok('LOCK TABLES t WRITE');
    await one.ok('INSERT INTO t VALUES (3, 30)');
    const impatient = two.with({ lockWaitTimeoutMs: 30 });
    expect(await impatient.fails('DELETE FROM t')).toMatchObject({ errno: 1205 });
    expect(await two.value('SELECT count(*) FROM t')).toBe('3');
    await one.ok('ALTER TABLE t DISABLE KEYS');
    expect(await impatient.fails('DELETE FROM t')).toMatchObject({ errno: 1205 });
    await one.ok('UNLOCK TABLES');
    expect(await impatient.ok('DELETE FROM t WHERE id = 3')).toMatchObject({ affectedRows: 1 });
  });

  test('a second LOCK TABLES gives back the first, also when it has nothing to keep out', async () => {
    await engine.setReadOnly(false);
    await one.ok('LOCK TABLES t WRITE');
    await engine.setReadOnly(true);
    await one.ok('LOCK TABLES t READ');
    await engine.setReadOnly(false);
    await two.with({ lockWaitTimeoutMs: 30 }).ok('DELETE FROM t');
  });

  test('FLUSH TABLES WITH READ LOCK keeps all writers out, over BEGIN and COMMIT too', async () => {
    const impatient = two.with({ lockWaitTimeoutMs: 30 });
    await one.ok('BEGIN');
    await one.ok('INSERT INTO t VALUES (3, 30)');
    await one.ok('FLUSH TABLES WITH READ LOCK');
    expect(await two.value('SELECT count(*) FROM t')).toBe('3');
    await one.ok('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    for (const sql of ['DELETE FROM t', 'CREATE TABLE other2 (id INT)', 'LOCK TABLES t WRITE']) {
      expect(await impatient.fails(sql)).toMatchObject({ errno: 1205 });
      expect(await one.fails(sql)).toMatchObject({ errno: 1223 });
    }
    await one.ok('LOCK TABLES t READ');
    await one.ok('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    expect(await one.ok('UNLOCK TABLES')).toMatchObject({ inTransaction: true });
    await impatient.ok('DELETE FROM t');
    expect(await one.value('SELECT count(*) FROM t')).toBe('3');
    await one.ok('COMMIT');
    expect(await one.value('SELECT count(*) FROM t')).toBe('0');
  });

  test('FLUSH TABLES of named tables locks as LOCK TABLES … READ', async () => {
    for (const sql of ['FLUSH TABLES t WITH READ LOCK', 'FLUSH TABLES t FOR EXPORT']) {
      await one.ok(sql);
      expect(await two.with({ lockWaitTimeoutMs: 30 }).fails('DELETE FROM t')).toMatchObject({ errno: 1205 });
      await one.ok('UNLOCK TABLES');
    }
    await one.ok('FLUSH TABLES t');
    await two.ok('DELETE FROM t');
    expect(await one.fails('FLUSH TABLES nothing WITH READ LOCK')).toMatchObject({ errno: 1146 });
    expect(await one.fails('FLUSH NONSENSE')).toMatchObject({ errno: 1064 });
    const reader = [{ database: null, table: null, privileges: ['SELECT'], withGrantOption: false }];
    expect(await one.with({ grants: reader }).fails('FLUSH TABLES WITH READ LOCK')).toMatchObject({ errno: 1227 });
    await engine.setReadOnly(true);
    expect(await one.fails('FLUSH TABLES WITH READ LOCK')).toMatchObject({ errno: 1235 });
    await engine.setReadOnly(false);
  });

  test('SELECT … FOR UPDATE takes it', async () => {
    await one.ok('BEGIN');
    await one.rows('SELECT * FROM t WHERE id = 1 FOR UPDATE');
    expect(await two.with({ lockWaitTimeoutMs: 30 }).fails('DELETE FROM t')).toMatchObject({ errno: 1205 });
    await one.ok('COMMIT');
  });

  test('folding the log is refused while a transaction is open', async () => {
    await one.ok('BEGIN');
    await one.ok('DELETE FROM t');
    expect(await engine.recycleLog(null)).toBe(false);
    await one.ok('ROLLBACK');
    expect(await engine.recycleLog(null)).toBe(true);
  });
});

describe('long statements', () => {
  beforeAll(async () => {
    const filler = await sqlClient(engine, {}, 9);
    await filler.ok('CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(100))');
    for (let i = 0; i < 20; i++) {
      const rows = Array.from({ length: 1000 }, (_, j) => `(${i * 1000 + j}, '${'x'.repeat(80)}')`);
      await filler.ok(`INSERT INTO big VALUES ${rows.join(',')}`);
    }
    await filler.session.close();
  });

  const start = (client: SqlClient, sql: string, deadlineUs = 0) =>
    client.session.execute({ sql, format: 'text', context: rootContext, nowUs: Date.now() * 1000, deadlineUs });

  test('a large answer comes in bounded batches, and others get their turn', async () => {
    const outcome = await start(one, 'SELECT * FROM big');
    if (outcome.kind !== 'rows') throw new Error('no rows');
    const first = await outcome.batches.next();
    expect((first.value as { bytes: Uint8Array }).bytes.length).toBeLessThan(200_000);
    expect(await two.value('SELECT count(*) FROM t')).toBe('2');
    await two.ok('DELETE FROM big WHERE id = 19999');
    const { rows, end } = await drain(outcome);
    expect(end.rowCount).toBe(20_000);
    expect(rows.at(-1)![0]).toBe('19999');
  });

  test('an answer may be left early', async () => {
    const outcome = await start(one, 'SELECT * FROM big');
    if (outcome.kind !== 'rows') throw new Error('no rows');
    await outcome.batches.next();
    await outcome.batches.return(undefined as never);
    await one.ok('DROP TABLE IF EXISTS nothing');
    expect(await one.value('SELECT count(*) FROM t')).toBe('2');
    expect(await engine.recycleLog(null)).toBe(true);
  });

  test('interrupt ends an answer and a wait', async () => {
    const outcome = await start(one, 'SELECT * FROM big');
    if (outcome.kind !== 'rows') throw new Error('no rows');
    await outcome.batches.next();
    one.session.interrupt();
    await expect(drain(outcome)).rejects.toMatchObject({ errno: 1317 });

    await two.ok('BEGIN');
    await two.ok('DELETE FROM t');
    const waiting = one.fails('DELETE FROM t');
    await two.rows('SELECT 1');
    one.session.interrupt();
    expect(await waiting).toMatchObject({ errno: 1317 });
    await two.ok('ROLLBACK');

    expect(await one.value('SELECT 1')).toBe('1');
  });

  test('a statement past its deadline ends with the time it was given', async () => {
    const nowUs = Date.now() * 1000;
    const running = one.session.execute({
      sql: 'SELECT sum(crc32(concat(a.id, b.id))) FROM big a, big b',
      format: 'text',
      context: rootContext,
      nowUs,
      deadlineUs: nowUs + 50_000,
    });
    await expect(running).rejects.toMatchObject({ errno: 4012, message: expect.stringContaining('50000(us)') });
  });
});

describe('rights', () => {
  const limited = {
    user: 'u',
    grants: [{ database: 'test', table: 't', privileges: ['SELECT'], withGrantOption: false }],
  };

  test('what grants do not cover is refused', async () => {
    const user = one.with(limited);
    expect(await user.value('SELECT count(*) FROM t')).toBe('2');
    expect(await user.fails('DELETE FROM t')).toEqual({
      errno: 1142,
      message: "DELETE command denied to user 'u'@'%' for table 't'",
    });
    expect(await user.fails('SELECT * FROM big')).toMatchObject({ errno: 1142 });
    expect(await user.fails('INSERT INTO t VALUES (9, 9)')).toMatchObject({ errno: 1142 });
    expect(await user.fails('DROP TABLE t')).toMatchObject({ errno: 1142 });
    expect(await user.fails('CREATE TABLE x (a INT)')).toMatchObject({ errno: 1142 });
    expect(await user.fails('CREATE DATABASE x')).toMatchObject({ errno: 1044 });
    expect(await user.fails('USE mysql')).toMatchObject({ errno: 1044 });
    expect(await user.rows('SHOW DATABASES')).toEqual([['information_schema'], ['test']]);
    expect(await user.rows('SHOW TABLES')).toEqual([['t']]);
  });

  test('a standby refuses writes and reads on', async () => {
    await engine.setReadOnly(true);
    expect(await one.fails('DELETE FROM t')).toMatchObject({ message: 'standby tenant is read only' });
    expect(await one.fails('CREATE TABLE x (a INT)')).toMatchObject({ message: 'standby tenant is read only' });
    expect(await one.value('SELECT count(*) FROM t')).toBe('2');
    await engine.setReadOnly(false);
    await one.ok('DELETE FROM t');
  });

  test('tables of an Oracle-mode tenant are refused by name', async () => {
    await place.engines.create(1002, { ...mysqlTenant, mode: 'oracle' });
    const oracle = await place.engines.open(1002);
    expect(await oracle.accounts.list()).toMatchObject([{ user: 'SYS', host: '%' }]);
    await oracle.setGlobalVariable('nls_date_format', 'YYYY');
    expect((await oracle.globalVariables())['nls_date_format']).toBe('YYYY');
    const client = await sqlClient(oracle);
    for (const sql of ['SELECT * FROM t', 'CREATE TABLE t (a INT)', 'INSERT INTO t VALUES (1)'])
      expect(await client.fails(sql)).toEqual({
        errno: 1235,
        message: 'SQL over tables of an Oracle-mode tenant is not supported',
      });
    await client.ok('COMMIT');
  });
});
