import type { DeleteJob } from '../../catalog/deletions.ts';
import type { Controller } from '../controller.ts';
import { lingers } from '../linger.ts';
import { TenantWork } from '../tenant-work.ts';
import { beginClean } from './begin-clean.ts';
import { isFinal } from './clean-rows.ts';
import { CleanCanceled, CleanMedia, type CleanRun, tenantOfJob } from './clean-run.ts';
import { CleanSchedule } from './clean-schedule.ts';
import { completeJob, endJob, retryOrEnd } from './end-clean.ts';
import { runTasks } from './run-tasks.ts';
import { sweepPlaces } from './sweep-places.ts';

/** Starts clean-up jobs when their hour has come and drives them; every step may be repeated after a crash. */
export interface CleanDriver {
  pass(signal: AbortSignal): Promise<void>;
  /** Ends what runs for a tenant that is being dropped. */
  forget(tenantId: number): Promise<void>;
  close(): Promise<void>;
}

export function createCleanDriver(controller: Controller): CleanDriver {
  const work = new TenantWork('clean', controller.log);
  const schedule = new CleanSchedule(controller);
  return {
    async pass(signal) {
      await schedule.startDue();
      const jobs = await controller.catalog.read((tx) => tx.deletions.liveJobs());
      for (const job of jobs) {
        if (isFinal(job)) {
          await moveWhenDue(controller, job);
          continue;
        }
        const started = work.start(job.tenantId, keyOf(job), signal, (ended) => drive(controller, job, ended, signal));
        // The wait for a medium ends with the signal, whether the medium answers or not.
        if (!started && job.status === 'CANCELING') work.abort(keyOf(job), new CleanCanceled());
      }
    },
    forget: (tenantId) => work.forget(tenantId, new CleanCanceled()),
    close: () => work.settle(),
  };
}

function keyOf(job: DeleteJob): string {
  return `${job.tenantId}/${job.jobId}`;
}

async function moveWhenDue(controller: Controller, job: DeleteJob): Promise<void> {
  if (lingers(controller, job.endUs)) return;
  await controller.catalog.transaction((tx) => tx.deletions.moveToHistory(job.tenantId, job.jobId));
}

/** `signal` ends with the job, its tenant or the server, `stopping` with the server alone. */
async function drive(
  controller: Controller,
  job: DeleteJob,
  signal: AbortSignal,
  stopping: AbortSignal,
): Promise<void> {
  const media = new CleanMedia(controller, job.tenantId);
  try {
    if (job.status === 'CANCELING') throw new CleanCanceled();
    await driveSteps({ controller, job, tenant: await tenantOfJob(controller, job), signal, media });
  } catch (error) {
    if (stopping.aborted) return;
    if (signal.aborted || error instanceof CleanCanceled) await endJob(controller, job, null);
    else await retryOrEnd(controller, job, error, signal);
  } finally {
    media.close();
  }
  controller.wake.clean();
}

/** Takes the job on from wherever its rows say it stands. */
async function driveSteps(run: CleanRun): Promise<void> {
  const { controller, signal } = run;
  for (;;) {
    signal.throwIfAborted();
    const { job, tasks } = await controller.catalog.read((tx) => {
      const live = tx.deletions.jobs.get(run.job);
      const all = live === null ? [] : tx.deletions.tasksOfJob(live.tenantId, live.jobId);
      return { job: live, tasks: all.filter((one) => one.status === 'INIT' || one.status === 'DOING') };
    });
    if (job === null || isFinal(job)) return;
    if (job.status === 'CANCELING') throw new CleanCanceled();
    const now: CleanRun = { ...run, job };
    if (job.status === 'INIT') await beginClean(now);
    else if (tasks.length > 0) await runTasks(now, tasks);
    else if (await finished(controller, job)) return sweepPlaces(now);
  }
}

/** COMPLETED, unless the job was cancelled in this very moment. */
function finished(controller: Controller, job: DeleteJob): Promise<boolean> {
  return controller.catalog.transaction((tx) => {
    if (tx.deletions.jobs.get(job)?.status !== 'DOING') return false;
    completeJob(tx, controller, job);
    return true;
  });
}
