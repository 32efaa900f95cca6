import { bigint, timestamp, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const backupDeleteJobsColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('JOB_ID', bigint),
  column('INCARNATION', bigint, { expr: '1' }),
  column('INITIATOR_TENANT_ID', bigint),
  column('INITIATOR_JOB_ID', bigint),
  column('EXECUTOR_TENANT_ID', varchar(65536)),
  column('TYPE', varchar(64)),
  column('PARAMETER', timestamp, { expr: '$ts(parameter)', oracle: 'VARCHAR2(1024)' }),
  column('JOB_LEVEL', varchar(64)),
  column('START_TIMESTAMP', timestamp, { expr: '$ts(start_us)' }),
  column('END_TIMESTAMP', timestamp, { expr: '$ts(end_us)' }),
  column('STATUS', varchar(64)),
  column('TASK_COUNT', bigint, { nullable: true }),
  column('SUCCESS_TASK_COUNT', bigint, { nullable: true }),
  column('RESULT', bigint),
  column('COMMENT', varchar(4096), { nullable: true }),
];

const backupDeleteTasksColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('TASK_ID', bigint),
  column('INCARNATION', bigint, { expr: '1' }),
  column('JOB_ID', bigint),
  column('TASK_TYPE', varchar(64)),
  column('ID', bigint),
  column('ROUND_ID', bigint),
  column('DEST_ID', bigint),
  column('START_TIMESTAMP', timestamp, { expr: '$ts(start_us)' }),
  column('END_TIMESTAMP', timestamp, { expr: '$ts(end_us)' }),
  column('STATUS', varchar(64)),
  column('TOTAL_LS_COUNT', bigint, { nullable: true }),
  column('FINISH_LS_COUNT', bigint, { nullable: true }),
  column('RESULT', bigint, { nullable: true }),
  column('COMMENT', varchar(4096), { nullable: true }),
  column('PATH', varchar(1024)),
];

const backupDeletePolicyColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('POLICY_NAME', varchar(256)),
  column('RECOVERY_WINDOW', varchar(64)),
];

export const deleteViews: readonly ViewFamily[] = [
  view({
    names: { cdb: 'CDB_OB_BACKUP_DELETE_JOBS', dba: 'DBA_OB_BACKUP_DELETE_JOBS' },
    rows: 'tenant',
    about: 'Clean-up jobs that run or have just ended.',
    from: 'backup_delete_job',
    where: 'history = 0',
    columns: backupDeleteJobsColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_BACKUP_DELETE_JOB_HISTORY', dba: 'DBA_OB_BACKUP_DELETE_JOB_HISTORY' },
    rows: 'tenant',
    about: 'Clean-up jobs that have ended.',
    from: 'backup_delete_job',
    where: 'history = 1',
    columns: backupDeleteJobsColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_BACKUP_DELETE_TASKS', dba: 'DBA_OB_BACKUP_DELETE_TASKS' },
    rows: 'tenant',
    about: 'Clean-up of one set or piece by a running job.',
    from: 'backup_delete_task',
    where: 'history = 0',
    columns: backupDeleteTasksColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_BACKUP_DELETE_TASK_HISTORY', dba: 'DBA_OB_BACKUP_DELETE_TASK_HISTORY' },
    rows: 'tenant',
    about: 'Clean-up of one set or piece by an ended job.',
    from: 'backup_delete_task',
    where: 'history = 1',
    columns: backupDeleteTasksColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_BACKUP_DELETE_POLICY', dba: 'DBA_OB_BACKUP_DELETE_POLICY' },
    rows: 'tenant',
    about: 'Clean-up policy of each tenant.',
    from: 'backup_delete_policy',
    columns: backupDeletePolicyColumns,
  }),
];
