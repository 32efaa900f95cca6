import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LogChunk, LogPosition, LogSource, Snapshot, TenantEngine } from '../../src/tenants/tenant-engine.ts';
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
import { type SqlClient, sqlClient } from './sql-fixture.ts';

/** Bytes of the log read at a time: less than the large commit has, more than any other. */
const mostBytes = 64 << 10;
const sum = "SELECT CONCAT_WS('/', COUNT(*), SUM(LENGTH(v)), SUM(CRC32(v))) FROM t";

let place: EnginePlace;
let source: TenantEngine;
let sql: SqlClient;
let log: LogSource;
let from: LogPosition;
let snapshot: Snapshot;
/** What the table holds before the large commit, at it and behind it. */
let sums: readonly string[];

beforeEach(async () => {
  place = enginePlace();
  await place.engines.create(1002, mysqlTenant);
  source = await place.engines.open(1002);
  sql = await sqlClient(source);
  await sql.ok('CREATE DATABASE IF NOT EXISTS test');
  await sql.ok('CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT)');
  log = await source.log();
  from = (await log.barrier()).position;
  snapshot = await source.pin();
  const value = async () => (await sql.value(sum)) ?? '';
  await sql.ok("INSERT INTO t (v) VALUES ('small')");
  const before = await value();
  await sql.ok(`INSERT INTO t (v) VALUES ${Array.from({ length: 400 }, (_, i) => `('${`${i} `.repeat(400)}')`)}`);
  const at = await value();
  await sql.ok("UPDATE t SET v = 'short' WHERE id = 7");
  sums = [before, at, await value()];
});
afterEach(async () => {
  await snapshot.release();
  await place.end();
});

async function chunksOf(): Promise<{ chunks: readonly LogChunk[]; large: bigint; parts: readonly LogChunk[] }> {
  const chunks = readAll(await openReader(log, from), mostBytes);
  const parts = chunks.filter(({ part }) => part);
  return { chunks, large: parts[0]!.lastScn, parts };
}

/** What the table holds in a tenant restored from the snapshot and these chunks; how many commits that took. */
async function restored(chunks: readonly LogChunk[], untilScn: bigint): Promise<readonly [string | null, number]> {
  const target = await place.engines.beginRestore(1005);
  const set = { blocks: await readBlocks(snapshot), scn: snapshot.scn };
  const applied = await fill(target, set, chunks, untilScn).catch(async (error: unknown) => {
    await target.abort();
    throw error;
  });
  await target.finish(untilScn);
  const client = await sqlClient(await place.engines.open(1005), {}, 7);
  const value = await client.value(sum);
  await place.engines.drop(1005);
  return [value, applied];
}

test('a large commit is read in parts, and restored to its end, to what follows or not at all', async () => {
  const { chunks, large, parts } = await chunksOf();
  expect(parts.length).toBeGreaterThan(5);
  for (const { bytes } of chunks) expect(bytes.length).toBeLessThan(2 * mostBytes);
  expect(new Set(parts.map(({ firstScn }) => firstScn))).toEqual(new Set([large]));
  expect(await restored(chunks, large - 1n)).toEqual([sums[0], 1]);
  expect(await restored(chunks, large)).toEqual([sums[1], 2]);
  expect(await restored(chunks, chunks.at(-1)!.lastScn)).toEqual([sums[2], 3]);
  expect(readdirSync(join(place.directory)).filter((name) => name.includes('parts'))).toEqual([]);
});

test('a log that ends in the middle of a commit ends before it', async () => {
  const { chunks, large, parts } = await chunksOf();
  for (const last of [parts[0]!, parts.at(-1)!])
    expect(await restored(chunks.slice(0, chunks.indexOf(last) + 1), large)).toEqual([sums[0], 1]);
});

test('who reads a large commit says that it gets on, also while it looks for its end', async () => {
  const reader = await openReader(log, from);
  const signsOf = () => {
    let signs = 0;
    const chunk = reader.next(mostBytes, () => signs++);
    return { part: chunk?.part, signs };
  };
  expect(signsOf()).toEqual({ part: false, signs: 1 });
  expect(signsOf()).toEqual({ part: true, signs: 2 });
  expect(signsOf()).toEqual({ part: true, signs: 1 });
});

test('reading goes on behind any part, in another reader', async () => {
  const { chunks, parts } = await chunksOf();
  for (const { position } of parts) {
    const stored = JSON.parse(JSON.stringify(position)) as LogPosition;
    const rest = readAll(await openReader(log, stored), mostBytes);
    const known = chunks.slice(0, chunks.findIndex((chunk) => chunk.position === position) + 1);
    expect(await restored([...known, ...rest], chunks.at(-1)!.lastScn)).toEqual([sums[2], 3]);
  }
});

test('a commit without its first part is refused', async () => {
  const { chunks, parts } = await chunksOf();
  const rest = chunks.filter((chunk) => chunk !== parts[0]);
  await expect(restored(rest, chunks.at(-1)!.lastScn)).rejects.toMatchObject({
    symbol: 'OB_ARCHIVE_LOG_NOT_CONTINUES_WITH_DATA',
  });
});

test('a standby takes a commit over with its last part', async () => {
  const { chunks, large, parts } = await chunksOf();
  const target = await place.engines.beginRestore(1006);
  await fill(target, { blocks: await readBlocks(snapshot), scn: snapshot.scn }, [], snapshot.scn);
  await target.finish(snapshot.scn);
  const standby = await place.engines.open(1006);
  await standby.setReadOnly(true);
  const roll = async (given: readonly LogChunk[], throughScn: bigint) => {
    const stage = await standby.beginRoll();
    const { openLogApplier } = await load(stage.writer.module);
    const applier = openLogApplier(stage.writer.data);
    for (const chunk of given) applier.apply(chunk, stage.standsAt, throughScn);
    applier.close();
    await stage.apply(throughScn);
    await stage.end();
    return (await sqlClient(standby, {}, 8)).value(sum);
  };
  expect(await roll(chunks.slice(0, chunks.indexOf(parts.at(-1)!) + 1), large - 1n)).toBe(sums[0]);
  expect(await roll(chunks.slice(0, chunks.indexOf(parts.at(-1)!) + 1), large)).toBe(sums[0]);
  expect(await roll(chunks, large)).toBe(sums[1]);
  expect(await roll(chunks, chunks.at(-1)!.lastScn)).toBe(sums[2]);
});
