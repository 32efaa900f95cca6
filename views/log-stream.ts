import { tenantLogStreams } from './sources.ts';
import { bigint, datetime, decimal, longtext, timestamp, unsigned, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const lsColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('LS_ID', bigint, { oracle: 'NUMBER' }),
  column('STATUS', varchar(100), { expr: "CASE status WHEN 'DROPPING' THEN 'TENANT_DROPPING' ELSE 'NORMAL' END" }),
  column('PRIMARY_ZONE', longtext, { expr: 'first_zone', nullable: true }),
  column('UNIT_GROUP_ID', bigint, { expr: 'CASE ls_id WHEN 1 THEN 0 ELSE unit_group_id END', oracle: 'NUMBER' }),
  column('LS_GROUP_ID', bigint, { expr: 'CASE ls_id WHEN 1 THEN 0 ELSE ls_id END', oracle: 'NUMBER' }),
  column('CREATE_SCN', unsigned, { expr: 'CASE ls_id WHEN 1 THEN NULL ELSE create_scn END', oracle: 'NUMBER' }),
  column('DROP_SCN', unsigned, { expr: 'NULL', oracle: 'NUMBER' }),
  column('SYNC_SCN', unsigned, {
    expr: "CASE WHEN role = 'PRIMARY' AND status = 'NORMAL' AND sync_scn IS NOT NULL THEN max(sync_scn, $now()) ELSE sync_scn END",
    oracle: 'NUMBER',
  }),
  column('READABLE_SCN', unsigned, {
    expr: "CASE WHEN role = 'PRIMARY' AND status = 'NORMAL' AND readable_scn IS NOT NULL THEN max(readable_scn, $now()) ELSE readable_scn END",
    oracle: 'NUMBER',
  }),
  column('FLAG', varchar(2048), { expr: "''", since: ['4.2.0'] }),
];

const lsHistoryColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('LS_ID', bigint, { oracle: 'NUMBER' }),
  column('LS_GROUP_ID', bigint, { expr: 'CASE ls_id WHEN 1 THEN 0 ELSE ls_id END', oracle: 'NUMBER' }),
  column('STATUS', varchar(100), { expr: "CASE status WHEN 'DROPPING' THEN 'TENANT_DROPPING' ELSE 'NORMAL' END" }),
  column('FLAG', varchar(2048), { expr: "''" }),
  column('CREATE_SCN', decimal(20, 0), { expr: 'CASE ls_id WHEN 1 THEN 0 ELSE ifnull(create_scn, 0) END' }),
];

const lsLocationsColumns = [
  column('CREATE_TIME', datetime, { expr: '$local(create_us)', oracle: 'VARCHAR2(19)' }),
  column('MODIFY_TIME', datetime, { expr: '$local(modify_us)', oracle: 'VARCHAR2(19)' }),
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('LS_ID', bigint),
  column('SVR_IP', varchar(46)),
  column('SVR_PORT', bigint, { oracle: 'NUMBER' }),
  column('SQL_PORT', bigint, { oracle: 'NUMBER' }),
  column('ZONE', varchar(128)),
  column('ROLE', varchar(8), { expr: "'LEADER'" }),
  column('MEMBER_LIST', varchar(4480), { expr: "svr_ip || ':' || svr_port || ':1'" }),
  column('PAXOS_REPLICA_NUMBER', bigint, { expr: '1', oracle: 'NUMBER' }),
  column('REPLICA_TYPE', varchar(18), { expr: "'FULL'" }),
  column('LEARNER_LIST', longtext, { expr: "''", nullable: true, since: ['4.2.0'] }),
  column('REBUILD', varchar(5), { expr: "'FALSE'", since: ['4.2.0'] }),
];

const accessPointColumns = [
  column('TENANT_ID', bigint),
  column('TENANT_NAME', varchar(128)),
  column('SVR_IP', varchar(46)),
  column('SQL_PORT', bigint),
];

const logStatColumns = [
  column('TENANT_ID', bigint),
  column('LS_ID', bigint),
  column('SVR_IP', varchar(46)),
  column('SVR_PORT', bigint),
  column('ROLE', varchar(32), { expr: "'LEADER'" }),
  column('PROPOSAL_ID', bigint, { expr: '1' }),
  column('CONFIG_VERSION', varchar(128), { expr: "'{proposal_id:1, config_seq:1}'" }),
  column('ACCESS_MODE', varchar(32), { expr: "CASE role WHEN 'PRIMARY' THEN 'APPEND' ELSE 'RAW_WRITE' END" }),
  column('PAXOS_MEMBER_LIST', varchar(1024), { expr: "svr_ip || ':' || svr_port || ':1'" }),
  column('PAXOS_REPLICA_NUM', bigint, { expr: '1' }),
  column('IN_SYNC', varchar(3), { expr: "'YES'" }),
  column('BASE_LSN', unsigned, { expr: '0' }),
  column('BEGIN_LSN', unsigned, { expr: '0' }),
  column('BEGIN_SCN', unsigned, { expr: 'ifnull(create_scn, create_us * 1000)' }),
  column('END_LSN', unsigned, { expr: 'CASE ls_id WHEN 1 THEN 0 ELSE log_bytes END' }),
  column('END_SCN', unsigned, {
    expr: "CASE WHEN sync_scn IS NULL OR (role = 'PRIMARY' AND status = 'NORMAL') THEN max(ifnull(sync_scn, 0), $now()) ELSE sync_scn END",
  }),
  column('MAX_LSN', unsigned, { expr: 'CASE ls_id WHEN 1 THEN 0 ELSE log_bytes END' }),
  column('MAX_SCN', unsigned, {
    expr: "CASE WHEN sync_scn IS NULL OR (role = 'PRIMARY' AND status = 'NORMAL') THEN max(ifnull(sync_scn, 0), $now()) ELSE sync_scn END",
  }),
  column('ARBITRATION_MEMBER', varchar(128), { expr: "''" }),
  column('DEGRADED_LIST', varchar(1024), { expr: "''" }),
  column('LEARNER_LIST', longtext, { expr: "''", since: ['4.2.0'] }),
];

const timestampServiceColumns = [
  column('TENANT_ID', bigint),
  column('TS_TYPE', varchar(100), { expr: "CASE role WHEN 'PRIMARY' THEN 'GTS' ELSE 'STS' END" }),
  column('TS_VALUE', bigint, { expr: "CASE role WHEN 'PRIMARY' THEN $now() ELSE ifnull(readable_scn, 0) END" }),
  column('SVR_IP', varchar(46)),
  column('SVR_PORT', bigint),
];

const logTransportDestStatColumns = [
  column('TENANT_ID', bigint),
  column('SVR_IP', varchar(46)),
  column('SVR_PORT', bigint),
  column('LS_ID', bigint),
  column('CLIENT_IP', varchar(46)),
  column('CLIENT_PID', bigint),
  column('CLIENT_TENANT_ID', bigint),
  column('CLIENT_TYPE', varchar(7)),
  column('START_SERVE_TIME', timestamp, { oracle: 'TIMESTAMP(6) WITH LOCAL TIME ZONE' }),
  column('LAST_SERVE_TIME', timestamp, { oracle: 'TIMESTAMP(6) WITH LOCAL TIME ZONE' }),
  column('LAST_READ_SOURCE', varchar(7)),
  column('LAST_REQUEST_TYPE', varchar(24)),
  column('LAST_REQUEST_LOG_LSN', unsigned),
  column('LAST_REQUEST_LOG_SCN', unsigned),
  column('LAST_FAILED_REQUEST', longtext),
  column('AVG_REQUEST_PROCESS_TIME', bigint),
  column('AVG_REQUEST_QUEUE_TIME', bigint),
  column('AVG_REQUEST_READ_LOG_TIME', bigint),
  column('AVG_REQUEST_READ_LOG_SIZE', bigint),
  column('AVG_LOG_TRANSPORT_BANDWIDTH', varchar(29), { oracle: 'VARCHAR2(44)' }),
];

export const logStreamViews: readonly ViewFamily[] = [
  view({
    names: { cdb: 'CDB_OB_LS', dba: 'DBA_OB_LS' },
    rows: 'tenant',
    about: 'Log streams: 1 of every tenant, 1001 of user tenants.',
    from: tenantLogStreams,
    columns: lsColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_LS_HISTORY', dba: 'DBA_OB_LS_HISTORY' },
    rows: 'tenant',
    about: 'Log streams with their creation.',
    from: tenantLogStreams,
    columns: lsHistoryColumns,
    since: ['4.2.0'],
  }),
  view({
    names: { cdb: 'CDB_OB_LS_LOCATIONS', dba: 'DBA_OB_LS_LOCATIONS' },
    rows: 'tenant',
    about: 'Where the replicas of the log streams are.',
    from: tenantLogStreams,
    columns: lsLocationsColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_ACCESS_POINT', dba: 'DBA_OB_ACCESS_POINT' },
    rows: 'tenant',
    about: 'Addresses clients of a tenant may connect to.',
    from: tenantLogStreams,
    where: 'ls_id = 1',
    columns: accessPointColumns,
    since: ['4.2.0'],
  }),
  view({
    names: { gv: 'GV$OB_LOG_STAT', v: 'V$OB_LOG_STAT' },
    rows: 'visible',
    about: 'State of the log of every log stream.',
    from: tenantLogStreams,
    columns: logStatColumns,
  }),
  view({
    names: { v: 'V$OB_TIMESTAMP_SERVICE' },
    rows: 'visible',
    about: 'The timestamp service of every tenant.',
    from: tenantLogStreams,
    where: 'ls_id = 1',
    columns: timestampServiceColumns,
    since: ['4.2.0'],
  }),
  view({
    names: { gv: 'GV$OB_LOG_TRANSPORT_DEST_STAT', v: 'V$OB_LOG_TRANSPORT_DEST_STAT' },
    rows: 'visible',
    about: 'Who fetches logs from this server; nobody does.',
    from: null,
    columns: logTransportDestStatColumns,
    since: ['4.2.5', '4.4.0'],
  }),
];
