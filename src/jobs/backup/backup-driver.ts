import { fault } from '../../base/errors.ts';
import type { BackupJob } from '../../catalog/backups.ts';
import { sysTenantId } from '../../catalog/tenants.ts';
import type { Destination } from '../../destination/destination.ts';
import type { Controller } from '../controller.ts';
import { type JobResult, jobResult } from '../job-result.ts';
import { lingers } from '../linger.ts';
import { destinationSweeps } from '../sweep-destinations.ts';
import { dataDestination, openPaced } from '../tenant-destination.ts';
import { TenantWork } from '../tenant-work.ts';
import { beginSet } from './begin-set.ts';
import { copyLog } from './complement-log.ts';
import { becomeFull, copyData, copyMeta } from './copy-set.ts';
import { endGraceMs, endIsWritten, finishSet, waitForArchive } from './finish-set.ts';
import { destinationMissing, JobCanceled, type JobRun, requireDestination, taskMemory } from './job-run.ts';
import { type SetMemory, setMemory, standsByRows } from './set-base.ts';
import { doubtPauseMs, setsInDoubt, settleDoubt } from './stray-ends.ts';
import { advanceSysJob } from './sys-job.ts';

export { tenantIsNormal } from './backup-rows.ts';

/** Drives backup jobs through their states; every step may be repeated after a crash. */
export interface BackupDriver {
  pass(signal: AbortSignal): Promise<void>;
  /** Ends what runs for a tenant that is being dropped. */
  forget(tenantId: number): Promise<void>;
  close(): Promise<void>;
}

export function createBackupDriver(controller: Controller): BackupDriver {
  const work = new TenantWork('backup', controller.log);
  const doubts = doubtWatch(controller, work);
  const sweep = destinationSweeps(controller);
  const drive = (job: BackupJob, stopping: AbortSignal) => {
    const key = keyOf(job);
    const started = work.start(job.tenantId, key, stopping, (signal) =>
      driveTenantJob(controller, job, signal, stopping).finally(() => {
        doubts.soon(job.tenantId);
        work.start(job.tenantId, `${job.tenantId}/sweep`, stopping, (ended) => sweep(job.tenantId, ended));
      }),
    );
    if (!started && job.status === 'CANCELING') work.abort(key, new JobCanceled());
  };
  return {
    async pass(signal) {
      const jobs = await controller.catalog.read((tx) => tx.backups.liveJobs());
      for (const job of jobs) {
        if (isFinal(job)) await moveWhenDue(controller, job);
        else if (job.tenantId === sysTenantId) await advanceSysJob(controller, job);
        else drive(job, signal);
      }
      await doubts.look(signal);
    },
    forget: (tenantId) => work.forget(tenantId, new JobCanceled()),
    close: () => work.settle(),
  };
}

function keyOf(job: BackupJob): string {
  return `${job.tenantId}/${job.jobId}`;
}

/** Looks after sets whose end placeholder may stand although their job ended otherwise. */
function doubtWatch(
  controller: Controller,
  work: TenantWork,
): {
  look(signal: AbortSignal): Promise<void>;
  /** Lets the next look not wait: a job of the tenant has ended. */
  soon(tenantId: number): void;
} {
  const { catalog, clock, log } = controller;
  let seenUs: number | null = null;
  let pauseMs: number = doubtPauseMs.first;
  /** Tenants that may have such sets; null for all of them, as when the server starts. */
  let tenants: Set<number> | null = null;
  const look = async (signal: AbortSignal) => {
    const nowUs = clock.nowUs();
    // The clock may jump back.
    if (signal.aborted || tenants?.size === 0 || (seenUs !== null && Math.abs(nowUs - seenUs) < pauseMs * 1000)) return;
    if (seenUs !== null) pauseMs = Math.min(2 * pauseMs, doubtPauseMs.most);
    seenUs = nowUs;
    const looked = tenants;
    tenants = new Set();
    const found = await catalog
      .read((tx) => setsInDoubt(tx, catalog.secrets, looked))
      .catch((error: unknown) => {
        tenants = looked && new Set([...looked, ...(tenants ?? [])]);
        throw error;
      });
    for (const { set, destination } of found) {
      tenants.add(set.tenantId);
      const names = { tenant: set.tenantId, set: set.backupSetId };
      work.start(set.tenantId, `${set.tenantId}/end of ${set.backupSetId}`, signal, async (ended) => {
        const job = await catalog.read((tx) =>
          tx.backups.jobs.list({ tenantId: set.tenantId }).find((one) => one.backupSetId === set.backupSetId),
        );
        if (job === undefined) return;
        try {
          await withMedium(controller, job, destination, (place) =>
            settleDoubt({ controller, job, signal: ended, ...place }, set),
          );
        } catch (error) {
          if (!ended.aborted) log.warn('the end placeholder of a failed set is looked for again', { ...names, error });
        }
      });
    }
  };
  const soon = (tenantId: number) => {
    seenUs = null;
    pauseMs = doubtPauseMs.first;
    tenants?.add(tenantId);
  };
  return { look, soon };
}

/** True once nothing but the move to the history is left. */
export function isFinal(job: BackupJob): boolean {
  return job.status === 'COMPLETED' || job.status === 'FAILED' || job.status === 'CANCELED';
}

async function moveWhenDue(controller: Controller, job: BackupJob): Promise<void> {
  if (lingers(controller, job.endUs)) return;
  await controller.catalog.transaction((tx) => tx.backups.moveToHistory(job.tenantId, job.jobId));
}

async function driveTenantJob(
  controller: Controller,
  job: BackupJob,
  signal: AbortSignal,
  stopping: AbortSignal,
): Promise<void> {
  try {
    if (job.status === 'CANCELING') throw new JobCanceled();
    await withMedium(controller, job, null, async (place) => {
      const run: JobRun = { controller, job, signal, ...place };
      // A medium opened anew takes whatever it finds for its destination: an empty mount point too.
      if (job.status !== 'INIT') await requireDestination(run);
      await driveSteps(run);
    });
  } catch (error) {
    if (stopping.aborted) return;
    if (signal.aborted || error instanceof JobCanceled) await endJob(controller, job, null, stopping);
    else await retryOrEnd(controller, job, error, signal, stopping);
  }
  controller.wake.backup();
}

/** Opens a destination of the job's tenant, its present one for null. */
async function withMedium(
  controller: Controller,
  job: BackupJob,
  place: Destination | null,
  work: (run: Pick<JobRun, 'tenant' | 'destination' | 'medium'>) => Promise<void>,
): Promise<void> {
  const { tenant, destination } = await controller.catalog.read((tx) => ({
    tenant: tx.tenants.get({ tenantId: job.tenantId }),
    destination: place ?? dataDestination(tx, controller.catalog.secrets, job.tenantId),
  }));
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', String(job.tenantId));
  if (destination === null) throw destinationMissing();
  const medium = openPaced(controller, job.tenantId, destination);
  try {
    await work({ tenant, destination, medium });
  } finally {
    await medium.close().catch(() => undefined);
  }
}

/** Takes the job on from wherever its rows say it stands. */
async function driveSteps(run: JobRun): Promise<void> {
  const { controller, signal } = run;
  for (;;) {
    signal.throwIfAborted();
    const { job, task, set } = await controller.catalog.read((tx) => {
      const live = tx.backups.jobs.get(run.job);
      return {
        job: live,
        task: live && tx.backups.taskOfJob(live.tenantId, live.jobId),
        set: live && tx.backups.setById(live.tenantId, live.backupSetId),
      };
    });
    if (job === null || isFinal(job)) return;
    const now: JobRun = { ...run, job };
    if (job.status === 'CANCELING') throw new JobCanceled();
    if (job.status === 'INIT') await beginSet(now);
    else if (task === null || set === null) throw fault('OB_ERR_UNEXPECTED', 'the set task is missing');
    else if (metaStages.has(task.status)) await copyMeta(now, task, set);
    else if (task.status === 'BACKUP_LOG' && taskMemory(task).copiedScn !== undefined) {
      const ended = await endIsWritten(now, task, set);
      if (!ended) await waitForArchive(now, task, set);
      if (!ended && !(await controller.catalog.read((tx) => standsByRows(tx, set)))) await becomeFull(now, task, set);
      else if (!ended && set.plusArchivelog && !taskMemory(task).logCopied) await copyLog(now, task, set);
      else await finishSet(now, task, set);
    } else await copyData(now, task, set);
  }
}

const metaStages: ReadonlySet<string> = new Set(['INIT', 'BACKUP_SYS_META', 'BACKUP_USER_META']);

/** A passing fault is tried again a few times, after a pause; any other ends the job. */
async function retryOrEnd(
  controller: Controller,
  job: BackupJob,
  error: unknown,
  signal: AbortSignal,
  stopping: AbortSignal,
): Promise<void> {
  const { catalog, clock, log, settings } = controller;
  const live = await catalog.read((tx) => tx.backups.jobs.get(job));
  if (live === null) return;
  const result = jobResult(controller, error, live.status === 'INIT' ? null : 'BACKUP_DATA');
  if (!result.retry || live.retryCount >= settings.maxJobRetries) return endJob(controller, job, result, stopping);
  log.warn('backup job is tried again', { job: keyOf(job), code: result.code, comment: result.comment });
  await catalog.transaction((tx) => tx.backups.jobs.update(job, { retryCount: live.retryCount + 1 }));
  await clock.sleep(settings.retryPauseMs, signal).catch(() => undefined);
}

const canceled: JobResult = { code: fault('OB_CANCELED').code, comment: 'Operation canceled', retry: false };

/**
 * True when the set is finished although its job was to end otherwise: a set whose end placeholder stands is taken by every restore,
 * so that it counts, also when a CANCEL or a fault met the job before its rows said so.
 */
async function finishedAnyway(controller: Controller, job: BackupJob, stopping: AbortSignal): Promise<boolean> {
  const { live, task, set } = await controller.catalog.read((tx) => {
    const live = tx.backups.jobs.get(job);
    return {
      live,
      task: live && tx.backups.taskOfJob(live.tenantId, live.jobId),
      set: live && tx.backups.setById(live.tenantId, live.backupSetId),
    };
  });
  if (live === null || isFinal(live) || task === null || set === null || taskMemory(task).end === undefined)
    return false;
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(endGraceMs)]);
  let finished = false;
  try {
    await withMedium(controller, live, null, async (place) => {
      const run: JobRun = { controller, job: live, signal, ...place };
      if (!(await endIsWritten(run, task, set))) return;
      await finishSet(run, task, set);
      finished = true;
    });
  } catch (error) {
    controller.log.warn('whether the set of a backup job is finished is not known', { job: keyOf(job), error });
  }
  return finished;
}

/**
 * FAILED or, with null or after CANCEL, CANCELED; the set INCOMPLETE. What lies on the medium stays until the set is cleaned; of a set
 * another server has ended nothing is this one's, so that its row says DELETED at once.
 */
async function endJob(
  controller: Controller,
  job: BackupJob,
  failure: JobResult | null,
  stopping: AbortSignal,
): Promise<void> {
  if ((await finishedAnyway(controller, job, stopping)) || stopping.aborted) return;
  const endUs = controller.clock.nowUs();
  const ended = await controller.catalog.transaction((tx) => {
    const live = tx.backups.jobs.get(job);
    if (live === null || isFinal(live)) return null;
    const result = failure === null || live.status === 'CANCELING' ? canceled : failure;
    const status = result === canceled ? 'CANCELED' : 'FAILED';
    const changes = { endUs, result: result.code, comment: result.comment };
    const task = tx.backups.taskOfJob(job.tenantId, job.jobId);
    if (task !== null) tx.backups.tasks.update(task, { ...changes, status });
    const set = tx.backups.setById(job.tenantId, live.backupSetId);
    if (set !== null && set.status === 'DOING') {
      const doubt: SetMemory = task !== null && taskMemory(task).end !== undefined ? { endInDoubt: true } : {};
      const stepData = { ...setMemory(set), ...doubt };
      const fileStatus = setMemory(set).endedElsewhere ? 'DELETED' : 'INCOMPLETE';
      tx.backups.sets.update(set, { ...changes, status: 'FAILED', fileStatus, stepData });
    }
    tx.backups.jobs.update(job, { ...changes, status });
    tx.keys.forgetJob(job.tenantId, 'backup', job.jobId);
    const event = status === 'CANCELED' ? 'cancel backup succeed' : 'deal with failed job';
    tx.events.record('backup_data', event, { tenant_id: job.tenantId, job_id: job.jobId, result: result.code });
    return { status, ...changes };
  });
  if (ended !== null) controller.log.warn('backup job ended', { job: keyOf(job), ...ended });
}
