import { bigint, decimal, longtext, timestamp, unsigned, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const tenantsColumns = [
  column('TENANT_ID', bigint),
  column('TENANT_NAME', varchar(128)),
  column('TENANT_TYPE', varchar(4), {
    expr: "CASE WHEN tenant_id = 1 THEN 'SYS' WHEN tenant_id % 2 = 1 THEN 'META' ELSE 'USER' END",
  }),
  column('CREATE_TIME', timestamp, {
    expr: '$ts(create_us)',
    nullable: true,
    oracle: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
  }),
  column('MODIFY_TIME', timestamp, {
    expr: '$ts(modify_us)',
    nullable: true,
    oracle: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
  }),
  column('PRIMARY_ZONE', varchar(128), { nullable: true }),
  column('LOCALITY', varchar(4096)),
  column('PREVIOUS_LOCALITY', varchar(4096)),
  column('COMPATIBILITY_MODE', varchar(6), { expr: 'mode' }),
  column('STATUS', varchar(64)),
  column('IN_RECYCLEBIN', varchar(3), { expr: '$yesno(in_recyclebin)' }),
  column('LOCKED', varchar(3), { expr: '$yesno(locked)' }),
  column('TENANT_ROLE', varchar(100), { expr: 'role' }),
  column('SWITCHOVER_STATUS', varchar(100)),
  column('SWITCHOVER_EPOCH', bigint, { oracle: 'NUMBER' }),
  column('SYNC_SCN', unsigned, {
    expr: "CASE WHEN role = 'PRIMARY' AND status = 'NORMAL' AND sync_scn IS NOT NULL THEN max(sync_scn, $now()) ELSE sync_scn END",
    oracle: 'NUMBER',
  }),
  column('REPLAYABLE_SCN', unsigned, {
    expr: "CASE WHEN role = 'PRIMARY' AND status = 'NORMAL' AND replayable_scn IS NOT NULL THEN max(replayable_scn, $now()) ELSE replayable_scn END",
    oracle: 'NUMBER',
  }),
  column('READABLE_SCN', unsigned, {
    expr: "CASE WHEN role = 'PRIMARY' AND status = 'NORMAL' AND readable_scn IS NOT NULL THEN max(readable_scn, $now()) ELSE readable_scn END",
    oracle: 'NUMBER',
  }),
  column('RECOVERY_UNTIL_SCN', unsigned, { oracle: 'NUMBER' }),
  column('LOG_MODE', varchar(100)),
  column('ARBITRATION_SERVICE_STATUS', varchar(64), { expr: 'arbitration_status' }),
  column('UNIT_NUM', bigint, { since: ['4.2.0'] }),
  column('COMPATIBLE', varchar(65536), { since: ['4.2.0'] }),
  column('MAX_LS_ID', bigint, { oracle: 'NUMBER', since: ['4.2.0'] }),
  column('RESTORE_DATA_MODE', varchar(128), { since: ['4.3.3'] }),
];

const tenantJobsColumns = [
  column('JOB_ID', bigint),
  column('JOB_TYPE', varchar(128)),
  column('JOB_STATUS', varchar(128)),
  column('RESULT_CODE', bigint, { nullable: true }),
  column('PROGRESS', bigint),
  column('START_TIME', timestamp, { expr: '$ts(start_us)', nullable: true }),
  column('MODIFY_TIME', timestamp, { expr: '$ts(modify_us)', nullable: true }),
  column('TENANT_ID', bigint, { nullable: true }),
  column('SQL_TEXT', longtext, { nullable: true }),
  column('EXTRA_INFO', varchar(512), { nullable: true }),
  column('RS_SVR_IP', varchar(46), { expr: '(SELECT svr_ip FROM server)' }),
  column('RS_SVR_PORT', bigint, { expr: '(SELECT svr_port FROM server)' }),
];

const serverSchemaInfoColumns = [
  column('SVR_IP', varchar(46)),
  column('SVR_PORT', bigint),
  column('TENANT_ID', bigint),
  column('REFRESHED_SCHEMA_VERSION', bigint, { expr: 'tenant.modify_us' }),
  column('RECEIVED_SCHEMA_VERSION', bigint, { expr: 'tenant.modify_us' }),
  column('SCHEMA_COUNT', bigint, { expr: '0' }),
  column('SCHEMA_SIZE', bigint, { expr: '0' }),
  column('MIN_SSTABLE_SCHEMA_VERSION', bigint, { expr: 'tenant.create_us' }),
];

const encryptedTablesColumns = [
  column('TABLE_ID', bigint),
  column('TABLE_NAME', varchar(256)),
  column('TABLESPACE_ID', bigint),
  column('ENCRYPTIONALG', varchar(30)),
  column('ENCRYPTED', varchar(3)),
  column('ENCRYPTEDKEY', varchar(33), { oracle: 'VARCHAR2(32)' }),
  column('MASTERKEYID', unsigned),
  column('BLOCKS_ENCRYPTED', decimal(42, 0)),
  column('BLOCKS_DECRYPTED', decimal(43, 0)),
  column('STATUS', varchar(10)),
  column('CON_ID', bigint),
];

const encryptedTablespacesColumns = [
  column('TABLESPACE_ID', bigint),
  column('ENCRYPTIONALG', varchar(30)),
  column('ENCRYPTED', varchar(3)),
  column('ENCRYPTEDKEY', varchar(33), { oracle: 'VARCHAR2(32)' }),
  column('MASTERKEYID', unsigned),
  column('BLOCKS_ENCRYPTED', decimal(64, 0)),
  column('BLOCKS_DECRYPTED', decimal(65, 0)),
  column('STATUS', varchar(10)),
  column('CON_ID', bigint),
];

export const tenantViews: readonly ViewFamily[] = [
  view({
    names: { dba: 'DBA_OB_TENANTS' },
    rows: 'visible',
    about: 'Tenants with role, status and SCNs.',
    from: 'tenant',
    columns: tenantsColumns,
  }),
  view({
    names: { dba: 'DBA_OB_TENANT_JOBS' },
    rows: 'cluster',
    about: 'Root service jobs that change a tenant.',
    from: 'rs_job',
    where:
      "job_type IN ('ALTER_TENANT_LOCALITY', 'ROLLBACK_ALTER_TENANT_LOCALITY', 'SHRINK_RESOURCE_TENANT_UNIT_NUM', 'ALTER_TENANT_PRIMARY_ZONE', 'ALTER_RESOURCE_TENANT_UNIT_NUM')",
    columns: tenantJobsColumns,
  }),
  view({
    names: { gv: 'GV$OB_SERVER_SCHEMA_INFO', v: 'V$OB_SERVER_SCHEMA_INFO' },
    rows: 'visible',
    about: 'Schema versions the server has loaded.',
    from: 'tenant CROSS JOIN server',
    where: 'tenant_id = 1 OR tenant_id % 2 = 0',
    columns: serverSchemaInfoColumns,
  }),
  view({
    names: { v: 'V$OB_ENCRYPTED_TABLES' },
    rows: 'own',
    about: 'Tables of encrypted tablespaces; there are none.',
    from: null,
    columns: encryptedTablesColumns,
  }),
  view({
    names: { v: 'V$ENCRYPTED_TABLESPACES' },
    rows: 'own',
    about: 'Encrypted tablespaces; there are none.',
    from: null,
    columns: encryptedTablespacesColumns,
  }),
];
