import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { staleUploadMs, sweepEveryMs } from '../../src/jobs/sweep-destinations.ts';
import { type Medium, MediumError } from '../../src/media/medium.ts';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import { backedUp, roundIs } from './backed-up-tenant.ts';
import { hourMs } from './clean-clock.ts';
import { backUp, type CleanScene, cleaned, openCleanScene } from './clean-scene.ts';
import { makeTenant, startHarness } from './job-harness.ts';

let scene: CleanScene;
/** Paths of the destinations whose sweep has ended, in order. */
let swept: string[];
const noting = (medium: Medium, path: string): Medium => ({
  ...medium,
  sweep: (olderThanMs, kept, signal) =>
    medium.sweep(olderThanMs, kept, signal).finally(() => swept.push(path.replace(/.*\//, ''))),
});
const open = async (wrapMedium = noting, archive = 'a/archive') => {
  swept = [];
  scene = await openCleanScene({ wrapMedium, pieceSwitch: '1d', archive });
};
afterEach(() => scene?.harness.stop());

/** A temporary file of a write that nobody ended, so old. */
function leaveTemp(root: string, name: string, ageMs: number): string {
  const path = join(root, name);
  mkdirSync(root, { recursive: true });
  writeFileSync(path, 'half an object');
  const then = (Date.now() - ageMs) / 1000;
  utimesSync(path, then, then);
  return path;
}

/** Two old ones and a young one. */
function leaveTemps() {
  const { dataRoot, archiveRoot } = scene;
  return {
    old: [
      leaveTemp(join(dataRoot, 'deep/er'), 'macro_block_data.0.obbak.tmp.1700000000000000', staleUploadMs + hourMs),
      leaveTemp(archiveRoot, 'checkpoint.obarc.tmp.1700000000000001', staleUploadMs + hourMs),
    ],
    young: leaveTemp(dataRoot, 'macro_block_data.1.obbak.tmp.1700000000000002', staleUploadMs - hourMs),
  };
}

const standing = (paths: readonly string[]) => paths.filter((path) => existsSync(path));

async function cleanOnce(): Promise<void> {
  await scene.harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '12h' TENANT = a");
  const { jobs } = await cleaned(scene, 1);
  expect(jobs.at(-1)).toMatchObject({ status: 'COMPLETED', result: 0 });
}

test('a clean-up sweeps what nobody published for a day, in both places, and nothing younger', async () => {
  await open();
  await backUp(scene, 1, 'anyPiece');
  await scene.harness.until(async () => swept.length === 2);
  const { old, young } = leaveTemps();
  await cleanOnce();
  await scene.harness.until(async () => swept.length === 4);
  expect(standing([...old, young])).toEqual([young]);
});

test('what a set that is being made has not published stays, however old it is', async () => {
  await open();
  await backUp(scene, 1, 'anyPiece');
  await scene.harness.until(async () => swept.length === 2);
  const { dataRoot, harness, tenantId } = scene;
  await harness.controller.catalog.transaction((tx) => {
    const set = tx.backups.setById(tenantId, 1)!;
    tx.backups.sets.insert({ ...set, backupSetId: 9, endUs: null, status: 'DOING', fileStatus: 'COPYING' });
  });
  const inSet = (no: number) =>
    leaveTemp(
      join(dataRoot, `backup_set_${no}_full/logstream_1001`),
      'macro_block_data.0.obbak.tmp.1700000000000003',
      staleUploadMs + hourMs,
    );
  const [ended, live] = [inSet(1), inSet(9)];
  await cleanOnce();
  await harness.until(async () => swept.length === 4);
  expect(standing([ended, live])).toEqual([live]);
});

test('so it does where its data path lies below the root that is swept, and where it is another tenant’s', async () => {
  await open(noting, 'a');
  await backUp(scene, 1, 'anyPiece');
  await scene.harness.until(async () => swept.length === 2);
  const { archiveRoot, harness, tenantId } = scene;
  const places = { 'data/backup_set_9_full': tenantId, 'its own data/backup_set_9_full': tenantId + 1 };
  await harness.controller.catalog.transaction((tx) => {
    const set = { ...tx.backups.setById(tenantId, 1)!, backupSetId: 9, endUs: null };
    for (const [place, owner] of Object.entries(places)) {
      const path = harness.place(`a/./${place.replace(/\/.*/, '')}`);
      tx.backups.sets.insert({ ...set, tenantId: owner, path, status: 'DOING', fileStatus: 'COPYING' });
    }
  });
  const inSet = (place: string) =>
    leaveTemp(join(archiveRoot, place), 'macro_block_data.0.obbak.tmp.1700000000000003', staleUploadMs + hourMs);
  const live = Object.keys(places).map(inSet);
  const ended = inSet('data/backup_set_1_full');
  await cleanOnce();
  await harness.until(async () => swept.length === 4);
  expect(standing([ended, ...live])).toEqual(live);
});

test('without any clean-up backups sweep both places, each once in a day', async () => {
  await open();
  const first = leaveTemps();
  await backUp(scene, 1, 'anyPiece');
  await scene.harness.until(async () => swept.length === 2);
  expect(standing([...first.old, first.young])).toEqual([first.young]);
  const second = leaveTemps();
  await backUp(scene, 2, 'anyPiece');
  scene.clock.move(sweepEveryMs - hourMs);
  await backUp(scene, 3, 'anyPiece');
  expect(standing(second.old)).toEqual(second.old);
  scene.clock.move(2 * hourMs);
  await backUp(scene, 4, 'anyPiece');
  await scene.harness.until(async () => swept.length === 4);
  expect(standing(second.old)).toEqual([]);
  expect(swept).toEqual(['data', 'archive', 'data', 'archive']);
});

test('a sweep that fails fails nothing', async () => {
  await open((medium, path) => ({
    ...medium,
    async sweep() {
      swept.push(path.replace(/.*\//, ''));
      throw new MediumError('denied', '', 'nothing may be listed');
    },
  }));
  await backUp(scene, 1, 'anyPiece');
  await scene.harness.until(async () => swept.length === 2);
  await cleanOnce();
  await scene.harness.until(async () => swept.length === 4);
});

test('on S3 a backup aborts uploads nobody ended for a day, of its own place only', async () => {
  const double = await S3Double.start();
  const harness = await startHarness();
  const keys = `host=127.0.0.1:${double.port}&access_id=${s3Keys.accessId}&access_key=${s3Keys.accessKey}`;
  await makeTenant(harness, 'a');
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=s3://bucket/log?${keys}' TENANT = a`);
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = 's3://bucket/data?${keys}' TENANT = a`);
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs(harness, 'DOING');
  const now = Date.now();
  const old = ['data/a', 'log/b'].map((key) => double.bucket().begin(key, now - staleUploadMs - hourMs, {}));
  const others = [
    double.bucket().begin('data/a', now - staleUploadMs + hourMs, {}),
    double.bucket().begin('other/c', now - 2 * staleUploadMs, {}),
  ];
  await backedUp(harness);
  await harness.until(async () => old.every(({ id }) => !double.bucket().uploads.has(id)));
  expect(others.every(({ id }) => double.bucket().uploads.has(id))).toBe(true);
  await harness.stop();
  await double.stop();
});
