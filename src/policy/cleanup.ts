import type { Scn } from '../base/scn.ts';
import { choosePieces } from './piece-chain.ts';
import type { PlanPiece, PlanSet } from './restore-plan.ts';
import { isUsable } from './set-chain.ts';

/** A backup set as the catalog keeps it. While it is being made its log is wanted from `startReplayScn` on at the earliest. */
export interface CleanupSet extends PlanSet {
  readonly destId: number;
  /** Null while it is being made. */
  readonly endUs: number | null;
}

/** A piece as the catalog keeps it. */
export interface CleanupPiece extends PlanPiece {
  readonly status: 'ACTIVE' | 'FROZEN' | 'INACTIVE';
}

/** Everything a cleanup decides from. */
export interface CleanupWish {
  /** `log_only` looks at pieces alone: it is for tenants without backup sets. */
  readonly policy: 'default' | 'log_only';
  /** Now minus the recovery window, in microseconds. */
  readonly expiryUs: number;
  readonly sets: readonly CleanupSet[];
  readonly pieces: readonly CleanupPiece[];
  /** Where the tenant's sets and pieces go now, null for nowhere. Whatever lies elsewhere is not touched. */
  readonly dataDestId: number | null;
  readonly archiveDestId: number | null;
  /** What running restores read. */
  readonly inUse: ItemsInUse;
}

export interface ItemsInUse {
  readonly sets: ReadonlySet<number>;
  /** `pieceText` of each piece. */
  readonly pieces: ReadonlySet<string>;
}

export interface CleanupDecision {
  readonly kind: 'set' | 'piece';
  /** Set id or piece id. */
  readonly id: number;
  /** 0 for a set. */
  readonly roundId: number;
  readonly destId: number;
  readonly drop: boolean;
  readonly because: string;
}

export interface CleanupPlan {
  /** The full set that stands in for everything older. */
  readonly cleanPoint: CleanupSet | null;
  /** One for each set and piece whose files are not gone, sets first, each kind in the order of its numbers. */
  readonly decisions: readonly CleanupDecision[];
}

/** Names a piece inside a destination. */
export function pieceText(piece: Pick<PlanPiece, 'roundId' | 'pieceId'>): string {
  return `${piece.roundId}.${piece.pieceId}`;
}

/**
 * Decides for every set and piece whether it is obsolete, and why. Pure. Everything the planner of a restore would use for a
 * moment inside the recovery window is kept, and so is the newest copy of all.
 */
export function decideCleanup(wish: CleanupWish): CleanupPlan {
  const cleanPoint = wish.policy === 'default' ? findCleanPoint(wish) : null;
  const sets = [...wish.sets].filter((set) => set.fileStatus !== 'DELETED').sort((a, b) => a.id - b.id);
  const pieces = [...wish.pieces]
    .filter((piece) => piece.fileStatus !== 'DELETED')
    .sort((a, b) => a.destId - b.destId || a.roundId - b.roundId || a.pieceId - b.pieceId);
  const ofSets = withBases(
    sets,
    sets.map((set) => decideSet(wish, set, cleanPoint)),
  );
  const ends = roundEnds(wish.pieces);
  const kept = sets.filter((_, index) => ofSets[index]?.drop === false);
  const first = firstToReplay(wish, kept, cleanPoint);
  const ofPieces = withLogOf(
    // No log goes from there on.
    kept.filter((set) => set.startReplayScn < (first?.startReplayScn ?? 0n)),
    wish,
    pieces.map((piece) => decidePiece(wish, piece, { cleanPoint, first, ends })),
  );
  return { cleanPoint, decisions: [...ofSets, ...ofPieces] };
}

/**
 * The newest full set before the window that a restore can really use: its files are whole and the log up to its own end is
 * there. One that cannot be used stands in for nothing, so the search goes on behind it.
 */
function findCleanPoint(wish: CleanupWish): CleanupSet | null {
  return (
    [...wish.sets]
      .sort((a, b) => b.id - a.id)
      .find(
        (set) =>
          isCandidate(wish, set) &&
          set.type === 'FULL' &&
          isUsable(set) &&
          // The clock that dated its end may have been set back since; SCNs never go back.
          set.minRestoreScn <= BigInt(wish.expiryUs) * 1000n &&
          hasItsLog(wish.pieces, set),
      ) ?? null
  );
}

function isCandidate({ dataDestId, expiryUs }: CleanupWish, set: CleanupSet): boolean {
  return set.destId === dataDestId && set.endUs !== null && set.endUs <= expiryUs;
}

/** True when a set can be restored to its own end: from its own log or from one of the tenant's archives. */
export function hasItsLog(pieces: readonly PlanPiece[], set: PlanSet): boolean {
  if (set.plusArchivelog) return true;
  return [...new Set(pieces.map((piece) => piece.destId))].some((destId) => {
    const own = pieces.filter((piece) => piece.destId === destId);
    return choosePieces(own, set.startReplayScn, set.minRestoreScn).failure === null;
  });
}

type Verdict = readonly [drop: boolean, because: string];

function decideSet(wish: CleanupWish, set: CleanupSet, cleanPoint: CleanupSet | null): CleanupDecision {
  const [drop, because] = judgeSet(wish, set, cleanPoint);
  return { kind: 'set', id: set.id, roundId: 0, destId: set.destId, drop, because };
}

function judgeSet(wish: CleanupWish, set: CleanupSet, cleanPoint: CleanupSet | null): Verdict {
  if (set.destId !== wish.dataDestId) return [false, 'it lies on a former destination'];
  if (set.fileStatus === 'DELETING') return [true, 'its deletion had begun'];
  if (set.status === 'DOING' || set.fileStatus === 'COPYING') return [false, 'it is being made'];
  if (wish.inUse.sets.has(set.id)) return [false, 'a running restore reads it'];
  if (wish.policy === 'log_only') return [false, 'the policy is for pieces only'];
  if (!isCandidate(wish, set)) return [false, 'it ended inside the recovery window'];
  if (set.status === 'FAILED') return [true, 'it failed, and the recovery window has passed over it'];
  if (cleanPoint === null) return [false, 'no usable full set before the recovery window stands in for it'];
  if (set.id === cleanPoint.id) return [false, 'it is the newest usable full set before the recovery window'];
  if (set.id > cleanPoint.id) return [false, `it is newer than full set ${cleanPoint.id}, the start of the window`];
  return [true, `full set ${cleanPoint.id} before the recovery window stands in for it`];
}

/** What a kept incremental set builds on is kept too. */
function withBases(sets: readonly CleanupSet[], decisions: readonly CleanupDecision[]): readonly CleanupDecision[] {
  const kept = new Map(decisions.map((decision) => [decision.id, decision]));
  // From the newest on: a base has a lower number than what builds on it.
  for (const set of [...sets].reverse()) {
    if (kept.get(set.id)?.drop !== false || !needsItsBases(set)) continue;
    for (const id of [set.prevFullId, set.prevIncId]) {
      const base = kept.get(id);
      if (base?.drop === true && sets.find((one) => one.id === id)?.fileStatus !== 'DELETING')
        kept.set(id, { ...base, drop: false, because: `set ${set.id} builds on it` });
    }
  }
  return decisions.map((decision) => kept.get(decision.id) ?? decision);
}

function needsItsBases(set: CleanupSet): boolean {
  return set.type === 'INC' && (set.status === 'DOING' || isUsable(set));
}

/** What the pieces are judged by. */
interface LogBounds {
  readonly cleanPoint: CleanupSet | null;
  /** The set whose log begins first of those that need it to whatever comes; null for none. */
  readonly first: CleanupSet | null;
  readonly ends: RoundEnds;
}

/**
 * Of two backups that ran at once the one with the higher id may hold the earlier moment, and a restore takes the higher id: the
 * log from there on is needed although the clean point begins later. A set that is being made will need its log whatever its id.
 */
function firstToReplay(
  { dataDestId }: CleanupWish,
  kept: readonly CleanupSet[],
  cleanPoint: CleanupSet | null,
): CleanupSet | null {
  const newer = (set: CleanupSet) =>
    cleanPoint !== null && set.destId === dataDestId && set.id >= cleanPoint.id && isUsable(set);
  return kept
    .filter((set) => set.status === 'DOING' || newer(set))
    .reduce<CleanupSet | null>(
      (least, set) => (least && least.startReplayScn <= set.startReplayScn ? least : set),
      null,
    );
}

function decidePiece(wish: CleanupWish, piece: CleanupPiece, bounds: LogBounds): CleanupDecision {
  const [drop, because] = judgePiece(wish, piece, bounds);
  return { kind: 'piece', id: piece.pieceId, roundId: piece.roundId, destId: piece.destId, drop, because };
}

function judgePiece(wish: CleanupWish, piece: CleanupPiece, bounds: LogBounds): Verdict {
  const { cleanPoint, ends } = bounds;
  if (piece.destId !== wish.archiveDestId) return [false, 'it lies on a former destination'];
  if (piece.fileStatus === 'DELETING') return [true, 'its deletion had begun'];
  if (piece.status === 'ACTIVE') return [false, 'it is the active piece'];
  if (wish.inUse.pieces.has(pieceText(piece))) return [false, 'a running restore or a standby tenant reads it'];
  if (wish.policy === 'log_only') return judgeLogOnly(wish, piece, bounds);
  if (cleanPoint === null) return [false, 'no usable full set before the recovery window'];
  if (!endsBefore(ends, piece, cleanPoint.startReplayScn))
    return [false, `restores from set ${cleanPoint.id} on may need its log`];
  return isReplayed(piece, bounds) ?? [true, `its log ends before set ${cleanPoint.id}, the start of the window`];
}

/**
 * What a kept set of the current path needs to be restored to its own end is kept too: one that is only held back, by a restore that
 * reads it or a set that builds on it, says SUCCESS as before.
 */
function withLogOf(
  kept: readonly CleanupSet[],
  { dataDestId, archiveDestId, pieces }: CleanupWish,
  decisions: readonly CleanupDecision[],
): readonly CleanupDecision[] {
  const log = pieces.filter((piece) => piece.destId === archiveDestId);
  const needed = new Map<string, number>();
  for (const set of kept) {
    if (set.destId !== dataDestId || set.plusArchivelog || !isUsable(set)) continue;
    const choice = choosePieces(log, set.startReplayScn, set.minRestoreScn);
    if (choice.failure === null) for (const piece of choice.pieces) needed.set(pieceText(piece), set.id);
  }
  return decisions.map((decision) => {
    const setId = needed.get(pieceText({ roundId: decision.roundId, pieceId: decision.id }));
    if (!decision.drop || decision.destId !== archiveDestId || setId === undefined) return decision;
    return { ...decision, drop: false, because: `set ${setId}, which is kept, needs its log` };
  });
}

/** Null when no set that stays begins at or before the piece's log. */
function isReplayed(piece: CleanupPiece, { first, ends }: LogBounds): Verdict | null {
  if (first === null || endsBefore(ends, piece, first.startReplayScn)) return null;
  const what = first.status === 'DOING' ? 'is being made' : 'restores take for its higher number';
  return [false, `set ${first.id}, which ${what}, may need its log`];
}

function judgeLogOnly(wish: CleanupWish, piece: CleanupPiece, bounds: LogBounds): Verdict {
  const usable = wish.sets.find((set) => isUsable(set) && !set.plusArchivelog);
  if (usable) return [false, `set ${usable.id} may need its log`];
  if (!endsBefore(bounds.ends, piece, BigInt(wish.expiryUs) * 1000n))
    return [false, 'its log reaches into the recovery window'];
  return isReplayed(piece, bounds) ?? [true, 'its log ends before the recovery window'];
}

/** The highest piece number of each round. */
type RoundEnds = ReadonlyMap<string, number>;

function roundEnds(pieces: readonly PlanPiece[]): RoundEnds {
  const ends = new Map<string, number>();
  for (const piece of pieces) ends.set(roundOf(piece), Math.max(ends.get(roundOf(piece)) ?? 0, piece.pieceId));
  return ends;
}

function roundOf(piece: PlanPiece): string {
  return `${piece.destId}.${piece.roundId}`;
}

/**
 * True when nothing from `scn` on is in a piece. The last piece of a stopped round has a nominal end its log does not reach:
 * there the checkpoint counts, and one that stands exactly at `scn` is still what a set of that moment needs.
 */
function endsBefore(ends: RoundEnds, piece: PlanPiece, scn: Scn): boolean {
  if (piece.endScn <= scn) return true;
  return ends.get(roundOf(piece)) === piece.pieceId && piece.checkpointScn < scn;
}
