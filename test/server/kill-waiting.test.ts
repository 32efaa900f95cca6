import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenant, errorOf, oneValue, startTestServer, type TestServer } from './server-fixture.ts';

/** A store that takes every connection and never answers. */
let deaf: Server;
const sockets: Socket[] = [];
let server: TestServer;
let uri: string;
beforeAll(async () => {
  deaf = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((ready) => deaf.listen(0, '127.0.0.1', ready));
  const { port } = deaf.address() as AddressInfo;
  uri = `s3://bucket/shop?host=127.0.0.1:${port}&access_id=AKIADEAF&access_key=deafdeaf&s3_region=r`;
  server = await startTestServer();
  const sys = await server.connect();
  await createTenant(sys, 'shop');
  sys.destroy();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  deaf.close();
  await server?.stop();
});

test.each([
  ['SET', () => `ALTER SYSTEM SET DATA_BACKUP_DEST = '${uri}' TENANT = shop`],
  ['TEST DESTINATION', () => `ALTER SYSTEM TEST DESTINATION '${uri}'`],
  ['RESTORE', () => `ALTER SYSTEM RESTORE copy FROM '${uri}' WITH 'pool_list=pool_shop'`],
])('KILL QUERY ends a %s that waits for a store; the session goes on', async (_, sql) => {
  const [waiting, other] = [await server.connect(), await server.connect()];
  const id = await oneValue(waiting, 'SELECT CONNECTION_ID()');
  const met = sockets.length;
  const error = errorOf(waiting.query(sql()));
  while (sockets.length === met) await new Promise((later) => setTimeout(later, 10));
  const started = performance.now();
  await other.query(`KILL QUERY ${String(id)}`);
  expect((await error).errno).toBe(1317);
  // A call on its own would be given up after ten seconds.
  expect(performance.now() - started).toBeLessThan(8_000);
  expect(await oneValue(waiting, 'SELECT 1')).toBe(1);
  expect(await oneValue(other, 'SELECT COUNT(*) FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO')).toBe(0);
  waiting.destroy();
  other.destroy();
});

test('KILL QUERY ends a SET that waits for another one of the same directory', async () => {
  const [first, second, other] = [await server.connect(), await server.connect(), await server.connect()];
  const sql = `ALTER SYSTEM SET DATA_BACKUP_DEST = '${uri}' TENANT = shop`;
  const ids = [await oneValue(first, 'SELECT CONNECTION_ID()'), await oneValue(second, 'SELECT CONNECTION_ID()')];
  const errors = [errorOf(first.query(sql)), errorOf(second.query(sql))];
  const running = `SELECT COUNT(*) FROM oceanbase.GV$OB_PROCESSLIST WHERE INFO LIKE 'ALTER SYSTEM SET DATA%'`;
  while (Number(await oneValue(other, running)) < 2) await new Promise((later) => setTimeout(later, 10));
  const started = performance.now();
  for (const i of [1, 0]) {
    await other.query(`KILL QUERY ${String(ids[i])}`);
    expect((await errors[i]!).errno).toBe(1317);
  }
  expect(performance.now() - started).toBeLessThan(8_000);
  for (const connection of [first, second, other]) connection.destroy();
});
