import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { holdWriters } from '../../src/jobs/archive/fold-log.ts';
import type { JobSettings } from '../../src/jobs/controller.ts';
import { backedUp, makeTable, nextPiece, passes, roundIs } from './backed-up-tenant.ts';
import { FaultSwitch } from './fault-switch.ts';
import {
  type Harness,
  type HarnessOptions,
  makeTenant,
  restoredValue,
  roundOf,
  setsOf,
  settle,
  shipped,
  startHarness,
} from './job-harness.ts';

let harness: Harness;
let tenantId: number;
let directory: string | undefined;
afterEach(async () => {
  await harness.stop();
  if (directory !== undefined) rmSync(directory, { recursive: true });
  directory = undefined;
});

/** A tenant `a` with a table, its archive in DOING, and a set. */
async function prepared(
  settings: Partial<JobSettings> = {},
  binding = 'OPTIONAL',
  wrapMedium: HarnessOptions['wrapMedium'] = (medium) => medium,
): Promise<void> {
  harness = await startHarness({ settings, wrapMedium, ...(directory === undefined ? {} : { directory }) });
  tenantId = await makeTenant(harness, 'a');
  const location = `LOCATION=${harness.place('a/archive')} BINDING=${binding}`;
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = '${location}' TENANT = a`);
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${harness.place('a/data')}' TENANT = a`);
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await roundIs(harness, 'DOING');
  await makeTable(harness, 'id INT PRIMARY KEY, v TEXT');
  await backedUp(harness);
}

const archiveRoot = () => join(harness.directory, 'a/archive');
const awayRoot = () => join(harness.directory, 'a/archive-away');

async function insert(from: number, to: number): Promise<void> {
  for (let id = from; id <= to; id++) await harness.sql('a', `INSERT INTO d.t VALUES (${id}, '${'x'.repeat(500)}')`);
}

function archiveEvents(): number {
  const sql = "SELECT COUNT(*) FROM tenant_event WHERE event = 'archive_failed'";
  return harness.controller.catalog.readDatabase.prepare(sql).pluck().get() as number;
}

describe('an archive destination that goes away', () => {
  test('the round lags, says so once, and goes on without a hole', async () => {
    await prepared();
    await insert(1, 3);
    renameSync(archiveRoot(), awayRoot());
    await insert(4, 6);
    // What was under way when the destination went has ended once the archive has failed.
    await harness.until(async () => archiveEvents() > 0);
    const before = (await roundOf(harness, 'a'))?.checkpointScn;
    await passes(harness, 60);
    const lagging = await roundOf(harness, 'a');
    expect(lagging?.status).toBe('DOING');
    expect(lagging?.checkpointScn).toBe(before);
    expect(archiveEvents()).toBeLessThan(4);
    expect(existsSync(archiveRoot())).toBe(false);
    renameSync(awayRoot(), archiveRoot());
    await insert(7, 8);
    await shipped(harness, 'a');
    expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, status: 'DOING' });
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('8');
  });

  test('nothing is written into the empty mount point a server finds when it starts', async () => {
    directory = mkdtempSync(join(tmpdir(), 'obvault-trouble-'));
    await prepared();
    await insert(1, 4);
    await harness.stop();
    renameSync(archiveRoot(), awayRoot());
    mkdirSync(archiveRoot());
    harness = await startHarness({ directory });
    await passes(harness, 60);
    expect(readdirSync(archiveRoot())).toEqual([]);
    expect((await roundOf(harness, 'a'))?.status).toBe('DOING');
    rmdirSync(archiveRoot());
    renameSync(awayRoot(), archiveRoot());
    await shipped(harness, 'a');
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('4');
  });

  test('a log file that was confirmed and is gone is not passed over', async () => {
    await prepared({ archiveWaitMs: 200 });
    await insert(1, 2);
    await shipped(harness, 'a');
    await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = a");
    await roundIs(harness, 'SUSPEND');
    rmSync(join(archiveRoot(), 'piece_d1001r1p1/logstream_1001/log/1.obarc'));
    await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = a");
    const before = (await roundOf(harness, 'a'))?.checkpointScn;
    await insert(3, 4);
    await harness.until(async () => archiveEvents() > 0);
    await passes(harness, 30);
    expect(await roundOf(harness, 'a')).toMatchObject({ status: 'BEGINNING', checkpointScn: before });
    expect(archiveEvents()).toBe(1);
    await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
    await roundIs(harness, 'STOPPING');
  });

  test('NOARCHIVELOG ends by force after its time, DEFER at once; a new round works', async () => {
    await prepared({ forceStopMs: 150 });
    renameSync(archiveRoot(), awayRoot());
    await insert(1, 2);
    await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = a");
    await roundIs(harness, 'SUSPEND');
    await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
    await roundIs(harness, 'STOPPING');
    await roundIs(harness, 'STOP');
    expect((await roundOf(harness, 'a'))?.comment).toMatch(/^force stop, result: -\d+$/);
    renameSync(awayRoot(), archiveRoot());
    await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = a");
    await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
    await roundIs(harness, 'DOING');
    expect((await roundOf(harness, 'a'))?.roundId).toBe(2);
    await backedUp(harness);
    await insert(3, 4);
    await shipped(harness, 'a');
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('4');
  });
});

describe('log that could not be archived', () => {
  test('OPTIONAL gives it up: INTERRUPTED, backups fail, a new round is whole again', async () => {
    await prepared({ archiveBacklogBytes: 60_000, foldLogBytes: 20_000 });
    renameSync(archiveRoot(), awayRoot());
    await insert(1, 30);
    await roundIs(harness, 'INTERRUPTED');
    expect(await roundOf(harness, 'a')).toMatchObject({ comment: 'log stream 1001 interrupted' });
    const engine = await harness.controller.engines.open(tenantId);
    expect(await engine.logBytes()).toBeLessThan(60_000);
    renameSync(awayRoot(), archiveRoot());
    await expect(harness.say('ALTER SYSTEM BACKUP DATABASE', 'a')).rejects.toMatchObject({ errno: 9040 });
    await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
    await roundIs(harness, 'STOP');
    expect(await roundOf(harness, 'a')).toMatchObject({ comment: 'log stream 1001 interrupted' });
    await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
    await roundIs(harness, 'DOING');
    await backedUp(harness);
    await shipped(harness, 'a');
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('30');
  });

  test('OPTIONAL gives up what grows too large while the round is suspended', async () => {
    await prepared({ archiveBacklogBytes: 60_000, foldLogBytes: 20_000 });
    await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = a");
    await roundIs(harness, 'SUSPEND');
    await insert(1, 2);
    await passes(harness, 5);
    expect((await roundOf(harness, 'a'))?.status).toBe('SUSPEND');
    await insert(3, 30);
    await roundIs(harness, 'INTERRUPTED');
    await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = a");
    await passes(harness, 5);
    expect(await roundOf(harness, 'a')).toMatchObject({
      status: 'INTERRUPTED',
      comment: 'log stream 1001 interrupted',
    });
  });

  test('log that is archived but not folded yet counts for neither binding', async () => {
    await prepared({ archiveBacklogBytes: 60_000, foldLogBytes: 1 << 30 });
    const engine = await harness.controller.engines.open(tenantId);
    const snapshot = await engine.pin();
    for (let row = 1; row <= 30; row++) {
      await insert(row, row);
      await shipped(harness, 'a');
    }
    expect(await engine.logBytes()).toBeGreaterThan(60_000);
    renameSync(archiveRoot(), awayRoot());
    await insert(31, 31);
    await harness.until(async () => archiveEvents() > 0);
    await passes(harness, 30);
    expect((await roundOf(harness, 'a'))?.status).toBe('DOING');
    renameSync(awayRoot(), archiveRoot());
    await snapshot.release();
    await shipped(harness, 'a');
    expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, status: 'DOING' });
  });

  test('MANDATORY keeps it and holds writers back with 4264; they go on when it is archived', async () => {
    await prepared({ archiveBacklogBytes: 60_000, foldLogBytes: 20_000 }, 'MANDATORY');
    renameSync(archiveRoot(), awayRoot());
    let row = 0;
    const write = () => insert(row + 1, row + 1).then(() => row++);
    const filled = (async () => {
      for (;;) await write();
    })();
    await expect(filled).rejects.toMatchObject({ errno: 4264, sqlstate: 'HY000', message: 'Log out of disk space' });
    expect(row).toBeGreaterThan(1);
    await expect(harness.sql('a', 'CREATE TABLE d.more (id INT)')).rejects.toMatchObject({ errno: 4264 });
    await expect(harness.sql('a', 'DELETE FROM d.t')).rejects.toMatchObject({ errno: 4264 });
    expect(await harness.value('a', 'SELECT COUNT(*) FROM d.t')).toBe(String(row));
    await passes(harness, 30);
    expect((await roundOf(harness, 'a'))?.status).toBe('DOING');
    // A statement that waits when the medium comes back is carried out; on a slow machine it may be refused before that.
    const waiting = write().catch(write);
    renameSync(awayRoot(), archiveRoot());
    await Promise.all([waiting, shipped(harness, 'a')]);
    for (let i = 0; i < 40; i++) {
      await write();
      await passes(harness, 1);
    }
    await shipped(harness, 'a');
    expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, status: 'DOING' });
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe(String(row));
  });

  test('MANDATORY holds writers back while the round is suspended, and no more once it is stopped', async () => {
    await prepared({ archiveBacklogBytes: 60_000, foldLogBytes: 20_000, forceStopMs: 300 }, 'MANDATORY');
    await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = a");
    await roundIs(harness, 'SUSPEND');
    await expect(insert(1, 100)).rejects.toMatchObject({ errno: 4264 });
    renameSync(archiveRoot(), awayRoot());
    await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
    await roundIs(harness, 'STOP');
    await passes(harness, 2);
    await insert(101, 140);
    expect(Number(await harness.value('a', 'SELECT COUNT(*) FROM d.t'))).toBeGreaterThan(40);
  });

  test('the limit is the log disk of the tenant’s unit when that is smaller', async () => {
    harness = await startHarness({ settings: { archiveBacklogBytes: 2 ** 40 } });
    await harness.say("CREATE RESOURCE UNIT small MAX_CPU 1, MEMORY_SIZE '5G', LOG_DISK_SIZE '2G'");
    await harness.say("CREATE RESOURCE POOL p UNIT = 'small', UNIT_NUM = 1, ZONE_LIST = ('zone1')");
    await harness.say("CREATE TENANT s RESOURCE_POOL_LIST = ('p')");
    const limits: number[] = [];
    const { tenantId: id } = (await harness.controller.catalog.read((tx) => tx.tenants.byName('s')))!;
    const source = await (await harness.controller.engines.open(id)).log();
    const engine = {
      log: async () => ({ ...source, limitBacklog: (bytes: number | null) => limits.push(bytes ?? 0) }),
    };
    const open = async () => Object.assign(Object.create(await harness.controller.engines.open(id)), engine);
    await holdWriters({ ...harness.controller, engines: { ...harness.controller.engines, open } }, id, true);
    expect(limits).toEqual([2 * 1024 ** 3]);
  });

  test('a log folded behind the round’s back ends it INTERRUPTED, and a running backup with -9027', async () => {
    await prepared();
    await insert(1, 3);
    await shipped(harness, 'a');
    renameSync(archiveRoot(), awayRoot());
    await insert(4, 4);
    // The open log file takes records under any name; now it is closed.
    await harness.until(async () => archiveEvents() > 0);
    await insert(5, 6);
    await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
    await harness.until(() =>
      harness.controller.catalog.read((tx) => tx.backups.tasks.list({ status: 'BACKUP_LOG' }).length === 1),
    );
    const engine = await harness.controller.engines.open(tenantId);
    expect(await engine.recycleLog(null)).toBe(true);
    await insert(7, 7);
    renameSync(awayRoot(), archiveRoot());
    await roundIs(harness, 'INTERRUPTED');
    await settle(harness);
    const job = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ tenantId }).at(-1));
    expect(job).toMatchObject({ status: 'FAILED', result: -9027 });
    expect((await setsOf(harness, 'a')).at(-1)).toMatchObject({ status: 'FAILED', fileStatus: 'INCOMPLETE' });
    expect(await roundOf(harness, 'a')).toMatchObject({ comment: 'log stream 1001 interrupted' });
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('3');
  });
});

describe('rounds', () => {
  test('each of two rounds restores its own part, nothing between them', async () => {
    await prepared();
    await insert(1, 2);
    const first = await shipped(harness, 'a');
    await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
    await roundIs(harness, 'STOP');
    await insert(3, 4);
    const engine = await harness.controller.engines.open(tenantId);
    const { scn: between } = await (await engine.log()).barrier();
    await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
    await roundIs(harness, 'DOING');
    await backedUp(harness);
    await insert(5, 6);
    await shipped(harness, 'a');
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t', `UNTIL SCN = ${first}`)).toBe('2');
    expect(await restoredValue(harness, 'a', 'c', 'SELECT COUNT(*) FROM d.t')).toBe('6');
    const hole = restoredValue(harness, 'a', 'e', 'SELECT COUNT(*) FROM d.t', `UNTIL SCN = ${between}`);
    await expect(hole).rejects.toMatchObject({ errno: 4018, message: 'No enough log for restore' });
  });

  test('a tenant that was idle over a piece switch restores to the latest point', async () => {
    await prepared();
    await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
    await roundIs(harness, 'STOP');
    const interval = { piece_switch_interval: '300ms' };
    await harness.controller.catalog.transaction((tx) => tx.destinations.setArchiveDest(tenantId, 0, interval));
    await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
    await roundIs(harness, 'DOING');
    await backedUp(harness);
    await insert(1, 3);
    await shipped(harness, 'a');
    await nextPiece(harness);
    await shipped(harness, 'a');
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('3');
  });
});

test('a set whose end placeholder stands counts, although the archive was stopped before its job heard of it', async () => {
  const faults = new FaultSwitch();
  await prepared({ maxJobRetries: 1_000 }, 'OPTIONAL', (medium, path) => faults.wrap(medium, path));
  const isEnd = (key: string) => key.includes('end_success');
  faults.arm(1, { kind: 'io', moment: 'after', lasting: true }, undefined, isEnd);
  await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
  await harness.until(async () => faults.hits.length > 2);
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await roundIs(harness, 'STOP');
  expect((await setsOf(harness, 'a')).at(-1)).toMatchObject({ status: 'DOING' });
  faults.clear();
  await settle(harness);
  expect((await setsOf(harness, 'a')).at(-1)).toMatchObject({ status: 'SUCCESS', fileStatus: 'AVAILABLE' });
});
