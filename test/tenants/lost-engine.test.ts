import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, load, mysqlTenant, openReader } from './engine-fixture.ts';
import { watchEngineWorkers } from './engine-workers.ts';
import { sqlClient } from './sql-fixture.ts';

const again = { errno: 4023 };
const workers = watchEngineWorkers();
let place: EnginePlace;
let engine: TenantEngine;

beforeEach(async () => {
  place = enginePlace({ engineThreads: 1 });
  await place.engines.create(1002, mysqlTenant);
  engine = await place.engines.open(1002);
  const client = await sqlClient(engine);
  await client.ok('CREATE TABLE t (id INT PRIMARY KEY)');
});
afterEach(() => place.end());
afterAll(() => workers.stop());

/** A commit in the thread that comes after the lost one. */
async function commitAnew(id: number): Promise<TenantEngine> {
  const anew = await place.engines.open(1002);
  await (await sqlClient(anew, {}, 2)).ok(`INSERT INTO t VALUES (${id})`);
  return anew;
}

test('the log of a lost thread says nothing any more', async () => {
  const log = await engine.log();
  const { position } = await log.barrier();
  const reader = await openReader(log, position);
  await workers.lose();
  await expect(log.barrier()).rejects.toMatchObject(again);
  const anew = await commitAnew(1);
  await expect(log.barrier()).rejects.toMatchObject(again);
  expect(() => log.backlogBytes()).toThrow(expect.objectContaining(again));
  expect(() => reader.next(1 << 20)).toThrow(expect.objectContaining(again));
  await expect(engine.logBytes()).rejects.toMatchObject(again);
  await expect(engine.openSession(3)).rejects.toMatchObject(again);
  const next = await openReader(await anew.log(), position);
  expect(next.next(1 << 20)?.commits).toHaveLength(1);
});

test('a snapshot of a lost thread is read no further, and its end is not that of a later one', async () => {
  const lost = await engine.pin();
  await workers.lose();
  const anew = await commitAnew(1);
  const { openBlockReader } = await load(lost.reader.module);
  const reader = openBlockReader(lost.reader.data);
  expect(() => reader.read(0, new Uint8Array(reader.maxBlockBytes))).toThrow(expect.objectContaining(again));
  const snapshot = await anew.pin();
  await lost.release();
  expect(await anew.recycleLog(null)).toBe(false);
  await snapshot.release();
  expect(await anew.recycleLog(null)).toBe(true);
});

test('a standby or a restore that was being filled takes nothing any more', async () => {
  await engine.setReadOnly(true);
  const roll = await engine.beginRoll();
  const restore = await place.engines.beginRestore(1004);
  await workers.lose();
  const anew = await place.engines.open(1002);
  await anew.setReadOnly(true);
  const other = await anew.beginRoll();
  // Not repeated as for a writer that is busy.
  await expect(roll.apply(1n)).rejects.toMatchObject({
    ...again,
    message: expect.stringContaining('the standby was ended'),
  });
  await roll.end();
  await other.apply(other.standsAt);
  await other.end();
  const { openLogApplier } = await load(restore.writer.module);
  for (const { writer } of [roll, restore])
    expect(() => openLogApplier(writer.data).close()).toThrow(expect.objectContaining({ code: expect.any(Number) }));
  await expect(restore.finish(1n)).rejects.toMatchObject(again);
  await restore.abort();
});
