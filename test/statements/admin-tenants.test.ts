import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Desk, everyPrivilege, makeTenant, openDesk, said } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  await makeTenant(desk, 'shop_a');
  await makeTenant(desk, 'shop_b');
  await desk.ok(`CREATE RESOURCE POOL p_free UNIT u_test, UNIT_NUM 1`);
  await desk.ok(`CREATE RESOURCE POOL p_other UNIT u_test, UNIT_NUM 1`);
  // A tenant in the middle of a restore: rows are all there is of it.
  await desk.controller.catalog.transaction((tx) => {
    tx.tenants.create(tx.counters.nextOfCluster('tenant'), {
      tenantName: 'coming',
      status: 'RESTORE',
      role: 'RESTORE',
    });
  });
});
afterAll(() => desk.stop());

const engineOf = async (name: string) => desk.controller.engines.open((await desk.tenant(name))!.tenantId);
const poolOf = (name: string) => desk.controller.catalog.read((tx) => tx.resources.poolByName(name));
const withoutGrants = { grants: [] };
const accessDenied = '1227 (42501): Access denied';
const needs = (name: string) =>
  `1227 (42501): Access denied; you need (at least one of) the ${name} privilege(s) for this operation`;

describe('CREATE TENANT', () => {
  test('makes tenant, meta tenant, engine and grants its pool', async () => {
    const { warnings } = await desk.say(
      `CREATE TENANT made PRIMARY_ZONE = 'zone1', LOCALITY = 'F@zone1', ZONE_LIST = ('zone1'), REPLICA_NUM = 1, READ WRITE, COMMENT = 'for tests', ENABLE_ARBITRATION_SERVICE = FALSE, RESOURCE_POOL_LIST = ('p_free') SET ob_tcp_invited_nodes = '%', time_zone = '+00:00', lower_case_table_names = 1, wait_timeout = 60, recyclebin = ON`,
    );
    expect(warnings.map(({ errno, message }) => `${errno} ${message}`)).toEqual([
      '1235 variable recyclebin holds for DROP TENANT only, all other DROP statements remove for good',
    ]);
    const tenant = (await desk.tenant('made'))!;
    expect(tenant).toMatchObject({
      ...{ status: 'NORMAL', role: 'PRIMARY', mode: 'MYSQL', logMode: 'NOARCHIVELOG', primaryZone: 'zone1' },
      ...{ locality: 'FULL{1}@zone1', comment: 'for tests', charset: 'utf8mb4', collation: 'utf8mb4_general_ci' },
    });
    expect((await desk.tenant(`META$${tenant.tenantId}`))?.tenantId).toBe(tenant.tenantId - 1);
    expect((await poolOf('p_free'))?.tenantId).toBe(tenant.tenantId);
    const variables = { ob_tcp_invited_nodes: '%', time_zone: '+00:00', wait_timeout: '60', recyclebin: 'ON' };
    expect(await (await engineOf('made')).globalVariables()).toEqual(variables);
    expect(await desk.controller.catalog.read((tx) => tx.variables.values(tenant.tenantId))).toEqual(variables);
    await desk.ok('DROP TENANT made FORCE');
  });

  test('a character set and Oracle mode reach the engine', async () => {
    await desk.ok(
      `CREATE TENANT ora CHARSET = gbk, RESOURCE_POOL_LIST = ('p_free') SET ob_compatibility_mode = 'oracle'`,
    );
    expect(await desk.tenant('ora')).toMatchObject({ mode: 'ORACLE', charset: 'gbk', collation: 'gbk_chinese_ci' });
    const engine = await engineOf('ora');
    expect(await engine.globalVariables()).toMatchObject({
      character_set_server: 'gbk',
      collation_server: 'gbk_chinese_ci',
    });
    expect((await engine.accounts.list()).map(({ user }) => user)).toEqual(['SYS']);
    await desk.ok('DROP TENANT ora FORCE');
  });

  test('IF NOT EXISTS passes over an existing name', async () => {
    const answer = await desk.say(`CREATE TENANT IF NOT EXISTS shop_a RESOURCE_POOL_LIST = ('p_none')`);
    expect(said(answer)).toBe('OK');
    expect(answer.warnings).toEqual([{ level: 'Note', errno: 5156, message: "tenant 'shop_a' already exist" }]);
  });

  const create = (options: string, name = 'nobody') => `CREATE TENANT ${name} ${options}`;
  const pool = "RESOURCE_POOL_LIST = ('p_free')";
  const long = 't'.repeat(64);
  const cases: readonly (readonly [string, string])[] = [
    [create(pool, long), `1059 (42000): Identifier name '${long}' is too long`],
    [create(`${pool} SET read_only = ON`), '1235 (0A000): read_only = ON is not supported'],
    [create(pool, 'seed'), '5160 (HY000): invalid tenant name specified in connection string'],
    [create(pool, 'a$b'), "1235 (0A000): since 4.2.1, manually creating a tenant name containing '$' is not supported"],
    [
      create(pool, 'All_User'),
      '1235 (0A000): since 4.2.1, using "all" (case insensitive) as a tenant name is not supported',
    ],
    [create(`PRIMARY_ZONE = DEFAULT, ${pool}`), '4179 (HY000): set primary_zone DEFAULT is not allowed'],
    [create(`LOCALITY = '', ${pool}`), '4179 (HY000): set locality empty is not allowed'],
    [create(`CHARSET = klingon, ${pool}`), "1115 (42000): Unknown character set: 'klingon'"],
    [create(`COLLATE = utf8mb4_klingon_ci, ${pool}`), "1273 (HY000): Unknown collation: 'utf8mb4_klingon_ci'"],
    [
      create(`CHARSET = gbk, COLLATE = utf8mb4_bin, ${pool}`),
      "1253 (42000): COLLATION 'utf8mb4_bin' is not valid for CHARACTER SET 'gbk'",
    ],
    [
      create(`LOCALITY = '${'F@zone1,'.repeat(600)}', ${pool}`),
      // A text ends at 511 bytes.
      `1059 (42000): ${`Identifier name '${'F@zone1,'.repeat(600)}`.slice(0, 511)}`,
    ],
    [create("COMMENT = 'no pools'"), '1210 (HY000): Miss argument for resource_pool_list'],
    [create(pool, 'diag'), '1210 (HY000): Incorrect arguments to tenant name'],
    [create("RESOURCE_POOL_LIST = ('p_none')", 'shop_a'), "5156 (HY000): tenant 'shop_a' already exist"],
    [create("RESOURCE_POOL_LIST = ('p_none')"), "4650 (HY000): resource pool 'p_none' not exist"],
    [create(`LOCALITY = 'F@z9', ${pool}`), "4530 (HY000): Zone info 'z9' not exist"],
    [create(`LOCALITY = 'R@zone1', ${pool}`), '1210 (HY000): Incorrect arguments to locality'],
    [create(`LOCALITY = 'F@zone1' FORCE, ${pool}`), '1235 (0A000): LOCALITY … FORCE is not supported'],
    [create(`ZONE_LIST = ('z9'), ${pool}`), "4530 (HY000): Zone info 'z9' not exist"],
    [
      create("RESOURCE_POOL_LIST = ('pool_shop_a')"),
      "4626 (HY000): resource pool 'pool_shop_a' has already been granted to a tenant",
    ],
    [
      create("RESOURCE_POOL_LIST = ('p_free','p_other')"),
      '4657 (HY000): resource pool list ["p_free", "p_other"] unit servers intersect',
    ],
    [create(`PRIMARY_ZONE = 'z9', ${pool}`), `4643 (HY000): primary zone 'z9' not in zone list ["zone1"]`],
    [create(`PRIMARY_ZONE = @z, ${pool}`), '1235 (0A000): primary_zone from a user variable is not supported'],
    [create(`REPLICA_NUM = 3, ${pool}`), '1235 (0A000): REPLICA_NUM = 3 is not supported'],
    [create(`LOGONLY_REPLICA_NUM = 1, ${pool}`), '1235 (0A000): LOGONLY_REPLICA_NUM = 1 is not supported'],
    [create(`PROGRESSIVE_MERGE_NUM = 5, ${pool}`), '1235 (0A000): PROGRESSIVE_MERGE_NUM = 5 is not supported'],
    [create(`READ ONLY, ${pool}`), '1235 (0A000): READ ONLY is not supported'],
    [create(`ENABLE_ARBITRATION_SERVICE = TRUE, ${pool}`), '1235 (0A000): ENABLE_ARBITRATION_SERVICE is not supported'],
    [create(`ENABLE_EXTENDED_ROWID = TRUE, ${pool}`), '1235 (0A000): ENABLE_EXTENDED_ROWID is not supported'],
    [create(`DEFAULT TABLEGROUP = tg, ${pool}`), '1235 (0A000): DEFAULT TABLEGROUP = tg is not supported'],
    [create(`${pool}, ${pool}`), '1210 (HY000): Incorrect arguments to RESOURCE_POOL_LIST, it is given twice'],
    [create(`COMMENT = '${'c'.repeat(4097)}', ${pool}`), '4253 (HY000): Comment for tenant is too long (max = 4096)'],
    [create(`${pool} SET no_such_thing = 1`), "1193 (HY000): Unknown system variable 'no_such_thing'"],
    [create(`${pool} SET version = '1'`), "1238 (HY000): Variable 'version' is a read only variable"],
    [
      create(`${pool} SET last_insert_id = 1`),
      "1228 (HY000): Variable 'last_insert_id' is a SESSION variable and can't be used with SET GLOBAL",
    ],
    [
      create(`${pool} SET autocommit = 'maybe'`),
      "1231 (42000): Variable 'autocommit' can't be set to the value of 'maybe'",
    ],
    [create(`${pool} SET wait_timeout = 'long'`), "1232 (42000): Incorrect argument type to variable 'wait_timeout'"],
    [create(`${pool} SET time_zone = 'Mars'`), "1298 (HY000): Unknown or incorrect time zone: 'Mars'"],
    [
      create(`${pool} SET ob_compatibility_mode = 'db2'`),
      "1231 (42000): Variable 'ob_compatibility_mode' can't be set to the value of 'db2'",
    ],
    [create(`${pool} SET lower_case_table_names = 0`), '1235 (0A000): lower_case_table_names = 0 is not supported'],
  ];
  test.each(cases)('%s', async (sql, answer) => {
    const before = await desk.controller.catalog.read((tx) => tx.tenants.list());
    expect(said(await desk.say(sql))).toBe(answer);
    expect(await desk.controller.catalog.read((tx) => tx.tenants.list())).toEqual(before);
  });

  test('needs SUPER in sys', async () => {
    expect(said(await desk.say(create(pool), withoutGrants))).toBe(needs('SUPER'));
    expect(said(await desk.say(create(pool), await desk.rootOf('shop_a')))).toBe(accessDenied);
  });
});

describe('ALTER TENANT', () => {
  test('options are stored, variables reach the engine', async () => {
    await desk.ok(
      `ALTER TENANT shop_a SET COMMENT = 'first', PRIMARY_ZONE = 'zone1', RESOURCE_POOL_LIST = ('pool_shop_a')`,
    );
    expect(await desk.tenant('shop_a')).toMatchObject({ comment: 'first', primaryZone: 'zone1' });
    const { tenantId } = (await desk.tenant('shop_a'))!;
    const result = await desk.ok('ALTER TENANT shop_a SET VARIABLES recyclebin = ON, ob_query_timeout = 900000000');
    expect(result.variablesOf).toEqual([tenantId]);
    const wanted = { recyclebin: 'ON', ob_query_timeout: '900000000' };
    expect(await (await engineOf('shop_a')).globalVariables()).toMatchObject(wanted);
    await desk.ok('ALTER TENANT shop_a SET VARIABLES recyclebin = DEFAULT');
    expect(await (await engineOf('shop_a')).globalVariables()).toMatchObject({ ...wanted, recyclebin: 'OFF' });
  });

  test('says of a variable that nothing follows it', async () => {
    const inert = (name: string) => ({
      ...{ level: 'Warning', errno: 1235 },
      message: `variable ${name} is kept and shown, it has no effect in this server`,
    });
    const { warnings } = await desk.say(
      'ALTER TENANT shop_a SET VARIABLES max_connections = 7, ob_query_timeout = 900000000, sort_buffer_size = 262144',
    );
    expect(warnings).toEqual([inert('max_connections')]);
    const { warnings: ofDefault } = await desk.say('ALTER TENANT shop_a SET VARIABLES max_connections = DEFAULT');
    expect(ofDefault).toEqual([]);
  });

  test('a user tenant alters itself, sys its own variables', async () => {
    const own = await desk.rootOf('shop_b');
    await desk.ok("ALTER TENANT shop_b COMMENT = 'own'", own);
    expect(await desk.tenant('shop_b')).toMatchObject({ comment: 'own' });
    await desk.ok('ALTER TENANT sys SET VARIABLES wait_timeout = 70');
    expect(await desk.controller.catalog.read((tx) => tx.variables.values(1))).toEqual({ wait_timeout: '70' });
  });

  test('renaming and locking', async () => {
    const { tenantId } = (await desk.tenant('shop_b'))!;
    await desk.ok('ALTER TENANT shop_b RENAME GLOBAL_NAME TO shop_c');
    expect((await desk.tenant('shop_c'))?.tenantId).toBe(tenantId);
    await desk.ok('ALTER TENANT shop_c LOCK');
    await desk.ok('ALTER TENANT shop_c LOCK');
    expect(await desk.tenant('shop_c')).toMatchObject({ locked: true });
    expect(said(await desk.say('ALTER SYSTEM ARCHIVELOG TENANT = shop_c'))).toBe('5260 (HY000): Tenant is locked');
    await desk.ok('ALTER TENANT shop_c UNLOCK');
    expect(await desk.tenant('shop_c')).toMatchObject({ locked: false });
    await desk.ok('ALTER TENANT shop_c RENAME GLOBAL_NAME TO shop_b');
  });

  const cases: readonly (readonly [string, string])[] = [
    [
      "ALTER TENANT shop_a COMMENT = 'c' SET VARIABLES recyclebin = ON",
      '4179 (HY000): modify tenant option and system variable at the same time not allowed',
    ],
    ['ALTER TENANT shop_a CHARSET = gbk', '1235 (0A000): tenant change charset not supported'],
    ['ALTER TENANT nobody COMMENT = ""', "5157 (HY000): Unknown tenant 'nobody'"],
    ['ALTER TENANT ALL SET VARIABLES recyclebin = ON', '1235 (0A000): ALTER TENANT ALL is not supported'],
    ['ALTER TENANT shop_a READ ONLY', '1235 (0A000): READ ONLY is not supported'],
    [
      "ALTER TENANT shop_a RESOURCE_POOL_LIST = ('pool_shop_b')",
      "4626 (HY000): resource pool 'pool_shop_b' has already been granted to a tenant",
    ],
    [
      "ALTER TENANT shop_a RESOURCE_POOL_LIST = ('pool_shop_a','p_free')",
      '4657 (HY000): resource pool list ["pool_shop_a", "p_free"] unit servers intersect',
    ],
    [
      "ALTER TENANT shop_a RESOURCE_POOL_LIST = ('p_free')",
      '1235 (0A000): change resource pools of a tenant is not supported',
    ],
    ["ALTER TENANT shop_a RESOURCE_POOL_LIST = ('p_none')", "4650 (HY000): resource pool 'p_none' not exist"],
    ["ALTER TENANT shop_a PRIMARY_ZONE = 'z9'", `4643 (HY000): primary zone 'z9' not in zone list ["zone1"]`],
    ['ALTER TENANT shop_a SET VARIABLES no_such = 1', "1193 (HY000): Unknown system variable 'no_such'"],
    [
      "ALTER TENANT shop_a SET VARIABLES ob_compatibility_mode = 'oracle'",
      "1238 (HY000): Variable 'ob_compatibility_mode' is a read only variable",
    ],
    [
      'ALTER TENANT shop_a SET VARIABLES auto_increment_increment = 2',
      '1235 (0A000): auto_increment_increment = 2 is not supported',
    ],
    ['ALTER TENANT shop_a SET VARIABLES read_only = ON', '1235 (0A000): read_only = ON is not supported'],
    ['ALTER TENANT sys SET VARIABLES offline_mode = 1', '1235 (0A000): offline_mode = ON is not supported'],
    ['ALTER TENANT coming COMMENT = "c"', '4179 (HY000): alter tenant which is not in normal status is not allowed'],
    ['ALTER TENANT sys RENAME GLOBAL_NAME TO other', '1235 (0A000): rename the sys tenant is not supported'],
    ['ALTER TENANT nobody RENAME GLOBAL_NAME TO other', "5157 (HY000): Unknown tenant 'nobody'"],
    ['ALTER TENANT shop_a RENAME GLOBAL_NAME TO shop_b', "5156 (HY000): tenant 'shop_b' already exist"],
    [
      'ALTER TENANT coming RENAME GLOBAL_NAME TO gone',
      '4179 (HY000): rename tenant while tenant is in physical restore status is not allowed',
    ],
    [
      'ALTER TENANT shop_a RENAME GLOBAL_NAME TO `a$b`',
      "1235 (0A000): since 4.2.1, manually creating a tenant name containing '$' is not supported",
    ],
    ['ALTER TENANT nobody LOCK', '5157 (HY000): Unknown tenant'],
    ['ALTER TENANT sys LOCK', '1227 (42501): Access denied'],
  ];
  test.each(cases)('%s', async (sql, answer) => {
    expect(said(await desk.say(sql))).toBe(answer);
  });

  test('nobody alters another tenant from a user tenant', async () => {
    const own = await desk.rootOf('shop_b');
    expect(said(await desk.say("ALTER TENANT shop_a COMMENT = 'x'", own))).toBe(accessDenied);
    expect(said(await desk.say('ALTER TENANT shop_b LOCK', own))).toBe(accessDenied);
    const rename = await desk.say('ALTER TENANT shop_b RENAME GLOBAL_NAME TO b2', own);
    expect(said(rename)).toBe('1235 (0A000): rename tenant outside the sys tenant is not supported');
    expect(said(await desk.say("ALTER TENANT shop_b COMMENT = 'x'", { ...own, grants: [] }))).toBe(
      needs('ALTER TENANT'),
    );
  });

  test('a standby takes no variables', async () => {
    const { tenantId } = (await desk.tenant('shop_b'))!;
    await desk.controller.catalog.transaction((tx) => tx.tenants.change(tenantId, { role: 'STANDBY' }));
    const answer = await desk.say('ALTER TENANT shop_b SET VARIABLES recyclebin = ON');
    await desk.controller.catalog.transaction((tx) => tx.tenants.change(tenantId, { role: 'PRIMARY' }));
    expect(said(answer)).toBe('4688 (HY000): standby tenant is read only');
  });
});

describe('ALTER SYSTEM CHANGE TENANT', () => {
  test('by name and by id', async () => {
    const { tenantId } = (await desk.tenant('shop_a'))!;
    expect(await desk.ok('ALTER SYSTEM CHANGE TENANT shop_a')).toEqual({ changeTenantTo: tenantId });
    expect(await desk.ok(`ALTER SYSTEM CHANGE TENANT TENANT_ID = ${tenantId}`)).toEqual({ changeTenantTo: tenantId });
    expect(await desk.ok('ALTER SYSTEM CHANGE TENANT sys')).toEqual({ changeTenantTo: 1 });
  });

  const cases = [
    ['ALTER SYSTEM CHANGE TENANT nobody', {}, '5160 (HY000): invalid tenant name specified in connection string'],
    ['ALTER SYSTEM CHANGE TENANT TENANT_ID = 4444', {}, "5157 (HY000): Unknown tenant '4444'"],
    ['ALTER SYSTEM CHANGE TENANT coming', {}, '5150 (HY000): Tenant not in this server'],
    [
      'ALTER SYSTEM CHANGE TENANT shop_a',
      { inTransaction: true },
      '4179 (HY000): change tenant which has active transaction not allowed',
    ],
    [
      'ALTER SYSTEM CHANGE TENANT shop_a',
      { loginTenant: { tenantId: 1002, tenantName: 'shop_a', mode: 'MYSQL' }, grants: [] },
      '1235 (0A000): operation from regular user tenant not supported',
    ],
    ['ALTER SYSTEM CHANGE TENANT shop_a', withoutGrants, needs('ALTER SYSTEM')],
  ] as const;
  test.each(cases)('%s %o', async (sql, as, answer) => {
    expect(said(await desk.say(sql, { grants: everyPrivilege, ...as }))).toBe(answer);
  });
});
