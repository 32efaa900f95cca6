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

/** The catalog's second step. */
export const secondSchema = [proof, destinationLimits, cleaning].join('\n');
