import type { Scn } from '../base/scn.ts';
import type { PlanPiece, Rejection } from './restore-plan.ts';

export interface PieceChoice {
  readonly pieces: readonly PlanPiece[];
  /** `none`: nothing remains; `late`: the first begins after the start; `short`: the last ends before the point. */
  readonly failure: 'none' | 'late' | 'short' | null;
  /** Checkpoint of the last chosen piece, 0 when there is none. */
  readonly reachedScn: Scn;
  readonly rejected: readonly Rejection[];
}

/** Chooses the pieces that hold the log from `startScn` to `untilScn` without a hole. */
export function choosePieces(pieces: readonly PlanPiece[], startScn: Scn, untilScn: Scn): PieceChoice {
  const rejected: Rejection[] = [];
  const reject = (piece: PlanPiece, reason: string) => rejected.push({ kind: 'piece', id: piece.pieceId, reason });
  const ordered = [...pieces].sort((a, b) => a.roundId - b.roundId || a.pieceId - b.pieceId);
  let chosen: PlanPiece[] = [];
  for (const piece of ordered) {
    const last = chosen.at(-1);
    if (piece.fileStatus !== 'AVAILABLE') reject(piece, `its files are ${piece.fileStatus}`);
    else if (piece.endScn <= startScn) reject(piece, 'it ends before the log that is wanted');
    else if (last && last.checkpointScn >= untilScn) reject(piece, 'it begins after the restore point');
    else if (!last || continuesPiece(last, piece)) chosen.push(piece);
    else {
      for (const former of chosen) reject(former, `the log has a hole before piece ${piece.pieceId}`);
      chosen = [piece];
    }
  }
  const reachedScn = chosen.at(-1)?.checkpointScn ?? 0n;
  return { pieces: chosen, failure: failureOf(chosen, startScn, untilScn), reachedScn, rejected };
}

/** The pieces of the log that goes on at `startScn`, as far as it has no hole; none when nothing holds that SCN. */
export function followPieces<P extends PlanPiece>(pieces: readonly P[], startScn: Scn): readonly P[] {
  const ordered = pieces
    .filter((piece) => piece.fileStatus === 'AVAILABLE')
    .sort((a, b) => a.roundId - b.roundId || a.pieceId - b.pieceId);
  // The last piece of a stopped round ends before its nominal end; where the next round's has begun, the log goes on there.
  const first = ordered.findLastIndex((piece) => piece.startScn <= startScn && startScn < piece.endScn);
  const chain = first < 0 ? [] : [ordered[first]!];
  for (const piece of ordered.slice(first + 1)) {
    const last = chain.at(-1);
    if (!last || !continuesPiece(last, piece)) break;
    chain.push(piece);
  }
  return chain;
}

/**
 * A frozen piece of a stopped round keeps its nominal end although its log stops earlier; between two rounds there is always a
 * hole, even when a new round happens to begin at that end.
 */
export function continuesPiece(last: PlanPiece, piece: PlanPiece): boolean {
  return piece.roundId === last.roundId && piece.pieceId === last.pieceId + 1 && piece.startScn === last.endScn;
}

function failureOf(chosen: readonly PlanPiece[], startScn: Scn, untilScn: Scn): PieceChoice['failure'] {
  const [first] = chosen;
  if (!first) return 'none';
  if (first.startScn > startScn) return 'late';
  return chosen.at(-1)!.checkpointScn < untilScn ? 'short' : null;
}
