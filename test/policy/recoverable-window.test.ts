import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isRecoverable,
  type RecoverySource,
  recoverableWindows,
  recoveryHoles,
} from '../../src/policy/recoverable-window.ts';
import type { PlanPiece, PlanSet } from '../../src/policy/restore-plan.ts';

const fileStatus = fc.oneof(
  { weight: 6, arbitrary: fc.constant('AVAILABLE' as const) },
  { weight: 1, arbitrary: fc.constantFrom('BROKEN', 'EXPIRED', 'INCOMPLETE', 'DELETING') },
);

/** Sets in the order a server makes them, with chains, gaps, faults and, now and then, nonsense. */
const sets: fc.Arbitrary<readonly PlanSet[]> = fc
  .array(
    fc.record({
      step: fc.integer({ min: -3, max: 12 }),
      replay: fc.integer({ min: 0, max: 3 }),
      inc: fc.boolean(),
      back: fc.integer({ min: 1, max: 2 }),
      fileStatus,
      failed: fc.integer({ min: 0, max: 9 }),
      plusArchivelog: fc.boolean(),
      complete: fc.integer({ min: 0, max: 9 }),
      password: fc.constantFrom('', '', '*aa'),
    }),
    { maxLength: 7 },
  )
  .map((drafts) => {
    let at = 10;
    return drafts.map((draft, i): PlanSet => {
      at += draft.step;
      const id = i + 1;
      const base = Math.max(0, id - draft.back);
      return {
        id,
        type: draft.inc && id > 1 ? 'INC' : 'FULL',
        status: draft.failed === 0 ? 'FAILED' : 'SUCCESS',
        fileStatus: draft.fileStatus,
        startReplayScn: BigInt(at - draft.replay),
        minRestoreScn: BigInt(at),
        prevFullId: draft.inc ? base : 0,
        prevIncId: draft.inc ? base : 0,
        passwordDigest: draft.password,
        plusArchivelog: draft.plusArchivelog,
        complete: draft.complete !== 0,
      };
    });
  });

/** Rounds of pieces; a round may stop in the middle of a piece, and the next begin anywhere behind. */
const pieces: fc.Arbitrary<readonly PlanPiece[]> = fc
  .array(
    fc.record({
      newRound: fc.integer({ min: 0, max: 4 }),
      gap: fc.integer({ min: 0, max: 6 }),
      length: fc.integer({ min: 1, max: 9 }),
      short: fc.integer({ min: 0, max: 8 }),
      fileStatus,
      skip: fc.integer({ min: 0, max: 12 }),
    }),
    { maxLength: 8 },
  )
  .map((drafts) => {
    let at = 5;
    let roundId = 1;
    return drafts.flatMap((draft, i): PlanPiece[] => {
      if (draft.newRound === 0) {
        roundId += 1;
        at += draft.gap;
      }
      const startScn = at;
      at += draft.length;
      const checkpoint = draft.newRound <= 1 ? Math.max(startScn, at - draft.short) : at;
      if (draft.skip === 0) return [];
      return [
        {
          destId: 1001,
          roundId,
          pieceId: i + 1,
          startScn: BigInt(startScn),
          checkpointScn: BigInt(checkpoint),
          endScn: BigInt(at),
          fileStatus: draft.fileStatus,
        },
      ];
    });
  });

const source: fc.Arbitrary<RecoverySource> = fc.record({ sets, pieces: fc.option(pieces, { nil: null, freq: 8 }) });

describe('the recoverable window', () => {
  test('a moment lies in a window if and only if a restore to it would be planned', () => {
    fc.assert(
      fc.property(source, (one) => {
        const windows = recoverableWindows(one);
        for (let scn = 1n; scn < 130n; scn++) {
          const within = windows.some(({ fromScn, toScn }) => fromScn <= scn && scn <= toScn);
          expect(within, `SCN ${scn}`).toBe(isRecoverable(one, scn));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('windows come in order, and what lies between two of them is a hole with its reason', () => {
    fc.assert(
      fc.property(source, (one) => {
        const windows = recoverableWindows(one);
        const holes = recoveryHoles(one, windows);
        for (const [i, window] of windows.entries()) {
          expect(window.fromScn).toBeLessThanOrEqual(window.toScn);
          const before = windows[i - 1];
          if (before) expect(before.fromScn).toBeLessThanOrEqual(window.fromScn);
        }
        for (const { fromScn, toScn, reason } of holes) {
          expect(reason).not.toBe('');
          for (let scn = fromScn; scn <= toScn; scn++) expect(isRecoverable(one, scn)).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  const set = (id: number, at: bigint, more: Partial<PlanSet> = {}): PlanSet => ({
    id,
    type: 'FULL',
    status: 'SUCCESS',
    fileStatus: 'AVAILABLE',
    startReplayScn: at,
    minRestoreScn: at,
    prevFullId: 0,
    prevIncId: 0,
    passwordDigest: '',
    plusArchivelog: false,
    complete: true,
    ...more,
  });
  const piece = (roundId: number, pieceId: number, from: bigint, checkpointScn: bigint, endScn: bigint): PlanPiece => ({
    destId: 1001,
    roundId,
    pieceId,
    startScn: from,
    checkpointScn,
    endScn,
    fileStatus: 'AVAILABLE',
  });

  test('begins at the first set, goes through the pieces of a round and ends at the checkpoint', () => {
    const pieces = [piece(1, 1, 100n, 200n, 200n), piece(1, 2, 200n, 250n, 300n)];
    const [window, ...rest] = recoverableWindows({ sets: [set(1, 120n), set(2, 220n)], pieces });
    expect(rest).toEqual([]);
    expect(window).toEqual({ fromScn: 120n, toScn: 250n, firstSetId: 1, lastSetId: 2, roundId: 1 });
  });

  test('a broken piece is a hole until the next set', () => {
    const broken: PlanPiece = { ...piece(1, 2, 200n, 300n, 300n), fileStatus: 'BROKEN' };
    const one = {
      sets: [set(1, 120n), set(2, 320n)],
      pieces: [piece(1, 1, 100n, 200n, 200n), broken, piece(1, 3, 300n, 360n, 400n)],
    };
    const windows = recoverableWindows(one);
    expect(windows).toEqual([
      { fromScn: 120n, toScn: 200n, firstSetId: 1, lastSetId: 1, roundId: 1 },
      { fromScn: 320n, toScn: 360n, firstSetId: 2, lastSetId: 2, roundId: 1 },
    ]);
    expect(recoveryHoles(one, windows)).toEqual([
      { fromScn: 201n, toScn: 319n, reason: expect.stringContaining('piece 2: its files are BROKEN') },
    ]);
  });

  test('between two rounds there is a hole, and a set in the second opens its window', () => {
    const one = {
      sets: [set(1, 120n), set(2, 270n)],
      pieces: [piece(1, 1, 100n, 180n, 200n), piece(2, 2, 250n, 300n, 350n)],
    };
    expect(recoverableWindows(one).map(({ fromScn, toScn, roundId }) => [fromScn, toScn, roundId])).toEqual([
      [120n, 180n, 1],
      [270n, 300n, 2],
    ]);
  });

  test('a set with its own log is a window of one moment without any archive', () => {
    expect(recoverableWindows({ sets: [set(1, 120n, { plusArchivelog: true })], pieces: null })).toEqual([
      { fromScn: 120n, toScn: 120n, firstSetId: 1, lastSetId: 1, roundId: null },
    ]);
    expect(recoverableWindows({ sets: [set(1, 120n)], pieces: null })).toEqual([]);
  });

  test('years of daily sets and pieces are decided in a moment', () => {
    const days = 1_000;
    const sets = Array.from({ length: days }, (_, i) => set(i + 1, BigInt(i) * 100n + 50n));
    const pieces = Array.from({ length: days }, (_, i) =>
      piece(1, i + 1, BigInt(i) * 100n, BigInt(i + 1) * 100n, BigInt(i + 1) * 100n),
    );
    const start = process.threadCpuUsage();
    expect(recoverableWindows({ sets, pieces })).toHaveLength(1);
    expect(process.threadCpuUsage(start).user).toBeLessThan(5_000_000);
  });
});
