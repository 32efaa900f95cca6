import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { fault } from '../../src/base/errors.ts';
import { parseRelease } from '../../src/base/release.ts';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import { backedUp } from './backed-up-tenant.ts';
import { type Harness, makePool, makeTenant, settle, shipped, startArchiving, startHarness } from './job-harness.ts';

let harness: Harness;
let tenantId: number;
let point: bigint;
let from: string;

beforeAll(async () => {
  harness = await startHarness({ release: parseRelease('4.2.5') });
  tenantId = await makeTenant(harness, 'a');
  await startArchiving(harness, 'a');
  for (const sql of [
    ...['d', 'e', 'ring', 'goal'].map((name) => `CREATE DATABASE ${name}`),
    'CREATE TABLE d.t (id INT PRIMARY KEY)',
    'CREATE TABLE d.u (id INT PRIMARY KEY, v INT, UNIQUE KEY one (v))',
    'CREATE TABLE d.w (id INT PRIMARY KEY)',
    'CREATE TABLE e.t (id INT PRIMARY KEY)',
    'CREATE TABLE ring.a (id INT PRIMARY KEY, b INT)',
    'CREATE TABLE ring.b (id INT PRIMARY KEY, a INT, CONSTRAINT to_a FOREIGN KEY (a) REFERENCES ring.a (id))',
    'ALTER TABLE ring.a ADD CONSTRAINT to_b FOREIGN KEY (b) REFERENCES ring.b (id)',
    'INSERT INTO d.t VALUES (1)',
    'INSERT INTO d.u VALUES (1, 1)',
    'INSERT INTO ring.a VALUES (1, NULL)',
    'INSERT INTO ring.b VALUES (1, 1)',
  ])
    await harness.sql('a', sql);
  await backedUp(harness);
  point = await shipped(harness, 'a');
  from = `${harness.place('a/data')},${harness.place('a/archive')}`;
  await makePool(harness, 'aux');
});
afterAll(() => harness.stop());
afterEach(async () => {
  vi.restoreAllMocks();
  await harness.sql('a', 'DROP DATABASE goal');
  await harness.sql('a', 'CREATE DATABASE goal');
  for (const id of [1, tenantId])
    await harness.controller.catalog.transaction((tx) => tx.recoverTables.removeTenant(id));
});

const recover = (tables: string, remaps: string) =>
  harness.say(
    `ALTER SYSTEM RECOVER TABLE ${tables} TO TENANT = a FROM '${from}' UNTIL SCN = ${point} WITH 'pool_list=aux' REMAP TABLE ${remaps}`,
  );
/** The target's row, and its tables by their source, in the order of these. */
const ended = async () => {
  await settle(harness);
  return harness.controller.catalog.read((tx) => ({
    job: tx.recoverTables.jobs.list({ tenantId })[0],
    tasks: tx.recoverTables.tasks
      .list({ tenantId })
      .toSorted((a, b) => (a.srcTable < b.srcTable ? -1 : 1))
      .map(({ srcTable, result, comment }) => ({ srcTable, result, comment })),
  }));
};
const tablesOf = (database: string) =>
  harness.value('a', `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '${database}'`);

/** What is done when the auxiliary tenant is first asked for its tables. */
function whenAuxStands(work: (auxTenantId: number) => Promise<void>): void {
  const { engines } = harness.controller;
  const open = engines.open.bind(engines);
  let first: Promise<void> | null = null;
  vi.spyOn(engines, 'open').mockImplementation(async (id) => {
    const engine = await open(id);
    if (id === tenantId) return engine;
    const tables = async () => {
      first ??= work(id);
      await first;
      return engine.tables();
    };
    return { ...engine, tables };
  });
}

/** A place where something waits until it is let on. */
function newGate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  let reached = false;
  return {
    open: resolve,
    pass: () => {
      reached = true;
      return promise;
    },
    reached: () => harness.until(async () => reached),
  };
}

test('CANCEL while the list of tables is made holds', async () => {
  const gate = newGate();
  whenAuxStands(gate.pass);
  await recover('d.t', 'd.t:goal.t');
  await gate.reached();
  await harness.say('ALTER SYSTEM CANCEL RECOVER TABLE a');
  gate.open();
  expect(await ended()).toMatchObject({ job: { status: 'FAILED', result: '-4072' }, tasks: [] });
  expect(await tablesOf('goal')).toBe('0');
});

test('CANCEL is refused once the end is known, and the end is told when nothing is left behind', async () => {
  const engine = await tenantEngineOf(harness.controller, tenantId);
  const gate = newGate();
  const drop = vi.spyOn(engine, 'dropUnnamedTables');
  drop.mockRejectedValueOnce(fault('OB_ERR_EXCLUSIVE_LOCK_CONFLICT')).mockImplementationOnce(gate.pass);
  await recover('d.t', 'd.t:goal.t');
  await gate.reached();
  await expect(harness.say('ALTER SYSTEM CANCEL RECOVER TABLE a')).rejects.toMatchObject({ errno: 4179 });
  gate.open();
  expect((await ended()).job).toMatchObject({ status: 'COMPLETED' });
  expect(drop).toHaveBeenCalledTimes(2);
});

test('two tables never get one name', async () => {
  await expect(recover('d.t, e.t', 'd.t:e.t')).rejects.toMatchObject({
    errno: 1235,
    message: 'remap duplicate table `e`.`t` not supported',
  });
  await recover('d.*, e.*', 'd.*:goal.*, e.*:goal.*');
  const { job, tasks } = await ended();
  expect(job).toMatchObject({ status: 'FAILED', comment: expect.stringContaining('-4007') });
  expect(job?.comment).toContain('remap duplicate table `goal`.`t`');
  expect(tasks).toEqual([]);
  expect(await tablesOf('goal')).toBe('0');
});

test('a database that was not there, and a remap of a table that was not there, fail by name', async () => {
  for (const [tables, remaps, code, name] of [
    ['never.*', 'never.*:goal.*', '-5154', "'never'"],
    ['mysql.*', 'mysql.*:goal.*', '-5154', "'mysql'"],
    ['d.*', 'd.*:goal.*, d.never:goal.x', '-5019', "'d.never'"],
  ] as const) {
    await recover(tables, remaps);
    const { job, tasks } = await ended();
    expect(job?.status).toBe('FAILED');
    expect(job?.comment).toContain(`result: ${code}(`);
    expect(job?.comment).toContain(name);
    expect(tasks).toEqual([]);
    for (const id of [1, tenantId])
      await harness.controller.catalog.transaction((tx) => tx.recoverTables.removeTenant(id));
  }
});

test('rows that break a unique key fail their table and no other', async () => {
  whenAuxStands(async (auxTenantId) => {
    const source = new Database(join(harness.directory, `server/tenants/t${auxTenantId}/data.db`));
    const index = source.prepare(
      `SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'd.u' AND sql > ''`,
    );
    source.exec(`DROP INDEX "${String(index.pluck().get())}"`);
    expect(source.prepare('INSERT INTO "d.u" SELECT id + 1, v FROM "d.u"').run().changes).toBe(1);
    source.close();
  });
  await recover('d.*', 'd.*:goal.*');
  const { job, tasks } = await ended();
  expect(job).toMatchObject({ status: 'COMPLETED', result: 'PARTIAL_SUCCESS' });
  expect(tasks).toMatchObject([
    { srcTable: 't', result: 'SUCCEESS' },
    { srcTable: 'u', result: 'FAILED', comment: expect.stringContaining('-5024') },
    { srcTable: 'w', result: 'SUCCEESS' },
  ]);
  expect(await harness.value('a', 'SELECT COUNT(*) FROM goal.t')).toBe('1');
});

test('a bug in the import of a table fails it and no other', async () => {
  const engine = await tenantEngineOf(harness.controller, tenantId);
  const { importTable } = engine;
  vi.spyOn(engine, 'importTable').mockImplementation((source, wish, signal) =>
    wish.from.table === 'u' ? Promise.reject(new Error('a bug')) : importTable(source, wish, signal),
  );
  await recover('d.*', 'd.*:goal.*');
  expect((await ended()).tasks).toMatchObject([
    { srcTable: 't', result: 'SUCCEESS' },
    { srcTable: 'u', result: 'FAILED', comment: expect.stringContaining('-4016') },
    { srcTable: 'w', result: 'SUCCEESS' },
  ]);
});

test('of a circle no table keeps a key to one that failed', async () => {
  await harness.sql('a', 'CREATE TABLE goal.a (id INT PRIMARY KEY)');
  await recover('ring.*', 'ring.*:goal.*');
  const { tasks } = await ended();
  expect(tasks).toMatchObject([
    { srcTable: 'a', result: 'FAILED' },
    { srcTable: 'b', result: 'SUCCEESS', comment: 'foreign keys to tables that failed are dropped: to_a' },
  ]);
  expect(await harness.value('a', 'SELECT a FROM goal.b')).toBe('1');
  expect(await harness.sql('a', 'INSERT INTO goal.b VALUES (2, 99)')).toBe(1);
});
