import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { staleUploadMs } from '../../src/jobs/clean/sweep-places.ts';
import { MediumError } from '../../src/media/medium.ts';
import { hourMs } from './clean-clock.ts';
import { backUp, type CleanScene, cleaned, openCleanScene } from './clean-scene.ts';

let scene: CleanScene;
afterEach(() => scene.harness.stop());

/** A temporary file of a write that nobody ended, so old. */
function leaveTemp(root: string, name: string, ageMs: number): string {
  const path = join(root, name);
  writeFileSync(path, 'half an object');
  const then = (Date.now() - ageMs) / 1000;
  utimesSync(path, then, then);
  return path;
}

async function cleanOnce(): Promise<void> {
  await backUp(scene, 1);
  await scene.harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '12h' TENANT = a");
  const { jobs } = await cleaned(scene, 1);
  expect(jobs.at(-1)).toMatchObject({ status: 'COMPLETED', result: 0 });
}

test('a clean-up sweeps what nobody published for a day, in both places, and nothing younger', async () => {
  scene = await openCleanScene();
  const { dataRoot, archiveRoot } = scene;
  mkdirSync(join(dataRoot, 'deep/er'), { recursive: true });
  const old = [
    leaveTemp(dataRoot, 'deep/er/macro_block_data.0.obbak.tmp.1700000000000000', staleUploadMs + hourMs),
    leaveTemp(archiveRoot, 'checkpoint.obarc.tmp.1700000000000001', staleUploadMs + hourMs),
  ];
  const young = leaveTemp(dataRoot, 'macro_block_data.1.obbak.tmp.1700000000000002', staleUploadMs - hourMs);
  await cleanOnce();
  await scene.harness.until(async () => old.every((path) => !existsSync(path)));
  expect(existsSync(young)).toBe(true);
});

test('a sweep that fails fails nothing', async () => {
  let swept = 0;
  scene = await openCleanScene({
    wrapMedium: (medium) => ({
      ...medium,
      async sweep() {
        swept += 1;
        throw new MediumError('denied', '', 'nothing may be listed');
      },
    }),
  });
  await cleanOnce();
  await scene.harness.until(async () => swept === 2);
});
