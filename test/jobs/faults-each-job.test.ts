import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../torture/random.ts';
import {
  expectEverything,
  type FaultJob,
  type FaultScene,
  faultJobs,
  openFaultScene,
  runWithFault,
} from './fault-jobs.ts';
import { type FaultEffect, faultEffects } from './fault-media.ts';

/*
 * Each kind of job while the n-th operation of its medium fails, in each way a medium fails. With OBVAULT_FAULTS=all for n = 1, 2, …
 * until a run meets no fault any more, else for one n of each, spread over the whole run.
 */
const everything = process.env['OBVAULT_FAULTS'] === 'all';
let scene: FaultScene;

async function meetAt(job: FaultJob, at: number, effect: FaultEffect): Promise<boolean> {
  return runWithFault(scene, job, at, effect).then(
    ({ hit, done }) => {
      if (hit === null) expect(done).toBe(true);
      return hit !== null;
    },
    (cause: unknown) => {
      throw new Error(`${job.name}: ${effect} at operation ${at}, ${scene.media.hit}`, { cause });
    },
  );
}

/** The archive works on beside a job, so that one run has fewer operations than the other: then an earlier one is met. */
async function meetBefore(job: FaultJob, at: number, effect: FaultEffect): Promise<number> {
  for (let earlier = at; earlier > 0; earlier -= Math.ceil(at / 10)) if (await meetAt(job, earlier, effect)) return 1;
  return 0;
}

for (const job of faultJobs)
  describe(job.name, () => {
    beforeAll(async () => {
      scene = await openFaultScene(job.pieceSwitch ?? '1d');
    });
    afterAll(() => scene.harness.stop());

    test('survives or says what failed, and goes well afterwards', { timeout: 3_600_000 }, async () => {
      const clean = await runWithFault(scene, job, 0, 'EIO');
      expect(clean).toMatchObject({ hit: null, done: true });
      const random = createRandom(20261121 + job.name.length);
      const width = clean.operations / faultEffects.length;
      let met = 0;
      for (const [i, effect] of faultEffects.entries()) {
        if (everything) {
          for (let at = 1; await meetAt(job, at, effect); at++) met++;
          process.stdout.write(`${job.name}: ${met} faults met, the last kind ${effect}\n`);
          await expectEverything(scene);
          // A chain of hundreds of sets would be looked through with each of them.
          await scene.harness.stop();
          scene = await openFaultScene(job.pieceSwitch ?? '1d');
        } else {
          // Each effect in a part of its own, which part differs from job to job.
          const part = (i + job.name.length) % faultEffects.length;
          met += await meetBefore(job, Math.ceil(part * width + (1 + random.below(100)) * (width / 100)), effect);
        }
      }
      expect(met).toBeGreaterThanOrEqual(everything ? 60 : faultEffects.length);
      expect(await runWithFault(scene, job, 0, 'EIO')).toMatchObject({ done: true });
      await expectEverything(scene);
    });
  });
