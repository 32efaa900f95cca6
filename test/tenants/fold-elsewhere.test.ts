import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { enginePlace, fill, mysqlTenant, openReader, readAll, readBlocks } from './engine-fixture.ts';
import { type SqlClient, sqlClient } from './sql-fixture.ts';

// One thread for all: whoever holds it holds up everybody.
const place = enginePlace({ engineThreads: 1 });
let engine: TenantEngine;
let client: SqlClient;
let other: SqlClient;

beforeAll(async () => {
  for (const tenantId of [1002, 1004]) await place.engines.create(tenantId, mysqlTenant);
  engine = await place.engines.open(1002);
  client = await sqlClient(engine);
  other = await sqlClient(await place.engines.open(1004), {}, 2);
  await client.ok('CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)');
  await other.ok('CREATE TABLE o (id INT PRIMARY KEY)');
});
afterAll(() => place.end());

/** Leaves a log of about as many MB. */
async function write(megabytes: number): Promise<void> {
  for (let at = 0; at < megabytes; at += 4)
    await client.ok(`INSERT INTO t (v) VALUES (REPEAT('x', ${2 << 20})), (REPEAT('y', ${2 << 20}))`);
}

test('a large log is folded while others, and readers of the tenant, go on', async () => {
  await write(48);
  let over = false;
  const folded = engine.recycleLog(null).finally(() => {
    over = true;
  });
  let answers = 0;
  for (; !over; answers++)
    await Promise.all([other.rows('SELECT id FROM o'), client.rows('SELECT id FROM t WHERE id = 1')]);
  expect(await folded).toBe(true);
  expect(answers).toBeGreaterThan(4);
  await client.ok("INSERT INTO t (v) VALUES ('later')");
  expect(await engine.logBytes()).toBeLessThan(1 << 20);
  expect(await client.value('SELECT COUNT(*) FROM t')).toBe('25');
});

test('a snapshot asked for meanwhile waits for a part of it, puts the rest off, and is whole', async () => {
  await write(16);
  const folded = engine.recycleLog(null);
  const snapshot = await engine.pin();
  expect(await folded).toBe(false);
  expect(await engine.recycleLog(null)).toBe(false);
  const rows = await client.value('SELECT COUNT(*) FROM t');
  await write(8);
  const blocks = await readBlocks(snapshot);
  await snapshot.release();
  const target = await place.engines.beginRestore(1006);
  await fill(target, { blocks, scn: snapshot.scn }, [], snapshot.scn);
  await target.finish(snapshot.scn);
  const copy = await sqlClient(await place.engines.open(1006), {}, 3);
  expect(await copy.value('SELECT COUNT(*) FROM t')).toBe(rows);
});

test('a reader of the log goes on behind the seal', async () => {
  const log = await engine.log();
  const reader = await openReader(log, (await log.barrier()).position);
  await write(8);
  readAll(reader, 64 << 20);
  expect(await engine.recycleLog(async () => void readAll(reader, 64 << 20))).toBe(true);
  await client.ok("INSERT INTO t (v) VALUES ('behind')");
  expect(readAll(reader).flatMap(({ commits }) => commits)).toHaveLength(1);
});

test('a tenant that is dropped meanwhile takes no harm', async () => {
  await place.engines.create(1008, mysqlTenant);
  const short = await place.engines.open(1008);
  const writer = await sqlClient(short, {}, 4);
  await writer.ok('CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)');
  await writer.ok(`INSERT INTO t VALUES (1, REPEAT('x', ${16 << 20}))`);
  const folding = short.recycleLog(null).catch((error: unknown) => error);
  await place.engines.drop(1008);
  expect(await folding).toBeTypeOf('boolean');
  expect(await other.rows('SELECT id FROM o')).toEqual([]);
});
