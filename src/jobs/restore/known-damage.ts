import { faultText } from '../../base/errors.ts';
import type { BackupSet } from '../../catalog/backups.ts';
import type { Proof } from '../../catalog/proofs.ts';
import type { PieceName } from '../../destination/archive-layout.ts';
import type { PlanSet, RestorePlan } from '../../policy/restore-plan.ts';
import type { DamagedPiece, FoundPiece } from './read-archive-path.ts';
import type { SourcePath } from './source-paths.ts';

/** The candidates; what VALIDATE found broken, sets whose jobs failed and those that are being deleted are marked as such. */
export function withoutBroken(
  { sets, pieces }: { readonly sets: readonly PlanSet[]; readonly pieces: readonly FoundPiece[] | null },
  data: SourcePath,
  archive: SourcePath | null,
) {
  const isBrokenSet = ({ id }: PlanSet) =>
    data.broken.some((proof) => proof.objectType === 'BACKUP SET' && proof.backupSetId === id);
  const isOneOf = (rows: readonly BackupSet[], set: PlanSet) =>
    rows.some((row) => row.backupSetId === set.id && row.minRestoreScn === set.minRestoreScn);
  const isBrokenPiece = (piece: PieceName) => archive?.broken.some((proof) => isOfPiece(proof, piece)) ?? false;
  return {
    sets: sets.map((set): PlanSet => {
      if (isOneOf(data.deleting, set)) return { ...set, fileStatus: 'DELETING' };
      if (isOneOf(data.failed, set)) return { ...set, status: 'FAILED', fileStatus: 'INCOMPLETE' };
      return isBrokenSet(set) ? { ...set, fileStatus: 'BROKEN' } : set;
    }),
    pieces:
      pieces?.map((piece): FoundPiece => (isBrokenPiece(piece) ? { ...piece, fileStatus: 'BROKEN' } : piece)) ?? null,
  };
}

function isOfPiece(proof: Proof, { destId, roundId, pieceId }: PieceName): boolean {
  const { objectType } = proof;
  const same = proof.destId === destId && proof.roundId === roundId && proof.pieceId === pieceId;
  return objectType === 'BACKUP PIECE' && same;
}

/** Without UNTIL a restore goes to the end of the log: one that must leave out the newest pieces says so instead of stopping early. */
export function refuseShorter(
  { pieces }: RestorePlan,
  archive: SourcePath | null,
  damaged: readonly DamagedPiece[],
): void {
  const last = pieces.at(-1);
  if (last === undefined) return;
  const isLater = (piece: PieceName) =>
    piece.roundId > last.roundId || (piece.roundId === last.roundId && piece.pieceId > last.pieceId);
  const lost = damaged.find(isLater);
  if (lost !== undefined) throw lost.error;
  const broken = archive?.broken.find((proof) => proof.objectType === 'BACKUP PIECE' && isLater(proof));
  if (broken !== undefined) throw brokenError(broken);
}

/** What VALIDATE found, as the reason nothing can be restored. */
export function brokenError({ objectType, backupSetId, pieceId, comment }: Proof) {
  const what = objectType === 'BACKUP SET' ? `backup set ${backupSetId}` : `backup piece ${pieceId}`;
  return faultText('OB_CHECKSUM_ERROR', `Data checksum error: ${what} is BROKEN: ${comment}`);
}
