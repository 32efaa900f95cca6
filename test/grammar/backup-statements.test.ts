import { describe, expect, test } from 'vitest';
import type { ObStatement } from '../../src/sql/statement.ts';
import { refusal, typed } from './parse.ts';

const item = { comment: null, scope: null, server: null, zone: null, tenant: null };
const text = (value: string) => ({ type: 'string', text: value });
const number = (value: string) => ({ type: 'number', text: value });
const backup = { kind: 'backup', incremental: false, tenants: [], to: null, plusArchivelog: false, description: null };
const restore = { kind: 'restore', from: null, until: null, password: null, key: null, description: null };
const scn = { kind: 'scn', scn: 1709893353500000000n };

/** Forms of the reference and of OceanBase's own tools, with what they mean. */
function validation(target: string, ids: string | readonly number[] | null) {
  return { kind: 'validateBackup', target, ids, dataBackupDest: null, logArchiveDest: null, level: null, tenant: null };
}

const table: readonly (readonly [string, unknown])[] = [
  // parameters
  [
    'ALTER SYSTEM SET ha_low_thread_score = 7, log_archive_concurrency = 4 TENANT = shop_a;',
    {
      kind: 'setParameters',
      items: [
        { ...item, name: 'ha_low_thread_score', value: number('7') },
        { ...item, name: 'log_archive_concurrency', value: number('4'), tenant: 'shop_a' },
      ],
    },
  ],
  [
    "ALTER SYSTEM SET A = -5 COMMENT 'why' SCOPE = spfile SERVER = '1.2.3.4:2882' TENANT all_user",
    {
      kind: 'setParameters',
      items: [
        {
          name: 'a',
          value: number('-5'),
          comment: 'why',
          scope: 'SPFILE',
          server: '1.2.3.4:2882',
          zone: null,
          tenant: 'all_user',
        },
      ],
    },
  ],
  [
    'alter system `P` = "v" server \'10.0.0.1:2882\'',
    { kind: 'setParameters', items: [{ ...item, name: 'p', value: text('v'), server: '10.0.0.1:2882' }] },
  ],
  [
    "ALTER SYSTEM SET a = 1.5 HOST 'h', b = TRUE ZONE = z1, c = NULL ZONE 'z2', d = DATE '2024-01-02', e = @@global.Wait_Timeout",
    {
      kind: 'setParameters',
      items: [
        { ...item, name: 'a', value: number('1.5'), server: 'h' },
        { ...item, name: 'b', value: { type: 'boolean', text: 'true' }, zone: 'z1' },
        { ...item, name: 'c', value: { type: 'null', text: 'NULL' }, zone: 'z2' },
        { ...item, name: 'd', value: { type: 'date', text: '2024-01-02' } },
        { ...item, name: 'e', value: { type: 'systemVariable', scope: 'global', name: 'wait_timeout' } },
      ],
    },
  ],
  [
    "ALTER SYSTEM SET LOG_ARCHIVE_DEST = ''",
    { kind: 'setParameters', items: [{ ...item, name: 'log_archive_dest', value: text('') }] },
  ],
  // archive
  ['ALTER SYSTEM ARCHIVELOG', { kind: 'archivelog', tenants: null, description: null }],
  [
    "ALTER SYSTEM ARCHIVELOG TENANT = shop_a, 'shop_b' DESCRIPTION 'x'",
    { kind: 'archivelog', tenants: ['shop_a', 'shop_b'], description: 'x' },
  ],
  ['ALTER SYSTEM NOARCHIVELOG TENANT shop_b', { kind: 'noarchivelog', tenants: ['shop_b'], description: null }],
  // backup
  ['ALTER SYSTEM BACKUP DATABASE', { ...backup, scope: 'database' }],
  ['ALTER SYSTEM BACKUP INCREMENTAL DATABASE', { ...backup, scope: 'database', incremental: true }],
  [
    "ALTER SYSTEM BACKUP INCREMENTAL DATABASE TO = 'p' PLUS ARCHIVELOG DESCRIPTION 'd'",
    { ...backup, scope: 'database', incremental: true, to: 'p', plusArchivelog: true, description: 'd' },
  ],
  [
    "ALTER SYSTEM BACKUP TENANT = shop_a, shop_b PLUS ARCHIVELOG DESCRIPTION = 'weekly';",
    { ...backup, scope: 'tenant', tenants: ['shop_a', 'shop_b'], plusArchivelog: true, description: 'weekly' },
  ],
  ["ALTER SYSTEM BACKUP TENANT t TO 'x'", { ...backup, scope: 'tenant', tenants: ['t'], to: 'x' }],
  ['ALTER SYSTEM BACKUP', { ...backup, scope: 'tenant' }],
  ['ALTER SYSTEM BACKUP PLUS ARCHIVELOG', { ...backup, scope: 'tenant', plusArchivelog: true }],
  ['ALTER SYSTEM CANCEL BACKUP', { kind: 'cancelBackup', tenants: null }],
  ['ALTER SYSTEM CANCEL BACKUP TENANT = a, b', { kind: 'cancelBackup', tenants: ['a', 'b'] }],
  // validation
  ['ALTER SYSTEM VALIDATE DATABASE', validation('backup', null)],
  ['ALTER SYSTEM VALIDATE BACKUP TENANT = a', { ...validation('backup', null), tenant: 'a' }],
  ['ALTER SYSTEM VALIDATE BACKUPSET 1, 2', validation('backupset', [1, 2])],
  ["ALTER SYSTEM VALIDATE BACKUPSET = '1,2' LEVEL = 'basic'", { ...validation('backupset', '1,2'), level: 'basic' }],
  ['ALTER SYSTEM VALIDATE ARCHIVELOG_PIECE', validation('archivelogPiece', null)],
  [
    "ALTER SYSTEM VALIDATE ARCHIVELOG PIECE = 3 LOG_ARCHIVE_DEST 'file:///x'",
    { ...validation('archivelogPiece', [3]), logArchiveDest: 'file:///x' },
  ],
  ['ALTER SYSTEM CANCEL VALIDATE', { kind: 'cancelValidate', jobId: null, tenants: null }],
  ['ALTER SYSTEM CANCEL VALIDATE 7 TENANT = a', { kind: 'cancelValidate', jobId: 7, tenants: ['a'] }],
  // encryption and keys
  ["SET ENCRYPTION ON IDENTIFIED BY 'Tr0ub4dor' ONLY", { kind: 'setEncryption', password: 'Tr0ub4dor' }],
  ['SET DECRYPTION IDENTIFIED BY \'a\', "b"', { kind: 'setDecryption', passwords: ['a', 'b'] }],
  [
    "ALTER SYSTEM BACKUP KEY TENANT = shop_a TO 'file:///k' ENCRYPTED BY 'p'",
    { kind: 'backupKey', tenants: ['shop_a'], to: 'file:///k', password: 'p' },
  ],
  ['ALTER SYSTEM BACKUP KEY', { kind: 'backupKey', tenants: null, to: null, password: null }],
  ['ALTER INSTANCE ROTATE INNODB MASTER KEY', { kind: 'rotateMasterKey' }],
  // cleaning
  [
    "ALTER SYSTEM ADD DELETE BACKUP POLICY = 'default' RECOVERY_WINDOW = '14d' TENANT = shop_a",
    {
      kind: 'addDeletePolicy',
      name: 'default',
      recoveryWindow: '14d',
      redundancy: null,
      backupCopies: null,
      tenants: ['shop_a'],
    },
  ],
  [
    "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d' REDUNDANCY 1 BACKUP_COPIES = 2 TENANT x",
    {
      kind: 'addDeletePolicy',
      name: 'default',
      recoveryWindow: '7d',
      redundancy: 1,
      backupCopies: 2,
      tenants: ['x'],
    },
  ],
  ["ALTER SYSTEM DROP DELETE BACKUP POLICY 'default'", { kind: 'dropDeletePolicy', name: 'default', tenants: null }],
  ['ALTER SYSTEM CANCEL DELETE BACKUP TENANT = a, b', { kind: 'cancelDelete', tenants: ['a', 'b'], description: null }],
  [
    "ALTER SYSTEM DELETE BACKUPSET 1 COPY 1 TENANT = t DESCRIPTION 'x'",
    { kind: 'deleteBackupSet', ids: [1], copy: 1, tenant: 't', description: 'x' },
  ],
  [
    'ALTER SYSTEM DELETE BACKUPPIECE 9',
    { kind: 'deleteBackupPiece', ids: [9], copy: null, tenant: null, description: null },
  ],
  [
    'ALTER SYSTEM DELETE OBSOLETE BACKUP TENANT a, b',
    { kind: 'deleteObsoleteBackup', tenants: ['a', 'b'], description: null },
  ],
  // restore
  [
    `ALTER SYSTEM RESTORE shop_copy FROM 'file:///d,file:///c'
     UNTIL TIME = '2024-03-08 11:22:33.5' WITH 'pool_list=p&concurrency=8' DESCRIPTION = 'audit'`,
    {
      ...restore,
      name: 'shop_copy',
      from: 'file:///d,file:///c',
      until: { kind: 'time', text: '2024-03-08 11:22:33.5' },
      options: 'pool_list=p&concurrency=8',
      description: 'audit',
    },
  ],
  [
    'ALTER SYSTEM RESTORE t FROM "file:///d, file:///c" UNTIL TIME= "2024-01-01" WITH "pool_list=p"',
    {
      ...restore,
      name: 't',
      from: 'file:///d, file:///c',
      until: { kind: 'time', text: '2024-01-01' },
      options: 'pool_list=p',
    },
  ],
  [
    "ALTER SYSTEM RESTORE r UNTIL SCN = 1709893353500000000 WITH 'pool_list=p'",
    { ...restore, name: 'r', until: scn, options: 'pool_list=p' },
  ],
  [
    "ALTER SYSTEM RESTORE r FROM 'd' WITH 'pool_list=p' ENCRYPTED BY 'e' WITH KEY FROM 'k' ENCRYPTED BY 'kp' DESCRIPTION 'x'",
    {
      ...restore,
      name: 'r',
      from: 'd',
      options: 'pool_list=p',
      password: 'e',
      key: { from: 'k', password: 'kp' },
      description: 'x',
    },
  ],
  [
    "ALTER SYSTEM RESTORE `until` FROM 'd' WITH '' WITH KEY FROM 'k'",
    { ...restore, name: 'until', from: 'd', options: '', key: { from: 'k', password: null } },
  ],
  [
    "ALTER SYSTEM RESTORE FROM 'd,c' UNTIL SCN = 1709893353500000000 PREVIEW",
    { kind: 'restorePreview', from: 'd,c', until: scn },
  ],
  ["ALTER SYSTEM RESTORE FROM 'd' PREVIEW", { kind: 'restorePreview', from: 'd', until: null }],
  ["ALTER SYSTEM ADD RESTORE SOURCE 'a,b'", { kind: 'addRestoreSource', source: 'a,b' }],
  ['ALTER SYSTEM CLEAR RESTORE SOURCE', { kind: 'clearRestoreSource' }],
  ['ALTER SYSTEM CANCEL RESTORE shop_copy', { kind: 'cancelRestore', name: 'shop_copy' }],
  // standby
  [
    "ALTER SYSTEM RECOVER STANDBY TENANT = d UNTIL TIME = '2024-03-09 06:00:00'",
    { kind: 'recoverStandby', tenant: 'd', until: { kind: 'time', text: '2024-03-09 06:00:00' } },
  ],
  [
    'ALTER SYSTEM RECOVER STANDBY UNTIL SCN = 1709893353500000000',
    { kind: 'recoverStandby', tenant: null, until: scn },
  ],
  [
    'ALTER SYSTEM RECOVER STANDBY TENANT d UNTIL UNLIMITED',
    { kind: 'recoverStandby', tenant: 'd', until: { kind: 'unlimited' } },
  ],
  ['ALTER SYSTEM RECOVER STANDBY CANCEL', { kind: 'recoverStandby', tenant: null, until: { kind: 'cancel' } }],
  ['ALTER SYSTEM RECOVER STANDBY', { kind: 'recoverStandby', tenant: null, until: null }],
  ['ALTER SYSTEM ACTIVATE STANDBY TENANT = c', { kind: 'activateStandby', tenant: 'c', verify: false }],
  ['ALTER SYSTEM ACTIVATE STANDBY VERIFY', { kind: 'activateStandby', tenant: null, verify: true }],
  ['ALTER SYSTEM SWITCHOVER TO primary TENANT d', { kind: 'switchover', to: 'PRIMARY', tenant: 'd', verify: false }],
  ['ALTER SYSTEM SWITCHOVER TO STANDBY VERIFY', { kind: 'switchover', to: 'STANDBY', tenant: null, verify: true }],
  [
    "CREATE STANDBY TENANT IF NOT EXISTS d LOG_RESTORE_SOURCE = 'SERVICE=1:2 USER=r@t PASSWORD=p' RESOURCE_POOL_LIST = ('pool_dr'), LOCALITY 'F@z1'",
    {
      kind: 'createStandbyTenant',
      name: 'd',
      ifNotExists: true,
      logRestoreSource: 'SERVICE=1:2 USER=r@t PASSWORD=p',
      options: [
        { option: 'resourcePoolList', value: ['pool_dr'] },
        { option: 'locality', form: 'text', value: 'F@z1', force: false },
      ],
    },
  ],
  // upkeep
  [
    'ALTER SYSTEM RUN UPGRADE JOB "UPGRADE_ALL" TENANT = c',
    { kind: 'runUpgradeJob', action: 'UPGRADE_ALL', tenants: ['c'] },
  ],
  ['ALTER SYSTEM STOP UPGRADE JOB', { kind: 'stopUpgradeJob' }],
  ['ALTER SYSTEM CHANGE TENANT shop_a', { kind: 'changeTenant', name: 'shop_a', id: null }],
  ['ALTER SYSTEM CHANGE TENANT TENANT_ID 1002', { kind: 'changeTenant', name: null, id: 1002 }],
  ['ALTER SYSTEM CHANGE TENANT tenant_id', { kind: 'changeTenant', name: 'tenant_id', id: null }],
  ['ALTER SYSTEM MAJOR FREEZE', { kind: 'freeze', level: 'MAJOR', tenants: null, servers: null, zone: null }],
  [
    "alter system minor freeze server = ('1.1.1.1:2882','2.2.2.2:2882')",
    { kind: 'freeze', level: 'MINOR', tenants: null, servers: ['1.1.1.1:2882', '2.2.2.2:2882'], zone: null },
  ],
  [
    'ALTER SYSTEM MINOR FREEZE TENANT = all_user, x ZONE = z1',
    { kind: 'freeze', level: 'MINOR', tenants: ['all_user', 'x'], servers: null, zone: 'z1' },
  ],
  ['ALTER SYSTEM RESUME MERGE', { kind: 'merge', action: 'RESUME', tenants: null }],
  [
    "ALTER SYSTEM FLUSH PLAN CACHE TENANT = 't' GLOBAL",
    { kind: 'flushCache', cache: 'PLAN', sqlId: null, databases: null, tenants: ['t'], name: null, global: true },
  ],
  ["ALTER SYSTEM RUN JOB 'x' ZONE z1", { kind: 'runJob', job: 'x', server: null, zone: 'z1' }],
];

describe('statements of backup, restore and upkeep', () => {
  for (const [sql, expected] of table) test(sql, () => expect(typed(sql)).toEqual(expected));

  test('the word ALL may stand where a tenant is named', () => {
    expect(typed("ALTER SYSTEM NOARCHIVELOG TENANT = 'all'")).toMatchObject({ tenants: ['all'] });
    expect(typed('ALTER SYSTEM NOARCHIVELOG TENANT = ALL')).toMatchObject({ tenants: ['ALL'] });
    expect(typed('ALTER SYSTEM SET a = 1 TENANT = all')).toMatchObject({ items: [{ tenant: 'all' }] });
  });
});

describe('forms that parse and are refused', () => {
  const forms: readonly (readonly [string, string])[] = [
    ['START BACKUP ARCHIVELOG', 'OB_NOT_SUPPORTED'],
    ['STOP BACKUP ARCHIVELOG', 'OB_NOT_SUPPORTED'],
    ['SUSPEND BACKUP', 'OB_INVALID_ARGUMENT'],
    ['RESUME BACKUP', 'OB_INVALID_ARGUMENT'],
    ["BACKUP BACKUPSET 3 TO = 'x'", 'OB_NOT_SUPPORTED'],
    ['BACKUP BACKUPPIECE ALL NOT BACKED UP 1 TIMES', 'OB_NOT_SUPPORTED'],
    ['CANCEL BACKUP BACKUPSET 4', 'OB_NOT_SUPPORTED'],
    ['CANCEL BACKUP BACKUPPIECE', 'OB_NOT_SUPPORTED'],
    ['CANCEL ALL BACKUP FORCE', 'OB_NOT_SUPPORTED'],
    ["ADD SERVER '1.1.1.1:2882' ZONE 'z'", 'OB_NOT_SUPPORTED'],
  ];
  for (const [form, symbol] of forms)
    test(form, () =>
      expect(typed(`ALTER SYSTEM ${form};`) as ObStatement).toMatchObject({ kind: 'refusedForm', symbol }),
    );
});

describe('table recovery', () => {
  const base = {
    kind: 'recoverTable',
    from: null,
    until: null,
    password: null,
    key: null,
    remaps: [],
    description: null,
  };
  const pattern = (database: string, name: string | null, partition: string | null = null) => ({
    database,
    table: name,
    partition,
  });

  test('lists, remaps and all clauses', () => {
    expect(
      typed(`ALTER SYSTEM RECOVER TABLE crm.orders, crm.items TO TENANT = shop_a FROM 'd,c' UNTIL SCN = 1709893353500000000
        WITH 'pool_list=p' ENCRYPTED BY 'e' WITH KEY FROM 'k' REMAP TABLE crm.orders:orders_back, crm.items:arch.items
        REMAP TABLEGROUP g1:g2, g3:g4 REMAP TABLESPACE s:t DESCRIPTION 'x'`),
    ).toEqual({
      ...base,
      tables: [pattern('crm', 'orders'), pattern('crm', 'items')],
      tenant: 'shop_a',
      from: 'd,c',
      until: scn,
      options: 'pool_list=p',
      password: 'e',
      key: { from: 'k', password: null },
      remaps: [
        {
          kind: 'table',
          items: [
            { from: pattern('crm', 'orders'), to: { database: null, table: 'orders_back' } },
            { from: pattern('crm', 'items'), to: { database: 'arch', table: 'items' } },
          ],
        },
        {
          kind: 'tablegroup',
          items: [
            { from: 'g1', to: 'g2' },
            { from: 'g3', to: 'g4' },
          ],
        },
        { kind: 'tablespace', items: [{ from: 's', to: 't' }] },
      ],
      description: 'x',
    });
  });

  test('whole databases, everything, partitions', () => {
    expect(typed("ALTER SYSTEM RECOVER TABLE *.* TO TENANT t WITH 'w'")).toEqual({
      ...base,
      tables: 'all',
      tenant: 't',
      options: 'w',
    });
    expect(
      typed("ALTER SYSTEM RECOVER TABLE a.*, b.t:p0 TO TENANT t WITH 'w' REMAP TABLE a.*:c.*, b.t:p0:u"),
    ).toMatchObject({
      tables: [pattern('a', null), pattern('b', 't', 'p0')],
      remaps: [
        {
          items: [
            { from: pattern('a', null), to: { database: 'c', table: null } },
            { from: pattern('b', 't', 'p0'), to: { database: null, table: 'u' } },
          ],
        },
      ],
    });
  });

  test('no blanks around the colon', () => {
    expect(refusal("ALTER SYSTEM RECOVER TABLE a.b TO TENANT t WITH 'w' REMAP TABLE a.b : c").errno).toBe(1064);
  });

  test('the word TENANT is free from 4.2.5 and needed before', () => {
    const sql = "ALTER SYSTEM RECOVER TABLE a.b TO t WITH 'w'";
    expect(typed(sql, '4.2.5')).toMatchObject({ tenant: 't' });
    expect(refusal(sql)).toMatchObject({ errno: 1235 });
    expect(refusal(sql).message).toContain('4.2.5');
  });

  test('cancel', () => {
    expect(typed('ALTER SYSTEM CANCEL RECOVER TABLE shop_a')).toEqual({ kind: 'cancelRecoverTable', tenant: 'shop_a' });
  });
});
