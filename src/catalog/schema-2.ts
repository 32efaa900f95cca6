/**
 * Proof: VALIDATE jobs, what they found, and when each set and piece was verified last. Numbers that do not apply are 0,
 * so that they can stand in keys.
 */
const proof = `
CREATE TABLE validate_job (
  tenant_id INTEGER NOT NULL, job_id INTEGER NOT NULL, history INTEGER NOT NULL, initiator_tenant_id INTEGER NOT NULL,
  validate_type TEXT NOT NULL, level TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER, status TEXT NOT NULL,
  task_count INTEGER NOT NULL, finish_task_count INTEGER NOT NULL, damaged_count INTEGER NOT NULL,
  total_bytes INTEGER NOT NULL, finish_bytes INTEGER NOT NULL, result INTEGER NOT NULL, comment TEXT NOT NULL,
  path TEXT NOT NULL, retry_count INTEGER NOT NULL, step_data TEXT NOT NULL, PRIMARY KEY (tenant_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX validate_job_live ON validate_job (history, tenant_id);
CREATE TABLE validate_task (
  tenant_id INTEGER NOT NULL, task_id INTEGER NOT NULL, job_id INTEGER NOT NULL, history INTEGER NOT NULL,
  task_type TEXT NOT NULL, dest_id INTEGER NOT NULL, backup_set_id INTEGER NOT NULL, round_id INTEGER NOT NULL,
  piece_id INTEGER NOT NULL, start_us INTEGER, end_us INTEGER, status TEXT NOT NULL, conclusion TEXT,
  file_count INTEGER NOT NULL, finish_file_count INTEGER NOT NULL, total_bytes INTEGER NOT NULL,
  finish_bytes INTEGER NOT NULL, damaged_count INTEGER NOT NULL, foreign_count INTEGER NOT NULL,
  result INTEGER NOT NULL, comment TEXT NOT NULL, path TEXT NOT NULL, step_data TEXT NOT NULL,
  PRIMARY KEY (tenant_id, task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX validate_task_job ON validate_task (tenant_id, job_id);
CREATE TABLE validate_finding (
  tenant_id INTEGER NOT NULL, task_id INTEGER NOT NULL, object TEXT NOT NULL, job_id INTEGER NOT NULL, kind TEXT NOT NULL,
  place TEXT NOT NULL, finding TEXT NOT NULL, found_us INTEGER NOT NULL, PRIMARY KEY (tenant_id, task_id, object)
) STRICT, WITHOUT ROWID;
CREATE TABLE backup_proof (
  tenant_id INTEGER NOT NULL, object_type TEXT NOT NULL, path TEXT NOT NULL, dest_id INTEGER NOT NULL,
  backup_set_id INTEGER NOT NULL, round_id INTEGER NOT NULL, piece_id INTEGER NOT NULL, verified_us INTEGER NOT NULL,
  method TEXT NOT NULL, duration_us INTEGER NOT NULL, bytes INTEGER NOT NULL, result TEXT NOT NULL,
  damaged_count INTEGER NOT NULL, comment TEXT NOT NULL,
  PRIMARY KEY (tenant_id, object_type, path, dest_id, backup_set_id, round_id, piece_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX backup_proof_broken ON backup_proof (path, result);
`;

/** Cleaning: when a policy last started a job, so that it does once an hour whatever the clock did meanwhile. */
const cleaning = `
ALTER TABLE backup_delete_policy ADD COLUMN fired_us INTEGER;
`;

/** Limits of a destination: operations and bytes a second, 0 for none. */
const destinationLimits = `
ALTER TABLE backup_storage_info ADD COLUMN max_iops INTEGER NOT NULL DEFAULT 0;
ALTER TABLE backup_storage_info ADD COLUMN max_bandwidth INTEGER NOT NULL DEFAULT 0;
`;

/** Table recoveries, their imports and the tables of these. */
const tableRecovery = `
CREATE TABLE recover_table_job (
  tenant_id INTEGER NOT NULL, job_id INTEGER NOT NULL, history INTEGER NOT NULL, initiator_tenant_id INTEGER NOT NULL,
  initiator_job_id INTEGER NOT NULL, start_us INTEGER NOT NULL, finish_us INTEGER, status TEXT NOT NULL,
  aux_tenant_name TEXT NOT NULL, aux_tenant_id INTEGER NOT NULL, target_tenant_name TEXT NOT NULL,
  target_tenant_id INTEGER NOT NULL, import_all INTEGER NOT NULL, db_list TEXT NOT NULL, table_list TEXT NOT NULL,
  restore_scn INTEGER NOT NULL, restore_option TEXT NOT NULL, backup_dest TEXT NOT NULL, backup_set_list TEXT NOT NULL,
  backup_piece_list TEXT NOT NULL, backup_passwd TEXT NOT NULL, remap_db_list TEXT NOT NULL,
  remap_table_list TEXT NOT NULL, result TEXT, comment TEXT NOT NULL, description TEXT NOT NULL, step_data TEXT NOT NULL,
  PRIMARY KEY (tenant_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX recover_table_job_live ON recover_table_job (history, tenant_id);
CREATE TABLE import_table_job (
  tenant_id INTEGER NOT NULL, job_id INTEGER NOT NULL, history INTEGER NOT NULL, initiator_tenant_id INTEGER NOT NULL,
  initiator_job_id INTEGER NOT NULL, start_us INTEGER NOT NULL, finish_us INTEGER, src_tenant_name TEXT NOT NULL,
  src_tenant_id INTEGER NOT NULL, status TEXT NOT NULL, import_all INTEGER NOT NULL, db_list TEXT NOT NULL,
  table_list TEXT NOT NULL, remap_db_list TEXT NOT NULL, remap_table_list TEXT NOT NULL,
  total_table_count INTEGER NOT NULL, finished_table_count INTEGER NOT NULL, failed_table_count INTEGER NOT NULL,
  result TEXT, comment TEXT NOT NULL, description TEXT NOT NULL, PRIMARY KEY (tenant_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE import_table_task (
  tenant_id INTEGER NOT NULL, task_id INTEGER NOT NULL, job_id INTEGER NOT NULL, history INTEGER NOT NULL,
  src_tenant_id INTEGER NOT NULL, src_database TEXT NOT NULL, src_table TEXT NOT NULL, target_database TEXT NOT NULL,
  target_table TEXT NOT NULL, table_column INTEGER NOT NULL, status TEXT NOT NULL, start_us INTEGER,
  completion_us INTEGER, total_index_count INTEGER NOT NULL, imported_index_count INTEGER NOT NULL,
  total_constraint_count INTEGER NOT NULL, imported_constraint_count INTEGER NOT NULL,
  total_ref_constraint_count INTEGER NOT NULL, imported_ref_constraint_count INTEGER NOT NULL, result TEXT,
  comment TEXT NOT NULL, PRIMARY KEY (tenant_id, task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_table_task_job ON import_table_task (tenant_id, job_id);
`;

/** The catalog's second step. */
export const secondSchema = [proof, destinationLimits, cleaning, tableRecovery].join('\n');
