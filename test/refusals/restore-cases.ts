import { badDestination, denied, invalidArgument, near, needs, noSuchTenant, type Refusal } from './refusal.ts';

const sys = 'root@sys';
const t = 'root@t';
const bob = 'bob@t';
const sysBob = 'bob@sys';
const o = 'SYS@o';

const both = 'file://$DIR/kit/data,file://$DIR/kit/log';
const ora = (code: number, text: string) => `ORA-00600: internal error code, arguments: ${code}, ${text}`;
const noLog = 'No enough log for restore';
const noFile = 'cannot find backup file';

/** RESTORE of the backup of `kit` with one thing wrong. */
const restore = (from: string, rest = '', options = 'pool_list=free', name = 'copy') =>
  [sys, `ALTER SYSTEM RESTORE ${name} FROM '${from}' ${rest} WITH '${options}'`] as const;
const options = (text: string) => restore(both, '', text);
const at = (time: string) => restore(both, `UNTIL TIME = '${time}'`);

/** Names, who may, and forms that are none: statements.md 5.1, steps 1 to 3. */
export const formRefusals: readonly Refusal[] = [
  [t, `ALTER SYSTEM RESTORE copy FROM '${both}' WITH 'pool_list=free'`, 1227, denied],
  [o, `ALTER SYSTEM RESTORE copy FROM '${both}' WITH 'pool_list=free'`, 1227, ora(-5036, denied)],
  [bob, `ALTER SYSTEM RESTORE copy FROM '${both}' WITH 'pool_list=free'`, 1227, needs('ALTER SYSTEM')],
  [sysBob, `ALTER SYSTEM RESTORE copy FROM '${both}' WITH 'pool_list=free'`, 1227, needs('ALTER SYSTEM')],
  ...['co$py', '`$`'].map(
    (name): Refusal => [
      ...restore(both, '', 'pool_list=free', name),
      1235,
      "since 4.2.1, manually creating a tenant name containing '$' is not supported",
    ],
  ),
  ...['`all`', '`ALL`', 'all_user', 'All_Meta'].map(
    (name): Refusal => [
      ...restore(both, '', 'pool_list=free', name),
      1235,
      'since 4.2.1, using "all" (case insensitive) as a tenant name is not supported',
    ],
  ),
  // The name is looked at before who asks.
  [
    t,
    "ALTER SYSTEM RESTORE co$py FROM 'x' WITH 'y'",
    1235,
    "since 4.2.1, manually creating a tenant name containing '$' is not supported",
  ],
  ...['0', '1', '1000'].map(
    (scn): Refusal => [
      ...restore(both, `UNTIL SCN = ${scn}`),
      1210,
      'Incorrect arguments to until scn, it should be positive integer',
    ],
  ),
  [
    t,
    "ALTER SYSTEM RESTORE copy FROM 'x' UNTIL SCN = 1 WITH 'y'",
    1210,
    'Incorrect arguments to until scn, it should be positive integer',
  ],

  [...restore(both, "UNTIL SCN = '1700000000000000000'"), 1064, near("'1700000000000000000' WITH 'pool_list=free'")],
  [...restore(both, 'UNTIL SCN = -1'), 1064, near("-1 WITH 'pool_list=free'")],
  [...restore(both, 'UNTIL SCN 1700000000000000000'), 1064, near("1700000000000000000 WITH 'pool_list=free'")],
  [...restore(both, "UNTIL TIME '2024-01-01 00:00:00'"), 1064, near("'2024-01-01 00:00:00' WITH 'pool_list=free'")],
  [sys, "ALTER SYSTEM RESTORE copy FROM 'file:///a'", 1064, near('')],
  [
    sys,
    "ALTER SYSTEM RESTORE copy FROM src AT 'file:///a' UNTIL '2024-01-01' WITH 'pool_list=free'",
    1064,
    near("src AT 'file:///a' UNTIL '2024-01-01' WITH 'pool_list=free'"),
  ],
  [
    sys,
    "ALTER SYSTEM RESTORE all FROM 'file:///a' WITH 'pool_list=free'",
    1064,
    near("all FROM 'file:///a' WITH 'pool_list=free'"),
  ],
];

const long = (length: number) => 'p'.repeat(length);

/** The option text: step 5. Each of these comes before anything is read. */
export const optionRefusals: readonly Refusal[] = [
  ...[
    '',
    'pool_list',
    'pool_list=',
    '=free',
    '&pool_list=free',
    'pool_list=free&',
    'pool_list=free&&locality=F@zone1',
  ].map((text): Refusal => [...options(text), 1210, invalidArgument]),
  ...['pool_list=free ', 'pool_list = free', 'pool_list=free& locality=F@zone1', 'pool_list=a, b'].map(
    (text): Refusal => [...options(text), 1210, invalidArgument],
  ),
  ...['locality=F@zone1', 'concurrency=8', 'pool_name=free&method=quick'].map(
    (text): Refusal => [...options(text), 1210, invalidArgument],
  ),
  ...['101', '-1', 'many', '1.5', '0x'].map(
    (count): Refusal => [
      ...options(`pool_list=free&concurrency=${count}`),
      1210,
      'Incorrect arguments to restore concurrency',
    ],
  ),
  [...options('concurrency=101'), 1210, 'Incorrect arguments to restore concurrency'],
  [...options(`pool_list=${long(1024)}`), 4019, 'Size overflow'],
  [...options(`pool_list=free&${long(1024)}=x`), 4019, 'Size overflow'],
  [...options(`pool_list=free&x=${long(2048)}`), 4019, 'Size overflow'],
  [
    sys,
    `ALTER SYSTEM RESTORE copy FROM '${both}' WITH 'pool_list=free' DESCRIPTION = '${long(1025)}'`,
    4019,
    'Size overflow',
  ],
  // Before the paths.
  [...restore('nonsense', '', 'pool_list'), 1210, invalidArgument],
  [...options('pool_list=free&method=quick'), 1235, "restore method 'quick' is not supported"],
  [...options('pool_list=free&kms_encrypt=true'), 1235, 'kms_encrypt is not supported'],
  [
    sys,
    `ALTER SYSTEM RESTORE copy FROM '${both}' WITH 'pool_list=free' ENCRYPTED BY 'SECRET'`,
    1235,
    'ENCRYPTED BY behind the restore options is not supported',
  ],
];

/** Paths, point, sets and pieces: steps 6 to 10. */
export const sourceRefusals: readonly Refusal[] = [
  [sys, "ALTER SYSTEM RESTORE copy WITH 'pool_list=free'", 1210, invalidArgument],
  ...['', ' ', ',', ' , '].map((from): Refusal => [...restore(from), 1210, invalidArgument]),
  ...['nfs:///mnt/x', '/mnt/x', 'FILE:///mnt/x'].map(
    (uri): Refusal => [...restore(uri), 9026, `${uri} is not a valid uri`],
  ),
  [...restore('file://$DIR/kit/data,nfs:///mnt/x'), 9026, 'nfs:///mnt/x is not a valid uri'],
  [...restore('xyz://b/p?host=h&access_key=SECRET'), 9026, 'xyz://b/p?host=h&access_key=****** is not a valid uri'],
  [...restore('file://relative'), 9026, 'file://relative (not an absolute path) is not a valid uri'],
  [...restore('file://$DIR/kit/data?host=h'), 9026, badDestination],
  [...restore('oss://b/p'), 9026, badDestination],
  [...restore('oss://b/p?host=h&access_id=AK&access_key=SECRET&delete_mode=shred'), 9026, badDestination],
  [...restore('oss://bkt/p?host=127.0.0.1:1&access_id=AK&access_key=SECRET'), 4009, 'IO error'],
  [...restore('file://$DIR/nothing'), 9011, noFile],
  [...restore('file://$DIR/kit/data,file://$DIR/nothing'), 9011, noFile],
  [...restore('file://$DIR/kit'), 9011, noFile],

  [...restore('file://$DIR/kit/data'), 4018, noLog],
  [...restore('file://$DIR/kit/log'), 4018, noLog],
  [...restore('file://$DIR/t/data'), 4018, 'no backup set path or log piece can be used to restore'],
  [...restore('file://$DIR/t/data,file://$DIR/kit/log'), 4018, noLog],
  [...restore('file://$DIR/kit/data,file://$DIR/t/log'), 4018, noLog],
  [
    ...restore(`${both},file://$DIR/pw/data`),
    1235,
    'It is not support to restore from multiple tenant backup paths. not supported',
  ],
  [...restore(both, 'UNTIL SCN = 1700000000000000000'), 4018, noLog],
  [...restore(both, 'UNTIL SCN = 4611686018427387903'), 4018, noLog],
  [...at('2023-01-01 00:00:00'), 4018, noLog],
  [...at('2099-01-01 00:00:00.123456789'), 4018, noLog],

  [...at('2024-13-01 00:00:00'), 5641, 'not a valid month'],
  [...at('2024-00-01 00:00:00'), 5641, 'not a valid month'],
  [...at('2024-02-30 00:00:00'), 5667, 'day of month must be between 1 and last day of month'],
  [...at('2024-01-00 00:00:00'), 5667, 'day of month must be between 1 and last day of month'],
  [...at('2024-01-32 00:00:00'), 5667, 'day of month must be between 1 and last day of month'],
  [...at('2024-01-01 24:00:00'), 5645, 'hour must be between 0 and 23'],
  [...at('2024-01-01 00:60:00'), 5646, 'minutes must be between 0 and 59'],
  [...at('2024-01-01 00:00:60'), 5647, 'seconds must be between 0 and 59'],
  [...at('0000-01-01 00:00:00'), 5639, '(full) year must be between -4713 and +9999, and not be 0'],
  [...at('now'), 5663, 'a non-numeric character was found where a numeric was expected'],
  [...at('2024-Jan-01 00:00:00'), 5663, 'a non-numeric character was found where a numeric was expected'],
  [...at('2024-01-01 xx:00:00'), 5663, 'a non-numeric character was found where a numeric was expected'],
  [...at('2024/01/01 00:00:00'), 1292, 'Incorrect value'],
  [...at('2024-01-01'), 1292, 'Incorrect value'],
  [...at('2024-01-01 00:00'), 1292, 'Incorrect value'],
  [...at('2024-01-01T00:00:00'), 1292, 'Incorrect value'],
  [...at('2024-01-01 00:00:00.1234567890'), 1292, 'Incorrect value'],
  [...at('2024-01-01 00:00:00 +08:00'), 1292, 'Incorrect value'],
  [...at(''), 1292, 'Incorrect value'],

  [...restore('file://$DIR/pw/data,file://$DIR/pw/log'), 9047, 'invalid password for backup'],
  [
    ...restore('file://$DIR/newer/data,file://$DIR/kit/log'),
    4179,
    'restore from higher cluster version is not allowed',
  ],
];

const keyFrom = (path: string, password = "ENCRYPTED BY 'SECRET'") =>
  [
    sys,
    `ALTER SYSTEM RESTORE copy FROM 'file://$DIR/tde/data,file://$DIR/tde/log' WITH 'pool_list=free' WITH KEY FROM '${path}' ${password}`,
  ] as const;

/** The tenant to be, and the keys: steps 12 to 14. */
export const targetRefusals: readonly Refusal[] = [
  ...['t', 'kit', 'sys'].map(
    (name): Refusal => [
      ...restore(both, '', 'pool_list=free', name),
      4179,
      'restore tenant with existed tenant name is not allowed',
    ],
  ),
  // The source comes before the name, the name before the pools.
  [...restore('file://$DIR/nothing', '', 'pool_list=free', 't'), 9011, noFile],
  [...restore(both, '', 'pool_list=no_pool', 't'), 4179, 'restore tenant with existed tenant name is not allowed'],
  [...options('pool_list=no_pool'), 4650, "resource pool 'no_pool' not exist"],
  [...options('pool_list=free,no_pool'), 4650, "resource pool 'no_pool' not exist"],
  // A failure of the job in the kernel, a refusal here.
  [...options('pool_list=pool_t'), 4626, "resource pool 'pool_t' has already been granted to a tenant"],
  [...options('pool_list=free&locality=F@z9'), 4530, "Zone info 'z9' not exist"],
  [...options('pool_list=free&locality=R@zone1'), 1210, invalidArgument],
  [...options('pool_list=free&primary_zone=z9'), 4530, "Zone info 'z9' not exist"],

  [...keyFrom('file://$DIR/tde/key', ''), 1210, 'Miss argument for ENCRYPTED BY password of the key backup'],
  [...keyFrom('file://$DIR/tde/key', "ENCRYPTED BY 'wrong'"), 4352, 'the password is wrong for keystore'],
  [...keyFrom('nowhere'), 9026, badDestination],
  [...keyFrom('file://$DIR/nothing'), 9011, noFile],
  [...keyFrom('file://$DIR/tde/data'), 9081, 'the content of the format file at the destination does not match'],
  [...keyFrom('file://$DIR/otherkey'), 9011, noFile],
];

/** CANCEL RESTORE and ACTIVATE STANDBY: statements.md 5.4, 6.1, 6.3. */
export const afterwardsRefusals: readonly Refusal[] = [
  [t, 'ALTER SYSTEM CANCEL RESTORE copy', 1227, denied],
  [sysBob, 'ALTER SYSTEM CANCEL RESTORE t', 1227, needs('ALTER SYSTEM')],
  [sys, 'ALTER SYSTEM CANCEL RESTORE nobody', 5157, "Unknown tenant 'nobody'"],
  [sys, 'ALTER SYSTEM CANCEL RESTORE t', 4179, 'Cancel tenant not in restore is not allowed'],
  [sys, 'ALTER SYSTEM CANCEL RESTORE sys', 4179, 'Cancel tenant not in restore is not allowed'],
  [sys, 'ALTER SYSTEM CANCEL RESTORE', 1064, near('')],
  [sys, 'ALTER SYSTEM CANCEL RESTORE TENANT = t', 1064, near('= t')],

  [bob, 'ALTER SYSTEM ACTIVATE STANDBY', 1227, needs('SUPER')],
  [sysBob, 'ALTER SYSTEM ACTIVATE STANDBY TENANT = t', 1227, needs('SUPER')],
  [
    t,
    'ALTER SYSTEM ACTIVATE STANDBY TENANT = t',
    1210,
    "Incorrect arguments to tenant name, please don't specify tenant name",
  ],
  [
    bob,
    'ALTER SYSTEM ACTIVATE STANDBY TENANT = nobody',
    1210,
    "Incorrect arguments to tenant name, please don't specify tenant name",
  ],
  [sys, 'ALTER SYSTEM ACTIVATE STANDBY', 1210, 'Incorrect arguments to tenant name, should specify tenant name'],
  [sys, 'ALTER SYSTEM ACTIVATE STANDBY TENANT = nobody', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM ACTIVATE STANDBY TENANT = all', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM ACTIVATE STANDBY TENANT = shut', 5260, 'Tenant is locked'],
  [
    sys,
    'ALTER SYSTEM ACTIVATE STANDBY TENANT = sys',
    1210,
    'Incorrect arguments to tenant name, only support operating user tenant',
  ],
  [
    sys,
    'ALTER SYSTEM ACTIVATE STANDBY TENANT = META$1002',
    1210,
    'Incorrect arguments to tenant name, only support operating user tenant',
  ],
  [sys, 'ALTER SYSTEM ACTIVATE STANDBY TENANT = t, kit', 1064, near(', kit')],
];

/** What a tenant in status RESTORE refuses; `stuck` is one whose restore failed. */
export const restoringRefusals: readonly Refusal[] = [
  [
    sys,
    'ALTER SYSTEM ACTIVATE STANDBY TENANT = stuck',
    4179,
    'tenant status is not normal, switch tenant is not allowed',
  ],
  [sys, 'ALTER SYSTEM BACKUP TENANT = stuck', 9040, 'backup can not start, because tenant status is not normal.'],
  [
    sys,
    'ALTER TENANT stuck RENAME GLOBAL_NAME TO other',
    4179,
    'rename tenant while tenant is in physical restore status is not allowed',
  ],
  [sys, 'DROP TENANT stuck', 1235, 'should drop tenant force, delay drop tenant not supported'],
  [sys, 'DROP TENANT stuck PURGE', 1235, 'should drop tenant force, delay drop tenant not supported'],
  [sys, "CREATE TENANT stuck RESOURCE_POOL_LIST = ('free')", 5156, "tenant 'stuck' already exist"],
  [...restore(both, '', 'pool_list=free', 'stuck'), 4179, 'restore tenant with existed tenant name is not allowed'],
  [sys, 'DROP RESOURCE POOL taken', 4626, "resource pool 'taken' has already been granted to a tenant"],
];
