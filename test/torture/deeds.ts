import type { Client } from '../../examples/transcript.ts';
import { type Disturbance, restore } from './disturber.ts';
import { bothPlaces } from './places.ts';
import { pause } from './waiting.ts';
import type { Moment } from './writer.ts';

type Deed = (work: Disturbance, sys: Client, app: Client) => Promise<unknown>;

/** Clean-ups keep everything needed for moments this young. */
export const shortestWindowMs = 20_000;

async function backUp({ random, count }: Disturbance, sys: Client): Promise<void> {
  const kind = random.below(3) === 0 ? '' : 'INCREMENTAL ';
  const log = random.below(4) === 0 ? ' PLUS ARCHIVELOG' : '';
  await sys.quiet(`ALTER SYSTEM BACKUP ${kind}TENANT = t${log}`);
  count.backups++;
}

function anyMoment({ moments, random }: Disturbance): Moment | null {
  return moments.length === 0 ? null : moments[random.below(moments.length)]!;
}

async function restoreSomething(work: Disturbance, sys: Client): Promise<void> {
  const moment = anyMoment(work);
  if (moment === null) return;
  const no = work.nextRestore();
  await restore(sys, bothPlaces(work.places), { tenant: `r${no}`, pool: `p${no}` }, `TIME='${moment.time}'`);
  work.count.restoresBegun++;
}

async function rotate({ count }: Disturbance, _: Client, app: Client): Promise<void> {
  await app.quiet('ALTER INSTANCE ROTATE INNODB MASTER KEY');
  count.rotations++;
}

async function changeRound({ random, count }: Disturbance, sys: Client): Promise<void> {
  await sys.quiet('ALTER SYSTEM NOARCHIVELOG TENANT = t');
  await pause(random.below(400));
  await sys.quiet('ALTER SYSTEM ARCHIVELOG TENANT = t');
  count.rounds++;
}

async function suspend({ random }: Disturbance, sys: Client): Promise<void> {
  await sys.quiet("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = t");
  await pause(random.below(300));
  await sys.quiet("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = t");
}

/** A new policy starts its first clean-up at once. */
async function cleanUp({ random, count }: Disturbance, sys: Client): Promise<void> {
  await renewPolicy(sys, shortestWindowMs + random.below(20_000));
  count.cleanUps++;
}

export async function renewPolicy(sys: Client, windowMs: number): Promise<void> {
  const { length } = await sys.quiet('SELECT POLICY_NAME FROM oceanbase.CDB_OB_BACKUP_DELETE_POLICY');
  if (length > 0) await sys.quiet("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT = t");
  await sys.quiet(`ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '${windowMs}ms' TENANT = t`);
}

async function validate({ random, count }: Disturbance, sys: Client): Promise<void> {
  await sys.quiet(`ALTER SYSTEM VALIDATE BACKUP ${random.below(3) === 0 ? "LEVEL = 'basic' " : ''}TENANT = t`);
  count.validates++;
}

async function rollStandby(work: Disturbance, sys: Client): Promise<void> {
  const moment = anyMoment(work);
  const clauses = ['UNTIL UNLIMITED', 'UNTIL UNLIMITED', 'CANCEL', `UNTIL TIME = '${moment?.time ?? ''}'`];
  const clause = clauses[work.random.below(moment === null ? 3 : 4)]!;
  await sys.quiet(`ALTER SYSTEM RECOVER STANDBY TENANT = ${work.standby} ${clause}`);
  work.count.standbyRolls++;
}

/** Both tables as they were at a moment, under new names. */
async function recoverTables(work: Disturbance, sys: Client): Promise<void> {
  const moment = anyMoment(work);
  if (moment === null) return;
  const no = work.nextRestore();
  await sys.quiet(`CREATE RESOURCE POOL p${no} UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')`);
  work.recovering.set(no, moment);
  await sys.quiet(
    `ALTER SYSTEM RECOVER TABLE d.ledger, d.bulk TO TENANT = t FROM '${bothPlaces(work.places)}'
     UNTIL TIME = '${moment.time}' WITH 'pool_list=p${no}' REMAP TABLE d.ledger:back_ledger_${no}, d.bulk:back_bulk_${no}`,
  );
  work.count.tablesBegun++;
}

async function cancel({ random, count }: Disturbance, sys: Client): Promise<void> {
  const what = ['BACKUP TENANT = t', 'DELETE BACKUP TENANT = t', 'VALIDATE TENANT = t', 'RECOVER TABLE t'];
  await sys.quiet(`ALTER SYSTEM CANCEL ${what[random.below(what.length)]}`);
  count.cancels++;
}

/** What may be done to a server at any time, the more frequent ones more than once. */
export const deeds: readonly Deed[] = [
  ...Array<Deed>(6).fill(backUp),
  ...Array<Deed>(3).fill(restoreSomething),
  ...Array<Deed>(2).fill(recoverTables),
  ...Array<Deed>(2).fill(cleanUp),
  ...Array<Deed>(2).fill(rollStandby),
  ...Array<Deed>(2).fill(cancel),
  rotate,
  changeRound,
  suspend,
  validate,
];
