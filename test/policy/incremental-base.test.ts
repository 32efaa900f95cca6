import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BaseCandidate, baseStands, chooseBase } from '../../src/policy/incremental-base.ts';
import type { PlanSet } from '../../src/policy/restore-plan.ts';
import { chooseSets } from '../../src/policy/set-chain.ts';

function set(id: number, more: Partial<BaseCandidate> = {}): BaseCandidate {
  const none = { prevFullId: 0, prevIncId: 0, here: true };
  return { id, type: 'FULL', status: 'SUCCESS', fileStatus: 'AVAILABLE', ...none, ...more };
}

function inc(id: number, prevFullId: number, prevIncId: number, more: Partial<BaseCandidate> = {}): BaseCandidate {
  return set(id, { type: 'INC', prevFullId, prevIncId, ...more });
}

/** As its info file would say it; sets end in the order of their ids. */
function planSet(one: BaseCandidate): PlanSet {
  const { here, ...rest } = one;
  const scn = BigInt(one.id) * 10n;
  return {
    ...rest,
    startReplayScn: scn,
    minRestoreScn: scn,
    passwordDigest: '',
    plusArchivelog: false,
    complete: here,
  };
}

describe('the base of an incremental set', () => {
  test('is the latest usable set of the path', () => {
    expect(chooseBase([])).toMatchObject({ baseId: null, fullId: 0, chain: [] });
    expect(chooseBase([set(1)])).toMatchObject({ baseId: 1, fullId: 1, chain: [1] });
    expect(chooseBase([set(1), inc(2, 1, 1), inc(3, 1, 2)])).toMatchObject({ baseId: 3, fullId: 1, chain: [1, 2, 3] });
    expect(chooseBase([set(1), inc(2, 1, 1), set(3)])).toMatchObject({ baseId: 3, fullId: 3 });
    expect(chooseBase([set(1), inc(2, 1, 1, { here: false })])).toMatchObject({ baseId: 1 });
    expect(chooseBase([set(1, { here: false })])).toMatchObject({ baseId: null });
  });

  test('is never a set that failed, is broken or goes, nor one that needs such a set', () => {
    for (const fileStatus of ['BROKEN', 'DELETING', 'DELETED', 'EXPIRED', 'INCOMPLETE', 'COPYING'] as const) {
      expect(chooseBase([set(1), inc(2, 1, 1, { fileStatus })])).toMatchObject({ baseId: 1 });
      expect(chooseBase([set(1, { fileStatus }), inc(2, 1, 1)])).toMatchObject({ baseId: null });
      expect(chooseBase([set(1), inc(2, 1, 1, { fileStatus }), inc(3, 1, 2)])).toMatchObject({ baseId: 1, chain: [1] });
    }
    expect(chooseBase([set(1), inc(2, 1, 1, { status: 'FAILED' })])).toMatchObject({ baseId: 1 });
  });

  test('begins with the newest full set, as a restore does', () => {
    expect(chooseBase([set(1), inc(2, 1, 1), set(3), inc(4, 1, 2)])).toMatchObject({ baseId: 3, fullId: 3 });
  });
});

test('a base stands while every set of its chain does and no full set came between', () => {
  const mine = inc(4, 1, 3);
  const chain = [set(1), inc(2, 1, 1), inc(3, 1, 2)];
  expect(baseStands([...chain, mine, set(5)], mine)).toBe(true);
  for (const [i, one] of chain.entries()) {
    expect(baseStands(chain.with(i, { ...one, fileStatus: 'BROKEN' }), mine)).toBe(false);
  }
  expect(baseStands([set(1), inc(2, 1, 1), set(3)], inc(4, 1, 2))).toBe(false);
});

const anySets = fc
  .array(
    fc.record({
      type: fc.constantFrom('FULL' as const, 'INC' as const, 'INC' as const),
      status: fc.constantFrom('SUCCESS' as const, 'SUCCESS' as const, 'SUCCESS' as const, 'FAILED' as const),
      fileStatus: fc.constantFrom('AVAILABLE' as const, 'AVAILABLE' as const, 'AVAILABLE' as const, 'BROKEN' as const),
      back: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.nat({ max: 4 })),
    }),
    { maxLength: 10 },
  )
  .map((list) => {
    let lastFull = 0;
    return list.map(({ back, ...rest }, i) => {
      const one = set(i + 1, {
        ...rest,
        prevFullId: rest.type === 'INC' ? lastFull : 0,
        prevIncId: Math.max(0, i + 1 - back),
      });
      if (rest.type === 'FULL') lastFull = i + 1;
      return one;
    });
  });

test('whatever the history, a set made on the chosen base is what a restore to its end begins with, through its whole chain', () => {
  let based = 0;
  fc.assert(
    fc.property(anySets, (sets) => {
      const { baseId, fullId, chain } = chooseBase(sets);
      const id = sets.length + 1;
      const usableFull = sets.some(
        ({ type, status, fileStatus }) => type === 'FULL' && status === 'SUCCESS' && fileStatus === 'AVAILABLE',
      );
      expect(baseId !== null).toBe(usableFull);
      const made = baseId === null ? set(id) : inc(id, fullId, baseId);
      const choice = chooseSets([...sets, made].map(planSet), BigInt(id) * 10n, []);
      expect(choice.chain.map((one) => one.id)).toEqual([...chain, id]);
      if (baseId === null) return;
      based++;
      expect(baseStands(sets, made)).toBe(true);
    }),
    { numRuns: 3000 },
  );
  expect(based).toBeGreaterThan(500);
});

test('two sets that build on the same one are not mixed', () => {
  const sets = [set(1), inc(2, 1, 1), inc(3, 1, 1)].map(planSet);
  const { chain, rejected } = chooseSets(sets, 30n, []);
  expect(chain.map(({ id }) => id)).toEqual([1, 3]);
  expect(rejected).toEqual([{ kind: 'set', id: 2, reason: 'set 3 does not build on it' }]);
});
