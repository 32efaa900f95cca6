import type { Scn } from '../base/scn.ts';
import { continuesPiece } from './piece-chain.ts';
import type { PlanPiece, PlanSet, RestoreWish } from './restore-plan.ts';
import { planRestore } from './restore-plan.ts';
import { chooseSets } from './set-chain.ts';

/** The sets of one data destination and the pieces of one archive destination, null without one. */
export interface RecoverySource {
  readonly sets: readonly PlanSet[];
  readonly pieces: readonly PlanPiece[] | null;
}

/** Every moment from `fromScn` to `toScn`, both included, can be restored to. */
export interface RecoverableWindow {
  readonly fromScn: Scn;
  readonly toScn: Scn;
  /** The newest set of the chain a restore to the first moment takes, and to the last. */
  readonly firstSetId: number;
  readonly lastSetId: number;
  /** Round whose log is used; null when a set's own log is enough. */
  readonly roundId: number | null;
}

/** Moments between two windows to which nothing can be restored, both included. */
export interface RecoveryHole {
  readonly fromScn: Scn;
  readonly toScn: Scn;
  /** What a restore to the first of them would be told, and what is not used. */
  readonly reason: string;
}

/**
 * The moments `planRestore` accepts, as windows in order: with the log of the archive, or with the sets alone. Passwords are
 * taken as known. Pure, and linear in sets times pieces.
 */
export function recoverableWindows(source: RecoverySource): readonly RecoverableWindow[] {
  const digests = source.sets.map((set) => set.passwordDigest);
  const starts = [...new Set(source.sets.filter((set) => set.complete).map((set) => set.minRestoreScn))].sort(
    ascending,
  );
  const windows: RecoverableWindow[] = [];
  for (const [i, fromScn] of starts.entries()) {
    const { chain } = chooseSets(source.sets, fromScn, digests);
    const last = chain.at(-1);
    if (last === undefined) continue;
    const next = starts[i + 1];
    const untilScn = next === undefined ? null : next - 1n;
    const found = [...reaches(source.pieces ?? [], last.startReplayScn), ...ownLog(last)]
      .map((reach) => clip(reach, fromScn, untilScn))
      .filter((reach) => reach.fromScn <= reach.toScn)
      .sort((a, b) => ascending(a.fromScn, b.fromScn) || ascending(b.toScn, a.toScn));
    for (const reach of found) windows.push({ ...reach, firstSetId: last.id, lastSetId: last.id });
  }
  return joined(windows);
}

/** What lies between windows that follow each other. */
export function recoveryHoles(
  source: RecoverySource,
  windows: readonly Pick<RecoverableWindow, 'fromScn' | 'toScn'>[],
): readonly RecoveryHole[] {
  const ordered = [...windows].sort((a, b) => ascending(a.fromScn, b.fromScn));
  const holes: RecoveryHole[] = [];
  let reached: Scn | null = null;
  for (const { fromScn, toScn } of ordered) {
    if (reached !== null && fromScn > reached + 1n)
      holes.push({ fromScn: reached + 1n, toScn: fromScn - 1n, reason: whyNot(source, reached + 1n) });
    if (reached === null || toScn > reached) reached = toScn;
  }
  return holes;
}

/** True when a restore to the moment would be planned. */
export function isRecoverable(source: RecoverySource, untilScn: Scn): boolean {
  const wish = wishOf(source, untilScn);
  return planRestore(wish).kind === 'plan' || planRestore({ ...wish, pieces: null }).kind === 'plan';
}

/** Objects a reason names at most. */
const maxNamed = 3;

function whyNot(source: RecoverySource, untilScn: Scn): string {
  const plan = planRestore(wishOf(source, untilScn));
  if (plan.kind === 'plan') return '';
  const named = plan.rejected.map(({ kind, id, reason }) => `${kind} ${id}: ${reason}`);
  const telling = named.filter((text) => !/after the restore point|before the log that is wanted/.test(text));
  return [plan.message, ...telling.slice(0, maxNamed)].join('; ');
}

function wishOf({ sets, pieces }: RecoverySource, untilScn: Scn): RestoreWish {
  const digests = sets.map((set) => set.passwordDigest);
  return { sets, pieces, archiveDestId: null, untilScn, digests, mode: 'paths' };
}

interface Reach {
  readonly fromScn: Scn;
  readonly toScn: Scn;
  readonly roundId: number | null;
}

/** Moments the log of the pieces reaches from `startScn` on, piece by piece. */
function reaches(pieces: readonly PlanPiece[], startScn: Scn): readonly Reach[] {
  const found: Reach[] = [];
  let first: PlanPiece | null = null;
  let last: PlanPiece | null = null;
  let passed: Scn | null = null;
  const ordered = [...pieces].sort((a, b) => a.roundId - b.roundId || a.pieceId - b.pieceId);
  for (const piece of ordered) {
    if (piece.fileStatus !== 'AVAILABLE' || piece.endScn <= startScn) continue;
    if (last === null || !continuesPiece(last, piece)) first = piece;
    last = piece;
    if (passed !== null && piece.checkpointScn <= passed) continue;
    if (first!.startScn <= startScn)
      found.push({ fromScn: passed === null ? 0n : passed + 1n, toScn: piece.checkpointScn, roundId: piece.roundId });
    passed = piece.checkpointScn;
  }
  return found;
}

/** A set with its own log reaches its end and no further. */
function ownLog(set: PlanSet): readonly Reach[] {
  return set.plusArchivelog ? [{ fromScn: 0n, toScn: set.minRestoreScn, roundId: null }] : [];
}

function clip(reach: Reach, fromScn: Scn, toScn: Scn | null): Reach {
  return {
    ...reach,
    fromScn: reach.fromScn > fromScn ? reach.fromScn : fromScn,
    toScn: toScn !== null && reach.toScn > toScn ? toScn : reach.toScn,
  };
}

/** Windows that touch or overlap become one while they go through the same round. */
function joined(windows: readonly RecoverableWindow[]): readonly RecoverableWindow[] {
  const out: RecoverableWindow[] = [];
  for (const window of windows) {
    const last = out.at(-1);
    const within = last !== undefined && window.toScn <= last.toScn && window.fromScn >= last.fromScn;
    if (within) continue;
    const joins =
      last !== undefined &&
      window.fromScn <= last.toScn + 1n &&
      (window.roundId === last.roundId || last.roundId === null || window.roundId === null);
    if (!joins) out.push(window);
    else {
      const toScn = window.toScn > last.toScn ? window.toScn : last.toScn;
      out[out.length - 1] = { ...last, toScn, lastSetId: window.lastSetId, roundId: last.roundId ?? window.roundId };
    }
  }
  return out;
}

function ascending(a: Scn, b: Scn): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
