import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PlanPiece, type PlanSet, planRestore, type RestoreWish } from '../../src/policy/restore-plan.ts';

function set(id: number, more: Partial<PlanSet> = {}): PlanSet {
  const at = BigInt(id) * 100n;
  return {
    id,
    type: 'FULL',
    status: 'SUCCESS',
    fileStatus: 'AVAILABLE',
    startReplayScn: at,
    minRestoreScn: at + 10n,
    prevFullId: 0,
    prevIncId: 0,
    passwordDigest: '',
    plusArchivelog: false,
    complete: true,
    ...more,
  };
}

function inc(id: number, prevFullId: number, prevIncId: number, more: Partial<PlanSet> = {}): PlanSet {
  return set(id, { type: 'INC', prevFullId, prevIncId, ...more });
}

/** Pieces of 100 from `first` on; the last one reaches `checkpoint` only. */
function pieces(first: number, count: number, checkpoint: bigint, roundId = 1, firstId = 1): PlanPiece[] {
  return Array.from({ length: count }, (_, i) => {
    const startScn = BigInt(first + i * 100);
    const endScn = startScn + 100n;
    const last = i === count - 1;
    const checkpointScn = last ? checkpoint : endScn;
    return { destId: 1001, roundId, pieceId: firstId + i, startScn, checkpointScn, endScn, fileStatus: 'AVAILABLE' };
  });
}

function wish(more: Partial<RestoreWish>): RestoreWish {
  return { sets: [], pieces: [], archiveDestId: 1001, untilScn: null, digests: [], mode: 'paths', ...more };
}

function planned(more: Partial<RestoreWish>) {
  const plan = planRestore(wish(more));
  if (plan.kind === 'refused') throw new Error(`${plan.symbol}: ${plan.message}`);
  return {
    until: plan.untilScn,
    sets: plan.sets.map(({ id }) => id),
    pieces: plan.pieces.map(({ pieceId }) => pieceId),
    log: plan.logFrom,
  };
}

function refused(more: Partial<RestoreWish>) {
  const plan = planRestore(wish(more));
  if (plan.kind === 'plan') throw new Error('it was planned');
  return [plan.symbol, plan.message];
}

const noLog = ['OB_ENTRY_NOT_EXIST', 'No enough log for restore'];

describe('the restore point', () => {
  test('is the largest checkpoint of the pieces when none is given', () => {
    expect(planned({ sets: [set(1), set(3)], pieces: pieces(50, 4, 420n) })).toEqual({
      until: 420n,
      sets: [3],
      pieces: [3, 4],
      log: 'pieces',
    });
  });

  test('is the largest min_restore_scn with data paths only, whose sets hold their log', () => {
    const own = { plusArchivelog: true };
    expect(planned({ sets: [set(1, own), inc(2, 1, 1, own)], pieces: null })).toEqual({
      until: 210n,
      sets: [1, 2],
      pieces: [],
      log: 'complementLog',
    });
    expect(refused({ sets: [set(1)], pieces: null })).toEqual(noLog);
    expect(refused({ sets: [set(1, own)], pieces: null, untilScn: 111n })).toEqual(noLog);
    // The newest ends latest and cannot be used: what it builds on is not there.
    expect(planned({ sets: [set(1, own), inc(3, 1, 2, own)], pieces: null })).toMatchObject({ until: 110n, sets: [1] });
    expect(planned({ sets: [set(1, own)], pieces: null, untilScn: 110n }).until).toBe(110n);
  });
});

describe('the choice of sets', () => {
  const log = { pieces: pieces(50, 20, 2000n) };

  test('takes the latest full set at or before the point with its incrementals', () => {
    const sets = [set(1), inc(2, 1, 1), set(3), inc(4, 3, 3), inc(5, 3, 4), set(6)];
    expect(planned({ ...log, sets, untilScn: 599n }).sets).toEqual([3, 4, 5]);
    expect(planned({ ...log, sets, untilScn: 510n }).sets).toEqual([3, 4, 5]);
    expect(planned({ ...log, sets, untilScn: 509n }).sets).toEqual([3, 4]);
    expect(planned({ ...log, sets: sets.toReversed(), untilScn: 310n }).sets).toEqual([3]);
    expect(planned({ ...log, sets }).sets).toEqual([6]);
  });

  test('passes by what ends behind the point and all that builds on it, not what was made beside it', () => {
    const sets = [set(1), inc(2, 1, 1, { minRestoreScn: 900n }), inc(3, 1, 1), inc(4, 1, 2)];
    expect(planned({ ...log, sets, untilScn: 500n }).sets).toEqual([1, 3]);
    expect(planned({ ...log, sets, untilScn: 900n }).sets).toEqual([1, 2, 4]);
    const full = [set(1), set(2, { minRestoreScn: 900n }), inc(3, 2, 2), set(4), inc(5, 2, 2), inc(6, 4, 4)];
    expect(planned({ ...log, sets: full, untilScn: 390n }).sets).toEqual([1]);
    expect(planned({ ...log, sets: full, untilScn: 610n }).sets).toEqual([4, 6]);
  });

  test('leaves out what is not usable, and everything that builds on it', () => {
    const broken = [
      { status: 'FAILED' as const },
      { fileStatus: 'BROKEN' as const },
      { fileStatus: 'DELETED' as const },
      { complete: false },
    ];
    for (const how of broken) {
      const sets = [set(1), inc(2, 1, 1), inc(3, 1, 2, how), inc(4, 1, 3), inc(5, 1, 2)];
      expect(planned({ ...log, sets }).sets).toEqual([1, 2, 5]);
      expect(planned({ ...log, sets: [set(1), set(2, how), inc(3, 2, 2)] }).sets).toEqual([1]);
      expect(refused({ ...log, sets: [set(1, how), inc(2, 1, 1)] })).toEqual(noLog);
    }
  });

  test('tells of every set why it was left out', () => {
    const sets = [set(1), inc(2, 1, 1, { fileStatus: 'BROKEN' }), inc(3, 1, 2), set(4), set(9)];
    const plan = planRestore(wish({ ...log, sets, untilScn: 600n }));
    expect(plan.rejected.filter(({ kind }) => kind === 'set')).toEqual([
      { kind: 'set', id: 2, reason: 'it is SUCCESS, its files are BROKEN' },
      { kind: 'set', id: 3, reason: 'the set 2 it builds on is not usable' },
      { kind: 'set', id: 1, reason: 'set 4 is a later full set' },
      { kind: 'set', id: 9, reason: 'it ends after the restore point' },
    ]);
  });

  test('needs the password of every set up to the point', () => {
    const sets = [set(1, { passwordDigest: '*aa' }), set(2), set(3, { passwordDigest: '*bb' })];
    const wrong = ['OB_BACKUP_INVALID_PASSWORD', 'invalid password for backup'];
    expect(refused({ ...log, sets })).toEqual(wrong);
    expect(refused({ ...log, sets, digests: ['*aa'] })).toEqual(wrong);
    expect(refused({ ...log, sets, digests: ['*bb'], untilScn: 250n })).toEqual(wrong);
    expect(planned({ ...log, sets, digests: ['*aa'], untilScn: 250n }).sets).toEqual([2]);
    expect(planned({ ...log, sets, digests: ['*bb', '*aa'] }).sets).toEqual([3]);
  });

  test('without any usable set', () => {
    expect(refused({ ...log })).toEqual(noLog);
    const nothing = 'no backup set path or log piece can be used to restore';
    expect(refused({ pieces: null })).toEqual(['OB_ENTRY_NOT_EXIST', nothing]);
    expect(refused({ pieces: null, sets: [set(1)], untilScn: 5n })).toEqual(['OB_ENTRY_NOT_EXIST', nothing]);
  });
});

describe('the choice of pieces', () => {
  test('begins at or before the replay and ends at or after the point', () => {
    const sets = [set(1)];
    expect(planned({ sets, pieces: pieces(100, 3, 333n), untilScn: 333n }).pieces).toEqual([1, 2, 3]);
    expect(planned({ sets, pieces: pieces(100, 3, 333n), untilScn: 150n }).pieces).toEqual([1]);
    expect(refused({ sets, pieces: pieces(101, 3, 333n), untilScn: 150n })).toEqual(noLog);
    expect(refused({ sets, pieces: pieces(100, 3, 333n), untilScn: 334n })).toEqual(noLog);
    expect(refused({ sets, pieces: [], untilScn: 150n })).toEqual(noLog);
  });

  test('adds the following piece when the point lies behind the checkpoint of the last one', () => {
    const lagging = pieces(100, 2, 240n);
    const [first] = lagging;
    const list = [{ ...first!, checkpointScn: 190n }, lagging[1]!];
    expect(planned({ sets: [set(1)], pieces: list, untilScn: 195n }).pieces).toEqual([1, 2]);
  });

  test('starts again behind a hole, also when a new round begins at the nominal end of the old one', () => {
    const before = pieces(50, 2, 180n);
    const after = pieces(250, 3, 540n, 2, 3);
    const both = [...before, ...after];
    expect(planned({ sets: [set(1), set(3)], pieces: both }).pieces).toEqual([3, 4, 5]);
    expect(refused({ sets: [set(1)], pieces: both })).toEqual(noLog);
    expect(planned({ sets: [set(1)], pieces: both, untilScn: 180n }).pieces).toEqual([1, 2]);
    expect(refused({ sets: [set(1)], pieces: both, untilScn: 200n })).toEqual(noLog);
  });

  test('leaves out pieces of other destinations and those without files', () => {
    const list = pieces(50, 4, 440n);
    expect(refused({ sets: [set(1)], pieces: list, archiveDestId: 1002, untilScn: 400n })).toEqual(noLog);
    const deleted = list.map((piece) => (piece.pieceId === 1 ? { ...piece, fileStatus: 'DELETED' as const } : piece));
    expect(refused({ sets: [set(1)], pieces: deleted })).toEqual(noLog);
    expect(planned({ sets: [set(1), set(2)], pieces: deleted }).pieces).toEqual([2, 3, 4]);
  });
});

describe('after ADD RESTORE SOURCE', () => {
  const mode = 'sources' as const;
  const refusal = (more: Partial<RestoreWish>) => {
    const [symbol, text] = refused({ mode, ...more });
    expect(symbol).toBe('OB_RESTORE_SOURCE_NOT_ENOUGH');
    return text;
  };

  test('refusals say what is missing', () => {
    const log = pieces(50, 4, 440n);
    expect(refusal({ pieces: log })).toBe('no full backup set exists');
    expect(refusal({ pieces: log, sets: [set(1, { status: 'FAILED' })] })).toBe('no backup set is available');
    expect(refusal({ pieces: log, sets: [set(1), set(2)], untilScn: 60n, timeText: (scn) => `T${scn}` })).toBe(
      'no full backup set can be used to restore to given time, minimum restorable time is T110',
    );
    expect(refusal({ pieces: [], sets: [set(1)], untilScn: 200n })).toBe('no usable log pieces');
    expect(refusal({ pieces: pieces(150, 4, 440n), sets: [set(1)] })).toBe('No enough log for restore');
    expect(refusal({ pieces: log, sets: [set(1)], untilScn: 441n })).toBe(
      'no enough log, maximum restorable time is 440',
    );
  });
});

/** Any history: sets with any links and states, rounds with any holes. */
const anySet = fc.record({
  type: fc.constantFrom('FULL' as const, 'INC' as const),
  status: fc.constantFrom('SUCCESS' as const, 'SUCCESS' as const, 'SUCCESS' as const, 'FAILED' as const),
  fileStatus: fc.constantFrom('AVAILABLE' as const, 'AVAILABLE' as const, 'BROKEN' as const),
  complete: fc.oneof(fc.constant(true), fc.boolean()),
  plusArchivelog: fc.boolean(),
  back: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.nat({ max: 3 })),
  /** 0: the set before that is full. */
  fullBack: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 3 })),
  step: fc.bigInt({ min: 1n, max: 150n }),
  /** How far the moment lies behind that of its turn: backups that ran at once overtake each other. */
  late: fc.oneof({ weight: 4, arbitrary: fc.constant(0n) }, fc.bigInt({ min: 0n, max: 400n })),
});
const anyWish = fc
  .record({
    sets: fc.array(anySet, { minLength: 1, maxLength: 8 }),
    rounds: fc.array(
      fc.record({
        gap: fc.oneof(fc.constant(0), fc.nat({ max: 120 })),
        count: fc.integer({ min: 3, max: 9 }),
        left: fc.bigInt({ min: 0n, max: 99n }),
        missing: fc.option(fc.nat({ max: 4 }), { freq: 1 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    untilScn: fc.option(fc.bigInt({ min: 0n, max: 1500n }), { freq: 2 }),
    dataOnly: fc.nat({ max: 4 }).map((n) => n === 0),
  })
  .map(({ sets, rounds, untilScn, dataOnly }) => {
    let scn = 0n;
    let lastFull = 0;
    const planSets = sets.map(({ back, fullBack, step, late, ...rest }, i) => {
      scn += step;
      const ids = { prevIncId: i + 1 - back, prevFullId: fullBack === 0 ? lastFull : i + 1 - fullBack };
      if (rest.type === 'FULL') lastFull = i + 1;
      return set(i + 1, { ...rest, ...ids, startReplayScn: scn + late, minRestoreScn: scn + late + 10n });
    });
    let at = 0;
    let pieceId = 1;
    const list = rounds.flatMap(({ gap, count, left, missing }, i) => {
      const made = pieces(at + gap, count, BigInt(at + gap + count * 100) - left, i + 1, pieceId);
      at += gap + count * 100;
      pieceId += count;
      return made.filter((_, index) => index !== missing);
    });
    return wish({ sets: planSets, pieces: dataOnly ? null : list, untilScn });
  });

describe('whatever the history', () => {
  test('a plan is complete, without a hole and never past the point', () => {
    const seen = { plans: 0, incrementals: 0, chains: 0 };
    fc.assert(
      fc.property(anyWish, (anything) => {
        const plan = planRestore(anything);
        if (plan.kind === 'refused') return;
        seen.plans++;
        if (plan.sets.length > 1) seen.incrementals++;
        if (plan.pieces.length > 1) seen.chains++;
        const [full, ...rest] = plan.sets;
        expect(full!.type).toBe('FULL');
        rest.forEach((member, i) => {
          expect(member.type).toBe('INC');
          const earlier = plan.sets.slice(0, i + 1).map(({ id }) => id);
          expect(earlier).toContain(member.prevFullId);
          expect(earlier).toContain(member.prevIncId);
        });
        for (const member of plan.sets) {
          expect(member).toMatchObject({ status: 'SUCCESS', fileStatus: 'AVAILABLE', complete: true });
          expect(member.minRestoreScn <= plan.untilScn).toBe(true);
        }
        expect(plan.startReplayScn).toBe(plan.sets.at(-1)!.startReplayScn);
        if (plan.logFrom === 'complementLog') {
          expect(plan.sets.at(-1)).toMatchObject({ plusArchivelog: true, minRestoreScn: plan.untilScn });
          return;
        }
        expect(plan.pieces[0]!.startScn <= plan.startReplayScn).toBe(true);
        expect(plan.pieces.at(-1)!.checkpointScn >= plan.untilScn).toBe(true);
        plan.pieces.slice(1).forEach((piece, i) => {
          expect(piece.startScn).toBe(plan.pieces[i]!.endScn);
          expect(piece.roundId).toBe(plan.pieces[i]!.roundId);
        });
      }),
      { numRuns: 10_000, seed: 42 },
    );
    expect(seen.plans).toBeGreaterThan(300);
    expect(seen.incrementals).toBeGreaterThan(50);
    expect(seen.chains).toBeGreaterThan(50);
  });

  test('the newest usable full set before the point is never passed by', () => {
    fc.assert(
      fc.property(anyWish, (anything) => {
        const plan = planRestore(anything);
        if (plan.kind === 'refused') return;
        const usable = anything.sets.filter(
          ({ type, status, fileStatus, complete, minRestoreScn }) =>
            type === 'FULL' &&
            status === 'SUCCESS' &&
            fileStatus === 'AVAILABLE' &&
            complete &&
            minRestoreScn <= plan.untilScn,
        );
        expect(plan.sets[0]!.id).toBe(Math.max(...usable.map(({ id }) => id)));
      }),
      { numRuns: 1000, seed: 7 },
    );
  });
});
