import type { Clock } from '../../base/clock.ts';
import { fault, faultText } from '../../base/errors.ts';
import { scnToUs } from '../../base/scn.ts';
import type { BackupSet, BackupTask } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import { setEndKey } from '../../destination/layout.ts';
import { formatDateTime } from '../../value/temporal.ts';
import { localOfUs } from '../../value/time-zone.ts';
import { archiveDestNo } from '../tenant-destination.ts';
import { requireArchive } from './begin-set.ts';
import { changeTask, JobCanceled, type JobRun, requireDestination, type TaskMemory, taskMemory } from './job-run.ts';
import { readBack, recordReadBack } from './read-back.ts';
import { dataFilesBytes, setNameOf, writeSetEnd, writeSetInfos } from './set-files.ts';
import { removeStrayEnds } from './stray-ends.ts';

/** How long a CANCEL waits for an end placeholder on its way, and a job that ends for the answer whether it stands. */
export const endGraceMs = 3_000;

const archivePollMs = 50;
const pollsToSecondWake = 2;

/** Earlier sets the info file of a set lists at most; the medium's limit of a small object is far above. */
const maxListedSets = 10_000;

/**
 * BACKUP_LOG: the set counts only when the archive holds everything a restore of it needs. The wait is measured by sleeping, so
 * that a clock that is set ends no set.
 */
export async function waitForArchive(run: JobRun, task: BackupTask, set: BackupSet): Promise<void> {
  const { controller, tenant, signal } = run;
  const wanted = BigInt(taskMemory(task).copiedScn ?? '0');
  const { archiveWaitMs } = controller.settings;
  const over = new AbortController();
  let late = false;
  controller.clock.sleep(archiveWaitMs, over.signal).then(
    () => {
      late = true;
    },
    () => undefined,
  );
  try {
    let wakeAt = 0;
    for (let polls = 0; ; polls++) {
      // Waking it wakes the archives of all tenants: at first, then less and less often.
      if (polls >= wakeAt) {
        controller.wake.archive();
        wakeAt = 3 * polls + pollsToSecondWake;
      }
      const lastLook = late;
      const round = await controller.catalog.read((tx) => {
        requireArchive(tx, tenant.tenantId);
        return tx.archives.rounds.get({ tenantId: tenant.tenantId, destNo: archiveDestNo });
      });
      if (round !== null && round.startScn > set.startReplayScn) throw fault('OB_LOG_ARCHIVE_INTERRUPTED');
      if (round !== null && round.checkpointScn >= wanted) return;
      if (lastLook) {
        const text = `log archive is not running: its checkpoint did not pass SCN ${wanted} within ${archiveWaitMs} ms`;
        throw faultText('OB_LOG_ARCHIVE_NOT_RUNNING', text);
      }
      await controller.clock.sleep(archivePollMs, signal);
    }
  } finally {
    over.abort();
  }
}

/** True when the end placeholder was written before a crash, a fault or a CANCEL: the set counts, whatever happened since. */
export async function endIsWritten({ medium, signal }: JobRun, task: BackupTask, set: BackupSet): Promise<boolean> {
  if (taskMemory(task).end === undefined) return false;
  return (await medium.head(setEndKey(setNameOf(set), set.minRestoreScn), signal)) !== null;
}

/** The last files, then the rows: from here on the set is SUCCESS. */
export async function finishSet(run: JobRun, task: BackupTask, set: BackupSet): Promise<void> {
  const { controller, job, medium, signal } = run;
  const { end, memory } = await fixEnd(run, task, set);
  const done: BackupSet = {
    ...set,
    endUs: end.us,
    status: 'SUCCESS',
    fileStatus: 'AVAILABLE',
    ...display(memory, set),
  };
  await requireDestination(run);
  const bytes = await dataFilesBytes(medium, setNameOf(set), memory.retryId, signal);
  if (bytes !== done.outputBytes) {
    const text = `data files of the set hold ${bytes} bytes, ${done.outputBytes} were written`;
    throw faultText('OB_BACKUP_FILE_NOT_EXIST', `${fault('OB_BACKUP_FILE_NOT_EXIST').message}: ${text}`);
  }
  await removeStrayEnds(run);
  const earlier = await controller.catalog.read((tx) => setsOf(tx, set, end.earlierSets));
  await writeSetInfos(medium, memory.place, done, earlier, signal);
  const proof = await readBack(run, memory, done);
  signal.throwIfAborted();
  // A restore takes the set as soon as that file stands: whether it does must be known before the rows say anything.
  await withGrace(controller.clock, signal, (lastSignal) => writeSetEnd(medium, done, lastSignal));
  await controller.catalog.transaction((tx) => {
    tx.backups.sets.put(done);
    recordReadBack(tx, done, proof);
    tx.backups.tasks.update(task, { status: 'COMPLETED', endUs: end.us });
    // A CANCEL that came while the end placeholder was written came too late: the set is whole, and says so.
    tx.backups.jobs.update(job, { status: 'COMPLETED', endUs: controller.clock.nowUs() });
    tx.keys.forgetJob(job.tenantId, 'backup', job.jobId);
    const pairs = { tenant_id: job.tenantId, job_id: job.jobId, task_id: task.taskId, result: 0 };
    tx.events.record('backup_data', 'backup completing log succeed', pairs);
  });
}

/** Runs `work` with a signal a CANCEL reaches only after `endGraceMs`; a server that stops reaches it at once. */
async function withGrace(clock: Clock, signal: AbortSignal, work: (late: AbortSignal) => Promise<void>): Promise<void> {
  const late = new AbortController();
  const over = new AbortController();
  const end = () => late.abort(signal.reason);
  const ending = () => {
    if (signal.reason instanceof JobCanceled) clock.sleep(endGraceMs, over.signal).then(end, () => undefined);
    else end();
  };
  if (signal.aborted) ending();
  else signal.addEventListener('abort', ending, { once: true, signal: over.signal });
  try {
    await work(late.signal);
  } finally {
    over.abort();
  }
}

async function fixEnd({ controller }: JobRun, task: BackupTask, set: BackupSet) {
  const memory = taskMemory(task);
  if (memory.end !== undefined) return { memory, end: memory.end };
  const { tenantId, destId } = set;
  const sets = await controller.catalog.read((tx) => tx.backups.sets.list({ tenantId, destId, status: 'SUCCESS' }));
  const earlierSets = sets.map((one) => one.backupSetId).filter((id) => id < set.backupSetId);
  const end = { us: controller.clock.nowUs(), earlierSets: earlierSets.slice(-maxListedSets) };
  await changeTask(controller, task, { stepData: { ...memory, end } satisfies TaskMemory });
  return { memory, end };
}

function setsOf(tx: Repositories, { tenantId, destId }: BackupSet, ids: readonly number[]): readonly BackupSet[] {
  return ids
    .map((backupSetId) => tx.backups.sets.get({ tenantId, destId, backupSetId }))
    .filter((one): one is BackupSet => one !== null && one.fileStatus !== 'DELETING' && one.fileStatus !== 'DELETED');
}

/** MIN_RESTORE_SCN_DISPLAY: nine digits in the tenant's zone. */
function display({ place }: TaskMemory, { minRestoreScn }: BackupSet) {
  const local = localOfUs(place.timeZone, scnToUs(minRestoreScn));
  const nanoseconds = String(minRestoreScn % 1000n).padStart(3, '0');
  return { minRestoreScnDisplay: local === null ? '' : `${formatDateTime(local, 6)}${nanoseconds}` };
}
