import { fault } from '../../base/errors.ts';
import type { BackupJob, BackupTask } from '../../catalog/backups.ts';
import type { Tenant } from '../../catalog/tenants.ts';
import type { Destination } from '../../destination/destination.ts';
import { requireFormat } from '../../destination/identity.ts';
import { withCodedErrors } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';
import type { ChangePoint } from '../../tenants/tenant-engine.ts';
import type { Controller } from '../controller.ts';
import { expectedFormat } from '../tenant-destination.ts';
import type { SetPlace } from './set-place.ts';

/** Everything one run of a tenant's job works on. */
export interface JobRun {
  readonly controller: Controller;
  readonly job: BackupJob;
  readonly tenant: Tenant;
  readonly destination: Destination;
  /** Every wait on it ends with the signal. */
  readonly medium: Medium;
  readonly signal: AbortSignal;
}

/** What a set task remembers between steps. */
export interface TaskMemory {
  readonly place: SetPlace;
  /** Attempt whose directory holds the blocks. */
  readonly retryId: number;
  /** Wrapped set key, base64; empty for a set in clear. */
  readonly wrappedKey: string;
  readonly keyVersion: number;
  /** The point only changes since which are copied; missing in a full set. */
  readonly since?: ChangePoint;
  /** True once an incremental set became full after its first files were written: those are still to be removed. */
  readonly wasIncremental?: boolean;
  /** MIN_RESTORE_SCN, set when the blocks are on the medium. */
  readonly copiedScn?: string;
  /** True when the set's own log is on the medium. */
  readonly logCopied?: boolean;
  /** End of the set and the sets before it, fixed before its last files are written so that they can be written again. */
  readonly end?: { readonly us: number; readonly earlierSets: readonly number[] };
}

export function taskMemory(task: BackupTask): TaskMemory {
  return task.stepData as TaskMemory;
}

/** Why a running job is stopped from outside. */
export class JobCanceled extends Error {
  override readonly name = 'JobCanceled';
}

/** Holds the data destination against its format file: -9080 or -9081 when it is not the one that was accepted. */
export async function requireDestination({ controller, tenant, destination, medium, signal }: JobRun): Promise<void> {
  const expected = await controller.catalog.read((tx) =>
    expectedFormat(tx, controller, tenant, destination, 'backup_data'),
  );
  await withCodedErrors(() => requireFormat(medium, expected, signal));
}

/** -9040: DATA_BACKUP_DEST was taken away. */
export function destinationMissing() {
  return fault('OB_BACKUP_CAN_NOT_START', 'backup dest is not set.');
}

export function changeTask(controller: Controller, task: BackupTask, changes: Partial<BackupTask>): Promise<boolean> {
  const { tenantId, taskId, ...rest } = changes;
  return controller.catalog.transaction((tx) => tx.backups.tasks.update(task, rest));
}
