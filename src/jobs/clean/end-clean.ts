import { fault } from '../../base/errors.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { DeleteJob, DeleteTask } from '../../catalog/deletions.ts';
import type { Controller } from '../controller.ts';
import { type JobResult, jobResult } from '../job-result.ts';
import { type CleanTaskMemory, isFinal } from './clean-rows.ts';
import { TaskFault } from './clean-run.ts';

const canceled: JobResult = { code: fault('OB_CANCELED').code, comment: 'Operation canceled', retry: false };

/** All tasks are done: COMPLETED. */
export function completeJob(tx: Repositories, controller: Controller, job: DeleteJob): void {
  const tasks = tx.deletions.tasksOfJob(job.tenantId, job.jobId);
  tx.deletions.jobs.update(job, {
    status: 'COMPLETED',
    endUs: controller.clock.nowUs(),
    successTaskCount: tasks.filter((task) => task.status === 'COMPLETED').length,
  });
  recordEnd(tx, job, 0);
}

/**
 * FAILED or, with null or after CANCEL, CANCELED. `failed` is the task that met the failure, the first under way when it is left out.
 * Sets and pieces whose files had begun to go stay DELETING; the next job takes them up.
 */
export async function endJob(
  controller: Controller,
  job: DeleteJob,
  failure: JobResult | null,
  failed?: DeleteTask,
): Promise<void> {
  const endUs = controller.clock.nowUs();
  const ended = await controller.catalog.transaction((tx) => {
    const live = tx.deletions.jobs.get(job);
    if (live === null || isFinal(live)) return null;
    const result = failure === null || live.status === 'CANCELING' ? canceled : failure;
    const status = result === canceled ? ('CANCELED' as const) : ('FAILED' as const);
    const tasks = tx.deletions.tasksOfJob(job.tenantId, job.jobId);
    const culprit = taskUnderWay(tasks, failed)?.taskId;
    for (const task of tasks) {
      if (isFinal(task)) continue;
      const own = task.taskId === culprit ? { ...result, status } : { ...canceled, status: 'CANCELED' as const };
      const changes = { endUs, result: own.code, comment: own.comment, status: own.status };
      tx.deletions.tasks.update(task, changes);
    }
    const successTaskCount = tasks.filter((task) => task.status === 'COMPLETED').length;
    const changes = { endUs, result: result.code, comment: result.comment, successTaskCount };
    tx.deletions.jobs.update(job, { ...changes, status });
    recordEnd(tx, job, result.code);
    return { status, ...changes };
  });
  if (ended !== null) controller.log.warn('clean-up ended', { job: `${job.tenantId}/${job.jobId}`, ...ended });
}

function recordEnd(tx: Repositories, job: DeleteJob, result: number): void {
  tx.events.record('backup_clean', 'finish_backup_clean', { tenant_id: job.tenantId, job_id: job.jobId, result });
}

/**
 * A passing fault is met again a few times after a pause: the job while it has no tasks, then each task for itself and with more
 * patience. Any other ends the job.
 */
export async function retryOrEnd(
  controller: Controller,
  job: DeleteJob,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { catalog, clock, log, settings } = controller;
  const failed = error instanceof TaskFault ? error.task : undefined;
  const result = jobResult(controller, error instanceof TaskFault ? error.cause : error, null);
  const again = result.retry && (await catalog.transaction((tx) => countAttempt(tx, controller, job, failed)));
  if (!again) return endJob(controller, job, result, failed);
  const { code, comment } = result;
  log.warn('clean-up is tried again', { job: `${job.tenantId}/${job.jobId}`, code, comment });
  await clock.sleep(settings.retryPauseMs, signal).catch(() => undefined);
}

/** False when the attempts are used up. */
function countAttempt(
  tx: Repositories,
  { settings }: Controller,
  job: DeleteJob,
  failed: DeleteTask | undefined,
): boolean {
  const live = tx.deletions.jobs.get(job);
  if (live === null || isFinal(live)) return false;
  const task = taskUnderWay(tx.deletions.tasksOfJob(job.tenantId, job.jobId), failed);
  if (task === undefined) {
    if (live.retryCount >= settings.maxJobRetries) return false;
    return tx.deletions.jobs.update(job, { retryCount: live.retryCount + 1 });
  }
  const attempts = attemptsOf(task) + 1;
  if (attempts > settings.maxDeleteRetries) return false;
  return tx.deletions.tasks.update(task, { stepData: { attempts } satisfies CleanTaskMemory });
}

/** The task a fault is told of, as its row says now. */
function taskUnderWay(tasks: readonly DeleteTask[], failed: DeleteTask | undefined): DeleteTask | undefined {
  return tasks.find((task) => task.status === 'DOING' && (failed === undefined || task.taskId === failed.taskId));
}

function attemptsOf(task: DeleteTask): number {
  return (task.stepData as Partial<CleanTaskMemory> | null)?.attempts ?? 0;
}
