import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createViews, type TenantKind, type Views, viewSchema, zoneKindOf } from '../../src/catalog/view-reader.ts';
import { utcTextToLocal } from '../../src/value/time-zone.ts';
import { archivePiece, archiveRound, restoreJob, us } from '../catalog/sample-rows.ts';
import { openScratchCatalog, type ScratchCatalog } from '../catalog/scratch.ts';
import { archivePath, dataPath, fillSample } from './sample-catalog.ts';

type Row = Readonly<Record<string, unknown>>;
interface Asker {
  readonly kind?: TenantKind;
  readonly tenantId?: number;
  readonly timeZone?: string;
  readonly where?: string;
}

let scratch: ScratchCatalog;
let views: Views;

/** What the session of a tenant reads: the view's rows with timestamps in the session's zone. */
function ask(name: string, asker: Asker = {}): readonly Row[] {
  const { kind = 'sys', tenantId = kind === 'sys' ? 1 : 1002, timeZone = '+08:00', where = '1' } = asker;
  const source = views.schemaProvider(kind, zoneKindOf(timeZone)).table(viewSchema(kind), name);
  if (!source) throw new Error(`no view ${name}`);
  const timestamps = source.columns.filter((column) => column.type.name === 'timestamp').map((column) => column.name);
  const moments = new Set(source.columns.flatMap(({ moment }) => moment ?? []));
  const rows = views.readConnection
    .prepare(`SELECT * FROM (${source.sql}) WHERE ${where}`)
    .safeIntegers(true)
    .all({ tenantId, timeZone, nowUs: scratch.clock.nowUs() }) as Record<string, unknown>[];
  return rows.map((row) => {
    const shown: Record<string, unknown> = {};
    for (const [column, value] of Object.entries(row)) {
      if (moments.has(column)) continue;
      const local = timestamps.includes(column) && typeof value === 'string';
      shown[column] = local ? utcTextToLocal(timeZone, value) : smaller(value);
    }
    return shown;
  });
}

function smaller(value: unknown): unknown {
  return typeof value === 'bigint' && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

beforeAll(async () => {
  scratch = openScratchCatalog();
  views = createViews(scratch.catalog.release, scratch.catalog);
  await fillSample(scratch.catalog);
});
afterAll(() => scratch.remove());

test('a table recovery that runs has no result yet: an empty text', () => {
  expect(ask('CDB_OB_RECOVER_TABLE_JOBS')).toMatchObject([
    { TENANT_ID: 1002, JOB_ID: 20, STATUS: 'RESTORE_AUX_TENANT', FINISH_TIMESTAMP: null, RESULT: '', COMMENT: '' },
  ]);
});

describe('backup', () => {
  test('the running job of sys and its tenant row', () => {
    const [sysRow, tenantRow] = ask('CDB_OB_BACKUP_JOBS');
    expect(sysRow).toEqual({
      ...{ TENANT_ID: 1, JOB_ID: 1, INCARNATION: 1, BACKUP_SET_ID: 0, INITIATOR_TENANT_ID: 1, INITIATOR_JOB_ID: 1 },
      ...{ EXECUTOR_TENANT_ID: '1002', PLUS_ARCHIVELOG: 'OFF', BACKUP_TYPE: 'FULL', JOB_LEVEL: 'CLUSTER' },
      ...{ ENCRYPTION_MODE: 'NONE', PASSWD: '', START_TIMESTAMP: '2022-06-01 17:10:23.975539', END_TIMESTAMP: null },
      ...{ STATUS: 'DOING', RESULT: 0, COMMENT: '', DESCRIPTION: '', PATH: '' },
    });
    expect(tenantRow).toMatchObject({
      ...{ TENANT_ID: 1002, BACKUP_SET_ID: 1, INITIATOR_TENANT_ID: 1, JOB_LEVEL: 'USER_TENANT', PATH: dataPath },
      START_TIMESTAMP: '2022-06-01 17:10:24.046643',
    });
  });

  test('an ended job is in the history only', () => {
    const history = ask('CDB_OB_BACKUP_JOB_HISTORY');
    expect(history).toMatchObject([
      {
        ...{ TENANT_ID: 1002, JOB_ID: 11, INITIATOR_TENANT_ID: 1002, INITIATOR_JOB_ID: 0, STATUS: 'COMPLETED' },
        ...{ START_TIMESTAMP: '2024-01-31 11:20:59.804836', END_TIMESTAMP: '2024-01-31 11:23:08.773566' },
      },
    ]);
    expect(ask('CDB_OB_BACKUP_JOBS').map((row) => row.JOB_ID)).toEqual([1, 1]);
  });

  test('ended tasks', () => {
    expect(ask('CDB_OB_BACKUP_TASK_HISTORY')).toMatchObject([
      {
        ...{ TASK_ID: 1, JOB_ID: 1, BACKUP_SET_ID: 1, START_SCN: 1706671262627179000n, END_SCN: 1706671388756316000n },
        ...{ USER_LS_START_SCN: 1706671278153636000n, INPUT_BYTES: 198130272, OUTPUT_BYTES: 16984419 },
        ...{ OUTPUT_RATE_BYTES: 131705.4367, TABLET_COUNT: 617, MACRO_BLOCK_COUNT: 94, FILE_COUNT: 0 },
        ...{ EXTRA_META_BYTES: 0, META_TURN_ID: 1, DATA_TURN_ID: 0, MINOR_TURN_ID: 1, MAJOR_TURN_ID: 1 },
        END_TIMESTAMP: '2024-01-31 11:23:08.762451',
      },
      { TASK_ID: 2, OUTPUT_RATE_BYTES: 105932.7043, END_TIMESTAMP: '2024-01-31 13:50:14.974017' },
    ]);
    expect(ask('CDB_OB_BACKUP_TASKS')).toEqual([]);
  });

  test('sets: done, running, and done before texts were stored', () => {
    const [done, running, early] = ask('CDB_OB_BACKUP_SET_FILES');
    expect(done).toMatchObject({
      ...{ TENANT_ID: 1002, BACKUP_SET_ID: 1, DEST_ID: 1002, INCARNATION: 1, BACKUP_TYPE: 'FULL' },
      ...{ PREV_FULL_BACKUP_SET_ID: 0, PREV_INC_BACKUP_SET_ID: 0, STATUS: 'SUCCESS', FILE_STATUS: 'AVAILABLE' },
      ...{ ELAPSED_SECONDES: 129, OUTPUT_RATE_BYTES: 131705.4367, PLUS_ARCHIVELOG: 'OFF' },
      ...{ START_REPLAY_SCN: 1706670992366131000n, START_REPLAY_SCN_DISPLAY: '2024-01-31 11:16:32.366131' },
      ...{ MIN_RESTORE_SCN: 1706671388756316000n, MIN_RESTORE_SCN_DISPLAY: '2024-01-31 11:23:08.756316000' },
      ...{ CONSISTENT_SCN: 1706671288404894000n, TENANT_COMPATIBLE: '4.2.1.0', CLUSTER_VERSION: '4.2.1.0' },
      ...{ BACKUP_COMPATIBLE: 3, PATH: dataPath, END_TIMESTAMP: '2024-01-31 11:23:08.762451' },
    });
    expect(running).toMatchObject({
      ...{ END_TIMESTAMP: null, ELAPSED_SECONDES: 0, OUTPUT_RATE_BYTES: 0, START_REPLAY_SCN_DISPLAY: null },
      ...{ MIN_RESTORE_SCN: 0, MIN_RESTORE_SCN_DISPLAY: null },
    });
    expect(early).toMatchObject({ MIN_RESTORE_SCN_DISPLAY: '2024-01-31 11:23:08.756316' });
  });
});

describe('archive', () => {
  test('attributes of the destination', () => {
    const rows = ask('CDB_OB_ARCHIVE_DEST').map((row) => [row.TENANT_ID, row.DEST_NO, row.NAME, row.VALUE]);
    expect(rows).toEqual([
      [1002, 0, 'binding', 'OPTIONAL'],
      [1002, 0, 'dest_id', '1002'],
      [1002, 0, 'path', archivePath],
      [1002, 0, 'piece_switch_interval', '1d'],
      [1002, 0, 'state', 'ENABLE'],
    ]);
  });

  const liveRound = {
    ...{ TENANT_ID: 1002, DEST_ID: 1002, ROUND_ID: 2, INCARNATION: 1, DEST_NO: 0, STATUS: 'DOING' },
    ...{ START_SCN: 1655697600000000000n, START_SCN_DISPLAY: '2022-06-20 12:00:00.000000' },
    ...{ CHECKPOINT_SCN: 1655769600000000000n, CHECKPOINT_SCN_DISPLAY: '2022-06-21 08:00:00.000000' },
    ...{ COMPATIBLE: 1, BASE_PIECE_ID: 4, USED_PIECE_ID: 4, PIECE_SWITCH_INTERVAL: 86400000000, UNIT_SIZE: 1 },
    ...{ COMPRESSION: 'none', INPUT_BYTES: 16106127360, INPUT_BYTES_DISPLAY: '15.00GB' },
    ...{ OUTPUT_BYTES: 16106127360, OUTPUT_BYTES_DISPLAY: '15.00GB', COMPRESSION_RATIO: 1 },
    ...{ DELETED_INPUT_BYTES: 0, DELETED_INPUT_BYTES_DISPLAY: '0.00MB' },
    ...{ DELETED_OUTPUT_BYTES: 0, DELETED_OUTPUT_BYTES_DISPLAY: '0.00MB', COMMENT: '', PATH: archivePath },
  };

  test('the live round', () => {
    expect(ask('CDB_OB_ARCHIVELOG', { where: 'TENANT_ID = 1002' })).toEqual([liveRound]);
    expect(Object.keys(ask('CDB_OB_ARCHIVELOG')[0]!).slice(-2)).toEqual(['COMMENT', 'PATH']);
  });

  test('the summary has live and stopped rounds, a stopped one once', () => {
    const rows = ask('CDB_OB_ARCHIVELOG_SUMMARY', { where: 'TENANT_ID = 1002 ORDER BY ROUND_ID DESC' });
    expect(rows[0]).toEqual(liveRound);
    expect(rows[1]).toMatchObject({
      ...{ ROUND_ID: 1, STATUS: 'STOP', START_SCN_DISPLAY: '2022-06-01 06:00:00.000000' },
      ...{ CHECKPOINT_SCN_DISPLAY: '2022-06-03 12:00:00.000000', BASE_PIECE_ID: 1, USED_PIECE_ID: 3 },
      ...{ INPUT_BYTES: 96636764160, INPUT_BYTES_DISPLAY: '90.00GB', OUTPUT_BYTES_DISPLAY: '90.00GB' },
    });
    expect(Object.keys(rows[0]!).slice(-2)).toEqual(['PATH', 'COMMENT']);
    expect(ask('CDB_OB_ARCHIVELOG_SUMMARY', { where: 'TENANT_ID = 1004' })).toHaveLength(1);
    expect(ask('CDB_OB_ARCHIVELOG', { where: 'TENANT_ID = 1004' })).toMatchObject([{ STATUS: 'STOP' }]);
  });

  test('pieces', () => {
    expect(ask('CDB_OB_ARCHIVELOG_PIECE_FILES')).toMatchObject([
      {
        ...{ ROUND_ID: 1, PIECE_ID: 1, STATUS: 'FROZEN', FILE_STATUS: 'DELETED', INPUT_BYTES_DISPLAY: '25.00GB' },
        ...{ END_SCN: 1654120800000000000n, END_SCN_DISPLAY: '2022-06-02 06:00:00.000000' },
        ...{ CHECKPOINT_SCN_DISPLAY: '2022-06-02 05:59:00.000000', MAX_SCN: 1654120770000000000n },
        ...{ COMPRESSION_RATIO: 1, UNIT_SIZE: 1, COMPATIBLE: 1 },
      },
      { PIECE_ID: 3, OUTPUT_BYTES_DISPLAY: '20.00GB', FILE_STATUS: 'AVAILABLE' },
    ]);
  });

  test('a piece in which nothing was committed lately reaches its checkpoint all the same', async () => {
    const key = { tenantId: 1002, destId: 1002, roundId: 1, pieceId: 1 };
    const { maxScn, checkpointScn } = archivePiece;
    const shown = () => ask('CDB_OB_ARCHIVELOG_PIECE_FILES')[0]!.MAX_SCN;
    await scratch.catalog.transaction(({ archives }) => archives.pieces.update(key, { maxScn: checkpointScn - 1n }));
    expect(shown()).toBe(checkpointScn);
    await scratch.catalog.transaction(({ archives }) => archives.pieces.update(key, { maxScn }));
    expect(shown()).toBe(maxScn);
  });

  test('archiving that lags is not synchronized', () => {
    scratch.clock.setUs(Number(archiveRound.checkpointScn / 1000n) + 1_000_000);
    const now = ask('V$OB_ARCHIVE_DEST_STATUS', { where: 'TENANT_ID = 1002' });
    expect(now).toMatchObject([{ DEST_ID: 1002, STATUS: 'DOING', PATH: archivePath, SYNCHRONIZED: 'NO' }]);
  });
});

test('clean-up', () => {
  expect(ask('CDB_OB_BACKUP_DELETE_JOBS')).toMatchObject([
    {
      ...{ TENANT_ID: 1002, JOB_ID: 7, TYPE: 'DELETE OBSOLETE BACKUP', PARAMETER: '2022-05-31 12:09:40.060284' },
      ...{ JOB_LEVEL: 'USER_TENANT', STATUS: 'DOING', TASK_COUNT: 2, SUCCESS_TASK_COUNT: 0, RESULT: 0 },
      END_TIMESTAMP: null,
    },
  ]);
  expect(ask('CDB_OB_BACKUP_DELETE_TASKS')).toMatchObject([
    {
      ...{ TASK_ID: 4, TASK_TYPE: 'BACKUP SET', ID: 1, ROUND_ID: 0, DEST_ID: 1002, STATUS: 'COMPLETED' },
      ...{ START_TIMESTAMP: '2022-06-01 12:09:50.800772', END_TIMESTAMP: '2022-06-01 12:09:54.954691' },
      ...{ TOTAL_LS_COUNT: 2, FINISH_LS_COUNT: 2, PATH: dataPath },
    },
    { TASK_ID: 5, TASK_TYPE: 'BACKUP PIECE', ROUND_ID: 1, END_TIMESTAMP: null, FINISH_LS_COUNT: 1, PATH: archivePath },
  ]);
});

describe('restore', () => {
  test('running: both rows, the counts in the tenant row only', () => {
    const [sysRow, tenantRow] = ask('CDB_OB_RESTORE_PROGRESS');
    const both = {
      ...{ JOB_ID: 2, RESTORE_TENANT_NAME: 'mysql', RESTORE_TENANT_ID: '1008', BACKUP_TENANT_ID: '1002' },
      ...{ BACKUP_CLUSTER_NAME: 'backup_cluster', RESTORE_OPTION: 'pool_list=restore_pool&concurrency=50' },
      ...{ RESTORE_SCN: '1711091102560245001', RESTORE_SCN_DISPLAY: '2024-03-22 15:05:02.560245' },
      ...{ START_TIMESTAMP: '2024-03-22 15:06:30.860918', BACKUP_SET_LIST: restoreJob.backupSetList },
    };
    expect(sysRow).toMatchObject({ ...both, TENANT_ID: 1, STATUS: 'WAIT_TENANT_RESTORE_FINISH', TOTAL_BYTES: null });
    expect(sysRow).toMatchObject({ TOTAL_BYTES_DISPLAY: null, FINISH_BYTES: null, FINISH_BYTES_DISPLAY: null });
    expect(tenantRow).toMatchObject({ ...both, TENANT_ID: 1008, STATUS: 'RESTORING', TOTAL_BYTES: 313158553 });
    expect(tenantRow).toMatchObject({ TOTAL_BYTES_DISPLAY: '298.65MB', FINISH_BYTES_DISPLAY: '0.00MB' });
  });

  test('ended', () => {
    expect(ask('CDB_OB_RESTORE_HISTORY')).toMatchObject([
      {
        ...{ TENANT_ID: 1, STATUS: 'SUCCESS', BACKUP_CLUSTER_VERSION: 17179869184, LS_COUNT: 2 },
        ...{ RESTORE_SCN: 1711091102560245001n, RESTORE_TENANT_ID: 1008, TOTAL_BYTES_DISPLAY: '298.65MB' },
      },
      { TENANT_ID: 1006, STATUS: 'FAIL' },
    ]);
  });
});

describe('who sees what', () => {
  test('DBA faces show the session’s tenant; sys has its own job rows and never a set', () => {
    expect(ask('DBA_OB_BACKUP_JOBS').map((row) => row.JOB_LEVEL)).toEqual(['CLUSTER']);
    expect(ask('DBA_OB_BACKUP_SET_FILES')).toEqual([]);
    const own = ask('DBA_OB_BACKUP_JOBS', { kind: 'mysql' });
    expect(own.map((row) => row.JOB_LEVEL)).toEqual(['USER_TENANT']);
    expect(own[0]).not.toHaveProperty('TENANT_ID');
    expect(ask('DBA_OB_BACKUP_JOBS', { kind: 'mysql', tenantId: 1004 })).toEqual([]);
  });

  test('tenants: sys sees all with their meta tenants, a user tenant itself', () => {
    const all = ask('DBA_OB_TENANTS');
    expect(all.map((row) => [row.TENANT_ID, row.TENANT_NAME, row.TENANT_TYPE])).toEqual([
      [1, 'sys', 'SYS'],
      [1001, 'META$1002', 'META'],
      [1002, 'shop', 'USER'],
      [1003, 'META$1004', 'META'],
      [1004, 'depot', 'USER'],
    ]);
    expect(all[1]).toMatchObject({ SYNC_SCN: null, RECOVERY_UNTIL_SCN: null, LOG_MODE: 'NOARCHIVELOG', MAX_LS_ID: 1 });
    expect(ask('DBA_OB_TENANTS', { kind: 'mysql' }).map((row) => row.TENANT_NAME)).toEqual(['shop']);
  });

  test('a live primary moves with the clock, a standby stays where it is', () => {
    scratch.clock.setUs(1_900_000_000_000_000);
    const [, , shop, , depot] = ask('DBA_OB_TENANTS');
    expect(shop).toMatchObject({ SYNC_SCN: 1900000000000000000n, RECOVERY_UNTIL_SCN: 4611686018427387903n });
    expect(depot).toMatchObject({
      SYNC_SCN: 1700000000123456000n,
      RECOVERY_UNTIL_SCN: 5,
      COMPATIBILITY_MODE: 'ORACLE',
    });
  });

  test('meta tenants are in no CDB view', () => {
    const names = views.names('sys').filter(({ name }) => name.startsWith('CDB_'));
    for (const { name } of names) {
      const ids = ask(name).map((row) => Number(row.TENANT_ID));
      expect(
        ids.filter((id) => id > 1 && id % 2 === 1),
        name,
      ).toEqual([]);
    }
  });

  test('log streams: one of sys, two of a user tenant', () => {
    expect(ask('CDB_OB_LS').map((row) => [row.TENANT_ID, row.LS_ID])).toEqual([
      [1, 1],
      [1002, 1],
      [1002, 1001],
      [1004, 1],
      [1004, 1001],
    ]);
    const modes = ask('GV$OB_LOG_STAT').map((row) => row.ACCESS_MODE);
    expect(modes).toEqual(['APPEND', 'APPEND', 'APPEND', 'RAW_WRITE', 'RAW_WRITE']);
    expect(ask('GV$OB_LOG_STAT', { kind: 'mysql' })).toHaveLength(2);
  });

  test('parameters: a user tenant sees its own and those of the cluster', async () => {
    await scratch.catalog.transaction(({ parameters }) => parameters.set(1002, 'archive_lag_target', '60s'));
    const where = `NAME = 'ARCHIVE_LAG_TARGET'`;
    const lag = ask('GV$OB_PARAMETERS', { where });
    expect(lag.map((row) => [row.TENANT_ID, row.SCOPE, row.VALUE, row.DATA_TYPE])).toEqual([
      [1, 'TENANT', '120s', null],
      [1002, 'TENANT', '60s', null],
      [1004, 'TENANT', '120s', null],
    ]);
    expect(ask('GV$OB_PARAMETERS', { kind: 'mysql', where }).map((row) => row.VALUE)).toEqual(['60s']);
    const cluster = ask('V$OB_PARAMETERS', { kind: 'mysql', where: `NAME = 'backup_data_file_size'` });
    expect(cluster).toMatchObject([{ TENANT_ID: null, SCOPE: 'CLUSTER', VALUE: '4G', SVR_IP: '127.0.0.1' }]);
    expect(ask('GV$OB_PARAMETERS', { where: `NAME LIKE '\\_%' ESCAPE '\\'` })).toEqual([]);
  });
});

describe('formats', () => {
  test('text compares without case, as in MySQL', () => {
    expect(
      ask('CDB_OB_BACKUP_JOBS', { where: `STATUS = 'doing' AND path = 'FILE:///data/nfs/backup/data'` }),
    ).toHaveLength(1);
    expect(ask('CDB_OB_BACKUP_JOBS', { where: `STATUS IN ('doing') GROUP BY JOB_LEVEL` })).toHaveLength(2);
  });

  test.each([
    ['+00:00', '2022-06-20 04:00:00.000000'],
    ['-05:30', '2022-06-19 22:30:00.000000'],
    ['Europe/Berlin', '2022-06-20 06:00:00.000000'],
    ['Asia/Shanghai', '2022-06-20 12:00:00.000000'],
  ])('SCNs are shown in the zone %s', (timeZone, shown) => {
    const [row] = ask('CDB_OB_ARCHIVELOG', { timeZone, where: 'TENANT_ID = 1002' });
    expect(row!.START_SCN_DISPLAY).toBe(shown);
  });

  test.each([
    [0n, '0.00MB'],
    [1n, '0.00MB'],
    [313158553n, '298.65MB'],
    [(1n << 30n) - 1n, '1024.00MB'],
    [1n << 30n, '1.00GB'],
    [26843545600n, '25.00GB'],
    [1n << 40n, '1.00TB'],
    [3n << 49n, '1.50PB'],
    [1n << 60n, '1024.00PB'],
  ])('%s bytes read %s', async (bytes, shown) => {
    const key = { tenantId: 1002, destId: 1002, roundId: 1, pieceId: 1 };
    await scratch.catalog.transaction(({ archives }) => archives.pieces.update(key, { inputBytes: bytes }));
    expect(ask('CDB_OB_ARCHIVELOG_PIECE_FILES')[0]!.INPUT_BYTES_DISPLAY).toBe(shown);
    await scratch.catalog.transaction(({ archives }) => archives.pieces.update(key, { inputBytes: 0n }));
    expect(ask('CDB_OB_ARCHIVELOG_PIECE_FILES')[0]!.COMPRESSION_RATIO).toBe(0);
  });

  test('Oracle mode: job times are whole seconds at +08:00, SCNs have nine digits', () => {
    const oracle = { kind: 'oracle', tenantId: 1002, timeZone: '+00:00' } as const;
    expect(ask('DBA_OB_BACKUP_JOBS', oracle)[0]!.START_TIMESTAMP).toBe('2022-06-01 17:10:24');
    expect(ask('DBA_OB_BACKUP_SET_FILES', oracle)[0]!.START_REPLAY_SCN_DISPLAY).toBe('2024-01-31 03:16:32.366131000');
    expect(ask('GV$OB_UNITS', oracle)).toEqual([]);
  });
});

describe('events', () => {
  test('six pairs a row, the rest in EXTRA_INFO', async () => {
    scratch.clock.setUs(us('2024-03-22 15:06:30.860918'));
    const pairs = { tenant_id: 1002, job_id: 1, a: 1, b: 2, c: 3, d: 4, scn: 1711091102560245001n };
    await scratch.catalog.transaction(({ events }) => {
      events.record('backup_data', 'start_backup_data', pairs);
      events.recordOfTenant(1002, 'TRANSFER', 'X', { job_id: 1 }, { retCode: -4012, costTimeUs: 17 });
    });
    expect(ask('DBA_OB_ROOTSERVICE_EVENT_HISTORY')).toMatchObject([
      {
        ...{ TIMESTAMP: '2024-03-22 15:06:30.860918', MODULE: 'backup_data', EVENT: 'start_backup_data' },
        ...{ NAME1: 'tenant_id', VALUE1: '1002', NAME6: 'd', VALUE6: '4', EXTRA_INFO: 'scn=1711091102560245001' },
        ...{ RS_SVR_IP: '127.0.0.1', RS_SVR_PORT: 2882 },
      },
    ]);
    expect(ask('DBA_OB_TENANT_EVENT_HISTORY', { kind: 'mysql' })).toMatchObject([
      { MODULE: 'TRANSFER', NAME1: 'job_id', NAME2: '', RET_CODE: -4012, COST_TIME: 17 },
    ]);
  });
});

test('the server tells where it listens', async () => {
  await scratch.catalog.transaction(({ cluster }) => cluster.announce({ sqlPort: 3881 }));
  expect(ask('DBA_OB_SERVERS')).toMatchObject([{ SQL_PORT: 3881, STATUS: 'ACTIVE' }]);
  const where = `NAME IN ('mysql_port', 'rootservice_list') ORDER BY NAME`;
  expect(ask('GV$OB_PARAMETERS', { where }).map((row) => row.VALUE)).toEqual(['3881', '127.0.0.1:2882:3881']);
});

test('resources: what is granted shows its tenant, what is free does not', () => {
  expect(ask('DBA_OB_RESOURCE_POOLS')).toMatchObject([{ RESOURCE_POOL_ID: 1, NAME: 'sys_pool', TENANT_ID: 1 }]);
  expect(ask('DBA_OB_UNITS')).toMatchObject([{ UNIT_ID: 1, TENANT_ID: 1, MAX_CPU: 1, MEMORY_SIZE: 2147483648 }]);
  expect(ask('GV$OB_UNITS')).toMatchObject([{ UNIT_ID: 1, ZONE_TYPE: 'ReadWrite', STATUS: 'NORMAL' }]);
  expect(ask('DBA_OB_SERVERS')).toMatchObject([{ SVR_IP: '127.0.0.1', WITH_ROOTSERVER: 'YES', STOP_TIME: null }]);
  expect(ask('DBA_OB_ZONES')).toMatchObject([{ ZONE: 'zone1', STATUS: 'ACTIVE', REGION: 'sys_region' }]);
  expect(ask('GV$OB_SERVERS')).toMatchObject([{ CPU_CAPACITY: 64, CPU_ASSIGNED: 1, MEM_ASSIGNED: 2147483648 }]);
});
