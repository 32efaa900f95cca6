import { afterAll, beforeAll, expect, test } from 'vitest';
import { WriterLock } from '../../src/tenants/embedded/writer-lock.ts';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { enginePlace, mysqlTenant, openReader, readAll } from './engine-fixture.ts';
import { type SqlClient, sqlClient } from './sql-fixture.ts';

const snapshotLogBytes = 24 << 20;
const place = enginePlace({ engineThreads: 1, snapshotLogBytes });
let engine: TenantEngine;
let client: SqlClient;

beforeAll(async () => {
  await place.engines.create(1002, mysqlTenant);
  engine = await place.engines.open(1002);
  client = await sqlClient(engine);
  await client.ok('CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)');
  await client.ok('CREATE TABLE s (id INT PRIMARY KEY AUTO_INCREMENT, v INT)');
});
afterAll(() => place.end());

/** Leaves a log of about as many MB. */
async function write(megabytes: number): Promise<void> {
  for (let at = 0; at < megabytes; at += 4)
    await client.ok(`INSERT INTO t (v) VALUES (REPEAT('x', ${2 << 20})), (REPEAT('y', ${2 << 20}))`);
}

/** Sessions that commit one row after the other and wait for nobody: refused where the lock is held when they ask. */
async function besides<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly commits: number }> {
  let over = false;
  let commits = 0;
  const hurry = async (sessionId: number) => {
    const writer = await sqlClient(engine, { lockWaitTimeoutMs: 0 }, sessionId);
    for (; !over; commits++) await writer.ok('INSERT INTO s (v) VALUES (1)');
  };
  const writers = Promise.all([11, 12, 13].map(hurry));
  writers.catch(() => undefined);
  const result = await work().finally(() => {
    over = true;
  });
  await writers;
  return { result, commits };
}

/** Tries of a fold until it was carried out. */
async function triesOf(fold: () => Promise<boolean>): Promise<number> {
  const endMs = performance.now() + 30_000;
  for (let tries = 1; ; tries++) {
    if (await fold()) return tries;
    if (performance.now() > endMs) throw new Error('the log was not folded');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('writers that wait for nobody go on while a large log is folded, and it is cut off', async () => {
  await write(24);
  const { result, commits } = await besides(() => triesOf(() => engine.recycleLog(null)));
  expect(result).toBeLessThan(20);
  expect(commits).toBeGreaterThan(10);
  expect(await engine.logBytes()).toBeLessThan(16 << 20);
});

test('nobody is refused while the archive confirms, and a slow one is not waited for', async () => {
  const log = await engine.log();
  const archive = await openReader(log, (await log.barrier()).position);
  await write(8);
  let asked = 0;
  await besides(() =>
    triesOf(() =>
      engine.recycleLog(async () => {
        readAll(archive);
        // Longer than writers are kept waiting at first, and no longer than at last.
        await new Promise((resolve) => setTimeout(resolve, 600));
        asked++;
      }),
    ),
  );
  // Once in vain; after a pause it was waited for.
  expect(asked).toBeGreaterThan(1);
  expect(asked).toBeLessThan(4);
  expect(() => readAll(archive)).not.toThrow();
});

test('a log that was folded ahead to its end, and not sealed, is not begun anew', async () => {
  await triesOf(() => engine.recycleLog(null));
  const log = await engine.log();
  const archive = await openReader(log, (await log.barrier()).position);
  await write(8);
  readAll(archive);
  expect(await engine.foldAhead()).toBe(true);
  expect(await engine.logBytes()).toBeGreaterThan(8 << 20);
  await client.ok('INSERT INTO s (v) VALUES (2)');
  expect(readAll(archive).flatMap(({ commits }) => commits)).toHaveLength(1);
  expect(await engine.recycleLog(async () => void readAll(archive))).toBe(true);
  expect(await engine.logBytes()).toBe(0);
});

test('a reader and an open transaction put it off, and nobody waits for that', async () => {
  const reader = await sqlClient(engine, {}, 21);
  await reader.ok('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  await reader.value('SELECT COUNT(*) FROM s');
  await write(8);
  expect((await besides(() => engine.recycleLog(null))).result).toBe(false);
  await reader.ok('COMMIT');
  const writer = await sqlClient(engine, {}, 22);
  await writer.ok('BEGIN');
  await writer.ok('INSERT INTO s (v) VALUES (3)');
  expect(await engine.recycleLog(null)).toBe(false);
  await writer.ok('COMMIT');
  await triesOf(() => engine.recycleLog(null));
  expect(await engine.logBytes()).toBe(0);
});

test('a log that has grown too large ends the snapshots that hold it up, and their transactions say so', async () => {
  await triesOf(() => engine.recycleLog(null));
  const reader = await sqlClient(engine, {}, 31);
  await reader.ok('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  const seen = await reader.value('SELECT COUNT(*) FROM t');
  await write(8);
  expect(await engine.recycleLog(null)).toBe(false);
  expect(await reader.value('SELECT COUNT(*) FROM t')).toBe(seen);
  await write(20);
  expect(await engine.logBytes()).toBeGreaterThan(snapshotLogBytes);
  await triesOf(() => engine.recycleLog(null));
  expect(await engine.logBytes()).toBe(0);
  for (const sql of ['SELECT COUNT(*) FROM t', 'INSERT INTO s (v) VALUES (4)'])
    expect(await reader.fails(sql)).toEqual({ errno: 4138, message: 'Request to read too old versioned data' });
  await reader.ok('ROLLBACK');
  expect(await reader.value('SELECT COUNT(*) FROM t')).toBe(String(Number(seen) + 14));
});

test('time stands still for those that wait while the lock is held aside, and goes on behind it', async () => {
  const lock = new WriterLock();
  const ended: string[] = [];
  const take = (name: string, timeoutMs: number) =>
    lock
      .take(timeoutMs, name, () => undefined)
      .then(
        () => ended.push(name),
        () => ended.push(`${name} refused`),
      );
  await lock.take(0, 'holder', () => undefined);
  const before = take('before', 30);
  const aside = lock.takeAside(5_000);
  await before;
  expect(ended).toEqual(['before refused']);
  lock.release();
  expect(await aside).toBe(true);
  const waiting = [take('first', 0), take('second', 0), take('third', 60_000)];
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(ended).toEqual(['before refused']);
  lock.release();
  await Promise.all(waiting.slice(0, 2));
  expect(ended.slice(1)).toEqual(['first', 'second refused']);
  expect(await lock.takeAside(1)).toBe(false);
  lock.release();
  await waiting[2];
  expect(ended.at(-1)).toBe('third');
  lock.release();
  expect(lock.held).toBe(false);
});

test('a fold waits its turn where each write takes seconds, one behind the other', async () => {
  let over = false;
  const slow = async (sessionId: number) => {
    const writer = await sqlClient(engine, { lockWaitTimeoutMs: 30_000 }, sessionId);
    while (!over) {
      await writer.ok('LOCK TABLES s WRITE');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await writer.ok('UNLOCK TABLES');
    }
  };
  await write(4);
  const writers = Promise.all([21, 22].map(slow));
  writers.catch(() => undefined);
  // Both have come for the lock: one has it, the other is next.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await engine.recycleLog(null)).toBe(true);
  over = true;
  await writers;
});

test('a log that has grown large is cut behind one write that takes long and leaves more than is folded ahead', async () => {
  await write(28);
  await client.ok('BEGIN');
  await write(24);
  const folded = engine.recycleLog(async () => undefined);
  // Longer than a fold that needs the archive waits otherwise.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await client.ok('COMMIT');
  expect(await folded).toBe(true);
  expect(await engine.logBytes()).toBe(0);
});
