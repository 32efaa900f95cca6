import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseRelease } from '../../src/base/release.ts';
import { CatalogOpenError, type CatalogOpenReason } from '../../src/catalog/catalog.ts';
import { migrate, migrations, schemaVersion } from '../../src/catalog/migrations.ts';
import { catalogFileName } from '../../src/catalog/open-catalog.ts';
import { sysAccountStore } from '../../src/catalog/sys-tenant.ts';
import { backupJob } from './sample-rows.ts';
import { openAt, scratchDirectory, standingClock } from './scratch.ts';

let directory: string;
const clock = standingClock();

beforeEach(() => {
  directory = scratchDirectory();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function refusal(open: () => unknown): CatalogOpenReason | null {
  try {
    open();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(CatalogOpenError);
    return (error as CatalogOpenError).reason;
  }
}

describe('a fresh catalog', () => {
  test('holds the system tenant, its resources and its root account', async () => {
    const catalog = openAt(directory, clock);
    const facts = await catalog.read(({ cluster, resources, sysTenant, tenants }) => ({
      name: cluster.name(),
      server: cluster.server(),
      zones: cluster.zones.list().map((zone) => zone.zone),
      sys: tenants.byName('sys'),
      pool: resources.poolByName('sys_pool'),
      units: resources.units.list(),
      config: resources.unitConfigByName('sys_unit_config'),
      accounts: sysTenant.accounts(),
    }));
    expect(facts).toMatchObject({
      name: 'obcluster',
      server: { svrIp: '127.0.0.1', svrPort: 2882, sqlPort: 2881, zone: 'zone1', status: 'ACTIVE' },
      zones: ['zone1'],
      sys: { tenantId: 1, role: 'PRIMARY', logMode: 'NOARCHIVELOG', syncScn: null, compatible: '4.2.1.0' },
      pool: { tenantId: 1, zoneList: 'zone1' },
      units: [{ unitId: 1, zone: 'zone1', unitGroupId: 1 }],
      config: { memorySize: 2n << 30n },
      accounts: [{ user: 'root', host: '%', passwordHash: '' }],
    });
    await catalog.close();
  });

  test('opens in a moment', async () => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const place = join(directory, String(i));
      const start = process.threadCpuUsage();
      const catalog = openAt(place, clock);
      const { user, system } = process.threadCpuUsage(start);
      times.push((user + system) / 1000);
      await catalog.close();
    }
    // Work of this thread alone: what else the machine does, and how slow its disk is, does not count.
    expect(Math.min(...times)).toBeLessThan(300);
  });

  test('keeps the directory to its owner', async () => {
    const place = join(directory, 'new', 'data');
    const catalog = openAt(place, clock);
    expect(statSync(place).mode & 0o777).toBe(0o700);
    expect(statSync(join(place, 'obvault.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(place).filter((name) => name.includes('.tmp.'))).toEqual([]);
    await catalog.close();
  });
});

describe('opening again', () => {
  test('finds what was written and takes over what the command line changed', async () => {
    const first = openAt(directory, clock);
    await first.transaction(({ backups, counters }) => {
      backups.jobs.insert(backupJob);
      counters.next(1002, 'job');
    });
    const sealed = first.secrets.sealText('job', { tenantId: 1002, id: 1, field: 'password' }, 'swordfish');
    await sysAccountStore(first).put({ user: 'ops', host: '10.%', passwordHash: 'ab', locked: false, grants: [] });
    await first.close();

    const second = openAt(directory, clock, parseRelease('4.3.1'));
    const facts = await second.read(({ backups, cluster, counters, parameters }) => ({
      jobs: backups.jobs.list(),
      last: counters.last(1002, 'job'),
      build: cluster.server().buildVersion,
      isNew: parameters.definition('backup_data_file_size')?.scope,
    }));
    expect(facts).toEqual({ jobs: [backupJob], last: 1, build: '4.3.1.0_obvault', isNew: 'TENANT' });
    expect(await sysAccountStore(second).list()).toMatchObject([{ user: 'ops' }, { user: 'root' }]);
    expect(second.secrets.openText('job', { tenantId: 1002, id: 1, field: 'password' }, sealed)).toBe('swordfish');
    await second.close();
  });

  test('refuses a second server, also one in another process', async () => {
    const first = openAt(directory, clock);
    expect(refusal(() => openAt(directory, clock))).toBe('inUse');
    const child = crashChild(directory);
    const [code] = await once(child, 'exit');
    expect(code).not.toBe(0);
    await first.close();
    await openAt(directory, clock).close();
  });

  test('refuses a damaged file and leaves it alone', async () => {
    await openAt(directory, clock).close();
    const path = join(directory, catalogFileName);
    const damaged = readFileSync(path);
    damaged.fill(0xab, 4096, 8 * 4096);
    writeFileSync(path, damaged);
    expect(refusal(() => openAt(directory, clock))).toBe('damaged');
    expect(readFileSync(path).equals(damaged)).toBe(true);
    writeFileSync(path, 'this is not a database, but it is long enough to look like a header');
    expect(refusal(() => openAt(directory, clock))).toBe('damaged');
  });

  test('refuses a catalog of a later program', async () => {
    await openAt(directory, clock).close();
    const database = new Database(join(directory, catalogFileName));
    database.exec(`INSERT INTO schema_version VALUES (9999, 'from the future', 0)`);
    database.close();
    expect(refusal(() => openAt(directory, clock))).toBe('newer');
  });

  test('refuses a catalog whose key is gone: a new one would open nothing of it', async () => {
    await openAt(directory, clock).close();
    rmSync(join(directory, 'obvault.key'));
    expect(refusal(() => openAt(directory, clock))).toBe('key');
    expect(existsSync(join(directory, 'obvault.key'))).toBe(false);
  });

  test('refuses a key file others can read', async () => {
    await openAt(directory, clock).close();
    writeFileSync(join(directory, 'obvault.key'), 'short', { mode: 0o600 });
    expect(refusal(() => openAt(directory, clock))).toBe('key');
  });
});

describe('migrations', () => {
  test('run in order from version 0, each with its version row', () => {
    const database = new Database(':memory:');
    const steps = [
      { version: 1, name: 'one', sql: 'CREATE TABLE a (x) ' },
      { version: 2, name: 'two', sql: 'ALTER TABLE a ADD COLUMN y' },
    ];
    expect(schemaVersion(database)).toBe(0);
    expect(migrate(database, 5, steps.slice(0, 1))).toEqual([1]);
    expect(migrate(database, 6, steps)).toEqual([2]);
    expect(migrate(database, 7, steps)).toEqual([]);
    expect(database.prepare('SELECT version, name, applied_us FROM schema_version').raw().all()).toEqual([
      [1, 'one', 5],
      [2, 'two', 6],
    ]);
    database.close();
  });

  test('a step that fails leaves nothing behind', () => {
    const database = new Database(':memory:');
    const broken = [{ version: 1, name: 'broken', sql: 'CREATE TABLE a (x); CREATE TABLE a (x)' }];
    expect(() => migrate(database, 0, broken)).toThrow(/already exists/);
    expect(schemaVersion(database)).toBe(0);
    expect(database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()).toBe(0);
    database.close();
  });

  test('the list has no gaps', () => {
    expect(migrations.map((step) => step.version)).toEqual(migrations.map((_, i) => i + 1));
  });
});

describe('steps', () => {
  test('a step that throws changes nothing', async () => {
    const catalog = openAt(directory, clock);
    const failed = catalog.transaction(({ backups, counters }) => {
      counters.next(1002, 'job');
      backups.jobs.insert(backupJob);
      throw new Error('half way');
    });
    await expect(failed).rejects.toThrow('half way');
    expect(await catalog.read(({ counters }) => counters.last(1002, 'job'))).toBe(0);
    expect(await catalog.read(({ backups }) => backups.jobs.list())).toEqual([]);
    await catalog.close();
  });

  test('a reading step cannot write, and no step may be asynchronous', async () => {
    const catalog = openAt(directory, clock);
    await expect(catalog.read(({ backups }) => backups.jobs.insert(backupJob))).rejects.toThrow(/readonly/);
    const late = catalog.transaction(async ({ backups }) => backups.jobs.insert(backupJob));
    await expect(late).rejects.toThrow(TypeError);
    expect(await catalog.read(({ backups }) => backups.jobs.list())).toEqual([]);
    await catalog.close();
  });
});

test('a killed server loses nothing it confirmed and keeps no half step', async () => {
  const child = crashChild(directory);
  const confirmed: number[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line !== 'open') confirmed.push(Number(line));
    if (confirmed.length === 25) child.kill('SIGKILL');
  }
  const catalog = openAt(directory, clock);
  const { jobs, tasks, last } = await catalog.read(({ backups, counters }) => ({
    jobs: backups.jobs.list().map((job) => job.jobId),
    tasks: backups.tasks.list().map((task) => task.jobId),
    last: counters.last(1002, 'job'),
  }));
  expect(jobs.length).toBeGreaterThanOrEqual(confirmed.length);
  expect(jobs).toEqual(jobs.map((_, i) => i + 1));
  expect(tasks).toEqual(jobs);
  expect(last).toBe(jobs.length);
  await catalog.close();
});

function crashChild(place: string) {
  const script = new URL('./crash-child.ts', import.meta.url).pathname;
  return spawn(process.execPath, [script, place], { stdio: ['ignore', 'pipe', 'ignore'] });
}
