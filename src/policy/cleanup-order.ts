import type { CleanupDecision, CleanupSet } from './cleanup.ts';

/**
 * The dropped items in the order they are deleted. Stopped anywhere, whatever is left still restores: what was never whole goes
 * first, then set by set from the oldest chain on, in a chain what builds on others first; pieces last, because a set without
 * its log would say SUCCESS and restore nothing; of pieces the oldest first, so that the log never gets a hole.
 */
export function deletionOrder(
  decisions: readonly CleanupDecision[],
  sets: readonly CleanupSet[],
): readonly CleanupDecision[] {
  const rank = new Map(sets.map((set) => [set.id, rankOf(set)]));
  const dropped = decisions.filter((decision) => decision.drop);
  const ofSets = dropped
    .filter((decision) => decision.kind === 'set')
    .sort((a, b) => (rank.get(a.id) ?? 0) - (rank.get(b.id) ?? 0) || b.id - a.id);
  const ofPieces = dropped
    .filter((decision) => decision.kind === 'piece')
    .sort((a, b) => a.roundId - b.roundId || a.id - b.id);
  return [...ofSets, ...ofPieces];
}

/** The full set of the chain; 0 for a set that is none, or not any more. */
function rankOf(set: CleanupSet): number {
  if (set.status !== 'SUCCESS' || set.fileStatus === 'DELETING') return 0;
  return set.type === 'FULL' ? set.id : set.prevFullId;
}
