import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { denied, needs, type Refusal } from './refusal.ts';
import { testRefusals } from './refusal-tests.ts';
import { archiveIsDoing, openScene, type Scene, until } from './scene.ts';

/*
 * The page that prepares a backup, from its first statement to its last: a destination for each tenant, from sys and from the
 * tenant, on each medium, the two numbers of a directory that must not be one, and the backup of the keys.
 */

const sys = 'root@sys';
const mysql = 'root@mysql_tenant';
const oracle = 'SYS@oracle_tenant';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ tenants: ['mysql_tenant', 'other'], oracleTenants: ['oracle_tenant'] });
  mkdirSync(join(scene.directory, 'taken'));
  writeFileSync(join(scene.directory, 'taken', 'something'), '');
  await scene.ok('root@other', "ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/other'");
});
afterAll(() => scene?.stop());

// Nobody listens at these hosts: what is right is refused by the medium, as everywhere without an account.
const keys = 'host=127.0.0.1:1&access_id=xxx&access_key=xxx';
const oss = `oss://oceanbase-test-bucket/backup/?${keys}&delete_mode=delete`;
const cos = 'cos://oceanbase-test-appid/backup?host=127.0.0.1:1&access_id=xxx&access_key=xxx&appid=1250000000';
const set = (uri: string, tenant = '') => `ALTER SYSTEM SET DATA_BACKUP_DEST='${uri}'${tenant}`;
const ofMysql = ' TENANT = mysql_tenant';

const refusals: readonly Refusal[] = [
  // The page's placeholders are no paths.
  [sys, set('data_backup_path', ofMysql), 9026, 'backup destination is not valid'],
  [mysql, set('data_backup_path'), 9026, 'backup destination is not valid'],
  [sys, set('file://$DIR/data'), 1235, 'Not supported feature or function'],
  [mysql, set('file://$DIR/data', ofMysql), 1227, denied],
  [mysql, set('file://$DIR/data?x=1&host=y'), 9026, 'backup destination is not valid'],
  [mysql, set('file://data/nfs'), 9026, 'file://data/nfs (not an absolute path) is not a valid uri'],
  // Object stores: first the text, then the medium.
  [sys, set(oss, ofMysql), 9070, 'can not connect to backup destination'],
  [mysql, set(oss.replace('delete_mode=delete', 'delete_mode=tagging')), 9070, 'can not connect to backup destination'],
  [mysql, set(oss.replace('delete_mode=delete', 'delete_mode=sometimes')), 1210, 'Invalid argument'],
  [mysql, set(oss.replace('host=', 'hos=')), 9026, 'backup destination is not valid'],
  [mysql, set(cos), 9070, 'can not connect to backup destination'],
  [mysql, set(cos.replace('&appid=1250000000', '')), 9026, 'backup destination is not valid'],
  [mysql, set(cos.replace('access_key=xxx&', '')), 9026, 'backup destination is not valid'],
  // The two numbers.
  [sys, set('file://$DIR/taken', ofMysql), 9080, 'the format file does not exist under the destination'],
  [mysql, set('file://$DIR/taken'), 9080, 'the format file does not exist under the destination'],
  [sys, set('file://$DIR/other', ofMysql), 9081, 'the content of the format file at the destination does not match'],
  [mysql, set('file://$DIR/other'), 9081, 'the content of the format file at the destination does not match'],
  [
    oracle,
    set('file://$DIR/other'),
    9081,
    'ORA-00600: internal error code, arguments: -9081, the content of the format file at the destination does not match',
  ],
  // Keys.
  [
    sys,
    "ALTER SYSTEM BACKUP KEY TENANT = tenant_name TO 'backup_key_path' ENCRYPTED BY 'password'",
    5160,
    'invalid tenant name specified in connection string',
  ],
  [
    mysql,
    "ALTER SYSTEM BACKUP KEY TO 'backup_key_path' ENCRYPTED BY 'password'",
    9026,
    'backup destination is not valid',
  ],
  [mysql, "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/key' ENCRYPTED BY '******'", 4369, 'fail to get master key'],
];

testRefusals('what the page warns of', refusals, () => scene);

describe('what the page does', () => {
  const parameters = 'SELECT tenant_id, name, value FROM oceanbase.CDB_OB_BACKUP_PARAMETER ORDER BY tenant_id';
  const storage = 'SELECT * FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO';

  test('a destination from sys, from the tenant, and from an Oracle tenant', async () => {
    await scene.ok(sys, `ALTER SYSTEM SET DATA_BACKUP_DEST= 'file://$DIR/data'${ofMysql};`);
    await scene.ok(mysql, "ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/data';");
    await scene.ok(oracle, "ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/ora';");
    expect((await scene.rows(sys, parameters)).map((row) => [row['name'], row['value']])).toEqual(
      ['data', 'other', 'ora'].map((name) => ['data_backup_dest', scene.fill(`file://$DIR/${name}`)]),
    );
    const own = 'SELECT value FROM oceanbase.DBA_OB_BACKUP_PARAMETER';
    expect(await scene.value(mysql, own)).toBe(scene.fill('file://$DIR/data'));
    expect(await scene.value(oracle, own.replace('oceanbase', 'SYS'))).toBe(scene.fill('file://$DIR/ora'));
    expect(readdirSync(join(scene.directory, 'data')).sort()).toEqual(['check_file', 'format.obbak']);
  });

  test('a backup whose format file is gone fails, and its number says why', async () => {
    await scene.ok(mysql, "ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=file://$DIR/log'", 'ALTER SYSTEM ARCHIVELOG');
    await archiveIsDoing(scene, 'mysql_tenant');
    rmSync(join(scene.directory, 'data', 'format.obbak'));
    await scene.ok(mysql, 'ALTER SYSTEM BACKUP DATABASE');
    const results = await until(
      () => scene.rows(mysql, 'SELECT status, result FROM oceanbase.DBA_OB_BACKUP_JOB_HISTORY'),
      (rows) => rows.length > 0,
    );
    expect(results).toEqual([{ status: 'FAILED', result: -9080 }]);
  });

  test('the keys, from sys and from the tenant, and where they lie in the views', async () => {
    await scene.ok(sys, "ALTER SYSTEM SET tde_method = 'internal' TENANT = mysql_tenant");
    await scene.ok(mysql, 'ALTER INSTANCE ROTATE INNODB MASTER KEY');
    await scene.ok(sys, `ALTER SYSTEM BACKUP KEY TENANT = mysql_tenant TO 'file://$DIR/key' ENCRYPTED BY '******'`);
    await scene.ok(mysql, "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/key' ENCRYPTED BY '******'");
    const path = scene.fill('file://$DIR/key');
    expect(await scene.rows(sys, storage)).toContainEqual(
      expect.objectContaining({ PATH: path, DEST_TYPE: 'backup_key' }),
    );
    const own = await scene.rows(mysql, 'SELECT * FROM oceanbase.DBA_OB_BACKUP_STORAGE_INFO');
    expect(own).toContainEqual(expect.objectContaining({ PATH: path, DEST_TYPE: 'backup_key' }));
    const ofOracle = await scene.rows(oracle, 'SELECT * FROM SYS.DBA_OB_BACKUP_STORAGE_INFO');
    expect(ofOracle.map((row) => row['PATH'])).toEqual([scene.fill('file://$DIR/ora')]);
  });

  test('who may not is told what is missing', async () => {
    await scene.ok(mysql, 'CREATE USER somebody');
    const answer = await scene.say('somebody@mysql_tenant', set('file://$DIR/data'));
    expect(answer).toEqual({ errno: 1227, sqlstate: '42501', text: needs('ALTER SYSTEM') });
  });
});
