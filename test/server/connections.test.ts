import { connect as connectSocket, type Socket } from 'node:net';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTenant, errorOf, oneValue, rowsOf, startTestServer, type TestServer } from './server-fixture.ts';

let server: TestServer;
let sys: Connection;
let shop: Connection;

beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect();
  await createTenant(sys, 'shop');
  shop = await server.connect('root@shop', { database: 'test' });
});

afterAll(async () => {
  for (const client of [sys, shop]) client?.destroy();
  await server?.stop();
});

const threadOf = async (client: Connection) => Number(await oneValue(client, 'SELECT CONNECTION_ID()'));
const sessions = async () => (await rowsOf(sys, 'SHOW PROCESSLIST')).length;

/** A query that takes long enough to be met in the middle. */
const endless =
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT COUNT(*) FROM n a, n b, n c, numbers WHERE MD5(a.i + b.i + c.i) = ''";

async function until(done: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await done())) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((settle) => setTimeout(settle, 20));
  }
}

describe('several statements in one text', () => {
  test('only for clients that ask for it', async () => {
    const error = await errorOf(sys.query('SELECT 1; SELECT 2'));
    expect([error.errno, error.text]).toEqual([1064, expect.stringContaining("near 'SELECT 2' at line 1")]);
    expect(await oneValue(sys, 'SELECT 1;')).toBe(1);
    expect(await oneValue(sys, "SELECT ';' ; -- the end")).toBe(';');
  });

  test('each has its answer, and the first failure ends the text', async () => {
    const client = await server.connect('root@shop', { database: 'test', multipleStatements: true });
    const [answers] = await client.query(
      'SET @a = 1; SELECT @a AS a; CREATE TABLE IF NOT EXISTS several (id INT); INSERT INTO several VALUES (1), (2); SELECT COUNT(*) AS n FROM several; SELECT COUNT(*) AS t FROM oceanbase.DBA_OB_TENANTS',
    );
    const list = answers as unknown as { affectedRows?: number }[];
    expect(list).toHaveLength(6);
    expect([list[1], list[3]!.affectedRows, list[4], list[5]]).toEqual([[{ a: 1 }], 2, [{ n: 2 }], [{ t: 1 }]]);
    expect(
      (await errorOf(client.query('INSERT INTO several VALUES (3); SELECT nothing; INSERT INTO several VALUES (4)')))
        .errno,
    ).toBe(1054);
    expect(await oneValue(client, 'SELECT COUNT(*) FROM several')).toBe(3);
    client.destroy();
  });
});

describe('counters of a session', () => {
  test('last_insert_id, found_rows, row_count', async () => {
    await shop.query('CREATE TABLE counted (id INT PRIMARY KEY AUTO_INCREMENT, v INT)');
    await shop.query('INSERT INTO counted (v) VALUES (1), (2), (3)');
    expect(await rowsOf(shop, 'SELECT LAST_INSERT_ID() AS l, ROW_COUNT() AS r, @@last_insert_id AS v')).toEqual([
      { l: 1, r: 3, v: 1 },
    ]);
    expect(await oneValue(shop, 'SELECT ROW_COUNT()')).toBe(-1);
    await shop.query('INSERT INTO counted (v) VALUES (LAST_INSERT_ID() + 41)');
    expect(await oneValue(shop, 'SELECT v FROM counted WHERE id = LAST_INSERT_ID()')).toBe(42);
    await shop.query('SELECT * FROM counted LIMIT 2');
    expect(await oneValue(shop, 'SELECT FOUND_ROWS()')).toBe(2);
    await sys.query('SELECT SQL_CALC_FOUND_ROWS * FROM oceanbase.GV$OB_PARAMETERS LIMIT 1');
    expect(Number(await oneValue(sys, 'SELECT FOUND_ROWS()'))).toBeGreaterThan(10);
  });
});

describe('transactions', () => {
  test('one session does not see what another has not committed; SET autocommit = 1 commits', async () => {
    const other = await server.connect('root@shop', { database: 'test' });
    await shop.query('CREATE TABLE seen (id INT PRIMARY KEY)');
    await shop.query('BEGIN');
    await shop.query('INSERT INTO seen VALUES (1)');
    expect(await oneValue(other, 'SELECT COUNT(*) FROM seen')).toBe(0);
    await shop.query('ROLLBACK');
    await shop.query('SET autocommit = 0');
    await shop.query('INSERT INTO seen VALUES (2)');
    expect(await oneValue(other, 'SELECT COUNT(*) FROM seen')).toBe(0);
    await shop.query('SET autocommit = 1');
    expect(await oneValue(other, 'SELECT COUNT(*) FROM seen')).toBe(1);
    other.destroy();
  });

  test('a read-only session writes nothing', async () => {
    await shop.query('SET SESSION TRANSACTION READ ONLY');
    expect((await errorOf(shop.query('INSERT INTO seen VALUES (9)'))).errno).toBe(1792);
    await shop.query('SET SESSION TRANSACTION READ WRITE');
  });

  test('BEGIN in sys before anything is written there is said when something is', async () => {
    const client = await server.connect('root@sys');
    await client.query('CREATE TABLE IF NOT EXISTS test.late (id INT)');
    client.destroy();
    const fresh = await server.connect('root@sys');
    await fresh.query('START TRANSACTION');
    await fresh.query('SELECT * FROM oceanbase.DBA_OB_TENANTS');
    await fresh.query('INSERT INTO test.late VALUES (1)');
    await fresh.query('ROLLBACK');
    expect(await oneValue(fresh, 'SELECT COUNT(*) FROM test.late')).toBe(0);
    fresh.destroy();
  });
});

describe('ending others', () => {
  test('KILL ends a session, KILL QUERY its statement', async () => {
    const victim = await server.connect('root@shop', { database: 'test' });
    await victim.query('CREATE TABLE IF NOT EXISTS numbers (i INT)');
    await victim.query('INSERT INTO numbers VALUES (1)');
    const id = await threadOf(victim);
    const running = errorOf(victim.query(endless));
    await until(async () =>
      (await rowsOf(shop, 'SHOW PROCESSLIST')).some((row) => row['Id'] === id && row['Command'] === 'Query'),
    );
    await shop.query(`KILL QUERY ${id}`);
    expect((await running).errno).toBe(1317);
    expect(await oneValue(victim, 'SELECT 1')).toBe(1);
    victim.on('error', () => undefined);
    const closed = new Promise((settle) => victim.once('end', settle));
    await sys.query(`KILL ${id}`);
    await closed;
    expect((await rowsOf(sys, 'SHOW PROCESSLIST')).map((row) => row['Id'])).not.toContain(id);
    expect((await errorOf(sys.query(`KILL ${id}`))).errno).toBe(1094);
  });

  test('a tenant does not reach the sessions of another', async () => {
    expect((await errorOf(shop.query(`KILL ${await threadOf(sys)}`))).errno).toBe(1094);
    await shop.query("CREATE USER guest IDENTIFIED BY 'g'");
    const guest = await server.connect('guest@shop', { password: 'g' });
    expect((await errorOf(guest.query(`KILL ${await threadOf(shop)}`))).errno).toBe(1095);
    expect((await rowsOf(guest, 'SHOW PROCESSLIST')).length).toBe(1);
    guest.destroy();
  });

  test('a client that vanishes in the middle of a query leaves nothing behind', async () => {
    const victim = await server.connect('root@shop', { database: 'test' });
    const id = await threadOf(victim);
    const commands = async () =>
      (await rowsOf(sys, 'SHOW PROCESSLIST')).filter((row) => row['Id'] === id).map((row) => row['Command']);
    await victim.query('CREATE TABLE IF NOT EXISTS numbers (i INT)');
    victim.query(endless).catch(() => undefined);
    await until(async () => (await commands())[0] === 'Query');
    victim.destroy();
    await until(async () => (await commands()).length === 0);
    expect(await oneValue(shop, 'SELECT 1 + COUNT(*) FROM numbers WHERE i > 5')).toBe(1);
  });

  test('a client that was idle for its wait_timeout is turned out', async () => {
    const idle = await server.connect();
    await idle.query('SET wait_timeout = 1');
    idle.on('error', () => undefined);
    await new Promise((settle) => idle.once('end', settle));
    expect(await oneValue(sys, 'SELECT 1')).toBe(1);
  });

  test('a transaction that was idle for its ob_trx_idle_timeout ends with its session and lets go of what it locked', async () => {
    await shop.query('CREATE TABLE locked (id INT PRIMARY KEY)');
    const [forgetful, calm] = [await server.connect('root@shop'), await server.connect('root@shop')];
    forgetful.on('error', () => undefined);
    const ended = new Promise((settle) => forgetful.once('end', settle));
    await forgetful.query('BEGIN');
    await forgetful.query('INSERT INTO test.locked VALUES (1)');
    for (const client of [forgetful, calm]) await client.query('SET ob_trx_idle_timeout = 500000');
    await ended;
    await shop.query('INSERT INTO locked VALUES (2)');
    expect(await oneValue(calm, 'SELECT GROUP_CONCAT(id) FROM test.locked')).toBe('2');
    calm.destroy();
  });

  test('dropping a tenant ends its sessions', async () => {
    await createTenant(sys, 'gone');
    const client = await server.connect('root@gone');
    client.on('error', () => undefined);
    const closed = new Promise((settle) => client.once('end', settle));
    await sys.query('DROP TENANT gone FORCE');
    await closed;
    expect((await errorOf(server.connect('root@gone'))).errno).toBe(1045);
  });
});

describe('size', () => {
  test('a statement of 10 MB, and a row of 5 MB back', async () => {
    await shop.query('CREATE TABLE big (id INT PRIMARY KEY, body LONGTEXT)');
    const body = 'a;b\'"\\'.repeat(850_000);
    await shop.query('INSERT INTO big VALUES (1, ?), (2, ?)', [body, body]);
    const [row] = await rowsOf(shop, 'SELECT body FROM big WHERE id = 2');
    expect(row!['body'] === body).toBe(true);
    const packet = errorOf(shop.query(`SELECT '${'x'.repeat(17_000_000)}'`));
    expect((await packet).errno).toBe(1153);
    shop = await server.connect('root@shop', { database: 'test' });
  });

  test('a large answer goes at the pace of its client', async () => {
    await shop.query('CREATE TABLE many (id INT PRIMARY KEY, pad VARCHAR(200))');
    const rows = Array.from({ length: 20_000 }, (_, i) => `(${i},'${'p'.repeat(190)}')`);
    await shop.query(`INSERT INTO many VALUES ${rows.join(',')}`);
    expect((await rowsOf(shop, 'SELECT * FROM many')).length).toBe(20_000);
  });

  test('a thousand idle connections', async () => {
    const before = process.memoryUsage().rss;
    const sockets: Socket[] = [];
    const greeting = (socket: Socket) =>
      new Promise<void>((settle, fail) => socket.once('data', () => settle()).once('error', fail));
    for (let i = 0; i < 1000; i++) {
      const socket = connectSocket(server.port, '127.0.0.1');
      sockets.push(socket);
      if (i % 50 === 49) await Promise.all(sockets.slice(-50).map(greeting));
    }
    expect(await oneValue(sys, 'SELECT 1')).toBe(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
    for (const socket of sockets) socket.destroy();
    const clients = await Promise.all(Array.from({ length: 200 }, () => server.connect('root@shop')));
    expect((await sessions()) >= 200).toBe(true);
    for (const client of clients) client.destroy();
    await until(async () => (await sessions()) < 20);
  });
});
