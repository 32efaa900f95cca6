import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTenant, errorOf, oneValue, rowsOf, startTestServer, type TestServer } from './server-fixture.ts';

let server: TestServer;
let sys: Connection;
let shop: Connection;
let oracle: Connection;

beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect('root@sys', { database: 'oceanbase' });
  await createTenant(sys, 'shop');
  await createTenant(sys, 'ora', "ob_tcp_invited_nodes = '%', ob_compatibility_mode = 'oracle'");
  shop = await server.connect('root@shop', { database: 'oceanbase' });
  oracle = await server.connect('SYS@ora');
});

afterAll(async () => {
  for (const client of [sys, shop, oracle]) client?.destroy();
  await server?.stop();
});

describe('what operators look things up in', () => {
  test('internal tables tell servers, tenants and zones, to sys only', async () => {
    const server42 =
      "SELECT id, zone, inner_port, lower(status) AS status, with_rootserver, build_version FROM __all_server WHERE svr_ip = '127.0.0.1' AND svr_port = 2882";
    expect(await rowsOf(sys, server42)).toEqual([
      {
        id: 1,
        zone: 'zone1',
        inner_port: server.port,
        status: 'active',
        with_rootserver: 1,
        build_version: expect.stringMatching(/^4\.2\.1/),
      },
    ]);
    expect(
      await rowsOf(
        sys,
        'SELECT tenant_name, compatibility_mode, status FROM oceanbase.__all_tenant WHERE tenant_id % 2 = 0 ORDER BY tenant_id',
      ),
    ).toEqual([
      { tenant_name: 'shop', compatibility_mode: 0, status: 'NORMAL' },
      { tenant_name: 'ora', compatibility_mode: 1, status: 'NORMAL' },
    ]);
    expect(
      await rowsOf(
        sys,
        "SELECT status FROM CDB_OB_BACKUP_JOBS WHERE tenant_id = (SELECT tenant_id FROM __all_tenant WHERE tenant_name = 'shop')",
      ),
    ).toEqual([]);
    expect(await rowsOf(sys, "SELECT zone, info FROM __all_zone WHERE name = 'status'")).toEqual([
      { zone: 'zone1', info: 'ACTIVE' },
    ]);
    expect((await errorOf(shop.query('SELECT * FROM oceanbase.__all_tenant'))).errno).toBe(1146);
  });

  test('the lowest release among the servers', async () => {
    const sql = "SELECT DISTINCT value FROM GV$OB_PARAMETERS WHERE name = 'min_observer_version'";
    expect(await oneValue(sys, sql)).toBe('4.2.1.0');
    expect((await errorOf(sys.query("ALTER SYSTEM SET min_observer_version = '4.3.0.0'"))).errno).toBe(4147);
  });
});

describe('faces', () => {
  test('every view answers in every kind of tenant', async () => {
    for (const [client, schema] of [
      [sys, 'oceanbase'],
      [shop, 'oceanbase'],
      [oracle, 'SYS'],
    ] as const) {
      const names = (await rowsOf(client, `SHOW TABLES FROM ${schema}`)).map((row) => String(Object.values(row)[0]));
      expect(names.length).toBeGreaterThan(30);
      for (const name of names) {
        const [, fields] = await client.query(`SELECT * FROM ${schema}.${name} LIMIT 3`);
        const described = await rowsOf(client, `DESC ${schema}.${name}`);
        expect([name, fields.map((field) => field.name)]).toEqual([name, described.map((row) => row['Field'])]);
        const listed = await client.execute(`SELECT * FROM ${schema}.${name} LIMIT 3`);
        expect(listed[1]?.length).toBe(fields.length);
      }
    }
  });

  test('CDB shows all tenants to sys, DBA its own to each, and CDB nothing to others', async () => {
    const names = async (client: Connection, view: string) =>
      (await rowsOf(client, `SELECT tenant_id AS t FROM ${view} WHERE name = 'autocommit' OR name = 'time_zone'`)).map(
        (row) => row['t'],
      );
    expect(new Set(await names(sys, 'CDB_OB_SYS_VARIABLES'))).toEqual(new Set([1, 1002, 1004]));
    expect((await rowsOf(shop, "SELECT * FROM DBA_OB_SYS_VARIABLES WHERE name = 'autocommit'")).length).toBe(1);
    expect(await errorOf(shop.query('SELECT * FROM CDB_OB_BACKUP_JOBS'))).toMatchObject({
      errno: 1146,
      sqlState: '42S02',
      text: "Table 'oceanbase.CDB_OB_BACKUP_JOBS' doesn't exist",
    });
    expect((await rowsOf(sys, 'SELECT tenant_id FROM DBA_OB_TENANTS')).length).toBe(5);
    expect((await rowsOf(shop, 'SELECT tenant_id FROM DBA_OB_TENANTS')).length).toBe(1);
  });

  test('names in any case, with schema or without, and labels as typed', async () => {
    const [row] = await rowsOf(
      sys,
      'select Tenant_Id, tenant_name as N, t.STATUS, count(*), 1 + 1 from OceanBase.dba_ob_tenants t where tenant_id = 1 group by 1, 2, 3',
    );
    expect(Object.keys(row!)).toEqual(['Tenant_Id', 'N', 'STATUS', 'count(*)', '1 + 1']);
  });

  test('views may be joined, nested, united and compared without case', async () => {
    expect(
      await rowsOf(
        sys,
        `WITH u AS (SELECT tenant_id, tenant_name FROM DBA_OB_TENANTS WHERE tenant_type = 'user')
         SELECT u.tenant_name, p.name FROM u JOIN DBA_OB_RESOURCE_POOLS p USING (tenant_id) WHERE p.name LIKE 'POOL\\_S%'
         UNION SELECT 'x', 'y' FROM dual ORDER BY 1`,
      ),
    ).toEqual([
      { tenant_name: 'shop', name: 'pool_shop' },
      { tenant_name: 'x', name: 'y' },
    ]);
  });

  test('a query over views and tables together is refused by name', async () => {
    await shop.query('CREATE TABLE test.own (tenant_id INT)');
    const error = await errorOf(shop.query('SELECT * FROM oceanbase.DBA_OB_TENANTS JOIN test.own USING (tenant_id)'));
    expect(error).toMatchObject({
      errno: 1235,
      text: "a query over views of the server and table 'test.own' is not supported",
    });
  });

  test('views are read only', async () => {
    for (const sql of [
      'DELETE FROM oceanbase.DBA_OB_TENANTS',
      'INSERT INTO oceanbase.DBA_OB_TENANTS VALUES (1)',
      "UPDATE oceanbase.DBA_OB_TENANTS SET tenant_name = 'x'",
      'DROP TABLE oceanbase.DBA_OB_TENANTS',
      'CREATE TABLE oceanbase.mine (id INT)',
    ]) {
      const { errno } = await errorOf(shop.query(sql));
      expect([sql, errno > 0]).toEqual([sql, true]);
    }
    expect((await rowsOf(shop, 'SELECT * FROM oceanbase.DBA_OB_TENANTS')).length).toBe(1);
  });
});

describe('cached plans', () => {
  test('the same text with other literals', async () => {
    const name = (id: number) =>
      oneValue(sys, `SELECT TENANT_NAME FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_ID = ${id}`);
    expect([await name(1), await name(1002), await name(1004), await name(7)]).toEqual([
      'sys',
      'shop',
      'ora',
      undefined,
    ]);
    const like = (text: string) =>
      oneValue(sys, `SELECT COUNT(*) FROM DBA_OB_TENANTS WHERE TENANT_NAME LIKE '${text}'`);
    expect([await like('s%'), await like('%o%'), await like('x')]).toEqual([2, 2, 0]);
  });

  test('literals that shape the answer: labels, positions, limits, types', async () => {
    for (const n of [1, 2, 3, 1]) {
      const [row] = await rowsOf(sys, `SELECT ${n}, 'text ${n}'`);
      expect(row).toEqual({ [String(n)]: n, [`text ${n}`]: `text ${n}` });
    }
    const order = (position: number) =>
      rowsOf(
        sys,
        `SELECT TENANT_NAME, TENANT_ID FROM DBA_OB_TENANTS WHERE TENANT_TYPE <> 'META' ORDER BY ${position} DESC LIMIT 1`,
      );
    expect([(await order(1))[0]!['TENANT_NAME'], (await order(2))[0]!['TENANT_NAME']]).toEqual(['sys', 'ora']);
    for (const count of [1, 2, 3])
      expect((await rowsOf(sys, `SELECT 1 FROM DBA_OB_TENANTS LIMIT ${count}`)).length).toBe(count);
    expect(await oneValue(sys, 'SELECT 1 = 1.0')).toBe(1);
    expect(await oneValue(sys, "SELECT 1 = '1'")).toBe(1);
    expect(await oneValue(sys, 'SELECT 1 = 2')).toBe(0);
    expect(await oneValue(sys, 'SELECT CAST(9223372036854775807 AS CHAR)')).toBe('9223372036854775807');
    expect(await oneValue(sys, 'SELECT CAST(5 AS CHAR)')).toBe('5');
    expect(await oneValue(sys, 'SELECT 5 + 0')).toBe(5);
  });

  test('the same text in another database, zone, tenant and sql_mode', async () => {
    const client = await server.connect('root@shop');
    expect((await errorOf(client.query('SELECT COUNT(*) AS n FROM DBA_OB_TENANTS'))).errno).toBe(1046);
    await client.query('USE oceanbase');
    expect(await rowsOf(client, 'SELECT COUNT(*) AS n FROM DBA_OB_TENANTS')).toEqual([{ n: 1 }]);
    expect(await rowsOf(sys, 'SELECT COUNT(*) AS n FROM DBA_OB_TENANTS')).toEqual([{ n: 5 }]);
    expect(await rowsOf(oracle, 'SELECT COUNT(*) AS n FROM DBA_OB_TENANTS')).toEqual([{ n: 1 }]);
    await client.query("SET sql_mode = 'ANSI_QUOTES'");
    expect(await rowsOf(client, 'SELECT "TENANT_NAME" AS n FROM DBA_OB_TENANTS')).toEqual([{ n: 'shop' }]);
    await client.query("SET sql_mode = ''");
    expect(await rowsOf(client, 'SELECT "TENANT_NAME" AS n FROM DBA_OB_TENANTS')).toEqual([{ n: 'TENANT_NAME' }]);
    client.destroy();
  });

  test('what changes is seen at once', async () => {
    const value = () =>
      oneValue(sys, "SELECT VALUE FROM GV$OB_PARAMETERS WHERE NAME = 'archive_lag_target' AND TENANT_ID = 1002");
    expect(await value()).toBe('120s');
    await shop.query("ALTER SYSTEM SET archive_lag_target = '30s'");
    expect(await value()).toBe('30s');
  });

  test('SCNs arrive whole, in both protocols, as number or text as the client likes', async () => {
    const client = await server.connect('root@sys', { supportBigNumbers: true, bigNumberStrings: true });
    const sql = "SELECT RECOVERY_UNTIL_SCN AS s FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'shop'";
    expect(await oneValue(client, sql)).toBe('4611686018427387903');
    const [rows] = (await client.execute(sql)) as unknown as [{ s: string }[]];
    expect(rows[0]!.s).toBe('4611686018427387903');
    client.destroy();
  });
});
