import { errorRow, fault, isFault } from '../../base/errors.ts';
import type { ValidateJob, ValidateTask } from '../../catalog/proofs.ts';
import { MediumError } from '../../media/medium.ts';
import { JobCanceled } from '../backup/job-run.ts';
import type { Controller } from '../controller.ts';
import { copyThreads } from '../copy-threads.ts';
import { type JobResult, jobResult } from '../job-result.ts';
import { lingers } from '../linger.ts';
import { asRegistered, openPaced, readStored } from '../tenant-destination.ts';
import { TenantWork } from '../tenant-work.ts';
import { makeTasks, type OpenPlace } from './make-tasks.ts';
import type { ValidateRun } from './run-task.ts';
import { runTasks } from './run-tasks.ts';
import { sharedChecks } from './shared-checks.ts';
import { changeJob, isFinal, type ValidateMemory } from './validate-rows.ts';

/**
 * Drives VALIDATE jobs, those of one tenant one after the other. A task cut off by a crash is done again from its first object.
 * CANCEL ends a job within `stopGraceMs` of the copy threads, also on a medium that hangs: no wait here is without a signal.
 */
export interface ValidateDriver {
  pass(signal: AbortSignal): Promise<void>;
  /** Ends what runs for a tenant that is being dropped. */
  forget(tenantId: number): Promise<void>;
  close(): Promise<void>;
}

export function createValidateDriver(controller: Controller): ValidateDriver {
  const work = new TenantWork('validate', controller.log);
  return {
    async pass(signal) {
      const jobs = await controller.catalog.read((tx) => tx.proofs.liveJobs());
      const busy = new Set<number>();
      for (const job of jobs) {
        if (isFinal(job)) await moveWhenDue(controller, job);
        else if (busy.has(job.tenantId)) await cancelWaiting(controller, job);
        else {
          busy.add(job.tenantId);
          const key = String(job.tenantId);
          const started = work.start(job.tenantId, key, signal, (ended) => drive(controller, job, ended, signal));
          if (!started && job.status === 'CANCELING') work.abort(key, new JobCanceled());
        }
      }
    },
    forget: (tenantId) => work.forget(tenantId, new JobCanceled()),
    close: () => work.settle(),
  };
}

async function moveWhenDue(controller: Controller, job: ValidateJob): Promise<void> {
  if (lingers(controller, job.endUs)) return;
  await controller.catalog.transaction((tx) => tx.proofs.moveToHistory(job.tenantId, job.jobId));
}

/** A job behind another one of its tenant ends at once. */
async function cancelWaiting(controller: Controller, job: ValidateJob): Promise<void> {
  if (job.status === 'CANCELING') await endJob(controller, job, null);
}

/** `signal` ends with the tenant, the job or the server, `stopping` with the server alone. */
async function drive(
  controller: Controller,
  job: ValidateJob,
  signal: AbortSignal,
  stopping: AbortSignal,
): Promise<void> {
  const places: OpenPlace[] = [];
  try {
    if (job.status === 'CANCELING') throw new JobCanceled();
    const { places: remembered } = job.stepData as ValidateMemory;
    for (const place of remembered) places.push(await openPlace(controller, job, place));
    const threads = await copyThreads(controller, job.tenantId, 'backup');
    await driveSteps({ controller, job, places, signal, shared: sharedChecks(controller.workers, threads) });
  } catch (error) {
    if (stopping.aborted) return;
    if (signal.aborted || error instanceof JobCanceled) await endJob(controller, job, null);
    else await retryOrEnd(controller, job, error, signal);
  } finally {
    for (const { medium } of places) void medium.close().catch(() => undefined);
  }
  controller.wake.validate();
}

/** A destination of the tenant's at the pace all its work there shares, a path that was named at the pace it was named with. */
async function openPlace(
  controller: Controller,
  { tenantId }: ValidateJob,
  { text, maxIops, maxBandwidth, ...place }: ValidateMemory['places'][number],
): Promise<OpenPlace> {
  const { catalog } = controller;
  const stored = readStored(catalog.secrets, tenantId, text);
  const named = { ...stored, maxIops: BigInt(maxIops), maxBandwidth: BigInt(maxBandwidth) };
  if (place.destId === null) return { place: { ...place, destination: named }, medium: controller.openMedium(named) };
  const destination = await catalog.read((tx) => asRegistered(tx, catalog.secrets, tenantId, named));
  return { place: { ...place, destination }, medium: openPaced(controller, tenantId, destination) };
}

/** Takes the job on from wherever its rows say it stands. */
async function driveSteps(run: ValidateRun): Promise<void> {
  const { controller, signal } = run;
  for (;;) {
    signal.throwIfAborted();
    const { job, tasks } = await controller.catalog.read((tx) => ({
      job: tx.proofs.jobs.get(run.job),
      tasks: tx.proofs.tasks.list({ tenantId: run.job.tenantId, jobId: run.job.jobId }),
    }));
    if (job === null || isFinal(job)) return;
    if (job.status === 'CANCELING') throw new JobCanceled();
    const left = tasks.filter((task) => !isFinal(task));
    if (job.status === 'INIT') await makeTasks(controller, job, run.places, signal);
    else if (left.length === 0) return completeJob(controller, job, tasks);
    else await runTasks({ ...run, job }, left);
  }
}

async function completeJob(controller: Controller, job: ValidateJob, tasks: readonly ValidateTask[]): Promise<void> {
  const failed = tasks.find((task) => task.status === 'FAILED');
  const broken = tasks.filter((task) => task.conclusion === 'BROKEN');
  const partial = tasks.filter((task) => task.conclusion === 'PARTIAL');
  const damaged = broken.length > 0 ? errorRow('OB_CHECKSUM_ERROR').code : 0;
  const comment = [
    ...(job.damagedCount > 0 ? [`${job.damagedCount} damaged or missing objects in ${names(broken)}`] : []),
    ...(partial.length > 0 ? [`not everything could be verified of ${names(partial)}`] : []),
    ...(failed === undefined ? [] : [`${names([failed])} could not be read: ${failed.comment}`]),
  ].join('; ');
  const status = failed === undefined ? 'COMPLETED' : 'FAILED';
  const result = damaged !== 0 ? damaged : (failed?.result ?? 0);
  const endUs = controller.clock.nowUs();
  await controller.catalog.transaction((tx) => {
    if (tx.proofs.jobs.get(job)?.status !== 'DOING') return;
    tx.proofs.jobs.update(job, { status, endUs, result, comment: comment.slice(0, 4_000) });
    tx.keys.forgetJob(job.tenantId, 'validate', job.jobId);
    tx.events.record('backup_validate', 'finish_validate', {
      tenant_id: job.tenantId,
      job_id: job.jobId,
      status,
      result,
    });
  });
}

function names(tasks: readonly ValidateTask[]): string {
  const shown = tasks.slice(0, 10).map((task) => {
    if (task.taskType === 'BACKUP SET') return `set ${task.backupSetId}`;
    return task.taskType === 'BACKUP PIECE' ? `piece ${task.pieceId}` : `destination ${task.path}`;
  });
  return [...shown, ...(tasks.length > 10 ? [`${tasks.length - 10} more`] : [])].join(', ');
}

/** A passing fault of the whole destination is tried again a few times, after a pause; any other ends the job. */
async function retryOrEnd(
  controller: Controller,
  job: ValidateJob,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { catalog, clock, log, settings } = controller;
  const live = await catalog.read((tx) => tx.proofs.jobs.get(job));
  if (live === null) return;
  const result = jobResult(controller, error, 'VALIDATE');
  const passing =
    error instanceof MediumError ? error.retryable : isFault(error, 'OB_IO_ERROR') || isFault(error, 'OB_IO_TIMEOUT');
  if (!passing || live.retryCount >= settings.maxJobRetries) return endJob(controller, job, result);
  log.warn('validate is tried again', {
    tenant: job.tenantId,
    job: job.jobId,
    code: result.code,
    comment: result.comment,
  });
  await changeJob(controller, job, { retryCount: live.retryCount + 1 });
  await clock.sleep(settings.retryPauseMs, signal).catch(() => undefined);
}

/** FAILED or, with null or after CANCEL, CANCELED, with every task that had not ended. */
async function endJob(controller: Controller, job: ValidateJob, failure: JobResult | null): Promise<void> {
  const canceled: JobResult = { code: fault('OB_CANCELED').code, comment: 'Operation canceled', retry: false };
  const endUs = controller.clock.nowUs();
  await controller.catalog.transaction((tx) => {
    const live = tx.proofs.jobs.get(job);
    if (live === null || isFinal(live)) return;
    const wasCanceled = failure === null || live.status === 'CANCELING';
    const status = wasCanceled ? 'CANCELED' : 'FAILED';
    const { code, comment } = wasCanceled ? canceled : failure;
    const changes = { status, endUs, result: code, comment } as const;
    for (const task of tx.proofs.tasks.list({ tenantId: job.tenantId, jobId: job.jobId })) {
      if (!isFinal(task)) tx.proofs.tasks.update(task, changes);
    }
    tx.proofs.jobs.update(job, changes);
    tx.keys.forgetJob(job.tenantId, 'validate', job.jobId);
    tx.events.record('backup_validate', 'finish_validate', {
      tenant_id: job.tenantId,
      job_id: job.jobId,
      status,
      result: code,
    });
  });
}
