import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EnginePlace, enginePlace, mysqlTenant } from './engine-fixture.ts';
import { type SqlClient, sqlClient } from './sql-fixture.ts';

let place: EnginePlace;
let sql: SqlClient;

beforeAll(async () => {
  place = enginePlace();
  await place.engines.create(1001, mysqlTenant);
  sql = await sqlClient(await place.engines.open(1001));
  await sql.ok('CREATE TABLE e (a INT, b VARCHAR(5), n INT, d DECIMAL(30,2))');
});
afterAll(() => place.end());

const lines = async (text: string) => (await sql.rows(text)).map((row) => row.map((cell) => cell ?? '-').join(' '));

test('no rows have no sum', async () => {
  expect(await lines('SELECT a, sum(n), count(*) FROM e GROUP BY a WITH ROLLUP')).toEqual([]);
});

test('each group is followed by its sum, the last row is that of all', async () => {
  await sql.ok("INSERT INTO e VALUES (1,'x',1,1.5),(1,'y',2,2.5),(2,NULL,3,3.5),(NULL,'X',4,7007199254740.93)");
  expect(await lines('SELECT a, b, sum(n) FROM e GROUP BY a, b WITH ROLLUP')).toEqual([
    ...['- X 4', '- - 4', '1 x 1', '1 y 2', '1 - 3', '2 - 3', '2 - 3', '- - 10'],
  ]);
  expect(await lines('SELECT *, count(*) FROM (SELECT b FROM e) r GROUP BY b WITH ROLLUP')).toEqual([
    ...['- 1', 'x 2', 'y 1', '- 4'],
  ]);
  expect(await lines('SELECT sum(d), a FROM e GROUP BY a DESC WITH ROLLUP')).toEqual([
    ...['3.50 2', '4.00 1', '7007199254740.93 -', '7007199254748.43 -'],
  ]);
});

test('HAVING, expressions, aggregates of the grouped column, positions and LIMIT see the summed items as NULL', async () => {
  expect(await lines('SELECT a, b, sum(n) s FROM e GROUP BY a, b WITH ROLLUP HAVING s > 3')).toEqual([
    ...['- X 4', '- - 4', '- - 10'],
  ]);
  expect(
    await lines("SELECT a + 1, coalesce(b, 'all'), max(a) FROM e GROUP BY a + 1, b DESC WITH ROLLUP LIMIT 5"),
  ).toEqual([...['- X -', '- all -', '2 y 1', '2 x 1', '2 all 1']]);
  expect(await lines('SELECT a * 2 + n, count(*) FROM e WHERE a = 1 AND n = 1 GROUP BY a WITH ROLLUP')).toEqual([
    ...['3 1', '- 1'],
  ]);
  expect(
    await lines("SELECT IF(b IS NULL, 'total', upper(b)) u, sum(a) FROM e WHERE b IS NOT NULL GROUP BY b WITH ROLLUP"),
  ).toEqual([...['X 1', 'Y 1', 'total 2']]);
  expect(await lines('SELECT a, sum(n) s FROM e GROUP BY a WITH ROLLUP ORDER BY s DESC, 1')).toEqual([
    '- 10',
    '- 4',
    '1 3',
    '2 3',
  ]);
  expect(await sql.rows('SELECT a + ?, count(*) FROM e WHERE n > ? GROUP BY a WITH ROLLUP', [1n, 1n])).toEqual([
    ...[
      [null, '1'],
      ['2', '1'],
      ['3', '1'],
      [null, '3'],
    ],
  ]);
  expect(await lines('SELECT count(*) FROM (SELECT a FROM e GROUP BY a, b WITH ROLLUP) x')).toEqual(['8']);
  expect(await lines('SELECT a FROM e GROUP BY a WITH ROLLUP UNION ALL SELECT 9')).toEqual(['-', '1', '2', '-', '9']);
});

test('a sorted grouping is part of a longer query', async () => {
  expect(await lines('SELECT n FROM e GROUP BY n DESC UNION ALL SELECT 9')).toEqual(['4', '3', '2', '1', '9']);
});

test('what would look at a summed item from inside of something else is refused by name', async () => {
  for (const text of [
    'SELECT a, (SELECT max(n) FROM e x WHERE x.a = e.a) FROM e GROUP BY a WITH ROLLUP',
    'SELECT a, row_number() OVER () FROM e GROUP BY a WITH ROLLUP',
    'SELECT DISTINCT a FROM e GROUP BY a WITH ROLLUP',
    'SELECT a, sum(n) FROM e GROUP BY a WITH ROLLUP ORDER BY sum(n) + 1',
  ])
    expect(await sql.fails(text), text).toMatchObject({ errno: 1235, message: expect.stringContaining('ROLLUP') });
  expect(await sql.fails('SELECT @x := a, SUM(n) FROM e GROUP BY a WITH ROLLUP')).toMatchObject({ errno: 1235 });
});
