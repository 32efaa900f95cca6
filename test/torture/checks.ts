import type { ServerProcess } from '../../examples/server-process.ts';
import { type Client, connect } from '../../examples/transcript.ts';
import { restore } from './disturber.ts';
import { TortureFailure, until } from './waiting.ts';
import type { Moment, WriterEnd } from './writer.ts';

/** Every acknowledged row is there, a transaction is there whole or not at all; returns the last row. */
export async function checkRows(server: ServerProcess, end: WriterEnd): Promise<number> {
  const app = await connect(server.port, 'root@t');
  const last = await unbroken(app);
  await app.close();
  if (last !== end.lastSeq && last !== end.lastSeq + end.pending)
    throw new TortureFailure(`last row is ${last}, acknowledged ${end.lastSeq} and ${end.pending} on their way`);
  return last;
}

/** The last row of a ledger without gaps, with the right entries. */
async function unbroken(client: Client): Promise<number> {
  const sql =
    "SELECT COUNT(*) AS n, COALESCE(MAX(seq), 0) AS last, COALESCE(SUM(entry <> CONCAT('entry ', seq)), 0) AS bad FROM d.ledger";
  const rows = await client.quiet(sql);
  const [n, last, bad] = ['n', 'last', 'bad'].map((name) => Number(rows[0]?.[name]));
  if (n !== last || bad !== 0)
    throw new TortureFailure(`ledger of ${client.name}: ${n} rows, last ${last}, ${bad} wrong`);
  const bulk = await client.quiet('SELECT COUNT(*) AS n FROM d.bulk');
  if (Number(bulk[0]?.['n']) !== bulkRows) throw new TortureFailure(`bulk of ${client.name}: ${bulk[0]?.['n']} rows`);
  const check = await client.quiet('CHECK TABLE d.ledger, d.bulk');
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

/** Every job ends, nothing half-made is called SUCCESS; leftovers of restores are dropped. */
export async function checkJobs(sys: Client): Promise<void> {
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_JOBS', (rows) => rows.length === 0);
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_RESTORE_PROGRESS', (rows) => rows.length === 0);
  await none(sys, "SELECT BACKUP_SET_ID FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE STATUS = 'DOING'");
  const odd = "STATUS <> 'COMPLETED' AND RESULT NOT IN (-4072, -9027, -9029)";
  await none(sys, `SELECT JOB_ID, STATUS, RESULT, COMMENT FROM oceanbase.CDB_OB_BACKUP_JOB_HISTORY WHERE ${odd}`);
  await none(sys, "SELECT JOB_ID, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE STATUS <> 'SUCCESS'");
  const tenants = await sys.quiet("SELECT TENANT_NAME FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME LIKE 'r%'");
  for (const tenant of tenants) await sys.quiet(`DROP TENANT ${tenant['TENANT_NAME']} FORCE`);
  const pools = await sys.quiet("SELECT NAME FROM oceanbase.DBA_OB_RESOURCE_POOLS WHERE NAME LIKE 'p_%'");
  for (const pool of pools) await sys.quiet(`DROP RESOURCE POOL IF EXISTS ${pool['NAME']}`);
}

async function none(sys: Client, sql: string): Promise<void> {
  const rows = await sys.quiet(sql);
  if (rows.length > 0) throw new TortureFailure(`${sql}: ${JSON.stringify(rows)}`);
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

/** How many sets that succeeded hold changes only. */
export async function countIncrements(sys: Client): Promise<number> {
  const rows = await sys.quiet(
    "SELECT COUNT(*) AS n FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE STATUS = 'SUCCESS' AND BACKUP_TYPE = 'INC'",
  );
  return Number(rows[0]?.['n']);
}

/** A restore to a moment shows exactly the commits up to it. */
export async function compareRestore(
  server: ServerProcess,
  scratch: string,
  moment: Moment,
  no: number,
): Promise<void> {
  const sys = await connect(server.port, 'root@sys');
  await until(
    sys,
    'SELECT CHECKPOINT_SCN_DISPLAY AS c FROM oceanbase.CDB_OB_ARCHIVELOG',
    (rows) => String(rows[0]?.['c']) > moment.time,
  );
  await restore(sys, scratch, no, moment);
  const history = `SELECT STATUS, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'r${no}'`;
  const ended = await until(sys, history, (rows) => rows.length === 2);
  if (ended.some((row) => row['STATUS'] !== 'SUCCESS'))
    throw new TortureFailure(`restore r${no}: ${JSON.stringify(ended)}`);
  const restored = await connect(server.port, `root@r${no}`);
  const last = await unbroken(restored);
  await restored.close();
  await sys.quiet(`DROP TENANT r${no} FORCE`);
  await sys.quiet(`DROP RESOURCE POOL p${no}`);
  await sys.close();
  if (last !== moment.seq) throw new TortureFailure(`restore to ${moment.time}: row ${last}, expected ${moment.seq}`);
}
