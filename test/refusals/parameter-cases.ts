import { denied, near, needs, noSuchTenant, type Refusal } from './refusal.ts';

const sys = 'root@sys';
const t = 'root@t';
const bob = 'bob@t';
const sysBob = 'bob@sys';
const o = 'SYS@o';

const unknown = 'System config unknown';
const invalid = 'Invalid config';
const mixed =
  'backup configuration items cannot be set together with non data backup configuration items not supported';

/** ALTER SYSTEM SET of ordinary parameters: statements.md 1.1 and 1.4. */
export const setRefusals: readonly Refusal[] = [
  [bob, "ALTER SYSTEM SET archive_lag_target = '60s'", 1227, needs('ALTER SYSTEM')],
  [bob, "alter system archive_lag_target = '60s'", 1227, needs('ALTER SYSTEM')],
  [sysBob, "ALTER SYSTEM SET backup_data_file_size = '2G'", 1227, needs('ALTER SYSTEM')],
  // The clause is looked at before the privilege.
  [bob, "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = t", 1227, denied],
  [t, "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = t", 1227, denied],
  [t, "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = all", 1227, denied],
  [t, "ALTER SYSTEM SET archive_lag_target = '60s', ha_low_thread_score = 3 TENANT = t", 1227, denied],
  [
    o,
    "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = o",
    1227,
    `ORA-00600: internal error code, arguments: -5036, ${denied}`,
  ],

  [
    sys,
    "ALTER SYSTEM SET data_backup_dest = '' SERVER = '10.0.0.9:2882' TENANT = t",
    1210,
    'Incorrect arguments to server',
  ],
  [sys, "ALTER SYSTEM SET log_archive_dest = '' ZONE = zone9 TENANT = t", 1210, 'Incorrect arguments to zone'],
  [sys, "SHOW PARAMETERS LIKE 'x' ESCAPE 'ab'", 1210, 'Incorrect arguments to ESCAPE'],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s', data_backup_dest = '' TENANT = t", 1235, mixed],
  [sys, "ALTER SYSTEM SET data_backup_dest = '' TENANT = t, archive_lag_target = '60s' TENANT = t", 1235, mixed],
  [sys, "ALTER SYSTEM SET log_archive_dest_state = 'DEFER' TENANT = t, no_such_parameter = 1", 1235, mixed],
  [t, "ALTER SYSTEM SET log_archive_dest = '', archive_lag_target = '60s'", 1235, mixed],
  [
    o,
    "ALTER SYSTEM SET log_archive_dest = '', archive_lag_target = '60s'",
    1235,
    `ORA-00600: internal error code, arguments: -4007, ${mixed}`,
  ],
  [sys, 'ALTER SYSTEM SET cluster_id = 2', 4179, 'alter the parameter cluster_id not allowed'],
  [sys, 'ALTER SYSTEM SET CLUSTER_ID = 2', 4179, 'alter the parameter cluster_id not allowed'],
  [t, 'ALTER SYSTEM SET cluster_id = 2', 4179, 'alter the parameter cluster_id not allowed'],
  [
    sys,
    "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = t, cluster_id = 2",
    4179,
    'alter the parameter cluster_id not allowed',
  ],
  [sys, "ALTER SYSTEM SET _trace_control_info = ''", 4179, 'alter the parameter _trace_control_info not allowed'],

  [sys, 'ALTER SYSTEM SET no_such_parameter = 1', 5099, unknown],
  [t, 'ALTER SYSTEM SET no_such_parameter = 1', 5099, unknown],
  [o, 'ALTER SYSTEM SET no_such_parameter = 1', 5099, `ORA-00600: internal error code, arguments: -5099, ${unknown}`],
  // The name is looked up before the tenant, and a cluster's parameter is none of a tenant's.
  [sys, 'ALTER SYSTEM SET no_such_parameter = 1 TENANT = nobody', 5099, unknown],
  [sys, "ALTER SYSTEM SET backup_data_file_size = '2G' TENANT = t", 5099, unknown],
  [sys, "ALTER SYSTEM SET backup_data_file_size = '2G' TENANT = nobody", 5099, unknown],
  [sys, "ALTER SYSTEM SET backup_data_file_size = '2G' TENANT = all", 5099, unknown],
  [t, "ALTER SYSTEM SET backup_data_file_size = '2G'", 5099, unknown],
  // Names of the 2.x and 3.x manuals.
  ...['backup_dest', 'backup_dest_option', 'backup_log_archive_option', 'backup_backup_dest', 'backup_concurrency'].map(
    (name): Refusal => [sys, `ALTER SYSTEM SET ${name} = '1'`, 5099, unknown],
  ),
  ...['backup_net_limit', 'backup_recovery_window', 'backup_region', 'backup_zone', 'restore_concurrency'].map(
    (name): Refusal => [sys, `ALTER SYSTEM SET ${name} = '1'`, 5099, unknown],
  ),

  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = nobody", 5160, noSuchTenant],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = 'nobody'", 5160, noSuchTenant],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = T", 5160, noSuchTenant],
  // A locked tenant is as good as none here.
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = shut", 5160, noSuchTenant],
  [
    sys,
    "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = seed",
    1235,
    'set parameter of tenant seed is not supported',
  ],

  // Type, unit, range, edit level.
  [sys, "ALTER SYSTEM SET archive_lag_target = 'soon' TENANT = t", 4147, invalid],
  [sys, "ALTER SYSTEM SET archive_lag_target = '5 s' TENANT = t", 4147, invalid],
  [sys, "ALTER SYSTEM SET archive_lag_target = '7201s' TENANT = t", 4147, invalid],
  [sys, "ALTER SYSTEM SET archive_lag_target = '3h' TENANT = t", 4147, invalid],
  [sys, "ALTER SYSTEM SET archive_lag_target = '-1s' TENANT = t", 4147, invalid],
  [sys, 'ALTER SYSTEM SET archive_lag_target = -1 TENANT = t', 4147, invalid],
  [sys, 'ALTER SYSTEM SET archive_lag_target = 1.5 TENANT = t', 4147, invalid],
  [sys, 'ALTER SYSTEM SET archive_lag_target = NULL TENANT = t', 4147, invalid],
  [t, "ALTER SYSTEM SET archive_lag_target = ''", 4147, invalid],
  [sys, 'ALTER SYSTEM SET log_archive_concurrency = 101 TENANT = t', 4147, invalid],
  [sys, "ALTER SYSTEM SET log_archive_concurrency = '10x' TENANT = t", 4147, invalid],
  [sys, 'ALTER SYSTEM SET log_restore_concurrency = -1 TENANT = all', 4147, invalid],
  [t, 'ALTER SYSTEM SET ha_low_thread_score = 101', 4147, invalid],
  [t, 'ALTER SYSTEM SET ha_high_thread_score = true', 4147, invalid],
  [sys, "ALTER SYSTEM SET backup_data_file_size = '4'", 4147, invalid],
  [sys, "ALTER SYSTEM SET backup_data_file_size = '511M'", 4147, invalid],
  [sys, "ALTER SYSTEM SET backup_data_file_size = '5G'", 4147, invalid],
  [sys, "ALTER SYSTEM SET backup_data_file_size = '2 G'", 4147, invalid],
  [sys, 'ALTER SYSTEM SET __min_full_resource_pool_memory = 1', 4147, invalid],
  [sys, "ALTER SYSTEM SET _backup_idle_time = '9s'", 4147, invalid],
  [sys, "ALTER SYSTEM SET _auto_drop_recovering_auxiliary_tenant = 'perhaps'", 4147, invalid],
  [sys, "ALTER SYSTEM SET standby_db_fetch_log_rpc_timeout = '1s' TENANT = t", 4147, invalid],
  [sys, "ALTER SYSTEM SET compatible = '4.3.0.0' TENANT = t", 4147, invalid],
  [t, "ALTER SYSTEM SET compatible = '4.3.0.0'", 4147, invalid],
  [t, 'ALTER SYSTEM SET archive_lag_target = @@no_such_variable', 1193, "Unknown system variable 'no_such_variable'"],

  // What would only be noted.
  [sys, "ALTER SYSTEM SET tde_method = 'bkmi' TENANT = t", 1235, "tde_method 'bkmi' is not supported"],
  [sys, "ALTER SYSTEM SET tde_method = 'internal'", 1235, 'tde_method of the sys tenant is not supported'],

  [t, `ALTER SYSTEM SET external_kms_info = '{"kms_host": "1.2.3.4"}'`, 1235, 'external_kms_info is not supported'],

  // SERVER and ZONE.
  [
    sys,
    "ALTER SYSTEM SET backup_data_file_size = '2G' SERVER = '10.9.8.7:2882'",
    1210,
    'Incorrect arguments to server',
  ],
  [sys, "ALTER SYSTEM SET backup_data_file_size = '2G' SERVER '127.0.0.1'", 1210, 'Incorrect arguments to server'],
  [
    sys,
    "ALTER SYSTEM SET archive_lag_target = '60s' SERVER = 'nowhere' TENANT = t",
    1210,
    'Incorrect arguments to server',
  ],
  [sys, "ALTER SYSTEM SET backup_data_file_size = '2G' HOST '10.9.8.7:2882'", 1210, 'Incorrect arguments to server'],
  [sys, "ALTER SYSTEM SET backup_data_file_size = '2G' ZONE = z9", 1210, 'Incorrect arguments to zone'],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' ZONE 'z9' TENANT = t", 1210, 'Incorrect arguments to zone'],
  // The value comes before the place.
  [sys, "ALTER SYSTEM SET backup_data_file_size = 'x' ZONE = z9", 4147, invalid],

  // The four clauses keep their order, COMMENT has no sign, SCOPE needs one.
  [sys, "ALTER SYSTEM SET archive_lag_target '60s'", 1064, near("'60s'")],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' COMMENT = 'x'", 1064, near("= 'x'")],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' SCOPE BOTH", 1064, near('BOTH')],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' SCOPE = DISK", 1064, near('DISK')],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = t SCOPE = BOTH", 1064, near('SCOPE = BOTH')],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' SCOPE = BOTH COMMENT 'x'", 1064, near("COMMENT 'x'")],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' SERVER = 'a:1' ZONE = z1", 1064, near('ZONE = z1')],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' ZONE = z1 SCOPE = MEMORY", 1064, near('SCOPE = MEMORY')],
  [sys, "ALTER SYSTEM SET archive_lag_target = '60s' TENANT = t, t2", 1064, near('')],
  [sys, 'ALTER SYSTEM SET archive_lag_target =', 1064, near('')],
  [sys, 'ALTER SYSTEM SET', 1064, near('')],
  [sys, 'ALTER SYSTEM SET archive_lag_target = 60 s', 1064, near('s')],
  // RESET came with 4.3.
  [sys, 'ALTER SYSTEM RESET archive_lag_target TENANT = t', 1064, near('archive_lag_target TENANT = t')],
];

/** SHOW PARAMETERS: statements.md 1.3. */
export const showRefusals: readonly Refusal[] = [
  [t, 'SHOW PARAMETERS TENANT = t', 1227, denied],
  [t, "SHOW PARAMETERS LIKE '%thread_score%' TENANT = sys", 1227, denied],
  [bob, 'SHOW PARAMETERS TENANT = t', 1227, denied],
  [o, 'SHOW PARAMETERS TENANT = o', 1227, `ORA-00600: internal error code, arguments: -5036, ${denied}`],
  [sys, 'SHOW PARAMETERS TENANT = nobody', 5160, noSuchTenant],
  [sys, "SHOW PARAMETERS LIKE 'archive%' TENANT = 'nobody'", 5160, noSuchTenant],
  [sys, 'SHOW PARAMETERS TENANT = all', 5160, noSuchTenant],
  [sys, 'SHOW PARAMETERS TENANT = all_user', 5160, noSuchTenant],
  [sys, 'SHOW PARAMETERS TENANT = T', 5160, noSuchTenant],
  [sys, 'SHOW PARAMETERS WHERE no_such_column = 1', 1054, "Unknown column 'no_such_column' in 'where clause'", '42S22'],
];
