import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CleanupSet, type CleanupWish, decideCleanup, pieceText } from '../../src/policy/cleanup.ts';
import { deletionOrder } from '../../src/policy/cleanup-order.ts';
import { dayUs, finished, type History, histories, restorable, round, scnOfDay, setOfDay } from './cleanup-history.ts';

function wish(more: Partial<CleanupWish> & Pick<CleanupWish, 'expiryUs'>): CleanupWish {
  return {
    policy: 'default',
    sets: [],
    pieces: [],
    dataDestId: 1001,
    archiveDestId: 1002,
    inUse: { sets: new Set(), pieces: new Set() },
    ...more,
  };
}

function inc(id: number, day: number, prevFullId: number, prevIncId: number, more: Partial<CleanupSet> = {}) {
  return setOfDay(id, day, { type: 'INC', prevFullId, prevIncId, ...more });
}

/** `set 2`, `piece 1.3` of what is dropped, in the order it is deleted. */
function dropped(input: CleanupWish): readonly string[] {
  const { decisions } = decideCleanup(input);
  return deletionOrder(decisions, input.sets).map((one) =>
    one.kind === 'set' ? `set ${one.id}` : `piece ${one.roundId}.${one.id}`,
  );
}

function because(input: CleanupWish, kind: 'set' | 'piece', id: number): string {
  const found = decideCleanup(input).decisions.find((one) => one.kind === kind && one.id === id);
  return found === undefined ? 'nothing' : `${found.drop ? 'drop' : 'keep'}: ${found.because}`;
}

/** Full on day 1, incremental on 4, full on 7, incremental on 11, full on 14; today is day 15, the window 7 days. */
const worked = wish({
  expiryUs: 8 * dayUs,
  sets: [setOfDay(1, 1), inc(2, 4, 1, 1), setOfDay(3, 7), inc(4, 11, 3, 3), setOfDay(5, 14)],
  pieces: round(0.5, 15),
});

describe('the worked case of a week’s window', () => {
  test('keeps the newest full set before the window with what follows, and drops what is older', () => {
    expect(decideCleanup(worked).cleanPoint?.id).toBe(3);
    expect(dropped(worked)).toEqual([
      ...['set 2', 'set 1', 'piece 1.1', 'piece 1.2', 'piece 1.3', 'piece 1.4', 'piece 1.5', 'piece 1.6'],
    ]);
  });

  test('says why of each', () => {
    expect(because(worked, 'set', 1)).toBe('drop: full set 3 before the recovery window stands in for it');
    expect(because(worked, 'set', 3)).toBe('keep: it is the newest usable full set before the recovery window');
    expect(because(worked, 'set', 4)).toBe('keep: it ended inside the recovery window');
    expect(because(worked, 'piece', 6)).toBe('drop: its log ends before set 3, the start of the window');
    expect(because(worked, 'piece', 7)).toBe('keep: restores from set 3 on may need its log');
    expect(because(worked, 'piece', 15)).toBe('keep: it is the active piece');
  });

  test('an end exactly at the limit is outside of the window', () => {
    expect(decideCleanup({ ...worked, expiryUs: 7 * dayUs }).cleanPoint?.id).toBe(3);
    expect(decideCleanup({ ...worked, expiryUs: 7 * dayUs - 1 }).cleanPoint?.id).toBe(1);
    expect(dropped({ ...worked, expiryUs: 7 * dayUs - 1 })).toEqual([]);
  });

  test('the moment of a set counts, not the date a clock that was set back gave its end', () => {
    // Set 3 holds day 13, inside of the window, and says that it ended on day 7.
    const ahead = setOfDay(3, 7, { startReplayScn: scnOfDay(13), minRestoreScn: scnOfDay(13) });
    const sets = [setOfDay(1, 1), ahead, setOfDay(5, 14)];
    expect(decideCleanup({ ...worked, sets }).cleanPoint?.id).toBe(1);
    expect(dropped({ ...worked, sets })).toEqual([]);
  });
});

describe('what is never dropped', () => {
  test('anything, while no usable full set stands before the window', () => {
    const sets = [inc(1, 1, 9, 9), setOfDay(2, 2, { fileStatus: 'BROKEN' }), setOfDay(3, 13)];
    expect(dropped({ ...worked, sets })).toEqual([]);
    expect(because({ ...worked, sets }, 'set', 2)).toContain('no usable full set');
  });

  test('a set that is good while newer ones are broken or without their log', () => {
    const broken = [setOfDay(1, 1), setOfDay(2, 4, { fileStatus: 'BROKEN' }), setOfDay(3, 14)];
    expect(dropped({ ...worked, sets: broken })).toEqual([]);
    // The archive began anew on day 5: set 2 of day 4 ends in a hole.
    const pieces = [...round(0.5, 2, { stopped: true }), ...round(5, 15, { roundId: 2, firstId: 3 })];
    expect(dropped({ ...worked, sets: [setOfDay(1, 1), setOfDay(2, 4), setOfDay(3, 14)], pieces })).toEqual([]);
    // The piece set 3 ends in is damaged.
    const damaged = worked.pieces.map((piece) =>
      piece.pieceId === 7 ? { ...piece, fileStatus: 'BROKEN' as const } : piece,
    );
    expect(decideCleanup({ ...worked, pieces: damaged }).cleanPoint?.id).toBe(1);
    const own = [setOfDay(1, 1), setOfDay(2, 4, { plusArchivelog: true }), setOfDay(3, 14)];
    expect(dropped({ ...worked, sets: own, pieces })).toEqual(['set 1', 'piece 1.1', 'piece 1.2']);
  });

  test('a failed set inside the window; before it goes, whether there is a clean point or not', () => {
    const failed = { status: 'FAILED', fileStatus: 'INCOMPLETE' } as const;
    const sets = [setOfDay(1, 2, failed), setOfDay(2, 12, failed)];
    expect(dropped({ ...worked, sets })).toEqual(['set 1']);
    expect(because({ ...worked, sets }, 'set', 2)).toBe('keep: it ended inside the recovery window');
  });

  test('what lies on a former destination', () => {
    const sets = [setOfDay(1, 1), setOfDay(2, 3, { destId: 1005 }), setOfDay(3, 7)];
    const pieces = [...round(0.5, 3, { destId: 1006, stopped: true }), ...round(3.5, 15, { roundId: 2, firstId: 9 })];
    expect(dropped({ ...worked, sets, pieces })).toEqual(['set 1', 'piece 2.9', 'piece 2.10', 'piece 2.11']);
    expect(because({ ...worked, sets, pieces }, 'piece', 1)).toBe('keep: it lies on a former destination');
  });

  test('the base of an incremental set that runs or is kept, and what a restore reads', () => {
    const running = inc(6, 15, 1, 2, { status: 'DOING', fileStatus: 'COPYING', endUs: null });
    const sets = [...worked.sets, running];
    expect(dropped({ ...worked, sets }).filter((text) => text.startsWith('set'))).toEqual([]);
    expect(because({ ...worked, sets }, 'set', 1)).toBe('keep: set 6 builds on it');
    const inUse = { sets: new Set([1]), pieces: new Set([pieceText({ roundId: 1, pieceId: 2 })]) };
    expect(dropped({ ...worked, inUse }).slice(0, 2)).toEqual(['set 2', 'piece 1.3']);
    expect(because({ ...worked, inUse }, 'piece', 2)).toBe('keep: a running restore or a standby tenant reads it');
  });

  test('the log of a set that is only held back, up to its own end', () => {
    const inUse = { sets: new Set([1, 2]), pieces: new Set<string>() };
    expect(dropped({ ...worked, inUse })).toEqual(['piece 1.2', 'piece 1.3', 'piece 1.5', 'piece 1.6']);
    expect(because({ ...worked, inUse }, 'piece', 4)).toBe('keep: set 2, which is kept, needs its log');
  });

  test('the log of a set a restore takes for its higher number, though an earlier moment is in it', () => {
    // Two at once: the first attempt of set 1 failed, the second began after set 2 and ended before it, and the window begins between.
    const first = setOfDay(1, 8, { startReplayScn: scnOfDay(7.1), minRestoreScn: scnOfDay(7.1) });
    const overtaken = { startReplayScn: scnOfDay(5), minRestoreScn: scnOfDay(5) };
    const own = { startReplayScn: scnOfDay(5), minRestoreScn: scnOfDay(8.9), plusArchivelog: true };
    const running = { ...overtaken, status: 'DOING', fileStatus: 'COPYING', endUs: null, complete: false } as const;
    const reason = (more: Partial<CleanupSet>, piece: number) =>
      because({ ...worked, expiryUs: 8.5 * dayUs, sets: [first, setOfDay(2, 9, more)] }, 'piece', piece);
    const taken = 'keep: set 2, which restores take for its higher number, may need its log';
    expect([5, 6].map((id) => reason(overtaken, id))).toEqual([taken, taken]);
    expect([5, 6].map((id) => reason(own, id))).toEqual([taken, taken]);
    expect(reason(running, 6)).toBe('keep: set 2, which is being made, may need its log');
    for (const more of [overtaken, own, running])
      expect(reason(more, 4)).toBe('drop: its log ends before set 1, the start of the window');
  });

  test('the last piece of a stopped round that ends exactly where the set does', () => {
    const sets = [setOfDay(1, 1.02), setOfDay(2, 14)];
    const pieces = [...round(0.5, 1, { stopped: true }), ...round(10, 15, { roundId: 2, firstId: 2 })];
    expect(dropped({ ...worked, sets, pieces })).toEqual([]);
  });
});

test('a deletion that had begun goes on, wherever the window stands', () => {
  const sets = [setOfDay(1, 14, { fileStatus: 'DELETING' }), setOfDay(2, 15)];
  const pieces = round(10, 15).map((one, i) => (i === 0 ? { ...one, fileStatus: 'DELETING' as const } : one));
  expect(dropped({ ...worked, sets, pieces })).toEqual(['set 1', 'piece 1.1']);
});

test('a policy for the log alone drops pieces before the window, unless a set may need them', () => {
  const logOnly = { ...worked, policy: 'log_only' as const };
  expect(dropped({ ...logOnly, sets: [] })).toEqual(['1', '2', '3', '4', '5', '6', '7'].map((id) => `piece 1.${id}`));
  expect(dropped(logOnly)).toEqual([]);
});

/** The history with the first `count` deletions carried out. */
function stoppedAfter(history: History, input: CleanupWish, count: number) {
  const gone = deletionOrder(decideCleanup(input).decisions, history.sets).slice(0, count);
  const isGone = (kind: 'set' | 'piece', id: number) => gone.some((one) => one.kind === kind && one.id === id);
  return {
    sets: history.sets.filter((set) => !isGone('set', set.id)),
    pieces: history.pieces.filter((piece) => !isGone('piece', piece.pieceId)),
    done: gone.length,
  };
}

/** The sets a restore of one of them reads. */
function chainOf({ sets }: History, which: number): ReadonlySet<number> {
  const set = sets[which % sets.length];
  const chain = new Set<number>();
  for (let id = set?.id ?? 0; id > 0 && !chain.has(id); id = sets.find((one) => one.id === id)?.prevIncId ?? 0)
    chain.add(id);
  return chain;
}

function moments(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) * 3)) }, (_, i) => from + i / 3);
}

const windows = fc.integer({ min: 1, max: 60 });

function wishOf(history: History, windowDays: number): CleanupWish {
  return wish({ ...history, expiryUs: Math.max(0, history.nowUs - windowDays * dayUs) });
}

describe('over random histories', () => {
  test('every moment of the window that could be restored still can, wherever the deletion is stopped', () => {
    fc.assert(
      fc.property(histories, windows, fc.double({ min: 0, max: 1, noNaN: true }), (history, windowDays, part) => {
        const input = wishOf(history, windowDays);
        const all = stoppedAfter(history, input, Number.MAX_SAFE_INTEGER).done;
        const window = moments(input.expiryUs / dayUs, history.nowUs / dayUs + 0.3);
        for (const later of [(sets: History['sets']) => sets, finished]) {
          const before = window.filter((day) => restorable(later(history.sets), history.pieces, day));
          for (const count of new Set([Math.floor(part * all), all])) {
            const { sets, pieces } = stoppedAfter(history, input, count);
            expect(before.filter((day) => !restorable(later(sets), pieces, day))).toEqual([]);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  test('something is left to restore when something was there before', () => {
    fc.assert(
      fc.property(histories, windows, (history, windowDays) => {
        const input = wishOf(history, windowDays);
        const all = stoppedAfter(history, input, Number.MAX_SAFE_INTEGER).done;
        const span = moments(9, history.nowUs / dayUs + 0.3);
        if (!span.some((day) => restorable(history.sets, history.pieces, day))) return;
        for (const count of [Math.floor(all / 2), all]) {
          const { sets, pieces } = stoppedAfter(history, input, count);
          expect(span.some((day) => restorable(sets, pieces, day))).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a set of the current path that is left and restored before still restores to its own end, whatever keeps it', () => {
    fc.assert(
      fc.property(
        histories,
        windows,
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (history, windowDays, which, part) => {
          const input = {
            ...wishOf(history, windowDays),
            inUse: { sets: chainOf(history, which), pieces: new Set<string>() },
          };
          const all = stoppedAfter(history, input, Number.MAX_SAFE_INTEGER).done;
          const { sets, pieces } = stoppedAfter(history, input, Math.floor(part * all));
          for (const set of sets.filter((one) => one.destId === history.dataDestId && one.fileStatus === 'AVAILABLE')) {
            const day = Number(set.minRestoreScn / 1000n) / dayUs;
            const chain = chainOf(
              history,
              history.sets.findIndex(({ id }) => id === set.id),
            );
            const ofChain = ({ id }: CleanupSet) => chain.has(id);
            if (!restorable(history.sets.filter(ofChain), history.pieces, day)) continue;
            expect([set.id, restorable(sets.filter(ofChain), pieces, day)]).toEqual([set.id, true]);
          }
        },
      ),
      { numRuns: 600 },
    );
  });

  test('a second cleanup right after the first finds nothing', () => {
    fc.assert(
      fc.property(histories, windows, (history, windowDays) => {
        const input = wishOf(history, windowDays);
        const { sets, pieces } = stoppedAfter(history, input, Number.MAX_SAFE_INTEGER);
        expect(dropped({ ...input, sets, pieces })).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
