import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Connection, RowDataPacket } from 'mysql2/promise';

/** The ids whose jobs are asked for. */
export const tenantIds: readonly number[] = Array.from({ length: 100 }, (_, i) => 1002 + 2 * i);
export const jobsPerTenant = 10;

/** Puts finished jobs that are still shown as live ones into the catalog of a server that does not run. */
export function fillCatalog(dataDir: string): void {
  const database = new Database(join(dataDir, 'catalog.db'));
  const columns = Object.keys(jobRow(0, 0));
  const marks = columns.map((column) => `@${column}`).join(', ');
  const insert = database.prepare(`INSERT INTO backup_job (${columns.join(', ')}) VALUES (${marks})`);
  database.transaction(() => {
    for (const tenantId of tenantIds) for (let job = 1; job <= jobsPerTenant; job++) insert.run(jobRow(tenantId, job));
  })();
  database.close();
}

function jobRow(tenantId: number, jobId: number) {
  const startUs = Date.now() * 1000 - jobId * 3_600_000_000 + tenantId;
  return {
    tenant_id: tenantId,
    job_id: jobId,
    history: 0,
    backup_set_id: jobId,
    initiator_tenant_id: 1,
    initiator_job_id: jobId,
    executor_tenant_id: String(tenantId),
    plus_archivelog: jobId % 2,
    backup_type: 'FULL',
    job_level: 'USER_TENANT',
    encryption_mode: 'TRANSPARENT_ENCRYPTION',
    passwd: '',
    start_us: startUs,
    end_us: Date.now() * 1000,
    status: 'COMPLETED',
    result: 0,
    comment: '',
    description: `nightly backup number ${jobId} of tenant ${tenantId}`,
    path: `file:///var/backup/cluster/tenant_${tenantId}/data`,
    retry_count: 0,
    step_data: '{}',
  };
}

/** Text of the query of one tenant. */
export function jobsQuery(tenantId: number): string {
  return `SELECT * FROM oceanbase.CDB_OB_BACKUP_JOBS WHERE tenant_id = ${tenantId}`;
}

/** Lengths that fit MariaDB's row limit; its clustered key is the fastest index it has for the query. */
const peerTable = `CREATE TABLE oceanbase.CDB_OB_BACKUP_JOBS (
  TENANT_ID BIGINT NOT NULL, JOB_ID BIGINT NOT NULL, INCARNATION BIGINT NOT NULL, BACKUP_SET_ID BIGINT,
  INITIATOR_TENANT_ID BIGINT NOT NULL, INITIATOR_JOB_ID BIGINT NOT NULL, EXECUTOR_TENANT_ID VARCHAR(512) NOT NULL,
  PLUS_ARCHIVELOG VARCHAR(64) NOT NULL, BACKUP_TYPE VARCHAR(64) NOT NULL, JOB_LEVEL VARCHAR(64) NOT NULL,
  ENCRYPTION_MODE VARCHAR(64), PASSWD VARCHAR(64), START_TIMESTAMP TIMESTAMP(6) NULL, END_TIMESTAMP TIMESTAMP(6) NULL,
  STATUS VARCHAR(64) NOT NULL, RESULT BIGINT NOT NULL, COMMENT VARCHAR(4096), DESCRIPTION VARCHAR(4096), PATH VARCHAR(4096),
  PRIMARY KEY (TENANT_ID, JOB_ID)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

/** Copies what our server answers into a table of the peer, then holds both answers against each other. */
export async function fillPeer(ours: Connection, peer: Connection): Promise<void> {
  await peer.query('CREATE DATABASE oceanbase');
  await peer.query(peerTable);
  for (const tenantId of tenantIds) {
    const rows = await ask(ours, tenantId);
    if (rows.length !== jobsPerTenant) throw new Error(`tenant ${tenantId} has ${rows.length} jobs in the view`);
    await peer.query('INSERT INTO oceanbase.CDB_OB_BACKUP_JOBS VALUES ?', [rows.map((row) => Object.values(row))]);
  }
  for (const tenantId of tenantIds) {
    const [left, right] = [await ask(ours, tenantId), await ask(peer, tenantId)];
    if (JSON.stringify(left) !== JSON.stringify(right)) throw new Error(`the answers for ${tenantId} differ`);
  }
}

async function ask(connection: Connection, tenantId: number): Promise<RowDataPacket[]> {
  return (await connection.query<RowDataPacket[]>(jobsQuery(tenantId)))[0];
}
