import { afterAll, beforeAll, expect, it } from 'vitest';
import { enginePlace } from './engine-fixture.ts';
import { type SqlClient, testClient } from './sql-fixture.ts';

const place = enginePlace();
let client: SqlClient;

beforeAll(async () => {
  client = await testClient(place);
});
afterAll(() => place.end());

const rows = (from: number, count: number, make: (id: number) => string) =>
  Array.from({ length: count }, (_, index) => make(from + index)).join(',');

it('long runs of rows are read as they are written, among others and up to the wrong one', async () => {
  await client.ok('CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(40), b INT)');
  const plain = (id: number) => `(${id}, 'it''s ${id}', -${id})`;
  const { info } = await client.ok(
    `INSERT INTO t VALUES ${rows(1, 500, plain)}, (1000, CONCAT('a', 'b'), 1 + 1), ${rows(2000, 300, plain)}, (3000, NULL, DEFAULT)`,
  );
  expect(info).toBe('Records: 802  Duplicates: 0  Warnings: 0');
  expect(await client.rows('SELECT COUNT(*), SUM(id + b), MAX(a), COUNT(a) FROM t')).toEqual([
    ['802', '1002', "it's 99", '801'],
  ]);
  expect(await client.fails(`INSERT INTO t VALUES ${rows(5000, 400, plain)}, (9000, 'x'), (9001, 'x', 1)`)).toEqual({
    errno: 1136,
    message: "Column count doesn't match value count at row 401",
  });
  expect(await client.fails(`INSERT INTO t VALUES ${rows(5000, 400, plain)}, (5010, 'x', 1)`)).toEqual({
    errno: 1062,
    message: "Duplicate entry '5010' for key 'PRIMARY'",
  });
  expect(
    await client.fails(`INSERT INTO t VALUES ${rows(5000, 400, plain)}, ${rows(6000, 99, () => "(6000, 'x', 'y')")}`),
  ).toEqual({
    errno: 1366,
    message: "Incorrect integer value: 'y' for column 'b' at row 401",
  });
  expect((await client.fails(`INSERT INTO t VALUES ${rows(5000, 400, plain)}, (1,`)).errno).toBe(1064);
  expect(await client.value('SELECT COUNT(*) FROM t')).toBe('802');
});
