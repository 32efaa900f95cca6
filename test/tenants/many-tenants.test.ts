import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { mostOpenTenants } from '../../src/tenants/embedded/open-limit.ts';
import type { LogChunk, TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, fill, mysqlTenant, openReader, readAll, readBlocks } from './engine-fixture.ts';
import { type SqlClient, sqlClient } from './sql-fixture.ts';

const openTenants = 5;
const tenantIds = Array.from({ length: 40 }, (_, i) => 1002 + 2 * i);

let place: EnginePlace | null = null;
afterEach(async () => {
  await place?.end();
  place = null;
});

async function many(): Promise<{ place: EnginePlace; engines: readonly TenantEngine[] }> {
  const made = enginePlace({ engineThreads: 1, openTenants, synchronous: 'NORMAL' });
  place = made;
  const engines: TenantEngine[] = [];
  for (const tenantId of tenantIds) {
    await made.engines.create(tenantId, mysqlTenant);
    engines.push(await made.engines.open(tenantId));
  }
  return { place: made, engines };
}

/** How many tenants this process holds the data file of. */
function openFiles({ directory }: EnginePlace, name: string): number {
  const targets = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(join('/proc/self/fd', fd))];
    } catch {
      return [];
    }
  });
  return new Set(targets.filter((target) => target.startsWith(directory) && target.endsWith(name))).size;
}

describe('more tenants than may be open', () => {
  test('are opened and closed by use, under sessions that stay', async () => {
    const { place, engines } = await many();
    const clients: SqlClient[] = [];
    for (const engine of engines) clients.push(await sqlClient(engine));
    for (const client of clients) await client.ok('CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT)');
    for (let round = 0; round < 3; round++) {
      for (const [i, client] of clients.entries()) await client.ok('INSERT INTO t (v) VALUES (?)', [i]);
      expect(openFiles(place, '/data.db')).toBe(openTenants);
    }
    for (const [i, client] of clients.entries())
      expect(await client.rows('SELECT v, count(*) FROM t GROUP BY v')).toEqual([[String(i), '3']]);
  });

  test('stay open while something of them is in use', async () => {
    const { place, engines } = await many();
    const held = await Promise.all(engines.slice(0, 4).map((engine) => sqlClient(engine)));
    const [open, temporary, reading, locked] = held as [SqlClient, SqlClient, SqlClient, SqlClient];
    for (const client of held) await client.ok('CREATE TABLE t (id INT PRIMARY KEY, v TEXT)');
    await open.ok('BEGIN');
    await open.ok("INSERT INTO t VALUES (1, 'a')");
    await temporary.with({ isolation: 'REPEATABLE-READ' }).ok('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    await locked.ok('LOCK TABLES t WRITE');
    await reading.ok("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
    const snapshot = await engines[4]!.pin();
    for (const engine of engines.slice(5))
      await (await sqlClient(engine)).rows('SELECT 1 FROM information_schema.tables');
    expect(openFiles(place, '/data.db')).toBeLessThanOrEqual(openTenants + 1);
    expect(await open.rows('SELECT v FROM t')).toEqual([['a']]);
    await open.ok('COMMIT');
    await locked.ok('UNLOCK TABLES');
    expect(await readBlocks(snapshot)).not.toHaveLength(0);
    await snapshot.release();
    expect(await open.rows('SELECT v FROM t')).toEqual([['a']]);
  });

  test('are archived without a gap, and the archive alone brings them back', async () => {
    const { place, engines } = await many();
    const clients: SqlClient[] = [];
    for (const engine of engines) clients.push(await sqlClient(engine));
    for (const client of clients) await client.ok('CREATE TABLE t (id INT PRIMARY KEY, v INT)');
    const sets = [];
    const readers = [];
    for (const engine of engines) {
      const snapshot = await engine.pin();
      sets.push({ blocks: await readBlocks(snapshot), scn: snapshot.scn });
      await snapshot.release();
      const log = await engine.log();
      const reader = await openReader(log, null);
      readAll(reader);
      readers.push({ log, reader, chunks: [] as LogChunk[] });
    }
    for (let round = 0; round < 4; round++) {
      for (const client of clients) await client.ok('INSERT INTO t VALUES (?, ?)', [round, round]);
      // Read while most of them are closed; one of them is folded behind a seal.
      for (const { reader, chunks } of readers) chunks.push(...readAll(reader));
      const folding = engines[round]!;
      expect(await folding.recycleLog(async () => undefined)).toBe(true);
    }
    expect(openFiles(place, '/data.db')).toBe(openTenants);
    for (const [i, { log, chunks }] of readers.entries()) {
      const { scn } = await log.barrier();
      expect(chunks.flatMap(({ commits }) => commits)).toHaveLength(4);
      await clients[i]!.ok('INSERT INTO t VALUES (9, 9)');
      const [last] = readAll(readers[i]!.reader).flatMap(({ commits }) => commits);
      expect(last!.scn > scn).toBe(true);
    }
    const [set, { chunks }] = [sets[7]!, readers[7]!];
    const target = await place.engines.beginRestore(2002);
    await fill(target, set, chunks, chunks.at(-1)!.lastScn);
    await target.finish(chunks.at(-1)!.lastScn);
    const restored = await sqlClient(await place.engines.open(2002));
    expect(await restored.rows('SELECT id FROM t ORDER BY id')).toEqual([['0'], ['1'], ['2'], ['3']]);
  });

  test('keep their role', async () => {
    const { engines } = await many();
    const first = await sqlClient(engines[0]!);
    await first.ok('CREATE TABLE t (id INT PRIMARY KEY)');
    await engines[0]!.setReadOnly(true);
    for (const engine of engines.slice(1)) await engine.globalVariables();
    expect((await first.fails('INSERT INTO t VALUES (1)')).errno).toBe(4688);
  });
});

test.each([
  [20_000, 1_000],
  [8_192, 516],
  [1_024, 21],
  [256, 8],
])('with %d descriptors %d tenants are open', (descriptors, most) => {
  expect(mostOpenTenants(descriptors)).toBe(most);
});
