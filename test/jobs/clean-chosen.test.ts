import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFault } from '../../src/base/errors.ts';
import { parseRelease } from '../../src/base/release.ts';
import type { Medium } from '../../src/media/medium.ts';
import { parseObStatement } from '../../src/sql/parse-ob.ts';
import type { StatementOf } from '../../src/sql/statement.ts';
import { restore } from '../../src/statements/restore.ts';
import { runObStatement } from '../../src/statements/run-statement.ts';
import { nextPiece } from './backed-up-tenant.ts';
import { hourMs } from './clean-clock.ts';
import { backUp, type CleanScene, cleaned, cleanRows, openCleanScene } from './clean-scene.ts';
import { makePool, restoredValue, settle, shipped } from './job-harness.ts';

const release = parseRelease('4.4.2');
let scene: CleanScene;
let rows = 0;
/** Restores read the data of a set when this has come. */
let mayRead: Promise<void> = Promise.resolve();
let letRead = () => {};

function heldBack(medium: Medium): Medium {
  return {
    ...medium,
    async openObject(key, signal) {
      if (key.includes('macro_block_data')) await mayRead;
      return medium.openObject(key, signal);
    },
  };
}

beforeAll(async () => {
  scene = await openCleanScene({ release, wrapMedium: heldBack });
  // 1 full, 2 incremental, 3 full, 4 incremental.
  for (const kind of ['', 'INCREMENTAL ', '', 'INCREMENTAL ']) {
    if (kind === '') await backUp(scene, ++rows);
    else {
      await scene.harness.sql('a', `INSERT INTO d.t VALUES (${++rows})`);
      await scene.harness.say(`ALTER SYSTEM BACKUP ${kind}DATABASE`, 'a');
      await settle(scene.harness);
    }
  }
  await nextPiece(scene.harness);
});
afterAll(async () => {
  letRead();
  await scene.harness.stop();
});

/** Rows of a DRY RUN said as the tenant, `kind id decision: because`. */
async function dryRun(rest: string): Promise<readonly string[]> {
  const statement = parseObStatement(`ALTER SYSTEM DELETE OBSOLETE BACKUP ${rest} DRY RUN`, { release, oracle: false });
  const { rows: found } = await runObStatement(statement, await scene.harness.speaker('a'), scene.harness.controller);
  expect(found?.columns.map((column) => column.label)).toEqual([
    ...['TENANT_NAME', 'OBJECT_TYPE', 'ID', 'ROUND_ID', 'DEST_ID', 'DECISION', 'BECAUSE'],
  ]);
  return (found?.cells ?? []).map(([tenant, type, id, , , decision, because]) => {
    expect(tenant).toBe('a');
    return `${type} ${id} ${decision}: ${because}`;
  });
}

/** Runs `work` while the piece set 3 ends in counts as damaged. */
async function withBrokenPiece<T>(work: () => Promise<T>): Promise<T> {
  const { catalog } = scene.harness.controller;
  const { tenantId } = scene;
  const proof = await catalog.transaction((tx) => {
    const scn = tx.backups.setById(tenantId, 3)?.minRestoreScn ?? 0n;
    const piece = tx.archives.pieces.list({ tenantId }).find((one) => one.startScn <= scn && scn < one.endScn)!;
    const { path, destId, roundId, pieceId } = piece;
    const key = { tenantId, objectType: 'BACKUP PIECE' as const, path, destId, backupSetId: 0, roundId, pieceId };
    const rest = { verifiedUs: 0, durationUs: 0, bytes: 0n, damagedCount: 1, comment: '' };
    tx.proofs.proofs.put({ ...key, ...rest, method: 'VALIDATE', result: 'BROKEN' });
    return key;
  });
  const result = await work();
  await catalog.transaction((tx) => tx.proofs.proofs.remove(proof));
  return result;
}

async function refused(sql: string): Promise<string> {
  try {
    await scene.harness.say(sql, 'a');
  } catch (error) {
    if (isFault(error)) return `${error.errno} ${error.message}`;
    throw error;
  }
  return 'OK';
}

describe('DRY RUN', () => {
  test('says what a clean-up would do and changes nothing', async () => {
    const before = await cleanRows(scene);
    scene.clock.move(24 * hourMs);
    const found = await dryRun("RECOVERY_WINDOW = '1h'");
    expect(found.slice(0, 4)).toEqual([
      'BACKUP SET 1 DROP: full set 3 before the recovery window stands in for it',
      'BACKUP SET 2 DROP: full set 3 before the recovery window stands in for it',
      'BACKUP SET 3 KEEP: it is the newest usable full set before the recovery window',
      'BACKUP SET 4 KEEP: it is newer than full set 3, the start of the window',
    ]);
    expect(found.filter((row) => row.startsWith('BACKUP PIECE')).length).toBe(Object.keys(before.pieces).length);
    expect((await dryRun("RECOVERY_WINDOW '30d'")).filter((row) => row.includes('DROP'))).toEqual([]);
    expect(await refused('ALTER SYSTEM DELETE OBSOLETE BACKUP DRY RUN')).toContain('without a delete policy');
    expect(await withBrokenPiece(() => dryRun("RECOVERY_WINDOW = '1h'"))).toContain(
      'BACKUP SET 1 KEEP: it is the newest usable full set before the recovery window',
    );
    const after = await cleanRows(scene);
    expect([after.jobs, after.sets]).toEqual([before.jobs, before.sets]);
  });

  test('keeps the log of a set that is being made, whose row does not say yet of which moment', async () => {
    const { catalog } = scene.harness.controller;
    const { tenantId } = scene;
    const { set, task } = await catalog.transaction((tx) => {
      const like = tx.backups.setById(tenantId, 4)!;
      const { minRestoreScn: startScn } = tx.backups.setById(tenantId, 2)!;
      const made = {
        status: 'DOING',
        fileStatus: 'COPYING',
        endUs: null,
        startReplayScn: 0n,
        minRestoreScn: 0n,
      } as const;
      const set = { ...like, backupSetId: 99, ...made };
      const task = { ...tx.backups.tasks.list({ tenantId })[0]!, taskId: 99_999, backupSetId: 99, startScn };
      tx.backups.sets.put(set);
      tx.backups.tasks.put(task);
      return { set, task };
    });
    const found = await dryRun("RECOVERY_WINDOW = '1h'");
    await catalog.transaction((tx) => {
      tx.backups.sets.remove(set);
      tx.backups.tasks.remove(task);
    });
    const pieces = await catalog.read((tx) => tx.archives.pieces.list({ tenantId }));
    const needed = pieces.filter((piece) => piece.endScn > task.startScn).map((piece) => piece.pieceId);
    const kept = found.filter((row) => row.startsWith('BACKUP PIECE') && row.includes('KEEP'));
    expect(kept.map((row) => Number(row.split(' ')[2]))).toEqual(needed);
    expect(kept[0]).toContain('KEEP: set 99, which is being made, may need its log');
    expect(found.join('\n')).toMatch(/PIECE .* DROP/);
  });

  test('knows what a restore reads', async () => {
    await makePool(scene.harness, 'pool_r');
    const paths = `${scene.harness.place('a/data')},${scene.harness.place('a/archive')}`;
    const { minRestoreScn } = await scene.harness.controller.catalog.read(
      (tx) => tx.backups.setById(scene.tenantId, 2)!,
    );
    const until = `UNTIL SCN = ${minRestoreScn}`;
    await scene.harness.say(`ALTER SYSTEM RESTORE r FROM '${paths}' ${until} WITH 'pool_list=pool_r'`);
    // Its statement has read the head of a data file.
    ({ promise: mayRead, resolve: letRead } = Promise.withResolvers<void>());
    const found = await dryRun("RECOVERY_WINDOW = '1h'");
    expect(found.slice(0, 2)).toEqual([
      'BACKUP SET 1 KEEP: a running restore reads it',
      'BACKUP SET 2 KEEP: a running restore reads it',
    ]);
    expect(found.filter((row) => /PIECE .*a running restore/.test(row)).length).toBeGreaterThan(0);
    expect(await refused('ALTER SYSTEM DELETE BACKUPSET 2')).toContain('9045');
    // The clean-up of the policy runs beside the restore, which loses nothing.
    await scene.harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '1h'", 'a');
    const { sets } = await cleaned(scene, 1);
    letRead();
    expect(sets).toMatchObject({ 1: 'AVAILABLE', 2: 'AVAILABLE' });
    await settle(scene.harness);
    const jobs = await scene.harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: 'r' }));
    expect(jobs.map((job) => job.status)).toEqual(['RESTORE_SUCCESS', 'RESTORE_SUCCESS']);
    expect(await scene.harness.value('r', 'SELECT COUNT(*) FROM d.t')).toBe('2');
    expect((await dryRun('')).filter((row) => row.includes('reads it'))).toEqual([]);
    expect((await dryRun('')).slice(0, 2).every((row) => row.includes('DROP'))).toBe(true);
    // It is a standby now; rolled forward it takes the pieces from there on.
    await scene.harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = r UNTIL UNLIMITED');
    expect((await dryRun('')).filter((row) => /PIECE .*a standby tenant reads it/.test(row)).length).toBeGreaterThan(0);
    await scene.harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = r CANCEL');
    await scene.harness.say("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default'", 'a');
  });
});

test('a restore does not begin on what a clean-up has begun to delete since it was chosen', async () => {
  const { controller } = scene.harness;
  const paths = `${scene.harness.place('a/data')},${scene.harness.place('a/archive')}`;
  await makePool(scene.harness, 'pool_q');
  const sql = `ALTER SYSTEM RESTORE q FROM '${paths}' WITH 'pool_list=pool_q'`;
  const statement = parseObStatement(sql, { release, oracle: false }) as StatementOf<'restore'>;
  const speaker = await scene.harness.speaker();
  const checked = await restore.check(statement, speaker, controller);
  const mark = (fileStatus: 'DELETING' | 'AVAILABLE') =>
    controller.catalog.transaction((tx) => {
      tx.backups.sets.update(tx.backups.setById(scene.tenantId, 4)!, { fileStatus });
    });
  await mark('DELETING');
  await expect(restore.run(checked, statement, speaker, controller)).rejects.toMatchObject({ errno: 4018 });
  expect(await controller.catalog.read((tx) => tx.tenants.byName('q'))).toBe(null);
  await mark('AVAILABLE');
});

describe('chosen sets and pieces', () => {
  test('are refused while something needs them', async () => {
    expect(await refused('ALTER SYSTEM DELETE BACKUPSET 9')).toBe('9046 backup set id is not valid: there is no set 9');
    expect(await refused('ALTER SYSTEM DELETE BACKUPSET 1')).toBe(
      '9045 delete backup set do not allow: set 2 builds on set 1',
    );
    expect(await refused('ALTER SYSTEM DELETE BACKUPSET 3, 4')).toBe(
      '9045 delete backup set do not allow: set 3 is the newest full set that restores',
    );
    const ids = Object.entries((await cleanRows(scene)).pieces)
      .filter(([, status]) => status === 'AVAILABLE')
      .map(([id]) => Number(id));
    expect(await refused(`ALTER SYSTEM DELETE ARCHIVELOG_PIECE ${ids[1]}`)).toContain('9069');
    expect(await refused(`ALTER SYSTEM DELETE ARCHIVELOG_PIECE ${ids.slice(0, -1).join(', ')}`)).toContain(
      'set 3, the newest full set, needs its log',
    );
    expect(await refused(`ALTER SYSTEM DELETE ARCHIVELOG_PIECE ${ids.join(', ')}`)).toContain('9069');
    expect((await cleanRows(scene)).jobs.length).toBe(1);
  });

  test('go in the order that leaves no set without its base', async () => {
    await scene.harness.say('ALTER SYSTEM DELETE BACKUPSET 1, 2', 'a');
    expect(await refused('ALTER SYSTEM DELETE BACKUPSET 4')).toBe('9044 delete backup data is in progress');
    const { jobs, tasks, sets } = await cleaned(scene, 2);
    const job = jobs.at(-1)!;
    expect(job).toMatchObject({ type: 'DELETE BACKUP SET', parameter: 1, status: 'COMPLETED', successTaskCount: 2 });
    expect(tasks.filter((task) => task.jobId === job.jobId).map((task) => task.id)).toEqual([2, 1]);
    expect(sets).toEqual({ 1: 'DELETED', 2: 'DELETED', 3: 'AVAILABLE', 4: 'AVAILABLE' });
  });

  test('the oldest pieces, from the oldest on', async () => {
    const ids = Object.entries((await cleanRows(scene)).pieces)
      .filter(([, status]) => status === 'AVAILABLE')
      .map(([id]) => Number(id));
    await scene.harness.say(`ALTER SYSTEM DELETE ARCHIVELOG_PIECE ${ids[0]}`, 'a');
    const { jobs, pieces } = await cleaned(scene, 3);
    expect(jobs.at(-1)).toMatchObject({ type: 'DELETE BACKUP PIECE', status: 'COMPLETED', result: 0 });
    expect(pieces[ids[0]!]).toBe('DELETED');
  });

  test('what is left restores', async () => {
    await shipped(scene.harness, 'a');
    expect(await restoredValue(scene.harness, 'a', 'last', 'SELECT COUNT(*) FROM d.t')).toBe(String(rows));
  });
});
