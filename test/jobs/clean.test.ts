import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tenantPieceInfosFile } from '../../src/destination/codec/archive-files.ts';
import { tenantSetInfosFile } from '../../src/destination/codec/set-files.ts';
import { readPieces } from '../../src/jobs/restore/read-archive-path.ts';
import { readSets } from '../../src/jobs/restore/read-data-path.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { hourMs } from './clean-clock.ts';
import { backUp, type CleanScene, cleaned, cleanRows, namesBelow, openCleanScene } from './clean-scene.ts';
import { restoredValue, shipped } from './job-harness.ts';

const dayMs = 24 * hourMs;
const addPolicy = "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d'";
let scene: CleanScene;

beforeAll(async () => {
  scene = await openCleanScene();
  // Two sets leave the window, one stays in it; then time goes by.
  await backUp(scene, 1);
  await backUp(scene, 2);
  scene.clock.move(5 * dayMs);
  await backUp(scene, 3);
  scene.clock.move(4 * dayMs);
});
afterAll(() => scene.harness.stop());

describe('a policy of seven days', () => {
  test('starts its first job at once, which deletes what the window does not need', async () => {
    const before = await cleanRows(scene);
    await scene.harness.say(addPolicy, 'a');
    const after = await cleaned(scene, 1);
    const [job] = after.jobs;
    expect(job).toMatchObject({
      ...{ type: 'DELETE OBSOLETE BACKUP', status: 'COMPLETED', result: 0, jobLevel: 'USER_TENANT' },
      ...{ initiatorTenantId: scene.tenantId, initiatorJobId: job?.jobId, executorTenantId: String(scene.tenantId) },
    });
    expect((job?.startUs ?? 0) - (job?.parameter ?? 0)).toBeGreaterThanOrEqual(7 * dayMs * 1000);
    expect((job?.startUs ?? 0) - (job?.parameter ?? 0)).toBeLessThan(7 * dayMs * 1000 + 1_000_000);
    expect(after.sets).toEqual({ 1: 'DELETED', 2: 'AVAILABLE', 3: 'AVAILABLE' });
    const gone = Object.keys(after.pieces).filter((id) => after.pieces[Number(id)] === 'DELETED');
    expect(gone.length).toBeGreaterThan(0);
    expect(Object.keys(before.pieces).slice(0, gone.length)).toEqual(gone);
    expect(job).toMatchObject({ taskCount: gone.length + 1, successTaskCount: gone.length + 1 });
    expect(after.tasks.map((task) => `${task.taskType} ${task.roundId}.${task.id} ${task.status}`)).toEqual([
      'BACKUP SET 0.1 COMPLETED',
      ...gone.map((id) => `BACKUP PIECE 1.${id} COMPLETED`),
    ]);
    expect(after.tasks[0]).toMatchObject({ totalLsCount: 1, finishLsCount: 1, path: scene.harness.place('a/data') });
  });

  test('leaves nothing of it on the medium', async () => {
    const { pieces } = await cleanRows(scene);
    expect(namesBelow(scene.dataRoot).filter((name) => name.includes('backup_set_1_'))).toEqual([]);
    expect(namesBelow(scene.dataRoot)).toContain('backup_sets/backup_set_2_full_start.obbak');
    const newest = Math.max(...Object.keys(pieces).map(Number));
    for (const [id, status] of Object.entries(pieces)) {
      // The row of the newest piece comes before its first file.
      if (Number(id) === newest) continue;
      const names = namesBelow(scene.archiveRoot).filter(
        (name) => name.includes(`r1p${id}_`) || name.endsWith(`r1p${id}`),
      );
      expect([id, names.length > 0]).toEqual([id, status !== 'DELETED']);
    }
  });

  test('and nobody who reads the path sees it', async () => {
    // The archive goes on meanwhile: there may be newer pieces than these rows say.
    const { pieces } = await cleanRows(scene);
    const ofStatus = (status: string) => Object.keys(pieces).filter((id) => pieces[Number(id)] === status);
    const sets = await readSets(openFileMedium(scene.dataRoot));
    expect(sets.map((set) => set.name.backupSetId)).toEqual([2, 3]);
    const list = tenantSetInfosFile.decode(
      readFileSync(join(scene.dataRoot, 'backup_set_3_full/tenant_backup_set_infos.obbak')),
    );
    expect(list.sets.map((set) => set.backupSetId)).toEqual([2, 3]);
    const found = (await readPieces(openFileMedium(scene.archiveRoot))).map((piece) => String(piece.pieceId));
    expect(found.filter((id) => ofStatus('DELETED').includes(id))).toEqual([]);
    expect(ofStatus('AVAILABLE').filter((id) => !found.includes(id))).toEqual([]);
    const newest = join(scene.archiveRoot, `piece_d1001r1p${found.at(-1)}/tenant_archive_piece_infos.obarc`);
    const listed = tenantPieceInfosFile.decode(readFileSync(newest)).frozenPieces.map(({ key }) => String(key.pieceId));
    expect(listed).toEqual(found.slice(0, -1));
  });

  test('counts the bytes of the pieces that are gone', async () => {
    const sums = await scene.harness.controller.catalog.read((tx) => ({
      round: tx.archives.rounds.list({ tenantId: scene.tenantId })[0]!,
      gone: tx.archives.pieces
        .list({ tenantId: scene.tenantId, fileStatus: 'DELETED' })
        .reduce((sum, piece) => sum + piece.outputBytes, 0n),
    }));
    expect(sums.gone).toBeGreaterThan(0n);
    expect(sums.round.deletedOutputBytes).toBe(sums.gone);
  });

  test('what is left restores, to the first moment of the window’s set and to now', async () => {
    await shipped(scene.harness, 'a');
    const query = 'SELECT COUNT(*) FROM d.t';
    expect(await restoredValue(scene.harness, 'a', 'now', query)).toBe('3');
    const { startReplayScn } = await scene.harness.controller.catalog.read(
      (tx) => tx.backups.setById(scene.tenantId, 2)!,
    );
    expect(await restoredValue(scene.harness, 'a', 'first', query, `UNTIL SCN = ${startReplayScn}`)).toBe('2');
  });
});

describe('the hour', () => {
  const count = async () => (await cleanRows(scene)).jobs.length;
  const passes = async () => {
    let turns = 0;
    await scene.harness.until(async () => ++turns > 5);
  };

  test('comes once, and a job that finds nothing says so', async () => {
    const before = await count();
    await passes();
    expect(await count()).toBe(before);
    scene.clock.move(hourMs);
    const { jobs } = await cleaned(scene, before + 1);
    expect(jobs.at(-1)).toMatchObject({ status: 'COMPLETED', taskCount: 0, successTaskCount: 0, comment: '' });
    await passes();
    expect(await count()).toBe(before + 1);
  });

  test('comes once also when the clock goes back and forth', async () => {
    const before = await count();
    for (const hours of [-1, 0.9, -0.9, 1, 0.5]) {
      scene.clock.move(hours * hourMs);
      await passes();
      expect(await count()).toBe(before);
    }
    scene.clock.move(0.6 * hourMs);
    await cleaned(scene, before + 1);
    scene.clock.move(-hourMs);
    await passes();
    expect(await count()).toBe(before + 1);
  });

  test('does not wait for a clock that had been far ahead', async () => {
    const before = await count();
    scene.clock.move(-3 * dayMs);
    await cleaned(scene, before + 1);
    await passes();
    expect(await count()).toBe(before + 1);
    scene.clock.move(3 * dayMs);
    await cleaned(scene, before + 2);
  });

  test('does not come any more once the policy was dropped; a new one begins at once', async () => {
    const before = await count();
    await scene.harness.say("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT = a");
    scene.clock.move(2 * hourMs);
    await passes();
    expect(await count()).toBe(before);
    await scene.harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '0' TENANT = a");
    await passes();
    expect(await count()).toBe(before);
    await scene.harness.say("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT = a");
    await scene.harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '30d' TENANT = a");
    await cleaned(scene, before + 1);
  });
});
