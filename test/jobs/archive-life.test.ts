import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Medium } from '../../src/media/medium.ts';
import { archivedTenant, backedUp, makeTable, roundIs, setShortPieces } from './backed-up-tenant.ts';
import {
  type Harness,
  makePool,
  makeTenant,
  restoredValue,
  roundOf,
  setsOf,
  settle,
  shipped,
  startArchiving,
  startHarness,
} from './job-harness.ts';

let harness: Harness | null = null;
let directory: string | null = null;
afterEach(async () => {
  await harness?.stop();
  if (directory !== null) rmSync(directory, { recursive: true, force: true });
  harness = null;
  directory = null;
});

const columns = 'id INT PRIMARY KEY, v TEXT';
const count = 'SELECT COUNT(*) FROM d.t';

test('a round goes on in the same file after a restart, and nothing is missing', async () => {
  directory = mkdtempSync(join(tmpdir(), 'obvault-life-'));
  harness = await startHarness({ directory });
  await archivedTenant(harness, columns);
  await backedUp(harness);
  for (let restart = 0; restart < 3; restart++) {
    for (let i = 0; i < 10; i++) await harness.sql('a', `INSERT INTO d.t VALUES (${restart * 10 + i}, 'x')`);
    if (restart % 2 === 0) await shipped(harness, 'a');
    await harness.stop();
    harness = await startHarness({ directory });
  }
  await shipped(harness, 'a');
  expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, status: 'DOING' });
  expect(readdirSync(join(directory, 'a/archive/piece_d1001r1p1/logstream_1001/log'))).toEqual(['1.obarc']);
  expect(await restoredValue(harness, 'a', 'b', count)).toBe('30');
});

test('the log is folded again and again while it is archived', async () => {
  harness = await startHarness({ settings: { foldLogBytes: 100_000 } });
  const tenantId = await archivedTenant(harness, columns);
  await backedUp(harness);
  const engine = await harness.controller.engines.open(tenantId);
  let folds = 0;
  for (let i = 0; i < 40; i++) {
    const rows = Array.from({ length: 20 }, (_, j) => `(${i * 20 + j}, '${'y'.repeat(300)}')`);
    await harness.sql('a', `INSERT INTO d.t VALUES ${rows.join(',')}`);
    if ((await engine.logBytes()) < 100_000) continue;
    await harness.until(async () => (await engine.logBytes()) < 100_000);
    folds++;
  }
  expect(folds).toBeGreaterThan(3);
  await shipped(harness, 'a');
  expect((await roundOf(harness, 'a'))?.status).toBe('DOING');
  expect(await restoredValue(harness, 'a', 'b', count)).toBe('800');
});

for (const restarts of [false, true])
  test(`a round that begins right behind a fold misses nothing${restarts ? ', also after a restart' : ''}`, async () => {
    directory = mkdtempSync(join(tmpdir(), 'obvault-life-'));
    const options = { directory, settings: { foldLogBytes: 50_000 } };
    harness = await startHarness(options);
    const engine = await harness.controller.engines.open(await makeTenant(harness, 'a'));
    await makeTable(harness, columns);
    await harness.sql('a', `INSERT INTO d.t VALUES (1, '${'y'.repeat(60_000)}')`);
    await harness.until(async () => (await engine.logBytes()) === 0);
    await startArchiving(harness, 'a');
    if (restarts) {
      await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = a");
      await roundIs(harness, 'SUSPEND');
    }
    await harness.sql('a', "INSERT INTO d.t VALUES (2, 'the first of a new generation of the log')");
    if (restarts) {
      await harness.stop();
      harness = await startHarness(options);
      await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = a");
      await harness.until(async () => (await roundOf(harness!, 'a'))?.status !== 'SUSPEND');
    }
    await shipped(harness, 'a');
    expect(await roundOf(harness, 'a')).toMatchObject({ status: 'DOING', comment: '' });
  });

test('pieces switch on their interval and a restore reads through all of them', async () => {
  harness = await startHarness();
  const tenantId = await makeTenant(harness, 'a');
  await setShortPieces(harness, tenantId, '1s');
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await roundIs(harness, 'DOING');
  await makeTable(harness, columns);
  await backedUp(harness);
  let id = 0;
  await harness.until(async () => {
    await harness?.sql('a', `INSERT INTO d.t VALUES (${id++}, 'z')`);
    return ((await roundOf(harness!, 'a'))?.usedPieceId ?? 0) >= 4;
  });
  await shipped(harness, 'a');
  const pieces = await harness.controller.catalog.read((tx) => tx.archives.pieces.list({ tenantId }));
  expect(pieces.slice(0, 3).map((piece) => [piece.status, piece.fileStatus])).toEqual(
    Array(3).fill(['FROZEN', 'AVAILABLE']),
  );
  for (const [index, piece] of pieces.entries()) {
    const next = pieces[index + 1];
    if (next) expect(next.startScn).toBe(piece.endScn);
  }
  expect(await restoredValue(harness, 'a', 'b', count)).toBe(String(id));
});

test('DEFER suspends the round, ENABLE takes the same one up again without a hole', async () => {
  harness = await startHarness();
  await archivedTenant(harness, columns);
  await backedUp(harness);
  await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = a");
  await roundIs(harness, 'SUSPEND');
  await harness.sql('a', "INSERT INTO d.t VALUES (1, 'while suspended')");
  await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'enable' TENANT = a");
  await roundIs(harness, 'DOING');
  await shipped(harness, 'a');
  expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1 });
  expect(await restoredValue(harness, 'a', 'b', count)).toBe('1');
});

test('a job of sys has a child per tenant and ends when they have ended', async () => {
  harness = await startHarness();
  for (const name of ['a', 'b']) {
    await makeTenant(harness, name);
    await startArchiving(harness, name);
  }
  await harness.say("ALTER SYSTEM BACKUP TENANT = a, b DESCRIPTION = 'both'");
  const [sys] = await harness.controller.catalog.read((tx) => tx.backups.liveJobs(1));
  expect(sys).toMatchObject({
    jobLevel: 'CLUSTER',
    initiatorJobId: sys?.jobId,
    backupSetId: 0,
    path: '',
    status: 'INIT',
  });
  await expect(harness.say('ALTER SYSTEM BACKUP TENANT = a')).rejects.toMatchObject({ errno: 9036 });
  await settle(harness);
  const jobs = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ initiatorTenantId: 1 }));
  expect(jobs.map((job) => [job.status, job.jobLevel, job.history])).toEqual([
    ['COMPLETED', 'CLUSTER', true],
    ['COMPLETED', 'USER_TENANT', true],
    ['COMPLETED', 'USER_TENANT', true],
  ]);
  expect((await setsOf(harness, 'a'))[0]?.status).toBe('SUCCESS');
});

test('CANCEL BACKUP ends a job whose medium hangs', async () => {
  let hang = true;
  harness = await startHarness({
    wrapMedium: (medium) => hanging(medium, () => hang),
  });
  await makeTenant(harness, 'a');
  await startArchiving(harness, 'a');
  await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
  await harness.until(() =>
    harness!.controller.catalog.read((tx) => tx.backups.tasks.list({ status: 'BACKUP_DATA_MAJOR' }).length === 1),
  );
  await harness.say('ALTER SYSTEM CANCEL BACKUP', 'a');
  await settle(harness);
  const [job] = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ backupSetId: 1 }));
  expect(job).toMatchObject({ status: 'CANCELED', result: -4072 });
  expect((await setsOf(harness, 'a'))[0]).toMatchObject({ status: 'FAILED', fileStatus: 'INCOMPLETE' });
  hang = false;
  await backedUp(harness);
  expect((await setsOf(harness, 'a'))[1]).toMatchObject({ status: 'SUCCESS', backupSetId: 2 });
});

test('CANCEL RESTORE drops the half-made tenant and frees its pool', async () => {
  let hang = false;
  harness = await startHarness({ wrapMedium: (medium) => hangingRead(medium, () => hang) });
  await archivedTenant(harness, columns);
  await backedUp(harness);
  await makePool(harness, 'p');
  const paths = `${harness.place('a/data')},${harness.place('a/archive')}`;
  await harness.say(`ALTER SYSTEM RESTORE b FROM '${paths}' WITH 'pool_list=p'`);
  hang = true;
  await harness.until(() =>
    harness!.controller.catalog.read((tx) => tx.restores.jobs.list({ status: 'RESTORE_CREATE_INIT_LS' }).length === 1),
  );
  await expect(harness.say('ALTER SYSTEM CANCEL RESTORE a')).rejects.toMatchObject({ errno: 4179 });
  await harness.say('ALTER SYSTEM CANCEL RESTORE b');
  await settle(harness);
  const jobs = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: 'b' }));
  expect(jobs.map((job) => job.status)).toEqual(['RESTORE_FAIL', 'RESTORE_FAIL']);
  const left = await harness.controller.catalog.read((tx) => [
    tx.tenants.byName('b'),
    tx.resources.poolByName('p')?.tenantId,
  ]);
  expect(left).toEqual([null, null]);
});

/** A medium whose data files cannot be opened while `hangs` says so. */
function hangingRead(medium: Medium, hangs: () => boolean): Medium {
  const openObject: Medium['openObject'] = (key, signal) =>
    hangs() && key.includes('macro_block_data')
      ? new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
      : medium.openObject(key, signal);
  return new Proxy(medium, {
    get: (target, name) => (name === 'openObject' ? openObject : Reflect.get(target, name)),
  });
}

/** A medium on which no data file can be opened while `hangs` says so; only the signal ends the wait. */
function hanging(medium: Medium, hangs: () => boolean): Medium {
  const createObject: Medium['createObject'] = (key, signal) =>
    hangs()
      ? new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
      : medium.createObject(key, signal);
  return new Proxy(medium, {
    get: (target, name) => (name === 'createObject' ? createObject : Reflect.get(target, name)),
  });
}
