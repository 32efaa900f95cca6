import { fault } from '../../base/errors.ts';
import type { ArchivePiece } from '../../catalog/archives.ts';
import type { BackupSet } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { DeleteTask } from '../../catalog/deletions.ts';
import type { Medium } from '../../media/medium.ts';
import { assertMove, pieceFileStates, setFileStates } from '../../policy/next-states.ts';
import { archiveDestNo } from '../tenant-destination.ts';
import type { CleanPlace } from './clean-places.ts';
import { cleanMemory, dropsOf } from './clean-rows.ts';
import { CleanCanceled, type CleanRun, requirePlace } from './clean-run.ts';
import { type Removal, removePieceFiles, removeSetFiles } from './remove-files.ts';
import { pieceListOf, setListOf, truePieceList, trueSetList } from './set-lists.ts';
import { tagsInsteadOfRemoving } from './tagging.ts';

/** Carries out one task from wherever its row says it stands. */
export async function runTask(run: CleanRun, seen: DeleteTask): Promise<void> {
  const task = await run.controller.catalog.transaction((tx) => startTask(tx, run, seen));
  if (task === null) return;
  if (task.taskType === 'BACKUP SET') await deleteSet(run, task);
  else await deletePiece(run, task);
}

/**
 * INIT → DOING, and the set or piece becomes DELETING, in one step and only if it is still obsolete: since the tasks were made a
 * restore may have begun to read it, or a backup to build on it. Null when the task was dropped or its row is not there.
 */
function startTask(tx: Repositories, { job }: CleanRun, seen: DeleteTask): DeleteTask | null {
  const live = tx.deletions.jobs.get(job);
  if (live?.status !== 'DOING') throw new CleanCanceled();
  const task = tx.deletions.tasks.get(seen);
  if (task === null || task.status !== 'INIT') return task;
  const { places } = cleanMemory(live);
  const kind = task.taskType === 'BACKUP SET' ? 'set' : 'piece';
  const still = dropsOf(tx, live, places ?? { data: null, archive: null }).some(
    (drop) => drop.kind === kind && drop.id === task.id && drop.roundId === task.roundId && drop.destId === task.destId,
  );
  if (!still) {
    tx.deletions.tasks.remove(task);
    tx.deletions.jobs.update(job, { taskCount: live.taskCount - 1 });
    return null;
  }
  if (kind === 'set') {
    const set = setOfTask(tx, task);
    assertMove(setFileStates, set.fileStatus, 'DELETING');
    tx.backups.sets.update(set, { fileStatus: 'DELETING' });
  } else {
    const piece = pieceOfTask(tx, task);
    assertMove(pieceFileStates, piece.fileStatus, 'DELETING');
    tx.archives.pieces.update(piece, { fileStatus: 'DELETING' });
  }
  tx.deletions.tasks.update(task, { status: 'DOING' });
  return { ...task, status: 'DOING' };
}

async function deleteSet(run: CleanRun, task: DeleteTask): Promise<void> {
  const { controller, job, signal } = run;
  const { catalog } = controller;
  const place = cleanMemory(job).places?.data ?? null;
  if (place === null) throw fault('OB_ERR_UNEXPECTED', 'the place of the set is not known');
  const { set, list } = await catalog.read((tx) => ({
    set: setOfTask(tx, task),
    list: setListOf(tx, task.tenantId, task.destId),
  }));
  const medium = await requirePlace(run, place, 'backup_data');
  await removeSetFiles(removalOf(run, task, place, medium), set);
  await trueSetList(medium, list, signal);
  // What is empty because it is not there any more must not pass for deleted.
  await requirePlace(run, place, 'backup_data');
  await catalog.transaction((tx) => {
    const live = setOfTask(tx, task);
    assertMove(setFileStates, live.fileStatus, 'DELETED');
    tx.backups.sets.update(live, { fileStatus: 'DELETED' });
    completeTask(tx, run, task);
  });
}

async function deletePiece(run: CleanRun, task: DeleteTask): Promise<void> {
  const { controller, job, signal } = run;
  const { catalog } = controller;
  const place = cleanMemory(job).places?.archive ?? null;
  if (place === null) throw fault('OB_ERR_UNEXPECTED', 'the place of the piece is not known');
  const { piece, list } = await catalog.read((tx) => ({
    piece: pieceOfTask(tx, task),
    list: pieceListOf(tx, task.tenantId, task.destId),
  }));
  const medium = await requirePlace(run, place, 'archive_log');
  await removePieceFiles(removalOf(run, task, place, medium), piece);
  await truePieceList(medium, list, signal);
  await requirePlace(run, place, 'archive_log');
  await catalog.transaction((tx) => {
    const live = pieceOfTask(tx, task);
    assertMove(pieceFileStates, live.fileStatus, 'DELETED');
    if (live.fileStatus !== 'DELETED') countDeleted(tx, live);
    tx.archives.pieces.update(live, { fileStatus: 'DELETED' });
    completeTask(tx, run, task);
  });
}

/** DELETED_INPUT_BYTES and DELETED_OUTPUT_BYTES of the piece's round. */
function countDeleted(tx: Repositories, piece: ArchivePiece): void {
  const { tenantId, destNo, roundId } = piece;
  const more = (row: { readonly deletedInputBytes: bigint; readonly deletedOutputBytes: bigint }) => ({
    deletedInputBytes: row.deletedInputBytes + piece.inputBytes,
    deletedOutputBytes: row.deletedOutputBytes + piece.outputBytes,
  });
  const live = tx.archives.rounds.get({ tenantId, destNo });
  if (live?.roundId === roundId) tx.archives.rounds.update(live, more(live));
  const former = tx.archives.roundHistory.get({ tenantId, destNo: destNo ?? archiveDestNo, roundId });
  if (former !== null) tx.archives.roundHistory.update(former, more(former));
}

function completeTask(tx: Repositories, { controller }: CleanRun, task: DeleteTask): void {
  const finishLsCount = tx.deletions.tasks.get(task)?.totalLsCount ?? 0;
  tx.deletions.tasks.update(task, { status: 'COMPLETED', endUs: controller.clock.nowUs(), finishLsCount });
}

function removalOf(run: CleanRun, task: DeleteTask, place: CleanPlace, medium: Medium): Removal {
  const { controller, media, signal } = run;
  const tags = media.tags(place);
  return {
    medium: tags ? tagsInsteadOfRemoving(medium) : medium,
    tags,
    signal,
    namesIn: (directory) => media.namesIn(place, directory, signal),
    async progress(total, finished) {
      // The last one is counted when the task completes.
      if (finished === total) return;
      await controller.catalog.transaction((tx) => {
        // What a run before a crash had deleted is not there to be counted again.
        const all = Math.max(tx.deletions.tasks.get(task)?.totalLsCount ?? 0, total);
        tx.deletions.tasks.update(task, { totalLsCount: all, finishLsCount: all - total + finished });
      });
    },
  };
}

function setOfTask(tx: Repositories, { tenantId, id, destId }: DeleteTask): BackupSet {
  const set = tx.backups.sets.get({ tenantId, backupSetId: id, destId });
  if (set === null) throw fault('OB_ERR_UNEXPECTED', `set ${id} has no row`);
  return set;
}

function pieceOfTask(tx: Repositories, { tenantId, id, destId, roundId }: DeleteTask): ArchivePiece {
  const piece = tx.archives.pieces.get({ tenantId, destId, roundId, pieceId: id });
  if (piece === null) throw fault('OB_ERR_UNEXPECTED', `piece ${id} of round ${roundId} has no row`);
  return piece;
}
