import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenant, errorOf, oneValue, startTestServer, type TestServer } from './server-fixture.ts';

const endless = 'WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT COUNT(*) FROM t';
const parameters = (count: number) =>
  Array.from({ length: count }, (_, i) => `oceanbase.GV$OB_PARAMETERS p${i}`).join(', ');

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

test.each(['root@sys', 'root@shop'])(
  'a query without an end holds up nobody but %s, and can be killed',
  async (user) => {
    const client = await server.connect(user);
    const failure = errorOf(client.query(endless));
    // Killed before it has begun it would not be met.
    for (;;) {
      const busy = await oneValue(
        sys,
        `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ${client.threadId} AND COMMAND = 'Query'`,
      );
      if (Number(busy) === 1) break;
    }
    expect(await oneValue(sys, 'SELECT 7')).toBe(7);
    await sys.query(`KILL QUERY ${client.threadId}`);
    expect(await failure).toMatchObject({ errno: 1317 });
    expect(await oneValue(client, 'SELECT 8')).toBe(8);
    await client.end();
  },
);

test.each([
  `SELECT COUNT(*) FROM ${parameters(5)} WHERE p0.NAME <> p4.VALUE`,
  `SELECT COUNT(*) FROM oceanbase.GV$OB_PARAMETERS a WHERE (SELECT COUNT(*) FROM ${parameters(3)} WHERE p0.NAME <> a.NAME) = -1`,
  `SELECT p0.*, p1.* FROM ${parameters(4)}`,
])('a product of views ends with a code: %s', async (sql) => {
  expect([4012, 4013]).toContain((await errorOf(sys.query(sql))).errno);
  expect(await oneValue(sys, 'SELECT 9')).toBe(9);
});
