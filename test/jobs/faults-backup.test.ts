import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MediumErrorKind } from '../../src/media/medium.ts';
import { archivedTenant, backedUp, backupUnderFault } from './backed-up-tenant.ts';
import { FaultSwitch, type PlannedFault } from './fault-switch.ts';
import { type Harness, restoredValue, setsOf, shipped, startHarness } from './job-harness.ts';
import { temporaryNames } from './media-truth.ts';

const faults = new FaultSwitch();
let harness: Harness;
let tenantId: number;
let dataRoot: string;
let rows = 0;

beforeAll(async () => {
  harness = await startHarness({ wrapMedium: (medium, path) => faults.wrap(medium, path) });
  tenantId = await archivedTenant(harness);
  dataRoot = join(harness.directory, 'a/data');
});
afterAll(() => harness.stop());

/** One backup with a fault; its result and the operation that failed, null when none did. */
async function backupWith(at: number, plan: PlannedFault) {
  await harness.sql('a', `INSERT INTO d.t VALUES (${++rows})`);
  const scene = { harness, faults, tenantId, dataRoot };
  const { hit, job } = await backupUnderFault(scene, { at, plan }, 'ALTER SYSTEM BACKUP DATABASE');
  return { hit, status: job?.status, result: job?.result ?? null, comment: job?.comment ?? '' };
}

/** Kinds that end as another one does: every third operation of theirs is enough. */
const alike: ReadonlySet<MediumErrorKind> = new Set(['timeout', 'denied']);

/** Fails the first, second, third … operation until a backup meets no fault any more. */
async function untilClean(plan: PlannedFault, check: (outcome: Awaited<ReturnType<typeof backupWith>>) => void) {
  for (let at = 1; ; at += alike.has(plan.kind) ? 3 : 1) {
    const outcome = await backupWith(at, plan);
    if (outcome.hit === null) {
      expect(at).toBeGreaterThan(15);
      expect(outcome).toMatchObject({ status: 'COMPLETED', result: 0 });
      return;
    }
    check(outcome);
  }
}

/** Data files of the newest set that are visible under their names. */
function publishedData(): readonly string[] {
  const newest = join(dataRoot, `backup_set_${rows}_full`);
  return readdirSync(newest, { recursive: true })
    .map(String)
    .filter((name) => /macro_block_data\.\d+\.obbak$/.test(name));
}

const passing: readonly MediumErrorKind[] = ['io', 'timeout'];
const ending: readonly (readonly [MediumErrorKind, number])[] = [
  ['outOfSpace', -9082],
  ['denied', -9071],
];

describe('backup on a failing medium', () => {
  for (const kind of passing) {
    for (const moment of ['before', 'after'] as const) {
      test(`a single ${kind} ${moment} any operation is survived`, async () => {
        await untilClean({ kind, moment }, (outcome) =>
          expect(outcome).toMatchObject({ status: 'COMPLETED', result: 0 }),
        );
      });
    }
  }

  for (const [kind, code] of ending) {
    for (const moment of ['before', 'after'] as const) {
      test(`${kind} ${moment} any operation ends the job with ${code}`, async () => {
        await untilClean({ kind, moment }, (outcome) => {
          // What is closed last has done its work.
          if (outcome.hit === '') return expect(outcome.status).toBe('COMPLETED');
          // A set whose end placeholder stands is taken by every restore: it counts.
          if (moment === 'after' && outcome.hit?.includes('end_success'))
            return expect(outcome).toMatchObject({ status: 'COMPLETED', result: 0 });
          if (outcome.hit?.includes('macro_block_data')) {
            if (moment === 'before') expect(temporaryNames(dataRoot)).toEqual([]);
            // A file that was read back is closed, whatever becomes of that.
            if (moment === 'after' && outcome.status === 'COMPLETED') return expect(publishedData()).toHaveLength(1);
          }
          expect(outcome).toMatchObject({ status: 'FAILED', result: code });
          expect(outcome.comment).toContain(`result: ${code}(`);
          expect(outcome.comment).toContain(outcome.hit);
        });
      });
    }
  }

  test('a medium that stays away ends the job after the retries', async () => {
    for (let at = 1; at < 60; at += 4) {
      const outcome = await backupWith(at, { kind: 'io', lasting: true });
      if (outcome.hit === null || outcome.hit === '') break;
      expect(outcome).toMatchObject({ status: 'FAILED', result: -4009 });
    }
  });

  test('afterwards a backup and a restore show every row', async () => {
    const names = temporaryNames(dataRoot);
    await backedUp(harness);
    expect((await setsOf(harness, 'a')).at(-1)?.status).toBe('SUCCESS');
    expect(temporaryNames(dataRoot)).toEqual(names);
    await shipped(harness, 'a');
    expect(await restoredValue(harness, 'a', 'b', 'SELECT CONCAT(COUNT(*), "/", MAX(id)) FROM d.t')).toBe(
      `${rows}/${rows}`,
    );
  });
});
