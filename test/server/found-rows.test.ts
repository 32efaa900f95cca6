import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTenant, startTestServer, type TestServer } from './server-fixture.ts';

let server: TestServer;
let sys: Connection;

beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect();
  await createTenant(sys, 'found');
});
afterAll(async () => {
  await sys.end();
  await server.stop();
});

/** How many rows a statement affected, in a transaction that is taken back, and what ROW_COUNT() says. */
async function affected(client: Connection, sql: string): Promise<readonly number[]> {
  await client.query('BEGIN');
  const [{ affectedRows }] = await client.query<ResultSetHeader>(sql);
  const [rows] = await client.query({ sql: 'SELECT ROW_COUNT()', rowsAsArray: true });
  await client.query('ROLLBACK');
  return [affectedRows, (rows as number[][])[0]![0]!];
}

it('rows an UPDATE met count as affected for a client of CLIENT_FOUND_ROWS', async () => {
  const finds = await server.connect('root@found', { database: 'test' });
  const changes = await server.connect('root@found', { database: 'test', flags: ['-FOUND_ROWS'] });
  await finds.query('CREATE TABLE r (id INT PRIMARY KEY, a INT)');
  await finds.query('INSERT INTO r VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, NULL)');
  const both = async (sql: string, found: number, changed: number) => {
    expect(await affected(finds, sql), sql).toEqual([found, found]);
    expect(await affected(changes, sql), sql).toEqual([changed, changed]);
  };
  await both('UPDATE r SET a = 4', 5, 4);
  await both('UPDATE r SET a = (@n := 4)', 5, 4);
  await both('UPDATE r x JOIN r y ON x.id = y.id SET x.a = 4 WHERE y.id > 2', 3, 2);
  await both('INSERT INTO r VALUES (1, 1), (2, 9), (6, 6) ON DUPLICATE KEY UPDATE a = VALUES(a)', 4, 3);
  await both('INSERT INTO r SELECT id, 4 FROM r AS q ON DUPLICATE KEY UPDATE a = VALUES(a)', 9, 8);
  await both('DELETE FROM r WHERE id > 3', 2, 2);
  await finds.end();
  await changes.end();
});
