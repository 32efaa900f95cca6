import { fault, hinted, type ObError } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { sysTenantId, type Tenant } from '../catalog/tenants.ts';
import { passwordDigest } from '../copy/password-digest.ts';
import { tenantIsNormal } from '../jobs/backup/backup-driver.ts';
import { archiveIsDoing, type BackupOrder, insertSysJob, insertTenantJob } from '../jobs/backup/backup-rows.ts';
import { derivePasswordKey } from '../jobs/backup/set-key.ts';
import type { Backup } from '../sql/statement.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { isSys, ownTenant, resolveTenantList } from './tenant-clause.ts';

/** The tenants a job is for; a job of sys has one child per tenant. */
interface BackupTargets {
  readonly sys: boolean;
  readonly tenants: readonly Tenant[];
}

/** Text of the kernel, with the invisible U+FFFC it carries. */
const noneEligible =
  'no tenant meets the backup condition, \uFFFCplease check the tenant status, log archive status, backup data dest, and backup status for each tenant';

/** What the views hold of a description. */
const maxDescriptionBytes = 4096;

/** ALTER SYSTEM BACKUP: inserts the job rows and answers; the work is done in the background. */
export const backup = handler<'backup', BackupTargets>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve(statement, speaker, controller) {
    if (statement.scope === 'tenant') {
      if (!isSys(speaker)) throw fault('OB_NOT_SUPPORTED', 'user tenant cannot specify tenant names');
      if (statement.tenants.length === 0) throw fault('OB_NOT_SUPPORTED', 'No tenant name specified');
      await controller.catalog.read((tx) => resolveTenantList(tx, statement.tenants));
    }
    if (statement.to !== null) throw fault('OB_NOT_SUPPORTED', 'backup do not support using specify path');
  },
  async check(statement, speaker, controller) {
    if (Buffer.byteLength(statement.description ?? '') > maxDescriptionBytes) throw fault('OB_SIZE_OVERFLOW');
    return controller.catalog.read((tx) => targetsOf(tx, statement, speaker));
  },
  async run(_, statement, speaker, controller) {
    const order = await orderOf(statement, speaker);
    await controller.catalog.transaction((tx) => {
      const { sys, tenants } = targetsOf(tx, statement, speaker);
      if (sys) insertSysJob(tx, controller, tenants, order);
      else for (const tenant of tenants) insertTenantJob(tx, controller, tenant, order, null);
    });
    controller.wake.backup();
    return {};
  },
});

async function orderOf(statement: Backup, speaker: Speaker): Promise<BackupOrder> {
  const password = speaker.memory.encryptionPassword;
  return {
    description: statement.description ?? '',
    incremental: statement.incremental,
    plusArchivelog: statement.plusArchivelog,
    passwordDigest: password === null ? '' : passwordDigest(password),
    passwordKey: password === null || password === '' ? null : await derivePasswordKey(password),
  };
}

/** Who is backed up; the checks in the documented order for each kind of session. */
function targetsOf(tx: Repositories, statement: Backup, speaker: Speaker): BackupTargets {
  if (!isSys(speaker)) {
    const tenant = ownTenant(tx, speaker);
    const refusal = ownRefusal(tx, tenant);
    if (refusal !== null) throw refusal;
    return { sys: false, tenants: [tenant] };
  }
  if (statement.scope === 'tenant') {
    const tenants = resolveTenantList(tx, statement.tenants) ?? [];
    for (const tenant of tenants) {
      const refusal = listedRefusal(tx, tenant, true);
      if (refusal !== null) throw refusal;
    }
    return { sys: true, tenants };
  }
  const tenants = tx.tenants.users().filter((tenant) => listedRefusal(tx, tenant, false) === null);
  if (tenants.length === 0) throw fault('OB_BACKUP_CAN_NOT_START', noneEligible);
  return { sys: true, tenants };
}

const noDestination = 'backup dest is not set.';

/** A user tenant's own request: destination, tenant, running job, archive. */
function ownRefusal(tx: Repositories, tenant: Tenant): ObError | null {
  if (tx.destinations.dataDest(tenant.tenantId) === '') return hinted(fault('OB_BACKUP_CAN_NOT_START'), noDestination);
  if (!tenantIsNormal(tenant)) return notNormal();
  const own = running(tx, tenant.tenantId).some((job) => job.initiatorTenantId === tenant.tenantId);
  if (own) return fault('OB_BACKUP_IN_PROGRESS');
  return archiveIsDoing(tx, tenant.tenantId) ? null : notDoing();
}

/** A tenant named by sys: tenant, archive, running job, destination. Without a list the destination is not looked at. */
function listedRefusal(tx: Repositories, tenant: Tenant, withDestination: boolean): ObError | null {
  if (!tenantIsNormal(tenant)) return notNormal();
  if (!archiveIsDoing(tx, tenant.tenantId)) return notDoing();
  const mine = running(tx, tenant.tenantId).some((job) => job.initiatorTenantId === sysTenantId);
  if (mine || namedByRunningSysJob(tx, tenant.tenantId)) return fault('OB_BACKUP_IN_PROGRESS');
  if (withDestination && tx.destinations.dataDest(tenant.tenantId) === '') {
    return fault('OB_BACKUP_CAN_NOT_START', noDestination);
  }
  return null;
}

function running(tx: Repositories, tenantId: number) {
  return tx.backups.liveJobs(tenantId).filter((job) => job.endUs === null);
}

/** A sys job that has not made its children yet already stands for its tenants. */
function namedByRunningSysJob(tx: Repositories, tenantId: number): boolean {
  return running(tx, sysTenantId).some(
    (job) => job.status === 'INIT' && job.executorTenantId.split(',').includes(String(tenantId)),
  );
}

function notNormal(): ObError {
  return fault('OB_BACKUP_CAN_NOT_START', 'tenant status is not normal.');
}

function notDoing(): ObError {
  return fault('OB_BACKUP_CAN_NOT_START', 'log archive status is not doing.');
}

/** ALTER SYSTEM CANCEL BACKUP: unfinished jobs become CANCELING; without any the statement still answers OK. */
export const cancelBackup = handler<'cancelBackup', null>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve({ tenants }, speaker, controller) {
    if (!isSys(speaker) && tenants !== null) throw fault('OB_NOT_SUPPORTED');
    await controller.catalog.read((tx) => resolveTenantList(tx, tenants));
  },
  check: async () => null,
  async run(_, { tenants }, speaker, controller) {
    await controller.catalog.transaction((tx) => {
      for (const tenantId of canceledTenants(tx, tenants, speaker)) cancelJobs(tx, tenantId);
    });
    controller.wake.backup();
    return {};
  },
});

function canceledTenants(tx: Repositories, clause: readonly string[] | null, speaker: Speaker): readonly number[] {
  if (!isSys(speaker)) return [speaker.loginTenant.tenantId];
  const listed = resolveTenantList(tx, clause);
  if (listed !== null) return listed.map((tenant) => tenant.tenantId);
  return [...tx.tenants.users().map((tenant) => tenant.tenantId), sysTenantId];
}

function cancelJobs(tx: Repositories, tenantId: number): void {
  for (const job of tx.backups.liveJobs(tenantId)) {
    if (job.status !== 'INIT' && job.status !== 'DOING') continue;
    tx.backups.jobs.update(job, { status: 'CANCELING' });
    tx.events.record('backup_data', 'cancel_backup_data', { tenant_id: tenantId, job_id: job.jobId });
  }
}
