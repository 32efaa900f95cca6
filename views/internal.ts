import { bigint, timestamp, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const kept = [
  column('GMT_CREATE', timestamp, { expr: '$ts(create_us)', nullable: true }),
  column('GMT_MODIFIED', timestamp, { expr: '$ts(modify_us)', nullable: true }),
];

const serverColumns = [
  ...kept,
  column('SVR_IP', varchar(46)),
  column('SVR_PORT', bigint),
  column('ID', bigint),
  column('ZONE', varchar(128)),
  column('INNER_PORT', bigint, { expr: 'sql_port' }),
  column('WITH_ROOTSERVER', bigint),
  column('STATUS', varchar(64), { expr: 'lower(status)' }),
  column('BLOCK_MIGRATE_IN_TIME', bigint, { expr: 'ifnull(block_migrate_in_us, 0)' }),
  column('BUILD_VERSION', varchar(256)),
  column('STOP_TIME', bigint, { expr: 'ifnull(stop_us, 0)' }),
  column('START_SERVICE_TIME', bigint, { expr: 'ifnull(start_service_us, 0)' }),
  column('FIRST_SESSID', bigint, { expr: '0' }),
  column('WITH_PARTITION', bigint, { expr: '1' }),
  column('LAST_OFFLINE_TIME', bigint, { expr: 'ifnull(last_offline_us, 0)', since: ['4.2.0'] }),
];

const tenantColumns = [
  ...kept,
  column('TENANT_ID', bigint),
  column('TENANT_NAME', varchar(128)),
  column('PRIMARY_ZONE', varchar(128), { nullable: true }),
  column('LOCKED', bigint),
  column('INFO', varchar(4096), { expr: 'comment' }),
  column('LOCALITY', varchar(4096)),
  column('PREVIOUS_LOCALITY', varchar(4096), { expr: "ifnull(previous_locality, '')" }),
  column('COMPATIBILITY_MODE', bigint, { expr: "CASE mode WHEN 'ORACLE' THEN 1 ELSE 0 END" }),
  column('STATUS', varchar(64)),
  column('IN_RECYCLEBIN', bigint),
];

/* One row per property, as the kernel keeps them. */
const zoneProperties = `(SELECT zone, create_us, modify_us, 'idc' AS name, 0 AS value, idc AS info FROM zone
  UNION ALL SELECT zone, create_us, modify_us, 'region', 0, region FROM zone
  UNION ALL SELECT zone, create_us, modify_us, 'status', CASE status WHEN 'ACTIVE' THEN 2 ELSE 1 END, status FROM zone
  UNION ALL SELECT zone, create_us, modify_us, 'zone_type', 0, type FROM zone)`;

const zoneColumns = [
  ...kept,
  column('ZONE', varchar(128)),
  column('NAME', varchar(128)),
  column('VALUE', bigint),
  column('INFO', varchar(4096), { nullable: true }),
];

/** Internal tables of the kernel that operators and scripts look things up in; what they tell, DBA_OB views tell too. */
export const internalViews: readonly ViewFamily[] = [
  view({
    names: { dba: '__ALL_SERVER' },
    rows: 'cluster',
    about: 'Internal table behind DBA_OB_SERVERS, in part.',
    from: 'server',
    columns: serverColumns,
  }),
  view({
    names: { dba: '__ALL_TENANT' },
    rows: 'cluster',
    about: 'Internal table behind DBA_OB_TENANTS, in part.',
    from: 'tenant',
    columns: tenantColumns,
  }),
  view({
    names: { dba: '__ALL_ZONE' },
    rows: 'cluster',
    about: 'Internal table behind DBA_OB_ZONES, in part.',
    from: zoneProperties,
    columns: zoneColumns,
  }),
];
