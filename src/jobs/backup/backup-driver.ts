import { fault } from '../../base/errors.ts';
import type { BackupJob } from '../../catalog/backups.ts';
import type { Tenant } from '../../catalog/tenants.ts';
import { sysTenantId } from '../../catalog/tenants.ts';
import type { Medium } from '../../media/medium.ts';
import type { Controller } from '../controller.ts';
import { type JobResult, jobResult } from '../job-result.ts';
import { PerKey } from '../loop.ts';
import { dataDestination } from '../tenant-destination.ts';
import { beginSet, copyData, copyMeta, finishSet, type JobRun, taskMemory, waitForArchive } from './set-steps.ts';
import { advanceSysJob } from './sys-job.ts';

/** Drives backup jobs through their states; every step may be repeated after a crash. */
export interface BackupDriver {
  pass(signal: AbortSignal): Promise<void>;
  /** Ends what runs for a tenant that is being dropped. */
  forget(tenantId: number): Promise<void>;
  close(): Promise<void>;
}

/** A job that meets a passing fault is tried again this often, with a pause between. */
const maxJobRetries = 3;
const retryPauseMs = 5_000;

/** Why a running job is stopped from outside. */
class JobCanceled extends Error {
  override readonly name = 'JobCanceled';
}

export function createBackupDriver(controller: Controller): BackupDriver {
  const work = new PerKey<string>();
  const canceling = new Map<string, AbortController>();

  const run = async (job: BackupJob, stopping: AbortSignal) => {
    const cancel = new AbortController();
    canceling.set(keyOf(job), cancel);
    try {
      await driveTenantJob(controller, job, AbortSignal.any([cancel.signal, stopping]), stopping);
    } catch (error) {
      if (!stopping.aborted) controller.log.error('backup job cannot be driven', { job: keyOf(job), error });
    } finally {
      canceling.delete(keyOf(job));
    }
  };

  return {
    async pass(signal) {
      const jobs = await controller.catalog.read((tx) => tx.backups.liveJobs());
      for (const job of jobs) {
        if (isFinal(job)) await moveWhenDue(controller, job);
        else if (job.tenantId === sysTenantId) await advanceSysJob(controller, job);
        else if (!work.start(keyOf(job), () => run(job, signal)) && job.status === 'CANCELING') {
          canceling.get(keyOf(job))?.abort(new JobCanceled());
        }
      }
    },
    async forget(tenantId) {
      for (const [key, cancel] of canceling) if (key.startsWith(`${tenantId}/`)) cancel.abort(new JobCanceled());
      await work.settle();
    },
    close: () => work.settle(),
  };
}

function keyOf(job: BackupJob): string {
  return `${job.tenantId}/${job.jobId}`;
}

/** True once nothing but the move to the history is left. */
export function isFinal(job: BackupJob): boolean {
  return job.status === 'COMPLETED' || job.status === 'FAILED' || job.status === 'CANCELED';
}

async function moveWhenDue(controller: Controller, job: BackupJob): Promise<void> {
  const ageMs = (controller.clock.nowUs() - (job.endUs ?? 0)) / 1000;
  if (ageMs < controller.settings.jobLingerMs) return;
  await controller.catalog.transaction((tx) => tx.backups.moveToHistory(job.tenantId, job.jobId));
}

async function driveTenantJob(
  controller: Controller,
  job: BackupJob,
  signal: AbortSignal,
  stopping: AbortSignal,
): Promise<void> {
  if (job.status === 'CANCELING') return endJob(controller, job, canceled());
  let medium: Medium | null = null;
  try {
    const found = await controller.catalog.read((tx) => ({
      tenant: tx.tenants.get({ tenantId: job.tenantId }),
      destination: dataDestination(tx, controller.catalog.secrets, job.tenantId),
    }));
    if (found.tenant === null) throw fault('OB_TENANT_NOT_EXIST', String(job.tenantId));
    if (found.destination === null) throw fault('OB_BACKUP_CAN_NOT_START', 'backup dest is not set.');
    medium = controller.openMedium(found.destination);
    await driveSteps({ controller, job, tenant: found.tenant, medium, signal });
  } catch (error) {
    if (stopping.aborted) return;
    const live = await controller.catalog.read((tx) => tx.backups.jobs.get(job));
    if (live === null) return;
    if (signal.aborted || live.status === 'CANCELING') return endJob(controller, live, canceled());
    const result = jobResult(controller, error, live.status === 'INIT' ? null : 'BACKUP_DATA');
    if (!result.retry || live.retryCount >= maxJobRetries) return endJob(controller, live, result);
    controller.log.warn('backup job is tried again', { job: keyOf(job), code: result.code, comment: result.comment });
    await controller.catalog.transaction((tx) => tx.backups.jobs.update(job, { retryCount: live.retryCount + 1 }));
    await controller.clock.sleep(retryPauseMs, signal).catch(() => undefined);
  } finally {
    await medium?.close();
  }
  controller.wake.backup();
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
    else if (task.status === 'INIT' || task.status === 'BACKUP_SYS_META') await copyMeta(now, task, set);
    else if (task.status === 'BACKUP_LOG' && taskMemory(task).copiedScn !== undefined) {
      await waitForArchive(now, task);
      await finishSet(now, task, set);
    } else await copyData(now, task, set);
  }
}

function canceled(): JobResult {
  return { code: fault('OB_CANCELED').code, comment: 'Operation canceled', retry: false };
}

/** FAILED or CANCELED, with the set INCOMPLETE; what lies on the medium stays until the set is cleaned. */
async function endJob(controller: Controller, job: BackupJob, result: JobResult): Promise<void> {
  const endUs = controller.clock.nowUs();
  const status = result.code === fault('OB_CANCELED').code ? 'CANCELED' : 'FAILED';
  const ended = { endUs, result: result.code, comment: result.comment };
  await controller.catalog.transaction((tx) => {
    const task = tx.backups.taskOfJob(job.tenantId, job.jobId);
    if (task !== null && !task.history) tx.backups.tasks.update(task, { ...ended, status });
    const set = tx.backups.setById(job.tenantId, job.backupSetId);
    if (set !== null && set.status === 'DOING') {
      tx.backups.sets.update(set, { ...ended, status: 'FAILED', fileStatus: 'INCOMPLETE' });
    }
    tx.backups.jobs.update(job, { ...ended, status });
    tx.keys.forgetJob(job.tenantId, 'backup', job.jobId);
    const event = status === 'CANCELED' ? 'cancel backup succeed' : 'deal with failed job';
    tx.events.record('backup_data', event, { tenant_id: job.tenantId, job_id: job.jobId, result: result.code });
  });
  controller.log.warn('backup job ended', { job: keyOf(job), status, code: result.code, comment: result.comment });
  controller.wake.backup();
}

/** Whether a tenant may have a job now; the statement's and the sys job's common check. */
export function tenantIsNormal(tenant: Tenant): boolean {
  return tenant.status === 'NORMAL' && !tenant.inRecyclebin;
}
