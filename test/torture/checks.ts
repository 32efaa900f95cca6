import type { ServerProcess } from '../../examples/server-process.ts';
import { type Client, connect } from '../../examples/transcript.ts';
import { renewPolicy, shortestWindowMs } from './deeds.ts';
import { TortureFailure, until } from './waiting.ts';
import type { WriterEnd } from './writer.ts';

/** Every acknowledged row is there, a transaction is there whole or not at all; returns the last row. */
export async function checkRows(server: ServerProcess, end: WriterEnd): Promise<number> {
  const app = await connect(server.port, 'root@t');
  const last = await unbroken(app);
  await app.close();
  if (last !== end.lastSeq && last !== end.lastSeq + end.pending)
    throw new TortureFailure(`last row is ${last}, acknowledged ${end.lastSeq} and ${end.pending} on their way`);
  return last;
}

export interface TablePair {
  readonly ledger: string;
  readonly bulk: string;
}

/** The last row of a ledger without gaps, with the right entries; the tables are sound. */
export async function unbroken(
  client: Client,
  { ledger, bulk }: TablePair = { ledger: 'd.ledger', bulk: 'd.bulk' },
): Promise<number> {
  const sql = `SELECT COUNT(*) AS n, COALESCE(MAX(seq), 0) AS last, COALESCE(SUM(entry <> CONCAT('entry ', seq)), 0) AS bad FROM ${ledger}`;
  const rows = await client.quiet(sql);
  const [n, last, bad] = ['n', 'last', 'bad'].map((name) => Number(rows[0]?.[name]));
  if (n !== last || bad !== 0)
    throw new TortureFailure(`${ledger} of ${client.name}: ${n} rows, last ${last}, ${bad} wrong`);
  const filled = await client.quiet(`SELECT COUNT(*) AS n FROM ${bulk}`);
  if (Number(filled[0]?.['n']) !== bulkRows)
    throw new TortureFailure(`${bulk} of ${client.name}: ${filled[0]?.['n']} rows`);
  const check = await client.quiet(`CHECK TABLE ${ledger}, ${bulk}`);
  if (check.some((row) => row['Msg_text'] !== 'OK'))
    throw new TortureFailure(`${client.name}: ${JSON.stringify(check)}`);
  return last ?? 0;
}

export const bulkRows = 4000;

/** The round archives again; its number. What a disturbance left switched off is switched on. */
export async function checkArchive(sys: Client): Promise<number> {
  await sys.quiet("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = t");
  await sys.quiet('ALTER SYSTEM ARCHIVELOG TENANT = t').catch((error: { errno?: number }) => {
    if (error.errno !== 9091) throw error;
  });
  const rows = await until(
    sys,
    'SELECT ROUND_ID, STATUS, COMMENT FROM oceanbase.CDB_OB_ARCHIVELOG',
    (found) => found[0]?.['STATUS'] === 'DOING',
  );
  const stopped = await sys.quiet(
    "SELECT ROUND_ID, COMMENT FROM oceanbase.CDB_OB_ARCHIVELOG_SUMMARY WHERE COMMENT <> ''",
  );
  if (stopped.length > 0) throw new TortureFailure(`a round did not end in order: ${JSON.stringify(stopped)}`);
  return Number(rows[0]?.['ROUND_ID']);
}

const live = ['BACKUP_JOBS', 'BACKUP_DELETE_JOBS', 'BACKUP_VALIDATE_JOBS', 'RESTORE_PROGRESS', 'RECOVER_TABLE_JOBS'];

/** A clean-up's own row says nothing before its end. */
const moves: Readonly<Record<string, string>> = {
  BACKUP_DELETE_JOBS: 'SELECT TASK_ID, STATUS, FINISH_LS_COUNT FROM oceanbase.CDB_OB_BACKUP_DELETE_TASKS',
};

/** Every job ends within `stuckMs`, nothing half-made is called SUCCESS; leftovers of restores are dropped. */
export async function checkJobs(sys: Client): Promise<void> {
  for (const view of [...live, 'IMPORT_TABLE_JOBS'])
    await until(sys, `SELECT * FROM oceanbase.CDB_OB_${view}`, (rows) => rows.length === 0, moves[view]);
  await none(
    sys,
    'CDB_OB_BACKUP_SET_FILES',
    "STATUS = 'DOING' OR FILE_STATUS NOT IN ('AVAILABLE', 'INCOMPLETE', 'DELETING', 'DELETED')",
  );
  await none(sys, 'CDB_OB_BACKUP_JOB_HISTORY', "STATUS <> 'COMPLETED' AND RESULT NOT IN (-4072, -9027, -9029)");
  await none(sys, 'CDB_OB_BACKUP_DELETE_JOB_HISTORY', "STATUS <> 'COMPLETED' AND RESULT <> -4072");
  await none(
    sys,
    'CDB_OB_BACKUP_VALIDATE_JOB_HISTORY',
    "DAMAGED_COUNT > 0 OR (STATUS <> 'COMPLETED' AND RESULT <> -4072)",
  );
  await none(sys, 'CDB_OB_RESTORE_HISTORY', "STATUS <> 'SUCCESS' AND RESTORE_TENANT_NAME NOT LIKE 'AUX%'");
  await none(sys, 'DBA_OB_TENANTS', "TENANT_NAME LIKE 'AUX%'");
  await endDeletions(sys);
  const tenants = await sys.quiet("SELECT TENANT_NAME FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME LIKE 'r%'");
  for (const tenant of tenants) await sys.quiet(`DROP TENANT ${tenant['TENANT_NAME']} FORCE`);
  const pools = await sys.quiet("SELECT NAME FROM oceanbase.DBA_OB_RESOURCE_POOLS WHERE NAME LIKE 'p_%'");
  for (const pool of pools) await sys.quiet(`DROP RESOURCE POOL IF EXISTS ${pool['NAME']}`);
}

/** What a cancelled clean-up had begun to delete goes with the next one. */
async function endDeletions(sys: Client): Promise<void> {
  const going = `SELECT FILE_STATUS FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE FILE_STATUS = 'DELETING'
    UNION ALL SELECT FILE_STATUS FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES WHERE FILE_STATUS = 'DELETING'`;
  if ((await sys.quiet(going)).length === 0) return;
  await renewPolicy(sys, shortestWindowMs);
  await until(sys, going, (rows) => rows.length === 0);
  await until(sys, 'SELECT * FROM oceanbase.CDB_OB_BACKUP_DELETE_JOBS', (rows) => rows.length === 0);
}

async function none(sys: Client, view: string, where: string): Promise<void> {
  const rows = await sys.quiet(`SELECT * FROM oceanbase.${view} WHERE ${where}`);
  if (rows.length > 0) throw new TortureFailure(`${view}: ${JSON.stringify(rows)}`);
}

/** A new set that says SUCCESS; it builds on what is there. */
export async function takeSet(sys: Client): Promise<void> {
  await sys.quiet('ALTER SYSTEM BACKUP INCREMENTAL TENANT = t');
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_JOBS', (rows) => rows.length === 0);
  const sets = await sys.quiet(
    'SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_SET_FILES ORDER BY BACKUP_SET_ID DESC LIMIT 1',
  );
  if (sets[0]?.['STATUS'] !== 'SUCCESS') throw new TortureFailure('a backup nobody disturbed did not succeed');
}

/** Everything on both destinations is whole; bytes that belong to nothing are listed. */
export async function validateAll(sys: Client): Promise<void> {
  await sys.quiet('ALTER SYSTEM VALIDATE BACKUP TENANT = t');
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_VALIDATE_JOBS', (rows) => rows.length === 0);
  const rows = await sys.quiet(
    'SELECT STATUS, RESULT, COMMENT FROM oceanbase.CDB_OB_BACKUP_VALIDATE_JOB_HISTORY ORDER BY JOB_ID DESC LIMIT 1',
  );
  if (rows[0]?.['STATUS'] !== 'COMPLETED' || Number(rows[0]['RESULT']) !== 0)
    throw new TortureFailure(`VALIDATE: ${JSON.stringify(rows)}`);
}

/** How many sets that succeeded hold changes only, and how many sets and pieces clean-ups took. */
export async function countFiles(sys: Client): Promise<{ readonly increments: number; readonly cleaned: number }> {
  const sets = await sys.quiet(
    `SELECT COALESCE(SUM(STATUS = 'SUCCESS' AND BACKUP_TYPE = 'INC'), 0) AS inc, COALESCE(SUM(FILE_STATUS = 'DELETED'), 0) AS gone
     FROM oceanbase.CDB_OB_BACKUP_SET_FILES`,
  );
  const pieces = await sys.quiet(
    "SELECT COUNT(*) AS gone FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES WHERE FILE_STATUS = 'DELETED'",
  );
  return { increments: Number(sets[0]?.['inc']), cleaned: Number(sets[0]?.['gone']) + Number(pieces[0]?.['gone']) };
}
