import { fault } from '../../base/errors.ts';
import type { RestoreJob } from '../../catalog/restores.ts';
import { sysTenantId } from '../../catalog/tenants.ts';
import type { Controller } from '../controller.ts';
import { type JobResult, jobResult } from '../job-result.ts';
import { lingers } from '../linger.ts';
import { TenantWork } from '../tenant-work.ts';
import { mayPass, PassingDamage } from './restore-damage.ts';
import type { RestoreMemory } from './restore-rows.ts';
import { restoreTenant, tenantGoneError } from './restore-tenant.ts';

/** Drives restores: copies the sets, replays the log to the point, makes the tenant a standby. */
export interface RestoreDriver {
  pass(signal: AbortSignal): Promise<void>;
  /** Ends the restore of a tenant that is being dropped. */
  forget(tenantId: number): Promise<void>;
  close(): Promise<void>;
}

export function createRestoreDriver(controller: Controller): RestoreDriver {
  const work = new TenantWork('restore', controller.log);
  return {
    async pass(signal) {
      const jobs = await controller.catalog.read((tx) => tx.restores.liveJobs());
      for (const job of jobs) {
        if (isFinal(job)) await moveWhenDue(controller, job);
        else if (job.tenantId === sysTenantId) await followTenant(controller, job);
        else work.start(job.tenantId, String(job.tenantId), signal, (ended) => drive(controller, job, ended, signal));
      }
    },
    async forget(tenantId) {
      await work.forget(tenantId, tenantGoneError());
      const left = await controller.catalog.read((tx) =>
        tx.restores.liveJobs().filter((job) => job.tenantId === tenantId),
      );
      for (const job of left) await endRestore(controller, job, tenantGone());
    },
    close: () => work.settle(),
  };
}

/** `signal` ends with the tenant or the server, `stopping` with the server alone. */
async function drive(
  controller: Controller,
  job: RestoreJob,
  signal: AbortSignal,
  stopping: AbortSignal,
): Promise<void> {
  try {
    await restoreTenant(controller, job, signal);
  } catch (error) {
    if (stopping.aborted) return;
    if (signal.aborted) await endRestore(controller, job, tenantGone());
    else await retryOrEnd(controller, job, error, signal);
  }
  controller.wake.restore();
}

/** What may pass: everything is copied again a few times, after a pause. Any other error ends the job. */
async function retryOrEnd(controller: Controller, job: RestoreJob, error: unknown, signal: AbortSignal): Promise<void> {
  const { catalog, clock, log, settings } = controller;
  const memory = job.stepData as RestoreMemory;
  const retryCount = (memory.retryCount ?? 0) + 1;
  const result = jobResult(controller, error instanceof PassingDamage ? error.cause : error, 'RESTORE_DATA');
  if (!mayPass(error) || retryCount > settings.maxJobRetries) return endRestore(controller, job, result);
  log.warn('restore is tried again', { tenant: job.restoreTenantName, code: result.code, comment: result.comment });
  const stepData: RestoreMemory = { ...memory, retryCount };
  await catalog.transaction((tx) => tx.restores.jobs.update(job, { stepData }));
  await clock.sleep(settings.retryPauseMs, signal).catch(() => undefined);
}

function isFinal(job: RestoreJob): boolean {
  return job.status === 'RESTORE_SUCCESS' || job.status === 'RESTORE_FAIL';
}

async function moveWhenDue(controller: Controller, job: RestoreJob): Promise<void> {
  if (lingers(controller, job.finishUs)) return;
  await controller.catalog.transaction((tx) => tx.restores.moveToHistory(job.tenantId, job.jobId));
}

/** The sys row ends when the tenant's row has reached the history. */
async function followTenant(controller: Controller, job: RestoreJob): Promise<void> {
  const key = { tenantId: job.restoreTenantId, jobId: job.jobId };
  const waits = await controller.catalog.read((tx) => tx.restores.jobs.get(key)?.history === false);
  if (waits) return;
  await controller.catalog.transaction((tx) => {
    const gone = { status: 'RESTORE_FAIL' as const, comment: tenantGone().comment, recoverScn: 0n };
    const { status, comment, recoverScn } = tx.restores.jobs.get(key) ?? gone;
    tx.restores.jobs.update(job, { status, comment, recoverScn, finishUs: controller.clock.nowUs() });
  });
}

/** RESTORE_FAIL; the half-made tenant stays until somebody drops it. */
async function endRestore(controller: Controller, job: RestoreJob, result: JobResult): Promise<void> {
  const ended = await controller.catalog.transaction((tx) => {
    const live = tx.restores.jobs.get(job);
    if (live === null || isFinal(live)) return false;
    const finishUs = controller.clock.nowUs();
    tx.restores.jobs.update(job, { status: 'RESTORE_FAIL', comment: result.comment, finishUs });
    tx.keys.forgetJob(job.tenantId, 'restore', job.jobId);
    const pairs = { tenant_id: job.tenantId, job_id: job.jobId, status: 'FAIL', result: result.code };
    tx.events.record('physical_restore', 'restore_finish', pairs);
    return true;
  });
  if (!ended) return;
  const { code, comment } = result;
  controller.log.warn('restore failed', { tenant: job.restoreTenantName, code, comment });
}

function tenantGone(): JobResult {
  const { code, message } = fault('OB_TENANT_NOT_EXIST');
  return { code, comment: `${message}: it was dropped while it was restored`, retry: false };
}
