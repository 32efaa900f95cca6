import { appendFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createViews, viewSchema } from '../../src/catalog/view-reader.ts';
import { tenantWithTwoSets } from './backed-up-tenant.ts';
import { FaultSwitch } from './fault-switch.ts';
import { hangMedium, hungCallsComeBack } from './hang-medium.ts';
import { type Harness, makePool, restoredValue, setsOf, startHarness } from './job-harness.ts';
import { ended, findingsOf, lastJob, proofsOf, tasksOf, validate } from './validate-scene.ts';

const faults = new FaultSwitch();
const hang = { on: false };
let harness: Harness;

async function openScene(): Promise<void> {
  harness = await startHarness({
    wrapMedium: (medium, path) => hangMedium(faults.wrap(medium, path), () => hang.on),
    maxLogFileBytes: 20_000,
  });
  await tenantWithTwoSets(harness);
}

const data = (name: string) => join(harness.directory, 'a', 'data', name);
const archive = (name: string) => join(harness.directory, 'a', 'archive', name);

async function fileStatuses(): Promise<readonly string[]> {
  return (await setsOf(harness, 'a')).map((set) => set.fileStatus);
}

/** Rows of a view as sys reads them. */
async function viewed(name: string): Promise<readonly Record<string, unknown>[]> {
  const { catalog, release, clock } = harness.controller;
  const source = createViews(release, catalog).schemaProvider('sys', 'offset').table(viewSchema('sys'), name)!;
  const binds = { tenantId: 1, timeZone: '+08:00', nowUs: clock.nowUs() };
  return catalog.readDatabase.prepare(source.sql).all(binds) as Record<string, unknown>[];
}

describe('what VALIDATE finds', () => {
  beforeEach(openScene);
  afterEach(() => harness.stop());

  test('marks a damaged set BROKEN: no restore takes it, and one that needs it is told why', async () => {
    const path = data('backup_set_2_full/infos/diagnose_info.obbak');
    appendFileSync(path, 'x');
    await validate(harness, 'a', 'BACKUPSET = 2');
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'BROKEN']);
    expect((await setsOf(harness, 'a'))[1]!.comment).toContain('backup_set_2_full/infos/diagnose_info.obbak');
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('3');
    const [job] = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: 'b' }));
    expect(job!.backupSetList).toContain('backup_set_1_full');
    expect(job!.backupSetList).not.toContain('backup_set_2_full');

    rmSync(data('backup_set_1_full/infos/locality_info.obbak'));
    await validate(harness, 'a', "BACKUPSET = '1'");
    expect(await fileStatuses()).toEqual(['BROKEN', 'BROKEN']);
    const paths = `${harness.place('a/data')},${harness.place('a/archive')}`;
    await makePool(harness, 'p');
    await expect(harness.say(`ALTER SYSTEM RESTORE c FROM '${paths}' WITH 'pool_list=p'`)).rejects.toThrow(
      /backup set \d is BROKEN: backup_set_\d_full/,
    );
    expect((await viewed('CDB_OB_BACKUP_PROOF')).map((row) => [row['BACKUP_SET_ID'], row['RESULT']])).toContainEqual([
      1,
      'BROKEN',
    ]);
    expect(await viewed('CDB_OB_RECOVERABLE_WINDOW')).toEqual([]);
  });

  test('names what is missing, lists what is foreign, and lets nothing of it pass as damage', async () => {
    writeFileSync(data('notes.txt'), 'by hand');
    writeFileSync(data('backup_set_1_full/logstream_1001/copy.obbak'), 'by hand');
    rmSync(data('backup_set_2_full/logstream_1001/major_data_turn_1_retry_0/macro_range_index.obbak'));
    const job = await validate(harness, 'a', 'DATABASE');
    expect((await findingsOf(harness, 'a')).map(({ kind, object }) => [kind, object]).sort()).toEqual([
      ['FOREIGN', 'backup_set_1_full/logstream_1001/copy.obbak'],
      ['FOREIGN', 'notes.txt'],
      ['MISSING', 'backup_set_2_full/logstream_1001/major_data_turn_1_retry_0/macro_range_index.obbak'],
    ]);
    expect(job).toMatchObject({ status: 'COMPLETED', result: -4103, damagedCount: 1 });
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'BROKEN']);
    expect(await viewed('CDB_OB_BACKUP_VALIDATE_FINDINGS')).toHaveLength(3);
  });

  test('a broken piece is a hole in the recoverable window and ends a restore through it', async () => {
    const before = await viewed('CDB_OB_RECOVERABLE_WINDOW');
    expect(before.map((row) => row['KIND'])).toEqual(['WINDOW']);
    expect(before[0]).toMatchObject({ FIRST_BACKUP_SET_ID: 1, LAST_BACKUP_SET_ID: 2, ROUND_ID: 1 });
    const [log] = readdirSync(archive('piece_d1001r1p1/logstream_1001/log')).filter((name) => name.endsWith('.obarc'));
    renameSync(archive(`piece_d1001r1p1/logstream_1001/log/${log}`), archive('elsewhere'));
    const job = await validate(harness, 'a', 'ARCHIVELOG PIECE 1');
    expect(job).toMatchObject({ status: 'COMPLETED', result: -4103 });
    expect(await viewed('CDB_OB_RECOVERABLE_WINDOW')).toEqual([]);
    await makePool(harness, 'p');
    const paths = `${harness.place('a/data')},${harness.place('a/archive')}`;
    await expect(harness.say(`ALTER SYSTEM RESTORE c FROM '${paths}' WITH 'pool_list=p'`)).rejects.toThrow(
      /backup piece 1 is BROKEN: piece_d1001r1p1/,
    );
    renameSync(archive('elsewhere'), archive(`piece_d1001r1p1/logstream_1001/log/${log}`));
    await validate(harness, 'a', 'ARCHIVELOG_PIECE');
    expect(await viewed('CDB_OB_RECOVERABLE_WINDOW')).toHaveLength(1);
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('3');
  });

  test('a directory that is not the destination proves nothing', async () => {
    renameSync(data(''), `${data('')}-away`);
    const job = await validate(harness, 'a', 'BACKUPSET');
    expect(job).toMatchObject({ status: 'FAILED', result: -9080 });
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'AVAILABLE']);
    expect((await proofsOf(harness, 'a')).map(({ method }) => method)).toEqual(['BACKUP', 'BACKUP']);
    renameSync(`${data('')}-away`, data(''));
  });
});

describe('a VALIDATE', () => {
  beforeAll(openScene);
  afterAll(async () => {
    hungCallsComeBack();
    await harness.stop();
  });

  test('is followed by the proof of a restore', async () => {
    expect((await viewed('CDB_OB_BACKUP_PROOF')).map((row) => row['RESULT'])).toEqual([
      'PARTIAL',
      'PARTIAL',
      'UNVERIFIED',
    ]);
    await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t');
    const rows = (await viewed('CDB_OB_BACKUP_PROOF')).map((row) => [
      row['BACKUP_SET_ID'],
      row['METHOD'],
      row['RESULT'],
    ]);
    expect(rows).toEqual([
      [1, 'BACKUP', 'PARTIAL'],
      [2, 'RESTORE', 'OK'],
      [0, 'RESTORE', 'PARTIAL'],
    ]);
  });

  test('without the content read says so', async () => {
    await validate(harness, 'a', "BACKUP LEVEL = 'basic'");
    const tasks = await tasksOf(harness, 'a', await lastJob(harness, 'a'));
    expect(tasks.filter((task) => task.taskType !== 'DESTINATION').map((task) => task.conclusion)).toEqual([
      'PARTIAL',
      'PARTIAL',
      'PARTIAL',
    ]);
  });

  test('waits for the one before it: both are carried out, the second from the end of the first', async () => {
    hang.on = true;
    await harness.say('ALTER SYSTEM VALIDATE BACKUPSET', 'a');
    await harness.say('ALTER SYSTEM VALIDATE ARCHIVELOG_PIECE', 'a');
    const live = () => harness.controller.catalog.read((tx) => tx.proofs.liveJobs());
    let passes = 5;
    await harness.until(async () => --passes < 0);
    const [first, second] = await live();
    expect([first?.validateType, second?.validateType, second?.status]).toEqual([
      'BACKUPSET',
      'ARCHIVELOG_PIECE',
      'INIT',
    ]);
    expect(await tasksOf(harness, 'a', second!)).toEqual([]);
    await harness.say(`ALTER SYSTEM CANCEL VALIDATE ${first!.jobId}`, 'a');
    hang.on = false;
    await ended(harness);
    const done = await harness.controller.catalog.read((tx) => tx.proofs.jobs.list({ tenantId: second!.tenantId }));
    expect(done.slice(-2)).toMatchObject([{ status: 'CANCELED' }, { status: 'COMPLETED', result: 0, taskCount: 2 }]);
    const [one, two] = done.slice(-2);
    const tasks = await tasksOf(harness, 'a', two!);
    for (const task of tasks) expect(task.startUs).toBeGreaterThanOrEqual(one!.endUs!);
  });

  test('of a medium that hangs is cancelled within the bound, and works when it is back', async () => {
    await harness.say('ALTER SYSTEM VALIDATE BACKUP', 'a');
    hang.on = true;
    const waited = harness.controller.clock.nowUs() + 300_000;
    await harness.until(async () => harness.controller.clock.nowUs() > waited);
    expect((await lastJob(harness, 'a')).status).toMatch(/INIT|DOING/);
    const start = performance.now();
    await harness.say('ALTER SYSTEM CANCEL VALIDATE', 'a');
    await ended(harness);
    expect(performance.now() - start).toBeLessThan(15_000);
    hang.on = false;
    expect(await lastJob(harness, 'a')).toMatchObject({ status: 'CANCELED', result: -4072 });
    expect(await validate(harness, 'a', 'BACKUP')).toMatchObject({ status: 'COMPLETED', result: 0 });
  });

  test('takes no passing fault of the medium for damage, whichever operation meets it', {
    timeout: 600_000,
  }, async () => {
    for (let at = 1; ; at += 3) {
      await harness.say('ALTER SYSTEM VALIDATE BACKUPSET', 'a');
      faults.arm(at, { kind: 'io' }, (path) => path.endsWith('a/data'));
      await ended(harness);
      const hit = faults.hits[0] ?? null;
      faults.clear();
      expect(await lastJob(harness, 'a'), `${at} ${hit}`).toMatchObject({
        status: 'COMPLETED',
        result: 0,
        damagedCount: 0,
      });
      if (hit === null) {
        expect(at).toBeGreaterThan(20);
        break;
      }
    }
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'AVAILABLE']);
  });

  test('ends when its medium is gone for good, and breaks nothing', async () => {
    await harness.say('ALTER SYSTEM VALIDATE BACKUPSET', 'a');
    faults.arm(9, { kind: 'io', lasting: true }, (path) => path.endsWith('a/data'));
    await ended(harness);
    faults.clear();
    expect(await lastJob(harness, 'a')).toMatchObject({ status: 'FAILED', result: -4009, damagedCount: 0 });
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'AVAILABLE']);
  });

  const refusals: readonly (readonly [string, string | undefined, string])[] = [
    ['VALIDATE BACKUPSET = 9', 'a', 'backup set 9 does not exist'],
    ["VALIDATE BACKUPSET = 'x'", 'a', 'Incorrect arguments to validate ids'],
    ["VALIDATE BACKUP LEVEL = 'deep'", 'a', 'Incorrect arguments to validate level, it should be basic or physical'],
    ['VALIDATE BACKUP TENANT = a', 'a', 'user tenant cannot specify tenant names not supported'],
    ['VALIDATE BACKUPSET = 1', undefined, 'Incorrect arguments to tenant name, should specify tenant name'],
    ['VALIDATE BACKUP TENANT = nobody', undefined, 'invalid tenant name specified in connection string'],
    ['CANCEL VALIDATE 99', 'a', 'validate job 99 does not exist'],
  ];
  test.each(refusals)('%s is refused', async (form, tenant, text) => {
    await expect(harness.say(`ALTER SYSTEM ${form}`, tenant)).rejects.toThrow(text);
  });

  test('is asked for by sys, for one tenant or all, and on a path of its own', async () => {
    await harness.say('ALTER SYSTEM VALIDATE BACKUP');
    await harness.say(`ALTER SYSTEM VALIDATE BACKUP DATA_BACKUP_DEST = '${harness.place('a/data')}' TENANT = a`);
    await ended(harness);
    const tenantId = (await lastJob(harness, 'a')).tenantId;
    const jobs = await harness.controller.catalog.read((tx) => tx.proofs.jobs.list({ tenantId }).slice(-2));
    expect(jobs.map((job) => [job.status, job.result, job.initiatorTenantId])).toEqual([
      ['COMPLETED', 0, 1],
      ['COMPLETED', 0, 1],
    ]);
  });
});
