import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { newAliveFlag } from '../../src/tenants/embedded/alive.ts';
import { maxBlockBytes } from '../../src/tenants/embedded/block-format.ts';
import { openBlockReader, openBlockWriter } from '../../src/tenants/embedded/thread-module.ts';
import { lockPageNo, pageBytes } from '../../src/tenants/embedded/wal-format.ts';
import type { Snapshot } from '../../src/tenants/tenant-engine.ts';
import { enginePlace, fill, mysqlTenant, openReader, readAll } from './engine-fixture.ts';
import { sqlClient } from './sql-fixture.ts';

/** Reads a snapshot in a thread of its own, as a copy worker does. */
function copyInWorker(snapshot: Snapshot): Promise<Uint8Array[]> {
  const code = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { openBlockReader } = await import(workerData.reader.module);
    const blocks = openBlockReader(workerData.reader.data);
    const into = new Uint8Array(blocks.maxBlockBytes);
    const read = [];
    for (let i = 0; i < workerData.blockCount; i++) read.push(into.slice(0, blocks.read(i, into)));
    parentPort.postMessage(read);`;
  const { reader, blockCount } = snapshot;
  const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  return new Promise((resolve, reject) => {
    const worker = new Worker(url, { workerData: { reader, blockCount } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

describe('while others write', () => {
  test('every copy is one moment: transfers never change the sum', async () => {
    const place = enginePlace({ synchronous: 'NORMAL' });
    try {
      await place.engines.create(1001, mysqlTenant);
      const engine = await place.engines.open(1001);
      const writer = await sqlClient(engine, {}, 1);
      await writer.ok('CREATE TABLE account (id INT PRIMARY KEY, balance INT, pad VARCHAR(400))');
      const rows = Array.from({ length: 3000 }, (_, i) => `(${i}, 100, '${'p'.repeat(300)}')`);
      await writer.ok(`INSERT INTO account VALUES ${rows.join(',')}`);
      await writer.ok('CREATE TABLE moved (n INT PRIMARY KEY AUTO_INCREMENT)');
      const log = await engine.log();
      const reader = await openReader(log, (await log.barrier()).position);

      let stop = false;
      const transfers = (async () => {
        for (let i = 0; !stop; i++) {
          await writer.ok('BEGIN');
          await writer.ok(`UPDATE account SET balance = balance - 7 WHERE id = ${(i * 7919) % 3000}`);
          await writer.ok(`UPDATE account SET balance = balance + 7 WHERE id = ${(i * 104729 + 1) % 3000}`);
          await writer.ok('INSERT INTO moved VALUES ()');
          await writer.ok('COMMIT');
        }
      })();
      const sets: { scn: bigint; blocks: Uint8Array[] }[] = [];
      for (let i = 0; i < 4; i++) {
        const snapshot = await engine.pin();
        sets.push({ scn: snapshot.scn, blocks: await copyInWorker(snapshot) });
        await snapshot.release();
      }
      stop = true;
      await transfers;
      const chunks = readAll(reader);
      const commits = chunks.flatMap((chunk) => chunk.commits);
      expect(commits.length).toBeGreaterThan(20);

      for (const [i, set] of sets.entries()) {
        const later = commits.filter(({ scn }) => scn >= set.scn);
        const until = later[Math.floor(later.length / 2)]!.scn;
        const target = await place.engines.beginRestore(2000 + i);
        await fill(target, set, chunks, until);
        await target.finish(until);
        const restored = await sqlClient(await place.engines.open(2000 + i));
        expect(await restored.value('SELECT sum(balance) FROM account')).toBe('300000');
        const expected = commits.filter(({ scn }) => scn <= until).length;
        expect(await restored.value('SELECT count(*) FROM moved')).toBe(String(expected));
      }
    } finally {
      await place.end();
    }
  });

  test('a restored tenant has the tables, accounts and variables of its moment', async () => {
    const place = enginePlace();
    try {
      await place.engines.create(1001, mysqlTenant);
      const engine = await place.engines.open(1001);
      const sql = await sqlClient(engine);
      await sql.ok("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(10), KEY (a)) COMMENT = 'old'");
      await sql.ok("INSERT INTO t (a) VALUES ('x'), ('y')");
      const log = await engine.log();
      const snapshot = await engine.pin();
      const blocks = await copyInWorker(snapshot);
      await snapshot.release();
      const reader = await openReader(log, (await log.barrier()).position);
      await sql.ok('ALTER TABLE t ADD COLUMN b INT DEFAULT 5');
      await sql.ok("INSERT INTO t (a) VALUES ('z')");
      const checksum = await sql.rows('CHECKSUM TABLE t');
      const text = await sql.rows('SHOW CREATE TABLE t');
      const { scn } = await log.barrier();
      await sql.ok('DROP TABLE t');
      const target = await place.engines.beginRestore(1002);
      await fill(target, { blocks, scn: snapshot.scn }, readAll(reader), scn);
      await target.finish(scn);
      const restored = await sqlClient(await place.engines.open(1002));
      expect(await restored.rows('CHECKSUM TABLE t')).toEqual(checksum);
      expect(await restored.rows('SHOW CREATE TABLE t')).toEqual(text);
      expect(await restored.ok("INSERT INTO t (a) VALUES ('new')")).toMatchObject({ insertId: 4n });
      expect(await (await place.engines.open(1002)).globalVariables()).toEqual({ time_zone: '+08:00' });
    } finally {
      await place.end();
    }
  });
});

test('a barrier answers while the engine thread is busy', async () => {
  const place = enginePlace();
  try {
    await place.engines.create(1001, mysqlTenant);
    const engine = await place.engines.open(1001);
    const sql = await sqlClient(engine);
    await sql.ok('CREATE TABLE t (id INT PRIMARY KEY)');
    await sql.ok(`INSERT INTO t VALUES ${Array.from({ length: 4000 }, (_, i) => `(${i})`).join(',')}`);
    const log = await engine.log();
    let busy = true;
    const long = sql.value('SELECT sum(a.id * b.id) FROM t a, t b').then(() => (busy = false));
    const first = await log.barrier();
    const second = await log.barrier();
    expect(busy).toBe(true);
    expect(second.scn).toBeGreaterThan(first.scn);
    await long;
    await sql.ok('INSERT INTO t VALUES (5000)');
    const [chunk] = readAll(await openReader(log, second.position));
    expect(chunk!.firstScn).toBeGreaterThan(second.scn);
  } finally {
    await place.end();
  }
});

test('the lock page at 1 GiB is left out, and its hole kept', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lock-page-'));
  const databasePages = lockPageNo + 2;
  const source = openSync(join(directory, 'source'), 'w+');
  const copy = openSync(join(directory, 'copy'), 'w+');
  try {
    ftruncateSync(source, databasePages * pageBytes);
    const mark = (pageNo: number) => Buffer.alloc(pageBytes, pageNo & 255);
    for (const pageNo of [lockPageNo - 1, lockPageNo, lockPageNo + 1, lockPageNo + 2])
      writeSync(source, mark(pageNo), 0, pageBytes, (pageNo - 1) * pageBytes);
    const alive = newAliveFlag();
    const reader = openBlockReader({
      dbFd: source,
      walFd: source,
      databasePages,
      frames: new SharedArrayBuffer(0),
      changed: null,
      alive,
    });
    const writer = openBlockWriter({ dbFd: copy, alive, path: '', whole: new SharedArrayBuffer(4) });
    const into = new Uint8Array(maxBlockBytes);
    for (const blockNo of [511, 512]) writer.write(blockNo, into.slice(0, reader.read(blockNo, into)));
    writer.close();
    const page = (pageNo: number) => {
      const bytes = Buffer.alloc(pageBytes);
      readSync(copy, bytes, 0, pageBytes, (pageNo - 1) * pageBytes);
      return bytes;
    };
    expect(page(lockPageNo - 1)).toEqual(mark(lockPageNo - 1));
    expect(page(lockPageNo)).toEqual(Buffer.alloc(pageBytes));
    expect(page(lockPageNo + 1)).toEqual(mark(lockPageNo + 1));
    expect(page(lockPageNo + 2)).toEqual(mark(lockPageNo + 2));
    expect(reader.read(513, into)).toBe(0);
  } finally {
    closeSync(source);
    closeSync(copy);
    rmSync(directory, { recursive: true, force: true });
  }
});
