import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { moveClock } from '../../src/base/clock.ts';
import { tenantPaths } from '../../src/tenants/embedded/tenant-files.ts';
import { frameBytes } from '../../src/tenants/embedded/wal-format.ts';
import { archivedTenant, backedUp, roundIs } from './backed-up-tenant.ts';
import { type Harness, restoredValue, roundOf, setsOf, shipped, startHarness } from './job-harness.ts';

/*
 * The log of a tenant is not what the archive remembers: its newest part was lost with the power, or somebody else folded it. The
 * round says INTERRUPTED, never goes on as if nothing were missing, and never waits for ever.
 */
let harness: Harness;
let directory: string;
let tenantId: number;
let row = 0;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'obvault-lost-'));
  row = 0;
  harness = await startHarness({ directory });
  tenantId = await archivedTenant(harness, 'id INT PRIMARY KEY, v TEXT');
  await backedUp(harness);
  await insert(5);
  // Of what the power takes this set holds everything.
  await backedUp(harness);
  await shipped(harness, 'a');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await harness.stop();
  moveClock(0);
  rmSync(directory, { recursive: true, force: true });
});

async function insert(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await harness.sql('a', `INSERT INTO d.t VALUES (${++row}, 'x')`);
}

const paths = () => tenantPaths(join(directory, 'server/tenants'), tenantId);
const liveCount = () => harness.value('a', 'SELECT COUNT(*) FROM d.t');

/** Stops the server and takes its newest frames from the log, as a disk does that lied about what it had written. */
async function losePower(frames: number): Promise<void> {
  await harness.stop();
  const { log, index } = paths();
  truncateSync(log, Math.max(0, statSync(log).size - frames * frameBytes));
  rmSync(index, { force: true });
}

/**
 * The interrupted round restores what it had, a new one with a set of its own everything since. `later` rows may have come to the
 * archive as well: a step that was under way went on below a directory that was renamed.
 */
async function expectNewRoundWorks(archived: number, later = 0): Promise<void> {
  expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, comment: 'log stream 1001 interrupted' });
  const early = Number(await restoredValue(harness, 'a', 'early', 'SELECT COUNT(*) FROM d.t'));
  expect(early).toBeGreaterThanOrEqual(archived);
  expect(early).toBeLessThanOrEqual(archived + later);
  await expect(harness.say('ALTER SYSTEM BACKUP DATABASE', 'a')).rejects.toMatchObject({ errno: 9040 });
  const ended = (await roundOf(harness, 'a'))!;
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await roundIs(harness, 'STOP');
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs(harness, 'DOING');
  const round = (await roundOf(harness, 'a'))!;
  expect(round.roundId).toBe(2);
  expect(round.startScn).toBeGreaterThan(ended.checkpointScn);
  // What changed since the last set is not known any more: whatever is asked for, the next set is a full one.
  await backedUp(harness, 'INCREMENTAL DATABASE');
  expect((await setsOf(harness, 'a')).at(-1)).toMatchObject({ status: 'SUCCESS', backupType: 'FULL' });
  await harness.sql('a', "INSERT INTO d.t VALUES (1000, 'after')");
  await shipped(harness, 'a');
  const live = await liveCount();
  expect(await restoredValue(harness, 'a', 'late', 'SELECT COUNT(*) FROM d.t')).toBe(live);
}

describe('power loss', () => {
  test('a tenant behind its archive interrupts the round as soon as it is opened, also when nobody writes', async () => {
    await losePower(4);
    harness = await startHarness({ directory });
    await roundIs(harness, 'INTERRUPTED');
    expect(Number(await liveCount())).toBeLessThan(5);
    await expectNewRoundWorks(5);
  });

  test('commits written over the lost ones are not taken for them', async () => {
    await losePower(4);
    harness = await startHarness({ directory });
    row = 50;
    // Longer than what was lost, before the archive looks.
    await insert(20);
    await roundIs(harness, 'INTERRUPTED');
    await expectNewRoundWorks(5);
  });

  test('the whole log may be lost, and the clock be behind', async () => {
    await losePower(10_000);
    // What the barrier wrote down was not durable either.
    writeFileSync(paths().floor, '');
    moveClock(-3_600_000);
    harness = await startHarness({ directory });
    await roundIs(harness, 'INTERRUPTED');
    await harness.sql('a', 'CREATE DATABASE IF NOT EXISTS d');
    await harness.sql('a', 'CREATE TABLE IF NOT EXISTS d.t (id INT PRIMARY KEY, v TEXT)');
    await expectNewRoundWorks(5);
  });
});

describe('somebody else folds the log', () => {
  const away = () => join(directory, 'a/archive-away');
  const here = () => join(directory, 'a/archive');

  test('another process', async () => {
    renameSync(here(), away());
    await insert(3);
    const script = `
      import Database from 'better-sqlite3';
      const database = new Database(${JSON.stringify(paths().data)});
      const [row] = database.pragma('wal_checkpoint(TRUNCATE)');
      if (row.busy !== 0) throw new Error('busy');
    `;
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd });
    await insert(2);
    renameSync(away(), here());
    await roundIs(harness, 'INTERRUPTED');
    expect(await liveCount()).toBe('10');
    await expectNewRoundWorks(5, 3);
  });

  test('the engine’s own thread, when it crashes and its connections close in any order', async () => {
    const threads = new Set<Worker>();
    const post = Worker.prototype.postMessage;
    vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...message) {
      threads.add(this);
      post.apply(this, message as Parameters<typeof post>);
    });
    await insert(1);
    await shipped(harness, 'a');
    renameSync(here(), away());
    await insert(3);
    for (const thread of threads) await thread.terminate();
    vi.restoreAllMocks();
    await harness.stop().catch(() => undefined);
    renameSync(away(), here());
    harness = await startHarness({ directory });
    await harness.until(async () => {
      const round = await roundOf(harness, 'a');
      return round?.status === 'INTERRUPTED' || (round?.checkpointScn ?? 0n) >= (await newestScn());
    });
    expect(await liveCount()).toBe('9');
    if ((await roundOf(harness, 'a'))?.status === 'INTERRUPTED') return expectNewRoundWorks(6, 3);
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('9');
  });
});

async function newestScn(): Promise<bigint> {
  const engine = await harness.controller.engines.open(tenantId);
  const { position } = await (await engine.log()).barrier();
  return BigInt(position['scn'] as string);
}
