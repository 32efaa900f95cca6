import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenant, oneValue, startTestServer, type TestServer } from './server-fixture.ts';

let server: TestServer;
let sys: Connection;
beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect();
  await createTenant(sys, 'shop');
});
afterAll(async () => {
  await sys.end();
  await server.stop();
});

test('a client that takes nothing of its answer for net_write_timeout is turned out', async () => {
  const client = await server.connect('root@shop');
  await client.query('CREATE DATABASE d');
  await client.query('CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT)');
  await client.query(`INSERT INTO d.t (v) VALUES ${Array.from({ length: 500 }, () => `('${'x'.repeat(30_000)}')`)}`);
  await client.query('SET net_write_timeout = 1');
  const { stream } = (client as unknown as { connection: { stream: NodeJS.ReadableStream } }).connection;
  client.on('error', () => undefined);
  const answer = client.query('SELECT a.v, b.v FROM d.t a, d.t b').then(
    () => 'all',
    () => 'lost',
  );
  stream.pause();
  const mine = `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ${client.threadId}`;
  for (;;) if (Number(await oneValue(sys, mine)) === 0) break;
  stream.resume();
  expect(await answer).toBe('lost');
});

test('a text of many statements lets others have their turn', async () => {
  const client = await server.connect('root@sys', { multipleStatements: true });
  const count = 20_000;
  let over = false;
  const all = client.query('SELECT 1;'.repeat(count)).finally(() => {
    over = true;
  });
  let answers = 0;
  while (!over) {
    expect(await oneValue(sys, 'SELECT 7')).toBe(7);
    answers++;
  }
  expect(((await all)[0] as unknown as unknown[]).length).toBe(count);
  expect(answers).toBeGreaterThan(10);
  await client.end();
});
