import { fault } from '../../base/errors.ts';
import type { ArchivePiece } from '../../catalog/archives.ts';
import type { BackupSet } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { DeleteTask } from '../../catalog/deletions.ts';
import type { CleanupDecision } from '../../policy/cleanup.ts';
import { assertMove, pieceFileStates, setFileStates } from '../../policy/next-states.ts';
import { cleanMemory, dropsOf } from './clean-rows.ts';
import { CleanCanceled, type CleanRun } from './clean-run.ts';

/**
 * INIT → DOING, and the sets or pieces become DELETING, in one step and only those that are still obsolete: since the tasks were made
 * a restore may have begun to read one, or a backup to build on it. Returns those that are under way; others were dropped or have no
 * row any more.
 */
export function startTasks(tx: Repositories, { job }: CleanRun, seen: readonly DeleteTask[]): readonly DeleteTask[] {
  const live = tx.deletions.jobs.get(job);
  if (live?.status !== 'DOING') throw new CleanCanceled();
  const tasks = seen.map((task) => tx.deletions.tasks.get(task)).filter((task) => task !== null);
  if (tasks.every((task) => task.status !== 'INIT')) return tasks;
  const drops = dropsOf(tx, live, cleanMemory(live).places ?? { data: null, archive: null });
  const spared = tasks.filter((task) => task.status === 'INIT' && !drops.some((drop) => isOf(drop, task)));
  for (const task of spared) tx.deletions.tasks.remove(task);
  if (spared.length > 0) tx.deletions.jobs.update(job, { taskCount: live.taskCount - spared.length });
  return tasks
    .filter((task) => !spared.includes(task))
    .map((task) => {
      if (task.status === 'INIT') begin(tx, task);
      return { ...task, status: 'DOING' };
    });
}

function isOf({ kind, id, roundId, destId }: CleanupDecision, task: DeleteTask): boolean {
  const ofSet = task.taskType === 'BACKUP SET';
  return (kind === 'set') === ofSet && id === task.id && roundId === task.roundId && destId === task.destId;
}

function begin(tx: Repositories, task: DeleteTask): void {
  if (task.taskType === 'BACKUP SET') {
    const set = setOfTask(tx, task);
    assertMove(setFileStates, set.fileStatus, 'DELETING');
    tx.backups.sets.update(set, { fileStatus: 'DELETING' });
  } else {
    const piece = pieceOfTask(tx, task);
    assertMove(pieceFileStates, piece.fileStatus, 'DELETING');
    tx.archives.pieces.update(piece, { fileStatus: 'DELETING' });
  }
  tx.deletions.tasks.update(task, { status: 'DOING' });
}

export function completeTask(tx: Repositories, { controller }: CleanRun, task: DeleteTask): void {
  const finishLsCount = tx.deletions.tasks.get(task)?.totalLsCount ?? 0;
  tx.deletions.tasks.update(task, { status: 'COMPLETED', endUs: controller.clock.nowUs(), finishLsCount });
}

export function setOfTask(tx: Repositories, { tenantId, id, destId }: DeleteTask): BackupSet {
  const set = tx.backups.sets.get({ tenantId, backupSetId: id, destId });
  if (set === null) throw fault('OB_ERR_UNEXPECTED', `set ${id} has no row`);
  return set;
}

export function pieceOfTask(tx: Repositories, { tenantId, id, destId, roundId }: DeleteTask): ArchivePiece {
  const piece = tx.archives.pieces.get({ tenantId, destId, roundId, pieceId: id });
  if (piece === null) throw fault('OB_ERR_UNEXPECTED', `piece ${id} of round ${roundId} has no row`);
  return piece;
}
