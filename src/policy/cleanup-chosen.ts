import type { ErrorName } from '../base/errors.ts';
import { type CleanupPiece, type CleanupWish, hasItsLog, pieceText } from './cleanup.ts';
import { isUsable } from './set-chain.ts';

/** Why chosen sets or pieces may not be deleted. */
export interface ChosenRefusal {
  readonly symbol: ErrorName;
  readonly because: string;
}

/**
 * Whether sets a statement names may be deleted: all of them lie on the present destination, nobody reads or writes them, what
 * builds on them goes with them, and the newest full set that restores stays. Pure; null when they may.
 */
export function refuseChosenSets(wish: CleanupWish, ids: readonly number[]): ChosenRefusal | null {
  const chosen = new Set(ids);
  const there = wish.sets.filter((set) => set.fileStatus !== 'DELETED');
  const newest = there
    .filter(
      (set) => set.destId === wish.dataDestId && set.type === 'FULL' && isUsable(set) && hasItsLog(wish.pieces, set),
    )
    .reduce<number | null>((most, { id }) => (most === null || id > most ? id : most), null);
  for (const id of ids) {
    const set = there.find((one) => one.id === id);
    if (set === undefined) return { symbol: 'OB_INVALID_BACKUP_SET_ID', because: `there is no set ${id}` };
    const no = (because: string) => ({ symbol: 'OB_BACKUP_DELETE_BACKUP_SET_NOT_ALLOWED' as const, because });
    if (set.destId !== wish.dataDestId) return no(`set ${id} lies on a former destination`);
    if (set.status === 'DOING' || set.fileStatus === 'COPYING') return no(`set ${id} is being made`);
    if (wish.inUse.sets.has(id)) return no(`a running restore reads set ${id}`);
    if (id === newest) return no(`set ${id} is the newest full set that restores`);
    const user = there.find(
      (one) =>
        one.type === 'INC' &&
        !chosen.has(one.id) &&
        (one.prevFullId === id || one.prevIncId === id) &&
        (one.status === 'DOING' || isUsable(one)),
    );
    if (user !== undefined) return no(`set ${user.id} builds on set ${id}`);
  }
  return null;
}

/**
 * Whether pieces a statement names may be deleted: they are the oldest of the present destination, finished, read by nobody, and
 * the newest full set that restores does not need them. Pure; null when they may.
 */
export function refuseChosenPieces(wish: CleanupWish, ids: readonly number[]): ChosenRefusal | null {
  const no = (because: string) => ({ symbol: 'OB_BACKUP_DELETE_BACKUP_PIECE_NOT_ALLOWED' as const, because });
  const there = wish.pieces
    .filter((piece) => piece.fileStatus !== 'DELETED' && piece.destId === wish.archiveDestId)
    .sort((a, b) => a.pieceId - b.pieceId);
  const oldest = there.slice(0, new Set(ids).size);
  for (const id of ids) {
    const piece = there.find((one) => one.pieceId === id);
    if (piece === undefined) return no(`there is no piece ${id} on the present destination`);
    if (piece.status === 'ACTIVE') return no(`piece ${id} is the active piece`);
    if (!oldest.includes(piece)) return no(`older pieces than piece ${id} would be left`);
    if (wish.inUse.pieces.has(pieceText(piece))) return no(`a running restore reads piece ${id}`);
  }
  const left = wish.pieces.filter((piece) => !oldest.includes(piece as CleanupPiece));
  const newest = wish.sets
    .filter((set) => set.type === 'FULL' && isUsable(set) && hasItsLog(wish.pieces, set))
    .reduce<(typeof wish.sets)[number] | null>((most, set) => (most === null || set.id > most.id ? set : most), null);
  if (newest !== null && !hasItsLog(left, newest)) return no(`set ${newest.id}, the newest full set, needs its log`);
  return null;
}
