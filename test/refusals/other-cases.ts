import { denied, near, needs, noSuchTenant, notSupported, type Refusal } from './refusal.ts';

const sys = 'root@sys';
const t = 'root@t';
const bob = 'bob@t';

const is = (what: string) => `${what} is not supported`;
const later = (what: string) => new RegExp(`^${what} in release 4\\.2\\.1 \\(it came with .*\\) is not supported$`);
const noPolicyName = "The policy name is not 'default', it is not supported";
const restoreText = "FROM 'file://$DIR/a,file://$DIR/b'";

/** Statements of the reference nothing here carries out: each answers 1235 with its name, or what the reference says. */
export const namedRefusals: readonly Refusal[] = [
  // Cleaning.
  [sys, "ALTER SYSTEM ADD DELETE BACKUP POLICY = 'x' RECOVERY_WINDOW = '7d' TENANT = t", 1235, noPolicyName],
  [t, "ALTER SYSTEM DROP DELETE BACKUP POLICY 'DEFAULT'", 1235, noPolicyName],
  [bob, "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d'", 1227, needs('ALTER SYSTEM')],
  [t, 'ALTER SYSTEM CANCEL DELETE BACKUP TENANT = t', 1235, 'user tenant cannot specify tenant names not supported'],
  [sys, 'ALTER SYSTEM DELETE BACKUPSET 1 TENANT = t', 1235, is('function')],
  [t, 'ALTER SYSTEM DELETE BACKUPSET 1 COPY 1', 1235, is('function')],
  [sys, 'ALTER SYSTEM DELETE BACKUPSET 1', 1235, 'need to specify a tenant name not supported'],
  [t, 'ALTER SYSTEM DELETE BACKUPPIECE 1 TENANT = t', 1235, 'user tenant cannot specify tenant names not supported'],
  [t, 'ALTER SYSTEM DELETE BACKUPSET 1,2', 1235, later('DELETE BACKUPSET with a list')],
  [t, 'ALTER SYSTEM DELETE BACKUPPIECE 1', 1235, is('function')],
  [t, 'ALTER SYSTEM DELETE ARCHIVELOG_PIECE 1', 1235, later('DELETE ARCHIVELOG_PIECE')],
  [sys, "ALTER SYSTEM DELETE OBSOLETE BACKUP TENANT = t DESCRIPTION = 'x'", 1235, is('function')],
  // Key and parameter backups, validation, services, storage.
  [sys, "ALTER SYSTEM BACKUP CLUSTER PARAMETERS TO 'file:///x'", 1235, later('BACKUP CLUSTER PARAMETERS')],
  [
    t,
    "ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = 'oss://b/p?host=h' SET ACCESS_INFO = 'access_id=A&access_key=SECRET'",
    1235,
    later('EXTERNAL_STORAGE_DEST'),
  ],
  [
    t,
    "ALTER SYSTEM ALTER EXTERNAL_STORAGE_DEST PATH = 'file:///x' ATTRIBUTE = 'max_iops=1'",
    1235,
    later('EXTERNAL_STORAGE_DEST'),
  ],
  ...['CREATE', 'DELETE', 'START', 'STOP'].map(
    (action): Refusal => [sys, `ALTER SYSTEM ${action} SERVICE s TENANT = t`, 1235, later(`${action} SERVICE`)],
  ),
  // Restore's neighbours.
  [t, `ALTER SYSTEM RESTORE ${restoreText} PREVIEW`, 1227, denied],
  [sys, 'SHOW RESTORE PREVIEW', 1235, 'show restore preview do not specify backup dest not supported'],
  [t, "ALTER SYSTEM ADD RESTORE SOURCE 'file:///x'", 1235, 'non-sys tenant set add restore source is not supported'],
  [t, 'ALTER SYSTEM CLEAR RESTORE SOURCE', 1235, 'non-sys tenant set add restore source is not supported'],
  // Standby.
  ...["UNTIL TIME = '2024-03-09 06:00:00'", 'UNTIL SCN = 1709893353500000000', 'UNTIL UNLIMITED', 'CANCEL', ''].map(
    (form): Refusal => [
      sys,
      `ALTER SYSTEM RECOVER STANDBY TENANT = t ${form}`,
      ...(form === ''
        ? ([1210, 'Incorrect arguments to restore until, should specify restore until point'] as const)
        : ([4179, 'tenant role is not STANDBY, recover is not allowed'] as const)),
    ],
  ),
  [t, 'ALTER SYSTEM RECOVER STANDBY CANCEL', 4179, 'tenant role is not STANDBY, recover is not allowed'],
  [sys, 'ALTER SYSTEM RECOVER STANDBY CANCEL', 1210, 'Incorrect arguments to tenant name, should specify tenant name'],
  [
    t,
    'ALTER SYSTEM RECOVER STANDBY TENANT = t CANCEL',
    1210,
    "Incorrect arguments to tenant name, please don't specify tenant name",
  ],
  [sys, 'ALTER SYSTEM RECOVER STANDBY TENANT = nobody CANCEL', 5160, noSuchTenant],
  [
    sys,
    'ALTER SYSTEM RECOVER STANDBY TENANT = sys CANCEL',
    1210,
    'Incorrect arguments to tenant name, only support operating user tenant',
  ],
  [sys, 'ALTER SYSTEM SWITCHOVER TO STANDBY TENANT = t', 1235, is('switchover')],
  [t, 'ALTER SYSTEM SWITCHOVER TO PRIMARY', 1235, is('switchover')],
  [sys, 'ALTER SYSTEM SWITCHOVER TO PRIMARY', 1210, 'Incorrect arguments to tenant name, should specify tenant name'],
  [bob, 'ALTER SYSTEM SWITCHOVER TO PRIMARY', 1227, needs('SUPER')],
  [
    sys,
    "CREATE STANDBY TENANT s LOG_RESTORE_SOURCE = 'SERVICE=10.9.8.7:2881 USER=r@t PASSWORD=SECRET' RESOURCE_POOL_LIST = ('p')",
    1235,
    is('create standby tenant'),
  ],
  [sys, 'CREATE STANDBY TENANT IF NOT EXISTS s', 1235, is('create standby tenant')],
  [t, 'CREATE STANDBY TENANT s', 1227, denied],
  // Table recovery.
  [
    sys,
    `ALTER SYSTEM RECOVER TABLE a.b, c.* TO TENANT = t ${restoreText} UNTIL SCN = 1709893353500000000 WITH 'pool_list=p' REMAP TABLE a.b:d.e`,
    9011,
    'cannot find backup file',
  ],
  [
    sys,
    `ALTER SYSTEM RECOVER TABLE *.* TO TENANT t ${restoreText} WITH 'pool_list=p'`,
    9011,
    'cannot find backup file',
  ],
  [sys, 'ALTER SYSTEM CANCEL RECOVER TABLE sys', 1210, 'Invalid argument'],
  [
    t,
    `ALTER SYSTEM RECOVER TABLE a.b TO TENANT = t ${restoreText} WITH 'pool_list=p'`,
    4179,
    'user tenant initiate recover table is not allowed',
  ],
  [t, 'ALTER SYSTEM CANCEL RECOVER TABLE t', 4179, 'user tenant cancel recover table is not allowed'],
  // Upkeep.
  [sys, 'ALTER SYSTEM RUN UPGRADE JOB "UPGRADE_ALL" TENANT = t', 1235, is('ALTER SYSTEM RUN UPGRADE JOB')],
  [
    sys,
    'ALTER SYSTEM RUN UPGRADE JOB "UPGRADE_ALL" TENANT = all_user',
    1235,
    "use all_user/all_meta in 'ALTER SYSTEM RUN UPGRADE JOB' syntax is not supported",
  ],
  [sys, 'ALTER SYSTEM STOP UPGRADE JOB', 1235, is('stop upgrade job')],
  [sys, "ALTER SYSTEM RUN JOB 'root_inspection'", 1235, is('run job')],
  [sys, 'ALTER SYSTEM MAJOR FREEZE TENANT = sys', 1235, is('ALTER SYSTEM FREEZE of the sys tenant')],
  [sys, 'ALTER SYSTEM MINOR FREEZE TENANT = nobody', 5160, noSuchTenant],
  [sys, 'ALTER SYSTEM SUSPEND MERGE TENANT = t', 1235, is('ALTER SYSTEM MERGE')],
  [sys, 'ALTER SYSTEM RESUME MERGE', 1235, is('ALTER SYSTEM MERGE')],
  [sys, 'ALTER SYSTEM FLUSH PLAN CACHE GLOBAL', 1235, is('ALTER SYSTEM FLUSH')],
  [sys, 'ALTER SYSTEM FLUSH KVCACHE', 1235, is('ALTER SYSTEM FLUSH')],
  [sys, 'ALTER SYSTEM FLUSH ILOGCACHE', 1235, notSupported],
  // Resources.
  [sys, "ALTER RESOURCE POOL p SPLIT INTO ('a','b') ON ('z1','z2')", 1235, is('split resource pool')],
  [sys, "ALTER RESOURCE POOL MERGE ('a','b') INTO ('c')", 1235, is('merge resource pools')],
  [sys, 'ALTER RESOURCE TENANT t UNIT_NUM = 1 DELETE UNIT_GROUP = (1)', 1235, is('alter resource tenant')],
  [sys, 'CREATE TENANT c FROM t WITH RESOURCE_POOL = p, UNIT = u', 1235, later('CREATE TENANT … FROM')],
];

/** The cluster's own statements, by form. */
export const clusterRefusals: readonly Refusal[] = [
  "BOOTSTRAP ZONE 'z1' SERVER '10.0.0.1:2882'",
  "ADD SERVER '10.0.0.1:2882' ZONE 'z1'",
  "DELETE SERVER '10.0.0.1:2882'",
  "START SERVER '10.0.0.1:2882'",
  "STOP SERVER '10.0.0.1:2882'",
  "FORCE STOP SERVER '10.0.0.1:2882'",
  "ISOLATE SERVER '10.0.0.1:2882'",
  'ADD ZONE z2 REGION r',
  'STOP ZONE z1',
  'START ZONE z1',
  'ALTER ZONE z1 SET REGION = r',
  'REFRESH SCHEMA',
  'REFRESH TIME_ZONE_INFO',
  'RELOAD UNIT',
  'SWITCH ROOTSERVICE LEADER ZONE z1',
  'MIGRATE UNIT = 1 DESTINATION = "10.0.0.1:2882"',
  'CLEAR MERGE ERROR',
  'CLEAR ROOTTABLE',
].map((form): Refusal => [sys, `ALTER SYSTEM ${form}`, 1235, notSupported]);

/** Words nobody knows are syntax errors, and say where. */
export const nonsense: readonly Refusal[] = [
  [sys, 'ALTER SYSTEM', 1064, near('')],
  [sys, 'ALTER SYSTEM FROBNICATE', 1064, near('')],
  [sys, 'ALTER SYSTEM CHANGE', 1064, near('')],
  [sys, 'ALTER SYSTM BACKUP DATABASE', 1064, near('SYSTM BACKUP DATABASE')],
  [sys, "ALTER SYSTEM BACKUP KEY TENANT = t TO 'x' ENCRYPTED BY 'SECRET' OR 1", 1064, near('OR 1')],
  [sys, 'ALTER INSTANCE', 1064, near('')],
  [sys, 'CREATE RESOURCE', 1064, near('')],
  [sys, 'CREATE TENANT', 1064, near('')],
  [sys, 'GRANT', 1064, near('')],
];
