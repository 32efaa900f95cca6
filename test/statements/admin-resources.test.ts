import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Desk, makeTenant, openDesk, said } from './desk.ts';

const gib = 1n << 30n;
let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  await makeTenant(desk, 'owner');
  await desk.ok(`CREATE RESOURCE UNIT u_big MAX_CPU 4, MEMORY_SIZE '8G', LOG_DISK_SIZE '20G'`);
  await desk.ok(`CREATE RESOURCE UNIT u_tiny MAX_CPU 1, MEMORY_SIZE '1G'`);
  await desk.ok(`CREATE RESOURCE POOL p_free UNIT 'u_big', UNIT_NUM 1`);
});
afterAll(() => desk.stop());

describe('units and pools', () => {
  test('a unit gets what was said and defaults for the rest', async () => {
    await desk.ok(`CREATE RESOURCE UNIT u_plain MAX_CPU 2, MEMORY_SIZE '4G'`);
    await desk.ok(
      `CREATE RESOURCE UNIT u_full MAX_CPU 2.5, MIN_CPU = 1.5, MEMORY_SIZE = 1073741824, LOG_DISK_SIZE '2G', MAX_IOPS 2000, MIN_IOPS 1500, IOPS_WEIGHT 3`,
    );
    const { plain, full } = await desk.controller.catalog.read((tx) => ({
      plain: tx.resources.unitConfigByName('u_plain'),
      full: tx.resources.unitConfigByName('u_full'),
    }));
    expect(plain).toMatchObject({ maxCpu: 2, minCpu: 2, memorySize: 4n * gib, logDiskSize: 12n * gib });
    expect(plain).toMatchObject({ maxIops: 20_000n, minIops: 20_000n, iopsWeight: 2n });
    expect(full).toMatchObject({ maxCpu: 2.5, minCpu: 1.5, memorySize: gib, logDiskSize: 2n * gib });
    expect(full).toMatchObject({ maxIops: 2000n, minIops: 1500n, iopsWeight: 3n });
  });

  test('altering a unit leaves what is not named', async () => {
    await desk.ok(`CREATE RESOURCE UNIT u_change MAX_CPU 2, MEMORY_SIZE '4G', MAX_IOPS 5000`);
    await desk.ok('ALTER RESOURCE UNIT u_change MAX_CPU 3, MIN_IOPS 1024');
    const config = await desk.controller.catalog.read((tx) => tx.resources.unitConfigByName('u_change'));
    expect(config).toMatchObject({ maxCpu: 3, minCpu: 2, memorySize: 4n * gib, maxIops: 5000n, minIops: 1024n });
  });

  test('a pool has a unit in its zone and is gone with it', async () => {
    await desk.ok(
      `CREATE RESOURCE POOL p_one UNIT = u_big, UNIT_NUM = 1, ZONE_LIST = ('zone1'), REPLICA_TYPE = 'full'`,
    );
    const units = () =>
      desk.controller.catalog.read((tx) => {
        const pool = tx.resources.poolByName('p_one');
        return pool === null ? [] : tx.resources.units.list({ resourcePoolId: pool.resourcePoolId });
      });
    expect(await units()).toMatchObject([{ zone: 'zone1', serverId: 1, unitGroupId: 0, status: 'ACTIVE' }]);
    await desk.ok('ALTER RESOURCE POOL p_one UNIT = u_test');
    await desk.ok('ALTER RESOURCE POOL p_one UNIT_NUM = 1');
    await desk.ok(`ALTER RESOURCE POOL p_one ZONE_LIST ('zone1')`);
    const [pool, unit] = await desk.controller.catalog.read(
      (tx) => [tx.resources.poolByName('p_one'), tx.resources.unitConfigByName('u_test')] as const,
    );
    expect(pool?.unitConfigId).toBe(unit?.unitConfigId);
    await desk.ok('DROP RESOURCE POOL p_one');
    const left = await desk.controller.catalog.read((tx) =>
      tx.resources.units.list({ resourcePoolId: pool!.resourcePoolId }),
    );
    expect(left).toEqual([]);
  });

  test.each([
    [
      "CREATE RESOURCE UNIT IF NOT EXISTS u_big MAX_CPU 1, MEMORY_SIZE '5G'",
      4649,
      "resource unit 'u_big' already exist",
    ],
    ['CREATE RESOURCE POOL IF NOT EXISTS p_free UNIT u_big, UNIT_NUM 1', 4651, "resource pool 'p_free' exist"],
    ['DROP RESOURCE UNIT IF EXISTS u_none', 4648, "resource unit 'u_none' not exist"],
    ['DROP RESOURCE POOL IF EXISTS p_none', 4650, "resource pool 'p_none' not exist"],
  ])('%s adds a note', async (sql, errno, message) => {
    const answer = await desk.say(sql);
    expect(said(answer)).toBe('OK');
    expect(answer.warnings).toEqual([{ level: 'Note', errno, message }]);
  });
});

describe('refusals', () => {
  const long = 'n'.repeat(128);
  const unit = (options: string) => `CREATE RESOURCE UNIT u_no ${options}`;
  const pool = (options: string) => `CREATE RESOURCE POOL p_no ${options}`;
  const cases: readonly (readonly [string, string])[] = [
    [`CREATE RESOURCE UNIT ${long} MAX_CPU 1, MEMORY_SIZE '5G'`, `1059 (42000): Identifier name '${long}' is too long`],
    [unit("MEMORY_SIZE '5G'"), '1210 (HY000): Miss argument for MAX_CPU'],
    [unit("MAX_CPU 0.5, MEMORY_SIZE '5G'"), '4659 (HY000): invalid MAX_CPU value, min value is 1'],
    [unit("MAX_CPU 2, MIN_CPU 0, MEMORY_SIZE '5G'"), '4659 (HY000): invalid MIN_CPU value, min value is 1'],
    [
      unit("MAX_CPU 2, MIN_CPU 3, MEMORY_SIZE '5G'"),
      '1210 (HY000): Incorrect arguments to MIN_CPU, MIN_CPU is greater than MAX_CPU',
    ],
    [unit('MAX_CPU 2'), '1210 (HY000): Miss argument for MEMORY_SIZE'],
    [unit("MAX_CPU 2, MEMORY_SIZE '1000M'"), '4659 (HY000): invalid MEMORY_SIZE value, min value is 1073741824'],
    [unit("MAX_CPU 2, MEMORY_SIZE '5G', LOG_DISK_SIZE 0"), '4016 (HY000): Internal error'],
    [
      unit("MAX_CPU 2, MEMORY_SIZE '5G', LOG_DISK_SIZE '1G'"),
      '4659 (HY000): invalid LOG_DISK_SIZE value, min value is 2147483648',
    ],
    [
      unit("MAX_CPU 2, MEMORY_SIZE '5G', MAX_IOPS 1500, MIN_IOPS 2000"),
      '1210 (HY000): Incorrect arguments to MAX_IOPS, MAX_IOPS is little than MIN_IOPS',
    ],
    [unit("MAX_CPU 2, MEMORY_SIZE '5G', MIN_IOPS 100"), '4659 (HY000): invalid MIN_IOPS value, min value is 1024'],
    [unit("MAX_CPU 'much', MEMORY_SIZE '5G'"), '1210 (HY000): Incorrect arguments to MAX_CPU'],
    [unit("MAX_CPU 2, MEMORY_SIZE '5 lots'"), '1210 (HY000): Incorrect arguments to MEMORY_SIZE'],
    [unit("MAX_CPU 2, MAX_CPU 3, MEMORY_SIZE '5G'"), '1210 (HY000): Incorrect arguments to MAX_CPU, it is given twice'],
    ["CREATE RESOURCE UNIT u_big MAX_CPU 1, MEMORY_SIZE '5G'", "4649 (HY000): resource unit 'u_big' already exist"],
    ['ALTER RESOURCE UNIT u_none MAX_CPU 1', "4648 (HY000): resource unit 'u_none' not exist"],
    [
      'ALTER RESOURCE UNIT u_big MIN_CPU 9',
      '1210 (HY000): Incorrect arguments to MIN_CPU, MIN_CPU is greater than MAX_CPU',
    ],
    [
      'ALTER RESOURCE UNIT u_big MAX_CPU 100',
      "4624 (HY000): zone 'zone1' server '127.0.0.1:2882' CPU resource is not enough to hold a new unit",
    ],
    [
      "ALTER RESOURCE UNIT u_big MEMORY_SIZE '300G', LOG_DISK_SIZE '900G'",
      "4624 (HY000): zone 'zone1' server '127.0.0.1:2882' MEMORY resource is not enough to hold a new unit",
    ],
    [
      "ALTER RESOURCE UNIT u_big MEMORY_SIZE '2G'",
      '1235 (0A000): unit MEMORY_SIZE less than __min_full_resource_pool_memory not supported',
    ],
    ['DROP RESOURCE UNIT u_none', "4648 (HY000): resource unit 'u_none' not exist"],
    ['DROP RESOURCE UNIT u_big', "4634 (HY000): resource unit 'u_big' is referenced by some resource pool"],
    [
      'DROP RESOURCE UNIT sys_unit_config',
      "4634 (HY000): resource unit 'sys_unit_config' is referenced by some resource pool",
    ],
    [`CREATE RESOURCE POOL ${long} UNIT u_big, UNIT_NUM 1`, `1059 (42000): Identifier name '${long}' is too long`],
    [pool('UNIT u_big'), '1210 (HY000): Incorrect arguments to unit num'],
    [pool('UNIT u_big, UNIT_NUM 0'), '1210 (HY000): Incorrect arguments to unit num'],
    [
      pool("UNIT u_big, UNIT_NUM 1, ZONE_LIST ('zone1','zone1')"),
      `4641 (HY000): Duplicated zone 'zone1' in zone list ["zone1", "zone1"]`,
    ],
    [pool("UNIT u_big, UNIT_NUM 1, ZONE_LIST ('z9')"), "4530 (HY000): Zone info 'z9' not exist"],
    [pool('UNIT u_big, UNIT_NUM 2'), '4656 (HY000): resource pool unit num is bigger than zone server count'],
    [pool("UNIT '', UNIT_NUM 1"), '1210 (HY000): Incorrect arguments to resource unit name'],
    [pool('UNIT_NUM 1'), '1210 (HY000): Incorrect arguments to resource unit name'],
    [pool('UNIT u_none, UNIT_NUM 1'), "4648 (HY000): resource unit 'u_none' not exist"],
    ['CREATE RESOURCE POOL p_free UNIT u_tiny, UNIT_NUM 1', "4651 (HY000): resource pool 'p_free' exist"],
    [
      pool('UNIT u_tiny, UNIT_NUM 1'),
      '1235 (0A000): unit MEMORY_SIZE less than __min_full_resource_pool_memory not supported',
    ],
    [pool("UNIT u_big, UNIT_NUM 1, REPLICA_TYPE 'LOGONLY'"), "1235 (0A000): REPLICA_TYPE 'LOGONLY' is not supported"],
    [pool('UNIT u_big, UNIT u_test, UNIT_NUM 1'), '1210 (HY000): Incorrect arguments to UNIT, it is given twice'],
    [
      'ALTER RESOURCE POOL p_free UNIT u_test, UNIT_NUM 1',
      '1235 (0A000): alter unit_num, resource_unit, zone_list in one cmd not supported',
    ],
    ['ALTER RESOURCE POOL p_none UNIT u_test', "4650 (HY000): resource pool 'p_none' not exist"],
    ['ALTER RESOURCE POOL p_free UNIT u_none', "4648 (HY000): resource unit 'u_none' not exist"],
    [
      'ALTER RESOURCE POOL p_free UNIT u_tiny',
      '1235 (0A000): unit MEMORY_SIZE less than __min_full_resource_pool_memory not supported',
    ],
    [
      'ALTER RESOURCE POOL pool_owner UNIT_NUM 2',
      '4179 (HY000): alter pool unit num which is granted to a tenant not allowed',
    ],
    ['ALTER RESOURCE POOL p_free UNIT_NUM 2', '4656 (HY000): resource pool unit num is bigger than zone server count'],
    ['ALTER RESOURCE POOL p_free UNIT_NUM 1 DELETE UNIT (1001)', '1210 (HY000): Incorrect arguments to unit list'],
    ["ALTER RESOURCE POOL p_free ZONE_LIST ('z9')", "4530 (HY000): Zone info 'z9' not exist"],
    ['DROP RESOURCE POOL p_none', "4650 (HY000): resource pool 'p_none' not exist"],
    ['DROP RESOURCE POOL pool_owner', "4626 (HY000): resource pool 'pool_owner' has already been granted to a tenant"],
    [
      "ALTER RESOURCE POOL p_free SPLIT INTO ('a','b') ON ('z1','z2')",
      '1235 (0A000): split resource pool is not supported',
    ],
    ["ALTER RESOURCE POOL MERGE ('a','b') INTO ('c')", '1235 (0A000): merge resource pools is not supported'],
    ['ALTER RESOURCE TENANT owner UNIT_NUM 1', '1235 (0A000): alter resource tenant is not supported'],
  ];
  test.each(cases)('%s', async (sql, answer) => {
    const before = await desk.controller.catalog.read((tx) => [
      tx.resources.unitConfigs.list(),
      tx.resources.pools.list(),
    ]);
    expect(said(await desk.say(sql))).toBe(answer);
    const after = await desk.controller.catalog.read((tx) => [
      tx.resources.unitConfigs.list(),
      tx.resources.pools.list(),
    ]);
    expect(after).toEqual(before);
  });

  test('no room is left when the server is promised away', async () => {
    await desk.ok(`CREATE RESOURCE UNIT u_huge MAX_CPU 58, MEMORY_SIZE '5G'`);
    const full =
      "4733 (HY000): zone 'zone1' resource not enough to hold 1 unit. You can check resource info by views: DBA_OB_UNITS, GV$OB_UNITS, GV$OB_SERVERS.";
    await desk.ok(`CREATE RESOURCE POOL p_huge UNIT u_huge, UNIT_NUM 1`);
    expect(said(await desk.say('CREATE RESOURCE POOL p_over UNIT u_test, UNIT_NUM 1'))).toBe(full);
    await desk.ok('DROP RESOURCE POOL p_huge');
    await desk.ok('CREATE RESOURCE POOL p_over UNIT u_test, UNIT_NUM 1');
  });

  test('only sys with the privilege may', async () => {
    const plain = '1227 (42501): Access denied';
    const owner = await desk.rootOf('owner');
    expect(said(await desk.say('DROP RESOURCE UNIT u_tiny', owner))).toBe(plain);
    expect(said(await desk.say('DROP RESOURCE POOL p_free', owner))).toBe(plain);
    const grants = [{ database: null, table: null, privileges: ['SELECT'], withGrantOption: false }];
    const missing = (name: string) =>
      `1227 (42501): Access denied; you need (at least one of) the ${name} privilege(s) for this operation`;
    expect(said(await desk.say('DROP RESOURCE UNIT u_tiny', { grants }))).toBe(missing('CREATE RESOURCE UNIT'));
    expect(said(await desk.say('DROP RESOURCE POOL p_free', { grants }))).toBe(missing('CREATE RESOURCE POOL'));
  });
});
