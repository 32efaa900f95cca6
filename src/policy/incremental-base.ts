import type { FileStatus } from './restore-plan.ts';

/** A set as the catalog knows it, as far as an incremental set may build on it. */
export interface BaseCandidate {
  readonly id: number;
  readonly type: 'FULL' | 'INC';
  readonly status: 'DOING' | 'SUCCESS' | 'FAILED';
  readonly fileStatus: FileStatus;
  /** 0 when there is none. */
  readonly prevFullId: number;
  readonly prevIncId: number;
  /** Lies on the tenant's current data path. */
  readonly here: boolean;
}

export interface BaseChoice {
  /** The set to build on; null: make a full one. */
  readonly baseId: number | null;
  /** The full set the chain begins with; 0 without a base. */
  readonly fullId: number;
  /** Full set first, the base last; every one is needed by a restore. */
  readonly chain: readonly number[];
  /** Why there is no base, `''` with one. */
  readonly because: string;
}

/**
 * What an incremental backup builds on: the latest SUCCESS and AVAILABLE set of the current path. When a set its own chain
 * needs is gone it cannot be restored, and the new one becomes full.
 */
export function chooseBase(sets: readonly BaseCandidate[]): BaseChoice {
  const usable = new Map(sets.filter(isUsableBase).map((set) => [set.id, set]));
  const latest = [...usable.values()].reduce<BaseCandidate | null>((a, b) => (a && a.id > b.id ? a : b), null);
  if (latest === null) return none('no usable set lies on the current path');
  const chain = [latest];
  for (let set = latest; set.type === 'INC'; ) {
    const before = usable.get(set.prevIncId);
    if (before === undefined || before.id >= set.id)
      return none(`set ${set.id} builds on set ${set.prevIncId}, which is not usable`);
    chain.unshift(before);
    set = before;
  }
  const [full] = chain;
  const wrong = chain.find((set) => set.type === 'INC' && set.prevFullId !== full!.id);
  if (wrong) return none(`set ${wrong.id} names set ${wrong.prevFullId} as its full set, not ${full!.id}`);
  return { baseId: latest.id, fullId: full!.id, chain: chain.map((set) => set.id), because: '' };
}

function isUsableBase({ here, status, fileStatus }: BaseCandidate): boolean {
  return here && status === 'SUCCESS' && fileStatus === 'AVAILABLE';
}

function none(because: string): BaseChoice {
  return { baseId: null, fullId: 0, chain: [], because };
}
