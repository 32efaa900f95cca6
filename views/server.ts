import { serverResources } from './sources.ts';
import { bigint, double, longtext, timestamp, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const serversColumns = [
  column('SVR_IP', varchar(46)),
  column('SVR_PORT', bigint),
  column('ID', bigint),
  column('ZONE', varchar(128)),
  column('SQL_PORT', bigint),
  column('WITH_ROOTSERVER', varchar(3), { expr: '$yesno(with_rootserver)' }),
  column('STATUS', varchar(64)),
  column('START_SERVICE_TIME', timestamp, { expr: '$ts(start_service_us)' }),
  column('STOP_TIME', timestamp, { expr: '$ts(stop_us)' }),
  column('BLOCK_MIGRATE_IN_TIME', timestamp, { expr: '$ts(block_migrate_in_us)' }),
  column('CREATE_TIME', timestamp, { expr: '$ts(create_us)', nullable: true }),
  column('MODIFY_TIME', timestamp, { expr: '$ts(modify_us)', nullable: true }),
  column('BUILD_VERSION', varchar(256)),
  column('LAST_OFFLINE_TIME', timestamp, { expr: '$ts(last_offline_us)', since: ['4.2.0'] }),
];

const zonesColumns = [
  column('ZONE', varchar(128)),
  column('CREATE_TIME', timestamp, { expr: '$ts(create_us)' }),
  column('MODIFY_TIME', timestamp, { expr: '$ts(modify_us)' }),
  column('STATUS', varchar(4096)),
  column('IDC', varchar(4096)),
  column('REGION', varchar(4096)),
  column('TYPE', varchar(4096)),
];

const serverJobsColumns = [
  column('JOB_ID', bigint),
  column('JOB_TYPE', varchar(128)),
  column('JOB_STATUS', varchar(128)),
  column('RESULT_CODE', bigint, { nullable: true }),
  column('PROGRESS', bigint),
  column('START_TIME', timestamp, { expr: '$ts(start_us)', nullable: true }),
  column('MODIFY_TIME', timestamp, { expr: '$ts(modify_us)', nullable: true }),
  column('SVR_IP', varchar(46), { nullable: true }),
  column('SVR_PORT', bigint, { nullable: true }),
  column('SQL_TEXT', longtext, { nullable: true }),
  column('EXTRA_INFO', varchar(512), { nullable: true }),
  column('RS_SVR_IP', varchar(46), { expr: '(SELECT svr_ip FROM server)' }),
  column('RS_SVR_PORT', bigint, { expr: '(SELECT svr_port FROM server)' }),
];

/* What the server has and what its units have been promised. */
const serverResourceColumns = [
  column('SVR_IP', varchar(46)),
  column('SVR_PORT', bigint),
  column('ZONE', varchar(128)),
  column('SQL_PORT', bigint),
  column('CPU_CAPACITY', bigint),
  column('CPU_CAPACITY_MAX', double, { expr: 'cpu_capacity * 1.0' }),
  column('CPU_ASSIGNED', double),
  column('CPU_ASSIGNED_MAX', double),
  column('MEM_CAPACITY', bigint),
  column('MEM_ASSIGNED', bigint),
  column('LOG_DISK_CAPACITY', bigint),
  column('LOG_DISK_ASSIGNED', bigint),
  column('LOG_DISK_IN_USE', bigint),
  column('DATA_DISK_CAPACITY', bigint),
  column('DATA_DISK_IN_USE', bigint),
  column('DATA_DISK_HEALTH_STATUS', varchar(20), { expr: "'NORMAL'" }),
  column('MEMORY_LIMIT', bigint, { expr: 'memory_limit' }),
  column('DATA_DISK_ABNORMAL_TIME', timestamp, { expr: 'NULL', nullable: true }),
  column('SSL_CERT_EXPIRED_TIME', timestamp, { expr: 'NULL', nullable: true, since: ['4.2.0'] }),
];

export const serverViews: readonly ViewFamily[] = [
  view({
    names: { dba: 'DBA_OB_SERVERS' },
    rows: 'cluster',
    about: 'Servers of the cluster.',
    from: 'server',
    columns: serversColumns,
  }),
  view({
    names: { dba: 'DBA_OB_ZONES' },
    rows: 'cluster',
    about: 'Zones of the cluster.',
    from: 'zone',
    columns: zonesColumns,
  }),
  view({
    names: { dba: 'DBA_OB_SERVER_JOBS' },
    rows: 'cluster',
    about: 'Root service jobs that remove servers.',
    from: 'rs_job',
    where: "job_type = 'DELETE_SERVER'",
    columns: serverJobsColumns,
  }),
  view({
    names: { gv: 'GV$OB_SERVERS', v: 'V$OB_SERVERS' },
    rows: 'cluster',
    about: 'Resources of the server and what is assigned of them.',
    from: serverResources,
    columns: serverResourceColumns,
  }),
];
