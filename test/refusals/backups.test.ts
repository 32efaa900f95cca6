import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backupRefusals, keyRefusals, logModeRefusals, logModeStateRefusals, oldFormRefusals } from './backup-cases.ts';
import { testRefusals } from './refusal-tests.ts';
import { answerOf, archiveIsDoing, openScene, type Scene, setDestinations, startArchive, until } from './scene.ts';

const sys = 'root@sys';
const noneEligible =
  'backup can not start, because no tenant meets the backup condition, \uFFFCplease check the tenant status, log archive status, backup data dest, and backup status for each tenant';

let scene: Scene;
let answers: { readonly empty: unknown; readonly none: unknown };
beforeAll(async () => {
  scene = await openScene();
  const empty = await scene.say(sys, 'ALTER SYSTEM ARCHIVELOG');
  await scene.stop();
  const tenants = ['t', 't2', 'bare', 'off', 'kit', 'kit2', 'shut'];
  scene = await openScene({ tenants, oracleTenants: ['o'], nobodies: ['bob@t', 'bob@sys'] });
  answers = { empty, none: await scene.say(sys, 'ALTER SYSTEM BACKUP DATABASE') };
  await scene.ok(sys, 'ALTER TENANT shut LOCK', "ALTER SYSTEM SET tde_method = 'internal' TENANT = kit");
  await scene.ok('root@kit', 'ALTER INSTANCE ROTATE INNODB MASTER KEY');
  await scene.ok('root@t', "ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/t/data'");
  await startArchive(scene, 'kit');
  await startArchive(scene, 'kit2');
  await scene.ok('root@kit2', "ALTER SYSTEM SET DATA_BACKUP_DEST=''");
});
afterAll(() => scene?.stop());

testRefusals('[NO]ARCHIVELOG', logModeRefusals, () => scene);
testRefusals('the mode a tenant is in', logModeStateRefusals, () => scene);
testRefusals('BACKUP and CANCEL BACKUP', backupRefusals, () => scene);
testRefusals('keys and passwords', keyRefusals, () => scene);
testRefusals('old forms', oldFormRefusals, () => scene);

describe('the whole cluster', () => {
  test('there is nobody to archive', () => {
    expect(answers.empty).toEqual({ errno: 1235, sqlstate: '0A000', text: 'No valid tenant name given not supported' });
  });

  test('nobody meets the conditions of a backup', () => {
    expect(answers.none).toEqual({ errno: 9040, sqlstate: 'HY000', text: noneEligible });
  });

  test('ARCHIVELOG from sys tells single errors as warnings', async () => {
    const client = await scene.session(sys);
    await client.query("ALTER SYSTEM ARCHIVELOG TENANT = kit DESCRIPTION 'again'");
    const [warnings] = await client.query('SHOW WARNINGS');
    expect(warnings).toEqual([{ Level: 'Warning', Code: 9091, Message: 'tenant kit: Already in ARCHIVELOG mode' }]);
    client.destroy();
  });

  test('NOARCHIVELOG over several tenants answers for the last one', async () => {
    const mode = (tenant: string) => scene.value(`root@${tenant}`, 'SELECT log_mode FROM oceanbase.DBA_OB_TENANTS');
    await scene.ok(sys, 'ALTER SYSTEM ARCHIVELOG TENANT = t2');
    expect((await scene.say(sys, 'ALTER SYSTEM NOARCHIVELOG TENANT = t2, off')).errno).toBe(9092);
    expect(await mode('t2')).toBe('NOARCHIVELOG');
    await scene.ok(sys, 'ALTER SYSTEM ARCHIVELOG TENANT = t2', 'ALTER SYSTEM NOARCHIVELOG TENANT = off, t2');
    expect(await mode('t2')).toBe('NOARCHIVELOG');
  });
});

describe('jobs', () => {
  const jobs = (tenant: string) => scene.rows(`root@${tenant}`, 'SELECT * FROM oceanbase.DBA_OB_BACKUP_JOBS');
  const idle = (tenant: string) =>
    until(
      () => jobs(tenant),
      (rows) => rows.length === 0,
    );

  test('while one runs: 9036 for another one and for the destination', async () => {
    // Both statements stand in one packet, so that nothing ends in between.
    const client = await scene.server.connect('root@kit', { multipleStatements: true });
    for (const second of ['ALTER SYSTEM BACKUP DATABASE', "ALTER SYSTEM SET DATA_BACKUP_DEST=''"]) {
      expect(await answerOf(() => client.query(`ALTER SYSTEM BACKUP DATABASE; ${second}`))).toEqual({
        errno: 9036,
        sqlstate: 'HY000',
        text: 'Backup is in progress',
      });
      await idle('kit');
    }
    client.destroy();
  });

  test('cancelling without a job is OK', async () => {
    await idle('kit');
    await scene.ok(sys, 'ALTER SYSTEM CANCEL BACKUP', 'ALTER SYSTEM CANCEL BACKUP TENANT = kit, t');
    await scene.ok('root@kit', 'ALTER SYSTEM CANCEL BACKUP');
  });

  test('a backup whose format file is gone answers OK and fails with -9080', async () => {
    await setDestinations(scene, 'off');
    await scene.ok('root@off', 'ALTER SYSTEM ARCHIVELOG');
    await archiveIsDoing(scene, 'off');
    rmSync(join(scene.directory, 'off', 'data', 'format.obbak'));
    await scene.ok('root@off', 'ALTER SYSTEM BACKUP DATABASE');
    const history = await until(
      () => scene.rows('root@off', 'SELECT status, result, comment FROM oceanbase.DBA_OB_BACKUP_JOB_HISTORY'),
      (rows) => rows.length > 0,
    );
    const comment = expect.stringMatching(
      /^\(ROOTSERVICE\)addr: 127\.0\.0\.1:\d+, result: -9080\(.+\), trace_id: \S+$/,
    );
    expect(history).toEqual([{ status: 'FAILED', result: -9080, comment }]);
    expect(await scene.rows('root@off', 'SELECT * FROM oceanbase.DBA_OB_BACKUP_SET_FILES')).toEqual([]);
  });

  test('keys are backed up where nothing else lies', async () => {
    await scene.ok('root@kit', "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/keys' ENCRYPTED BY 'SECRET'");
    await scene.ok(sys, "ALTER SYSTEM BACKUP KEY TENANT = kit TO = 'file://$DIR/keys/' ENCRYPTED BY 'SECRET'");
  });

  test('passwords are taken', async () => {
    const client = await scene.session(sys);
    await client.query("SET ENCRYPTION ON IDENTIFIED BY 'one' ONLY");
    await client.query('SET DECRYPTION IDENTIFIED BY \'one\', "two"');
    client.destroy();
  });
});
