import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTenant, errorOf, mariadb, rowsOf, run, startTestServer, type TestServer } from './server-fixture.ts';

let server: TestServer;
let sys: Connection;

beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect();
  await createTenant(sys, 'shop');
});

afterAll(async () => {
  sys?.destroy();
  await server?.stop();
});

/** What clients say before their user has said a word, one list a client. */
const conversations: Readonly<Record<string, readonly string[]>> = {
  obclient: [
    'select @@version_comment, @@version limit 1',
    'select @@version_comment limit 1',
    'select USER()',
    'show databases',
    'select DATABASE(), USER() limit 1',
    'select @@character_set_client, @@character_set_connection, @@character_set_server, @@character_set_database limit 1',
    'SELECT DATABASE()',
  ],
  mysqladmin: ['show /*!50002 GLOBAL */ status', 'show /*!40003 GLOBAL */ variables', 'show processlist'],
  'mariadb-dump': [
    "/*!40100 SET @@SQL_MODE='' */",
    "/*!40103 SET TIME_ZONE='+00:00' */",
    '/*M!100100 SET @@MAX_STATEMENT_TIME=0.000000 */',
    "SELECT LOGFILE_GROUP_NAME, FILE_NAME, TOTAL_EXTENTS, INITIAL_SIZE, ENGINE, EXTRA FROM INFORMATION_SCHEMA.FILES WHERE ENGINE = 'ndbcluster'",
  ],
  mydumper: [
    'SET SESSION wait_timeout = 2147483',
    'SHOW PROCESSLIST',
    'SELECT @@version_comment, @@version',
    'START TRANSACTION /*!40108 WITH CONSISTENT SNAPSHOT */',
    'SHOW MASTER STATUS',
    '/*!40101 SET NAMES binary*/',
    'ROLLBACK',
  ],
  sqlalchemy: [
    'SET NAMES utf8mb4',
    'SELECT VERSION()',
    'SELECT DATABASE()',
    'SELECT @@transaction_isolation',
    'SELECT @@sql_mode',
    'SELECT @@lower_case_table_names',
    'ROLLBACK',
  ],
  perl: [
    "SET NAMES 'utf8mb4'",
    "SET character_set_server='utf8mb4'",
    "SET collation_connection='utf8mb4_general_ci'",
    "SET collation_server='utf8mb4_general_ci'",
  ],
  go: ['SET NAMES utf8mb4', 'SELECT @@max_allowed_packet', 'SET ob_query_timeout = 60000000'],
  'MariaDB Connector/J': [
    "set autocommit=1, sql_mode = concat(@@sql_mode,',STRICT_TRANS_TABLES')",
    'SELECT @@max_allowed_packet,@@system_time_zone,@@time_zone,@@auto_increment_increment',
    'SELECT @@transaction_isolation',
  ],
  'OceanBase Connector/J': [
    'select @@sql_mode',
    "set autocommit=1, sql_mode = concat(@@sql_mode,',STRICT_TRANS_TABLES')",
    'set names utf8',
    'select @@version_comment, @@version, ob_version() limit 1',
    "SHOW VARIABLES WHERE Variable_name in ('max_allowed_packet','system_time_zone','time_zone','auto_increment_increment')",
  ],
  'MySQL Connector/J': [
    '/* mysql-connector-j-9.1.0 (Revision: x) */SELECT  @@session.auto_increment_increment AS auto_increment_increment, @@character_set_client AS character_set_client, @@character_set_connection AS character_set_connection, @@character_set_results AS character_set_results, @@character_set_server AS character_set_server, @@collation_server AS collation_server, @@collation_connection AS collation_connection, @@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, @@lower_case_table_names AS lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, @@net_write_timeout AS net_write_timeout, @@performance_schema AS performance_schema, @@query_cache_size AS query_cache_size, @@query_cache_type AS query_cache_type, @@sql_mode AS sql_mode, @@system_time_zone AS system_time_zone, @@time_zone AS time_zone, @@transaction_isolation AS transaction_isolation, @@wait_timeout AS wait_timeout',
    'SET character_set_results = NULL',
    'SET autocommit=1',
    "SET sql_mode='ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES'",
    'SELECT @@session.transaction_read_only',
    '/* ping */ SELECT 1',
  ],
  DBeaver: [
    '/* ApplicationName=DBeaver 24.0.0 - Metadata */ SELECT DATABASE()',
    '/* ApplicationName=DBeaver 24.0.0 - Metadata */ SHOW ENGINES',
    '/* ApplicationName=DBeaver 24.0.0 - Metadata */ SHOW CHARSET',
    '/* ApplicationName=DBeaver 24.0.0 - Metadata */ SHOW COLLATION',
    '/* ApplicationName=DBeaver 24.0.0 - Metadata */ SELECT @@GLOBAL.character_set_server,@@GLOBAL.collation_server',
    '/* ApplicationName=DBeaver 24.0.0 - Metadata */ SHOW PLUGINS',
    "/* ApplicationName=DBeaver 24.0.0 - Metadata */ SHOW VARIABLES LIKE 'lower_case_table_names'",
    '/* ApplicationName=DBeaver 24.0.0 - Metadata */ show databases',
    "/* ApplicationName=DBeaver 24.0.0 - Metadata */ SELECT * FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = 'information_schema' AND t.TABLE_NAME = 'CHECK_CONSTRAINTS'",
    'SHOW FULL PROCESSLIST',
    'SHOW TABLE STATUS FROM `oceanbase`',
    'SHOW TABLE STATUS FROM `test`',
  ],
  'OCP express': ['SELECT 1 FROM DUAL', 'SELECT /*+ QUERY_TIMEOUT(5000000) */ tenant_id FROM oceanbase.DBA_OB_TENANTS'],
  obagent: ["show variables like 'version_comment'", 'select host_ip()', 'select rpc_port()'],
};

describe.each(Object.entries(conversations))('%s', (_, statements) => {
  test.each(['root@sys', 'root@shop'])('as %s', async (user) => {
    const client = await server.connect(user);
    for (const sql of statements) {
      const answer = await client.query(sql).catch((error: Error) => error);
      expect(answer instanceof Error ? `${sql}: ${answer.message}` : null).toBe(null);
    }
    client.destroy();
  });
});

test('the six values OceanBase Connector/J parses strictly', async () => {
  const sql =
    'SELECT @@max_allowed_packet,@@system_time_zone,@@time_zone,@@auto_increment_increment,@@tx_isolation AS tx_isolation,@@session.tx_read_only AS tx_read_only';
  const [row] = await rowsOf(sys, sql);
  expect(row).toEqual({
    '@@max_allowed_packet': 16_777_216,
    '@@system_time_zone': 'CST',
    '@@time_zone': '+08:00',
    '@@auto_increment_increment': 1,
    tx_isolation: 'READ-COMMITTED',
    tx_read_only: 0,
  });
});

describe('programs', () => {
  test('the client with completion on: every table and field', async () => {
    const { out, err, code } = await mariadb(server.port, 'root@sys', [
      '--auto-rehash',
      '-D',
      'oceanbase',
      '-e',
      'select 1 as one',
    ]);
    expect([out, err, code]).toEqual(['one\n1\n', '', 0]);
  });

  test('status, \\u and warnings in the client', async () => {
    const { out, err } = await mariadb(
      server.port,
      'root@sys',
      ['--show-warnings'],
      'status\n\\u oceanbase\nselect database();\nDROP TENANT IF EXISTS nobody;\n',
    );
    expect(err).toBe('');
    expect(out).toContain('OceanBase 4.2.1.0');
    expect(out).toMatch(/^Active/m);
    expect(out).toContain('oceanbase');
    expect(out).toContain('(Code 5157)');
  });

  test('mysqladmin: ping, status, processlist, variables', async () => {
    const admin = (...words: readonly string[]) =>
      run('mariadb-admin', ['-h127.0.0.1', `-P${server.port}`, '-uroot@sys', ...words]);
    expect((await admin('ping')).out).toContain('alive');
    expect((await admin('processlist')).out).toContain('show processlist');
    expect((await admin('variables')).out).toContain('ob_query_timeout');
    expect((await admin('extended-status')).out).toContain('Threads_connected');
  });

  test('mariadb-dump writes a database that another tenant reads', async () => {
    const shop = await server.connect('root@shop', { multipleStatements: true });
    await shop.query(
      "CREATE DATABASE dumped; CREATE TABLE dumped.t (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL DEFAULT 'x', KEY by_name (name)); INSERT INTO dumped.t VALUES (1, 'one'), (2, '\\u4e8c''\\\\')",
    );
    const { out, err, code } = await run('mariadb-dump', [
      '-h127.0.0.1',
      `-P${server.port}`,
      '-uroot@shop',
      '--databases',
      'dumped',
    ]);
    expect([err, code]).toEqual(['', 0]);
    await createTenant(sys, 'copy');
    expect((await mariadb(server.port, 'root@copy', [], out)).err).toBe('');
    const copy = await server.connect('root@copy');
    expect(await rowsOf(copy, 'SELECT * FROM dumped.t ORDER BY id')).toEqual(
      await rowsOf(shop, 'SELECT * FROM dumped.t ORDER BY id'),
    );
    for (const client of [shop, copy]) client.destroy();
  });

  test.each(['root@sys', 'root@shop'])('mariadb-dump of all databases ends well for %s', async (user) => {
    const locking = user === 'root@sys' ? [] : [['--lock-all-tables']];
    for (const words of [...locking, [], ['--single-transaction', '--routines', '--triggers', '--events']]) {
      const address = ['-h127.0.0.1', `-P${server.port}`, `-u${user}`];
      const { out, err, code } = await run('mariadb-dump', [...address, '--all-databases', ...words]);
      expect([err, code]).toEqual(['', 0]);
      expect(out).toContain('-- Dump completed');
    }
  });

  test('a READ lock on a view of the server says how far it goes', async () => {
    const shop = await server.connect('root@shop');
    const [ok] = await shop.query('LOCK TABLES oceanbase.DBA_OB_TENANTS READ');
    expect(ok).toMatchObject({ warningStatus: 1 });
    expect(await rowsOf(shop, 'SHOW WARNINGS')).toMatchObject([
      { Level: 'Note', Message: expect.stringContaining('rows go on changing') },
    ]);
    expect((await errorOf(shop.query('LOCK TABLES oceanbase.DBA_OB_TENANTS WRITE'))).errno).toBe(1235);
    shop.destroy();
  });

  test('a syntax error says where', async () => {
    expect(await errorOf(sys.query('SELEC 1'))).toMatchObject({
      errno: 1064,
      sqlState: '42000',
      text: expect.stringMatching(/near 'SELEC 1' at line 1$/),
    });
    expect(await errorOf(sys.query('SELECT ?'))).toMatchObject({ errno: 1064 });
    const shop = await server.connect('root@shop', { database: 'test' });
    await shop.query('CREATE TABLE asked (id INT)');
    for (const sql of ['INSERT INTO asked VALUES (?)', 'SELECT * FROM asked WHERE id = ?', 'UPDATE asked SET id = ?'])
      expect([sql, (await errorOf(shop.query(sql))).errno]).toEqual([sql, 1064]);
    shop.destroy();
    expect(await errorOf(sys.query('ALTER SYSTEM BACKUP NOTHING'))).toMatchObject({ errno: 1064 });
  });
});
