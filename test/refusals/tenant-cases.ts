import { denied, near, needs, noSuchTenant, type Refusal } from './refusal.ts';

const sys = 'root@sys';
const t = 'root@t';
const sysBob = 'bob@sys';
const o = 'SYS@o';

const ora = (code: number, text: string) => `ORA-00600: internal error code, arguments: ${code}, ${text}`;
const incorrect = (what: string) => `Incorrect arguments to ${what}`;
const missing = (what: string) => `Miss argument for ${what}`;
const least = (what: string, value: number) => `invalid ${what} value, min value is ${value}`;
const notUnit = (name: string) => `resource unit '${name}' not exist`;
const notPool = (name: string) => `resource pool '${name}' not exist`;
const granted = (name: string) => `resource pool '${name}' has already been granted to a tenant`;
const unit = (rest: string) => [sys, `CREATE RESOURCE UNIT new ${rest}`] as const;
const pool = (rest: string) => [sys, `CREATE RESOURCE POOL new ${rest}`] as const;

/** Resource units: statements.md 9.1. `unit_t` is in use. */
export const unitRefusals: readonly Refusal[] = [
  [t, "CREATE RESOURCE UNIT new MAX_CPU 1, MEMORY_SIZE '5G'", 1227, denied],
  [sysBob, "CREATE RESOURCE UNIT new MAX_CPU 1, MEMORY_SIZE '5G'", 1227, needs('CREATE RESOURCE UNIT')],
  [t, 'ALTER RESOURCE UNIT unit_t MAX_CPU 2', 1227, denied],
  [t, 'DROP RESOURCE UNIT unit_t', 1227, denied],
  [sysBob, 'DROP RESOURCE UNIT unit_t', 1227, needs('CREATE RESOURCE UNIT')],
  [...unit("MEMORY_SIZE '5G'"), 1210, missing('MAX_CPU')],
  [...unit('MAX_CPU 1'), 1210, missing('MEMORY_SIZE')],
  [...unit(''), 1210, missing('MAX_CPU')],
  [...unit("MAX_CPU 0.5, MEMORY_SIZE '5G'"), 4659, least('MAX_CPU', 1)],
  [...unit('MAX_CPU 0'), 4659, least('MAX_CPU', 1)],
  [...unit("MAX_CPU 2, MIN_CPU 0.5, MEMORY_SIZE '5G'"), 4659, least('MIN_CPU', 1)],
  [...unit("MAX_CPU 2, MIN_CPU 3, MEMORY_SIZE '5G'"), 1210, incorrect('MIN_CPU, MIN_CPU is greater than MAX_CPU')],
  [...unit("MAX_CPU 1, MEMORY_SIZE '1023M'"), 4659, least('MEMORY_SIZE', 1073741824)],
  [...unit("MAX_CPU 1, MEMORY_SIZE '5G', LOG_DISK_SIZE 0"), 4016, 'Internal error'],
  [...unit("MAX_CPU 1, MEMORY_SIZE '5G', LOG_DISK_SIZE '1G'"), 4659, least('LOG_DISK_SIZE', 2147483648)],
  [
    ...unit("MAX_CPU 1, MEMORY_SIZE '5G', MAX_IOPS 2000, MIN_IOPS 3000"),
    1210,
    incorrect('MAX_IOPS, MAX_IOPS is little than MIN_IOPS'),
  ],
  [...unit("MAX_CPU 1, MEMORY_SIZE '5G', MAX_IOPS 1000"), 4659, /^invalid M(AX|IN)_IOPS value, min value is 1024$/],
  [...unit("MAX_CPU 1, MEMORY_SIZE '5G', MIN_IOPS 10"), 4659, least('MIN_IOPS', 1024)],
  [...unit("MAX_CPU 'two', MEMORY_SIZE '5G'"), 1210, incorrect('MAX_CPU')],
  [...unit("MAX_CPU 1, MEMORY_SIZE '5X'"), 1210, incorrect('MEMORY_SIZE')],
  [...unit("MAX_CPU 1, MAX_CPU 2, MEMORY_SIZE '5G'"), 1210, incorrect('MAX_CPU, it is given twice')],
  [
    ...unit("MAX_CPU 1, MEMORY_SIZE '5G', DATA_DISK_SIZE '1G'"),
    1235,
    /^RESOURCE UNIT DATA_DISK_SIZE in release 4\.2\.1 .* is not supported$/,
  ],
  [sys, "CREATE RESOURCE UNIT unit_t MAX_CPU 1, MEMORY_SIZE '5G'", 4649, "resource unit 'unit_t' already exist"],
  // The values come before the name.
  [sys, "CREATE RESOURCE UNIT unit_t MAX_CPU 0, MEMORY_SIZE '5G'", 4659, least('MAX_CPU', 1)],
  [
    sys,
    `CREATE RESOURCE UNIT ${'u'.repeat(128)} MAX_CPU 1, MEMORY_SIZE '5G'`,
    1059,
    `Identifier name '${'u'.repeat(128)}' is too long`,
  ],
  [...unit("MAX_CPU 1 MEMORY_SIZE '5G'"), 1064, near("MEMORY_SIZE '5G'")],
  [...unit('MAX_CPU'), 1064, near('')],
  [sys, 'ALTER RESOURCE UNIT nowhere MAX_CPU 2', 4648, notUnit('nowhere')],
  [sys, 'ALTER RESOURCE UNIT unit_t MAX_CPU 0.5', 4659, least('MAX_CPU', 1)],
  [
    sys,
    "ALTER RESOURCE UNIT unit_t MEMORY_SIZE '2G'",
    1235,
    'unit MEMORY_SIZE less than __min_full_resource_pool_memory not supported',
  ],
  [sys, "ALTER RESOURCE UNIT unit_t MEMORY_SIZE '90000P'", 1210, incorrect('MEMORY_SIZE')],
  [
    sys,
    'ALTER RESOURCE UNIT unit_t MAX_CPU 100000',
    4624,
    /^zone 'zone1' server '127\.0\.0\.1:\d+' CPU resource is not enough to hold a new unit$/,
  ],
  [sys, 'ALTER RESOURCE UNIT unit_t', 1064, near('')],
  [sys, 'DROP RESOURCE UNIT nowhere', 4648, notUnit('nowhere')],
  [sys, 'DROP RESOURCE UNIT unit_t', 4634, "resource unit 'unit_t' is referenced by some resource pool"],
];

/** Resource pools: statements.md 9.2. `pool_t` is granted, `free` is not. */
export const poolRefusals: readonly Refusal[] = [
  [t, "CREATE RESOURCE POOL new UNIT 'unit_t', UNIT_NUM 1", 1227, denied],
  [sysBob, "CREATE RESOURCE POOL new UNIT 'unit_t', UNIT_NUM 1", 1227, needs('CREATE RESOURCE POOL')],
  [t, 'ALTER RESOURCE POOL pool_t UNIT_NUM 1', 1227, denied],
  [t, 'DROP RESOURCE POOL pool_t', 1227, denied],
  [...pool("UNIT 'unit_t'"), 1210, incorrect('unit num')],
  [...pool("UNIT 'unit_t', UNIT_NUM 0"), 1210, incorrect('unit num')],
  [
    ...pool("UNIT 'unit_t', UNIT_NUM 1, ZONE_LIST = ('zone1','zone1')"),
    4641,
    `Duplicated zone 'zone1' in zone list ["zone1", "zone1"]`,
  ],
  [...pool("UNIT 'unit_t', UNIT_NUM 1, ZONE_LIST ('z9')"), 4530, "Zone info 'z9' not exist"],
  [...pool("UNIT 'unit_t', UNIT_NUM 1, ZONE_LIST ('zone1' 'z9')"), 4530, "Zone info 'z9' not exist"],
  [...pool("UNIT 'unit_t', UNIT_NUM 2"), 4656, 'resource pool unit num is bigger than zone server count'],
  [...pool('UNIT_NUM 1'), 1210, incorrect('resource unit name')],
  [...pool("UNIT '', UNIT_NUM 1"), 1210, incorrect('resource unit name')],
  [...pool("UNIT 'nowhere', UNIT_NUM 1"), 4648, notUnit('nowhere')],
  [sys, "CREATE RESOURCE POOL free UNIT 'unit_t', UNIT_NUM 1", 4651, "resource pool 'free' exist"],
  [sys, "CREATE RESOURCE POOL free UNIT 'nowhere', UNIT_NUM 1", 4648, notUnit('nowhere')],
  [
    ...pool("UNIT 'small', UNIT_NUM 1"),
    1235,
    'unit MEMORY_SIZE less than __min_full_resource_pool_memory not supported',
  ],
  [...pool("UNIT 'huge', UNIT_NUM 1"), 4733, /^zone 'zone1' resource not enough to hold 1 unit\./],
  [...pool("UNIT 'unit_t', UNIT_NUM 1, REPLICA_TYPE 'LOGONLY'"), 1235, "REPLICA_TYPE 'LOGONLY' is not supported"],
  [...pool("UNIT 'unit_t' UNIT_NUM 1"), 1064, near('UNIT_NUM 1')],
  [...pool("UNIT 'unit_t', UNIT_NUM 1, ZONE_LIST 'zone1'"), 1064, near("'zone1'")],
  [
    sys,
    "ALTER RESOURCE POOL free UNIT 'unit_t', UNIT_NUM 1",
    1235,
    'alter unit_num, resource_unit, zone_list in one cmd not supported',
  ],
  [sys, 'ALTER RESOURCE POOL pool_t UNIT_NUM 1', 4179, 'alter pool unit num which is granted to a tenant not allowed'],
  [sys, 'ALTER RESOURCE POOL nowhere UNIT_NUM 1', 4650, notPool('nowhere')],
  [sys, "ALTER RESOURCE POOL free UNIT = 'nowhere'", 4648, notUnit('nowhere')],
  [sys, "ALTER RESOURCE POOL free ZONE_LIST = ('z9')", 4530, "Zone info 'z9' not exist"],
  [sys, 'ALTER RESOURCE POOL free UNIT_NUM = 2', 4656, 'resource pool unit num is bigger than zone server count'],
  [sys, 'ALTER RESOURCE POOL free UNIT_NUM = 1 DELETE UNIT = (1001)', 1210, incorrect('unit list')],
  [sys, 'DROP RESOURCE POOL nowhere', 4650, notPool('nowhere')],
  [sys, 'DROP RESOURCE POOL pool_t', 4626, granted('pool_t')],
];

const create = (rest: string, name = 'new') => [sys, `CREATE TENANT ${name} ${rest}`] as const;
const inFree = "RESOURCE_POOL_LIST = ('free')";

/** CREATE TENANT: statements.md 9.3. */
export const createRefusals: readonly Refusal[] = [
  [t, `CREATE TENANT new ${inFree}`, 1227, denied],
  [sysBob, `CREATE TENANT new ${inFree}`, 1227, needs('SUPER')],
  [...create(inFree, 'n'.repeat(64)), 1059, `Identifier name '${'n'.repeat(64)}' is too long`],
  [...create(inFree, 'seed'), 5160, noSuchTenant],
  ...['a$b', 'META$1002'].map(
    (name): Refusal => [
      ...create(inFree, name),
      1235,
      "since 4.2.1, manually creating a tenant name containing '$' is not supported",
    ],
  ),
  ...['`all`', 'ALL_USER', 'all_meta'].map(
    (name): Refusal => [
      ...create(inFree, name),
      1235,
      'since 4.2.1, using "all" (case insensitive) as a tenant name is not supported',
    ],
  ),
  [...create(`PRIMARY_ZONE = DEFAULT, ${inFree}`), 4179, 'set primary_zone DEFAULT is not allowed'],
  [...create(`PRIMARY_ZONE = '', ${inFree}`), 4179, 'set primary_zone empty is not allowed'],
  [...create(`LOCALITY = DEFAULT, ${inFree}`), 4179, 'set locality DEFAULT is not allowed'],
  [...create(`LOCALITY = '', ${inFree}`), 4179, 'set locality empty is not allowed'],
  [...create(`CHARSET = klingon, ${inFree}`), 1115, "Unknown character set: 'klingon'"],
  [...create(`COLLATE = klingon_ci, ${inFree}`), 1273, "Unknown collation: 'klingon_ci'"],
  [
    ...create(`CHARSET = gbk, COLLATE = utf8mb4_bin, ${inFree}`),
    1253,
    "COLLATION 'utf8mb4_bin' is not valid for CHARACTER SET 'gbk'",
  ],
  [...create(''), 1210, missing('resource_pool_list')],
  [...create("PRIMARY_ZONE = 'zone1'"), 1210, missing('resource_pool_list')],
  [...create(inFree, 'diag'), 1210, incorrect('tenant name')],
  [...create(inFree, 't'), 5156, "tenant 't' already exist"],
  [...create(inFree, 'sys'), 5156, "tenant 'sys' already exist"],
  [...create("RESOURCE_POOL_LIST = ('nowhere')", 't'), 5156, "tenant 't' already exist"],
  [...create("RESOURCE_POOL_LIST = ('nowhere')"), 4650, notPool('nowhere')],
  [...create("RESOURCE_POOL_LIST = ('pool_t')"), 4626, granted('pool_t')],
  [
    ...create("RESOURCE_POOL_LIST = ('free','free2')"),
    4657,
    'resource pool list ["free", "free2"] unit servers intersect',
  ],
  [...create(`LOCALITY = 'F@z9', ${inFree}`), 4530, "Zone info 'z9' not exist"],
  [...create(`PRIMARY_ZONE = 'z9', ${inFree}`), 4643, `primary zone 'z9' not in zone list ["zone1"]`],
  [
    ...create(`ZONE_LIST = ('zone1','zone1'), ${inFree}`),
    4641,
    `Duplicated zone 'zone1' in zone list ["zone1", "zone1"]`,
  ],
  [...create(`ZONE_LIST = ('z9'), ${inFree}`), 4530, "Zone info 'z9' not exist"],
  [...create(`REPLICA_NUM = 3, ${inFree}`), 1235, 'REPLICA_NUM = 3 is not supported'],
  [...create(`READ ONLY, ${inFree}`), 1235, 'READ ONLY is not supported'],
  [...create(`ENABLE_ARBITRATION_SERVICE = TRUE, ${inFree}`), 1235, 'ENABLE_ARBITRATION_SERVICE is not supported'],
  [...create(`COMMENT '${'c'.repeat(4097)}', ${inFree}`), 4253, 'Comment for tenant is too long (max = 4096)'],
  [...create(`${inFree} SET no_such_variable = 1`), 1193, "Unknown system variable 'no_such_variable'"],
  [...create(`${inFree} SET version = 'x'`), 1238, "Variable 'version' is a read only variable"],
  [
    ...create(`${inFree} SET ob_compatibility_mode = 'db2'`),
    1231,
    "Variable 'ob_compatibility_mode' can't be set to the value of 'db2'",
  ],
  [...create(`${inFree} SET lower_case_table_names = 2`), 1235, 'lower_case_table_names = 2 is not supported'],
  [...create("RESOURCE_POOL_LIST = 'free'"), 1064, near("'free'")],
  [...create(`PRIMARY_ZONE RANDOM ${inFree}`), 1064, near(inFree)],
];

/** ALTER, DROP, FLASHBACK, PURGE and CHANGE TENANT: statements.md 9.4, 9.5, 9.6, 10.1. `binned` is in the recycle bin. */
export const lifeRefusals: readonly Refusal[] = [
  [sysBob, "ALTER TENANT t COMMENT = 'x'", 1227, needs('ALTER TENANT')],
  ['bob@t', "ALTER TENANT t COMMENT = 'x'", 1227, needs('ALTER TENANT')],
  [t, "ALTER TENANT t2 COMMENT = 'x'", 1227, denied],
  [t, "ALTER TENANT nobody COMMENT = 'x'", 1227, denied],
  [sys, "ALTER TENANT nobody COMMENT = 'x'", 5157, "Unknown tenant 'nobody'"],
  [
    sys,
    "ALTER TENANT t COMMENT = 'x' VARIABLES recyclebin = ON",
    4179,
    'modify tenant option and system variable at the same time not allowed',
  ],
  [sys, 'ALTER TENANT t CHARSET = gbk', 1235, 'tenant change charset not supported'],
  [t, 'ALTER TENANT t COLLATE = utf8mb4_bin', 1235, 'tenant change charset not supported'],
  [sys, "ALTER TENANT ALL PRIMARY_ZONE = 'zone1'", 1235, 'ALTER TENANT ALL is not supported'],
  [
    sys,
    "ALTER TENANT t RESOURCE_POOL_LIST = ('pool_t','free')",
    4657,
    'resource pool list ["pool_t", "free"] unit servers intersect',
  ],
  [sys, "ALTER TENANT t RESOURCE_POOL_LIST = ('nowhere')", 4650, notPool('nowhere')],
  [sys, "ALTER TENANT t RESOURCE_POOL_LIST = ('pool_t2')", 4626, granted('pool_t2')],
  [sys, "ALTER TENANT t PRIMARY_ZONE = 'z9'", 4643, `primary zone 'z9' not in zone list ["zone1"]`],
  [sys, "ALTER TENANT t LOCALITY = 'F@z9'", 4530, "Zone info 'z9' not exist"],
  [sys, 'ALTER TENANT t SET VARIABLES no_such_variable = 1', 1193, "Unknown system variable 'no_such_variable'"],
  [
    sys,
    "ALTER TENANT t SET VARIABLES ob_compatibility_mode = 'oracle'",
    1238,
    /^Variable 'ob_compatibility_mode' is a .* variable$/,
  ],
  [t, 'ALTER TENANT t RENAME GLOBAL_NAME TO t9', 1235, 'rename tenant outside the sys tenant is not supported'],
  [sys, 'ALTER TENANT sys RENAME GLOBAL_NAME TO t9', 1235, 'rename the sys tenant is not supported'],
  [sys, 'ALTER TENANT nobody RENAME GLOBAL_NAME TO t9', 5157, "Unknown tenant 'nobody'"],
  [sys, 'ALTER TENANT t RENAME GLOBAL_NAME TO t2', 5156, "tenant 't2' already exist"],
  [sys, 'ALTER TENANT t RENAME GLOBAL_NAME TO t', 5156, "tenant 't' already exist"],
  [
    sys,
    'ALTER TENANT t RENAME GLOBAL_NAME TO t$9',
    1235,
    "since 4.2.1, manually creating a tenant name containing '$' is not supported",
  ],
  [
    sys,
    'ALTER TENANT t RENAME GLOBAL_NAME TO all_user',
    1235,
    'since 4.2.1, using "all" (case insensitive) as a tenant name is not supported',
  ],
  [sys, 'ALTER TENANT sys LOCK', 1227, denied],
  [t, 'ALTER TENANT t LOCK', 1227, denied],
  [sys, 'ALTER TENANT nobody LOCK', 5157, 'Unknown tenant'],
  [sysBob, 'ALTER TENANT t UNLOCK', 1227, needs('ALTER TENANT')],

  [t, 'DROP TENANT t', 1227, denied],
  [o, 'DROP TENANT o', 1235, ora(-4007, 'dropping tenant in oracle mode is not supported')],
  [sysBob, 'DROP TENANT t', 1227, needs('SUPER')],
  [sys, 'DROP TENANT nobody', 5157, "Unknown tenant 'nobody'"],
  [sys, 'DROP TENANT sys', 1235, 'drop the sys tenant is not supported'],
  [sys, 'DROP TENANT sys FORCE', 1235, 'drop the sys tenant is not supported'],
  [sys, 'DROP TENANT META$1002 FORCE', 1235, 'drop the meta tenant is not supported'],
  [sys, 'DROP TENANT binned', 5157, "Unknown tenant 'binned'"],
  [t, 'FLASHBACK TENANT binned TO BEFORE DROP', 4179, 'flashback tenant outside the sys tenant is not allowed'],
  [t, 'PURGE TENANT binned', 4179, 'purge tenant outside the sys tenant is not allowed'],
  [sys, 'FLASHBACK TENANT nobody TO BEFORE DROP', 5157, "Unknown tenant 'nobody'"],
  [sys, 'FLASHBACK TENANT t TO BEFORE DROP', 5270, 'object not in RECYCLE BIN'],
  [sys, 'FLASHBACK TENANT binned TO BEFORE DROP RENAME TO t', 5156, "tenant 't' already exist"],
  [sys, 'PURGE TENANT nobody', 5157, "Unknown tenant 'nobody'"],
  [sys, 'PURGE TENANT t', 5270, 'object not in RECYCLE BIN'],
  [sys, 'DROP TENANT t CASCADE', 1064, near('CASCADE')],

  [sys, 'SHOW CREATE TENANT nobody', 5157, "Unknown tenant 'nobody'"],
  [t, 'SHOW CREATE TENANT t2', 5157, "Unknown tenant 't2'"],
  [t, 'SHOW CREATE TENANT nobody', 5157, "Unknown tenant 'nobody'"],
  [o, 'SHOW TENANT', 1235, ora(-4007, 'show tenant in oracle mode is not supported')],
  [o, 'SHOW CREATE TENANT o', 1235, ora(-4007, 'show create tenant in oracle mode is not supported')],

  [t, 'ALTER SYSTEM CHANGE TENANT t', 1235, 'operation from regular user tenant not supported'],
  [t, 'ALTER SYSTEM CHANGE TENANT sys', 1235, 'operation from regular user tenant not supported'],
  [sysBob, 'ALTER SYSTEM CHANGE TENANT t', 1227, needs('ALTER SYSTEM')],
  [sys, 'ALTER SYSTEM CHANGE TENANT nobody', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM CHANGE TENANT TENANT_ID = 4', 5157, "Unknown tenant '4'"],
  [sys, 'ALTER SYSTEM CHANGE TENANT META$1002', 1235, 'change tenant to a meta tenant is not supported'],
  [sys, 'ALTER SYSTEM CHANGE TENANT', 1064, near('')],
  [sys, `ALTER SYSTEM SET archive_lag_target = '60s' TENANT = binned`, 5160, noSuchTenant],
  [sys, 'ALTER RESOURCE UNIT', 1064, near('')],
];
