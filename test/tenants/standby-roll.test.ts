import { cpSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LogChunk, TenantEngine } from '../../src/tenants/tenant-engine.ts';
import {
  type EnginePlace,
  enginePlace,
  fill,
  load,
  mysqlTenant,
  openReader,
  readAll,
  readBlocks,
} from './engine-fixture.ts';
import { sqlClient } from './sql-fixture.ts';

let place: EnginePlace;
beforeEach(() => {
  place = enginePlace({ synchronous: 'NORMAL' });
});
afterEach(() => place.end());

/** A source tenant, its log from the first moment on, and a standby restored from that moment. */
async function pair() {
  await place.engines.create(1002, mysqlTenant);
  const source = await place.engines.open(1002);
  const sql = await sqlClient(source, {}, 1);
  await sql.ok('CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(4000))');
  await sql.ok("INSERT INTO t (v) VALUES ('first')");
  const log = await source.log();
  const reader = await openReader(log, (await log.barrier()).position);
  const snapshot = await source.pin();
  const target = await place.engines.beginRestore(1004);
  await fill(target, { blocks: await readBlocks(snapshot), scn: snapshot.scn }, [], snapshot.scn);
  await target.finish((await log.barrier()).scn);
  await snapshot.release();
  const standby = await place.engines.open(1004);
  await standby.setReadOnly(true);
  const barrier = async () => (await log.barrier()).scn;
  return { source, sql, standby, barrier, next: () => readAll(reader) };
}

async function roll(
  standby: TenantEngine,
  chunks: readonly LogChunk[],
  throughScn: bigint,
  onTurn?: (scn: bigint) => Promise<void>,
): Promise<number> {
  const target = await standby.beginRoll();
  try {
    const { openLogApplier } = await load(target.writer.module);
    const applier = openLogApplier(target.writer.data);
    let applied = 0;
    for (const chunk of chunks) applied += applier.apply(chunk, target.standsAt, throughScn);
    applier.close();
    await target.apply(throughScn, onTurn ? { onTurn } : {});
    return applied;
  } finally {
    await target.end();
  }
}

const sum = 'SELECT CONCAT(COUNT(*), "/", SUM(LENGTH(v)), "/", SUM(CRC32(v))) FROM t';

test('an open standby takes over commits while it is read, again and again', async () => {
  const { sql, standby, barrier, next } = await pair();
  const reader = await sqlClient(standby, {}, 2);
  const held = await sqlClient(standby, { isolation: 'REPEATABLE-READ' }, 3);
  expect(await reader.value(sum)).toBe(await sql.value(sum));
  await held.ok('BEGIN');
  const before = await held.value(sum);
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 5; i++)
      await sql.ok(
        `INSERT INTO t (v) VALUES ${Array.from({ length: 1500 }, (_, k) => `('${`${round}.${i}.${k} `.repeat(200)}')`)}`,
      );
    await sql.ok(`DELETE FROM t WHERE id % 7 = ${round}`);
    await sql.ok(`UPDATE t SET v = 'short' WHERE id % 5 = ${round}`);
    const scn = await barrier();
    expect(await roll(standby, next(), scn)).toBe(7);
    expect(await reader.value(sum)).toBe(await sql.value(sum));
    expect(await held.value(sum)).toBe(round < 3 ? before : await sql.value(sum));
    if (round === 1) expect(await standby.recycleLog(null)).toBe(false);
    if (round === 2) {
      await held.ok('COMMIT');
      await standby.recycleLog(null);
    }
  }
  const copy = join(place.directory, 'copy');
  cpSync(join(place.directory, 't1004'), copy, { recursive: true });
  const found = new Database(join(copy, 'data.db'));
  expect(found.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(found.prepare('SELECT count(*) FROM "test.t"').pluck().get()).toBe(
    Number(await sql.value('SELECT COUNT(*) FROM t')),
  );
  found.close();
});

test('tables made later appear, and the tenant takes writes above the point once it is no standby', async () => {
  const { sql, standby, barrier, next } = await pair();
  const reader = await sqlClient(standby, {}, 2);
  await expect(reader.ok("INSERT INTO t (v) VALUES ('x')")).rejects.toMatchObject({ errno: 4688 });
  expect(await reader.value('SELECT COUNT(*) FROM t')).toBe('1');
  await sql.ok('ALTER TABLE t ADD COLUMN w INT DEFAULT 7');
  await sql.ok('CREATE TABLE u (a INT)');
  await sql.ok('INSERT INTO u VALUES (1)');
  const scn = await barrier();
  await roll(standby, next(), scn);
  expect(await reader.value('SELECT w FROM t')).toBe('7');
  expect(await reader.value('SELECT a FROM u')).toBe('1');
  const ahead = scn + 3_600_000_000_000n;
  await roll(standby, [], ahead);
  await standby.setReadOnly(false);
  await reader.ok("INSERT INTO t (v) VALUES ('mine')");
  expect((await standby.pin()).scn).toBeGreaterThan(ahead);
  await expect(roll(standby, [], ahead)).rejects.toMatchObject({ code: -4109 });
});

test('a point between commits is exact, a missing commit is refused and changes nothing', async () => {
  const { sql, standby, barrier, next } = await pair();
  for (let i = 0; i < 6; i++) await sql.ok(`INSERT INTO t (v) VALUES ('${i}')`);
  const chunks = next();
  const commits = chunks.flatMap((chunk) => chunk.commits);
  const reader = await sqlClient(standby, {}, 2);
  await roll(standby, chunks, commits[2]?.scn ?? 0n);
  expect(await reader.value('SELECT COUNT(*) FROM t')).toBe('4');
  await sql.ok("INSERT INTO t (v) VALUES ('later')");
  await expect(roll(standby, next(), await barrier())).rejects.toMatchObject({ code: -9064 });
  expect(await reader.value('SELECT COUNT(*) FROM t')).toBe('4');
  await roll(standby, chunks, await barrier());
  expect(await reader.value('SELECT COUNT(*) FROM t')).toBe('7');
});

test('a standby waits for its writer while its own log is folded', async () => {
  const { sql, standby, barrier, next } = await pair();
  await sql.ok("INSERT INTO t (v) VALUES ('folded')");
  await roll(standby, next(), await barrier());
  await sql.ok("INSERT INTO t (v) VALUES ('behind the fold')");
  const chunks = next();
  const scn = await barrier();
  const target = await standby.beginRoll();
  const { openLogApplier } = await load(target.writer.module);
  const applier = openLogApplier(target.writer.data);
  for (const chunk of chunks) applier.apply(chunk, target.standsAt, scn);
  applier.close();
  let applied: Promise<bigint> | null = null;
  // The fold holds the writer until it is answered, and whoever takes the commits over was there before the answer.
  await standby.recycleLog(async () => {
    applied = target.apply(scn);
    applied.catch(() => undefined);
  });
  expect(await applied).toBe(chunks.at(-1)?.lastScn);
  await target.end();
  expect(await (await sqlClient(standby, {}, 2)).value('SELECT COUNT(*) FROM t')).toBe('3');
});

test('a standby takes nothing over once its signal has ended', async () => {
  const { sql, standby, barrier, next } = await pair();
  await sql.ok("INSERT INTO t (v) VALUES ('given up')");
  const scn = await barrier();
  const target = await standby.beginRoll();
  const { openLogApplier } = await load(target.writer.module);
  const applier = openLogApplier(target.writer.data);
  for (const chunk of next()) applier.apply(chunk, target.standsAt, scn);
  applier.close();
  const stopped = new Error('stopped');
  await expect(target.apply(scn, { signal: AbortSignal.abort(stopped) })).rejects.toBe(stopped);
  await target.end();
  expect(await (await sqlClient(standby, {}, 2)).value('SELECT COUNT(*) FROM t')).toBe('1');
});

test('a commit larger than a turn leaves the engine thread to others, and is there whole or not at all', async () => {
  const { sql, standby, barrier, next } = await pair();
  const rows = (count: number) => Array.from({ length: count }, (_, i) => `('${`${i} `.repeat(700)}')`).join();
  await sql.ok(`INSERT INTO t (v) VALUES ${rows(30)}`);
  const small = await sql.value(sum);
  await sql.ok('BEGIN');
  for (let i = 0; i < 5; i++) await sql.ok(`INSERT INTO t (v) VALUES ${rows(2000)}`);
  await sql.ok('COMMIT');
  const large = await sql.value(sum);
  await sql.ok("UPDATE t SET v = 'behind it' WHERE id = 9000");
  const scn = await barrier();
  const chunks = next();
  const reader = await sqlClient(standby, {}, 2);

  const begun = await standby.beginRoll();
  const { openLogApplier } = await load(begun.writer.module);
  const applier = openLogApplier(begun.writer.data);
  for (const chunk of chunks) applier.apply(chunk, begun.standsAt, scn);
  applier.close();
  const given = begun.apply(scn).catch((error: unknown) => error);
  // The small commit in one turn, the large one in the turns after that.
  let ended = false;
  void given.then(() => {
    ended = true;
  });
  while ((await reader.value(sum)) !== small && !ended);
  await begun.end();
  expect(await given).toMatchObject({ code: -4109 });
  expect(await reader.value(sum)).toBe(small);
  const copy = join(place.directory, 'copy');
  cpSync(join(place.directory, 't1004'), copy, { recursive: true });
  const found = new Database(join(copy, 'data.db'));
  expect(found.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(found.prepare('SELECT count(*) FROM "test.t"').pluck().get()).toBe(31);
  found.close();

  let over = false;
  const seen = new Set<string | null>();
  let answers = 0;
  const turns: bigint[] = [];
  const rolled = roll(standby, chunks, scn, async (reached) => void turns.push(reached)).finally(() => {
    over = true;
  });
  for (; !over; answers++) seen.add(await reader.value(sum));
  await rolled;
  expect(answers).toBeGreaterThan(5);
  const all = await sql.value(sum);
  expect(await reader.value(sum)).toBe(all);
  // The large commit; the turn behind it says so by its end.
  expect(turns.length).toBe(1);
  expect(turns[0]!).toBeLessThan(scn);
  expect([small, large, all]).toEqual(expect.arrayContaining([...seen]));
});
