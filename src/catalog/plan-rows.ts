import type { PlanPiece, PlanSet } from '../policy/restore-plan.ts';
import type { ArchivePiece } from './archives.ts';
import type { BackupSet } from './backups.ts';
import type { Repositories } from './catalog.ts';

/** A set as the policies know it. The row speaks for its files. */
export function planSetOf(set: BackupSet): PlanSet {
  return {
    id: set.backupSetId,
    type: set.backupType,
    status: set.status,
    fileStatus: set.fileStatus,
    startReplayScn: set.startReplayScn,
    minRestoreScn: set.minRestoreScn,
    prevFullId: set.prevFullBackupSetId,
    prevIncId: set.prevIncBackupSetId,
    passwordDigest: set.passwd,
    plusArchivelog: set.plusArchivelog,
    complete: set.status === 'SUCCESS',
  };
}

/** Names of the pieces VALIDATE has found damaged: their rows have no word for it. */
export type BrokenPieces = ReadonlySet<string>;

export function brokenPieces({ proofs }: Pick<Repositories, 'proofs'>, tenantId: number): BrokenPieces {
  return new Set(proofs.proofs.list({ tenantId, objectType: 'BACKUP PIECE', result: 'BROKEN' }).map(pieceName));
}

/** A piece as the policies know it. */
export function planPieceOf(piece: ArchivePiece, broken: BrokenPieces): PlanPiece {
  const { destId, roundId, pieceId, startScn, checkpointScn, endScn } = piece;
  const isBroken = piece.fileStatus === 'AVAILABLE' && broken.has(pieceName(piece));
  const fileStatus = isBroken ? 'BROKEN' : piece.fileStatus;
  return { destId, roundId, pieceId, startScn, checkpointScn, endScn, fileStatus };
}

function pieceName(row: Pick<ArchivePiece, 'path' | 'destId' | 'roundId' | 'pieceId'>): string {
  return `${row.destId}.${row.roundId}.${row.pieceId} ${row.path}`;
}
