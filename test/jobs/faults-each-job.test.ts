import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../torture/random.ts';
import {
  expectEverything,
  type FaultJob,
  type FaultRun,
  type FaultScene,
  faultJobs,
  openFaultScene,
  runWithFault,
} from './fault-jobs.ts';
import { askedLoop, lastMisses, reportLoop } from './fault-loops.ts';
import { type FaultEffect, faultEffects } from './fault-media.ts';

/*
 * Each kind of job while the n-th operation of its medium fails, in each way a medium fails: for one n of each way, spread over the
 * whole run, or in the long form one way for n = 1, 2, … until a run meets no fault any more.
 */
const asked = askedLoop();
let scene: FaultScene;

async function meetAt(job: FaultJob, at: number, effect: FaultEffect): Promise<FaultRun> {
  try {
    const run = await runWithFault(scene, job, at, effect);
    if (run.hit === null) expect(run.failure).toBeNull();
    return run;
  } catch (cause) {
    throw new Error(`${job.name}: ${effect} at operation ${at}, ${scene.media.hit}`, { cause });
  }
}

/** The archive works on beside a job, so that one run has fewer operations than the other: then an earlier one is met. */
async function meetBefore(job: FaultJob, at: number, effect: FaultEffect): Promise<number> {
  for (let earlier = at; earlier > 0; earlier -= Math.ceil(at / 10))
    if ((await meetAt(job, earlier, effect)).hit !== null) return 1;
  return 0;
}

async function meetSome(job: FaultJob, operations: number): Promise<void> {
  const random = createRandom(20261121 + job.name.length);
  const width = operations / faultEffects.length;
  let met = 0;
  for (const [i, effect] of faultEffects.entries()) {
    // Each effect in a part of its own, which part differs from job to job.
    const part = (i + job.name.length) % faultEffects.length;
    met += await meetBefore(job, Math.ceil(part * width + (1 + random.below(100)) * (width / 100)), effect);
  }
  expect(met).toBe(faultEffects.length);
}

async function meetAll(job: FaultJob, effect: FaultEffect): Promise<void> {
  let [met, went, misses] = [0, 0, 0];
  for (let at = 1; misses < lastMisses; at++) {
    const { hit, failure } = await meetAt(job, at, effect);
    misses = hit === null ? misses + 1 : 0;
    if (hit === null) continue;
    met++;
    went += Number(failure === null);
  }
  expect(met).toBeGreaterThan(7);
  reportLoop({ job: job.name, kind: effect, met, went });
}

for (const job of faultJobs.filter(({ name }) => asked === null || asked.job === name))
  describe(job.name, () => {
    beforeAll(async () => {
      scene = await openFaultScene(job);
    });
    afterAll(() => scene.harness.stop());

    test('survives or says what failed, and goes well afterwards', { timeout: 7_200_000 }, async () => {
      const { operations, ...clean } = await runWithFault(scene, job, 0, 'EIO');
      expect(clean).toMatchObject({ hit: null, failure: null });
      if (asked === null) await meetSome(job, operations);
      else await meetAll(job, asked.kind);
      expect(await runWithFault(scene, job, 0, 'EIO')).toMatchObject({ failure: null });
      await expectEverything(scene);
    });
  });
