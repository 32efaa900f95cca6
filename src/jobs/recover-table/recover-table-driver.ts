import { fault, faultText, isFault, ObError } from '../../base/errors.ts';
import { unlimitedScn } from '../../base/scn.ts';
import type { RecoverTableJob, RecoverTableStatus } from '../../catalog/recover-tables.ts';
import { sysTenantId } from '../../catalog/tenants.ts';
import type { Controller } from '../controller.ts';
import { jobResult } from '../job-result.ts';
import { lingers } from '../linger.ts';
import { applyRole } from '../tenant-engine-of.ts';
import { removeTenant } from '../tenant-removal.ts';
import { TenantWork } from '../tenant-work.ts';
import { endImport, importOf, makeImport, runImport } from './import-tables.ts';
import { advance, type RecoverTableMemory } from './recover-table-rows.ts';
import { tidyTarget } from './tidy-target.ts';

/** Drives table recoveries: waits for the auxiliary tenant, takes the tables out of it, drops it. */
export interface RecoverTableDriver {
  pass(signal: AbortSignal): Promise<void>;
  /** Ends the recovery into a tenant that is being dropped. */
  forget(tenantId: number): Promise<void>;
  close(): Promise<void>;
}

export function createRecoverTableDriver(controller: Controller): RecoverTableDriver {
  const work = new TenantWork('recover table', controller.log);
  return {
    async pass(signal) {
      const jobs = await controller.catalog.read((tx) => tx.recoverTables.liveJobs());
      for (const job of jobs) {
        if (job.finishUs !== null) await moveWhenDue(controller, job);
        else if (job.tenantId === sysTenantId) await followTarget(controller, job);
        else {
          const key = String(job.tenantId);
          if (job.status === 'CANCELING' && !endOf(job)) work.abort(key, fault('OB_CANCELED'));
          work.start(job.tenantId, key, signal, (ended) => drive(controller, job, ended, signal));
        }
      }
    },
    async forget(tenantId) {
      await work.forget(tenantId, fault('OB_TENANT_NOT_EXIST', String(tenantId)));
      const left = await controller.catalog.read((tx) =>
        tx.recoverTables.liveJobs().filter((job) => job.tenantId === tenantId && job.finishUs === null),
      );
      for (const job of left) await dropAuxTenant(controller, job);
    },
    close: () => work.settle(),
  };
}

function endOf(job: RecoverTableJob): RecoverTableMemory['end'] {
  return (job.stepData as RecoverTableMemory).end;
}

/** One turn of a job; `signal` ends with CANCEL, the tenant or the server, `stopping` with the server alone. */
async function drive(
  controller: Controller,
  job: RecoverTableJob,
  signal: AbortSignal,
  stopping: AbortSignal,
): Promise<void> {
  try {
    if (await step(controller, job, signal)) controller.wake.restore();
  } catch (error) {
    if (stopping.aborted || signal.aborted) return;
    await failOrRepeat(controller, job, error);
  }
}

/** True when the job has moved and goes on at once. */
async function step(controller: Controller, job: RecoverTableJob, signal: AbortSignal): Promise<boolean> {
  const end = endOf(job);
  if (end) return finish(controller, job, end);
  switch (job.status) {
    case 'RESTORE_AUX_TENANT':
      return followRestore(controller, job);
    case 'ACTIVE_AUX_TENANT':
      await activate(controller, job);
      return move(controller, job, 'GEN_IMPORT_JOB');
    case 'GEN_IMPORT_JOB':
      await makeImport(controller, job);
      return true;
    case 'IMPORTING':
      return writeEnd(controller, job, await runImport(controller, job, signal));
    case 'CANCELING':
      return cancel(controller, job);
    default:
      throw faultText('OB_ERR_UNEXPECTED', `table recovery in ${job.status}`);
  }
}

async function followRestore(controller: Controller, job: RecoverTableJob): Promise<boolean> {
  const restore = await controller.catalog.read(
    (tx) => tx.restores.jobs.list({ tenantId: job.auxTenantId, restoreTenantId: job.auxTenantId })[0] ?? null,
  );
  if (restore?.status === 'RESTORE_SUCCESS') return move(controller, job, 'ACTIVE_AUX_TENANT');
  if (restore !== null && restore.status !== 'RESTORE_FAIL') return false;
  const comment = restore?.comment ?? 'the auxiliary tenant is gone';
  return writeEnd(controller, job, { failed: true, result: 'FAILED', comment });
}

/** The auxiliary tenant becomes primary where it was restored to. -4007 for another compatibility mode. */
async function activate(controller: Controller, job: RecoverTableJob): Promise<void> {
  const { auxTenantId: tenantId } = job;
  await controller.catalog.transaction((tx) => {
    const aux = tx.tenants.get({ tenantId });
    const target = tx.tenants.get({ tenantId: job.targetTenantId });
    if (aux === null || target === null)
      throw fault('OB_TENANT_NOT_EXIST', aux === null ? job.auxTenantName : job.targetTenantName);
    if (aux.mode !== target.mode)
      throw fault('OB_NOT_SUPPORTED', 'recover table between tenants of different modes is');
    tx.tenants.change(tenantId, { role: 'PRIMARY', recoveryUntilScn: unlimitedScn });
    tx.restores.logSources.removeAll({ tenantId });
  });
  await applyRole(controller, tenantId, await controller.engines.open(tenantId));
}

async function cancel(controller: Controller, job: RecoverTableJob): Promise<boolean> {
  const { comment } = jobResult(controller, fault('OB_CANCELED'));
  const found = await importOf(controller, job);
  if (found !== null && found.finishUs === null) await endImport(controller, found, comment);
  return writeEnd(controller, job, { failed: true, result: '-4072', comment });
}

/** How it ends is written down first, so that a crash while everything else goes does not change it. CANCEL in between goes before. */
async function writeEnd(
  controller: Controller,
  job: RecoverTableJob,
  end: NonNullable<RecoverTableMemory['end']>,
): Promise<boolean> {
  const memory = job.stepData as RecoverTableMemory;
  await controller.catalog.transaction((tx) => advance(tx, job, { stepData: { ...memory, end } }));
  return true;
}

async function finish(
  controller: Controller,
  job: RecoverTableJob,
  end: NonNullable<RecoverTableMemory['end']>,
): Promise<boolean> {
  await dropAuxTenant(controller, job);
  await tidyTarget(controller, job);
  const { failed, result, comment } = end;
  const status: RecoverTableStatus = failed ? 'FAILED' : 'COMPLETED';
  await controller.catalog.transaction((tx) => {
    if (!advance(tx, job, { status, result, comment, finishUs: controller.clock.nowUs() })) return;
    const pairs = { tenant_id: job.tenantId, job_id: job.jobId, status, result };
    tx.events.record('recover_table', 'recover_table_finish', pairs);
  });
  if (failed) controller.log.warn('table recovery failed', { tenant: job.targetTenantName, comment });
  return true;
}

/** Its resource pools stay with the user. */
async function dropAuxTenant(controller: Controller, job: RecoverTableJob): Promise<void> {
  const { auxTenantId: tenantId, auxTenantName } = job;
  const aux = await controller.catalog.read((tx) => tx.tenants.get({ tenantId }));
  if (aux?.tenantName === auxTenantName) await removeTenant(controller, tenantId);
}

/** Coded errors that repeating cannot cure end the job, unless it is ending already; others are met again at the next pass. */
async function failOrRepeat(controller: Controller, job: RecoverTableJob, error: unknown): Promise<void> {
  const { comment, retry } = jobResult(controller, error);
  if (endOf(job) || (retry && (mayPass(error) || !(error instanceof ObError)))) {
    controller.log.warn('table recovery is tried again', { tenant: job.targetTenantName, comment });
    return;
  }
  const found = await importOf(controller, job);
  if (found !== null && found.finishUs === null) await endImport(controller, found, comment);
  await writeEnd(controller, job, { failed: true, result: 'FAILED', comment });
}

function mayPass(error: unknown): boolean {
  return isFault(error, 'OB_ERR_EXCLUSIVE_LOCK_CONFLICT') || isFault(error, 'OB_EAGAIN');
}

async function move(controller: Controller, job: RecoverTableJob, status: RecoverTableStatus): Promise<boolean> {
  await controller.catalog.transaction((tx) => advance(tx, job, { status }));
  return true;
}

async function moveWhenDue(controller: Controller, job: RecoverTableJob): Promise<void> {
  if (lingers(controller, job.finishUs)) return;
  await controller.catalog.transaction((tx) => tx.recoverTables.moveToHistory(job));
}

/** The sys row ends as the target's row did. */
async function followTarget(controller: Controller, job: RecoverTableJob): Promise<void> {
  await controller.catalog.transaction((tx) => {
    const target = tx.recoverTables.jobs.list({ tenantId: job.targetTenantId, initiatorJobId: job.jobId })[0];
    if (target && target.finishUs === null) return;
    const gone = {
      status: 'FAILED' as const,
      result: 'FAILED',
      comment: fault('OB_TENANT_NOT_EXIST', job.targetTenantName).message,
    };
    const { status, result, comment } = target ?? gone;
    tx.recoverTables.jobs.update(job, { status, result, comment, finishUs: controller.clock.nowUs() });
  });
}
