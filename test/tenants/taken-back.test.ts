import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fault } from '../../src/base/errors.ts';
import { abandonMs, Patience } from '../../src/tenants/embedded/patience.ts';
import { Session } from '../../src/tenants/embedded/session.ts';
import { statementFlag } from '../../src/tenants/embedded/statement-flag.ts';
import { Tenant } from '../../src/tenants/embedded/tenant.ts';
import { createTenantFiles } from '../../src/tenants/embedded/tenant-creation.ts';
import { tenantPaths } from '../../src/tenants/embedded/tenant-files.ts';
import type { StatementContext } from '../../src/tenants/engine-session.ts';
import { storeLimits as limits, mysqlTenant } from './engine-fixture.ts';
import { decodeRows, rootContext } from './sql-fixture.ts';

let directory: string;
let tenant: Tenant;
let one: Session;
let two: Session;
const flag = new Int32Array(new SharedArrayBuffer(4));

/** A session of the tenant as its engine thread holds it; nothing can leave that thread. */
function newSession(sessionId: number, ownFlag = new Int32Array(new SharedArrayBuffer(4))): Session {
  return new Session(tenant, sessionId, ownFlag, {
    limits,
    arrive: () => tenant,
    left() {},
    lend: () => {
      throw new Error('left the thread');
    },
    guestLeft() {},
  });
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'obvault-taken-back-'));
  const paths = tenantPaths(directory, 1002);
  createTenantFiles(paths, mysqlTenant);
  tenant = new Tenant(1002, paths, { directory, limits, guestsOnly: false, systemTables: [] }, null);
  one = newSession(1, flag);
  two = newSession(2);
  await say(one, 'CREATE TABLE t (id INT PRIMARY KEY)');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await one.close();
  await two.close();
  tenant.close();
  rmSync(directory, { recursive: true });
});

function say(session: Session, sql: string, change: Partial<StatementContext> = {}) {
  Atomics.store(flag, 0, statementFlag.running);
  const context = { ...rootContext, lockWaitTimeoutMs: 0, ...change };
  return session.execute({ sql, format: 'text', context, nowUs: Date.now() * 1000, deadlineUs: 0 });
}

async function count(session: Session, table = 't'): Promise<string | null> {
  const reply = await say(session, `SELECT COUNT(*) FROM ${table}`);
  if (reply.kind !== 'rows' || !reply.batch) throw new Error('no rows');
  return decodeRows(reply.batch)[0]![0]!;
}

const everything = [
  ...['INSERT INTO t VALUES (2)', 'SELECT * FROM t', 'COMMIT', 'BEGIN', 'SAVEPOINT s', 'CREATE TABLE u (id INT)'],
  ...['LOCK TABLES t READ', 'SHOW TABLES', 'USE test'],
];

test('a transaction SQLite took back carries out nothing before ROLLBACK', async () => {
  for (const sql of everything) {
    await say(one, 'BEGIN');
    await say(one, 'INSERT INTO t VALUES (1)');
    tenant.store.writer.exec('ROLLBACK');
    const { scn } = tenant.store;
    for (const next of [sql, 'INSERT INTO t VALUES (3)', 'COMMIT'])
      expect([next, await say(one, next).catch((error: unknown) => error)]).toEqual([
        next,
        expect.objectContaining({ errno: 6224, sqlstate: '25000' }),
      ]);
    expect(tenant.store.scn).toBe(scn);
    expect(await say(one, 'ROLLBACK')).toMatchObject({ inTransaction: false });
    expect(await count(one)).toBe('0');
  }
  await say(one, 'INSERT INTO t VALUES (2)');
  expect(await count(two)).toBe('1');
});

test('the writer lock goes to the next one with the statement that lost the transaction', async () => {
  await say(one, 'BEGIN');
  await say(one, 'INSERT INTO t VALUES (1)');
  await expect(say(two, 'INSERT INTO t VALUES (1)')).rejects.toMatchObject({ errno: 1205 });
  tenant.store.writer.exec('ROLLBACK');
  // A part of a statement that reads.
  await one.endRows();
  await say(two, 'INSERT INTO t VALUES (1)');
  await expect(say(one, 'COMMIT')).rejects.toMatchObject({ errno: 6224 });
  expect(one.transaction.open).toBe(true);
});

test('a commit without a transaction of SQLite is none', () => {
  const before = tenant.store.scn;
  expect(() => tenant.store.commit()).toThrow(expect.objectContaining({ errno: 6224 }));
  expect(tenant.store.scn).toBe(before);
});

test('a commit nobody asked for that fails is told until ROLLBACK; COMMIT that fails ends the transaction', async () => {
  const fail = () =>
    vi.spyOn(tenant.store, 'commit').mockImplementationOnce(() => {
      tenant.store.rollback();
      throw fault('ER_DISK_FULL');
    });
  for (const sql of ['CREATE TABLE u (id INT)', 'BEGIN', 'LOCK TABLES t WRITE', 'ANALYZE TABLE t']) {
    await say(one, 'BEGIN');
    await say(one, 'INSERT INTO t VALUES (1)');
    fail();
    await expect(say(one, sql)).rejects.toMatchObject({ errno: 1021 });
    await expect(say(one, sql)).rejects.toMatchObject({ errno: 6224 });
    await say(one, 'ROLLBACK');
  }
  await say(one, 'BEGIN');
  await say(one, 'INSERT INTO t VALUES (1)');
  fail();
  await expect(say(one, 'COMMIT')).rejects.toMatchObject({ errno: 1021 });
  await say(one, 'INSERT INTO t VALUES (2)');
  expect(await count(two)).toBe('1');
});

test('whoever commits has claimed the statement before, and what a statement begins with leaves it to be ended', async () => {
  const seen: number[] = [];
  const look = () => void seen.push(Atomics.load(flag, 0));
  const { commit, begin } = tenant.store;
  vi.spyOn(tenant.store, 'commit').mockImplementation(() => {
    look();
    return commit.call(tenant.store);
  });
  let id = 0;
  const commits = async (sql: string, change: Partial<StatementContext> = {}) => {
    const manual = { autocommit: false };
    await say(one, `INSERT INTO t VALUES (${++id})`, manual);
    seen.length = 0;
    await say(one, sql, { ...manual, ...change });
    return seen;
  };
  const { committing, running } = statementFlag;
  expect(await commits('COMMIT')).toEqual([committing]);
  expect(await commits('BEGIN')).toEqual([committing]);
  await say(one, 'LOCK TABLES t WRITE');
  expect(await commits('UNLOCK TABLES')).toEqual([committing]);
  expect(await commits('SELECT 1', { autocommit: true })).toEqual([committing]);
  vi.spyOn(tenant.store, 'begin').mockImplementation(() => {
    look();
    begin.call(tenant.store);
  });
  expect(await commits('CREATE TABLE u (id INT)')).toEqual([committing, running, committing]);
  // One that was ended before does not commit.
  await say(one, `INSERT INTO t VALUES (${++id})`, { autocommit: false });
  seen.length = 0;
  const ended = say(one, 'COMMIT', { autocommit: false });
  Atomics.store(flag, 0, statementFlag.ended);
  await expect(ended).rejects.toMatchObject({ errno: 1317 });
  expect(seen).toEqual([]);
});

test('a key that could not be widened leaves its table as it was', async () => {
  await say(one, 'CREATE TABLE wide (id BIGINT UNSIGNED PRIMARY KEY)');
  await say(one, 'BEGIN');
  await say(one, 'INSERT INTO wide VALUES (1)');
  vi.spyOn(tenant.dictionary, 'putTable').mockImplementationOnce(() => {
    throw fault('OB_ALLOCATE_MEMORY_FAILED');
  });
  const insert = 'INSERT INTO wide VALUES (18446744073709551615)';
  await expect(say(one, insert)).rejects.toMatchObject({ errno: 4013 });
  await say(one, 'INSERT INTO wide VALUES (2)');
  await say(one, insert);
  expect(tenant.dictionary.table('test', 'wide')?.wideKey).toBe(true);
  // Nor does it stay wide when nothing of it is committed.
  vi.spyOn(tenant.store, 'commit').mockImplementationOnce(() => {
    tenant.store.rollback();
    throw fault('ER_DISK_FULL');
  });
  await expect(say(one, 'COMMIT')).rejects.toMatchObject({ errno: 1021 });
  expect(tenant.dictionary.table('test', 'wide')?.wideKey ?? false).toBe(false);
  await say(one, insert);
  expect(await count(two, 'wide')).toBe('1');
});

test('a client gives up what goes on after a commit, not the commit', async () => {
  vi.useFakeTimers();
  try {
    const nowUs = Date.now() * 1000;
    const ownFlag = new Int32Array(new SharedArrayBuffer(4));
    Atomics.store(ownFlag, 0, statementFlag.committing);
    const patience = new Patience(ownFlag, { nowUs, deadlineUs: nowUs + 1000 });
    const given = expect(patience.wait(new Promise(() => undefined))).rejects.toMatchObject({ errno: 4012 });
    await vi.advanceTimersByTimeAsync(10 * abandonMs);
    expect(patience.abandoned).toBe(false);
    Atomics.store(ownFlag, 0, statementFlag.running);
    await vi.advanceTimersByTimeAsync(2 * abandonMs);
    expect(patience.abandoned).toBe(true);
    await given;
  } finally {
    vi.useRealTimers();
  }
});

test('SELECT … FOR UPDATE that is known to take long stays in its transaction', async () => {
  const find = vi.spyOn(tenant.plans, 'find');
  for (let i = 0; i < 2; i++) await say(one, 'SELECT * FROM t FOR UPDATE');
  Object.assign(find.mock.results.at(-1)?.value as object, { longRuns: 1 });
  await say(one, 'BEGIN');
  await say(one, 'SELECT * FROM t FOR UPDATE');
  await expect(say(two, 'INSERT INTO t VALUES (1)')).rejects.toMatchObject({ errno: 1205 });
});
