import type { ErrorName } from '../base/errors.ts';
import type { Scn } from '../base/scn.ts';
import { choosePieces } from './piece-chain.ts';
import { chooseSets, isUsable } from './set-chain.ts';

/** A backup set as its info file describes it. Only sets whose end_success placeholder stands are candidates. */
export interface PlanSet {
  readonly id: number;
  readonly type: 'FULL' | 'INC';
  readonly status: 'DOING' | 'SUCCESS' | 'FAILED';
  readonly fileStatus: FileStatus;
  readonly startReplayScn: Scn;
  readonly minRestoreScn: Scn;
  /** 0 when there is none. */
  readonly prevFullId: number;
  readonly prevIncId: number;
  /** Stored digest, `''` for a set without a password. */
  readonly passwordDigest: string;
  /** True when the set holds its own log (PLUS ARCHIVELOG). */
  readonly plusArchivelog: boolean;
  /** False when the end_success placeholder or the info file is missing. */
  readonly complete: boolean;
}

/** A piece as the newest piece list describes it. `endScn` is the nominal end, `checkpointScn` how far it goes. */
export interface PlanPiece {
  readonly destId: number;
  readonly roundId: number;
  readonly pieceId: number;
  readonly startScn: Scn;
  readonly checkpointScn: Scn;
  readonly endScn: Scn;
  readonly fileStatus: FileStatus;
}

export type FileStatus = 'AVAILABLE' | 'COPYING' | 'INCOMPLETE' | 'DELETING' | 'EXPIRED' | 'BROKEN' | 'DELETED';

export interface RestoreWish {
  readonly sets: readonly PlanSet[];
  /** Pieces of the archive path; null when only data paths were given. */
  readonly pieces: readonly PlanPiece[] | null;
  /** Other dest ids are not looked at; null takes all. */
  readonly archiveDestId: number | null;
  /** Null for the latest point. UNTIL TIME is converted before. */
  readonly untilScn: Scn | null;
  /** Digests of SET DECRYPTION. */
  readonly digests: readonly string[];
  /** `sources` after ADD RESTORE SOURCE: refusals are -9119 with texts of their own. */
  readonly mode: 'paths' | 'sources';
  /** Time text of an SCN inside refusals; decimal when left out. */
  readonly timeText?: (scn: Scn) => string;
}

export interface Rejection {
  readonly kind: 'set' | 'piece';
  /** Set id or piece id. */
  readonly id: number;
  readonly reason: string;
}

export interface RestorePlan {
  readonly kind: 'plan';
  readonly untilScn: Scn;
  /** Full set first, its incrementals after it. */
  readonly sets: readonly PlanSet[];
  /** In order; empty when the last set's own log is used. */
  readonly pieces: readonly PlanPiece[];
  /** Log is wanted from here. */
  readonly startReplayScn: Scn;
  readonly logFrom: 'pieces' | 'complementLog';
  readonly rejected: readonly Rejection[];
}

export interface RestoreRefusal {
  readonly kind: 'refused';
  readonly symbol: ErrorName;
  readonly message: string;
  readonly rejected: readonly Rejection[];
}

/**
 * Decides what a restore needs: the restore point, the chain of sets, the pieces. Pure; the refusal says why, and both say why
 * each set and piece was left out.
 */
export function planRestore(wish: RestoreWish): RestorePlan | RestoreRefusal {
  const untilScn = wish.untilScn ?? latestPoint(wish);
  if (untilScn === null) return refuse(wish, noPoint(wish), []);
  const choice = chooseSets(wish.sets, untilScn, wish.digests);
  if (choice.wrongPassword !== null)
    return {
      kind: 'refused',
      symbol: 'OB_BACKUP_INVALID_PASSWORD',
      message: 'invalid password for backup',
      rejected: choice.rejected,
    };
  const last = choice.chain.at(-1);
  if (wish.mode === 'sources' && !last) return refuse(wish, noSetText(wish), choice.rejected);
  return wish.pieces === null
    ? planWithoutPieces(wish, untilScn, choice.chain, choice.rejected)
    : planWithPieces(wish, wish.pieces, untilScn, choice.chain, choice.rejected);
}

function planWithPieces(
  wish: RestoreWish,
  pieces: readonly PlanPiece[],
  untilScn: Scn,
  chain: readonly PlanSet[],
  rejectedSets: readonly Rejection[],
): RestorePlan | RestoreRefusal {
  const startReplayScn = chain.at(-1)?.startReplayScn ?? 0n;
  const choice = choosePieces(piecesOf(wish, pieces), startReplayScn, untilScn);
  const rejected = [...rejectedSets, ...choice.rejected];
  if (choice.failure === null && chain.length > 0)
    return { kind: 'plan', untilScn, sets: chain, pieces: choice.pieces, startReplayScn, logFrom: 'pieces', rejected };
  const sourceText = {
    none: 'no usable log pieces',
    late: noLogText,
    short: `no enough log, maximum restorable time is ${timeText(wish, choice.reachedScn)}`,
  };
  return refuse(wish, wish.mode === 'sources' && choice.failure ? sourceText[choice.failure] : noLogText, rejected);
}

function planWithoutPieces(
  wish: RestoreWish,
  untilScn: Scn,
  chain: readonly PlanSet[],
  rejected: readonly Rejection[],
): RestorePlan | RestoreRefusal {
  const last = chain.at(-1);
  if (!last) return refuse(wish, nothingText, rejected);
  if (!last.plusArchivelog)
    return refuse(wish, wish.mode === 'sources' ? 'no usable log pieces' : noLogText, [
      ...rejected,
      { kind: 'set', id: last.id, reason: 'it holds no log of its own and no archive was given' },
    ]);
  if (last.minRestoreScn < untilScn) {
    const text = `no enough log, maximum restorable time is ${timeText(wish, last.minRestoreScn)}`;
    return refuse(wish, wish.mode === 'sources' ? text : noLogText, rejected);
  }
  return {
    kind: 'plan',
    untilScn,
    sets: chain,
    pieces: [],
    startReplayScn: last.startReplayScn,
    logFrom: 'complementLog',
    rejected,
  };
}

const noLogText = 'No enough log for restore';
const nothingText = 'no backup set path or log piece can be used to restore';

/**
 * Largest checkpoint of the pieces; with data paths only the largest min_restore_scn of a set that holds its own log and whose
 * chain is whole.
 */
function latestPoint(wish: RestoreWish): Scn | null {
  const points =
    wish.pieces === null
      ? (ownLogPoints(wish) ?? wish.sets.filter(isUsable).map((set) => set.minRestoreScn))
      : piecesOf(wish, wish.pieces)
          .filter((piece) => piece.fileStatus === 'AVAILABLE')
          .map((piece) => piece.checkpointScn);
  return points.reduce<Scn | null>((most, scn) => (most === null || scn > most ? scn : most), null);
}

function ownLogPoints(wish: RestoreWish): readonly Scn[] | null {
  const reached = wish.sets.filter((set) => {
    if (!set.plusArchivelog || !isUsable(set)) return false;
    const { chain, wrongPassword } = chooseSets(wish.sets, set.minRestoreScn, wish.digests);
    return wrongPassword !== null || chain.at(-1)?.id === set.id;
  });
  return reached.length === 0 ? null : reached.map((set) => set.minRestoreScn);
}

function noPoint(wish: RestoreWish): string {
  if (wish.mode === 'sources') return wish.pieces === null ? noSetText(wish) : 'no usable log pieces';
  return wish.pieces === null ? nothingText : noLogText;
}

function noSetText(wish: RestoreWish): string {
  const full = wish.sets.filter((set) => set.type === 'FULL');
  if (full.length === 0) return 'no full backup set exists';
  const usable = full.filter(isUsable);
  if (usable.length === 0) return 'no backup set is available';
  const first = usable.reduce((least, set) => (set.minRestoreScn < least.minRestoreScn ? set : least));
  const time = timeText(wish, first.minRestoreScn);
  return `no full backup set can be used to restore to given time, minimum restorable time is ${time}`;
}

function piecesOf(wish: RestoreWish, pieces: readonly PlanPiece[]): readonly PlanPiece[] {
  return pieces.filter((piece) => wish.archiveDestId === null || piece.destId === wish.archiveDestId);
}

function timeText(wish: RestoreWish, scn: Scn): string {
  return wish.timeText?.(scn) ?? scn.toString();
}

function refuse(wish: RestoreWish, message: string, rejected: readonly Rejection[]): RestoreRefusal {
  const symbol = wish.mode === 'sources' ? 'OB_RESTORE_SOURCE_NOT_ENOUGH' : 'OB_ENTRY_NOT_EXIST';
  return { kind: 'refused', symbol, message, rejected };
}
