import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../torture/random.ts';
import { hourMs } from './clean-clock.ts';
import { backUp, type CleanScene, cleaned, cleanRows, openCleanScene } from './clean-scene.ts';
import { expectCleanTruth } from './clean-truth.ts';
import { askedLoop, lastMisses, reportLoop } from './fault-loops.ts';
import { type FaultEffect, FaultMedia, faultEffects } from './fault-media.ts';
import { restoredValue, shipped } from './job-harness.ts';

/*
 * A clean-up while the n-th operation of its media fails, in each way a medium fails: for a few n spread over the whole run, or in the
 * long form one way for n = 1, 2, … until a run meets no fault any more.
 */
const asked = askedLoop();
const samples = 3;
const media = new FaultMedia();
/** Only clean-ups meet the faults: media of theirs are those opened while one may run. */
let cleaning = false;
let scene: CleanScene;
let rows = 0;
const random = createRandom(20261122);

beforeAll(async () => {
  scene = await openCleanScene({
    wrapMedium: (medium, path) => (cleaning ? media.wrap(medium, path) : medium),
    // Few enough pieces for a clean-up of each day, also on a machine that has much else to do.
    pieceSwitch: '3s',
    settings: { maxDeleteRetries: 3 },
  });
  await backUp(scene, ++rows);
  await scene.harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '12h' TENANT = a");
  await cleaned(scene, 1);
});
afterAll(() => scene.harness.stop());

async function nextClean() {
  const { jobs } = await cleanRows(scene);
  cleaning = true;
  scene.clock.move(24 * hourMs);
  const after = await cleaned(scene, jobs.length + 1);
  cleaning = false;
  return after;
}

/** One more set, and a day later the clean-up that drops the one before it with its log, while its n-th operation fails; 0: none. */
async function oneDay(at: number, effect: FaultEffect) {
  await backUp(scene, ++rows, 'anyPiece');
  media.arm(at, effect, () => true);
  const { jobs } = await nextClean();
  const { hit, count } = media;
  await media.clear();
  return { hit, operations: count, job: jobs.at(-1)! };
}

async function meetAt(at: number, effect: FaultEffect): Promise<{ readonly hit: boolean; readonly done: boolean }> {
  const { hit, job } = await oneDay(at, effect);
  try {
    if (hit === null) expect(job).toMatchObject({ status: 'COMPLETED', result: 0 });
    else if (job.status !== 'COMPLETED') expect(job).toMatchObject({ status: 'FAILED', result: expect.any(Number) });
    if (job.status === 'FAILED') {
      expect(job.result).toBeLessThan(0);
      // What was left half deleted goes with the next one.
      expect((await nextClean()).jobs.at(-1)).toMatchObject({ status: 'COMPLETED', result: 0 });
    }
    const { sets, pieces } = await cleanRows(scene);
    expect([...Object.values(sets), ...Object.values(pieces)]).not.toContain('DELETING');
    expect(Object.values(sets).filter((status) => status !== 'DELETED')).toEqual(['AVAILABLE']);
    await expectCleanTruth(scene);
  } catch (cause) {
    throw new Error(`${effect} at operation ${at}, ${hit}`, { cause });
  }
  return { hit: hit !== null, done: job.status === 'COMPLETED' };
}

/** The pieces of a day are now more, now fewer, and so are the operations: where a clean-up has not so many, an earlier one is met. */
async function meetBefore(at: number, effect: FaultEffect): Promise<boolean> {
  for (let earlier = at; earlier > 0; earlier >>= 1) if ((await meetAt(earlier, effect)).hit) return true;
  return false;
}

async function meetSome(operations: number, effect: FaultEffect): Promise<void> {
  const width = operations / samples;
  let met = 0;
  for (let part = 0; part < samples; part++) {
    const at = Math.ceil(part * width) + 1 + random.below(Math.floor(width * 0.8));
    met += Number(await meetBefore(at, effect));
  }
  expect(met).toBe(samples);
}

async function meetAll(effect: FaultEffect): Promise<void> {
  let [met, went, misses] = [0, 0, 0];
  for (let at = 1; misses < lastMisses; at++) {
    const { hit, done } = await meetAt(at, effect);
    misses = hit ? 0 : misses + 1;
    if (!hit) continue;
    met++;
    went += Number(done);
  }
  expect(met).toBeGreaterThanOrEqual(20);
  reportLoop({ job: 'clean-up', kind: effect, met, went });
}

for (const effect of faultEffects.filter((one) => asked === null || one === asked.kind))
  test(`a clean-up meets ${effect}`, { timeout: 7_200_000 }, async () => {
    const { operations } = await oneDay(0, effect);
    expect(operations).toBeGreaterThan(15);
    if (asked === null) await meetSome(operations, effect);
    else await meetAll(effect);
  });

test('after all that what is left restores', async () => {
  await shipped(scene.harness, 'a');
  expect(await restoredValue(scene.harness, 'a', 'b', 'SELECT CONCAT(COUNT(*), "/", MAX(id)) FROM d.t')).toBe(
    `${rows}/${rows}`,
  );
});
