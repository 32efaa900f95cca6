import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packVersion, singleSetInfoFile } from '../../src/destination/codec/set-files.ts';
import { testRefusals } from './refusal-tests.ts';
import {
  afterwardsRefusals,
  formRefusals,
  optionRefusals,
  restoringRefusals,
  sourceRefusals,
  targetRefusals,
} from './restore-cases.ts';
import { answerOf, openScene, type Scene, setDestinations, startArchive, until } from './scene.ts';

const sys = 'root@sys';
const kit = (path: string) => `file://$DIR/${path}/data,file://$DIR/${path}/log`;

let scene: Scene;
beforeAll(async () => {
  const tenants = ['t', 'kit', 'pw', 'tde', 'shut'];
  scene = await openScene({ tenants, oracleTenants: ['o'], nobodies: ['bob@t', 'bob@sys'] });
  await scene.ok(
    sys,
    'ALTER TENANT shut LOCK',
    ...['free', 'taken'].map(
      (pool) => `CREATE RESOURCE POOL ${pool} UNIT = 'unit_t', UNIT_NUM = 1, ZONE_LIST = ('zone1')`,
    ),
    "ALTER SYSTEM SET tde_method = 'internal' TENANT = tde",
  );
  await scene.ok('root@kit', 'CREATE TABLE test.a (id INT PRIMARY KEY)', 'INSERT INTO test.a VALUES (1), (2), (3)');
  await setDestinations(scene, 't');
  for (const tenant of ['kit', 'pw', 'tde']) await startArchive(scene, tenant);
  await makeBackups();
  layOut();
});
afterAll(() => scene?.stop());

async function makeBackups(): Promise<void> {
  await scene.ok('root@tde', 'ALTER INSTANCE ROTATE INNODB MASTER KEY');
  await scene.ok('root@tde', "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/tde/key' ENCRYPTED BY 'SECRET'");
  await scene.ok(sys, "ALTER SYSTEM SET tde_method = 'internal' TENANT = t");
  await scene.ok('root@t', 'ALTER INSTANCE ROTATE INNODB MASTER KEY');
  await scene.ok('root@t', "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/otherkey' ENCRYPTED BY 'SECRET'");
  await scene.ok('root@pw', "SET ENCRYPTION ON IDENTIFIED BY 'right' ONLY");
  for (const tenant of ['kit', 'pw', 'tde']) await scene.ok(`root@${tenant}`, 'ALTER SYSTEM BACKUP DATABASE');
  for (const tenant of ['kit', 'pw', 'tde']) {
    await until(
      () => scene.value(`root@${tenant}`, 'SELECT status FROM oceanbase.DBA_OB_BACKUP_SET_FILES'),
      (status) => status === 'SUCCESS',
    );
  }
}

/** A set of a release to come, and one whose blocks are damaged. */
function layOut(): void {
  const at = (...names: string[]) => join(scene.directory, ...names);
  cpSync(at('kit'), at('newer'), { recursive: true });
  const info = at('newer', 'data', 'backup_set_1_full', 'single_backup_set_info.obbak');
  const found = singleSetInfoFile.decode(readFileSync(info));
  const set = { ...found.set, clusterVersion: packVersion('9.9.9.9') };
  writeFileSync(info, singleSetInfoFile.encode({ ...found, set }));
  cpSync(at('kit'), at('damaged'), { recursive: true });
  const stream = at('damaged', 'data', 'backup_set_1_full', 'logstream_1001');
  const turn = readdirSync(stream).find((name) => name.startsWith('major_data_turn')) ?? '';
  const file = join(stream, turn, 'macro_block_data.0.obbak');
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length / 3)]! ^= 1;
  writeFileSync(file, bytes);
}

testRefusals('RESTORE: name, point, form', formRefusals, () => scene);
testRefusals('RESTORE: options', optionRefusals, () => scene);
testRefusals('RESTORE: source', sourceRefusals, () => scene);
testRefusals('RESTORE: target and keys', targetRefusals, () => scene);
testRefusals('CANCEL RESTORE and ACTIVATE STANDBY', afterwardsRefusals, () => scene);

const jobEnd = async (name: string) =>
  until(
    async () =>
      (
        await scene.rows(
          sys,
          `SELECT status, comment FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE restore_tenant_name = '${name}' AND tenant_id = 1`,
        )
      )[0],
    (row) => row !== undefined,
  );

describe('a restore that fails', () => {
  beforeAll(async () => {
    await scene.ok(sys, `ALTER SYSTEM RESTORE stuck FROM '${kit('damaged')}' WITH 'pool_list=taken'`);
    expect(await jobEnd('stuck')).toMatchObject({ status: 'FAIL' });
  });

  testRefusals('leaves a tenant that does nothing', restoringRefusals, () => scene);

  test('archiving it is passed over from sys, with a warning', async () => {
    const client = await scene.session(sys);
    await client.query('ALTER SYSTEM ARCHIVELOG TENANT = stuck');
    const [warnings] = await client.query('SHOW WARNINGS');
    expect(warnings).toEqual([
      { Level: 'Warning', Code: 9023, Message: 'tenant stuck: cannot start log archive backup' },
    ]);
    client.destroy();
  });

  test('CANCEL RESTORE takes it away, once', async () => {
    await scene.ok(sys, 'ALTER SYSTEM CANCEL RESTORE stuck');
    expect((await scene.say(sys, 'ALTER SYSTEM CANCEL RESTORE stuck')).errno).toBe(5157);
    await scene.ok(sys, 'DROP RESOURCE POOL taken');
  });
});

describe('what is carried out', () => {
  test('a missing pool_list is named in the warnings', async () => {
    const client = await scene.session(sys);
    const sql = scene.fill(`ALTER SYSTEM RESTORE copy FROM '${kit('kit')}' WITH 'locality=F@zone1'`);
    expect((await answerOf(() => client.query(sql))).errno).toBe(1210);
    const [warnings] = await client.query('SHOW WARNINGS');
    expect(warnings).toContainEqual({ Level: 'Warning', Code: 1210, Message: 'Miss argument for pool_list' });
    client.destroy();
  });

  test('the password of one session does not help another one', async () => {
    const client = await scene.session(sys);
    const sql = scene.fill(`ALTER SYSTEM RESTORE again FROM '${kit('pw')}' WITH 'pool_list=free'`);
    await client.query("SET DECRYPTION IDENTIFIED BY 'wrong'");
    expect((await answerOf(() => client.query(sql))).errno).toBe(9047);
    await client.query("SET DECRYPTION IDENTIFIED BY 'wrong', 'right'");
    expect((await scene.say(sys, sql)).errno).toBe(9047);
    await client.query(sql);
    client.destroy();
    expect(await jobEnd('again')).toEqual({ status: 'SUCCESS', comment: '' });
    await scene.ok(sys, 'DROP TENANT again FORCE');
  });

  test('a restored tenant is a standby: 4688 for what writes, OK for ACTIVATE, twice', async () => {
    await scene.ok(
      sys,
      `alter system restore copy from ' ${kit('kit')} , ' with 'CONCURRENCY=8&Pool_List=free&locality=FULL{1}@zone1&primary_zone=zone1' description = 'x'`,
    );
    expect(await jobEnd('copy')).toEqual({ status: 'SUCCESS', comment: '' });
    for (const sql of [
      'INSERT INTO test.a VALUES (4)',
      'CREATE USER somebody',
      'GRANT SELECT ON *.* TO root',
      "SET PASSWORD = PASSWORD('SECRET')",
    ]) {
      expect({ sql, ...(await scene.say('root@copy', sql)) }).toEqual({
        sql,
        errno: 4688,
        sqlstate: 'HY000',
        text: 'standby tenant is read only',
      });
    }
    expect((await scene.say(sys, 'ALTER SYSTEM CANCEL RESTORE copy')).errno).toBe(4179);
    await scene.ok(sys, 'ALTER SYSTEM ACTIVATE STANDBY TENANT = copy', 'ALTER SYSTEM ACTIVATE STANDBY TENANT = copy');
    await scene.ok('root@copy', 'ALTER SYSTEM ACTIVATE STANDBY', 'INSERT INTO test.a VALUES (4)');
    expect(await scene.value('root@copy', 'SELECT COUNT(*) FROM test.a')).toBe(4);
  });
});
