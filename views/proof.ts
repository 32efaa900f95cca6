import { bigint, datetime, decimal, timestamp, unsigned, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const jobColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('JOB_ID', bigint),
  column('INITIATOR_TENANT_ID', bigint),
  column('TYPE', varchar(64), { expr: 'validate_type' }),
  column('LEVEL', varchar(64)),
  column('START_TIMESTAMP', timestamp, { expr: '$ts(start_us)' }),
  column('END_TIMESTAMP', timestamp, { expr: '$ts(end_us)', nullable: true }),
  column('STATUS', varchar(64)),
  column('TASK_COUNT', bigint),
  column('FINISH_TASK_COUNT', bigint),
  column('DAMAGED_COUNT', bigint),
  column('TOTAL_BYTES', bigint),
  column('FINISH_BYTES', bigint),
  column('PROGRESS', decimal(26, 2), { expr: '$percent(finish_task_count, task_count)' }),
  column('RESULT', bigint),
  column('COMMENT', varchar(4096)),
  column('PATH', varchar(4096)),
];

const taskColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('TASK_ID', bigint),
  column('JOB_ID', bigint),
  column('TASK_TYPE', varchar(64)),
  column('DEST_ID', bigint),
  column('BACKUP_SET_ID', bigint),
  column('ROUND_ID', bigint),
  column('PIECE_ID', bigint),
  column('START_TIMESTAMP', timestamp, { expr: '$ts(start_us)', nullable: true }),
  column('END_TIMESTAMP', timestamp, { expr: '$ts(end_us)', nullable: true }),
  column('STATUS', varchar(64)),
  column('CONCLUSION', varchar(64), { nullable: true }),
  column('FILE_COUNT', bigint),
  column('FINISH_FILE_COUNT', bigint),
  column('TOTAL_BYTES', bigint),
  column('FINISH_BYTES', bigint),
  column('PROGRESS', decimal(26, 2), { expr: '$percent(finish_bytes, total_bytes)' }),
  column('DAMAGED_COUNT', bigint),
  column('FOREIGN_COUNT', bigint),
  column('RESULT', bigint),
  column('COMMENT', varchar(4096)),
  column('PATH', varchar(4096)),
];

const findingColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('JOB_ID', bigint),
  column('TASK_ID', bigint),
  column('KIND', varchar(64)),
  column('OBJECT', varchar(1024)),
  column('PLACE', varchar(1024)),
  column('FINDING', varchar(4096)),
  column('FOUND_TIMESTAMP', timestamp, { expr: '$ts(found_us)' }),
  column('TASK_TYPE', varchar(64)),
  column('DEST_ID', bigint),
  column('BACKUP_SET_ID', bigint),
  column('ROUND_ID', bigint),
  column('PIECE_ID', bigint),
  column('PATH', varchar(4096)),
];

const proofColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('OBJECT_TYPE', varchar(64)),
  column('DEST_ID', bigint),
  column('BACKUP_SET_ID', bigint),
  column('ROUND_ID', bigint),
  column('PIECE_ID', bigint),
  column('FILE_STATUS', varchar(64)),
  column('LAST_VERIFIED_TIMESTAMP', timestamp, { expr: '$ts(verified_us)', nullable: true }),
  column('METHOD', varchar(64), { nullable: true }),
  column('ELAPSED_SECONDS', decimal(22, 3), { expr: 'round(duration_us / 1000000.0, 3)', nullable: true }),
  column('BYTES', bigint, { nullable: true }),
  column('RESULT', varchar(64)),
  column('DAMAGED_COUNT', bigint),
  column('COMMENT', varchar(4096)),
  column('PATH', varchar(4096)),
];

const windowColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('KIND', varchar(64)),
  column('FROM_SCN', unsigned),
  column('FROM_SCN_DISPLAY', datetime, { expr: '$scn(from_scn)' }),
  column('TO_SCN', unsigned),
  column('TO_SCN_DISPLAY', datetime, { expr: '$scn(to_scn)' }),
  column('FIRST_BACKUP_SET_ID', bigint, { nullable: true }),
  column('LAST_BACKUP_SET_ID', bigint, { nullable: true }),
  column('ROUND_ID', bigint, { nullable: true }),
  column('DATA_PATH', varchar(4096), { nullable: true }),
  column('ARCHIVE_PATH', varchar(4096), { nullable: true }),
  column('COMMENT', varchar(4096)),
];

const tenantsTasks = `(SELECT f.*, t.task_type, t.dest_id, t.backup_set_id, t.round_id, t.piece_id, t.path
  FROM validate_finding f JOIN validate_task t ON t.tenant_id = f.tenant_id AND t.task_id = f.task_id)`;

const what = `p.verified_us, p.method, p.duration_us, p.bytes, coalesce(p.result, 'UNVERIFIED') AS result,
  coalesce(p.damaged_count, 0) AS damaged_count, coalesce(p.comment, '') AS comment`;
const same = (row: string) => `p.tenant_id = ${row}.tenant_id AND p.path = ${row}.path AND p.dest_id = ${row}.dest_id`;
const sameSet = `p.object_type = 'BACKUP SET' AND ${same('s')} AND p.backup_set_id = s.backup_set_id`;
const samePiece = `p.object_type = 'BACKUP PIECE' AND ${same('a')} AND p.round_id = a.round_id AND p.piece_id = a.piece_id`;

/** Every set and piece that is there with its last proof, and proofs of what lies on paths that were named. */
const proofs = `(SELECT s.tenant_id, 'BACKUP SET' AS object_type, s.dest_id, s.backup_set_id, 0 AS round_id, 0 AS piece_id,
    s.file_status, s.path, ${what}
  FROM backup_set s LEFT JOIN backup_proof p ON ${sameSet}
  WHERE s.status = 'SUCCESS' AND s.file_status <> 'DELETED'
  UNION ALL
  SELECT a.tenant_id, 'BACKUP PIECE', a.dest_id, 0, a.round_id, a.piece_id, a.file_status, a.path, ${what}
  FROM archive_piece a LEFT JOIN backup_proof p ON ${samePiece}
  WHERE a.file_status <> 'DELETED'
  UNION ALL
  SELECT p.tenant_id, p.object_type, p.dest_id, p.backup_set_id, p.round_id, p.piece_id, '', p.path, ${what}
  FROM backup_proof p
  WHERE NOT EXISTS (SELECT 1 FROM backup_set s WHERE ${sameSet})
    AND NOT EXISTS (SELECT 1 FROM archive_piece a WHERE ${samePiece}))`;

/** Views of ours: OceanBase before 4.6.0 has none of them. */
export const proofViews: readonly ViewFamily[] = [
  view({
    names: { cdb: 'CDB_OB_BACKUP_VALIDATE_JOBS', dba: 'DBA_OB_BACKUP_VALIDATE_JOBS' },
    rows: 'tenant',
    about:
      'VALIDATE jobs that run or have just ended. RESULT is -4103 when something is damaged. Ours before release 4.6.0.',
    from: 'validate_job',
    where: 'history = 0',
    columns: jobColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_BACKUP_VALIDATE_JOB_HISTORY', dba: 'DBA_OB_BACKUP_VALIDATE_JOB_HISTORY' },
    rows: 'tenant',
    about: 'VALIDATE jobs that have ended. Ours.',
    from: 'validate_job',
    where: 'history = 1',
    columns: jobColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_BACKUP_VALIDATE_TASKS', dba: 'DBA_OB_BACKUP_VALIDATE_TASKS' },
    rows: 'tenant',
    about:
      'The sets, pieces and destinations of running VALIDATE jobs. CONCLUSION: OK, PARTIAL (what was read is intact, but not everything could be opened or was asked for), BROKEN. Ours before release 4.6.0.',
    from: 'validate_task',
    where: 'history = 0',
    columns: taskColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_BACKUP_VALIDATE_TASK_HISTORY', dba: 'DBA_OB_BACKUP_VALIDATE_TASK_HISTORY' },
    rows: 'tenant',
    about: 'The sets, pieces and destinations of ended VALIDATE jobs. Ours.',
    from: 'validate_task',
    where: 'history = 1',
    columns: taskColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_BACKUP_VALIDATE_FINDINGS', dba: 'DBA_OB_BACKUP_VALIDATE_FINDINGS' },
    rows: 'tenant',
    about:
      'One row for each object a VALIDATE found DAMAGED or MISSING, and for each FOREIGN one, which is no damage. Ours.',
    from: tenantsTasks,
    columns: findingColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_BACKUP_PROOF', dba: 'DBA_OB_BACKUP_PROOF' },
    rows: 'tenant',
    about:
      'Each set and piece with its last proof: when, how (VALIDATE, RESTORE, or BACKUP: read back before the set ended), how long, how many bytes, and what came out. UNVERIFIED: nobody has read it back. Ours.',
    from: proofs,
    columns: proofColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_RECOVERABLE_WINDOW', dba: 'DBA_OB_RECOVERABLE_WINDOW' },
    rows: 'tenant',
    about:
      'The moments a tenant can be restored to now, both ends included, and the holes between them with their reason. Decided as RESTORE does, from sets that ended, pieces that are not broken, and confirmed checkpoints. Ours.',
    from: 'recoverable_window(CAST(@tenantId AS INTEGER))',
    columns: windowColumns,
  }),
];
