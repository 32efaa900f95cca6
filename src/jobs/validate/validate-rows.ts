import { fault } from '../../base/errors.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { ValidateJob, ValidateLevel, ValidateTask } from '../../catalog/proofs.ts';
import type { Tenant } from '../../catalog/tenants.ts';
import { type Destination, shownPath, storedText } from '../../destination/destination.ts';
import type { Controller } from '../controller.ts';
import { keepSecret } from '../job-secrets.ts';
import { sealKeyOf } from '../tenant-destination.ts';

/** One destination a job looks at. */
export interface ValidatePlace {
  readonly kind: 'data' | 'archive';
  readonly destination: Destination;
  /** Null when a path was named: whatever lies there is looked at, whoever wrote it. */
  readonly destId: number | null;
  /** Sets or pieces by number; null for all, and for the objects of the destination itself. */
  readonly ids: readonly number[] | null;
}

/** What VALIDATE asks of one tenant. */
export interface ValidateOrder {
  readonly tenant: Tenant;
  readonly type: ValidateJob['validateType'];
  readonly level: ValidateLevel;
  readonly places: readonly ValidatePlace[];
  /** Passwords of SET DECRYPTION and SET ENCRYPTION: sets under a password are opened with them. */
  readonly passwords: readonly string[];
  readonly initiatorTenantId: number;
}

/** What a job row remembers: the places with their stored texts. */
export interface ValidateMemory {
  readonly places: readonly (Omit<ValidatePlace, 'destination'> & {
    readonly text: string;
    /** The limits the path was named with; stored texts leave them out. */
    readonly maxIops: string;
    readonly maxBandwidth: string;
  })[];
}

/** What a task row remembers. */
export interface ValidateTaskMemory {
  /** Number of its place in the job. */
  readonly place: number;
  readonly backupType?: 'full' | 'inc';
  readonly retryCount?: number;
  /** Where the log of a piece begins and ends, for the piece after it. */
  readonly span?: {
    readonly afterScn: string;
    readonly from: unknown;
    readonly lastScn: string;
    readonly to: unknown;
  };
}

export const passwordsName = 'passwords';

/** The job row and its secrets; the tasks are made when the destinations have been listed. */
export function insertValidateJob(tx: Repositories, controller: Controller, order: ValidateOrder): void {
  const { tenantId } = order.tenant;
  const { secrets } = controller.catalog;
  const jobId = tx.counters.next(tenantId, 'job');
  const places = order.places.map(({ destination, ...place }) => ({
    ...place,
    text: storedText(destination, sealKeyOf(secrets, tenantId, destination.path)),
    maxIops: String(destination.maxIops),
    maxBandwidth: String(destination.maxBandwidth),
  }));
  tx.proofs.jobs.insert({
    tenantId,
    jobId,
    history: false,
    initiatorTenantId: order.initiatorTenantId,
    validateType: order.type,
    level: order.level,
    startUs: controller.clock.nowUs(),
    endUs: null,
    status: 'INIT',
    taskCount: 0,
    finishTaskCount: 0,
    damagedCount: 0,
    totalBytes: 0n,
    finishBytes: 0n,
    result: 0,
    comment: '',
    path: [...new Set(order.places.map(({ destination }) => shownPath(destination)))].join(','),
    retryCount: 0,
    stepData: { places } satisfies ValidateMemory,
  });
  if (order.passwords.length > 0) {
    const owner = { tenantId, kind: 'validate' as const, jobId };
    keepSecret(tx, secrets, owner, passwordsName, Buffer.from(JSON.stringify(order.passwords)));
  }
  tx.events.record('backup_validate', 'start_validate', { tenant_id: tenantId, job_id: jobId });
}

/** A task that has not begun. */
export function newTask(
  tx: Repositories,
  job: ValidateJob,
  what: Pick<ValidateTask, 'taskType' | 'destId' | 'path'> &
    Partial<Pick<ValidateTask, 'backupSetId' | 'roundId' | 'pieceId'>>,
  memory: ValidateTaskMemory,
): ValidateTask {
  return {
    tenantId: job.tenantId,
    taskId: tx.counters.next(job.tenantId, 'task'),
    jobId: job.jobId,
    history: false,
    backupSetId: 0,
    roundId: 0,
    pieceId: 0,
    ...what,
    startUs: null,
    endUs: null,
    status: 'INIT',
    conclusion: null,
    fileCount: 0,
    finishFileCount: 0,
    totalBytes: 0n,
    finishBytes: 0n,
    damagedCount: 0,
    foreignCount: 0,
    result: 0,
    comment: '',
    stepData: memory,
  };
}

/** Changes a live job or task; false when it has gone with its tenant. */
export function changeJob(
  controller: Controller,
  job: ValidateJob,
  changes: Partial<Omit<ValidateJob, 'tenantId' | 'jobId'>>,
): Promise<boolean> {
  return controller.catalog.transaction((tx) => tx.proofs.jobs.update(job, changes));
}

export function changeTask(
  controller: Controller,
  task: ValidateTask,
  changes: Partial<Omit<ValidateTask, 'tenantId' | 'taskId'>>,
): Promise<boolean> {
  return controller.catalog.transaction((tx) => tx.proofs.tasks.update(task, changes));
}

/** True once nothing more happens to a job or task. */
export function isFinal({ status }: Pick<ValidateJob, 'status'>): boolean {
  return status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELED';
}

export function tenantGone() {
  return fault('OB_TENANT_NOT_EXIST');
}
