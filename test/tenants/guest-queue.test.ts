import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, mysqlTenant } from './engine-fixture.ts';
import { rootContext, type SqlClient, sqlClient } from './sql-fixture.ts';

/** Takes minutes by itself. */
const endless = 'SELECT count(*) FROM n a, n b, n c WHERE a.v + b.v + c.v <> -1';
const endlessWrite = 'INSERT INTO small (v) SELECT a.v FROM n a, n b, n c WHERE a.v + b.v + c.v = -5';
/** Rows enough for statements that are known to walk the whole table to move at once. */
const rows = 24_000;
const checked = 'CHECK TABLE n';
const whole = [['test.n', 'check', 'status', 'OK']];

let place: EnginePlace;
let running: { readonly client: SqlClient; readonly failure: Promise<{ readonly errno: number }> }[];

afterEach(async () => {
  for (const { client } of running) client.session.interrupt();
  await place.end();
});

async function tenantWithRows(tenantId: number): Promise<TenantEngine> {
  await place.engines.create(tenantId, mysqlTenant);
  const engine = await place.engines.open(tenantId);
  const client = await sqlClient(engine);
  for (const name of ['n', 'small']) await client.ok(`CREATE TABLE ${name} (id INT PRIMARY KEY AUTO_INCREMENT, v INT)`);
  await client.ok(`INSERT INTO n (v) VALUES ${Array.from({ length: rows }, (_, i) => `(${i})`)}`);
  return engine;
}

/** Starts a statement of minutes. */
async function start(engine: TenantEngine, sql: string): Promise<void> {
  const client = await sqlClient(engine);
  running.push({ client, failure: client.fails(sql) });
}

async function endOf(at: number): Promise<void> {
  const { client, failure } = running[at]!;
  client.session.interrupt();
  expect((await failure).errno).toBe(1317);
}

/** Whether it settles while others of the tenant are answered again and again. */
async function settlesSoon(engine: TenantEngine, work: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  void work.then(settle, settle);
  const beside = await sqlClient(engine);
  for (let i = 0; i < 30 && !settled; i++) {
    await beside.value('SELECT v FROM n WHERE id = 6');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return settled;
}

/** Long statements have moved by the time their tenants have answered others for a while. */
async function moved(engines: readonly TenantEngine[]): Promise<void> {
  for (const engine of engines) await settlesSoon(engine, new Promise(() => undefined));
}

describe('a tenant whose reads hold all their threads', () => {
  let hog: TenantEngine;
  beforeEach(async () => {
    place = enginePlace({ engineThreads: 1, guestThreads: 2, synchronous: 'NORMAL' });
    running = [];
    hog = await tenantWithRows(1002);
    for (let i = 0; i < 2; i++) await start(hog, endless);
    await moved([hog]);
  });

  test('leaves others theirs', async () => {
    expect(await (await sqlClient(await tenantWithRows(1004))).rows(checked)).toEqual(whole);
  });

  test('writes, and its log is folded', async () => {
    const client = (await sqlClient(hog)).with({ lockWaitTimeoutMs: 20_000 });
    await client.ok('ALTER TABLE n ADD COLUMN w INT');
    await client.ok('INSERT INTO n (v, w) VALUES (1, 2)');
    await hog.recycleLog(null);
    await (await hog.pin()).release();
  });

  test.each([0, 1])('lets who waits have the first that is free, be it number %i', async (at) => {
    const waiting = (await sqlClient(hog)).rows(checked);
    expect(await settlesSoon(hog, waiting)).toBe(false);
    await endOf(at);
    expect(await waiting).toEqual(whole);
  });

  test('is dropped while some of them wait', async () => {
    const waiting = (await sqlClient(hog)).fails(checked);
    expect(await settlesSoon(hog, waiting)).toBe(false);
    await place.engines.drop(1002);
    expect((await waiting).errno).toBe(1317);
    for (const { failure } of running) expect((await failure).errno).toBe(1317);
  });
});

describe('a write that waits for a thread because those of all tenants are taken', () => {
  let engine: TenantEngine;
  beforeEach(async () => {
    place = enginePlace({ engineThreads: 1, guestThreads: 1, synchronous: 'NORMAL' });
    running = [];
    const hogs = [];
    for (const tenantId of [1002, 1004, 1006, 1008]) hogs.push(await tenantWithRows(tenantId));
    engine = await tenantWithRows(1010);
    for (const hog of hogs) await start(hog, endlessWrite);
    await moved(hogs);
  });
  const freeAgain = async () => {
    await (await sqlClient(engine)).with({ lockWaitTimeoutMs: 20_000 }).ok('INSERT INTO n (v) VALUES (1)');
  };

  // ANALYZE commits for the first table before it moves with the second.
  test.each(['ALTER TABLE n ADD COLUMN w INT', 'ANALYZE TABLE small, n'])('can be ended: %s', async (sql) => {
    const client = await sqlClient(engine);
    const failure = client.fails(sql);
    expect(await settlesSoon(engine, failure)).toBe(false);
    client.session.interrupt();
    expect((await failure).errno).toBe(1317);
    await freeAgain();
  });

  test('gives its lock back when it is late', async () => {
    const client = await sqlClient(engine);
    const nowUs = Date.now() * 1000;
    const sql = 'ALTER TABLE n ADD COLUMN w INT';
    const request = { sql, format: 'text', context: rootContext, nowUs, deadlineUs: nowUs + 200_000 } as const;
    await expect(client.session.execute(request)).rejects.toMatchObject({ errno: 4012 });
    await freeAgain();
  });

  test('gets the first that is free, and the log is folded meanwhile', async () => {
    const waiting = (await sqlClient(engine)).ok('ALTER TABLE n ADD COLUMN w INT');
    expect(await settlesSoon(engine, waiting)).toBe(false);
    await endOf(2);
    await waiting;
    await engine.recycleLog(null);
    await freeAgain();
  });
});
