import {
  badDestination,
  denied,
  invalidArgument,
  near,
  needs,
  noSuchTenant,
  notSupported,
  type Refusal,
} from './refusal.ts';

const sys = 'root@sys';
const t = 'root@t';
const bob = 'bob@t';
const sysBob = 'bob@sys';
const o = 'SYS@o';

const combined = 'all/all_user/all_meta in combination with other names is not supported';
const ora = (code: number, text: string) => `ORA-00600: internal error code, arguments: ${code}, ${text}`;
const cannot = (why: string) => `backup can not start, because ${why}`;
const userNames = 'user tenant cannot specify tenant names not supported';

/** [NO]ARCHIVELOG: statements.md 2. */
export const logModeRefusals: readonly Refusal[] = ['ARCHIVELOG', 'NOARCHIVELOG'].flatMap((mode): Refusal[] => {
  const word = (names: string) => `use ${names} in 'ALTER SYSTEM ARCHIVELOG' syntax is not supported`;
  return [
    [bob, `ALTER SYSTEM ${mode}`, 1227, needs('ALTER SYSTEM')],
    [sysBob, `ALTER SYSTEM ${mode} TENANT = t`, 1227, needs('ALTER SYSTEM')],
    [t, `ALTER SYSTEM ${mode} TENANT = t`, 1227, denied],
    [t, `ALTER SYSTEM ${mode} TENANT = all`, 1227, denied],
    [bob, `ALTER SYSTEM ${mode} TENANT = nobody`, 1227, denied],
    [o, `ALTER SYSTEM ${mode} TENANT = o`, 1227, ora(-5036, denied)],
    [sys, `ALTER SYSTEM ${mode} TENANT = all_user`, 1235, word('all_user/all_meta')],
    [sys, `ALTER SYSTEM ${mode} TENANT = ALL_META`, 1235, word('all_user/all_meta')],
    [sys, `ALTER SYSTEM ${mode} TENANT = all, t`, 1235, combined],
    [sys, `ALTER SYSTEM ${mode} TENANT = t, All_User`, 1235, combined],
    [sys, `ALTER SYSTEM ${mode} TENANT = all, all`, 1235, combined],
    [sys, `ALTER SYSTEM ${mode} TENANT = t, t`, 1235, 'duplicate tenant t is not supported'],
    [sys, `ALTER SYSTEM ${mode} TENANT = t, t2, t`, 1235, 'duplicate tenant t is not supported'],
    [sys, `ALTER SYSTEM ${mode} TENANT = sys`, 1235, 'ALTER SYSTEM ARCHIVELOG of the sys tenant is not supported'],
    [sys, `ALTER SYSTEM ${mode} TENANT = t, sys`, 1235, 'ALTER SYSTEM ARCHIVELOG of the sys tenant is not supported'],
    [sys, `ALTER SYSTEM ${mode} TENANT = nobody`, 5160, noSuchTenant],
    [sys, `ALTER SYSTEM ${mode} TENANT = t, nobody`, 5160, noSuchTenant],
    [sys, `ALTER SYSTEM ${mode} TENANT T`, 5160, noSuchTenant],
    [sys, `ALTER SYSTEM ${mode} TENANT = shut`, 5260, 'Tenant is locked'],
    [sys, `ALTER SYSTEM ${mode} DESCRIPTION = 'why' TENANT = t`, 1064, near('TENANT = t')],
    [sys, `ALTER SYSTEM ${mode} TENANT =`, 1064, near('')],
    [sys, `ALTER SYSTEM ${mode} t`, 1064, near('t')],
  ];
});

/** What a tenant's state refuses; `off` and `kit` are in the two modes. */
export const logModeStateRefusals: readonly Refusal[] = [
  ['root@kit', 'ALTER SYSTEM ARCHIVELOG', 9091, 'Already in ARCHIVELOG mode'],
  ['root@off', 'ALTER SYSTEM NOARCHIVELOG', 9092, 'Already in NOARCHIVELOG mode'],
  [o, 'ALTER SYSTEM NOARCHIVELOG', 9092, ora(-9092, 'Already in NOARCHIVELOG mode')],
  [sys, 'ALTER SYSTEM NOARCHIVELOG TENANT = off', 9092, 'Already in NOARCHIVELOG mode'],
];

/** BACKUP and CANCEL BACKUP: statements.md 3.1, 3.2, 3.8. */
export const backupRefusals: readonly Refusal[] = [
  [bob, 'ALTER SYSTEM BACKUP DATABASE', 1227, needs('ALTER SYSTEM')],
  [sysBob, 'ALTER SYSTEM BACKUP DATABASE', 1227, needs('ALTER SYSTEM')],
  [sysBob, 'ALTER SYSTEM BACKUP TENANT = t', 1227, needs('ALTER SYSTEM')],
  [t, 'ALTER SYSTEM BACKUP TENANT = t', 1235, userNames],
  [bob, 'ALTER SYSTEM BACKUP TENANT = nobody', 1235, userNames],
  [t, 'ALTER SYSTEM BACKUP', 1235, userNames],
  [o, 'ALTER SYSTEM BACKUP TENANT = o', 1235, ora(-4007, userNames)],
  [sys, 'ALTER SYSTEM BACKUP', 1235, 'No tenant name specified not supported'],
  [sys, 'ALTER SYSTEM BACKUP PLUS ARCHIVELOG', 1235, 'No tenant name specified not supported'],
  [sys, 'ALTER SYSTEM BACKUP TENANT = sys', 4016, 'Internal error'],
  [sys, 'ALTER SYSTEM BACKUP TENANT = kit, sys', 4016, 'Internal error'],
  [sys, 'ALTER SYSTEM BACKUP TENANT = nobody', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM BACKUP TENANT = kit, nobody', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM BACKUP TENANT = all', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM BACKUP TENANT = all_user', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM BACKUP TENANT = KIT', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM BACKUP TENANT = shut', 5260, 'Tenant is locked'],
  [
    sys,
    "ALTER SYSTEM BACKUP DATABASE TO 'file://$DIR/x'",
    1235,
    'backup do not support using specify path not supported',
  ],
  [
    sys,
    "ALTER SYSTEM BACKUP TENANT = kit TO = 'file://$DIR/x'",
    1235,
    'backup do not support using specify path not supported',
  ],
  ['root@kit', "ALTER SYSTEM BACKUP DATABASE TO ''", 1235, 'backup do not support using specify path not supported'],
  // The list comes before the path.
  [sys, "ALTER SYSTEM BACKUP TENANT = nobody TO = 'x'", 5160, noSuchTenant],
  ['root@bare', 'ALTER SYSTEM BACKUP INCREMENTAL DATABASE', 9040, 'backup can not start'],
  [sys, 'ALTER SYSTEM BACKUP INCREMENTAL TENANT = bare', 9040, cannot('log archive status is not doing.')],
  ['root@bare', 'ALTER SYSTEM BACKUP INCREMENTAL DATABASE PLUS ARCHIVELOG', 9040, 'backup can not start'],
  [sys, 'ALTER SYSTEM BACKUP TENANT = bare PLUS ARCHIVELOG', 9040, cannot('log archive status is not doing.')],
  [sys, 'ALTER SYSTEM BACKUP DATABASE TENANT = kit', 1064, near('TENANT = kit')],
  [sys, 'ALTER SYSTEM BACKUP PLUS ARCHIVELOG TENANT = kit', 1064, near('TENANT = kit')],
  [sys, 'ALTER SYSTEM BACKUP DATABASE kit', 1064, near('kit')],
  [sys, "ALTER SYSTEM BACKUP DATABASE DESCRIPTION 'x' PLUS ARCHIVELOG", 1064, near('PLUS ARCHIVELOG')],
  [sys, 'BACKUP DATABASE', 1064, near('BACKUP DATABASE')],

  // What the tenant lacks: nothing at `bare`, a destination at `t`, a round without a destination at `kit2`.
  ['root@bare', 'ALTER SYSTEM BACKUP DATABASE', 9040, 'backup can not start'],
  [o, 'ALTER SYSTEM BACKUP DATABASE', 9040, ora(-9040, 'backup can not start')],
  [t, 'ALTER SYSTEM BACKUP DATABASE', 9040, cannot('log archive status is not doing.')],
  [sys, 'ALTER SYSTEM BACKUP TENANT = bare', 9040, cannot('log archive status is not doing.')],
  [sys, 'ALTER SYSTEM BACKUP TENANT = t', 9040, cannot('log archive status is not doing.')],
  [
    sys,
    "ALTER SYSTEM BACKUP TENANT = kit, t DESCRIPTION = 'all or none'",
    9040,
    cannot('log archive status is not doing.'),
  ],
  [sys, 'ALTER SYSTEM BACKUP TENANT = kit2', 9040, cannot('backup dest is not set.')],
  ['root@kit2', 'ALTER SYSTEM BACKUP DATABASE', 9040, 'backup can not start'],

  [bob, 'ALTER SYSTEM CANCEL BACKUP', 1227, needs('ALTER SYSTEM')],
  [sysBob, 'ALTER SYSTEM CANCEL BACKUP', 1227, needs('ALTER SYSTEM')],
  [t, 'ALTER SYSTEM CANCEL BACKUP TENANT = t', 1235, notSupported],
  [bob, 'ALTER SYSTEM CANCEL BACKUP TENANT = nobody', 1235, notSupported],
  [sys, 'ALTER SYSTEM CANCEL BACKUP TENANT = sys', 4016, 'Internal error'],
  [sys, 'ALTER SYSTEM CANCEL BACKUP TENANT = nobody', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM CANCEL BACKUP TENANT = all', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM CANCEL BACKUP TENANT = kit, shut', 5260, 'Tenant is locked'],
  [sys, 'ALTER SYSTEM CANCEL BACKUP 1', 1064, near('1')],
];

const missing = (what: string) => `Miss argument for ${what}`;
const onlyOne = 'Incorrect arguments to tenant list, count of tenants must be 1';
const noMasterKey = 'fail to get master key';

/** Keys and passwords: statements.md 3.3 to 3.5. `kit` has a master key, the others have none. */
export const keyRefusals: readonly Refusal[] = [
  [bob, "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 1227, needs('ALTER SYSTEM')],
  [t, "ALTER SYSTEM BACKUP KEY TENANT = t TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 1235, userNames],
  [o, "ALTER SYSTEM BACKUP KEY TENANT = o TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 1235, ora(-4007, userNames)],
  [sys, "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 1210, onlyOne],
  [sys, "ALTER SYSTEM BACKUP KEY TENANT = t, t2 TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 1210, onlyOne],
  [sys, "ALTER SYSTEM BACKUP KEY TENANT = nobody TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 5160, noSuchTenant],
  [sys, "ALTER SYSTEM BACKUP KEY TENANT = all TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 5160, noSuchTenant],
  [sys, "ALTER SYSTEM BACKUP KEY TENANT = sys TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 4016, 'Internal error'],
  [sys, "ALTER SYSTEM BACKUP KEY TENANT = shut TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 5260, 'Tenant is locked'],
  ['root@kit', "ALTER SYSTEM BACKUP KEY ENCRYPTED BY 'SECRET'", 1210, missing('backup key path')],
  ['root@kit', 'ALTER SYSTEM BACKUP KEY', 1210, missing('backup key path')],
  [
    'root@kit',
    "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/key'",
    1210,
    missing('ENCRYPTED BY password of the key backup'),
  ],
  [
    sys,
    "ALTER SYSTEM BACKUP KEY TENANT = kit TO 'file://$DIR/key' ENCRYPTED BY ''",
    1210,
    missing('ENCRYPTED BY password of the key backup'),
  ],
  ['root@kit', "ALTER SYSTEM BACKUP KEY TO 'nowhere' ENCRYPTED BY 'SECRET'", 9026, badDestination],
  [
    'root@kit',
    "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/kit/data' ENCRYPTED BY 'SECRET'",
    9081,
    'the content of the format file at the destination does not match',
  ],
  [
    'root@kit',
    "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/kit/log/' ENCRYPTED BY 'SECRET'",
    9081,
    'the content of the format file at the destination does not match',
  ],
  [
    'root@kit',
    "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/t/data' ENCRYPTED BY 'SECRET'",
    9081,
    'the content of the format file at the destination does not match',
  ],
  [
    'root@kit',
    "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/kit' ENCRYPTED BY 'SECRET'",
    9080,
    'the format file does not exist under the destination',
  ],
  [
    'root@kit',
    "ALTER SYSTEM BACKUP KEY TO 'oss://bkt/k?host=127.0.0.1:1&access_id=AK&access_key=SECRET' ENCRYPTED BY 'SECRET'",
    9070,
    'can not connect to backup destination',
  ],
  [t, "ALTER SYSTEM BACKUP KEY TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 4369, noMasterKey],
  [sys, "ALTER SYSTEM BACKUP KEY TENANT = t TO 'file://$DIR/key' ENCRYPTED BY 'SECRET'", 4369, noMasterKey],
  [
    sys,
    "ALTER SYSTEM BACKUP KEY TENANT = kit ENCRYPTED BY 'SECRET' TO 'file://$DIR/key'",
    1064,
    near("TO 'file://$DIR/key'"),
  ],

  [bob, 'ALTER INSTANCE ROTATE INNODB MASTER KEY', 1227, needs('SUPER')],
  [t, 'ALTER INSTANCE ROTATE INNODB MASTER KEY', 4351, 'the keystore is not exist'],
  [o, 'ALTER INSTANCE ROTATE INNODB MASTER KEY', 4351, ora(-4351, 'the keystore is not exist')],
  [sys, 'ALTER INSTANCE ROTATE INNODB MASTER KEY', 1235, 'rotate the master key of the sys tenant is not supported'],
  [t, 'ALTER INSTANCE ROTATE MASTER KEY', 1064, near('MASTER KEY')],
  [
    sys,
    "ALTER SYSTEM SET tde_method = 'none' TENANT = kit",
    1235,
    'alter tde_method while a master key exists is not supported',
  ],

  [
    t,
    "SET ENCRYPTION ON IDENTIFIED BY '' ONLY",
    1210,
    'Incorrect arguments to encryption password, it must not be empty',
  ],
  [t, "SET ENCRYPTION ON IDENTIFIED BY 'SECRET'", 1064, near('')],
  [t, 'SET ENCRYPTION OFF', 1064, near('OFF')],
  [t, "SET ENCRYPTION IDENTIFIED BY 'SECRET' ONLY", 1064, near("IDENTIFIED BY '******' ONLY")],
  [t, "SET DECRYPTION IDENTIFIED BY 'SECRET'", 1235, 'non-sys tenant set decryption is not supported'],
  [bob, "SET DECRYPTION IDENTIFIED BY 'SECRET'", 1235, 'non-sys tenant set decryption is not supported'],
  [o, "SET DECRYPTION IDENTIFIED BY 'SECRET'", 1235, ora(-4007, 'non-sys tenant set decryption is not supported')],
  [sysBob, "SET DECRYPTION IDENTIFIED BY 'SECRET'", 1227, needs('SUPER')],
  [sys, "SET DECRYPTION IDENTIFIED BY ('SECRET','SECRET')", 1064, near("('******','******')")],
  [sys, "SET DECRYPTION IDENTIFIED BY 'SECRET'，'SECRET'", 1064, near("，'******'")],
  [sys, 'SET DECRYPTION IDENTIFIED BY', 1064, near('')],
];

/** Forms of other releases that parse and are refused for good: statements.md 3.8. */
export const oldFormRefusals: readonly Refusal[] = [
  ...['START BACKUP ARCHIVELOG', 'STOP BACKUP ARCHIVELOG', 'CANCEL ALL BACKUP FORCE'].map(
    (form): Refusal => [sys, `ALTER SYSTEM ${form}`, 1235, notSupported],
  ),
  ...(
    [
      ['BACKUP BACKUPSET 1 COPY 1', 'backup backupset'],
      ['BACKUP BACKUPSET ALL NOT BACKED UP 1 TIMES', 'backup backupset'],
      ["BACKUP BACKUPPIECE 3 TO 'file:///x'", 'backup backuppiece'],
      ['CANCEL BACKUP BACKUPSET', 'cancel backup backupset'],
      ['CANCEL BACKUP BACKUPPIECE TENANT = t', 'cancel backup backuppiece'],
    ] as const
  ).map(([form, name]): Refusal => [sys, `ALTER SYSTEM ${form}`, 1235, `${name} is not supported`]),
  [sys, 'ALTER SYSTEM SUSPEND BACKUP', 1210, invalidArgument],
  [sys, 'ALTER SYSTEM RESUME BACKUP', 1210, invalidArgument],
];
