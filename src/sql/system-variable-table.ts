import type { Release } from '../base/release.ts';

/** What the server knows of itself and variables show. */
export interface ServerFacts {
  readonly release: Release;
  readonly hostname: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly oracle: boolean;
}

/** `both`: a global value that each new session copies. */
export type VariableScope = 'session' | 'global' | 'both';

export type VariableType =
  /** Stored `ON` or `OFF`, read as 1 or 0. */
  | { readonly kind: 'bool' }
  | { readonly kind: 'int'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'double'; readonly min: number; readonly max: number }
  /** One of the values, stored as spelled here; a number picks by place. */
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'string'; readonly nullable: boolean }
  | { readonly kind: 'sqlMode' | 'timeZone' | 'charset' | 'nullableCharset' | 'collation' };

export interface VariableDefinition {
  /** Lower case. */
  readonly name: string;
  readonly scope: VariableScope;
  readonly readOnly: boolean;
  readonly type: VariableType;
  /** As SHOW VARIABLES prints it; null is NULL. */
  readonly default: string | null | ((facts: ServerFacts) => string);
  /** The variable this is only another name of. */
  readonly aliasOf: string | null;
}

type Default = VariableDefinition['default'];

const bigMax = 18446744073709551615n;
const longMax = 9223372036854775807n;
const intMax = 4294967295n;

function row(
  name: string,
  scope: VariableScope,
  type: VariableType,
  value: Default,
  readOnly = false,
): VariableDefinition {
  return Object.freeze({ name, scope, readOnly, type: Object.freeze(type), default: value, aliasOf: null });
}
const bool = (name: string, scope: VariableScope, value: 'ON' | 'OFF') => row(name, scope, { kind: 'bool' }, value);
const int = (name: string, scope: VariableScope, value: bigint | number, min: bigint | number, max: bigint | number) =>
  row(name, scope, { kind: 'int', min: BigInt(min), max: BigInt(max) }, String(value));
const double = (name: string, scope: VariableScope, value: string, min: number, max: number) =>
  row(name, scope, { kind: 'double', min, max }, value);
const choice = (name: string, scope: VariableScope, value: string, ...values: string[]) =>
  row(name, scope, { kind: 'enum', values: Object.freeze(values) }, value);
const text = (name: string, scope: VariableScope, value: Default) =>
  row(name, scope, { kind: 'string', nullable: value === null }, value);
/** Fixed by the server; its type follows from how it prints. */
function fixed(name: string, value: Default, kind: 'string' | 'bool' | 'int' = 'string'): VariableDefinition {
  const type: VariableType =
    kind === 'bool'
      ? { kind }
      : kind === 'int'
        ? { kind, min: -longMax, max: bigMax }
        : { kind, nullable: value === null };
  return row(name, 'global', type, value, true);
}
const alias = (name: string, of: VariableDefinition) => Object.freeze({ ...of, name, aliasOf: of.name });

const isolation = choice(
  'tx_isolation',
  'both',
  'READ-COMMITTED',
  'READ-UNCOMMITTED',
  'READ-COMMITTED',
  'REPEATABLE-READ',
  'SERIALIZABLE',
);
const readOnlyTransactions = bool('tx_read_only', 'both', 'OFF');

const fullVersion = ({ release }: ServerFacts) => release.numbers.join('.');

/** The build the emulated release claims to be; fixed, so that two servers of one version read alike. */
const built = 'r100000000-obvault) (Built Nov  1 2026 00:00:00';

const identity: readonly VariableDefinition[] = [
  fixed('version', (facts) => `5.7.25-OceanBase-v${fullVersion(facts)}`),
  fixed('version_comment', (facts) => `OceanBase ${fullVersion(facts)} (${built})`),
  fixed('version_compile_machine', process.arch === 'arm64' ? 'aarch64' : 'x86_64'),
  fixed('version_compile_os', 'Linux'),
  fixed('license', ''),
  fixed('hostname', (facts) => facts.hostname),
  fixed('port', (facts) => String(facts.port), 'int'),
  fixed('datadir', (facts) => facts.dataDirectory),
  fixed('basedir', '/'),
  fixed('tmpdir', '/tmp'),
  fixed('socket', ''),
  fixed('pid_file', ''),
  fixed('plugin_dir', ''),
  fixed('character_sets_dir', ''),
  fixed('bind_address', '*'),
  fixed('protocol_version', '10', 'int'),
  fixed('server_uuid', ''),
  fixed('system_time_zone', 'CST'),
  fixed('lower_case_table_names', (facts) => (facts.oracle ? '0' : '1'), 'int'),
  fixed('lower_case_file_system', 'OFF', 'bool'),
  row(
    'ob_compatibility_mode',
    'both',
    { kind: 'enum', values: ['MYSQL', 'ORACLE'] },
    ({ oracle }) => (oracle ? 'ORACLE' : 'MYSQL'),
    true,
  ),
  fixed('have_compress', 'NO'),
  fixed('have_crypt', 'NO'),
  fixed('have_dynamic_loading', 'NO'),
  fixed('have_geometry', 'NO'),
  fixed('have_openssl', 'YES'),
  fixed('have_profiling', 'NO'),
  fixed('have_query_cache', 'NO'),
  fixed('have_rtree_keys', 'NO'),
  fixed('have_ssl', 'YES'),
  fixed('have_statement_timeout', 'YES'),
  fixed('have_symlink', 'NO'),
  fixed('log_bin', 'OFF', 'bool'),
  fixed('log_bin_basename', ''),
  fixed('log_bin_index', ''),
  fixed('log_error', ''),
  fixed('log_slave_updates', 'OFF', 'bool'),
  fixed('large_files_support', 'ON', 'bool'),
  fixed('large_pages', 'OFF', 'bool'),
  fixed('locked_in_memory', 'OFF', 'bool'),
  fixed('old', 'OFF', 'bool'),
  fixed('performance_schema', 'OFF', 'bool'),
  fixed('secure_file_priv', null),
  fixed('skip_external_locking', 'ON', 'bool'),
  fixed('skip_name_resolve', 'ON', 'bool'),
  fixed('skip_networking', 'OFF', 'bool'),
  fixed('skip_show_database', 'OFF', 'bool'),
  fixed('ssl_ca', ''),
  fixed('ssl_capath', ''),
  fixed('ssl_cert', ''),
  fixed('ssl_cipher', ''),
  fixed('ssl_crl', ''),
  fixed('ssl_crlpath', ''),
  fixed('ssl_key', ''),
  fixed('tls_version', 'TLSv1.2,TLSv1.3'),
  fixed('thread_handling', 'one-thread-per-connection'),
  fixed('thread_stack', '262144', 'int'),
  fixed('back_log', '128', 'int'),
  fixed('open_files_limit', '65535', 'int'),
  fixed('disabled_storage_engines', ''),
  fixed('ft_max_word_len', '84', 'int'),
  fixed('ft_min_word_len', '4', 'int'),
  fixed('ft_query_expansion_limit', '20', 'int'),
  fixed('ft_stopword_file', '(built-in)'),
  fixed('gtid_executed', ''),
  fixed('gtid_owned', ''),
  fixed('default_authentication_plugin', 'mysql_native_password'),
  fixed('date_format', '%Y-%m-%d'),
  fixed('datetime_format', '%Y-%m-%d %H:%i:%s'),
  fixed('time_format', '%H:%i:%s'),
  fixed('ignore_builtin_innodb', 'OFF', 'bool'),
  fixed('innodb_version', '5.7.25'),
  fixed('innodb_read_only', 'OFF', 'bool'),
  fixed('innodb_page_size', '16384', 'int'),
  fixed('innodb_autoinc_lock_mode', '1', 'int'),
  fixed('innodb_log_file_size', '50331648', 'int'),
  fixed('innodb_log_files_in_group', '2', 'int'),
  fixed('innodb_data_home_dir', ''),
  fixed('innodb_flush_method', ''),
  fixed('innodb_force_recovery', '0', 'int'),
];

const charsets: readonly VariableDefinition[] = [
  row('character_set_client', 'both', { kind: 'charset' }, 'utf8mb4'),
  row('character_set_connection', 'both', { kind: 'charset' }, 'utf8mb4'),
  row('character_set_results', 'both', { kind: 'nullableCharset' }, 'utf8mb4'),
  row('character_set_database', 'both', { kind: 'charset' }, 'utf8mb4'),
  row('character_set_server', 'both', { kind: 'charset' }, 'utf8mb4'),
  row('character_set_filesystem', 'both', { kind: 'charset' }, 'binary'),
  fixed('character_set_system', 'utf8'),
  row('collation_connection', 'both', { kind: 'collation' }, 'utf8mb4_general_ci'),
  row('collation_database', 'both', { kind: 'collation' }, 'utf8mb4_general_ci'),
  row('collation_server', 'both', { kind: 'collation' }, 'utf8mb4_general_ci'),
];

const sessionOnly: readonly VariableDefinition[] = [
  int('last_insert_id', 'session', 0, 0, bigMax),
  int('identity', 'session', 0, 0, bigMax),
  int('insert_id', 'session', 0, 0, bigMax),
  double('timestamp', 'session', '0', 0, 2147483647),
  int('rand_seed1', 'session', 0, 0, intMax),
  int('rand_seed2', 'session', 0, 0, intMax),
  int('pseudo_thread_id', 'session', 0, 0, bigMax),
  bool('pseudo_slave_mode', 'session', 'OFF'),
  bool('sql_log_bin', 'session', 'ON'),
  text('gtid_next', 'session', 'AUTOMATIC'),
  text('debug_sync', 'session', ''),
  text('tracefile_identifier', 'session', ''),
  text('ob_trace_info', 'session', ''),
  int('ob_capability_flag', 'session', 0, 0, longMax),
  int('ob_last_schema_version', 'session', 0, 0, longMax),
  bool('is_result_accurate', 'session', 'ON'),
  text('ob_proxy_user_privilege', 'session', '0'),
  bool('ob_proxy_set_trx_executed', 'session', 'OFF'),
  bool('ob_proxy_partition_hit', 'session', 'ON'),
  int('ob_org_cluster_id', 'session', 0, 0, intMax),
  bool('transaction_allow_batching', 'session', 'OFF'),
  ...(['error_count', 'warning_count'] as const).map((name) =>
    row(name, 'session', { kind: 'int', min: 0n, max: intMax }, '0', true),
  ),
  ...(['external_user', 'proxy_user'] as const).map((name) =>
    row(name, 'session', { kind: 'string', nullable: true }, null, true),
  ),
  row('ob_statement_trace_id', 'session', { kind: 'string', nullable: false }, '', true),
];

/** What MySQL's statements run by; which of them are followed here says `variable-effects.ts`. */
const ofStatements: readonly VariableDefinition[] = [
  bool('autocommit', 'both', 'ON'),
  row('sql_mode', 'both', { kind: 'sqlMode' }, 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE'),
  row('time_zone', 'both', { kind: 'timeZone' }, '+08:00'),
  isolation,
  alias('transaction_isolation', isolation),
  readOnlyTransactions,
  alias('transaction_read_only', readOnlyTransactions),
  int('auto_increment_increment', 'both', 1, 1, 65535),
  int('auto_increment_offset', 'both', 1, 1, 65535),
  bool('foreign_key_checks', 'both', 'ON'),
  bool('unique_checks', 'both', 'ON'),
  int('group_concat_max_len', 'both', 1024, 4, bigMax),
  int('div_precision_increment', 'both', 4, 0, 30),
  int('default_week_format', 'both', 0, 0, 7),
  text('lc_time_names', 'both', 'en_US'),
  text('lc_messages', 'both', 'en_US'),
  int('sql_select_limit', 'both', longMax, 0, bigMax),
  bool('sql_safe_updates', 'both', 'OFF'),
  bool('sql_auto_is_null', 'both', 'OFF'),
  bool('sql_notes', 'both', 'ON'),
  bool('sql_warnings', 'both', 'OFF'),
  bool('sql_quote_show_create', 'both', 'ON'),
  bool('sql_big_selects', 'both', 'ON'),
  bool('sql_buffer_result', 'both', 'OFF'),
  bool('sql_log_off', 'both', 'OFF'),
  bool('explicit_defaults_for_timestamp', 'both', 'ON'),
  int('max_allowed_packet', 'both', 16777216, 1024, 1073741824),
  int('max_execution_time', 'both', 0, 0, intMax),
  int('max_error_count', 'both', 64, 0, 65535),
  int('max_sp_recursion_depth', 'both', 0, 0, 255),
  int('cte_max_recursion_depth', 'both', 1000, 0, intMax),
  int('wait_timeout', 'both', 28800, 1, 31536000),
  int('interactive_timeout', 'both', 28800, 1, 31536000),
  int('net_read_timeout', 'both', 30, 1, 31536000),
  int('net_write_timeout', 'both', 60, 1, 31536000),
  int('net_retry_count', 'both', 10, 1, bigMax),
  int('net_buffer_length', 'both', 16384, 1024, 1048576),
  int('lock_wait_timeout', 'both', 31536000, 1, 31536000),
  int('innodb_lock_wait_timeout', 'both', 50, 1, 1073741824),
  int('connect_timeout', 'global', 10, 2, 31536000),
  int('max_connections', 'global', intMax, 1, intMax),
  int('max_user_connections', 'both', 0, 0, intMax),
  int('max_connect_errors', 'global', 100, 1, bigMax),
  int('max_prepared_stmt_count', 'global', 16382, 0, 1048576),
  text('init_connect', 'global', ''),
  bool('read_only', 'global', 'OFF'),
  bool('super_read_only', 'global', 'OFF'),
  bool('offline_mode', 'global', 'OFF'),
  bool('require_secure_transport', 'global', 'OFF'),
  bool('local_infile', 'global', 'ON'),
  bool('recyclebin', 'both', 'OFF'),
  double('long_query_time', 'both', '10', 0, 31536000),
  choice('block_encryption_mode', 'both', 'aes-128-ecb', ...blockModes()),
  int('regexp_stack_limit', 'both', 8000000, 0, 2147483647),
  int('regexp_time_limit', 'both', 32, 0, 2147483647),
];

function blockModes(): string[] {
  return ['aes-128', 'aes-192', 'aes-256'].flatMap((key) =>
    ['ecb', 'cbc', 'cfb1', 'cfb8', 'cfb128', 'ofb'].map((mode) => `${key}-${mode}`),
  );
}

const oceanbase: readonly VariableDefinition[] = [
  int('ob_query_timeout', 'both', 10000000, 0, 3216672000000000),
  int('ob_trx_timeout', 'both', 86400000000, 0, 3216672000000000),
  int('ob_trx_idle_timeout', 'both', 86400000000, 0, 3216672000000000),
  int('ob_trx_lock_timeout', 'both', -1, -1, longMax),
  int('ob_pl_block_timeout', 'both', 3216672000000000, 0, 3216672000000000),
  choice('ob_read_consistency', 'both', 'STRONG', '', 'FROZEN', 'WEAK', 'STRONG'),
  text('ob_tcp_invited_nodes', 'global', '127.0.0.1,::1'),
  text('ob_log_level', 'both', 'disabled'),
  bool('ob_enable_transformation', 'both', 'ON'),
  bool('ob_enable_plan_cache', 'both', 'ON'),
  bool('ob_enable_index_direct_select', 'both', 'OFF'),
  bool('ob_enable_aggregation_pushdown', 'both', 'ON'),
  bool('ob_enable_transmission_checksum', 'both', 'ON'),
  bool('ob_enable_jit', 'both', 'OFF'),
  bool('ob_enable_show_trace', 'both', 'OFF'),
  bool('ob_enable_truncate_flashback', 'both', 'OFF'),
  bool('ob_enable_rich_error_msg', 'both', 'OFF'),
  bool('ob_enable_sql_audit', 'global', 'ON'),
  bool('ob_safe_weak_read_snapshot', 'both', 'ON'),
  bool('ob_check_sys_variable', 'both', 'ON'),
  bool('ob_early_lock_release', 'global', 'OFF'),
  int('ob_interm_result_mem_limit', 'both', 2147483648, 0, longMax),
  int('ob_bnl_join_cache_size', 'both', 10485760, 1, longMax),
  int('ob_plan_cache_percentage', 'global', 5, 0, 100),
  int('ob_plan_cache_evict_high_percentage', 'global', 90, 0, 100),
  int('ob_plan_cache_evict_low_percentage', 'global', 50, 0, 100),
  int('ob_sql_work_area_percentage', 'global', 5, 0, 100),
  int('ob_sql_audit_percentage', 'global', 3, 0, 80),
  int('ob_reserved_meta_memory_percentage', 'global', 10, 1, 100),
  int('ob_max_parallel_degree', 'both', 16, 0, longMax),
  int('ob_proxy_global_variables_version', 'global', 0, 0, longMax),
  text('ob_global_debug_sync', 'global', ''),
  choice(
    'ob_route_policy',
    'both',
    'READONLY_ZONE_FIRST',
    '',
    'READONLY_ZONE_FIRST',
    'ONLY_READONLY_ZONE',
    'UNMERGE_ZONE_FIRST',
    'UNMERGE_FOLLOWER_FIRST',
    'COLUMN_STORE_ONLY',
  ),
  int('ob_default_lob_inrow_threshold', 'both', 4096, 0, 786432),
  int('ob_temp_tablespace_size_percentage', 'global', 0, 0, longMax),
  bool('error_on_overlap_time', 'both', 'OFF'),
  bool('log_row_value_options', 'both', 'OFF'),
  int('parallel_servers_target', 'global', 0, 0, longMax),
  int('parallel_max_servers', 'global', 0, 0, 1800),
  choice('parallel_degree_policy', 'both', 'MANUAL', 'MANUAL', 'AUTO'),
  int('parallel_degree_limit', 'both', 0, 0, longMax),
  int('parallel_min_scan_time_threshold', 'both', 1000, 10, longMax),
  int('optimizer_dynamic_sampling', 'both', 1, 0, 1),
  bool('optimizer_use_sql_plan_baselines', 'both', 'OFF'),
  bool('optimizer_capture_sql_plan_baselines', 'both', 'OFF'),
  text('runtime_filter_type', 'both', 'BLOOM_FILTER,RANGE,IN'),
  int('runtime_filter_wait_time_ms', 'both', 10, 0, 9223372036854775n),
  int('runtime_filter_max_in_num', 'both', 1024, 0, 10240),
  int('runtime_bloom_filter_max_size', 'both', 2147483648, 0, longMax),
  text('resource_manager_plan', 'global', ''),
  bool('secure_auth', 'global', 'ON'),
  int('default_password_lifetime', 'global', 0, 0, 65535),
  choice('validate_password_check_user_name', 'global', 'off', 'on', 'off'),
  int('validate_password_length', 'global', 0, 0, 2147483647),
  int('validate_password_mixed_case_count', 'global', 0, 0, 2147483647),
  int('validate_password_number_count', 'global', 0, 0, 2147483647),
  int('validate_password_special_char_count', 'global', 0, 0, 2147483647),
  choice('validate_password_policy', 'global', 'low', 'low', 'medium'),
  int('connection_control_failed_connections_threshold', 'global', 0, 0, 2147483647),
  int('connection_control_min_connection_delay', 'global', 1000, 1000, 2147483647),
  int('connection_control_max_connection_delay', 'global', 2147483647, 1000, 2147483647),
  text('nls_date_format', 'both', 'DD-MON-RR'),
  text('nls_timestamp_format', 'both', 'DD-MON-RR HH.MI.SSXFF AM'),
  text('nls_timestamp_tz_format', 'both', 'DD-MON-RR HH.MI.SSXFF AM TZR'),
  text('nls_date_language', 'both', 'AMERICAN'),
  text('nls_language', 'both', 'AMERICAN'),
  text('nls_territory', 'both', 'AMERICA'),
  text('nls_calendar', 'both', 'GREGORIAN'),
  text('nls_numeric_characters', 'both', '.,'),
  text('nls_currency', 'both', '$'),
  text('nls_iso_currency', 'both', 'AMERICA'),
  text('nls_dual_currency', 'both', '$'),
  choice('nls_length_semantics', 'both', 'BYTE', 'BYTE', 'CHAR'),
  choice('nls_nchar_conv_excp', 'both', 'FALSE', 'FALSE', 'TRUE'),
  choice('nls_sort', 'both', 'BINARY', 'BINARY'),
  choice('nls_comp', 'both', 'BINARY', 'BINARY', 'LINGUISTIC', 'ANSI'),
  fixed('nls_characterset', 'AL32UTF8'),
  fixed('nls_nchar_characterset', 'AL16UTF16'),
  int('plsql_optimize_level', 'both', 2, 0, 3),
  text('plsql_ccflags', 'both', ''),
  text('plsql_warnings', 'both', 'ENABLE:ALL'),
];

/** MySQL's own switches that clients and dump programs read or set; they have nothing to act upon here, and SET says so. */
const compatible: readonly VariableDefinition[] = [
  bool('automatic_sp_privileges', 'global', 'ON'),
  bool('avoid_temporal_upgrade', 'global', 'OFF'),
  bool('big_tables', 'both', 'OFF'),
  choice('binlog_checksum', 'global', 'CRC32', 'NONE', 'CRC32'),
  choice('binlog_format', 'both', 'ROW', 'MIXED', 'STATEMENT', 'ROW'),
  choice('binlog_row_image', 'both', 'FULL', 'MINIMAL', 'NOBLOB', 'FULL'),
  bool('binlog_rows_query_log_events', 'both', 'OFF'),
  bool('binlog_direct_non_transactional_updates', 'both', 'OFF'),
  int('binlog_cache_size', 'global', 32768, 4096, bigMax),
  int('bulk_insert_buffer_size', 'both', 8388608, 0, bigMax),
  choice('completion_type', 'both', 'NO_CHAIN', 'NO_CHAIN', 'CHAIN', 'RELEASE'),
  choice('concurrent_insert', 'global', 'AUTO', 'NEVER', 'AUTO', 'ALWAYS'),
  text('default_storage_engine', 'both', 'OceanBase'),
  text('default_tmp_storage_engine', 'both', 'OceanBase'),
  text('storage_engine', 'both', 'OceanBase'),
  choice('delay_key_write', 'global', 'ON', 'OFF', 'ON', 'ALL'),
  bool('end_markers_in_json', 'both', 'OFF'),
  choice('enforce_gtid_consistency', 'global', 'OFF', 'OFF', 'ON', 'WARN'),
  int('eq_range_index_dive_limit', 'both', 200, 0, intMax),
  choice('event_scheduler', 'global', 'OFF', 'OFF', 'ON', 'DISABLED'),
  int('expire_logs_days', 'global', 0, 0, 99),
  bool('flush', 'global', 'OFF'),
  int('flush_time', 'global', 0, 0, 31536000),
  text('ft_boolean_syntax', 'global', '+ -><()~*:""&|'),
  bool('general_log', 'global', 'OFF'),
  text('general_log_file', 'global', ''),
  choice('gtid_mode', 'global', 'OFF', 'OFF', 'OFF_PERMISSIVE', 'ON_PERMISSIVE', 'ON'),
  text('gtid_purged', 'global', ''),
  int('host_cache_size', 'global', 0, 0, 65536),
  int('innodb_buffer_pool_size', 'global', 134217728, 5242880, bigMax),
  bool('innodb_file_per_table', 'global', 'ON'),
  text('innodb_file_format', 'global', 'Barracuda'),
  bool('innodb_large_prefix', 'global', 'ON'),
  int('innodb_flush_log_at_trx_commit', 'global', 1, 0, 2),
  int('innodb_io_capacity', 'global', 200, 100, bigMax),
  bool('innodb_stats_on_metadata', 'global', 'OFF'),
  bool('innodb_stats_persistent', 'global', 'ON'),
  bool('innodb_strict_mode', 'both', 'ON'),
  bool('innodb_support_xa', 'both', 'ON'),
  bool('innodb_table_locks', 'both', 'ON'),
  bool('innodb_rollback_on_timeout', 'global', 'OFF'),
  int('innodb_ft_min_token_size', 'global', 3, 0, 16),
  int('join_buffer_size', 'both', 262144, 128, bigMax),
  bool('keep_files_on_create', 'both', 'OFF'),
  int('key_buffer_size', 'global', 8388608, 0, bigMax),
  bool('log_bin_trust_function_creators', 'global', 'OFF'),
  text('log_output', 'global', 'FILE'),
  bool('log_queries_not_using_indexes', 'global', 'OFF'),
  choice('log_timestamps', 'global', 'UTC', 'UTC', 'SYSTEM'),
  int('log_warnings', 'global', 2, 0, bigMax),
  bool('low_priority_updates', 'both', 'OFF'),
  int('max_binlog_size', 'global', 1073741824, 4096, 1073741824),
  int('max_heap_table_size', 'both', 16777216, 16384, bigMax),
  int('max_join_size', 'both', bigMax, 1, bigMax),
  int('max_length_for_sort_data', 'both', 1024, 4, 8388608),
  int('max_points_in_geometry', 'both', 65536, 3, 1048576),
  int('max_seeks_for_key', 'both', bigMax, 1, bigMax),
  int('max_sort_length', 'both', 1024, 4, 8388608),
  int('max_tmp_tables', 'both', 32, 1, bigMax),
  int('max_write_lock_count', 'global', bigMax, 1, bigMax),
  int('min_examined_row_limit', 'both', 0, 0, bigMax),
  int('myisam_sort_buffer_size', 'both', 8388608, 4096, bigMax),
  bool('new', 'both', 'OFF'),
  int('ngram_token_size', 'global', 2, 1, 10),
  bool('old_alter_table', 'both', 'OFF'),
  int('old_passwords', 'both', 0, 0, 2),
  int('optimizer_prune_level', 'both', 1, 0, 1),
  int('optimizer_search_depth', 'both', 62, 0, 62),
  text(
    'optimizer_switch',
    'both',
    'index_merge=on,index_merge_union=on,index_merge_sort_union=on,index_merge_intersection=on',
  ),
  text('optimizer_trace', 'both', 'enabled=off,one_line=off'),
  int('preload_buffer_size', 'both', 32768, 1024, 1073741824),
  bool('profiling', 'both', 'OFF'),
  int('profiling_history_size', 'both', 15, 0, 100),
  int('query_alloc_block_size', 'both', 8192, 1024, intMax),
  int('query_prealloc_size', 'both', 8192, 8192, bigMax),
  int('query_cache_limit', 'global', 1048576, 0, bigMax),
  int('query_cache_min_res_unit', 'global', 4096, 0, bigMax),
  int('query_cache_size', 'global', 0, 0, bigMax),
  choice('query_cache_type', 'both', 'OFF', 'OFF', 'ON', 'DEMAND'),
  bool('query_cache_wlock_invalidate', 'both', 'OFF'),
  int('range_alloc_block_size', 'both', 4096, 4096, intMax),
  int('range_optimizer_max_mem_size', 'both', 8388608, 0, bigMax),
  int('read_buffer_size', 'both', 131072, 8192, 2147479552),
  int('read_rnd_buffer_size', 'both', 262144, 1, 2147483647),
  int('server_id', 'global', 1, 0, intMax),
  choice('session_track_gtids', 'both', 'OFF', 'OFF', 'OWN_GTID', 'ALL_GTIDS'),
  bool('session_track_schema', 'both', 'ON'),
  bool('session_track_state_change', 'both', 'OFF'),
  text(
    'session_track_system_variables',
    'both',
    'time_zone,autocommit,character_set_client,character_set_results,character_set_connection',
  ),
  choice('session_track_transaction_info', 'both', 'OFF', 'OFF', 'STATE', 'CHARACTERISTICS'),
  bool('show_compatibility_56', 'global', 'OFF'),
  bool('show_old_temporals', 'both', 'OFF'),
  bool('slave_compressed_protocol', 'global', 'OFF'),
  int('slave_net_timeout', 'global', 60, 1, 31536000),
  int('slow_launch_time', 'global', 2, 0, 31536000),
  bool('slow_query_log', 'global', 'OFF'),
  text('slow_query_log_file', 'global', ''),
  int('sort_buffer_size', 'both', 262144, 32768, bigMax),
  bool('sql_big_result', 'both', 'OFF'),
  int('stored_program_cache', 'global', 256, 16, 524288),
  int('sync_binlog', 'global', 1, 0, intMax),
  bool('sync_frm', 'global', 'ON'),
  int('table_definition_cache', 'global', 1400, 400, 524288),
  int('table_open_cache', 'global', 2000, 1, 524288),
  int('thread_cache_size', 'global', 9, 0, 16384),
  int('tmp_table_size', 'both', 16777216, 1024, bigMax),
  int('transaction_alloc_block_size', 'both', 8192, 1024, 131072),
  int('transaction_prealloc_size', 'both', 4096, 1024, 131072),
  choice('transaction_write_set_extraction', 'both', 'OFF', 'OFF', 'MURMUR32', 'XXHASH64'),
  choice('updatable_views_with_limit', 'both', 'YES', 'NO', 'YES'),
  choice('use_secondary_engine', 'session', 'ON', 'OFF', 'ON', 'FORCED'),
];

function byName(rows: readonly VariableDefinition[]): ReadonlyMap<string, VariableDefinition> {
  const map = new Map<string, VariableDefinition>();
  for (const definition of rows.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (map.has(definition.name)) throw new Error(`system variable ${definition.name} stands twice`);
    map.set(definition.name, Object.freeze(definition));
  }
  return map;
}

/** Every system variable, in alphabetical order. */
export const systemVariables: ReadonlyMap<string, VariableDefinition> = byName([
  ...identity,
  ...charsets,
  ...sessionOnly,
  ...ofStatements,
  ...oceanbase,
  ...compatible,
]);
