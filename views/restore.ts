import { tenantLogStreams } from './sources.ts';
import { bigint, datetime, decimal, longtext, timestamp, unsigned, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const restoreProgressColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('JOB_ID', bigint),
  column('RESTORE_TENANT_NAME', longtext, { oracle: 'VARCHAR2(4096)' }),
  column('RESTORE_TENANT_ID', longtext, { expr: 'CAST(restore_tenant_id AS TEXT)', oracle: 'NUMBER(38)' }),
  column('BACKUP_TENANT_NAME', longtext, { oracle: 'VARCHAR2(4096)' }),
  column('BACKUP_TENANT_ID', longtext, { expr: 'CAST(backup_tenant_id AS TEXT)', oracle: 'VARCHAR2(4096)' }),
  column('BACKUP_CLUSTER_NAME', longtext, { oracle: 'VARCHAR2(4096)' }),
  column('BACKUP_DEST', longtext, { oracle: 'VARCHAR2(4096)' }),
  column('RESTORE_OPTION', longtext, { oracle: 'VARCHAR2(4096)' }),
  column('RESTORE_TYPE', longtext, { oracle: 'VARCHAR2(4096)', since: ['4.3.3'] }),
  column('RESTORE_SCN', longtext, { expr: 'CAST(restore_scn AS TEXT)', oracle: 'NUMBER(38)' }),
  column('RESTORE_SCN_DISPLAY', datetime, { expr: '$scn(restore_scn)' }),
  column('STATUS', longtext, {
    expr: "CASE WHEN status IN ('RESTORE_PRE', 'RESTORE_CREATE_INIT_LS', 'PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN', 'RESTORE_WAIT_LS', 'POST_CHECK') THEN 'RESTORING' ELSE status END",
    oracle: 'VARCHAR2(4096)',
  }),
  column('START_TIMESTAMP', timestamp, { expr: '$ts(start_us)' }),
  column('BACKUP_SET_LIST', longtext, { oracle: 'VARCHAR2(4096)' }),
  column('BACKUP_PIECE_LIST', longtext, { oracle: 'VARCHAR2(4096)' }),
  column('RECOVER_SCN', unsigned, { expr: 'CASE WHEN tenant_id > 1 THEN recover_scn END', since: ['4.2.3', '4.3.3'] }),
  column('RECOVER_SCN_DISPLAY', datetime, {
    expr: 'CASE WHEN tenant_id > 1 THEN $scn(recover_scn) END',
    since: ['4.2.3', '4.3.3'],
  }),
  column('RECOVER_PROGRESS', decimal(6, 2), {
    expr: 'CASE WHEN tenant_id > 1 THEN iif(recover_scn = 0, 0, $share(recover_scn - consistent_scn, restore_scn - consistent_scn)) END',
    since: ['4.2.3', '4.3.3'],
  }),
  column('TABLET_COUNT', bigint, { expr: 'CASE WHEN tenant_id > 1 THEN tablet_count END', since: ['4.2.3', '4.3.3'] }),
  column('FINISH_TABLET_COUNT', bigint, {
    expr: 'CASE WHEN tenant_id > 1 THEN finish_tablet_count END',
    since: ['4.2.3', '4.3.3'],
  }),
  column('RESTORE_PROGRESS', decimal(6, 2), {
    expr: 'CASE WHEN tenant_id > 1 THEN iif(tablet_count = 0, 0, $share(finish_tablet_count, tablet_count)) END',
    since: ['4.2.3', '4.3.3'],
  }),
  column('TOTAL_BYTES', bigint, { expr: 'CASE WHEN tenant_id > 1 THEN total_bytes END' }),
  column('TOTAL_BYTES_DISPLAY', varchar(27), {
    expr: 'CASE WHEN tenant_id > 1 THEN $bytes(total_bytes) END',
    oracle: 'VARCHAR2(42)',
  }),
  column('FINISH_BYTES', bigint, { expr: 'CASE WHEN tenant_id > 1 THEN finish_bytes END' }),
  column('FINISH_BYTES_DISPLAY', varchar(27), {
    expr: 'CASE WHEN tenant_id > 1 THEN $bytes(finish_bytes) END',
    oracle: 'VARCHAR2(42)',
  }),
  column('DESCRIPTION', longtext, { oracle: 'VARCHAR2(4096)' }),
];

const restoreHistoryColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('JOB_ID', bigint),
  column('RESTORE_TENANT_NAME', varchar(128)),
  column('RESTORE_TENANT_ID', bigint),
  column('BACKUP_TENANT_NAME', varchar(128)),
  column('BACKUP_TENANT_ID', bigint),
  column('BACKUP_CLUSTER_NAME', varchar(128)),
  column('BACKUP_DEST', longtext),
  column('RESTORE_SCN', unsigned),
  column('RESTORE_SCN_DISPLAY', datetime, { expr: '$scn(restore_scn)' }),
  column('RESTORE_OPTION', varchar(4096)),
  column('RESTORE_TYPE', varchar(4096), { since: ['4.3.3'] }),
  column('START_TIMESTAMP', timestamp, {
    expr: '$ts(start_us)',
    nullable: true,
    oracle: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
  }),
  column('FINISH_TIMESTAMP', timestamp, {
    expr: '$ts(finish_us)',
    nullable: true,
    oracle: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
  }),
  column('STATUS', varchar(64), { expr: "CASE status WHEN 'RESTORE_SUCCESS' THEN 'SUCCESS' ELSE 'FAIL' END" }),
  column('BACKUP_PIECE_LIST', longtext),
  column('BACKUP_SET_LIST', longtext),
  column('BACKUP_CLUSTER_VERSION', bigint),
  column('LS_COUNT', bigint),
  column('FINISH_LS_COUNT', bigint),
  column('TABLET_COUNT', bigint),
  column('FINISH_TABLET_COUNT', bigint),
  column('TOTAL_BYTES', bigint),
  column('TOTAL_BYTES_DISPLAY', varchar(27), { expr: '$bytes(total_bytes)', oracle: 'VARCHAR2(42)' }),
  column('FINISH_BYTES', bigint),
  column('FINISH_BYTES_DISPLAY', varchar(27), { expr: '$bytes(finish_bytes)', oracle: 'VARCHAR2(42)' }),
  column('DESCRIPTION', varchar(1024), { nullable: true }),
  column('COMMENT', varchar(1024), { nullable: true }),
];

const logRestoreSourceColumns = [
  column('TENANT_ID', bigint),
  column('ID', bigint),
  column('TYPE', varchar(32)),
  column('VALUE', longtext),
  column('RECOVERY_UNTIL_SCN', unsigned),
];

const lsLogRestoreStatusColumns = [
  column('TENANT_ID', bigint),
  column('LS_ID', bigint),
  column('SYNC_LSN', unsigned, { expr: 'CASE ls_id WHEN 1 THEN 0 ELSE log_bytes END' }),
  column('SYNC_SCN', unsigned),
  column('SYNC_STATUS', varchar(128), {
    expr: "CASE WHEN sync_scn >= recovery_until_scn THEN 'RESTORE SUSPEND' ELSE CASE json_extract(step_data, '$.logRestore.code') WHEN -4018 THEN 'SOURCE HAS A GAP' WHEN -9064 THEN 'STANDBY LOG NOT MATCH' WHEN -4012 THEN 'FETCH LOG TIMEOUT' ELSE iif(json_extract(step_data, '$.logRestore.code') IS NULL, 'NORMAL', 'NOT AVAILABLE') END END",
  }),
  column('ERR_CODE', bigint, { expr: "ifnull(json_extract(step_data, '$.logRestore.code'), 0)" }),
  column('COMMENT', varchar(2048), { expr: "ifnull(json_extract(step_data, '$.logRestore.comment'), '')" }),
];

export const restoreViews: readonly ViewFamily[] = [
  view({
    names: { cdb: 'CDB_OB_RESTORE_PROGRESS', dba: 'DBA_OB_RESTORE_PROGRESS' },
    rows: 'tenant',
    about: 'Running restores: a row of sys and a row of the new tenant.',
    from: 'restore_job',
    where: 'history = 0',
    columns: restoreProgressColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_RESTORE_HISTORY', dba: 'DBA_OB_RESTORE_HISTORY' },
    rows: 'tenant',
    about: 'Restores that have ended.',
    from: 'restore_job',
    where: 'history = 1',
    columns: restoreHistoryColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_LOG_RESTORE_SOURCE', dba: 'DBA_OB_LOG_RESTORE_SOURCE' },
    rows: 'tenant',
    about: 'Where a standby or restored tenant takes its logs from.',
    from: 'log_restore_source',
    columns: logRestoreSourceColumns,
    since: ['4.2.0'],
  }),
  view({
    names: { v: 'V$OB_LS_LOG_RESTORE_STATUS' },
    rows: 'visible',
    about: 'State of log fetching of standby tenants.',
    from: tenantLogStreams,
    where: "role = 'STANDBY'",
    columns: lsLogRestoreStatusColumns,
    since: ['4.2.0'],
  }),
];
