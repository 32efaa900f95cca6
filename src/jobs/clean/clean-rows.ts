import { fault, faultText } from '../../base/errors.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { DeleteJob, DeleteTask } from '../../catalog/deletions.ts';
import { shownPath } from '../../destination/destination.ts';
import { type CleanupDecision, type CleanupWish, decideCleanup } from '../../policy/cleanup.ts';
import { refuseChosenPieces, refuseChosenSets } from '../../policy/cleanup-chosen.ts';
import { deletionOrder } from '../../policy/cleanup-order.ts';
import type { Controller } from '../controller.ts';
import { readStored } from '../tenant-destination.ts';
import { type CleanPlaces, cleanupWish } from './clean-places.ts';

/** TYPE of jobs as the views show it. */
export type CleanJobType = 'DELETE OBSOLETE BACKUP' | 'DELETE BACKUP SET' | 'DELETE BACKUP PIECE';

/** What a job row remembers between steps. */
export interface CleanMemory {
  readonly policy: 'default' | 'log_only';
  /** Fixed when the tasks are made: a job ends where it began, also when the tenant's destinations change. */
  readonly places?: CleanPlaces;
  /** The sets or pieces a statement named; absent for a job that looks for what is obsolete. */
  readonly ids?: readonly number[];
}

export function cleanMemory(job: DeleteJob): CleanMemory {
  return job.stepData as CleanMemory;
}

/** What a task remembers. */
export interface CleanTaskMemory {
  readonly attempts: number;
}

/** True once nothing but the move to the history is left. */
export function isFinal(row: Pick<DeleteJob, 'status'>): boolean {
  return row.status === 'COMPLETED' || row.status === 'FAILED' || row.status === 'CANCELED';
}

/** True while the tenant has a clean-up that has not ended. */
export function isCleaning(tx: Repositories, tenantId: number): boolean {
  return tx.deletions.liveJobs(tenantId).some((job) => !isFinal(job));
}

/** A job in INIT. `parameter` is the expiry point in microseconds, or the first id of a chosen set or piece. */
export function insertCleanJob(
  tx: Repositories,
  controller: Controller,
  tenantId: number,
  type: CleanJobType,
  parameter: number,
  memory: CleanMemory,
): DeleteJob {
  const jobId = tx.counters.next(tenantId, 'job');
  const job: DeleteJob = {
    tenantId,
    jobId,
    history: false,
    initiatorTenantId: tenantId,
    initiatorJobId: jobId,
    executorTenantId: String(tenantId),
    type,
    parameter,
    jobLevel: 'USER_TENANT',
    startUs: controller.clock.nowUs(),
    endUs: null,
    status: 'INIT',
    taskCount: 0,
    successTaskCount: 0,
    result: 0,
    comment: '',
    retryCount: 0,
    stepData: memory,
  };
  tx.deletions.jobs.insert(job);
  tx.events.record('backup_clean', 'start_backup_clean', { tenant_id: tenantId, job_id: jobId, type });
  return job;
}

/** What a job is to delete, in order, as the rows say now. */
export function dropsOf(tx: Repositories, job: DeleteJob, places: CleanPlaces): readonly CleanupDecision[] {
  const { policy, ids } = cleanMemory(job);
  const wish = cleanupWish(tx, job.tenantId, places, policy, ids === undefined ? job.parameter : 0);
  const decisions = ids === undefined ? decideCleanup(wish).decisions : chosenDrops(wish, job, ids);
  return deletionOrder(decisions, wish.sets);
}

/** The named sets or pieces that are still there; what holds one of them back now is thrown as it would be to the statement. */
function chosenDrops(wish: CleanupWish, job: DeleteJob, ids: readonly number[]): readonly CleanupDecision[] {
  const ofSets = job.type === 'DELETE BACKUP SET';
  const items = ofSets ? wish.sets : wish.pieces.filter((piece) => piece.destId === wish.archiveDestId);
  const idOf = (item: (typeof items)[number]) => ('pieceId' in item ? item.pieceId : item.id);
  const left = items.filter((item) => item.fileStatus !== 'DELETED' && ids.includes(idOf(item)));
  const refusal = (ofSets ? refuseChosenSets : refuseChosenPieces)(wish, left.map(idOf));
  if (refusal !== null) throw faultText(refusal.symbol, `${fault(refusal.symbol).message}: ${refusal.because}`);
  return left.map((item) => ({
    kind: ofSets ? 'set' : 'piece',
    id: idOf(item),
    roundId: 'roundId' in item ? item.roundId : 0,
    destId: item.destId,
    drop: true,
    because: 'a statement named it',
  }));
}

/** One task for a set or piece. */
export function insertCleanTask(
  tx: Repositories,
  controller: Controller,
  job: DeleteJob,
  places: CleanPlaces,
  drop: CleanupDecision,
): void {
  const place = drop.kind === 'set' ? places.data : places.archive;
  if (place === null) throw new Error('nothing is deleted where no destination is');
  const memory: CleanTaskMemory = { attempts: 0 };
  const task: DeleteTask = {
    tenantId: job.tenantId,
    taskId: tx.counters.next(job.tenantId, 'task'),
    jobId: job.jobId,
    history: false,
    taskType: drop.kind === 'set' ? 'BACKUP SET' : 'BACKUP PIECE',
    id: drop.id,
    roundId: drop.roundId,
    destId: drop.destId,
    startUs: controller.clock.nowUs(),
    endUs: null,
    status: 'INIT',
    totalLsCount: 0,
    finishLsCount: 0,
    result: 0,
    comment: '',
    path: shownPath(readStored(controller.catalog.secrets, job.tenantId, place.text)),
    stepData: memory,
  };
  tx.deletions.tasks.insert(task);
}
