import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testRefusals } from './refusal-tests.ts';
import { answerOf, openScene, type Scene } from './scene.ts';
import { createRefusals, lifeRefusals, poolRefusals, unitRefusals } from './tenant-cases.ts';

const sys = 'root@sys';

let scene: Scene;
beforeAll(async () => {
  const tenants = ['t', 't2', 'shut', 'binned'];
  scene = await openScene({ tenants, oracleTenants: ['o'], nobodies: ['bob@t', 'bob@sys'] });
  await scene.ok(
    sys,
    "CREATE RESOURCE UNIT small MAX_CPU 1, MEMORY_SIZE '1G'",
    "CREATE RESOURCE UNIT huge MAX_CPU 1000, MEMORY_SIZE '5G'",
    ...['free', 'free2'].map((pool) => `CREATE RESOURCE POOL ${pool} UNIT = 'unit_t', UNIT_NUM = 1`),
    'ALTER TENANT shut LOCK',
    'SET recyclebin = ON',
    'DROP TENANT binned',
    'SET recyclebin = OFF',
  );
});
afterAll(() => scene?.stop());

testRefusals('resource units', unitRefusals, () => scene);
testRefusals('resource pools', poolRefusals, () => scene);
testRefusals('CREATE TENANT', createRefusals, () => scene);
testRefusals('the life of a tenant', lifeRefusals, () => scene);

describe('what is carried out', () => {
  test.each([
    [
      "CREATE RESOURCE UNIT IF NOT EXISTS unit_t MAX_CPU 1, MEMORY_SIZE '5G'",
      4649,
      "resource unit 'unit_t' already exist",
    ],
    ['DROP RESOURCE UNIT IF EXISTS nowhere', 4648, "resource unit 'nowhere' not exist"],
    ["CREATE RESOURCE POOL IF NOT EXISTS pool_t UNIT 'unit_t', UNIT_NUM 1", 4651, "resource pool 'pool_t' exist"],
    ['DROP RESOURCE POOL IF EXISTS nowhere', 4650, "resource pool 'nowhere' not exist"],
    ["CREATE TENANT IF NOT EXISTS t RESOURCE_POOL_LIST = ('free')", 5156, "tenant 't' already exist"],
    ['DROP TENANT IF EXISTS nobody', 5157, "Unknown tenant 'nobody'"],
  ])('%s leaves a note', async (sql, errno, message) => {
    const client = await scene.session(sys);
    await client.query(sql);
    const [warnings] = await client.query('SHOW WARNINGS');
    expect(warnings).toEqual([{ Level: 'Note', Code: errno, Message: message }]);
    client.destroy();
  });

  test('a locked tenant takes no login until it is unlocked', async () => {
    const login = () => answerOf(async () => (await scene.session('root@shut')).destroy());
    expect(await login()).toEqual({ errno: 5260, sqlstate: 'HY000', text: "Tenant 'shut' is locked" });
    await scene.ok(sys, 'ALTER TENANT shut LOCK', 'ALTER TENANT shut UNLOCK');
    expect(await login()).toMatchObject({ errno: 0 });
    await scene.ok(sys, 'ALTER TENANT shut LOCK');
  });

  test('CHANGE TENANT waits for the end of the transaction and for prepared statements to be closed', async () => {
    const client = await scene.session(sys);
    const change = () => answerOf(() => client.query('ALTER SYSTEM CHANGE TENANT t'));
    await client.query('BEGIN');
    await client.query('SELECT COUNT(*) FROM oceanbase.DBA_OB_TENANTS');
    expect(await change()).toEqual({
      errno: 4179,
      sqlstate: 'HY000',
      text: 'change tenant which has active transaction not allowed',
    });
    await client.query('COMMIT');
    await client.prepare('SELECT 1');
    expect(await change()).toMatchObject({ errno: 4179 });
    client.destroy();
    const other = await scene.session(sys);
    await other.query('ALTER SYSTEM CHANGE TENANT TENANT_ID = 1002');
    expect((await other.query('SHOW TENANT'))[0]).toEqual([{ Current_tenant_name: 't' }]);
    other.destroy();
  });

  test('what was refused before goes through when only that is put right', async () => {
    await scene.ok(
      sys,
      'FLASHBACK TENANT binned TO BEFORE DROP RENAME TO back',
      'ALTER TENANT back RENAME GLOBAL_NAME TO again',
      "ALTER TENANT again LOCALITY = 'F@zone1', PRIMARY_ZONE = 'zone1', COMMENT = 'x'",
      'DROP TENANT again FORCE',
      "CREATE TENANT new LOCALITY = 'FULL{1}@zone1', PRIMARY_ZONE = zone1, CHARSET = gbk, ZONE_LIST ('zone1'), RESOURCE_POOL_LIST ('free') SET ob_tcp_invited_nodes = '%'",
      'DROP TENANT new PURGE',
      "ALTER RESOURCE POOL free UNIT = 'unit_t2'",
      'DROP RESOURCE POOL free',
      'DROP RESOURCE UNIT small',
    );
    expect(
      await scene.rows(sys, "SELECT 1 FROM oceanbase.DBA_OB_TENANTS WHERE tenant_name IN ('new', 'again', 'back')"),
    ).toEqual([]);
  });
});
