import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTenant, errorOf, oneValue, rowsOf, run, startTestServer, type TestServer } from './server-fixture.ts';

let server: TestServer;
let sys: Connection;
let shop: Connection;

beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect('root@sys', { supportBigNumbers: true });
  await createTenant(sys, 'shop');
  shop = await server.connect('root@shop', { database: 'test' });
  await shop.query(
    'CREATE TABLE item (id BIGINT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20), price DECIMAL(8,2), at DATETIME(6), raw BLOB)',
  );
});

afterAll(async () => {
  for (const client of [sys, shop]) client?.destroy();
  await server?.stop();
});

const execute = async (client: Connection, sql: string, values: readonly unknown[] = []) => {
  const [rows] = await client.execute(sql, values as never);
  return rows as Record<string, unknown>[];
};

describe('the binary protocol', () => {
  test('views with parameters, big numbers and times', async () => {
    const sql =
      'SELECT TENANT_ID, TENANT_NAME, CREATE_TIME, SYNC_SCN FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = ? OR TENANT_ID = ? ORDER BY 1';
    const rows = await execute(sys, sql, ['shop', 1]);
    expect(rows.map((row) => row['TENANT_NAME'])).toEqual(['sys', 'shop']);
    expect(String(rows[1]!['SYNC_SCN'])).toMatch(/^\d{19}$/);
    expect(rows[0]!['CREATE_TIME']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
    const text = await rowsOf(sys, sql.replace('?', "'shop'").replace('?', '1'));
    expect(text[1]!['TENANT_ID']).toEqual(rows[1]!['TENANT_ID']);
  });

  test('queries without tables: the type follows the value', async () => {
    expect(await execute(sys, 'SELECT ? AS a, ? AS b, ? AS c', [1.5, 'x', null])).toEqual([
      { a: 1.5, b: 'x', c: null },
    ]);
    expect(await execute(sys, 'SELECT ? + 1 AS a', [41])).toEqual([{ a: 42 }]);
  });

  test("the tenant's own tables", async () => {
    const insert = 'INSERT INTO item (name, price, at, raw) VALUES (?, ?, ?, ?)';
    const [first] = await shop.execute(insert, [
      'pen',
      '1.25',
      '2024-05-06 07:08:09.123456',
      Buffer.from([0, 255, 39]),
    ]);
    expect(first).toMatchObject({ affectedRows: 1, insertId: 1 });
    await shop.execute(insert, ['ink', 2, null, null]);
    expect(await execute(shop, 'SELECT name, price, at, raw FROM item WHERE id = ?', [1])).toEqual([
      { name: 'pen', price: '1.25', at: '2024-05-06 07:08:09.123456', raw: Buffer.from([0, 255, 39]) },
    ]);
    expect(await execute(shop, 'SELECT COUNT(*) AS n FROM item WHERE name IN (?, ?)', ['pen', 'ink'])).toEqual([
      { n: 2 },
    ]);
    const [changed] = await shop.execute('UPDATE item SET price = price * ? WHERE id = ?', [2, 1]);
    expect(changed).toMatchObject({ affectedRows: 1 });
    expect(await execute(shop, 'SELECT price FROM item WHERE id = ?', [1])).toEqual([{ price: '2.50' }]);
  });

  test('every kind of statement is prepared', async () => {
    expect(await execute(sys, 'SHOW VARIABLES LIKE "autocommit"')).toEqual([
      { Variable_name: 'autocommit', Value: 'ON' },
    ]);
    expect((await execute(sys, 'DESC oceanbase.DBA_OB_TENANTS')).length).toBeGreaterThan(10);
    await execute(sys, 'SET @x = ?, ob_query_timeout = ?', ['hello', 9_000_000]);
    expect(await execute(sys, 'SELECT @x AS x, @@ob_query_timeout AS t')).toEqual([{ x: 'hello', t: 9_000_000 }]);
    for (const sql of ['USE oceanbase', 'BEGIN', 'COMMIT', 'ROLLBACK', '-- nothing', 'DO 1']) await execute(sys, sql);
    await execute(shop, 'USE test');
    expect((await execute(shop, 'SHOW TABLES')).length).toBe(1);
    expect((await execute(shop, 'SHOW CREATE TABLE item')).length).toBe(1);
  });

  test("OceanBase's statements take placeholders", async () => {
    await execute(sys, 'ALTER SYSTEM SET archive_lag_target = ? TENANT = ?', ['90s', 'shop']);
    expect(await oneValue(shop, "SELECT VALUE FROM oceanbase.GV$OB_PARAMETERS WHERE NAME = 'archive_lag_target'")).toBe(
      '90s',
    );
    await execute(sys, 'CREATE RESOURCE UNIT u_placeholder MAX_CPU ?, MEMORY_SIZE ?', [1, '5G']);
    expect(await oneValue(sys, "SELECT MAX_CPU FROM oceanbase.DBA_OB_UNIT_CONFIGS WHERE NAME = 'u_placeholder'")).toBe(
      1,
    );
    expect(
      (await errorOf(execute(sys, 'ALTER SYSTEM SET archive_lag_target = ? TENANT = ?', ['90s', 'nobody']))).errno,
    ).toBe(5160);
    expect((await errorOf(execute(sys, 'ALTER SYSTEM NONSENSE ?', [1]))).errno).toBe(1064);
  });

  test('what cannot be prepared is refused when it is prepared', async () => {
    expect((await errorOf(shop.prepare('SELECT nothing FROM item'))).errno).toBe(1054);
    expect((await errorOf(shop.prepare('SELECT 1; SELECT 2'))).errno).toBe(1064);
    expect((await errorOf(sys.prepare('SELECT * FROM oceanbase.nothing'))).errno).toBe(1146);
  });

  test('a prepared statement outlives a change of its table', async () => {
    const statement = await shop.prepare('SELECT * FROM item WHERE id = ?');
    await shop.query('ALTER TABLE item ADD COLUMN more INT DEFAULT 3');
    const [rows] = (await statement.execute([1])) as unknown as [Record<string, unknown>[]];
    expect(rows[0]!['more']).toBe(3);
    await statement.close();
  });
});

describe('PREPARE as text', () => {
  test('of literals and variables, with USING, and its end', async () => {
    await sys.query("PREPARE one FROM 'SELECT tenant_id FROM oceanbase.DBA_OB_TENANTS WHERE tenant_name = ?'");
    await sys.query("SET @name = 'shop', @text = 'SELECT 1 + ?', @two = 2");
    expect(await rowsOf(sys, 'EXECUTE one USING @name')).toEqual([{ tenant_id: 1002 }]);
    await sys.query('PREPARE two FROM @text');
    expect(await oneValue(sys, 'EXECUTE two USING @two')).toBe(3);
    expect((await errorOf(sys.query('EXECUTE one'))).errno).toBe(1210);
    await sys.query('DEALLOCATE PREPARE one');
    expect((await errorOf(sys.query('EXECUTE one USING @name'))).errno).toBe(1243);
    await sys.query("PREPARE three FROM 'ALTER SYSTEM SET archive_lag_target = ? TENANT = shop'");
    await sys.query("SET @lag = '100s'");
    await sys.query('EXECUTE three USING @lag');
    expect(await oneValue(shop, "SELECT VALUE FROM oceanbase.GV$OB_PARAMETERS WHERE NAME = 'archive_lag_target'")).toBe(
      '100s',
    );
    // Named statements live apart from those of the binary protocol and end with the session.
    await sys.query('ALTER SYSTEM CHANGE TENANT sys').then(
      () => expect.unreachable(),
      (error: { errno: number }) => expect(error.errno).toBe(4179),
    );
    await sys.query('DEALLOCATE PREPARE two');
    await sys.query('drop /* it */ prepare three');
  });
});

test('pymysql reads and writes with its cursors', async () => {
  const script = `
import pymysql
c = pymysql.connect(host='127.0.0.1', port=${server.port}, user='root@shop', database='test', cursorclass=pymysql.cursors.DictCursor)
with c.cursor() as k:
    k.execute("CREATE TABLE py (id INT PRIMARY KEY, t VARCHAR(20))")
    k.executemany("INSERT INTO py VALUES (%s, %s)", [(1, "a'b"), (2, "\\u4e2d\\u6587")])
    c.rollback()
    k.execute("SELECT COUNT(*) AS n FROM py"); print(k.fetchone()['n'])
    k.executemany("INSERT INTO py VALUES (%s, %s)", [(1, "a'b"), (2, "\\u4e2d\\u6587")])
    c.commit()
    k.execute("SELECT * FROM py ORDER BY id"); print(k.fetchall())
    k.execute("SELECT STATUS, CREATE_TIME FROM oceanbase.DBA_OB_TENANTS"); r = k.fetchone(); print(r['STATUS'], type(r['CREATE_TIME']).__name__)
c.close()
`;
  const { out, err } = await run('/usr/bin/python3', ['-c', script]);
  expect(err).toBe('');
  expect(out.trim().split('\n')).toEqual([
    '0',
    `[{'id': 1, 't': "a'b"}, {'id': 2, 't': '\u4e2d\u6587'}]`,
    'NORMAL datetime',
  ]);
});
