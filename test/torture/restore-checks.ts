import type { ServerProcess } from '../../examples/server-process.ts';
import { type Client, connect, type Row } from '../../examples/transcript.ts';
import { unbroken } from './checks.ts';
import { shortestWindowMs } from './deeds.ts';
import { type Disturbance, restore } from './disturber.ts';
import { bothPlaces, type Places } from './places.ts';
import { TortureFailure, until } from './waiting.ts';
import type { Moment } from './writer.ts';

/** Waits until the archive has passed the moment. */
export async function archived(sys: Client, { time }: Moment): Promise<void> {
  const sql = 'SELECT CHECKPOINT_SCN_DISPLAY AS c FROM oceanbase.CDB_OB_ARCHIVELOG';
  await until(sys, sql, (rows) => String(rows[0]?.['c']) > time);
}

/**
 * The moments the recoverable window promises. Every moment no clean-up may have given up yet must be among them; a promised one is
 * compared now and then.
 */
export async function promised(sys: Client, moments: readonly Moment[]): Promise<readonly Moment[]> {
  const windows = await sys.quiet(
    "SELECT FROM_SCN_DISPLAY AS first, TO_SCN_DISPLAY AS last FROM oceanbase.CDB_OB_RECOVERABLE_WINDOW WHERE KIND = 'WINDOW'",
  );
  const now = String((await sys.quiet('SELECT NOW(6) AS moment'))[0]?.['moment']);
  const isPromised = ({ time }: Moment) =>
    windows.some((window) => time > String(window['first']) && time < String(window['last']));
  const ageMs = ({ time }: Moment) => Date.parse(now.replace(' ', 'T')) - Date.parse(time.replace(' ', 'T'));
  const missing = moments.filter((moment) => !isPromised(moment) && ageMs(moment) < shortestWindowMs);
  if (missing.length > 0)
    throw new TortureFailure(`not promised: ${JSON.stringify([missing[0], missing.at(-1), now, windows])}`);
  return moments.filter(isPromised);
}

/** A restore to a promised moment shows exactly the commits up to it. */
export async function compareMoment(server: ServerProcess, places: Places, moment: Moment, no: number): Promise<void> {
  const last = await restoredLast(server, bothPlaces(places), no, `TIME='${moment.time}'`);
  if (last !== moment.seq) throw new TortureFailure(`restore to ${moment.time}: row ${last}, expected ${moment.seq}`);
}

/** A set that says SUCCESS and AVAILABLE restores to its own end; from the data path alone when it has its own log. */
export async function compareSet(
  server: ServerProcess,
  { places, random, moments }: Pick<Disturbance, 'places' | 'random' | 'moments'>,
  no: number,
): Promise<void> {
  const sys = await connect(server.port, 'root@sys');
  const sets = await sys.quiet(
    `SELECT BACKUP_SET_ID AS id, MIN_RESTORE_SCN AS scn, MIN_RESTORE_SCN_DISPLAY AS time, PLUS_ARCHIVELOG AS own
     FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE STATUS = 'SUCCESS' AND FILE_STATUS = 'AVAILABLE'`,
  );
  await sys.close();
  if (sets.length === 0) throw new TortureFailure('no set is left');
  const set = sets[random.below(sets.length)] as Row;
  const paths = set['own'] === 'ON' ? places.data : bothPlaces(places);
  const last = await restoredLast(server, paths, no, `SCN=${set['scn']}`);
  const [before, after] = [
    moments.findLast(({ time }) => time < String(set['time'])),
    moments.find(({ time }) => time > String(set['time'])),
  ];
  if (last < (before?.seq ?? 0) || last > (after?.seq ?? Number.POSITIVE_INFINITY))
    throw new TortureFailure(`set ${JSON.stringify(set)}: row ${last}, expected ${before?.seq} to ${after?.seq}`);
}

async function restoredLast(server: ServerProcess, paths: string, no: number, point: string): Promise<number> {
  const names = { tenant: `r${no}`, pool: `p${no}` };
  const sys = await connect(server.port, 'root@sys');
  await restoreAs(sys, paths, names, point);
  const restored = await connect(server.port, `root@${names.tenant}`);
  const last = await unbroken(restored);
  await restored.close();
  await sys.quiet(`DROP TENANT ${names.tenant} FORCE`);
  await sys.quiet(`DROP RESOURCE POOL ${names.pool}`);
  await sys.close();
  return last;
}

async function restoreAs(
  sys: Client,
  paths: string,
  names: { readonly tenant: string; readonly pool: string },
  point: string,
): Promise<void> {
  await restore(sys, paths, names, point).catch((error: Error) => {
    throw new TortureFailure(`restore of ${paths} ${point}: ${error.message}`);
  });
  const ended = await until(
    sys,
    `SELECT STATUS, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = '${names.tenant}'`,
    (rows) => rows.length === 2,
  );
  if (ended.some((row) => row['STATUS'] !== 'SUCCESS'))
    throw new TortureFailure(`restore ${names.tenant} ${point}: ${JSON.stringify(ended)}`);
}

/** A tenant that follows the log from now on. */
export async function makeStandby(sys: Client, places: Places, former: string, no: number): Promise<string> {
  if (former !== '') {
    await sys.quiet(`DROP TENANT ${former} FORCE`);
    await sys.quiet(`DROP RESOURCE POOL q${former.slice(1)}`);
  }
  await restoreAs(sys, bothPlaces(places), { tenant: `s${no}`, pool: `q${no}` }, '');
  await sys.quiet(`ALTER SYSTEM RECOVER STANDBY TENANT = s${no} UNTIL UNLIMITED`);
  return `s${no}`;
}

/** The standby gets as far as the archive, which has passed the moment, and has every row up to there. */
export async function checkStandby(server: ServerProcess, name: string, moment: Moment): Promise<void> {
  const sys = await connect(server.port, 'root@sys');
  await sys.quiet(`ALTER SYSTEM RECOVER STANDBY TENANT = ${name} UNTIL UNLIMITED`);
  const archive = await sys.quiet('SELECT CHECKPOINT_SCN AS c FROM oceanbase.CDB_OB_ARCHIVELOG');
  const reached = BigInt(String(archive[0]?.['c']));
  const scn = `SELECT SYNC_SCN AS c FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = '${name}'`;
  await until(sys, scn, (rows) => BigInt(String(rows[0]?.['c'])) >= reached);
  await sys.close();
  const standby = await connect(server.port, `root@${name}`);
  const last = await unbroken(standby);
  await standby.close();
  if (last < moment.seq) throw new TortureFailure(`standby ${name}: row ${last}, expected ${moment.seq}`);
}

/** Tables that were recovered are there whole as of their moment, or not at all; they are dropped. Returns how many were there. */
export async function checkRecovered(server: ServerProcess, recovering: Map<number, Moment>): Promise<number> {
  const app = await connect(server.port, 'root@t');
  const sys = await connect(server.port, 'root@sys');
  const jobs = await sys.quiet(
    'SELECT STATUS, RESULT, COMMENT, REMAP_TABLE_LIST AS remap FROM oceanbase.CDB_OB_RECOVER_TABLE_JOB_HISTORY WHERE TENANT_ID > 1',
  );
  let whole = 0;
  for (const [no, moment] of recovering) {
    const [ledger, bulk] = [`back_ledger_${no}`, `back_bulk_${no}`];
    const there = await app.quiet(
      `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'd' AND TABLE_NAME IN ('${ledger}', '${bulk}')`,
    );
    const job = jobs.find((row) => String(row['remap']).includes(ledger));
    if (job?.['STATUS'] === 'COMPLETED') {
      const last = await unbroken(app, { ledger: `d.${ledger}`, bulk: `d.${bulk}` });
      if (last !== moment.seq) throw new TortureFailure(`${ledger} at ${moment.time}: row ${last}, not ${moment.seq}`);
      whole++;
    } else if (job === undefined ? there.length > 0 : job['RESULT'] !== '-4072')
      throw new TortureFailure(`${ledger}: ${JSON.stringify([job, there])}`);
    await app.quiet(`DROP TABLE IF EXISTS d.${ledger}, d.${bulk}`);
  }
  recovering.clear();
  await app.close();
  await sys.close();
  return whole;
}
