import { fault } from '../../base/errors.ts';
import type { BackupJob, BackupType } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import { sysTenantId, type Tenant } from '../../catalog/tenants.ts';
import { shownPath } from '../../destination/destination.ts';
import type { Controller } from '../controller.ts';
import { keepSecret } from '../job-secrets.ts';
import { archiveDestNo, dataDestination } from '../tenant-destination.ts';
import { baseByRows } from './set-base.ts';
import type { PasswordKey } from './set-key.ts';

/** What a BACKUP statement asks of one tenant or of all. */
export interface BackupOrder {
  readonly description: string;
  /** `*` and 40 hex digits, empty without SET ENCRYPTION. */
  readonly passwordDigest: string;
  readonly passwordKey: PasswordKey | null;
  readonly incremental: boolean;
  readonly plusArchivelog: boolean;
}

/** What a job row remembers between steps. */
export interface JobMemory {
  /** Parameters of the password key; the key itself is a job secret. */
  readonly kdf?: {
    readonly memoryKiB: number;
    readonly passes: number;
    readonly parallelism: number;
    readonly salt: string;
  };
}

/** Names of the secrets a backup job keeps. */
export const passwordKeyName = 'passwordKey';
export const setKeyName = 'setKey';

/** Whether a tenant may have a job now; the statement's and the sys job's common check. */
export function tenantIsNormal(tenant: Tenant): boolean {
  return tenant.status === 'NORMAL' && !tenant.inRecyclebin;
}

/** True while the tenant's archive round is DOING. */
export function archiveIsDoing(tx: Repositories, tenantId: number): boolean {
  return tx.archives.rounds.get({ tenantId, destNo: archiveDestNo })?.status === 'DOING';
}

/**
 * A job row of one user tenant; takes a job number and a set number. An incremental wish becomes FULL here when there is nothing
 * to build on. Throws 9040 without a destination and over a change of the data version.
 */
export function insertTenantJob(
  tx: Repositories,
  controller: Controller,
  tenant: Tenant,
  order: BackupOrder,
  parent: BackupJob | null,
): BackupJob {
  const destination = dataDestination(tx, controller.catalog.secrets, tenant.tenantId);
  if (destination === null) throw fault('OB_BACKUP_CAN_NOT_START', 'backup dest is not set.');
  const job: BackupJob = {
    ...emptyJob(controller, order),
    tenantId: tenant.tenantId,
    jobId: tx.counters.next(tenant.tenantId, 'job'),
    backupSetId: tx.counters.next(tenant.tenantId, 'backupSet'),
    initiatorTenantId: parent === null ? tenant.tenantId : sysTenantId,
    initiatorJobId: parent?.jobId ?? 0,
    executorTenantId: String(tenant.tenantId),
    jobLevel: 'USER_TENANT',
    path: shownPath(destination),
    backupType: order.incremental ? possibleType(tx, tenant, shownPath(destination)) : 'FULL',
  };
  insert(tx, controller, job, order);
  tx.events.record('backup_data', 'start_backup_data', { tenant_id: job.tenantId, job_id: job.jobId });
  return job;
}

function possibleType(tx: Repositories, tenant: Tenant, path: string): BackupType {
  const { baseId } = baseByRows(tx, tenant.tenantId, path);
  const base = baseId === null ? null : tx.backups.setById(tenant.tenantId, baseId);
  if (base === null) return 'FULL';
  if (base.tenantCompatible === tenant.compatible) return 'INC';
  const versions = `previous backup set compatible is ${base.tenantCompatible}, current compatible is ${tenant.compatible}`;
  const reason = `cross compatible incremental backup is not supported, ${versions}`;
  throw fault('OB_BACKUP_CAN_NOT_START', reason);
}

/** The coordinating row of sys for a list of tenants. */
export function insertSysJob(
  tx: Repositories,
  controller: Controller,
  tenants: readonly Tenant[],
  order: BackupOrder,
): BackupJob {
  const jobId = tx.counters.next(sysTenantId, 'job');
  const job: BackupJob = {
    ...emptyJob(controller, order),
    tenantId: sysTenantId,
    jobId,
    backupSetId: 0,
    initiatorTenantId: sysTenantId,
    initiatorJobId: jobId,
    executorTenantId: tenants.map((tenant) => tenant.tenantId).join(','),
    jobLevel: 'CLUSTER',
    path: '',
  };
  insert(tx, controller, job, order);
  return job;
}

function emptyJob(controller: Controller, order: BackupOrder) {
  const { kdf } = order.passwordKey ?? {};
  const memory: JobMemory = kdf ? { kdf: { ...kdf, salt: Buffer.from(kdf.salt).toString('base64') } } : {};
  return {
    history: false,
    plusArchivelog: order.plusArchivelog,
    backupType: order.incremental ? ('INC' as const) : ('FULL' as const),
    encryptionMode: order.passwordDigest === '' ? 'NONE' : 'PASSWORD',
    passwd: order.passwordDigest,
    startUs: controller.clock.nowUs(),
    endUs: null,
    status: 'INIT' as const,
    result: 0,
    comment: '',
    description: order.description,
    retryCount: 0,
    stepData: memory,
  };
}

function insert(tx: Repositories, controller: Controller, job: BackupJob, order: BackupOrder): void {
  tx.backups.jobs.insert(job);
  if (order.passwordKey === null) return;
  const owner = { tenantId: job.tenantId, kind: 'backup' as const, jobId: job.jobId };
  keepSecret(tx, controller.catalog.secrets, owner, passwordKeyName, order.passwordKey.key);
}

/** The password key a job was started with, null without one. */
export function passwordKeyOf(job: BackupJob, key: Uint8Array | null): PasswordKey | null {
  const { kdf } = job.stepData as JobMemory;
  if (!kdf || key === null) return null;
  return { kdf: { ...kdf, salt: new Uint8Array(Buffer.from(kdf.salt, 'base64')) }, key };
}
