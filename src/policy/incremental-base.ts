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
 * What an incremental backup builds on: the latest SUCCESS and AVAILABLE set of the current path. One a restore would pass by is
 * no base: its chain must be whole and begin with the newest usable full set.
 */
export function chooseBase(sets: readonly BaseCandidate[]): BaseChoice {
  const usable = new Map(sets.filter(isUsableBase).map((set) => [set.id, set]));
  const newestFirst = [...usable.values()].sort((a, b) => b.id - a.id);
  const full = newestFirst.find((set) => set.type === 'FULL');
  if (full === undefined)
    return { baseId: null, fullId: 0, chain: [], because: 'no usable full set lies on the current path' };
  for (const set of newestFirst) {
    const chain = chainOf(set, full, usable);
    if (chain !== null) return { baseId: set.id, fullId: full.id, chain, because: '' };
  }
  return { baseId: full.id, fullId: full.id, chain: [full.id], because: '' };
}

/** Whether a restore would still take an incremental set with what it builds on; `sets` may hold later ones. */
export function baseStands(
  sets: readonly BaseCandidate[],
  of: Pick<BaseCandidate, 'id' | 'prevFullId' | 'prevIncId'>,
): boolean {
  const usable = new Map(sets.filter((set) => isUsableBase(set) && set.id < of.id).map((set) => [set.id, set]));
  const full = [...usable.values()].filter((set) => set.type === 'FULL').reduce((a, b) => (a > b.id ? a : b.id), 0);
  const base = usable.get(of.prevIncId);
  return full === of.prevFullId && base !== undefined && chainOf(base, usable.get(full)!, usable) !== null;
}

/** Ids from `full` to `set`, null when a link between them is missing. */
function chainOf(
  set: BaseCandidate,
  full: BaseCandidate,
  usable: ReadonlyMap<number, BaseCandidate>,
): readonly number[] | null {
  const chain = [set.id];
  for (let at = set; at.id !== full.id; ) {
    const before = usable.get(at.prevIncId);
    if (at.type !== 'INC' || at.prevFullId !== full.id || before === undefined || before.id >= at.id) return null;
    chain.unshift(before.id);
    at = before;
  }
  return chain;
}

function isUsableBase({ here, status, fileStatus }: BaseCandidate): boolean {
  return here && status === 'SUCCESS' && fileStatus === 'AVAILABLE';
}
