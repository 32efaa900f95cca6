import type { ArchivePiece } from '../../catalog/archives.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { DeleteTask } from '../../catalog/deletions.ts';
import type { DestType } from '../../destination/codec/identity-files.ts';
import type { Medium } from '../../media/medium.ts';
import { assertMove, pieceFileStates, setFileStates } from '../../policy/next-states.ts';
import { archiveDestNo } from '../tenant-destination.ts';
import type { CleanPlaces } from './clean-places.ts';
import { type Deletion, pieceDeletion, type Removal, setDeletion } from './remove-files.ts';
import { pieceListOf, setListOf, truePieceList, trueSetList } from './set-lists.ts';
import { pieceOfTask, setOfTask } from './task-rows.ts';

/** What differs between tasks that delete sets and those that delete pieces. */
export interface TaskKind {
  readonly taskType: string;
  readonly place: keyof CleanPlaces;
  readonly destType: DestType;
  deletion(tx: Repositories, task: DeleteTask, removal: Removal): Deletion;
  /** From the rows: how the newest list on the path is made to name only what is there. */
  trueList(tx: Repositories, tenantId: number, destId: number): (medium: Medium, signal: AbortSignal) => Promise<void>;
  /** FILE_STATUS becomes DELETED. */
  deleted(tx: Repositories, task: DeleteTask): void;
}

const ofSets: TaskKind = {
  taskType: 'BACKUP SET',
  place: 'data',
  destType: 'backup_data',
  deletion: (tx, task, removal) => setDeletion(removal, setOfTask(tx, task)),
  trueList(tx, tenantId, destId) {
    const list = setListOf(tx, tenantId, destId);
    return (medium, signal) => trueSetList(medium, list, signal);
  },
  deleted(tx, task) {
    const set = setOfTask(tx, task);
    assertMove(setFileStates, set.fileStatus, 'DELETED');
    tx.backups.sets.update(set, { fileStatus: 'DELETED' });
  },
};

const ofPieces: TaskKind = {
  taskType: 'BACKUP PIECE',
  place: 'archive',
  destType: 'archive_log',
  deletion: (tx, task, removal) => pieceDeletion(removal, pieceOfTask(tx, task)),
  trueList(tx, tenantId, destId) {
    const list = pieceListOf(tx, tenantId, destId);
    return (medium, signal) => truePieceList(medium, list, signal);
  },
  deleted(tx, task) {
    const piece = pieceOfTask(tx, task);
    assertMove(pieceFileStates, piece.fileStatus, 'DELETED');
    if (piece.fileStatus !== 'DELETED') countDeleted(tx, piece);
    tx.archives.pieces.update(piece, { fileStatus: 'DELETED' });
  },
};

export function kindOf({ taskType }: Pick<DeleteTask, 'taskType'>): TaskKind {
  return taskType === ofSets.taskType ? ofSets : ofPieces;
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
