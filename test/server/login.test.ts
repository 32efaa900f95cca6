import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createTenant,
  errorOf,
  mariadb,
  oneValue,
  rowsOf,
  startTestServer,
  type TestServer,
} from './server-fixture.ts';

let server: TestServer;
let sys: Connection;

beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect();
  await createTenant(sys, 'shop');
  await createTenant(sys, 'ora', "ob_tcp_invited_nodes = '%', ob_compatibility_mode = 'oracle'");
  await sys.query("CREATE USER 'keeper'@'%' IDENTIFIED BY 'secret'");
});

afterAll(async () => {
  sys?.destroy();
  await server?.stop();
});

const login = async (user: string, password = '', database?: string) => {
  const client = await server.connect(user, { password, ...(database ? { database } : {}) });
  try {
    return [await oneValue(client, 'SELECT USER()'), await oneValue(client, 'SELECT DATABASE()')];
  } finally {
    client.destroy();
  }
};

describe('names', () => {
  test.each([
    'root',
    'root@sys',
    'root@sys#obcluster',
    'obcluster:sys:root',
    'root@shop',
    'root@shop#obcluster',
    'obcluster:shop:root',
  ])('%s logs in', async (name) => {
    expect(await login(name)).toEqual(['root@127.0.0.1', null]);
  });

  test('an Oracle tenant knows SYS, in any case, and starts in its schema', async () => {
    expect(await login('SYS@ora')).toEqual(['SYS@127.0.0.1', 'SYS']);
    expect((await login('sys@ora'))[1]).toBe('SYS');
  });

  test.each([
    ['root@nobody', '', "Access denied for user 'root'@'127.0.0.1' (using password: NO)"],
    ['nobody@sys', '', "Access denied for user 'nobody'@'127.0.0.1' (using password: NO)"],
    ['root@sys#othercluster', '', "Access denied for user 'root'@'127.0.0.1' (using password: NO)"],
    ['root@META$1002', '', "Access denied for user 'root'@'127.0.0.1' (using password: NO)"],
    ['root@sys', 'wrong', "Access denied for user 'root'@'127.0.0.1' (using password: YES)"],
    ['keeper@sys', 'wrong', "Access denied for user 'keeper'@'127.0.0.1' (using password: YES)"],
    ['keeper@sys', '', "Access denied for user 'keeper'@'127.0.0.1' (using password: NO)"],
  ])('%s with password "%s" is told nothing but 1045', async (name, password, text) => {
    expect(await errorOf(login(name, password))).toEqual({ errno: 1045, sqlState: '42000', text });
  });

  test('a password lets in', async () => {
    expect((await login('keeper', 'secret'))[0]).toBe('keeper@127.0.0.1');
  });

  test('the command line client takes the same names', async () => {
    const { out, err } = await mariadb(server.port, 'root@shop#obcluster', [
      '-Ne',
      'select tenant_name from oceanbase.DBA_OB_TENANTS',
    ]);
    expect([out.trim(), err]).toEqual(['shop', '']);
  });
});

describe('databases at login', () => {
  test('views and information_schema', async () => {
    expect((await login('root@sys', '', 'oceanbase'))[1]).toBe('oceanbase');
    expect((await login('root@shop', '', 'OceanBase'))[1]).toBe('oceanbase');
    expect((await login('root@shop', '', 'information_schema'))[1]).toBe('information_schema');
  });

  test('a database of the tenant, and one that is not there', async () => {
    const shop = await server.connect('root@shop');
    await shop.query('CREATE DATABASE goods');
    shop.destroy();
    expect((await login('root@shop', '', 'goods'))[1]).toBe('goods');
    expect(await errorOf(login('root@shop', '', 'nothere'))).toMatchObject({ errno: 1049, sqlState: '42000' });
  });
});

describe('accounts', () => {
  test('locked accounts and tenants', async () => {
    await sys.query("CREATE USER shut IDENTIFIED BY 'x' ACCOUNT LOCK");
    expect((await errorOf(login('shut', 'x'))).errno).toBe(3118);
    expect((await errorOf(login('shut', 'wrong'))).errno).toBe(1045);
    await createTenant(sys, 'barred');
    await sys.query('ALTER TENANT barred LOCK');
    expect(await errorOf(login('root@barred'))).toMatchObject({ errno: 5260, text: "Tenant 'barred' is locked" });
    await sys.query('ALTER TENANT barred UNLOCK');
    expect((await login('root@barred'))[0]).toBe('root@127.0.0.1');
  });

  test('a user of a tenant, its password and its removal', async () => {
    const shop = await server.connect('root@shop');
    await shop.query("CREATE USER clerk IDENTIFIED BY 'one'");
    expect((await login('clerk@shop', 'one'))[0]).toBe('clerk@127.0.0.1');
    await shop.query("ALTER USER clerk IDENTIFIED BY 'two'");
    expect((await errorOf(login('clerk@shop', 'one'))).errno).toBe(1045);
    expect((await login('clerk@shop', 'two'))[0]).toBe('clerk@127.0.0.1');
    await shop.query('DROP USER clerk');
    expect((await errorOf(login('clerk@shop', 'two'))).errno).toBe(1045);
    shop.destroy();
  });

  test('of several accounts of a user the one with the most exact host counts', async () => {
    await sys.query("CREATE USER 'roamer'@'%' IDENTIFIED BY 'far'");
    await sys.query("CREATE USER 'roamer'@'127.0.0.%' IDENTIFIED BY 'near'");
    expect((await login('roamer', 'near'))[0]).toBe('roamer@127.0.0.1');
    expect((await errorOf(login('roamer', 'far'))).errno).toBe(1045);
  });

  test('only invited nodes come in', async () => {
    await createTenant(sys, 'shy', "ob_tcp_invited_nodes = '10.0.0.0/8,192.168.1.1'");
    expect((await errorOf(login('root@shy'))).errno).toBe(1227);
    await sys.query("ALTER TENANT shy SET VARIABLES ob_tcp_invited_nodes = '10.0.0.0/8,127.0.0.1'");
    expect((await login('root@shy'))[0]).toBe('root@127.0.0.1');
  });

  test('rights of an account: views and statements', async () => {
    const keeper = await server.connect('keeper', { password: 'secret' });
    expect((await errorOf(keeper.query('SELECT * FROM oceanbase.DBA_OB_TENANTS'))).errno).toBe(1142);
    expect((await errorOf(keeper.query('ALTER SYSTEM ARCHIVELOG'))).errno).toBe(1227);
    expect((await errorOf(keeper.query('SET GLOBAL wait_timeout = 5'))).errno).toBe(1227);
    await sys.query('GRANT SELECT ON oceanbase.* TO keeper');
    // The grant reaches the session that is open.
    expect((await rowsOf(keeper, 'SELECT tenant_id FROM oceanbase.DBA_OB_TENANTS')).length).toBeGreaterThan(1);
    expect(await rowsOf(keeper, 'SHOW GRANTS')).toEqual([
      { 'Grants for keeper@%': "GRANT USAGE ON *.* TO 'keeper'" },
      { 'Grants for keeper@%': "GRANT SELECT ON `oceanbase`.* TO 'keeper'" },
    ]);
    keeper.destroy();
  });
});

describe('another user on the same connection', () => {
  test('COM_CHANGE_USER starts the session anew, or leaves it as it was', async () => {
    const client = await server.connect('root@shop');
    await client.query('SET @mine = 1, ob_query_timeout = 5000000');
    expect((await errorOf(client.changeUser({ user: 'root@sys', password: 'wrong' }))).errno).toBe(1045);
    expect(await oneValue(client, 'SELECT @mine')).toBe(1);
    await client.changeUser({ user: 'keeper@sys', password: 'secret', database: 'oceanbase' });
    expect(
      await rowsOf(
        client,
        'SELECT @mine AS mine, @@ob_query_timeout AS t, effective_tenant() AS tenant, database() AS db',
      ),
    ).toEqual([{ mine: null, t: 10_000_000, tenant: 'sys', db: 'oceanbase' }]);
    client.destroy();
  });

  test('COM_RESET_CONNECTION rolls back and forgets', async () => {
    const client = await server.connect('root@shop', { database: 'test' });
    await client.query('CREATE TABLE IF NOT EXISTS kept (id INT PRIMARY KEY)');
    await client.query('SET autocommit = 0');
    await client.query('INSERT INTO kept VALUES (1)');
    await client.query('SET @mine = 1');
    await (client as unknown as { reset(): Promise<void> }).reset();
    expect(await rowsOf(client, 'SELECT @mine AS mine, @@autocommit AS a, database() AS db')).toEqual([
      { mine: null, a: 1, db: 'test' },
    ]);
    expect(await oneValue(client, 'SELECT COUNT(*) FROM kept')).toBe(0);
    client.destroy();
  });
});

describe('the effective tenant', () => {
  test('ALTER SYSTEM CHANGE TENANT moves views, tables and names, and comes back', async () => {
    const shop = await server.connect('root@shop', { database: 'test' });
    await shop.query('CREATE TABLE things (id INT)');
    await shop.query('INSERT INTO things VALUES (7)');
    shop.destroy();
    const client = await server.connect();
    await client.query('ALTER SYSTEM CHANGE TENANT shop');
    expect(await rowsOf(client, 'SELECT effective_tenant() AS t, database() AS db')).toEqual([
      { t: 'shop', db: 'oceanbase' },
    ]);
    expect(await rowsOf(client, 'SHOW TENANT')).toEqual([{ Current_tenant_name: 'shop' }]);
    expect((await rowsOf(client, 'SELECT * FROM DBA_OB_TENANTS')).length).toBe(1);
    expect(await oneValue(client, 'SELECT id FROM test.things')).toBe(7);
    await client.query('ALTER SYSTEM CHANGE TENANT TENANT_ID = 1');
    expect((await rowsOf(client, 'SELECT * FROM DBA_OB_TENANTS')).length).toBeGreaterThan(2);
    client.destroy();
    const own = await server.connect('root@shop');
    expect((await errorOf(own.query('ALTER SYSTEM CHANGE TENANT sys'))).errno).toBe(1235);
    own.destroy();
  });
});
