import { fault } from '../../base/errors.ts';
import type { ValidateTask } from '../../catalog/proofs.ts';
import { MediumError, type MediumErrorKind } from '../../media/medium.ts';
import { inParallel, smallReadsAtOnce } from '../../media/parallel.ts';
import { jobResult } from '../job-result.ts';
import { runTask, type ValidateRun } from './run-task.ts';
import type { ValidateTaskMemory } from './validate-rows.ts';

/**
 * Carries out the tasks of a job, place by place: several at a time where no call holds a thread, begun in their order. A fault of the
 * whole destination ends those that are under way and is thrown.
 */
export async function runTasks(run: ValidateRun, tasks: readonly ValidateTask[]): Promise<void> {
  const ending = new AbortController();
  const beside: ValidateRun = { ...run, signal: AbortSignal.any([run.signal, ending.signal]) };
  const begin = (task: ValidateTask): Promise<void> => {
    if (beside.signal.aborted) return Promise.resolve();
    const ended = runToEnd(beside, task).catch((error: unknown) => ending.abort(error));
    run.shared.begun.set(task.taskId, ended);
    return ended;
  };
  for (const [placeNo, own] of Map.groupBy(tasks, placeOf)) {
    const medium = run.places[placeNo]?.medium;
    if (medium === undefined) throw fault('OB_ERR_UNEXPECTED', 'the destination of the task is not known');
    await inParallel(own, smallReadsAtOnce(medium), begin);
    run.signal.throwIfAborted();
    ending.signal.throwIfAborted();
  }
}

function placeOf(task: ValidateTask): number {
  return (task.stepData as ValidateTaskMemory).place;
}

/** What concerns the whole destination: going on to the next object would meet it again. */
const sickDestination: ReadonlySet<MediumErrorKind> = new Set<MediumErrorKind>([
  'timeout',
  'unavailable',
  'network',
  'throttled',
  'denied',
  'clockSkew',
  'wrongRegion',
  'noContainer',
  'notDirectory',
]);

/** A fault of the medium at one object fails its task once the retries are used up; the other tasks go on. */
async function runToEnd(run: ValidateRun, task: ValidateTask): Promise<void> {
  const { controller, job, signal } = run;
  const { catalog, clock, settings } = controller;
  let memory = task.stepData as ValidateTaskMemory;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await runTask(run, { ...task, stepData: memory });
    } catch (error) {
      if (signal.aborted || !(error instanceof MediumError) || sickDestination.has(error.kind)) throw error;
      const retryCount = (memory.retryCount ?? 0) + 1;
      const { code, comment } = jobResult(controller, error, 'VALIDATE');
      if (retryCount > settings.maxJobRetries) {
        const endUs = clock.nowUs();
        return catalog.transaction((tx) => {
          tx.proofs.tasks.update(task, { status: 'FAILED', endUs, result: code, comment });
          const live = tx.proofs.jobs.get(job);
          if (live !== null) tx.proofs.jobs.update(job, { finishTaskCount: live.finishTaskCount + 1 });
        });
      }
      memory = { ...memory, retryCount };
      await catalog.transaction((tx) => tx.proofs.tasks.update(task, { stepData: memory }));
      await clock.sleep(settings.retryPauseMs, signal).catch(() => undefined);
    }
  }
}
