import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import mysql from 'mysql2/promise';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTenant, oneValue } from '../server/server-fixture.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';

const main = fileURLToPath(new URL('../../src/bin/obvault.js', import.meta.url));
let scratch: Scratch;
let server: ChildProcess;
beforeEach(() => {
  scratch = scratchDirectory();
});
afterEach(() => {
  server.kill('SIGKILL');
  scratch.remove();
});

/** Starts a server process and says what works on its port. */
async function start(): Promise<(sql: string) => Promise<unknown>> {
  const args = ['--port', '0', '--data-dir', join(scratch.path, 'data'), '--quiet'];
  server = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(server.stdout!, 'data');
  const port = Number(/:(\d+)\s*$/.exec(String(line))?.[1]);
  return async (sql) => {
    const connection = await mysql.createConnection({ host: '127.0.0.1', port, user: 'root@sys' });
    try {
      return await (sql.startsWith('SELECT') ? oneValue(connection, sql) : connection.query(sql));
    } finally {
      await connection.end();
    }
  };
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await sleep(50);
}

/** Threads of the process that files are read through. */
function fileThreads(): number {
  const tasks = `/proc/${server.pid}/task`;
  return readdirSync(tasks).filter((id) => readFileSync(join(tasks, id, 'comm'), 'utf8').startsWith('libuv-worker'))
    .length;
}

test('a server has threads left when a mount is dead, and ends when it is told to', async () => {
  const first = await start();
  const connection = { query: first } as unknown as mysql.Connection;
  await createTenant(connection, 'a');
  const archive = join(scratch.path, 'archive');
  await first(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file://${archive}' TENANT = a`);
  await first('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await until(async () => (await first('SELECT status FROM oceanbase.CDB_OB_ARCHIVELOG')) === 'DOING');
  expect(fileThreads()).toBeGreaterThan(16);
  server.kill('SIGTERM');
  expect(await once(server, 'exit')).toEqual([0, null]);

  // Opening a pipe nobody writes to does not come back: a dead mount behaves so.
  const pipe = join(archive, 'format.obbak');
  rmSync(pipe);
  execFileSync('mkfifo', [pipe]);
  await start();
  const waiting = () => {
    const tasks = `/proc/${server.pid}/task`;
    return readdirSync(tasks).some((id) => readFileSync(join(tasks, id, 'wchan'), 'utf8').includes('wait_for_partner'));
  };
  // Not every kernel tells; a server calls soon after its start.
  const patienceMs = performance.now() + 20_000;
  await until(async () => waiting() || performance.now() > patienceMs);
  server.kill('SIGTERM');
  const startMs = performance.now();
  expect(await once(server, 'exit')).toEqual([null, 'SIGKILL']);
  expect(performance.now() - startMs).toBeLessThan(10_000);
});
