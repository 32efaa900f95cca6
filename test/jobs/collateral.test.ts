import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import { callsCameBack } from '../../src/media/open-medium.ts';
import { openBelow } from '../media/descriptors.ts';
import { archivedTenant, backedUp, makeTable, passes, roundIs } from './backed-up-tenant.ts';
import { hangMedium, hungCallsComeBack } from './hang-medium.ts';
import {
  type Harness,
  makeTenant,
  restoredValue,
  roundOf,
  setsOf,
  settle,
  shipped,
  startArchiving,
  startHarness,
} from './job-harness.ts';

let harness: Harness;
let sick: (path: string) => boolean = () => false;
let directory: string | undefined;
afterEach(async () => {
  sick = () => false;
  hungCallsComeBack();
  await harness.stop();
  await expect.poll(() => openBelow(harness.directory)).toEqual([]);
  if (directory !== undefined) rmSync(directory, { recursive: true });
  directory = undefined;
});

/** Tenants with archives in DOING on media that hang while `sick` says so. */
async function prepared(...names: readonly string[]): Promise<void> {
  harness = await startHarness({ wrapMedium: (medium, path) => hangMedium(medium, () => sick(path)) });
  for (const name of names) {
    await makeTenant(harness, name);
    await startArchiving(harness, name);
  }
}

const jobsOf = (name: string) =>
  harness.controller.catalog.read((tx) => tx.backups.jobs.list({ tenantId: tx.tenants.byName(name)?.tenantId ?? 0 }));
const of = (name: string) => (path: string) => path.includes(`/${name}/`);

/** Told from the 30 seconds of a call and the minutes a job may wait, also on a machine that has much else to do. */
const atOnceMs = 20_000;

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work;
  expect(performance.now() - start).toBeLessThan(limitMs);
  return result;
}

describe('a destination that hangs', () => {
  test('delays neither the backup nor the drop of another tenant', async () => {
    await prepared('a', 'b');
    sick = of('a');
    await harness.say('ALTER SYSTEM BACKUP TENANT = a, b');
    await harness.until(async () => (await jobsOf('b'))[0]?.status === 'COMPLETED');
    expect((await setsOf(harness, 'b'))[0]?.status).toBe('SUCCESS');
    expect((await jobsOf('a'))[0]?.status).toMatch(/INIT|DOING/);
    await within(atOnceMs, harness.say('DROP TENANT b FORCE'));
    expect(await harness.controller.catalog.read((tx) => tx.tenants.byName('b'))).toBeNull();
  });

  test('holds few of the threads all files are read through, however often it is tried', async () => {
    // 30 seconds of a call are 30 milliseconds here.
    const mediumClock = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 1000, signal),
    };
    directory = mkdtempSync(join(tmpdir(), 'obvault-hang-'));
    harness = await startHarness({ directory });
    for (const name of ['a', 'b']) {
      await makeTenant(harness, name);
      await startArchiving(harness, name);
    }
    await harness.stop();
    // Opening a pipe nobody writes to does not come back: a dead mount behaves so.
    const pipe = join(directory, 'a/archive/format.obbak');
    rmSync(pipe);
    execFileSync('mkfifo', [pipe]);
    const patient = await startHarness({ directory, mediumClock });
    try {
      harness = patient;
      await passes(harness, 60);
      await harness.stop();
      harness = await startHarness({ directory });
      await within(atOnceMs, shipped(harness, 'b'));
      expect((await roundOf(harness, 'a'))?.status).toBe('DOING');
    } finally {
      // A call may reach the pipe only later, and a process with a call that hangs does not exit.
      const release = () => closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
      for (release(); !(await callsCameBack()); release()) await systemClock.sleep(5);
    }
  });

  test('does not keep a round from stopping: after its time it is stopped by force, and the next one works', async () => {
    // A call that hangs is given up soon; one of a medium that works has its time.
    const clock: Clock = {
      ...systemClock,
      sleep: (ms, signal) => systemClock.sleep(sick('/a/') ? Math.min(ms, 250) : ms, signal),
    };
    harness = await startHarness({
      settings: { forceStopMs: 1_000 },
      wrapMedium: (medium, path) => hangMedium(medium, () => sick(path), { clock }),
    });
    await makeTenant(harness, 'a');
    await startArchiving(harness, 'a');
    await harness.sql('a', 'CREATE DATABASE d');
    sick = of('a');
    await passes(harness, 5);
    const stopped = async () => {
      await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
      await roundIs(harness, 'STOP');
    };
    // One call in the air, the time to stop in order, one call more.
    await within(atOnceMs, stopped());
    expect((await roundOf(harness, 'a'))?.comment).toMatch(/^force stop, result: -\d+$/);
    const pieces = await harness.controller.catalog.read((tx) => tx.archives.pieces.list());
    expect(pieces.map(({ status }) => status)).toEqual(['FROZEN']);
    sick = () => false;
    await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
    await roundIs(harness, 'DOING');
    expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 2, comment: '', basePieceId: 2 });
    await backedUp(harness);
    await shipped(harness, 'a');
    expect(await restoredValue(harness, 'a', 'b', 'SELECT 1')).toBe('1');
  });

  test('does not hold up the drop of its own tenant, whose job goes with it', async () => {
    await prepared('a');
    sick = of('a');
    await harness.say('ALTER SYSTEM BACKUP TENANT = a');
    await harness.until(async () => (await jobsOf('a')).length === 1);
    await passes(harness, 5);
    await within(atOnceMs, harness.say('DROP TENANT a FORCE'));
    await settle(harness);
    const left = await harness.controller.catalog.read((tx) => tx.backups.jobs.list());
    expect(left.map((job) => [job.tenantId, job.status])).toEqual([[1, 'COMPLETED']]);
  });

  for (const stage of ['BACKUP_SYS_META', 'BACKUP_DATA_MAJOR', 'BACKUP_LOG']) {
    test(`CANCEL in ${stage} ends the job at once`, async () => {
      await prepared('a');
      let hit = false;
      sick = (path) => {
        const { readDatabase } = harness.controller.catalog;
        const status = readDatabase.prepare('SELECT status FROM backup_task WHERE history = 0').pluck().get();
        const data = path.endsWith('/data') && stage !== 'BACKUP_LOG';
        const archive = path.endsWith('/archive') && stage === 'BACKUP_LOG';
        if (status === stage && (data || archive)) hit = true;
        return hit && (data || archive);
      };
      if (stage === 'BACKUP_LOG') {
        hit = true;
      }
      await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
      await harness.until(async () => {
        const tasks = await harness.controller.catalog.read((tx) => tx.backups.tasks.list({ history: false }));
        return hit && tasks[0]?.status === stage;
      });
      await passes(harness, 3);
      await harness.say('ALTER SYSTEM CANCEL BACKUP', 'a');
      await within(atOnceMs, settle(harness));
      expect((await jobsOf('a'))[0]).toMatchObject({
        status: 'CANCELED',
        result: -4072,
        comment: 'Operation canceled',
      });
      expect((await setsOf(harness, 'a'))[0]).toMatchObject({ status: 'FAILED', fileStatus: 'INCOMPLETE' });
    });
  }
});

describe('jobs of sys', () => {
  test('cancelled before it has children it ends CANCELED, and no child appears', async () => {
    await prepared('a', 'b');
    await harness.say('ALTER SYSTEM BACKUP TENANT = a, b');
    await harness.say('ALTER SYSTEM CANCEL BACKUP');
    await settle(harness);
    const jobs = await harness.controller.catalog.read((tx) => tx.backups.jobs.list());
    expect(jobs.map((job) => [job.tenantId, job.status, job.result])).toEqual([[1, 'CANCELED', -4072]]);
  });

  test('many tenants are backed up beside each other, and all restore', async () => {
    const names = ['a', 'b', 'c', 'e', 'f', 'g'];
    await prepared(...names);
    for (const name of names) {
      await harness.sql(name, 'CREATE DATABASE d');
      await harness.sql(name, `CREATE TABLE d.t AS SELECT '${name}' AS v`);
    }
    await harness.say(`ALTER SYSTEM BACKUP TENANT = ${names.join(', ')}`);
    await settle(harness);
    for (const name of names) {
      expect((await setsOf(harness, name))[0]?.status).toBe('SUCCESS');
      await shipped(harness, name);
      expect(await restoredValue(harness, name, `copy_${name}`, 'SELECT v FROM d.t')).toBe(name);
    }
  });
});

describe('engines', () => {
  test('a start opens those that are archived and no others', async () => {
    directory = mkdtempSync(join(tmpdir(), 'obvault-engines-'));
    harness = await startHarness({ directory });
    const archived = await makeTenant(harness, 'a');
    const idle = await makeTenant(harness, 'b');
    await startArchiving(harness, 'a');
    await harness.stop();
    harness = await startHarness({ directory });
    await passes(harness, 5);
    await shipped(harness, 'a');
    expect([archived, idle].map((id) => harness.controller.engines.isOpen(id))).toEqual([true, false]);
  });

  test('a standby takes no writes whoever opened it first', async () => {
    directory = mkdtempSync(join(tmpdir(), 'obvault-standby-'));
    harness = await startHarness({ directory });
    await archivedTenant(harness, 'id INT');
    await backedUp(harness);
    await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t');
    await startArchiving(harness, 'b');
    await harness.stop();
    harness = await startHarness({ directory });
    const standby = await harness.controller.catalog.read((tx) => tx.tenants.byName('b'));
    const [writing] = await Promise.all([
      harness.sql('b', 'INSERT INTO d.t VALUES (1)').catch((error: unknown) => error),
      tenantEngineOf(harness.controller, standby?.tenantId ?? 0),
      passes(harness, 3),
    ]);
    expect(writing).toMatchObject({ errno: 4688 });
    expect((await roundOf(harness, 'b'))?.status).toBe('DOING');
    await expect(harness.sql('b', 'INSERT INTO d.t VALUES (1)')).rejects.toMatchObject({ errno: 4688 });
  });

  test('sizes of data and log are written down, and the log of a tenant nobody archives is folded', async () => {
    harness = await startHarness({ settings: { foldLogBytes: 100_000 } });
    const tenantId = await makeTenant(harness, 'a');
    await makeTable(harness, 'id INT PRIMARY KEY, v TEXT');
    for (let id = 1; id <= 40; id++) await harness.sql('a', `INSERT INTO d.t VALUES (${id}, '${'x'.repeat(3000)}')`);
    const row = () => harness.controller.catalog.read((tx) => tx.tenants.get({ tenantId }));
    await harness.until(async () => ((await row())?.dataBytes ?? 0n) > 100_000n);
    await harness.until(async () => ((await row())?.logBytes ?? 0n) < 100_000n);
    expect(await harness.value('a', 'SELECT COUNT(*) FROM d.t')).toBe('40');
  });
});

test('the events of a job and a round are those of the kernel', async () => {
  await prepared('a');
  await backedUp(harness);
  await harness.sql('a', 'CREATE DATABASE d');
  await restoredValue(harness, 'a', 'b', 'SELECT 1');
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await roundIs(harness, 'STOP');
  const { readDatabase } = harness.controller.catalog;
  const events = (module: string) =>
    readDatabase.prepare('SELECT event FROM rootservice_event WHERE module = ? ORDER BY id').pluck().all(module);
  expect(events('backup_data')).toEqual([
    'start_backup_data',
    'persist_set_task',
    'backup sys ls meta succeed',
    'backup user ls meta succeed',
    'backup data succeed',
    'backup completing log succeed',
  ]);
  expect([...new Set(events('log_archive'))]).toEqual([
    'open_archive_mode',
    'enable_archive',
    'change_status',
    'close_archive_mode',
    'disable_archive',
  ]);
  expect([...new Set(events('physical_restore'))]).toEqual([
    'restore_start',
    'change_restore_status',
    'restore_finish',
  ]);
});

test('a log under two master keys restores with both', async () => {
  harness = await startHarness();
  await makeTenant(harness, 'a');
  await harness.say("ALTER SYSTEM SET tde_method = 'internal' TENANT = a");
  await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  await startArchiving(harness, 'a');
  await makeTable(harness);
  await backedUp(harness);
  for (let id = 1; id <= 3; id++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${id})`);
    await shipped(harness, 'a');
    await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  }
  await harness.sql('a', 'INSERT INTO d.t VALUES (4)');
  await shipped(harness, 'a');
  const progress = await harness.controller.catalog.read((tx) => tx.archives.lsProgress.list().at(-1));
  expect(progress?.fileId).toBe(4);
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('4');
});
