import assert from 'node:assert/strict';
import { parseRelease } from '../../src/base/release.ts';
import { setsOf } from '../jobs/job-harness.ts';
import { History, type HistoryCounts, passwords } from './history.ts';
import { createRandom } from './random.ts';

type Deed = (history: History) => Promise<unknown>;

const hourMs = 3_600_000;

/** Codes of refusals a deed may meet, whatever the state. */
const cannotBackUp = [9040, 9036];
const jobRuns = [9036];
const cannotDelete = [1235, 9044, 9045, 9046, 9069];
const alreadySo = [9091, 9092];

async function change(history: History): Promise<void> {
  const { harness, random } = history;
  for (let i = random.below(3); i >= 0; i--) {
    const id = ++history.row;
    const text = `${random.below(1e6)} `.repeat(1 + random.below(100)).slice(0, 900);
    const deed = random.below(6);
    if (deed < 4) await harness.sql('a', `INSERT INTO d.t VALUES (${id}, ${deed}, '${text}')`);
    else if (deed === 4) await harness.sql('a', `UPDATE d.t SET n = n + 1 WHERE id % 7 = ${random.below(7)}`);
    else await harness.sql('a', `DELETE FROM d.t WHERE id = ${random.below(id)}`);
    history.counts.changes++;
    await history.note();
  }
}

/** Waits until the archive has all there is. */
async function ship(history: History): Promise<void> {
  if ((await history.round())?.status !== 'DOING') return;
  const { scn } = await history.note();
  await history.harness.until(async () => ((await history.round())?.checkpointScn ?? 0n) >= scn);
}

async function backUp(history: History): Promise<void> {
  const { harness, random, tenantId } = history;
  const what = `${random.below(3) === 0 ? '' : 'INCREMENTAL '}DATABASE${random.below(3) === 0 ? ' PLUS ARCHIVELOG' : ''}`;
  const before = (await setsOf(harness, 'a')).length;
  if (!(await history.say(`ALTER SYSTEM BACKUP ${what}`, cannotBackUp))) return;
  history.counts.backups++;
  if (random.below(4) === 0) return history.passes(random.below(6));
  await backupEnded(history);
  const sets = await setsOf(harness, 'a');
  const job = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ tenantId }).at(-1));
  assert.equal(sets.length, before + 1);
  // What is copied when the archive stands still cannot be finished; it may have been finished before.
  if (job?.status !== 'COMPLETED') assert.equal(history.deferred && job?.result, -9029, job?.comment);
  history.covered ||= job?.status === 'COMPLETED';
  await history.note();
}

async function backupEnded(history: History): Promise<void> {
  await history.harness.until(() =>
    history.harness.controller.catalog.read((tx) => tx.backups.liveJobs().length === 0),
  );
}

async function cancel(history: History): Promise<void> {
  const what = ['BACKUP', 'DELETE BACKUP'][history.random.below(2)];
  await history.say(`ALTER SYSTEM CANCEL ${what}`);
  await history.passes(history.random.below(4));
}

async function suspend(history: History): Promise<void> {
  const state = ['DEFER', 'ENABLE', 'ENABLE'][history.random.below(3)]!;
  await history.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = '${state}'`);
  history.deferred = state === 'DEFER';
  await history.passes(history.random.below(5));
}

async function stopArchive(history: History): Promise<void> {
  history.covered = false;
  await history.say('ALTER SYSTEM NOARCHIVELOG', alreadySo);
  await backupEnded(history);
  await history.harness.until(async () => (await history.round())?.status === 'STOP');
}

async function startArchive(history: History): Promise<void> {
  await history.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE'");
  history.deferred = false;
  await history.say('ALTER SYSTEM ARCHIVELOG', alreadySo);
  await history.harness.until(async () => (await history.round())?.status === 'DOING');
}

async function newRound(history: History): Promise<void> {
  await stopArchive(history);
  if (history.random.below(2) === 0) await change(history);
  if (history.random.below(2) === 0) {
    const path = history.harness.place(`a/archive${['', '2', '3'][history.random.below(3)]}`);
    const dest = `LOCATION=${path} PIECE_SWITCH_INTERVAL=${1 + history.random.below(2)}d`;
    await history.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = '${dest}'`);
  }
  await startArchive(history);
}

async function changeDataDest(history: History): Promise<void> {
  const path = history.harness.place(`a/data${['', '2', '3'][history.random.below(3)]}`);
  await history.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${path}'`, jobRuns);
}

/** Later sets are under this password, or another one, or none. */
async function changePassword(history: History): Promise<void> {
  const password = [...passwords, null][history.random.below(3)] ?? null;
  // A new session has none.
  if (password === null) (await history.harness.speaker('a')).memory.encryptionPassword = null;
  else await history.say(`SET ENCRYPTION ON IDENTIFIED BY '${password}' ONLY`);
}

async function renewPolicy(history: History): Promise<void> {
  await history.cleanUpsEnded();
  await history.say("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default'");
  if (history.random.below(5) === 0) return;
  const hours = [6, 24, 72, 120][history.random.below(4)];
  await history.say(`ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '${hours}h'`);
  await history.passes(history.random.below(4));
}

/** From release 4.4.2 on; before it is refused. What was asked to go may be needed for moments that were promised. */
async function deleteChosen(history: History): Promise<void> {
  const { harness, random, tenantId } = history;
  const { sets, pieces } = await harness.controller.catalog.read((tx) => ({
    sets: tx.backups.sets.list({ tenantId }),
    pieces: tx.archives.pieces.list({ tenantId }),
  }));
  const setId = sets[random.below(Math.max(1, sets.length))]?.backupSetId ?? 1;
  const pieceId = pieces[random.below(Math.max(1, pieces.length))]?.pieceId ?? 1;
  const what = [`BACKUPSET ${setId}`, `ARCHIVELOG_PIECE ${pieceId}`][random.below(2)];
  await history.cleanUpsEnded();
  if (await history.say(`ALTER SYSTEM DELETE ${what}`, cannotDelete)) await history.forgetPromises();
}

/** Hours and days pass, with what they bring; seldom the clock is put back. */
async function time(history: History): Promise<void> {
  const { random } = history;
  history.moveClock(random.below(8) === 0 ? -random.below(hourMs) : random.below(40) * hourMs);
  await history.passes(random.below(5));
}

const releases = ['4.2.1', '4.4.2'].map((text) => parseRelease(text));

/** What may be done to a tenant, the more frequent deeds more than once. */
const deeds: readonly Deed[] = [
  ...Array<Deed>(8).fill(change),
  ...Array<Deed>(4).fill(ship),
  ...Array<Deed>(7).fill(backUp),
  ...Array<Deed>(5).fill(time),
  ...Array<Deed>(2).fill(renewPolicy),
  ...Array<Deed>(2).fill(suspend),
  ...Array<Deed>(4).fill((history) => history.restoreWithin()),
  ...Array<Deed>(3).fill((history) => history.restoreBeyond()),
  cancel,
  changePassword,
  deleteChosen,
  newRound,
  changeDataDest,
  (history) => history.restart(),
];

/** Does a number of deeds drawn by the seed to a new tenant, holding the recoverable window to its word all along. Throws with all that was said. */
export async function runHistory(seed: number, length: number): Promise<HistoryCounts> {
  const history = new History(seed, releases[seed % releases.length]!);
  await history.open();
  try {
    for (let i = 0; i < length; i++) {
      history.random = createRandom(seed * 10_007 + i);
      await deeds[history.random.below(deeds.length)]!(history);
      history.counts.deeds++;
      await history.checkPromises();
    }
    await startArchive(history);
    await backupEnded(history);
    await backUp(history);
    await change(history);
    await ship(history);
    for (let i = 0; i < 3; i++) await history.restoreWithin();
    await history.checkPromises();
  } catch (cause) {
    throw new Error(`history ${seed}, after ${history.counts.deeds} deeds:\n${history.told.join('\n')}`, { cause });
  } finally {
    await history.close();
  }
  return history.counts;
}
