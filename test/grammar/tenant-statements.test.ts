import { describe, expect, test } from 'vitest';
import { refusal, typed } from './parse.ts';

const text = (value: string) => ({ type: 'string', text: value });

const table: readonly (readonly [string, unknown])[] = [
  [
    "CREATE RESOURCE UNIT u_small MAX_CPU 2, MEMORY_SIZE '4G', LOG_DISK_SIZE = '12G', MAX_IOPS 2000, min_iops 1500;",
    {
      kind: 'createResourceUnit',
      name: 'u_small',
      ifNotExists: false,
      options: [
        { name: 'MAX_CPU', value: '2' },
        { name: 'MEMORY_SIZE', value: '4G' },
        { name: 'LOG_DISK_SIZE', value: '12G' },
        { name: 'MAX_IOPS', value: '2000' },
        { name: 'MIN_IOPS', value: '1500' },
      ],
    },
  ],
  [
    'CREATE RESOURCE UNIT IF NOT EXISTS u MAX_CPU=1.5, IOPS_WEIGHT 0, MEMORY_SIZE 1073741824',
    {
      kind: 'createResourceUnit',
      name: 'u',
      ifNotExists: true,
      options: [
        { name: 'MAX_CPU', value: '1.5' },
        { name: 'IOPS_WEIGHT', value: '0' },
        { name: 'MEMORY_SIZE', value: '1073741824' },
      ],
    },
  ],
  ['CREATE RESOURCE UNIT u', { kind: 'createResourceUnit', name: 'u', ifNotExists: false, options: [] }],
  [
    'ALTER RESOURCE UNIT u MIN_CPU 1',
    { kind: 'alterResourceUnit', name: 'u', options: [{ name: 'MIN_CPU', value: '1' }] },
  ],
  ['DROP RESOURCE UNIT IF EXISTS u', { kind: 'dropResourceUnit', name: 'u', ifExists: true }],
  [
    "CREATE RESOURCE POOL pool_copy UNIT = 'u_small', UNIT_NUM = 1, ZONE_LIST = ('z1','z2')",
    {
      kind: 'createResourcePool',
      name: 'pool_copy',
      ifNotExists: false,
      options: [
        { option: 'unit', unit: 'u_small' },
        { option: 'unitNum', count: 1, deleteUnits: [] },
        { option: 'zoneList', zones: ['z1', 'z2'] },
      ],
    },
  ],
  [
    "CREATE RESOURCE POOL IF NOT EXISTS p ZONE_LIST ('z1' 'z2'), UNIT u, REPLICA_TYPE 'FULL'",
    {
      kind: 'createResourcePool',
      name: 'p',
      ifNotExists: true,
      options: [
        { option: 'zoneList', zones: ['z1', 'z2'] },
        { option: 'unit', unit: 'u' },
        { option: 'replicaType', value: 'FULL' },
      ],
    },
  ],
  [
    'ALTER RESOURCE POOL p UNIT_NUM = 1 DELETE UNIT = (1001, 1002)',
    { kind: 'alterResourcePool', name: 'p', options: [{ option: 'unitNum', count: 1, deleteUnits: [1001, 1002] }] },
  ],
  [
    "ALTER RESOURCE POOL p UNIT 'u', ZONE_LIST = ('z1')",
    {
      kind: 'alterResourcePool',
      name: 'p',
      options: [
        { option: 'unit', unit: 'u' },
        { option: 'zoneList', zones: ['z1'] },
      ],
    },
  ],
  [
    "ALTER RESOURCE POOL p SPLIT INTO ('a','b') ON ('z1','z2')",
    { kind: 'splitResourcePool', name: 'p', into: ['a', 'b'], zones: ['z1', 'z2'] },
  ],
  ["ALTER RESOURCE POOL MERGE ('a','b') INTO ('p')", { kind: 'mergeResourcePools', pools: ['a', 'b'], into: ['p'] }],
  [
    'ALTER RESOURCE POOL merge UNIT u',
    { kind: 'alterResourcePool', name: 'merge', options: [{ option: 'unit', unit: 'u' }] },
  ],
  [
    'ALTER RESOURCE TENANT t UNIT_NUM 2 DELETE UNIT_GROUP (3)',
    { kind: 'alterResourceTenant', name: 't', unitNum: 2, deleteGroups: [3] },
  ],
  ['DROP RESOURCE POOL p', { kind: 'dropResourcePool', name: 'p', ifExists: false }],
  // tenants
  [
    "CREATE TENANT IF NOT EXISTS shop_a PRIMARY_ZONE = 'z1;z2', RESOURCE_POOL_LIST = ('pool_a') SET ob_tcp_invited_nodes = '%', ob_compatibility_mode TO 'mysql'",
    {
      kind: 'createTenant',
      name: 'shop_a',
      ifNotExists: true,
      options: [
        { option: 'primaryZone', form: 'text', value: 'z1;z2' },
        { option: 'resourcePoolList', value: ['pool_a'] },
      ],
      variables: [
        { name: 'ob_tcp_invited_nodes', value: text('%') },
        { name: 'ob_compatibility_mode', value: text('mysql') },
      ],
    },
  ],
  [
    `CREATE TENANT t charset=utf8mb4, CHARACTER SET 'gbk', COLLATE utf8mb4_bin, replica_num=1, LOGONLY_REPLICA_NUM 0, zone_list('z1'),
      primary_zone=RANDOM, locality='FULL{1}@z1' FORCE, resource_pool_list('p'), COMMENT 'c', READ ONLY, READ WRITE,
      ENABLE_ARBITRATION_SERVICE = FALSE, DEFAULT TABLEGROUP = NULL, PROGRESSIVE_MERGE_NUM 3, ENABLE_EXTENDED_ROWID TRUE`,
    {
      kind: 'createTenant',
      name: 't',
      ifNotExists: false,
      options: [
        { option: 'charset', value: 'utf8mb4' },
        { option: 'charset', value: 'gbk' },
        { option: 'collate', value: 'utf8mb4_bin' },
        { option: 'replicaNum', value: 1 },
        { option: 'logonlyReplicaNum', value: 0 },
        { option: 'zoneList', value: ['z1'] },
        { option: 'primaryZone', form: 'random', value: 'RANDOM' },
        { option: 'locality', form: 'text', value: 'FULL{1}@z1', force: true },
        { option: 'resourcePoolList', value: ['p'] },
        { option: 'comment', value: 'c' },
        { option: 'readOnly', value: true },
        { option: 'readOnly', value: false },
        { option: 'enableArbitrationService', value: false },
        { option: 'defaultTablegroup', value: null },
        { option: 'progressiveMergeNum', value: 3 },
        { option: 'enableExtendedRowid', value: true },
      ],
      variables: [],
    },
  ],
  [
    'CREATE TENANT t SET VARIABLES recyclebin = ON, a = DEFAULT, b = -1, c = 12, character_set_server = utf8mb4',
    {
      kind: 'createTenant',
      name: 't',
      ifNotExists: false,
      options: [],
      variables: [
        { name: 'recyclebin', value: { type: 'word', text: 'ON' } },
        { name: 'a', value: { type: 'default', text: 'DEFAULT' } },
        { name: 'b', value: { type: 'number', text: '-1' } },
        { name: 'c', value: { type: 'number', text: '12' } },
        { name: 'character_set_server', value: { type: 'word', text: 'utf8mb4' } },
      ],
    },
  ],
  [
    'CREATE TENANT t PRIMARY_ZONE @Pz, LOCALITY DEFAULT VARIABLES a = 1',
    {
      kind: 'createTenant',
      name: 't',
      ifNotExists: false,
      options: [
        { option: 'primaryZone', form: 'userVariable', value: 'pz' },
        { option: 'locality', form: 'default', value: 'DEFAULT', force: false },
      ],
      variables: [{ name: 'a', value: { type: 'number', text: '1' } }],
    },
  ],
  [
    "ALTER TENANT shop_a RESOURCE_POOL_LIST = ('pool_a','pool_b')",
    {
      kind: 'alterTenant',
      all: false,
      name: 'shop_a',
      options: [{ option: 'resourcePoolList', value: ['pool_a', 'pool_b'] }],
      variables: [],
    },
  ],
  [
    'ALTER TENANT ALL SET VARIABLES recyclebin = 1',
    {
      kind: 'alterTenant',
      all: true,
      name: null,
      options: [],
      variables: [{ name: 'recyclebin', value: { type: 'number', text: '1' } }],
    },
  ],
  [
    "ALTER TENANT t SET COMMENT 'x' VARIABLES a = 1",
    {
      kind: 'alterTenant',
      all: false,
      name: 't',
      options: [{ option: 'comment', value: 'x' }],
      variables: [{ name: 'a', value: { type: 'number', text: '1' } }],
    },
  ],
  ['ALTER TENANT a RENAME GLOBAL_NAME TO b', { kind: 'renameTenant', name: 'a', to: 'b' }],
  ['ALTER TENANT a LOCK', { kind: 'lockTenant', name: 'a', lock: true }],
  ['ALTER TENANT a UNLOCK', { kind: 'lockTenant', name: 'a', lock: false }],
  ['DROP TENANT IF EXISTS a FORCE', { kind: 'dropTenant', name: 'a', ifExists: true, how: 'FORCE' }],
  ['DROP TENANT a PURGE', { kind: 'dropTenant', name: 'a', ifExists: false, how: 'PURGE' }],
  ['DROP TENANT `a$b`', { kind: 'dropTenant', name: 'a$b', ifExists: false, how: null }],
  ['FLASHBACK TENANT a TO BEFORE DROP', { kind: 'flashbackTenant', name: 'a', to: null }],
  ['FLASHBACK TENANT a TO BEFORE DROP RENAME TO b', { kind: 'flashbackTenant', name: 'a', to: 'b' }],
  ['PURGE TENANT a', { kind: 'purgeTenant', name: 'a' }],
];

describe('statements of tenants and resources', () => {
  for (const [sql, expected] of table) test(sql, () => expect(typed(sql)).toEqual(expected));

  test('commas stand between options, only the zone list may omit them', () => {
    expect(refusal("CREATE RESOURCE POOL p UNIT 'u' UNIT_NUM 1").errno).toBe(1064);
    expect(refusal('CREATE RESOURCE UNIT u MAX_CPU 1 MEMORY_SIZE 2').errno).toBe(1064);
    expect(refusal("CREATE TENANT t RESOURCE_POOL_LIST ('a' 'b')").errno).toBe(1064);
  });
});

const user = (name: string, host = '%') => ({ user: name, host, current: false });
const spec = (name: string, host = '%', secret: unknown = null) => ({ ...user(name, host), secret, plugin: null });
const plain = { require: null, lock: null, maxUserConnections: null };

const accounts: readonly (readonly [string, unknown])[] = [
  [
    "CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY 's3cret', audit@localhost, u@10.0.0.1, `v`",
    {
      kind: 'createUser',
      ifNotExists: true,
      users: [
        spec('repl', '%', { kind: 'text', text: 's3cret' }),
        spec('audit', 'localhost'),
        spec('u', '10.0.0.1'),
        spec('v'),
      ],
      ...plain,
    },
  ],
  [
    "CREATE USER a IDENTIFIED BY PASSWORD '*94BD' REQUIRE NONE ACCOUNT LOCK",
    {
      kind: 'createUser',
      ifNotExists: false,
      users: [spec('a', '%', { kind: 'hash', text: '*94BD' })],
      ...plain,
      require: 'NONE',
      lock: true,
    },
  ],
  [
    "CREATE USER a@`h` IDENTIFIED WITH mysql_native_password BY 'x', b IDENTIFIED WITH 'p' AS 'h'",
    {
      kind: 'createUser',
      ifNotExists: false,
      users: [
        { ...spec('a', 'h', { kind: 'text', text: 'x' }), plugin: 'mysql_native_password' },
        { ...spec('b', '%', { kind: 'hash', text: 'h' }), plugin: 'p' },
      ],
      ...plain,
    },
  ],
  [
    "ALTER USER IF EXISTS a IDENTIFIED BY 'x'",
    { kind: 'alterUser', ifExists: true, users: [spec('a', '%', { kind: 'text', text: 'x' })], ...plain },
  ],
  [
    "ALTER USER 'a'@'h' ACCOUNT UNLOCK",
    { kind: 'alterUser', ifExists: false, users: [spec('a', 'h')], ...plain, lock: false },
  ],
  ['DROP USER IF EXISTS a, b@c', { kind: 'dropUser', ifExists: true, users: [user('a'), user('b', 'c')] }],
  [
    "RENAME USER a TO b, c@d TO 'e'@f",
    {
      kind: 'renameUser',
      renames: [
        { from: user('a'), to: user('b') },
        { from: user('c', 'd'), to: user('e', 'f') },
      ],
    },
  ],
  [
    "SET PASSWORD FOR 'a'@'h' = PASSWORD('x')",
    { kind: 'setPassword', user: user('a', 'h'), secret: { kind: 'text', text: 'x' } },
  ],
  ["SET PASSWORD = 'x'", { kind: 'setPassword', user: null, secret: { kind: 'text', text: 'x' } }],
  [
    "SET PASSWORD FOR a = '*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9'",
    {
      kind: 'setPassword',
      user: user('a'),
      secret: { kind: 'hash', text: '*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9' },
    },
  ],
  [
    "GRANT ALL PRIVILEGES ON *.* TO 'r'@'%' IDENTIFIED BY 's' WITH GRANT OPTION",
    {
      kind: 'grant',
      privileges: [{ name: 'ALL PRIVILEGES', columns: null }],
      level: { scope: 'global' },
      users: [spec('r', '%', { kind: 'text', text: 's' })],
      withGrantOption: true,
    },
  ],
  [
    'grant all on * to a',
    {
      kind: 'grant',
      privileges: [{ name: 'ALL PRIVILEGES', columns: null }],
      level: { scope: 'currentDatabase' },
      users: [spec('a')],
      withGrantOption: false,
    },
  ],
  [
    'GRANT SELECT (a, b), alter  system, Create Resource Pool, SHOW VIEW, CREATE TEMPORARY TABLES, ALTER ON `db`.t TO a, b',
    {
      kind: 'grant',
      privileges: [
        { name: 'SELECT', columns: ['a', 'b'] },
        { name: 'ALTER SYSTEM', columns: null },
        { name: 'CREATE RESOURCE POOL', columns: null },
        { name: 'SHOW VIEW', columns: null },
        { name: 'CREATE TEMPORARY TABLES', columns: null },
        { name: 'ALTER', columns: null },
      ],
      level: { scope: 'table', database: 'db', name: 't' },
      users: [spec('a'), spec('b')],
      withGrantOption: false,
    },
  ],
  [
    'REVOKE INSERT ON TABLE crm.* FROM a',
    {
      kind: 'revoke',
      privileges: [{ name: 'INSERT', columns: null }],
      level: { scope: 'database', database: 'crm' },
      users: [user('a')],
    },
  ],
  [
    'REVOKE DELETE ON t FROM CURRENT_USER()',
    {
      kind: 'revoke',
      privileges: [{ name: 'DELETE', columns: null }],
      level: { scope: 'table', database: null, name: 't' },
      users: [{ user: '', host: '', current: true }],
    },
  ],
  ['REVOKE ALL PRIVILEGES, GRANT OPTION FROM a, b', { kind: 'revokeAll', users: [user('a'), user('b')] }],
  ['GRANT r1 TO a', { kind: 'grantRoles', roles: [user('r1')], users: [spec('a')] }],
  ['REVOKE r1 FROM a', { kind: 'revokeRoles', roles: [user('r1')], users: [user('a')] }],
];

describe('statements of accounts', () => {
  for (const [sql, expected] of accounts) test(sql, () => expect(typed(sql)).toEqual(expected));

  test('Oracle mode folds names and takes a bare password', () => {
    expect(typed('CREATE USER shop IDENTIFIED BY Abc1', '4.2.1', true)).toMatchObject({
      users: [spec('SHOP', '%', { kind: 'text', text: 'Abc1' })],
    });
    expect(typed('CREATE USER "shop" IDENTIFIED BY VALUES \'*AB\'', '4.2.1', true)).toMatchObject({
      users: [spec('shop', '%', { kind: 'hash', text: '*AB' })],
    });
  });
});
