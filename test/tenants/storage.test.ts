import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commitBytes, writeCommitHeader } from '../../src/tenants/embedded/log-chunk.ts';
import { openLogApplier } from '../../src/tenants/embedded/thread-module.ts';
import { LogGapError, type TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, fill, mysqlTenant, openReader, readAll, readBlocks } from './engine-fixture.ts';

const projectRoot = join(import.meta.dirname, '../..');

let place: EnginePlace;
let engine: TenantEngine;

beforeEach(async () => {
  place = enginePlace();
  await place.engines.create(1001, mysqlTenant);
  engine = await place.engines.open(1001);
});
afterEach(() => place.end());

function bigEndian(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

const commit = (value: number) => engine.setGlobalVariable('probe', String(value));
const probe = async (tenant: TenantEngine) => (await tenant.globalVariables())['probe'];

describe('tenants', () => {
  test('creating twice keeps what is there', async () => {
    await commit(7);
    await place.engines.create(1001, { ...mysqlTenant, variables: {} });
    expect(await engine.globalVariables()).toEqual({ probe: '7', time_zone: '+08:00' });
  });

  test('a tenant without files cannot be opened', async () => {
    await expect(place.engines.open(1)).rejects.toMatchObject({ symbol: 'OB_TENANT_NOT_IN_SERVER' });
  });

  test('dropping removes every file and may be repeated', async () => {
    await place.engines.drop(1001);
    await place.engines.drop(1001);
    expect(readdirSync(place.directory)).toEqual([]);
  });

  test('closing keeps the log, and reopening the data', async () => {
    await commit(1);
    const before = await engine.logBytes();
    await engine.close();
    expect(readdirSync(join(place.directory, 't1001'))).toContain('data.db-wal');
    engine = await place.engines.open(1001);
    expect(await engine.logBytes()).toBe(before);
    expect(await probe(engine)).toBe('1');
  });

  test('more tenants than may be open at a time all work', async () => {
    const many = enginePlace({ openTenants: 2 });
    try {
      for (const id of [1, 2, 3, 4]) {
        await many.engines.create(id, mysqlTenant);
        await (await many.engines.open(id)).setGlobalVariable('probe', String(id));
      }
      for (const id of [1, 2, 3, 4]) expect(await probe(await many.engines.open(id))).toBe(String(id));
    } finally {
      await many.end();
    }
  });

  test('a new tenant has its one account', async () => {
    expect(await engine.accounts.list()).toMatchObject([{ user: 'root', host: '%', passwordHash: '' }]);
    await engine.accounts.put({ user: 'u', host: '%', passwordHash: 'ab', locked: true, grants: [] });
    await engine.accounts.remove('root', '%');
    expect(await engine.accounts.list()).toEqual([
      { user: 'u', host: '%', passwordHash: 'ab', locked: true, grants: [] },
    ]);
  });
});

describe('locks of a live tenant', () => {
  /** Another process opens the tenant and leaves; as the last one out it would fold and remove the log. */
  const visit = () => {
    const code = `const db = new (require('better-sqlite3'))(process.argv[1]); db.prepare('SELECT * FROM __ob_scn').get(); db.close();`;
    execFileSync(process.execPath, ['-e', code, join(place.directory, 't1001', 'data.db')], { cwd: projectRoot });
  };
  const logFile = () => join(place.directory, 't1001', 'data.db-wal');

  test('survive everything that is done through raw descriptors', async () => {
    await commit(1);
    const log = await engine.log();
    const snapshot = await engine.pin();
    const reader = await openReader(log, null);
    await readBlocks(snapshot);
    readAll(reader);
    reader.close();
    await log.barrier();
    await snapshot.release();
    visit();
    expect(existsSync(logFile())).toBe(true);
    await commit(2);
    expect(readAll(await openReader(log, (await log.barrier()).position))).toEqual([]);
    expect(await probe(engine)).toBe('2');
  });

  test('would be lost with one more descriptor of each file opened and closed', async () => {
    await commit(1);
    for (const name of ['data.db', 'data.db-shm']) closeSync(openSync(join(place.directory, 't1001', name), 'r'));
    visit();
    expect(existsSync(logFile())).toBe(false);
  });
});

describe('restore', () => {
  test('a pinned set and the log rebuild every commit', async () => {
    await commit(0);
    const log = await engine.log();
    const snapshot = await engine.pin();
    const reader = await openReader(log, (await log.barrier()).position);
    for (let i = 1; i <= 30; i++) await commit(i);
    const blocks = await readBlocks(snapshot);
    await snapshot.release();
    const chunks = readAll(reader, 20_000);
    const commits = chunks.flatMap((chunk) => chunk.commits);
    expect(commits).toHaveLength(30);
    expect(chunks.length).toBeGreaterThan(5);

    for (const [tenantId, upTo] of [
      [1002, 0],
      [1003, 17],
      [1004, 30],
    ] as const) {
      const untilScn = upTo === 0 ? snapshot.scn : commits[upTo - 1]!.scn;
      const target = await place.engines.beginRestore(tenantId);
      expect(await fill(target, { blocks, scn: snapshot.scn }, chunks, untilScn)).toBe(upTo);
      await target.finish(untilScn);
      expect(await probe(await place.engines.open(tenantId))).toBe(String(upTo));
    }
  });

  test('files of an earlier life do not leak into a restored tenant', async () => {
    await commit(5);
    const snapshot = await engine.pin();
    const blocks = await readBlocks(snapshot);
    await snapshot.release();
    await commit(6);
    await engine.close();
    const target = await place.engines.beginRestore(1001);
    await fill(target, { blocks, scn: snapshot.scn }, [], snapshot.scn);
    await target.finish(snapshot.scn);
    expect(await probe(await place.engines.open(1001))).toBe('5');
  });

  test('later commits of a restored tenant come after its point', async () => {
    const snapshot = await engine.pin();
    const blocks = await readBlocks(snapshot);
    await snapshot.release();
    const untilScn = snapshot.scn + 3_600_000_000_000n;
    const target = await place.engines.beginRestore(1002);
    await fill(target, { blocks, scn: snapshot.scn }, [], untilScn);
    await target.finish(untilScn);
    const restored = await place.engines.open(1002);
    await restored.setGlobalVariable('probe', 'x');
    const pinned = await restored.pin();
    expect(pinned.scn).toBeGreaterThan(untilScn);
    await pinned.release();
  });

  test('workers that come late find their snapshot or restore ended', async () => {
    const snapshot = await engine.pin();
    const blocks = await readBlocks(snapshot);
    await snapshot.release();
    await expect(readBlocks(snapshot)).rejects.toMatchObject({ symbol: 'OB_CANCELED' });
    const target = await place.engines.beginRestore(1002);
    await target.abort();
    await expect(fill(target, { blocks, scn: snapshot.scn }, [], snapshot.scn)).rejects.toMatchObject({
      symbol: 'OB_CANCELED',
    });
  });

  test('a missing stretch of log is refused', async () => {
    const log = await engine.log();
    const snapshot = await engine.pin();
    const reader = await openReader(log, (await log.barrier()).position);
    for (let i = 1; i <= 3; i++) await commit(i);
    const blocks = await readBlocks(snapshot);
    await snapshot.release();
    const chunks = readAll(reader, 1);
    const [, second, ...more] = new Set(chunks.map(({ lastScn }) => lastScn));
    expect(more).toHaveLength(1);
    const gap = chunks.filter(({ lastScn }) => lastScn !== second);
    const target = await place.engines.beginRestore(1002);
    const fillWithGap = fill(target, { blocks, scn: snapshot.scn }, gap, more[0]!);
    await expect(fillWithGap).rejects.toMatchObject({ symbol: 'OB_ARCHIVE_LOG_NOT_CONTINUES_WITH_DATA' });
    await target.abort();
    expect(readdirSync(join(place.directory, 't1002'))).toEqual([]);
  });

  test('damaged blocks never become a tenant', async () => {
    for (let i = 0; i < 20; i++) await engine.setGlobalVariable(`filler_${i}`, 'x'.repeat(3000));
    const snapshot = await engine.pin();
    const blocks = await readBlocks(snapshot);
    await snapshot.release();
    blocks[0]!.fill(0x5a, 80 + 4096 * 3, 80 + 4096 * 5);
    const target = await place.engines.beginRestore(1002);
    await fill(target, { blocks, scn: snapshot.scn }, [], snapshot.scn);
    await expect(target.finish(snapshot.scn)).rejects.toMatchObject({ name: 'ObError' });
    await expect(place.engines.open(1002)).rejects.toMatchObject({ symbol: 'OB_TENANT_NOT_IN_SERVER' });
  });
});

describe('the log', () => {
  test('is not folded while a snapshot is pinned', async () => {
    await commit(1);
    const snapshot = await engine.pin();
    expect(await engine.recycleLog(null)).toBe(false);
    expect(await engine.logBytes()).toBeGreaterThan(0);
    await snapshot.release();
    expect(await engine.recycleLog(null)).toBe(true);
    expect(await engine.logBytes()).toBe(0);
  });

  test('a snapshot between folding and the next write does not read dead frames', async () => {
    for (let i = 0; i < 5; i++) await commit(i);
    await engine.recycleLog(null);
    const snapshot = await engine.pin();
    for (let i = 5; i < 25; i++) await commit(i);
    const blocks = await readBlocks(snapshot);
    await snapshot.release();
    const target = await place.engines.beginRestore(1002);
    await fill(target, { blocks, scn: snapshot.scn }, [], snapshot.scn);
    await target.finish(snapshot.scn);
    expect(await probe(await place.engines.open(1002))).toBe('4');
  });

  test('a sealed reader goes on in the new generation, another one reports a gap', async () => {
    const log = await engine.log();
    const start = (await log.barrier()).position;
    const archive = await openReader(log, start);
    await commit(1);
    let sealed = start;
    const folded = await engine.recycleLog(async (position) => {
      readAll(archive);
      sealed = position;
    });
    expect(folded).toBe(true);
    const unsealed = { ...sealed, sealed: 0 };
    await commit(2);
    expect(readAll(await openReader(log, sealed)).flatMap((chunk) => chunk.commits)).toHaveLength(1);
    expect(readAll(archive).flatMap((chunk) => chunk.commits)).toHaveLength(1);
    await engine.recycleLog(null);
    await commit(3);
    const late = await openReader(log, unsealed);
    expect(() => late.next(1)).toThrow(LogGapError);
    // Sealed, but the generation behind it is gone: the first commit there does not follow.
    const stale = await openReader(log, sealed);
    expect(() => stale.next(1)).toThrow(LogGapError);
  });

  test('who stands at the very end of a fold that was not sealed has missed nothing, who stands before it has', async () => {
    const log = await engine.log();
    await commit(1);
    const early = await openReader(log, (await log.barrier()).position);
    await commit(2);
    const reader = await openReader(log, (await log.barrier()).position);
    expect(await engine.recycleLog(null)).toBe(true);
    expect(reader.next(1)).toBeNull();
    await commit(3);
    expect(() => early.next(1)).toThrow(LogGapError);
    expect(readAll(reader).flatMap((chunk) => chunk.commits)).toHaveLength(1);
  });

  test('a sealed position is followed after a restart, too', async () => {
    const log = await engine.log();
    const reader = await openReader(log, (await log.barrier()).position);
    let sealed = reader.position;
    await commit(1);
    await engine.recycleLog(async (position) => {
      readAll(reader);
      sealed = JSON.parse(JSON.stringify(position)) as typeof position;
    });
    await place.engines.closeAll();
    const reopened = await place.engines.open(1001);
    await reopened.setGlobalVariable('probe', 'later');
    const again = await openReader(await reopened.log(), sealed);
    expect(readAll(again).flatMap((chunk) => chunk.commits)).toHaveLength(1);
  });

  test('a commit that shrinks the tenant shrinks the restored file', async () => {
    const snapshot = await engine.pin();
    const blocks = await readBlocks(snapshot);
    await snapshot.release();
    const target = await place.engines.beginRestore(1002);
    await fill(target, { blocks, scn: snapshot.scn }, [], snapshot.scn);
    const { dbFd } = target.writer.data as { readonly dbFd: number };
    const before = fstatSync(dbFd).size;
    const page = Buffer.alloc(4096);
    readSync(dbFd, page, 0, 4096, 4096);
    const at = page.indexOf(bigEndian(snapshot.scn));
    bigEndian(snapshot.scn + 1n).copy(page, at);
    bigEndian(snapshot.scn).copy(page, at + 8);
    const bytes = new Uint8Array(commitBytes(1));
    const view = new DataView(bytes.buffer);
    const scn = snapshot.scn + 1n;
    const databasePages = before / 4096 - 1;
    writeCommitHeader(view, 0, { scn, previous: snapshot.scn, databasePages, pageCount: 1, goesOn: false });
    view.setUint32(24, 2, true);
    bytes.set(page, 28);
    const applier = openLogApplier(target.writer.data);
    expect(applier.apply({ bytes, commits: [{ scn, end: bytes.length }] }, snapshot.scn, scn)).toBe(1);
    applier.close();
    expect(fstatSync(dbFd).size).toBe(before - 4096);
    await target.abort();
  });

  test('a seal that fails folds nothing', async () => {
    await commit(1);
    const failing = engine.recycleLog(async () => {
      throw new Error('no archive');
    });
    await expect(failing).rejects.toThrow('no archive');
    expect(await engine.logBytes()).toBeGreaterThan(0);
    await commit(2);
    expect(await probe(engine)).toBe('2');
  });

  test('a barrier separates earlier from later commits', async () => {
    const log = await engine.log();
    await commit(1);
    const barrier = await log.barrier();
    const reader = await openReader(log, barrier.position);
    await commit(2);
    const [chunk] = readAll(reader);
    expect(chunk!.firstScn).toBeGreaterThan(barrier.scn);
    const again = await log.barrier();
    expect(again.scn).toBeGreaterThanOrEqual(chunk!.lastScn);
    expect(again.position).toEqual(chunk!.position);
  });

  test('a tenant whose log lost its tail is a gap, not silence', async () => {
    const log = await engine.log();
    const reader = await openReader(log, (await log.barrier()).position);
    for (let i = 0; i < 5; i++) await commit(i);
    const chunks = readAll(reader, 1);
    const after = chunks.at(-1)!.position;
    await place.engines.closeAll();
    const wal = join(place.directory, 't1001', 'data.db-wal');
    const cut = chunks.at(-3)!.position['frame'] as number;
    writeFileSync(wal, readFileSync(wal).subarray(0, 32 + cut * 4120));
    const reopened = await place.engines.open(1001);
    await reopened.setGlobalVariable('probe', 'another');
    const late = await openReader(await reopened.log(), after);
    expect(() => late.next(1)).toThrow(LogGapError);
    for (let i = 0; i < 9; i++) await reopened.setGlobalVariable('probe', `more ${i}`);
    expect(() => late.next(1)).toThrow(LogGapError);
  });
});
