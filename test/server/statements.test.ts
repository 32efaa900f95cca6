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
let shop: Connection;
let oracle: Connection;

beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect();
  await createTenant(sys, 'shop');
  await createTenant(sys, 'ora', "ob_tcp_invited_nodes = '%', ob_compatibility_mode = 'oracle'");
  shop = await server.connect('root@shop');
  oracle = await server.connect('SYS@ora');
});

afterAll(async () => {
  for (const client of [sys, shop, oracle]) client?.destroy();
  await server?.stop();
});

describe('SHOW', () => {
  test('VARIABLES by LIKE, by WHERE, session and global', async () => {
    expect(await rowsOf(sys, "SHOW VARIABLES LIKE 'ob_compat%'")).toEqual([
      { Variable_name: 'ob_compatibility_mode', Value: 'MYSQL' },
    ]);
    expect(await oneValue(oracle, 'SELECT Value FROM (SELECT @@ob_compatibility_mode AS Value) x')).toBe('ORACLE');
    const where =
      "SHOW VARIABLES WHERE Variable_name IN ('autocommit','tx_isolation','system_time_zone') AND Value <> 'x'";
    expect(await rowsOf(sys, where)).toEqual([
      { Variable_name: 'autocommit', Value: 'ON' },
      { Variable_name: 'system_time_zone', Value: 'CST' },
      { Variable_name: 'tx_isolation', Value: 'READ-COMMITTED' },
    ]);
    await sys.query('SET wait_timeout = 100');
    expect(await rowsOf(sys, "SHOW SESSION VARIABLES LIKE 'wait_timeout'")).toEqual([
      { Variable_name: 'wait_timeout', Value: '100' },
    ]);
    expect(await rowsOf(sys, "show /*!40003 GLOBAL */ variables like 'wait_timeout'")).toEqual([
      { Variable_name: 'wait_timeout', Value: '28800' },
    ]);
    expect((await rowsOf(sys, 'SHOW VARIABLES')).length).toBeGreaterThan(300);
    expect((await errorOf(sys.query('SHOW VARIABLES WHERE nothing = 1'))).errno).toBe(1054);
  });

  test('what clients ask of a server', async () => {
    expect((await rowsOf(sys, 'SHOW ENGINES')).map((row) => String(row['Engine']).toLowerCase())).toEqual([
      'oceanbase',
    ]);
    expect((await rowsOf(sys, 'SHOW CHARSET')).map((row) => row['Charset'])).toContain('utf8mb4');
    expect((await rowsOf(sys, "SHOW CHARACTER SET LIKE 'gb%'")).length).toBe(2);
    expect((await rowsOf(sys, "SHOW COLLATION WHERE Charset = 'utf8mb4' AND `Default` = 'Yes'")).length).toBe(1);
    expect((await rowsOf(sys, 'SHOW PLUGINS')).length).toBe(1);
    expect((await rowsOf(sys, 'SHOW PRIVILEGES')).length).toBeGreaterThan(10);
    expect(await rowsOf(sys, 'SHOW MASTER STATUS')).toEqual([]);
    expect(await rowsOf(sys, 'SHOW SLAVE STATUS')).toEqual([]);
    expect(await rowsOf(sys, "SHOW GLOBAL STATUS LIKE 'Threads_connected'")).toEqual([
      { Variable_name: 'Threads_connected', Value: '3' },
    ]);
  });

  test('PARAMETERS of the cluster, of a tenant, and who may ask', async () => {
    const [row] = await rowsOf(sys, "SHOW PARAMETERS LIKE 'archive_lag_target'");
    expect(Object.keys(row!)).toEqual(
      'zone svr_type svr_ip svr_port name data_type value info section scope source edit_level'.split(' '),
    );
    expect([row!['value'], row!['scope'], row!['data_type']]).toEqual(['120s', 'TENANT', null]);
    await sys.query("ALTER SYSTEM SET archive_lag_target = '60s' TENANT = shop");
    const value = async (client: Connection, clause: string) =>
      (await rowsOf(client, `SHOW PARAMETERS ${clause}`)).map((one) => one['value']);
    expect(await value(sys, "LIKE 'archive_lag_target' TENANT = shop")).toEqual(['60s']);
    expect(await value(sys, "TENANT = shop LIKE 'archive_lag_target'")).toEqual(['60s']);
    expect(await value(shop, "WHERE name = 'ARCHIVE_LAG_TARGET' AND scope = 'tenant'")).toEqual(['60s']);
    expect(await value(sys, "LIKE 'archive_lag_target'")).toEqual(['120s']);
    expect((await errorOf(shop.query('SHOW PARAMETERS TENANT = shop'))).errno).toBe(1227);
    expect((await errorOf(sys.query('SHOW PARAMETERS TENANT = nobody'))).errno).toBe(5160);
    const names = (await rowsOf(sys, 'SHOW PARAMETERS')).map((one) => String(one['name']));
    expect(names.filter((name) => name.startsWith('_') || /backup_dest|archive_dest/.test(name))).toEqual([]);
  });

  test('tenants', async () => {
    expect(await rowsOf(shop, 'SHOW TENANT')).toEqual([{ Current_tenant_name: 'shop' }]);
    expect(await rowsOf(shop, 'SHOW TENANT STATUS')).toEqual([{ Tenant: 'shop', Status: 'read write' }]);
    expect((await rowsOf(sys, 'SHOW TENANT STATUS')).map((row) => row['Tenant'])).toEqual(['sys', 'shop', 'ora']);
    const [made] = await rowsOf(sys, 'SHOW CREATE TENANT shop');
    expect(made?.['Create Tenant']).toMatch(
      /^CREATE TENANT shop charset=utf8mb4, replica_num=1, zone_list\('zone1'\), primary_zone='RANDOM', .*resource_pool_list\('pool_shop'\)/,
    );
    expect((await errorOf(shop.query('SHOW CREATE TENANT ora'))).errno).toBe(5157);
    expect((await errorOf(oracle.query('SHOW TENANT'))).text).toBe(
      'ORA-00600: internal error code, arguments: -4007, show tenant in oracle mode is not supported',
    );
    expect(await rowsOf(sys, 'SHOW RECYCLEBIN')).toEqual([]);
  });

  test('WARNINGS stay until the next statement, ERRORS and counts go with them', async () => {
    await sys.query('DROP TENANT IF EXISTS nobody');
    expect(await rowsOf(sys, 'SHOW COUNT(*) WARNINGS')).toEqual([{ '@@session.warning_count': 1 }]);
    const [note] = await rowsOf(sys, 'SHOW WARNINGS');
    expect([note?.['Level'], note?.['Code']]).toEqual(['Note', 5157]);
    expect((await rowsOf(sys, 'SHOW WARNINGS LIMIT 1, 5')).length).toBe(0);
    expect((await rowsOf(sys, 'SHOW ERRORS')).length).toBe(0);
    await errorOf(sys.query('SELECT nothing'));
    expect(await rowsOf(sys, 'SHOW ERRORS')).toEqual([
      { Level: 'Error', Code: 1054, Message: "Unknown column 'nothing' in 'field list'" },
    ]);
    expect(await rowsOf(sys, 'SHOW COUNT(*) ERRORS')).toEqual([{ '@@session.error_count': 1 }]);
    await sys.query('SELECT 1');
    expect(await rowsOf(sys, 'SHOW WARNINGS')).toEqual([]);
  });

  test('accounts', async () => {
    expect(await rowsOf(sys, 'SHOW GRANTS FOR CURRENT_USER()')).toEqual([
      { 'Grants for root@%': "GRANT ALL PRIVILEGES ON *.* TO 'root' WITH GRANT OPTION" },
    ]);
    expect(await oneValue(sys, 'SHOW CREATE USER root')).toMatch(/^CREATE USER 'root' IDENTIFIED WITH/);
    expect((await errorOf(sys.query('SHOW GRANTS FOR nobody'))).errno).toBe(1141);
  });

  test('what a tenant has itself is asked of its engine', async () => {
    await shop.query('CREATE DATABASE wares');
    await shop.query('CREATE TABLE wares.item (id INT PRIMARY KEY, name VARCHAR(10) NOT NULL)');
    expect((await rowsOf(shop, 'SHOW DATABASES')).map((row) => row['Database'])).toEqual(
      expect.arrayContaining(['information_schema', 'oceanbase', 'wares']),
    );
    expect(await rowsOf(shop, 'SHOW FULL TABLES FROM wares LIKE "it%"')).toEqual([
      { 'Tables_in_wares (it%)': 'item', Table_type: 'BASE TABLE' },
    ]);
    expect((await rowsOf(shop, 'DESC wares.item')).map((row) => [row['Field'], row['Key']])).toEqual([
      ['id', 'PRI'],
      ['name', ''],
    ]);
    expect(await oneValue(shop, 'SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = "wares"')).toBe(1);
    expect(String((await rowsOf(shop, 'SHOW CREATE TABLE wares.item'))[0]?.['Create Table'])).toContain(
      'CREATE TABLE `item`',
    );
  });

  test('views look like tables of oceanbase, of SYS in Oracle mode', async () => {
    expect((await rowsOf(sys, 'SHOW TABLES FROM oceanbase')).length).toBeGreaterThan(60);
    expect(await rowsOf(shop, "SHOW FULL TABLES FROM oceanbase LIKE '%DB\\_%'")).toEqual([]);
    expect((await rowsOf(shop, "SHOW TABLES FROM oceanbase LIKE 'CDB%'")).length).toBe(0);
    expect((await rowsOf(sys, 'DESC oceanbase.CDB_OB_BACKUP_JOBS'))[0]).toEqual({
      Field: 'TENANT_ID',
      Type: 'bigint(20)',
      Null: 'NO',
      Key: '',
      Default: null,
      Extra: '',
    });
    expect(Object.keys((await rowsOf(sys, 'SHOW FULL COLUMNS FROM oceanbase.DBA_OB_TENANTS'))[0]!)).toContain(
      'Privileges',
    );
    expect((await rowsOf(sys, 'DESC oceanbase.dba_ob_tenants status')).length).toBe(1);
    expect(await rowsOf(sys, 'SHOW INDEX FROM DBA_OB_TENANTS FROM oceanbase')).toEqual([]);
    expect((await rowsOf(sys, 'SHOW CREATE TABLE oceanbase.DBA_OB_TENANTS'))[0]?.['View']).toBe('DBA_OB_TENANTS');
    expect(await errorOf(sys.query('DESC oceanbase.nothing'))).toMatchObject({
      errno: 1146,
      text: "Table 'oceanbase.nothing' doesn't exist",
    });
    expect((await rowsOf(oracle, 'DESC SYS.DBA_OB_BACKUP_JOBS')).map((row) => row['Type'])).toContain('NUMBER(38)');
  });

  test('PROCESSLIST hides secrets and other tenants', async () => {
    const rows = await rowsOf(sys, 'SHOW FULL PROCESSLIST');
    expect(Object.keys(rows[0]!)).toEqual('Id User Tenant Host db Command Time State Info Ip Port'.split(' '));
    expect(rows.map((row) => row['Tenant']).sort()).toEqual(['ora', 'shop', 'sys']);
    expect(rows.find((row) => row['Tenant'] === 'sys')).toMatchObject({
      Command: 'Query',
      Info: 'SHOW FULL PROCESSLIST',
    });
    expect((await rowsOf(shop, 'SHOW PROCESSLIST')).length).toBe(1);
    const both = await server.connect('root@sys', { multipleStatements: true });
    const [[, shown]] = (await both.query(
      "SET ENCRYPTION ON IDENTIFIED BY 'verysecret' ONLY; SHOW FULL PROCESSLIST",
    )) as unknown as [[unknown, { Info: string | null }[]]];
    expect(JSON.stringify(shown)).not.toContain('verysecret');
    both.destroy();
  });
});

describe('SET', () => {
  test('kinds of values, and reading them back', async () => {
    const client = await server.connect();
    await client.query(
      "SET autocommit=1, sql_mode = concat(@@sql_mode,',STRICT_TRANS_TABLES'), @a = 1 + 1, @b := 'x', SESSION ob_query_timeout = 5 * 1000000",
    );
    expect(await rowsOf(client, 'SELECT @a AS a, @b AS b, @@ob_query_timeout AS t, @@sql_mode AS m')).toEqual([
      { a: 2, b: 'x', t: 5_000_000, m: 'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE' },
    ]);
    await client.query('SET ob_query_timeout = DEFAULT, time_zone = "+00:00", character_set_results = NULL');
    expect(
      await rowsOf(client, 'SELECT @@ob_query_timeout AS t, @@time_zone AS z, @@character_set_results AS c'),
    ).toEqual([{ t: 10_000_000, z: '+00:00', c: null }]);
    await client.query('SET @c = (SELECT COUNT(*) FROM oceanbase.DBA_OB_TENANTS WHERE tenant_id = 1), @d = NULL');
    expect(await rowsOf(client, 'SELECT @c AS c, @d AS d')).toEqual([{ c: 1, d: null }]);
    client.destroy();
  });

  test('a variable takes the value of a subquery over tables', async () => {
    await shop.query('CREATE TABLE IF NOT EXISTS test.n (id INT)');
    await shop.query('INSERT INTO test.n VALUES (1), (2)');
    await shop.query('SET @n = (SELECT COUNT(*) FROM test.n)');
    expect(await oneValue(shop, 'SELECT @n')).toBe(2);
    await shop.query('SELECT MAX(id), MIN(id) INTO @hi, @lo FROM test.n');
    expect(await rowsOf(shop, 'SELECT @hi AS hi, @lo AS lo')).toEqual([{ hi: 2, lo: 1 }]);
  });

  test.each([
    ['SET nothing = 1', 1193],
    ['SET version = 1', 1238],
    ['SET ob_tcp_invited_nodes = 1', 1229],
    ['SET GLOBAL warning_count = 1', 1238],
    ["SET autocommit = 'perhaps'", 1231],
    ["SET time_zone = 'Nowhere/Land'", 1298],
    ['SET NAMES klingon', 1115],
    ['SELECT @@nothing', 1193],
    ['SELECT @@session.port', 1238],
    ['SET NAMES gbk COLLATE utf8mb4_bin', 1253],
    ['SET GLOBAL read_only = ON', 1235],
    ['SET GLOBAL super_read_only = 1', 1235],
    ['SET GLOBAL offline_mode = ON', 1235],
    ['SET GLOBAL require_secure_transport = ON', 1235],
    ["SET completion_type = 'CHAIN'", 1235],
    ["SET GLOBAL init_connect = 'SET @a = 1'", 1235],
  ])('%s is refused with %d', async (sql, errno) => {
    expect((await errorOf(sys.query(sql))).errno).toBe(errno);
  });

  test('a variable that nothing follows is kept, and said to have no effect', async () => {
    const inert = (name: string) => ({
      ...{ Level: 'Warning', Code: 1235 },
      Message: `variable ${name} is kept and shown, it has no effect in this server`,
    });
    await shop.query('SET max_execution_time = 1000, wait_timeout = 1000, SQL_NOTES = 0');
    expect(await rowsOf(shop, 'SHOW WARNINGS')).toEqual([inert('max_execution_time'), inert('sql_notes')]);
    expect(await oneValue(shop, 'SELECT @@max_execution_time + 0')).toBe(1000);
    await shop.query('SET max_execution_time = 0, sql_notes = 1, completion_type = 0, recyclebin = ON');
    const recyclebin = 'variable recyclebin holds for DROP TENANT only, all other DROP statements remove for good';
    expect(await rowsOf(shop, 'SHOW WARNINGS')).toEqual([{ Level: 'Warning', Code: 1235, Message: recyclebin }]);
    await shop.query('SET recyclebin = OFF');
    expect(await rowsOf(shop, 'SHOW WARNINGS')).toEqual([]);
  });

  test('global values reach new sessions, other tenants never, and a restart keeps them', async () => {
    await shop.query('SET GLOBAL ob_query_timeout = 77000000');
    expect(await oneValue(shop, 'SELECT @@global.ob_query_timeout')).toBe(77_000_000);
    expect(await oneValue(shop, 'SELECT @@ob_query_timeout')).toBe(10_000_000);
    const later = await server.connect('root@shop');
    expect(await oneValue(later, 'SELECT @@ob_query_timeout')).toBe(77_000_000);
    later.destroy();
    expect(await oneValue(sys, 'SELECT @@global.ob_query_timeout')).toBe(10_000_000);
    expect(
      await oneValue(
        sys,
        "SELECT VALUE FROM oceanbase.CDB_OB_SYS_VARIABLES WHERE NAME = 'ob_query_timeout' AND TENANT_ID = 1002",
      ),
    ).toBe('77000000');
  });

  test('names: a client of another character set', async () => {
    const { out } = await mariadb(server.port, 'root@shop', [
      '--default-character-set=gbk',
      '-Ne',
      "set names gbk; select @@character_set_client, hex('\xd6')",
    ]);
    expect(out).toMatch(/^gbk\t/);
  });

  test('the zone of the session moves the times of views and functions', async () => {
    const client = await server.connect();
    const at = async (zone: string) => {
      await client.query(`SET time_zone = '${zone}'`);
      const [row] = await rowsOf(
        client,
        'SELECT CREATE_TIME AS c, NOW() AS n FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_ID = 1',
      );
      return [Date.parse(`${row!['c']}Z`), Date.parse(`${row!['n']}Z`)];
    };
    const [east, utc] = [await at('+08:00'), await at('+00:00')];
    expect(east[0]! - utc[0]!).toBe(8 * 3600_000);
    expect(Math.round((east[1]! - utc[1]!) / 60_000)).toBe(480);
    const named = await at('Asia/Shanghai');
    expect(named[0]).toBe(east[0]);
    client.destroy();
  });
});

describe('USE', () => {
  test('databases of the server and of the tenant', async () => {
    await shop.query('CREATE DATABASE IF NOT EXISTS wares2');
    for (const name of ['oceanbase', 'INFORMATION_SCHEMA', 'wares2', 'mysql']) {
      await shop.query(`USE ${name}`);
      expect(await oneValue(shop, 'SELECT DATABASE()')).toBe(name.toLowerCase());
    }
    expect(await errorOf(shop.query('USE nothere'))).toMatchObject({ errno: 1049, text: "Unknown database 'nothere'" });
    expect(await oneValue(shop, 'SELECT DATABASE()')).toBe('mysql');
    await shop.query('USE wares2');
    await shop.query('DROP DATABASE wares2');
    expect(await oneValue(shop, 'SELECT DATABASE()')).toBe(null);
    expect((await errorOf(shop.query('SELECT * FROM anything'))).errno).toBe(1046);
  });
});

describe('Oracle tenants', () => {
  test('tell their errors as ORA', async () => {
    expect((await errorOf(oracle.query("ALTER SYSTEM SET DATA_BACKUP_DEST='ftp://x'"))).text).toMatch(
      /^ORA-00600: internal error code, arguments: -\d+, /,
    );
    expect((await errorOf(oracle.query('ALTER SYSTEM NONSENSE'))).text).toMatch(/^ORA-00900: /);
  });

  test('read their views under SYS and by their bare names', async () => {
    expect((await rowsOf(oracle, 'SELECT TENANT_NAME FROM SYS.DBA_OB_TENANTS'))[0]).toEqual({ TENANT_NAME: 'ora' });
    expect((await rowsOf(oracle, 'SELECT TENANT_NAME FROM DBA_OB_TENANTS')).length).toBe(1);
    expect(await rowsOf(oracle, 'SELECT 1 AS one FROM dual')).toEqual([{ one: 1 }]);
  });

  test('say by name that they have no tables and no PL/SQL, run and prepared, before any error of syntax', async () => {
    const refused = [
      ['CREATE TABLE (a NUMBER)', 'CREATE TABLE'],
      ['CREATE TABLE t (a VARCHAR2(10))', 'CREATE TABLE'],
      ['ALTER TABLE t ADD (b NUMBER)', 'ALTER TABLE'],
      ["ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY'", 'ALTER SESSION'],
      ['DROP TABLE t PURGE', 'DROP TABLE'],
      ["COMMENT ON TABLE t IS 'x'", 'COMMENT ON'],
      ['DECLARE x NUMBER', 'DECLARE'],
      ['BEGIN NULL', 'a PL/SQL block'],
      ['DELETE t', 'DELETE'],
      ['MERGE INTO t USING u ON (1=1) WHEN MATCHED THEN UPDATE SET a = 1', 'MERGE'],
      ['LOCK TABLE t IN EXCLUSIVE MODE', 'LOCK TABLE'],
      ['SELECT * FROM t CONNECT BY PRIOR a = b', 'CONNECT BY'],
    ] as const;
    for (const [text, name] of refused) {
      const told = `ORA-00600: internal error code, arguments: -4007, ${name} in an Oracle-mode tenant is not supported`;
      expect(await errorOf(oracle.query(text)), text).toMatchObject({ errno: 1235, text: told });
      expect(await errorOf(oracle.prepare(text)), text).toMatchObject({ errno: 1235, text: told });
    }
    expect((await errorOf(oracle.query('SELECT * FROM t'))).text).toContain(
      'SQL over tables of an Oracle-mode tenant is not',
    );
    expect((await errorOf(oracle.query('NONSENSE t'))).text).toMatch(/^ORA-00900: /);
    for (const text of ['BEGIN', 'COMMIT', 'CREATE USER ann IDENTIFIED BY secret']) await oracle.query(text);
  });
});
