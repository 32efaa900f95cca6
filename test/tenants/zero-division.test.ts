import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { enginePlace } from './engine-fixture.ts';
import { answerOf } from './peer-fixture.ts';
import { type SqlClient, testClient } from './sql-fixture.ts';

/** INSERT, REPLACE and UPDATE under a strict sql_mode fail with 1365, as the kernel's do; DELETE and whatever says IGNORE get NULL. */
describe('division by zero', () => {
  const place = enginePlace();
  let client: SqlClient;

  beforeAll(async () => {
    client = await testClient(place);
    await client.ok('CREATE TABLE t (id INT PRIMARY KEY, v INT)');
  });
  beforeEach(async () => {
    await client.ok('DELETE FROM t');
    await client.ok('INSERT INTO t VALUES (1, 0), (2, 5), (3, NULL)');
  });
  afterAll(() => place.end());

  it.each([
    ['INSERT INTO t SELECT id + 10, 1/0 FROM t WHERE id = 1', 1365],
    ['INSERT INTO t SELECT id + 10, 7 % v FROM t WHERE id = 1', 1365],
    ['INSERT INTO t SELECT z.a, z.b FROM (SELECT 31 AS a, 1 DIV 0 AS b) AS z', 1365],
    ['INSERT INTO t SELECT id + 10, 1 FROM t WHERE id = 1 AND 1/v > 0', 1365],
    ['INSERT INTO t SELECT id + 10, COUNT(*) FROM t GROUP BY id HAVING MAX(1 / v) > 0', 1365],
    ['INSERT INTO t VALUES (22, (SELECT 1/0))', 1365],
    ['INSERT INTO t VALUES (1, 2) ON DUPLICATE KEY UPDATE v = 1/0', 1365],
    ['INSERT INTO t VALUES (1, 2) ON DUPLICATE KEY UPDATE v = (SELECT MIN(1 / z.v) FROM t AS z)', 1365],
    ['REPLACE INTO t SELECT 1, 1/0', 1365],
    ['UPDATE t SET v = (SELECT 1/0) WHERE id = 1', 1365],
    ['UPDATE t SET v = 1 WHERE 1/v = 3 AND id = 1', 1365],
    ['CREATE TABLE made AS SELECT 1/0 AS x', 1365],
  ])('%s', async (sql, errno) => {
    const before = await client.rows('SELECT * FROM t ORDER BY id');
    expect(await answerOf(client, sql)).toBe(errno);
    expect(await client.rows('SELECT * FROM t ORDER BY id')).toEqual(before);
  });

  it.each([
    ['DELETE FROM t WHERE id = 77 AND 1/0 = 3', 0],
    ['DELETE FROM t WHERE 1/v = 3', 0],
    ['DELETE FROM t WHERE id = 2 OR 1/0 = 3', 1],
    ['UPDATE t SET v = 9 WHERE id = 77 AND 1/0 = 3', 0],
    ['UPDATE t SET v = 9 WHERE id = 77 AND 1/v = 3', 0],
    ['UPDATE t SET v = 1/0 WHERE id = 77', 0],
    ['UPDATE t SET v = IF(id = 77, 1/0, 4) WHERE id = 1', 1],
    ['UPDATE t JOIN t AS b ON t.id = b.id SET t.v = 1/0 WHERE t.id = 77 AND 1/0 = 3', 0],
    ['INSERT INTO t SELECT id + 10, 1/0 FROM t WHERE id = 77 AND 1/0 IS NULL', 0],
    ['INSERT INTO t VALUES (71, 2) ON DUPLICATE KEY UPDATE v = 1/0', 1],
    ['INSERT IGNORE INTO t VALUES (4, 1/0)', 1],
    ['INSERT IGNORE INTO t SELECT 4, 1/0', 1],
    ['UPDATE IGNORE t SET v = 1/0 WHERE id = 2', 1],
    ['INSERT INTO t VALUES (4, NULL / 0)', 1],
    ['UPDATE t SET v = v / 0 WHERE id = 3', 0],
    ['UPDATE t SET v = v DIV 0 WHERE id = 3', 0],
    ['UPDATE t SET v = (@n := IFNULL(@n, 2) + 1) / 2', 3],
  ])('%s', async (sql, affectedRows) => {
    expect(await answerOf(client, sql)).toEqual({ affectedRows });
  });

  it('is NULL where sql_mode does not ask for more', async () => {
    const lenient = client.with({ sqlMode: 'STRICT_ALL_TABLES' });
    expect(await answerOf(lenient, 'INSERT INTO t SELECT 4, 1/0')).toEqual({ affectedRows: 1 });
    expect(await client.rows('SELECT v FROM t WHERE id = 4')).toEqual([[null]]);
  });
});
