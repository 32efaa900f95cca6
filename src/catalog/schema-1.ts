/**
 * The catalog as first released. Times are microseconds since 1970 UTC (`_us`), SCNs and bytes 64-bit integers, flags 0
 * or 1, `step_data` JSON that belongs to the state machine driving the row. `history` marks rows a finished job left
 * behind: the live views leave them out.
 */
export const firstSchema = `
CREATE TABLE cluster_info (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE counter (
  tenant_id INTEGER NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE zone (
  zone TEXT PRIMARY KEY, create_us INTEGER NOT NULL, modify_us INTEGER NOT NULL, status TEXT NOT NULL, idc TEXT NOT NULL,
  region TEXT NOT NULL, type TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE server (
  id INTEGER PRIMARY KEY, svr_ip TEXT NOT NULL, svr_port INTEGER NOT NULL, sql_port INTEGER NOT NULL, zone TEXT NOT NULL,
  with_rootserver INTEGER NOT NULL, status TEXT NOT NULL, start_service_us INTEGER, stop_us INTEGER,
  block_migrate_in_us INTEGER, create_us INTEGER NOT NULL, modify_us INTEGER NOT NULL, build_version TEXT NOT NULL,
  last_offline_us INTEGER
) STRICT;

CREATE TABLE unit_config (
  unit_config_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, create_us INTEGER NOT NULL, modify_us INTEGER NOT NULL,
  max_cpu REAL NOT NULL, min_cpu REAL NOT NULL, memory_size INTEGER NOT NULL, log_disk_size INTEGER NOT NULL,
  max_iops INTEGER NOT NULL, min_iops INTEGER NOT NULL, iops_weight INTEGER NOT NULL
) STRICT;
CREATE TABLE resource_pool (
  resource_pool_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, tenant_id INTEGER, create_us INTEGER NOT NULL,
  modify_us INTEGER NOT NULL, unit_count INTEGER NOT NULL, unit_config_id INTEGER NOT NULL REFERENCES unit_config,
  zone_list TEXT NOT NULL, replica_type TEXT
) STRICT;
CREATE TABLE unit (
  unit_id INTEGER PRIMARY KEY, resource_pool_id INTEGER NOT NULL REFERENCES resource_pool ON DELETE CASCADE,
  unit_group_id INTEGER NOT NULL, zone TEXT NOT NULL, server_id INTEGER NOT NULL, status TEXT NOT NULL,
  create_us INTEGER NOT NULL, modify_us INTEGER NOT NULL
) STRICT;
CREATE INDEX unit_pool ON unit (resource_pool_id);

CREATE TABLE tenant (
  tenant_id INTEGER PRIMARY KEY, tenant_name TEXT NOT NULL UNIQUE, original_name TEXT, create_us INTEGER NOT NULL,
  modify_us INTEGER NOT NULL, primary_zone TEXT NOT NULL, locality TEXT NOT NULL, previous_locality TEXT,
  mode TEXT NOT NULL, status TEXT NOT NULL, in_recyclebin INTEGER NOT NULL, locked INTEGER NOT NULL,
  read_only INTEGER NOT NULL, role TEXT NOT NULL, switchover_status TEXT NOT NULL, switchover_epoch INTEGER NOT NULL,
  sync_scn INTEGER, replayable_scn INTEGER, readable_scn INTEGER, recovery_until_scn INTEGER, log_mode TEXT NOT NULL,
  arbitration_status TEXT NOT NULL, unit_num INTEGER NOT NULL, compatible TEXT NOT NULL, max_ls_id INTEGER NOT NULL,
  restore_data_mode TEXT NOT NULL, comment TEXT NOT NULL, charset TEXT NOT NULL, collation TEXT NOT NULL,
  engine TEXT NOT NULL, drop_us INTEGER, create_scn INTEGER, data_bytes INTEGER NOT NULL, log_bytes INTEGER NOT NULL,
  step_data TEXT NOT NULL
) STRICT;

CREATE TABLE parameter_definition (
  name TEXT PRIMARY KEY, scope TEXT NOT NULL, data_type TEXT NOT NULL, default_value TEXT NOT NULL, info TEXT NOT NULL,
  section TEXT NOT NULL, edit_level TEXT NOT NULL, hidden INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE parameter_value (
  tenant_id INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, modify_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE variable_definition (
  name TEXT PRIMARY KEY, default_value TEXT NOT NULL, min_value TEXT NOT NULL, max_value TEXT NOT NULL,
  scope TEXT NOT NULL, info TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE variable_value (
  tenant_id INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, modify_us INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE sys_account (
  user TEXT NOT NULL, host TEXT NOT NULL, password_hash TEXT NOT NULL, locked INTEGER NOT NULL, grants TEXT NOT NULL,
  PRIMARY KEY (user, host)
) STRICT, WITHOUT ROWID;

CREATE TABLE backup_parameter (
  tenant_id INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE backup_storage_info (
  tenant_id INTEGER NOT NULL, path TEXT NOT NULL, endpoint TEXT NOT NULL, dest_id INTEGER, dest_type TEXT,
  "authorization" TEXT NOT NULL, extension TEXT NOT NULL, check_file_name TEXT, last_check_us INTEGER,
  PRIMARY KEY (tenant_id, path, endpoint)
) STRICT, WITHOUT ROWID;
CREATE TABLE archive_dest (
  tenant_id INTEGER NOT NULL, dest_no INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (tenant_id, dest_no, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE backup_job (
  tenant_id INTEGER NOT NULL, job_id INTEGER NOT NULL, history INTEGER NOT NULL, backup_set_id INTEGER NOT NULL,
  initiator_tenant_id INTEGER NOT NULL, initiator_job_id INTEGER NOT NULL, executor_tenant_id TEXT NOT NULL,
  plus_archivelog INTEGER NOT NULL, backup_type TEXT NOT NULL, job_level TEXT NOT NULL, encryption_mode TEXT NOT NULL,
  passwd TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER, status TEXT NOT NULL, result INTEGER NOT NULL,
  comment TEXT NOT NULL, description TEXT NOT NULL, path TEXT NOT NULL, retry_count INTEGER NOT NULL,
  step_data TEXT NOT NULL, PRIMARY KEY (tenant_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX backup_job_live ON backup_job (history, tenant_id);
CREATE TABLE backup_task (
  tenant_id INTEGER NOT NULL, task_id INTEGER NOT NULL, job_id INTEGER NOT NULL, history INTEGER NOT NULL,
  backup_set_id INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER, status TEXT NOT NULL,
  start_scn INTEGER NOT NULL, end_scn INTEGER NOT NULL, user_ls_start_scn INTEGER NOT NULL,
  encryption_mode TEXT NOT NULL, passwd TEXT NOT NULL, input_bytes INTEGER NOT NULL, output_bytes INTEGER NOT NULL,
  extra_meta_bytes INTEGER NOT NULL, tablet_count INTEGER NOT NULL, finish_tablet_count INTEGER NOT NULL,
  macro_block_count INTEGER NOT NULL, finish_macro_block_count INTEGER NOT NULL, file_count INTEGER NOT NULL,
  log_file_count INTEGER NOT NULL, finish_log_file_count INTEGER NOT NULL, meta_turn_id INTEGER NOT NULL,
  data_turn_id INTEGER NOT NULL, minor_turn_id INTEGER NOT NULL, major_turn_id INTEGER NOT NULL,
  result INTEGER NOT NULL, comment TEXT NOT NULL, path TEXT NOT NULL, step_data TEXT NOT NULL,
  PRIMARY KEY (tenant_id, task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX backup_task_job ON backup_task (tenant_id, job_id);
CREATE INDEX backup_task_live ON backup_task (history, tenant_id);
CREATE TABLE backup_ls_task (
  tenant_id INTEGER NOT NULL, task_id INTEGER NOT NULL, ls_id INTEGER NOT NULL, task_type TEXT NOT NULL,
  turn_id INTEGER NOT NULL, retry_id INTEGER NOT NULL, job_id INTEGER NOT NULL, backup_set_id INTEGER NOT NULL,
  status TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER, result INTEGER NOT NULL, comment TEXT NOT NULL,
  input_bytes INTEGER NOT NULL, output_bytes INTEGER NOT NULL, tablet_count INTEGER NOT NULL,
  finish_tablet_count INTEGER NOT NULL, macro_block_count INTEGER NOT NULL, finish_macro_block_count INTEGER NOT NULL,
  file_count INTEGER NOT NULL, step_data TEXT NOT NULL, PRIMARY KEY (tenant_id, task_id, ls_id, task_type, turn_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE backup_set (
  tenant_id INTEGER NOT NULL, backup_set_id INTEGER NOT NULL, dest_id INTEGER NOT NULL, backup_type TEXT NOT NULL,
  prev_full_backup_set_id INTEGER NOT NULL, prev_inc_backup_set_id INTEGER NOT NULL, date_text TEXT NOT NULL,
  start_us INTEGER NOT NULL, end_us INTEGER, status TEXT NOT NULL, file_status TEXT NOT NULL,
  plus_archivelog INTEGER NOT NULL, start_replay_scn INTEGER NOT NULL, min_restore_scn INTEGER NOT NULL,
  min_restore_scn_display TEXT NOT NULL, consistent_scn INTEGER NOT NULL, input_bytes INTEGER NOT NULL,
  output_bytes INTEGER NOT NULL, extra_meta_bytes INTEGER NOT NULL, tablet_count INTEGER NOT NULL,
  finish_tablet_count INTEGER NOT NULL, macro_block_count INTEGER NOT NULL, finish_macro_block_count INTEGER NOT NULL,
  file_count INTEGER NOT NULL, meta_turn_id INTEGER NOT NULL, data_turn_id INTEGER NOT NULL,
  minor_turn_id INTEGER NOT NULL, major_turn_id INTEGER NOT NULL, result INTEGER NOT NULL, comment TEXT NOT NULL,
  encryption_mode TEXT NOT NULL, passwd TEXT NOT NULL, tenant_compatible TEXT NOT NULL, cluster_version TEXT NOT NULL,
  backup_compatible INTEGER NOT NULL, path TEXT NOT NULL, step_data TEXT NOT NULL,
  PRIMARY KEY (tenant_id, backup_set_id, dest_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE backup_delete_policy (
  tenant_id INTEGER NOT NULL, policy_name TEXT NOT NULL, recovery_window TEXT NOT NULL, redundancy INTEGER NOT NULL,
  backup_copies INTEGER NOT NULL, create_us INTEGER NOT NULL, PRIMARY KEY (tenant_id, policy_name)
) STRICT, WITHOUT ROWID;
CREATE TABLE backup_delete_job (
  tenant_id INTEGER NOT NULL, job_id INTEGER NOT NULL, history INTEGER NOT NULL, initiator_tenant_id INTEGER NOT NULL,
  initiator_job_id INTEGER NOT NULL, executor_tenant_id TEXT NOT NULL, type TEXT NOT NULL, parameter INTEGER NOT NULL,
  job_level TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER, status TEXT NOT NULL, task_count INTEGER NOT NULL,
  success_task_count INTEGER NOT NULL, result INTEGER NOT NULL, comment TEXT NOT NULL, retry_count INTEGER NOT NULL,
  step_data TEXT NOT NULL, PRIMARY KEY (tenant_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX backup_delete_job_live ON backup_delete_job (history, tenant_id);
CREATE TABLE backup_delete_task (
  tenant_id INTEGER NOT NULL, task_id INTEGER NOT NULL, job_id INTEGER NOT NULL, history INTEGER NOT NULL,
  task_type TEXT NOT NULL, id INTEGER NOT NULL, round_id INTEGER NOT NULL, dest_id INTEGER NOT NULL,
  start_us INTEGER NOT NULL, end_us INTEGER, status TEXT NOT NULL, total_ls_count INTEGER NOT NULL,
  finish_ls_count INTEGER NOT NULL, result INTEGER NOT NULL, comment TEXT NOT NULL, path TEXT NOT NULL,
  step_data TEXT NOT NULL, PRIMARY KEY (tenant_id, task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX backup_delete_task_job ON backup_delete_task (tenant_id, job_id);
CREATE INDEX backup_delete_task_live ON backup_delete_task (history, tenant_id);

CREATE TABLE archive_round (
  tenant_id INTEGER NOT NULL, dest_no INTEGER NOT NULL, round_id INTEGER NOT NULL, dest_id INTEGER NOT NULL,
  status TEXT NOT NULL, start_scn INTEGER NOT NULL, checkpoint_scn INTEGER NOT NULL, max_scn INTEGER NOT NULL,
  base_piece_id INTEGER NOT NULL, used_piece_id INTEGER NOT NULL, piece_switch_interval_us INTEGER NOT NULL,
  compression TEXT NOT NULL, frozen_input_bytes INTEGER NOT NULL, frozen_output_bytes INTEGER NOT NULL,
  active_input_bytes INTEGER NOT NULL, active_output_bytes INTEGER NOT NULL, deleted_input_bytes INTEGER NOT NULL,
  deleted_output_bytes INTEGER NOT NULL, comment TEXT NOT NULL, path TEXT NOT NULL, step_data TEXT NOT NULL,
  PRIMARY KEY (tenant_id, dest_no)
) STRICT, WITHOUT ROWID;
CREATE TABLE archive_round_history (
  tenant_id INTEGER NOT NULL, dest_no INTEGER NOT NULL, round_id INTEGER NOT NULL, dest_id INTEGER NOT NULL,
  status TEXT NOT NULL, start_scn INTEGER NOT NULL, checkpoint_scn INTEGER NOT NULL, max_scn INTEGER NOT NULL,
  base_piece_id INTEGER NOT NULL, used_piece_id INTEGER NOT NULL, piece_switch_interval_us INTEGER NOT NULL,
  compression TEXT NOT NULL, frozen_input_bytes INTEGER NOT NULL, frozen_output_bytes INTEGER NOT NULL,
  active_input_bytes INTEGER NOT NULL, active_output_bytes INTEGER NOT NULL, deleted_input_bytes INTEGER NOT NULL,
  deleted_output_bytes INTEGER NOT NULL, comment TEXT NOT NULL, path TEXT NOT NULL, step_data TEXT NOT NULL,
  PRIMARY KEY (tenant_id, dest_no, round_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE archive_piece (
  tenant_id INTEGER NOT NULL, dest_id INTEGER NOT NULL, round_id INTEGER NOT NULL, piece_id INTEGER NOT NULL,
  dest_no INTEGER NOT NULL, status TEXT NOT NULL, start_scn INTEGER NOT NULL, checkpoint_scn INTEGER NOT NULL,
  max_scn INTEGER NOT NULL, end_scn INTEGER NOT NULL, compression TEXT NOT NULL, input_bytes INTEGER NOT NULL,
  output_bytes INTEGER NOT NULL, file_status TEXT NOT NULL, path TEXT NOT NULL, step_data TEXT NOT NULL,
  PRIMARY KEY (tenant_id, dest_id, round_id, piece_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE ls_archive_progress (
  tenant_id INTEGER NOT NULL, dest_id INTEGER NOT NULL, round_id INTEGER NOT NULL, piece_id INTEGER NOT NULL,
  ls_id INTEGER NOT NULL, start_scn INTEGER NOT NULL, min_lsn INTEGER NOT NULL, max_lsn INTEGER NOT NULL,
  checkpoint_scn INTEGER NOT NULL, status TEXT NOT NULL, file_id INTEGER NOT NULL, file_offset INTEGER NOT NULL,
  input_bytes INTEGER NOT NULL, output_bytes INTEGER NOT NULL, step_data TEXT NOT NULL,
  PRIMARY KEY (tenant_id, dest_id, round_id, piece_id, ls_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE restore_job (
  tenant_id INTEGER NOT NULL, job_id INTEGER NOT NULL, history INTEGER NOT NULL, restore_tenant_name TEXT NOT NULL,
  restore_tenant_id INTEGER NOT NULL, backup_tenant_name TEXT NOT NULL, backup_tenant_id INTEGER NOT NULL,
  backup_cluster_name TEXT NOT NULL, backup_cluster_version INTEGER NOT NULL, backup_dest TEXT NOT NULL,
  restore_option TEXT NOT NULL, restore_type TEXT NOT NULL, restore_scn INTEGER NOT NULL,
  consistent_scn INTEGER NOT NULL, recover_scn INTEGER NOT NULL, status TEXT NOT NULL, start_us INTEGER NOT NULL,
  finish_us INTEGER, backup_set_list TEXT NOT NULL, backup_piece_list TEXT NOT NULL, ls_count INTEGER NOT NULL,
  finish_ls_count INTEGER NOT NULL, tablet_count INTEGER NOT NULL, finish_tablet_count INTEGER NOT NULL,
  total_bytes INTEGER NOT NULL, finish_bytes INTEGER NOT NULL, passwd TEXT NOT NULL, description TEXT NOT NULL,
  comment TEXT NOT NULL, step_data TEXT NOT NULL, PRIMARY KEY (tenant_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX restore_job_live ON restore_job (history, tenant_id);
CREATE TABLE log_restore_source (
  tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, type TEXT NOT NULL, value TEXT NOT NULL,
  recovery_until_scn INTEGER NOT NULL, PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE master_key (
  tenant_id INTEGER NOT NULL, key_id INTEGER NOT NULL, algorithm TEXT NOT NULL, wrapped BLOB NOT NULL,
  create_us INTEGER NOT NULL, active INTEGER NOT NULL, PRIMARY KEY (tenant_id, key_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE job_secret (
  tenant_id INTEGER NOT NULL, kind TEXT NOT NULL, job_id INTEGER NOT NULL, name TEXT NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (tenant_id, kind, job_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE external_secret (
  name TEXT PRIMARY KEY, sealed BLOB NOT NULL, create_us INTEGER NOT NULL, modify_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rootservice_event (
  id INTEGER PRIMARY KEY, event_us INTEGER NOT NULL, module TEXT NOT NULL, event TEXT NOT NULL,
  name1 TEXT NOT NULL, value1 TEXT NOT NULL, name2 TEXT NOT NULL, value2 TEXT NOT NULL,
  name3 TEXT NOT NULL, value3 TEXT NOT NULL, name4 TEXT NOT NULL, value4 TEXT NOT NULL,
  name5 TEXT NOT NULL, value5 TEXT NOT NULL, name6 TEXT NOT NULL, value6 TEXT NOT NULL,
  extra_info TEXT NOT NULL, svr_ip TEXT NOT NULL, svr_port INTEGER NOT NULL
) STRICT;
CREATE TABLE tenant_event (
  id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, event_us INTEGER NOT NULL, module TEXT NOT NULL,
  event TEXT NOT NULL, name1 TEXT NOT NULL, value1 TEXT NOT NULL, name2 TEXT NOT NULL, value2 TEXT NOT NULL,
  name3 TEXT NOT NULL, value3 TEXT NOT NULL, name4 TEXT NOT NULL, value4 TEXT NOT NULL,
  name5 TEXT NOT NULL, value5 TEXT NOT NULL, name6 TEXT NOT NULL, value6 TEXT NOT NULL,
  extra_info TEXT NOT NULL, svr_ip TEXT NOT NULL, svr_port INTEGER NOT NULL, trace_id TEXT NOT NULL,
  cost_time_us INTEGER NOT NULL, ret_code INTEGER NOT NULL, error_msg TEXT NOT NULL
) STRICT;
CREATE TABLE rs_job (
  job_id INTEGER PRIMARY KEY, job_type TEXT NOT NULL, job_status TEXT NOT NULL, result_code INTEGER,
  progress INTEGER NOT NULL, start_us INTEGER NOT NULL, modify_us INTEGER NOT NULL, tenant_id INTEGER, unit_id INTEGER,
  svr_ip TEXT, svr_port INTEGER, sql_text TEXT, extra_info TEXT
) STRICT;
`;
