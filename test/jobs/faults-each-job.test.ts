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
 * until a run meets no fault any more, else for one n of each.
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

for (const job of faultJobs)
  describe(job.name, () => {
    beforeAll(async () => {
      scene = await openFaultScene(job.pieceSwitch ?? '1d');
    });
    afterAll(() => scene.harness.stop());

    test('survives or says what failed, and goes well afterwards', { timeout: 3_600_000 }, async () => {
      const clean = await runWithFault(scene, job, 0, 'EIO');
      expect(clean).toMatchObject({ hit: null, done: true });
      // The archive works on beside the job: how many operations there are differs from run to run.
      const likely = Math.ceil(clean.operations * 0.6);
      const random = createRandom(20261121 + job.name.length);
      let met = 0;
      for (const effect of faultEffects) {
        if (!everything) met += Number(await meetAt(job, 1 + random.below(likely), effect));
        else for (let at = 1; await meetAt(job, at, effect); at++) met++;
      }
      expect(met).toBeGreaterThan(everything ? 60 : 2);
      if (everything) process.stdout.write(`${job.name}: ${met} faults met\n`);
      expect(await runWithFault(scene, job, 0, 'EIO')).toMatchObject({ done: true });
      await expectEverything(scene);
    });
  });
