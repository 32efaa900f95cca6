import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTenant, errorOf, oneValue, rowsOf, startTestServer, type TestServer } from '../server/server-fixture.ts';
import { RawClient } from '../wire/raw-client.ts';

let server: TestServer;
let sys: Connection;
let shop: Connection;
let poor: Connection;

beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect('root@sys');
  await createTenant(sys, 'shop');
  shop = await server.connect('root@shop');
  await shop.query("CREATE USER 'poor'@'%'");
  await shop.query("CREATE USER 'clerk'@'10.%' IDENTIFIED BY 'open sesame'");
  await shop.query("GRANT SELECT, INSERT ON *.* TO 'clerk'@'10.%' WITH GRANT OPTION");
  await shop.query("GRANT SELECT ON crm.* TO 'poor'");
  await shop.query("ALTER USER 'clerk'@'10.%' ACCOUNT LOCK");
  poor = await server.connect('poor@shop');
});
afterAll(async () => {
  for (const client of [sys, shop, poor]) client?.destroy();
  await server?.stop();
});

describe('mysql.user', () => {
  test('accounts with their global privileges', async () => {
    const rows = await rowsOf(shop, "SELECT * FROM mysql.user WHERE User <> 'root' ORDER BY user DESC");
    expect(rows).toMatchObject([
      { host: '%', user: 'poor', password: '', select_priv: 'N', grant_priv: 'N', account_locked: 'N' },
      {
        ...{ host: '10.%', user: 'clerk', select_priv: 'Y', insert_priv: 'Y', update_priv: 'N', grant_priv: 'Y' },
        ...{ super_priv: 'N', show_db_priv: 'N', references_priv: 'N', account_locked: 'Y', max_connections: 0 },
        ...{ plugin: 'ob_native_password', authentication_string: '', password_expired: '', ssl_type: '' },
        password: expect.stringMatching(/^\*[0-9a-f]{40}$/),
      },
    ]);
    expect(Object.keys(rows[0]!).length).toBe(46);
    const root = await rowsOf(shop, "SELECT Host, Super_priv, Repl_slave_priv FROM mysql.user WHERE User = 'root'");
    expect(root).toEqual([{ Host: '%', Super_priv: 'Y', Repl_slave_priv: 'Y' }]);
  });

  test('shows what was changed at once, to prepared statements too', async () => {
    const statement = await shop.prepare('SELECT COUNT(*) AS n FROM mysql.user WHERE user = ?');
    expect((await statement.execute(['late']))[0]).toEqual([{ n: 0 }]);
    await shop.query("CREATE USER 'late'");
    expect((await statement.execute(['late']))[0]).toEqual([{ n: 1 }]);
    await shop.query("DROP USER 'late'");
    expect((await statement.execute(['late']))[0]).toEqual([{ n: 0 }]);
    await statement.close();
  });

  test('belongs to the tenant, and takes SELECT on it', async () => {
    expect(await oneValue(sys, "SELECT COUNT(*) FROM mysql.user WHERE user = 'clerk'")).toBe(0);
    expect(await errorOf(poor.query('SELECT * FROM mysql.user'))).toMatchObject({
      errno: 1142,
      text: "SELECT command denied to user 'poor'@'127.0.0.1' for table 'user'",
    });
    expect(await errorOf(poor.query('SET @a = (SELECT password FROM mysql.user LIMIT 1)'))).toMatchObject({
      errno: 1142,
    });
    await shop.query("GRANT SELECT ON mysql.user TO 'poor'");
    const again = await server.connect('poor@shop');
    expect(await rowsOf(again, "SELECT user, password FROM mysql.user WHERE user = 'clerk'")).toEqual([
      { user: 'clerk', password: '' },
    ]);
    again.destroy();
  });

  test('in the current database, in subqueries and variables', async () => {
    const client = await server.connect('root@shop', { database: 'mysql' });
    expect(await oneValue(client, "SELECT u.user FROM user u JOIN user v USING (user) WHERE u.user = 'CLERK'")).toBe(
      'clerk',
    );
    await client.query("SET @n = (SELECT COUNT(*) FROM user WHERE user = 'clerk')");
    expect(await oneValue(client, 'SELECT @n')).toBe(1);
    expect(await errorOf(client.query('SELECT * FROM user, information_schema.schemata'))).toMatchObject({
      errno: 1235,
    });
    client.destroy();
  });
});

test('their columns are described', async () => {
  const fields = async (sql: string) => (await rowsOf(shop, sql)).map((row) => `${row['Field']} ${row['Type']}`);
  expect((await fields('DESC mysql.user')).slice(0, 3)).toEqual([
    ...['host varchar(60)', 'user varchar(128)', 'password varchar(128)'],
  ]);
  expect(await fields("SHOW COLUMNS FROM information_schema.processlist LIKE 'time'")).toEqual(['TIME bigint(21)']);
  expect(await fields('DESC information_schema.schemata')).toContain('SCHEMA_NAME varchar(512)');
});

describe('information_schema.PROCESSLIST', () => {
  test('sessions of the tenant with whole statements', async () => {
    const text = `SELECT *, '${'x'.repeat(200)}' AS filler FROM information_schema.processlist WHERE ID = CONNECTION_ID()`;
    const [row] = await rowsOf(shop, text);
    expect(row).toMatchObject({ USER: 'root', DB: null, COMMAND: 'Query', TIME: 0, STATE: 'ACTIVE', INFO: text });
    expect(Object.keys(row!)).toEqual(['ID', 'USER', 'HOST', 'DB', 'COMMAND', 'TIME', 'STATE', 'INFO', 'filler']);
    const users = await rowsOf(shop, 'SELECT USER, COUNT(*) n FROM information_schema.PROCESSLIST GROUP BY USER');
    expect(users).toEqual(expect.arrayContaining([{ USER: 'poor', n: 1 }]));
  });

  test('without PROCESS only the own ones; sys sees all', async () => {
    const usersOf = async (client: Connection) =>
      (await rowsOf(client, 'SELECT DISTINCT USER u FROM information_schema.processlist ORDER BY u')).map(({ u }) => u);
    expect(await usersOf(poor)).toEqual(['poor']);
    expect(await usersOf(sys)).toEqual(['poor', 'root']);
  });

  test('an account of sys is not the one of that name in a tenant', async () => {
    await sys.query('CREATE USER poor');
    const namesake = await server.connect('poor@sys');
    const own = await rowsOf(namesake, 'SELECT ID, CONNECTION_ID() me FROM information_schema.processlist');
    expect(own).toEqual([{ ID: own[0]?.['me'], me: expect.any(Number) }]);
    namesake.destroy();
    await sys.query('DROP USER poor');
  });
});

describe('GV$OB_PROCESSLIST', () => {
  test('says for each session whose it is and where', async () => {
    const sql =
      "SELECT * FROM oceanbase.GV$OB_PROCESSLIST WHERE TENANT = 'shop' AND USER = 'root' AND STATE = 'ACTIVE'";
    const [row, ...more] = await rowsOf(shop, sql);
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      SVR_IP: '127.0.0.1',
      SVR_PORT: 2882,
      SQL_PORT: server.port,
      COMMAND: 'Query',
      INFO: sql,
    });
    expect(row).toMatchObject({ USER_CLIENT_IP: '127.0.0.1', RETRY_CNT: 0, PROXY_SESSID: null, TRACE_ID: '' });
    const counts = await rowsOf(
      sys,
      "select t.tenant_name, case when cnt is null then 0 else cnt end as cnt from oceanbase.DBA_OB_TENANTS t left join (select count(`state`='ACTIVE' OR NULL) as cnt, tenant as tenant_name from oceanbase.V$OB_PROCESSLIST where svr_port = 2882 group by tenant) p on t.tenant_name = p.tenant_name where t.tenant_type <> 'META' order by t.tenant_id",
    );
    expect(counts).toEqual([
      { tenant_name: 'sys', cnt: 1 },
      { tenant_name: 'shop', cnt: 0 },
    ]);
    expect((await errorOf(poor.query('SELECT * FROM oceanbase.GV$OB_PROCESSLIST'))).errno).toBe(1142);
  });
});

describe('privileges in information_schema', () => {
  const of = (table: string, client = shop) =>
    rowsOf(
      client,
      `SELECT * FROM information_schema.${table} WHERE GRANTEE NOT LIKE '%root%' ORDER BY GRANTEE, PRIVILEGE_TYPE`,
    );

  test('per user, database and table', async () => {
    await shop.query("GRANT UPDATE ON crm.deals TO 'poor'");
    const clerk = { GRANTEE: "'clerk'@'10.%'", TABLE_CATALOG: 'def', IS_GRANTABLE: 'YES' };
    const poorly = { GRANTEE: "'poor'@'%'", TABLE_CATALOG: 'def', IS_GRANTABLE: 'NO' };
    expect(await of('USER_PRIVILEGES')).toEqual([
      { ...clerk, PRIVILEGE_TYPE: 'INSERT' },
      { ...clerk, PRIVILEGE_TYPE: 'SELECT' },
      { ...poorly, PRIVILEGE_TYPE: 'USAGE' },
    ]);
    expect(await of('SCHEMA_PRIVILEGES')).toEqual([{ ...poorly, TABLE_SCHEMA: 'crm', PRIVILEGE_TYPE: 'SELECT' }]);
    expect((await of('TABLE_PRIVILEGES')).filter((row) => row['TABLE_SCHEMA'] === 'crm')).toEqual([
      { ...poorly, TABLE_SCHEMA: 'crm', TABLE_NAME: 'deals', PRIVILEGE_TYPE: 'UPDATE' },
    ]);
    expect(await of('COLUMN_PRIVILEGES')).toEqual([]);
    const root = await rowsOf(
      shop,
      "SELECT PRIVILEGE_TYPE p FROM information_schema.USER_PRIVILEGES WHERE GRANTEE LIKE '%root%'",
    );
    expect(root.map(({ p }) => p)).toEqual(expect.arrayContaining(['SUPER', 'ALTER SYSTEM', 'SELECT']));
  });

  test('others are not shown without SELECT', async () => {
    expect((await of('USER_PRIVILEGES', poor)).map(({ GRANTEE }) => GRANTEE)).toEqual(["'poor'@'%'"]);
  });

  test('mysql.db has a row for each database', async () => {
    expect(
      await rowsOf(shop, "SELECT host, db, user, select_priv, update_priv, grant_priv FROM mysql.db WHERE db = 'crm'"),
    ).toEqual([{ host: '%', db: 'crm', user: 'poor', select_priv: 'Y', update_priv: 'N', grant_priv: 'N' }]);
  });
});

test('information_schema lists the system views each tenant has', async () => {
  const named = (client: Connection, table: string) =>
    rowsOf(
      client,
      `SELECT COUNT(*) n FROM information_schema.${table} WHERE TABLE_NAME IN ('CDB_OB_BACKUP_JOBS', 'DBA_OB_TENANTS')`,
    );
  for (const table of ['TABLES', 'VIEWS']) {
    expect(await named(sys, table)).toEqual([{ n: 2 }]);
    expect(await named(shop, table)).toEqual([{ n: 1 }]);
  }
  const listed = await rowsOf(sys, "SHOW TABLES FROM oceanbase LIKE '%V$OB_PROCESSLIST'");
  expect(listed.map((row) => Object.values(row)[0])).toEqual(['GV$OB_PROCESSLIST', 'V$OB_PROCESSLIST']);
});

test('variables and status are tables too', async () => {
  await shop.query('SET ob_query_timeout = 77000000');
  const value = (table: string, name: string) =>
    oneValue(shop, `SELECT VARIABLE_VALUE FROM information_schema.${table} WHERE VARIABLE_NAME = '${name}'`);
  expect(await value('SESSION_VARIABLES', 'ob_query_timeout')).toBe('77000000');
  expect(await value('GLOBAL_VARIABLES', 'OB_QUERY_TIMEOUT')).toBe('10000000');
  expect(Number(await value('GLOBAL_STATUS', 'Threads_connected'))).toBeGreaterThanOrEqual(3);
  expect(Number(await value('SESSION_STATUS', 'Uptime'))).toBeGreaterThanOrEqual(0);
});

describe('texts and lists beyond the limits', () => {
  test('a second statement is quoted without its secrets', async () => {
    const told = await errorOf(shop.query("SELECT 1; ALTER USER clerk IDENTIFIED BY 'hidden words'"));
    expect(told.errno).toBe(1064);
    expect(told.text).toContain('ALTER USER clerk');
    expect(told.text).not.toContain('hidden');
  });

  test('many parameters in one statement are refused at once', async () => {
    const list = (count: number) => new Array<string>(count).fill('log_archive_concurrency = 1').join(', ');
    await sys.query(`ALTER SYSTEM SET ${list(1000)}`);
    const refused = { errno: 4019, text: 'Size overflow' };
    expect(await errorOf(sys.query(`ALTER SYSTEM SET ${list(1001)}`))).toMatchObject(refused);
    const before = performance.now();
    expect(await errorOf(sys.query(`ALTER SYSTEM SET ${list(400_000)}`))).toMatchObject(refused);
    // Reading all of them takes minutes.
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

describe('session tables among the others', () => {
  test('are listed in their databases', async () => {
    for (const client of [shop, sys]) {
      const users = await rowsOf(client, 'SHOW TABLES FROM mysql');
      expect(users.map((row) => Object.values(row)[0])).toContain('user');
      const processes = await rowsOf(client, 'SHOW TABLES FROM information_schema');
      expect(processes.map((row) => Object.values(row)[0])).toContain('PROCESSLIST');
      const found = await rowsOf(
        client,
        `SELECT table_schema AS s, table_name AS n, table_type AS t FROM information_schema.TABLES
         WHERE table_name IN ('user', 'PROCESSLIST') ORDER BY 1`,
      );
      expect(found).toEqual([
        { s: 'information_schema', n: 'PROCESSLIST', t: 'SYSTEM VIEW' },
        { s: 'mysql', n: 'user', t: 'SYSTEM VIEW' },
      ]);
      const columns = "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE table_schema = 'mysql'";
      expect(await oneValue(client, `${columns} AND table_name = 'user'`)).toBe(46);
    }
  });

  test('COM_FIELD_LIST knows their columns', async () => {
    await using client = new RawClient(server.port);
    expect((await client.login('root@shop', '')).payload[0]).toBe(0);
    for (const [database, table, wildcard, column] of [
      ['mysql', 'user', 'acc%', 'account_locked'],
      ['information_schema', 'PROCESSLIST', 'inf%', 'INFO'],
    ] as const) {
      client.send(`\x02${database}`);
      expect((await client.packet())!.payload[0]).toBe(0);
      client.send(`\x04${table}\0${wildcard}`);
      const [definition, end] = await client.packets(2);
      expect(definition!.payload.toString('latin1')).toContain(column);
      expect(end!.payload[0]).toBe(0xfe);
    }
  });

  test('a join with tables of the tenant is refused by name', async () => {
    await shop.query('CREATE DATABASE IF NOT EXISTS joined');
    await shop.query('CREATE TABLE joined.names (name VARCHAR(20))');
    expect(
      await errorOf(shop.query('SELECT * FROM mysql.user u JOIN joined.names n ON n.name = u.user')),
    ).toMatchObject({
      errno: 1235,
      text: expect.stringContaining("'joined.names'"),
    });
  });
});
