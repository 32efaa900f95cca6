import { isFault } from '../../base/errors.ts';
import type { BackupJob } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { Controller } from '../controller.ts';
import { jobSecret } from '../job-secrets.ts';
import { type BackupOrder, insertTenantJob, passwordKeyName, passwordKeyOf } from './backup-rows.ts';

/** The coordinating job of sys: makes one child per tenant, then waits until all of them are in the history. */
export async function advanceSysJob(controller: Controller, job: BackupJob): Promise<void> {
  const moved = await controller.catalog.transaction((tx) => {
    if (job.status === 'INIT') return makeChildren(tx, controller, job);
    const children = tx.backups.childJobs(job.jobId);
    if (children.some((child) => !child.history)) return false;
    const failed = children.find((child) => child.result !== 0);
    const endUs = controller.clock.nowUs();
    if (job.status === 'CANCELING') {
      tx.backups.jobs.update(job, { status: 'CANCELED', result: -4072, comment: 'Operation canceled', endUs });
    } else if (failed) {
      tx.backups.jobs.update(job, { status: 'FAILED', result: failed.result, comment: failed.comment, endUs });
    } else tx.backups.jobs.update(job, { status: 'COMPLETED', endUs });
    tx.keys.forgetJob(job.tenantId, 'backup', job.jobId);
    return true;
  });
  if (moved) controller.wake.backup();
}

/** A tenant whose child cannot be made any more is left out with an event, as the kernel does. */
function makeChildren(tx: Repositories, controller: Controller, job: BackupJob): boolean {
  const owner = { tenantId: job.tenantId, kind: 'backup' as const, jobId: job.jobId };
  const order: BackupOrder = {
    description: job.description,
    passwordDigest: job.passwd,
    passwordKey: passwordKeyOf(job, jobSecret(tx, controller.catalog.secrets, owner, passwordKeyName)),
  };
  for (const tenantId of job.executorTenantId.split(',').map(Number)) {
    const tenant = tx.tenants.get({ tenantId });
    const busy = tx.backups.liveJobs(tenantId).some((one) => one.endUs === null);
    try {
      if (tenant !== null && !busy) insertTenantJob(tx, controller, tenant, order, job);
      else tx.events.record('backup_data', 'skip tenant', { tenant_id: tenantId, job_id: job.jobId });
    } catch (error) {
      if (!isFault(error)) throw error;
      tx.events.record('backup_data', 'skip tenant', { tenant_id: tenantId, job_id: job.jobId, result: error.code });
    }
  }
  tx.backups.jobs.update(job, { status: 'DOING' });
  return true;
}
