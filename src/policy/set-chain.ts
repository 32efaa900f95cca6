import type { Scn } from '../base/scn.ts';
import type { PlanSet, Rejection } from './restore-plan.ts';

export interface SetChoice {
  /** Latest chain at or before the point: a full set and its incrementals; empty when there is none. */
  readonly chain: readonly PlanSet[];
  /** The set none of the given passwords fits. */
  readonly wrongPassword: number | null;
  readonly rejected: readonly Rejection[];
}

/**
 * Walks the sets by id and passes by those whose min_restore_scn lies after the point: of two backups that ran at once the one
 * with the higher id may hold the earlier moment. What builds on one that was passed by is passed by too. The password of every
 * set on the way must be known, also of sets that are not used in the end.
 */
export function chooseSets(sets: readonly PlanSet[], untilScn: Scn, digests: readonly string[]): SetChoice {
  const rejected: Rejection[] = [];
  const reject = (set: PlanSet, reason: string) => rejected.push({ kind: 'set', id: set.id, reason });
  const ordered = [...sets].sort((a, b) => a.id - b.id);
  let chain: PlanSet[] = [];
  for (const set of ordered) {
    if (!set.complete) {
      reject(set, 'its end placeholder or its info file is missing');
      continue;
    }
    if (set.minRestoreScn > untilScn) {
      reject(set, 'it ends after the restore point');
      continue;
    }
    if (set.passwordDigest !== '' && !digests.includes(set.passwordDigest)) {
      reject(set, 'none of the given passwords is its password');
      return { chain: [], wrongPassword: set.id, rejected };
    }
    const why = whyNot(set, chain);
    if (why !== null) {
      reject(set, why);
      continue;
    }
    if (set.type === 'FULL') {
      for (const former of chain) reject(former, `set ${set.id} is a later full set`);
      chain = [set];
    } else chain.push(set);
  }
  const needed = linked(chain);
  for (const former of chain) {
    // Two backups that ran at once may build on the same set: the later one does not need the earlier.
    if (!needed.includes(former)) reject(former, `set ${needed.at(-1)?.id} does not build on it`);
  }
  return { chain: needed, wrongPassword: null, rejected };
}

/** The last set with all it builds on, the full set first. */
function linked(chain: readonly PlanSet[]): readonly PlanSet[] {
  const needed: PlanSet[] = [];
  for (let set = chain.at(-1); set !== undefined; ) {
    needed.unshift(set);
    const { prevIncId } = set;
    set = set.type === 'FULL' ? undefined : chain.find((member) => member.id === prevIncId);
  }
  return needed;
}

/** True when the files of a set can be used at all. */
export function isUsable(set: PlanSet): boolean {
  return set.complete && set.status === 'SUCCESS' && set.fileStatus === 'AVAILABLE';
}

function whyNot(set: PlanSet, chain: readonly PlanSet[]): string | null {
  if (!isUsable(set)) return `it is ${set.status}, its files are ${set.fileStatus}`;
  if (set.type === 'FULL') return null;
  const holds = (id: number) => chain.some((member) => member.id === id);
  if (!holds(set.prevFullId)) return `the full set ${set.prevFullId} it builds on is not usable`;
  if (!holds(set.prevIncId)) return `the set ${set.prevIncId} it builds on is not usable`;
  return null;
}
