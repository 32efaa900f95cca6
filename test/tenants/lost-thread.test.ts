import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { EngineThread } from '../../src/tenants/embedded/engine-thread.ts';
import { mysqlTenant, storeLimits } from './engine-fixture.ts';
import { watchEngineWorkers } from './engine-workers.ts';
import { rootContext } from './sql-fixture.ts';

const workers = watchEngineWorkers();
const unheard: unknown[] = [];
const note = (reason: unknown) => void unheard.push(reason);
process.on('unhandledRejection', note);
afterAll(() => {
  workers.stop();
  process.off('unhandledRejection', note);
});

let directory: string;
let thread: EngineThread;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'obvault-lost-'));
  const limits = { ...storeLimits, readSliceMs: 1_000, writeSliceMs: 1_000 };
  thread = new EngineThread({ directory, limits, guestsOnly: false, systemTables: [] }, silentLog, {});
});
afterEach(async () => {
  await thread.kill();
  rmSync(directory, { recursive: true });
});

const newFlag = () => new SharedArrayBuffer(4);

test('a session of a thread that was lost is nobody in the next one', async () => {
  await thread.call('create', 1002, mysqlTenant);
  const lost = await thread.call('openSession', 1002, 1, newFlag());
  await thread.kill();
  await thread.call('open', 1002);
  const fresh = await thread.call('openSession', 1002, 2, newFlag());
  const request = { sql: 'SELECT 1', format: 'text', context: rootContext, nowUs: 1, deadlineUs: 0 } as const;
  await expect(thread.call('execute', lost, request)).rejects.toMatchObject({ errno: 4064 });
  expect(await thread.call('execute', fresh, request)).toMatchObject({ kind: 'rows' });
});

test('the last part of a fold, for which writers wait, is told from those before', async () => {
  await thread.call('create', 1002, mysqlTenant);
  await thread.call('open', 1002);
  const session = await thread.call('openSession', 1002, 1, newFlag());
  const execute = (sql: string) =>
    thread.call('execute', session, { sql, format: 'text', context: rootContext, nowUs: 1, deadlineUs: 0 });
  const write = (megabytes: number) => execute(`INSERT INTO t VALUES (REPEAT('x', ${megabytes << 20}))`);
  await execute('CREATE TABLE t (v LONGTEXT)');
  await write(4);
  const parts: boolean[] = [];
  const folded = await thread.recycleLog(1002, null, async (data, held) => {
    parts.push(held);
    // Faster than is folded: so much must be left for the last part.
    if (parts.length === 1) await write(4);
    await thread.call('foldElsewhere', data);
  });
  expect(folded).toBe(true);
  expect(parts.at(-1)).toBe(true);
  expect(parts.slice(0, -1)).toEqual([false]);
});

test.each([
  ['before it is answered', () => workers.lose()],
  ['while it is answered', async () => void workers.lose()],
])('a thread that is lost %s, a seal or a fold, takes nobody along', async (_, lose) => {
  await thread.call('create', 1002, mysqlTenant);
  await expect(thread.recycleLog(1002, lose, lose)).rejects.toMatchObject({ errno: 4023 });
  await thread.call('open', 1002);
  const session = await thread.call('openSession', 1002, 1, newFlag());
  const execute = (sql: string) =>
    thread.call('execute', session, { sql, format: 'text', context: rootContext, nowUs: 1, deadlineUs: 0 });
  await execute('CREATE TABLE t (v LONGTEXT)');
  await execute(`INSERT INTO t VALUES (REPEAT('x', ${4 << 20}))`);
  await expect(thread.foldAhead(1002, lose)).rejects.toMatchObject({ errno: 4023 });
  // Node tells of them between two turns.
  await new Promise(setImmediate);
  expect(unheard).toEqual([]);
});
