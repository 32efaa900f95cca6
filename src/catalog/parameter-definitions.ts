import type { Release } from '../base/release.ts';
import { atLeast } from '../base/release.ts';
import type { ParameterRange, ParameterType } from './parameter-values.ts';

export interface ParameterDefinition {
  readonly name: string;
  readonly type: ParameterType;
  readonly defaultValue: string;
  readonly range: ParameterRange;
  readonly scope: 'CLUSTER' | 'TENANT';
  readonly section: string;
  readonly editLevel: 'DYNAMIC_EFFECTIVE' | 'STATIC_EFFECTIVE' | 'READONLY';
  /** Names with a leading underscore never show. */
  readonly hidden: boolean;
  readonly info: string;
}

/** One row of the table: release-dependent parts come as functions of the release. */
interface Entry {
  readonly type: ParameterType;
  readonly default: string | ((release: Release) => string);
  readonly range?: ParameterRange | ((release: Release) => ParameterRange);
  readonly scope: 'cluster' | 'tenant' | ((release: Release) => 'cluster' | 'tenant');
  readonly section: string;
  readonly edit?: 'static' | 'readonly';
  readonly since?: string;
  readonly info: string;
}

const percent: ParameterRange = { min: '0', max: '100' };
const before42 = (release: Release) => !atLeast(release, '4.2.0');
const from43 = (release: Release) => (atLeast(release, '4.3.0') ? 'tenant' : 'cluster');

/* Parameters of the backup chapters are complete; of the others those that scripts and clients ask for. */
const entries: Readonly<Record<string, Entry>> = {
  archive_lag_target: {
    type: 'TIME',
    default: '120s',
    range: { min: '0ms', max: '7200s' },
    scope: 'tenant',
    section: 'LOG_ARCHIVE',
    since: '4.2.0',
    info: 'goal for the time by which the archive may lag behind the log',
  },
  log_archive_concurrency: {
    type: 'INT',
    default: (r) => (before42(r) ? '1' : '0'),
    range: (r) => (before42(r) ? { min: '1', max: '100' } : percent),
    scope: 'tenant',
    section: 'LOG_ARCHIVE',
    info: 'concurrency of log archiving, 0 means derived from the CPU count',
  },
  log_restore_concurrency: {
    type: 'INT',
    default: (r) => (before42(r) ? '1' : '0'),
    range: (r) => (before42(r) ? { min: '1', max: '100' } : percent),
    scope: 'tenant',
    section: 'LOG_RESTORE',
    info: 'concurrency of log restoring, 0 means derived from the CPU count',
  },
  backup_data_file_size: {
    type: 'CAPACITY',
    default: '4G',
    range: { min: '512M', max: '4G' },
    scope: from43,
    section: 'OBSERVER',
    info: 'size at which a data file of a backup set is closed',
  },
  ha_low_thread_score: {
    type: 'INT',
    default: '0',
    range: percent,
    scope: 'tenant',
    section: 'OBSERVER',
    info: 'threads of backup and clean-up, 0 means the built-in default',
  },
  ha_mid_thread_score: {
    type: 'INT',
    default: '0',
    range: percent,
    scope: 'tenant',
    section: 'OBSERVER',
    info: 'threads of migration and rebuild, 0 means the built-in default',
  },
  ha_high_thread_score: {
    type: 'INT',
    default: '0',
    range: percent,
    scope: 'tenant',
    section: 'OBSERVER',
    info: 'threads of restore, 0 means the built-in default',
  },
  recover_table_concurrency: {
    type: 'INT',
    default: '0',
    range: { min: '0', max: '2147483647', maxOpen: true },
    scope: 'tenant',
    section: 'OBSERVER',
    since: '4.2.5',
    info: 'tables imported at the same time by a table recovery',
  },
  ob_storage_s3_url_encode_type: {
    type: 'STRING',
    default: 'default',
    range: { words: ['default', 'compliantRfc3986Encoding'] },
    scope: 'cluster',
    section: 'OBSERVER',
    since: '4.2.5',
    info: 'how object names are encoded in requests to S3',
  },
  external_kms_info: {
    type: 'STRING',
    default: '',
    scope: 'tenant',
    section: 'OBSERVER',
    info: 'access to an external key management service',
  },
  tde_method: {
    type: 'STRING',
    default: 'none',
    range: { words: ['none', 'internal', 'bkmi', 'aws', 'external'] },
    scope: 'tenant',
    section: 'OBSERVER',
    info: 'where the master key of transparent encryption comes from',
  },
  standby_db_fetch_log_rpc_timeout: {
    type: 'TIME',
    default: '15s',
    range: { min: '2s' },
    scope: 'tenant',
    section: 'OBSERVER',
    since: '4.2.0',
    info: 'time after which a standby tenant gives up a request for logs',
  },
  standby_db_preferred_upstream_log_region: {
    type: 'STRING',
    default: '',
    scope: 'tenant',
    section: 'OBSERVER',
    since: '4.2.0',
    info: 'region from which a standby tenant prefers to fetch logs',
  },
  standby_fetch_log_bandwidth_limit: {
    type: 'CAPACITY',
    default: '0MB',
    range: { min: '0M', max: '10000G' },
    scope: 'cluster',
    section: 'LOGSERVICE',
    since: '4.2.0',
    info: 'bytes per second a cluster fetches from its log sources, 0 means no limit',
  },
  recyclebin_object_expire_time: {
    type: 'TIME',
    default: '0s',
    range: { min: '0s' },
    scope: 'cluster',
    section: 'ROOT_SERVICE',
    info: 'age at which objects leave the recycle bin for good, 0s means never',
  },
  compatible: {
    type: 'VERSION',
    default: (r) => `${r.numbers.join('.')}`,
    scope: 'tenant',
    section: 'OBSERVER',
    edit: 'readonly',
    info: 'data version of the tenant',
  },
  min_observer_version: {
    type: 'VERSION',
    default: (r) => `${r.numbers.join('.')}`,
    scope: 'cluster',
    section: 'OBSERVER',
    edit: 'readonly',
    info: 'lowest release among the servers',
  },
  __min_full_resource_pool_memory: {
    type: 'INT',
    default: '5368709120',
    range: { min: '1073741824' },
    scope: 'cluster',
    section: 'ROOT_SERVICE',
    info: 'smallest memory of a unit a resource pool may use',
  },
  _backup_idle_time: {
    type: 'TIME',
    default: '5m',
    range: { min: '10s' },
    scope: 'cluster',
    section: 'ROOT_SERVICE',
    info: 'pause of the backup scheduler',
  },
  _backup_task_keep_alive_interval: {
    type: 'TIME',
    default: '10s',
    range: { min: '1s' },
    scope: from43,
    section: 'ROOT_SERVICE',
    info: 'how often running backup tasks are asked for a sign of life',
  },
  _backup_task_keep_alive_timeout: {
    type: 'TIME',
    default: '10m',
    range: { min: '1s' },
    scope: from43,
    section: 'ROOT_SERVICE',
    info: 'time without a sign of life after which a backup task counts as lost',
  },
  _restore_idle_time: {
    type: 'TIME',
    default: '1m',
    range: { min: '10s' },
    scope: 'cluster',
    section: 'ROOT_SERVICE',
    info: 'pause of the restore scheduler',
  },
  _auto_drop_recovering_auxiliary_tenant: {
    type: 'BOOL',
    default: 'True',
    scope: 'cluster',
    section: 'ROOT_SERVICE',
    since: '4.2.0',
    info: 'whether the auxiliary tenant of a table recovery is dropped at the end',
  },
  cluster: {
    type: 'STRING',
    default: 'obcluster',
    scope: 'cluster',
    section: 'OBSERVER',
    edit: 'readonly',
    info: 'name of the cluster',
  },
  cluster_id: {
    type: 'INT',
    default: '1',
    range: { min: '1', max: '4294901759' },
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'number of the cluster',
  },
  zone: {
    type: 'STRING',
    default: 'zone1',
    scope: 'cluster',
    section: 'OBSERVER',
    edit: 'readonly',
    info: 'zone of the server',
  },
  rootservice_list: {
    type: 'STRING',
    default: '127.0.0.1:2882:2881',
    scope: 'cluster',
    section: 'LOCATION_CACHE',
    info: 'servers that may run the root service',
  },
  data_dir: {
    type: 'STRING',
    default: 'store',
    scope: 'cluster',
    section: 'SSTABLE',
    edit: 'readonly',
    info: 'directory of the data',
  },
  mysql_port: {
    type: 'INT',
    default: '2881',
    range: { min: '1024', max: '65536', minOpen: true, maxOpen: true },
    scope: 'cluster',
    section: 'OBSERVER',
    edit: 'readonly',
    info: 'port of the MySQL protocol',
  },
  rpc_port: {
    type: 'INT',
    default: '2882',
    range: { min: '1024', max: '65536', minOpen: true, maxOpen: true },
    scope: 'cluster',
    section: 'OBSERVER',
    edit: 'readonly',
    info: 'port between servers',
  },
  enable_rich_error_msg: {
    type: 'BOOL',
    default: 'False',
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'whether error texts name server and trace id',
  },
  enable_sys_table_ddl: {
    type: 'BOOL',
    default: 'False',
    scope: 'cluster',
    section: 'ROOT_SERVICE',
    info: 'whether system tables may be created',
  },
  enable_rootservice_standalone: {
    type: 'BOOL',
    default: 'False',
    scope: 'cluster',
    section: 'ROOT_SERVICE',
    info: 'whether the system tenant has the server of the root service to itself',
  },
  enable_rebalance: {
    type: 'BOOL',
    default: 'True',
    scope: 'tenant',
    section: 'LOAD_BALANCE',
    info: 'whether load is balanced',
  },
  enable_early_lock_release: {
    type: 'BOOL',
    default: 'True',
    scope: 'tenant',
    section: 'TRANS',
    info: 'whether row locks end before the log is written',
  },
  cpu_count: {
    type: 'INT',
    default: '0',
    range: { min: '0' },
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'CPUs the server counts with, 0 means those of the machine',
  },
  memory_limit: {
    type: 'CAPACITY',
    default: '0M',
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'memory of the server, 0 means derived from the machine',
  },
  memory_limit_percentage: {
    type: 'INT',
    default: '80',
    range: { min: '10', max: '95' },
    scope: 'cluster',
    section: 'OBSERVER',
    info: "share of the machine's memory the server takes",
  },
  system_memory: {
    type: 'CAPACITY',
    default: '0M',
    range: { min: '0M' },
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'memory kept for the server itself, 0 means derived',
  },
  memory_chunk_cache_size: {
    type: 'CAPACITY',
    default: '0M',
    range: { min: '0M' },
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'memory kept for reuse',
  },
  datafile_size: {
    type: 'CAPACITY',
    default: '0M',
    range: { min: '0M' },
    scope: 'cluster',
    section: 'SSTABLE',
    info: 'size of the data file, 0 means a share of the disk',
  },
  datafile_disk_percentage: {
    type: 'INT',
    default: '0',
    range: { min: '0', max: '99' },
    scope: 'cluster',
    section: 'SSTABLE',
    info: 'share of the disk the data file takes',
  },
  datafile_maxsize: {
    type: 'CAPACITY',
    default: '0M',
    range: { min: '0M' },
    scope: 'cluster',
    section: 'SSTABLE',
    info: 'size up to which the data file grows',
  },
  datafile_next: {
    type: 'CAPACITY',
    default: '0M',
    range: { min: '0M' },
    scope: 'cluster',
    section: 'SSTABLE',
    info: 'step by which the data file grows',
  },
  log_disk_size: {
    type: 'CAPACITY',
    default: '0M',
    range: { min: '0M' },
    scope: 'cluster',
    section: 'LOGSERVICE',
    info: 'size of the log disk, 0 means derived',
  },
  log_disk_percentage: {
    type: 'INT',
    default: '0',
    range: { min: '0', max: '99' },
    scope: 'cluster',
    section: 'LOGSERVICE',
    info: 'share of the disk the log takes',
  },
  log_disk_utilization_threshold: {
    type: 'INT',
    default: '80',
    range: { min: '10', max: '100' },
    scope: 'tenant',
    section: 'LOGSERVICE',
    info: 'use of the log disk at which its files are reused',
  },
  log_disk_utilization_limit_threshold: {
    type: 'INT',
    default: '95',
    range: { min: '80', max: '100' },
    scope: 'tenant',
    section: 'LOGSERVICE',
    info: 'use of the log disk at which writes stop',
  },
  freeze_trigger_percentage: {
    type: 'INT',
    default: '20',
    range: { min: '0', max: '100', minOpen: true, maxOpen: true },
    scope: 'tenant',
    section: 'TENANT',
    info: 'use of memory that triggers a freeze',
  },
  memstore_limit_percentage: {
    type: 'INT',
    default: '50',
    range: { min: '0', max: '100', minOpen: true, maxOpen: true },
    scope: 'cluster',
    section: 'TENANT',
    info: 'share of memory for changes not yet on disk',
  },
  major_freeze_duty_time: {
    type: 'STRING',
    default: '02:00',
    scope: 'tenant',
    section: 'DAILY_MERGE',
    info: 'time of the daily merge',
  },
  undo_retention: {
    type: 'INT',
    default: '1800',
    range: { min: '0', max: '4294967295' },
    scope: 'tenant',
    section: 'TENANT',
    info: 'seconds for which old versions of rows are kept',
  },
  syslog_level: {
    type: 'STRING',
    default: 'WDIAG',
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'least level that is logged',
  },
  enable_syslog_recycle: {
    type: 'BOOL',
    default: 'False',
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'whether old log files are removed',
  },
  max_syslog_file_count: {
    type: 'INT',
    default: '0',
    range: { min: '0' },
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'log files kept, 0 means all',
  },
  sys_bkgd_net_percentage: {
    type: 'INT',
    default: '60',
    range: percent,
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'share of the network background work may take',
  },
  server_permanent_offline_time: {
    type: 'TIME',
    default: '3600s',
    range: { min: '20s' },
    scope: 'cluster',
    section: 'ROOT_SERVICE',
    info: 'time after which a dead server counts as lost',
  },
  default_compress: {
    type: 'STRING',
    default: 'archive',
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'compression of new tables in Oracle mode',
  },
  default_compress_func: {
    type: 'STRING',
    default: 'zstd_1.3.8',
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'compression function of new tables',
  },
  ssl_client_authentication: {
    type: 'BOOL',
    default: 'False',
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'whether clients may use TLS',
  },
  plan_cache_evict_interval: {
    type: 'TIME',
    default: '5s',
    range: { min: '0s' },
    scope: 'cluster',
    section: 'TENANT',
    info: 'how often plans are evicted',
  },
  large_query_threshold: {
    type: 'TIME',
    default: '5s',
    range: { min: '1ms' },
    scope: 'cluster',
    section: 'TENANT',
    info: 'run time from which a query counts as large',
  },
  trace_log_slow_query_watermark: {
    type: 'TIME',
    default: '1s',
    range: { min: '1ms' },
    scope: 'cluster',
    section: 'OBSERVER',
    info: 'run time from which a query is logged as slow',
  },
  open_cursors: {
    type: 'INT',
    default: '50',
    range: { min: '0', max: '65535' },
    scope: 'tenant',
    section: 'TENANT',
    info: 'cursors a session may hold open',
  },
};

/** The parameters of a release, in name order. */
export function parameterDefinitions(release: Release): readonly ParameterDefinition[] {
  return Object.entries(entries)
    .filter(([, entry]) => entry.since === undefined || atLeast(release, entry.since))
    .map(([name, entry]) => define(name, entry, release))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function define(name: string, entry: Entry, release: Release): ParameterDefinition {
  const { type, section, info } = entry;
  const scope = typeof entry.scope === 'function' ? entry.scope(release) : entry.scope;
  return Object.freeze({
    name,
    type,
    defaultValue: typeof entry.default === 'function' ? entry.default(release) : entry.default,
    range: (typeof entry.range === 'function' ? entry.range(release) : entry.range) ?? {},
    scope: scope === 'cluster' ? 'CLUSTER' : 'TENANT',
    section,
    editLevel:
      entry.edit === 'readonly' ? 'READONLY' : entry.edit === 'static' ? 'STATIC_EFFECTIVE' : 'DYNAMIC_EFFECTIVE',
    hidden: name.startsWith('_'),
    info,
  });
}
