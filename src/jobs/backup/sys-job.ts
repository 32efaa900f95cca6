import { isFault } from '../../base/errors.ts';
import type { BackupJob } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { Controller } from '../controller.ts';
import { jobSecret } from '../job-secrets.ts';
import { type BackupOrder, insertTenantJob, passwordKeyName, passwordKeyOf, tenantIsNormal } from './backup-rows.ts';

/** The coordinating job of sys: makes one child per tenant, then waits until all of them are in the history. */
export async function advanceSysJob(controller: Controller, seen: BackupJob): Promise<void> {
  const { catalog } = controller;
  const waits = await catalog.read((tx) => seen.status !== 'INIT' && !childrenEnded(tx, seen));
  if (waits) return;
  const moved = await catalog.transaction((tx) => {
    const job = tx.backups.jobs.get(seen);
    if (job === null || job.endUs !== null) return false;
    if (job.status === 'INIT') return makeChildren(tx, controller, job);
    if (!childrenEnded(tx, job)) return false;
    const children = tx.backups.childJobs(job.jobId);
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

function childrenEnded(tx: Repositories, job: BackupJob): boolean {
  return tx.backups.childJobs(job.jobId).every((child) => child.history);
}

/** A tenant whose child cannot be made any more is left out with an event, as the kernel does. */
function makeChildren(tx: Repositories, controller: Controller, job: BackupJob): boolean {
  const owner = { tenantId: job.tenantId, kind: 'backup' as const, jobId: job.jobId };
  const order: BackupOrder = {
    description: job.description,
    passwordDigest: job.passwd,
    incremental: job.backupType === 'INC',
    plusArchivelog: job.plusArchivelog,
    passwordKey: passwordKeyOf(job, jobSecret(tx, controller.catalog.secrets, owner, passwordKeyName)),
  };
  for (const tenantId of job.executorTenantId.split(',').map(Number)) {
    const tenant = tx.tenants.get({ tenantId });
    const busy = tx.backups.liveJobs(tenantId).some((one) => one.endUs === null);
    try {
      if (tenant !== null && tenantIsNormal(tenant) && !busy) insertTenantJob(tx, controller, tenant, order, job);
      else tx.events.record('backup_data', 'skip tenant', { tenant_id: tenantId, job_id: job.jobId });
    } catch (error) {
      if (!isFault(error)) throw error;
      tx.events.record('backup_data', 'skip tenant', { tenant_id: tenantId, job_id: job.jobId, result: error.code });
    }
  }
  tx.backups.jobs.update(job, { status: 'DOING' });
  return true;
}
