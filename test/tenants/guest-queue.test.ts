import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, mysqlTenant } from './engine-fixture.ts';
import { rootContext, type SqlClient, sqlClient } from './sql-fixture.ts';

/** Takes minutes by itself. */
const endless = 'SELECT count(*) FROM n a, n b, n c WHERE a.v + b.v + c.v <> -1';
/** Rows enough for statements that are known to walk the whole table to move at once. */
const rows = 24_000;
const checked = 'CHECK TABLE n';
const whole = [['test.n', 'check', 'status', 'OK']];

let place: EnginePlace;
let hog: TenantEngine;
let other: TenantEngine;
let running: { readonly client: SqlClient; readonly failure: Promise<{ readonly errno: number }> }[];

beforeEach(async () => {
  place = enginePlace({ engineThreads: 1, guestThreads: 2, synchronous: 'NORMAL' });
  for (const tenantId of [1002, 1004]) await place.engines.create(tenantId, mysqlTenant);
  hog = await place.engines.open(1002);
  other = await place.engines.open(1004);
  for (const engine of [hog, other]) {
    const client = await sqlClient(engine);
    await client.ok('CREATE TABLE n (id INT PRIMARY KEY AUTO_INCREMENT, v INT)');
    await client.ok(`INSERT INTO n (v) VALUES ${Array.from({ length: rows }, (_, i) => `(${i})`)}`);
  }
  running = [];
  for (let i = 0; i < 2; i++) {
    const client = await sqlClient(hog);
    running.push({ client, failure: client.fails(endless) });
  }
  // Both have moved when their tenant's engine thread answers others again and again.
  const beside = await sqlClient(hog);
  for (let i = 0; i < 20; i++) {
    await beside.value('SELECT v FROM n WHERE id = 5');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
afterEach(async () => {
  for (const { client } of running) client.session.interrupt();
  await place.end();
});

async function endOf(at: number): Promise<void> {
  const { client, failure } = running[at]!;
  client.session.interrupt();
  expect((await failure).errno).toBe(1317);
}

/** Whether it settles while others are answered. */
async function settlesSoon(work: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void work.then(
    () => (settled = true),
    () => (settled = true),
  );
  const beside = await sqlClient(hog);
  for (let i = 0; i < 30 && !settled; i++) {
    await beside.value('SELECT v FROM n WHERE id = 6');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return settled;
}

test('a tenant whose statements hold all their threads leaves others theirs', async () => {
  expect(await (await sqlClient(other)).rows(checked)).toEqual(whole);
});

test.each([0, 1])('who waits for a thread gets the first that is free, be it number %i', async (at) => {
  const waiting = (await sqlClient(hog)).rows(checked);
  expect(await settlesSoon(waiting)).toBe(false);
  await endOf(at);
  expect(await waiting).toEqual(whole);
});

test('who waits for a thread can be ended, and a write that waits gives its lock back then', async () => {
  const client = await sqlClient(hog);
  const failure = client.fails('ALTER TABLE n ADD COLUMN w INT');
  expect(await settlesSoon(failure)).toBe(false);
  client.session.interrupt();
  expect((await failure).errno).toBe(1317);
  await (await sqlClient(hog)).with({ lockWaitTimeoutMs: 20_000 }).ok('INSERT INTO n (v) VALUES (1)');
});

test('a statement that is late while it waits for a thread gives its lock back, too', async () => {
  const client = await sqlClient(hog);
  const nowUs = Date.now() * 1000;
  const sql = 'ALTER TABLE n ADD COLUMN w INT';
  const request = { sql, format: 'text', context: rootContext, nowUs, deadlineUs: nowUs + 200_000 } as const;
  await expect(client.session.execute(request)).rejects.toMatchObject({ errno: 4012 });
  await (await sqlClient(hog)).with({ lockWaitTimeoutMs: 20_000 }).ok('INSERT INTO n (v) VALUES (1)');
});

test('a tenant is dropped while its statements run and wait for threads', async () => {
  const waiting = (await sqlClient(hog)).fails(checked);
  expect(await settlesSoon(waiting)).toBe(false);
  await place.engines.drop(1002);
  expect((await waiting).errno).toBe(1317);
  for (const { failure } of running) expect((await failure).errno).toBe(1317);
});
