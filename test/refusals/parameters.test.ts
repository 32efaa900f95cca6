import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTenant } from '../server/server-fixture.ts';
import { setRefusals, showRefusals } from './parameter-cases.ts';
import { denied } from './refusal.ts';
import { testRefusals } from './refusal-tests.ts';
import { answerOf, openScene, type Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ tenants: ['t', 't2', 'shut'], oracleTenants: ['o'], nobodies: ['bob@t', 'bob@sys'] });
  await scene.ok('root@sys', 'ALTER TENANT shut LOCK');
});
afterAll(() => scene?.stop());

testRefusals('ALTER SYSTEM SET', setRefusals, () => scene);
testRefusals('SHOW PARAMETERS', showRefusals, () => scene);

const parameter = async (name: string, tenant?: string) => {
  const clause = tenant === undefined ? '' : ` TENANT = ${tenant}`;
  return (await scene.rows('root@sys', `SHOW PARAMETERS LIKE '${name}'${clause}`))[0]?.['value'];
};

describe('what the refusals leave and what is carried out', () => {
  test('nothing of a statement is written when one of its items is refused', async () => {
    const before = await parameter('ha_low_thread_score', 't');
    const { errno } = await scene.say(
      'root@sys',
      'ALTER SYSTEM SET ha_low_thread_score = 7 TENANT = t, log_archive_concurrency = 101 TENANT = t',
    );
    expect([errno, await parameter('ha_low_thread_score', 't')]).toEqual([4147, before]);
  });

  test.each([
    ["SET archive_lag_target = '61s' TENANT = t", 't', '61s'],
    ["set ARCHIVE_LAG_TARGET = '62s' tenant 't'", 't', '62s'],
    ["archive_lag_target = '63s' TENANT = t", 't', '63s'],
    ["SET archive_lag_target = '64s' COMMENT 'why' SCOPE = BOTH TENANT = t", 't', '64s'],
    ["SET archive_lag_target = '65s' SCOPE = SPFILE ZONE = zone1 TENANT = t", 't', '65s'],
    ["SET archive_lag_target = '66s' ZONE 'zone1' TENANT = t", 't', '66s'],
    ['SET archive_lag_target = 67 TENANT = t', 't', '67'],
    ["SET archive_lag_target = '68s' TENANT = all", 't2', '68s'],
    ["SET archive_lag_target = '69S' TENANT = ALL_USER", 't', '69S'],
  ])('ALTER SYSTEM %s', async (sql, tenant, value) => {
    await scene.ok('root@sys', `ALTER SYSTEM ${sql}`);
    expect(await parameter('archive_lag_target', tenant)).toBe(value);
  });

  test('the server may be named', async () => {
    const [{ server } = {}] = await scene.rows(
      'root@sys',
      "SELECT CONCAT(svr_ip, ':', svr_port) AS server FROM oceanbase.DBA_OB_SERVERS",
    );
    await scene.ok('root@sys', `ALTER SYSTEM SET backup_data_file_size = '2G' SERVER = '${String(server)}'`);
    expect(await parameter('backup_data_file_size')).toBe('2G');
  });

  test('a tenant may bear a name that is a word in lower case only', async () => {
    const sys = await scene.session('root@sys');
    await createTenant(sys, 'Seed');
    sys.destroy();
    await scene.ok('root@sys', 'ALTER SYSTEM SET ha_low_thread_score = 7 TENANT = Seed');
    expect(await parameter('ha_low_thread_score', 'Seed')).toBe('7');
  });

  test('each item has its own TENANT clause', async () => {
    await scene.ok('root@sys', 'ALTER SYSTEM SET ha_mid_thread_score = 9, ha_high_thread_score = 8 TENANT = t');
    expect(await parameter('ha_mid_thread_score', 't')).toBe('0');
    expect(await parameter('ha_mid_thread_score', 'sys')).toBe('9');
    expect(await parameter('ha_high_thread_score', 't')).toBe('8');
  });

  test('a user tenant sets its own', async () => {
    await scene.ok('root@t', "ALTER SYSTEM SET log_archive_concurrency = '0x10'");
    await scene.ok('SYS@o', 'ALTER SYSTEM SET log_archive_concurrency = 4');
    const own = await scene.rows('root@t', "SHOW PARAMETERS LIKE 'log\\_archive\\_concurrency'");
    expect(own.map((row) => row['value'])).toEqual(['0x10']);
    expect(await parameter('log_archive_concurrency', 'o')).toBe('4');
  });

  test('backup items are set in order, and those before a refused one stay', async () => {
    const { errno } = await scene.say(
      'root@sys',
      "ALTER SYSTEM SET log_archive_dest_state = 'DEFER' TENANT = t, log_archive_dest_state = 'never' TENANT = t2",
    );
    expect(errno).toBe(1210);
    const rows = await scene.rows('root@sys', "SELECT value FROM oceanbase.CDB_OB_ARCHIVE_DEST WHERE name = 'state'");
    expect(rows).toEqual([{ value: 'DEFER' }]);
    await scene.ok('root@sys', "ALTER SYSTEM SET log_archive_dest_state = 'ENABLE' TENANT = t");
  });

  test('a session that speaks for another tenant sets that tenant and may not name one', async () => {
    const client = await scene.session('root@sys');
    await client.query('ALTER SYSTEM CHANGE TENANT t');
    const say = (sql: string) => answerOf(() => client.query(sql));
    expect(await say('ALTER SYSTEM SET ha_high_thread_score = 11')).toMatchObject({ errno: 0 });
    expect(await parameter('ha_high_thread_score', 't')).toBe('11');
    expect(await say('ALTER SYSTEM SET ha_high_thread_score = 12 TENANT = t')).toMatchObject({
      errno: 1227,
      text: denied,
    });
    expect(await say("ALTER SYSTEM SET backup_data_file_size = '3G'")).toMatchObject({ errno: 5099 });
    client.destroy();
  });

  test('hidden parameters and backup items never show', async () => {
    expect(await scene.rows('root@sys', "SHOW PARAMETERS LIKE '\\_%'")).toEqual([]);
    expect(await scene.rows('root@sys', "SHOW PARAMETERS LIKE '%\\_dest%'")).toEqual([]);
    expect(await scene.rows('root@t', "SHOW PARAMETERS LIKE 'log_restore_source'")).toEqual([]);
  });
});
