import { afterAll, beforeAll, expect, it } from 'vitest';
import { enginePlace } from './engine-fixture.ts';
import { answerOf } from './peer-fixture.ts';
import { type SqlClient, testClient } from './sql-fixture.ts';

/** Answers as MariaDB 10.11 gives them. */

const place = enginePlace();
let client: SqlClient;

beforeAll(async () => {
  client = await testClient(place);
  await client.ok('CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), dt DATE, tm TIME, n INT)');
  await client.ok(`INSERT INTO t VALUES (1, 'abc', '2024-01-31', '10:11:12', 5), (2, '9', '2023-02-28', '838:59:59', 0),
    (3, '2024-01-31', '2024-01-31', '00:20:24', 101112)`);
});
afterAll(() => place.end());

it.each([
  [
    "DATE_ADD('2024-01-31', INTERVAL 1 DAY) + 0, DATE_ADD('2024-01-31', INTERVAL 1 HOUR) + 0",
    ['20240201', '20240131010000'],
  ],
  ["DATE_ADD('2024-01-31', INTERVAL 1 DAY) > 20240101, FLOOR(DATE_ADD(20240131, INTERVAL 1 MONTH))", ['1', '20240229']],
  ["ADDTIME('10:00:00', '1:0:0') + 0, SUM(DATE_ADD('2024-01-31', INTERVAL 1 DAY))", ['110000', '20240201']],
  ["ABS(TIME '10:00:01.5'), ROUND(TIME '10:00:01.55', 1)", ['100001.5', '100001.6']],
  [
    "TIME('2024-01-31'), TIME('2024-01-31 1'), CAST(20240131101112 AS TIME), TIME_TO_SEC('2024-01-31')",
    ['00:20:24', '01:00:00', '10:11:12', '1224'],
  ],
  [
    "ADDTIME('2000-02-29', 101010), SUBTIME(101010, 101010), ADDTIME(20240131101112, 1), ADDTIME(20240131, 1)",
    ['10:30:10', '00:00:00', '2024-01-31 10:11:13', '2024-01-31 00:00:01'],
  ],
  [
    "ADDTIME(DATE '2024-02-29', '10:20:30.25'), ADDTIME(TIME '10:00:00', '00:00:00.5')",
    ['2024-02-29 10:20:30.25', '10:00:00.5'],
  ],
  [
    "TIMEDIFF(101010, '-00:00:01'), TIMEDIFF('10:00:00.25', '9:00:00'), TIMEDIFF('2024-01-31 10:00:00', '10:00:00')",
    ['10:10:11', '01:00:00.25', null],
  ],
  [
    "DATE_ADD('2024-01-31', INTERVAL '1:2:3' MINUTE_SECOND), DATE_ADD('2024-01-31', INTERVAL '1 2' DAY_HOUR)",
    [null, '2024-02-01 02:00:00'],
  ],
  [
    "DATE_FORMAT('2024-01-31', ''), CONV('', 10, 16), PERIOD_ADD(0, 1), YEARWEEK('2024-01-31', NULL)",
    [null, null, '0', '202404'],
  ],
  [
    "FIELD('abc', 0), FIELD(1, '1x'), FIELD('a', 'A'), FIELD(20240101, DATE '2024-01-01'), FIELD(2, NULL, 2)",
    ['1', '1', '1', '1', '2'],
  ],
  [
    "'9' BETWEEN 10 AND '80', '5' BETWEEN '10' AND '6', 5 BETWEEN '10' AND '6', '12' BETWEEN 1.5 AND '3x'",
    ['0', '1', '0', '0'],
  ],
  [
    "SUBSTRING('abcdef', '2.7'), SUBSTRING('abcdef', 2.7), SUBSTRING('abcdef', 2.5e0), LEFT('abcdef', '2.9x')",
    ['bcdef', 'cdef', 'bcdef', 'ab'],
  ],
  [
    'FORMAT(-2.5e0, 0), FORMAT(-2.5, 0), FORMAT(0.125e0, 2), FORMAT(0.125, 2), RADIANS(12)',
    ['-2', '-3', '0.12', '0.13', '0.20943951023931956'],
  ],
  ['LOG2(12), LOG2(8)', ['3.5849625007211565', '3']],
])('%s', async (list, row) => {
  expect(await client.rows(`SELECT ${list}`)).toEqual([row]);
});

it('of columns', async () => {
  expect(await client.rows("SELECT id FROM t WHERE a BETWEEN 0 AND '9'")).toEqual([['1'], ['2']]);
  expect(await client.rows("SELECT id FROM t WHERE n BETWEEN '0' AND '9'")).toEqual([['1'], ['2']]);
  expect(await client.rows('SELECT id, dt > a, dt = a, dt <> a FROM t')).toEqual([
    ['1', '1', '0', '1'],
    ['2', '1', '0', '1'],
    ['3', '0', '1', '0'],
  ]);
  // MySQL and the kernel leave the hours of a time whole where MariaDB makes days of them.
  expect(await client.value('SELECT EXTRACT(DAY_MINUTE FROM tm) FROM t WHERE id = 2')).toBe('83859');
});

it('a date is midnight among times', async () => {
  const list =
    "TIME(dt), HOUR(dt), EXTRACT(SECOND FROM dt), TIMEDIFF(dt, dt), ADDTIME(dt, '1:0:0'), CAST(DATE '2024-01-31' AS TIME)";
  expect(await client.rows(`SELECT ${list} FROM t WHERE id = 1`)).toEqual([
    ['00:00:00', '0', '0', '00:00:00', '2024-01-31 01:00:00', '00:00:00'],
  ]);
  await client.ok('CREATE TABLE m (id INT, tm TIME)');
  await client.ok("INSERT INTO m VALUES (1, DATE '2024-01-31'), (2, '1:2:3')");
  await client.ok('INSERT INTO m SELECT 3, dt FROM t WHERE id = 1');
  await client.ok('UPDATE m, t SET m.tm = t.dt WHERE m.id = 2 AND t.id = 1');
  expect(await client.rows('SELECT tm FROM m')).toEqual([['00:00:00'], ['00:00:00'], ['00:00:00']]);
  expect((await client.fails("INSERT INTO m VALUES (4, '2024-01-31')")).errno).toBe(1265);
  await client.ok('ALTER TABLE m ADD COLUMN d DATE');
  await client.ok("UPDATE m SET d = '2024-01-31'");
  await client.ok('ALTER TABLE m MODIFY d TIME');
  expect(await client.rows('SELECT DISTINCT d FROM m')).toEqual([['00:00:00']]);
});

it('a recursive table has the types of its first part', async () => {
  const grown = (seed: string, step: string) =>
    answerOf(
      client,
      `WITH RECURSIVE c (n, f) AS (SELECT 1, ${seed} UNION ALL SELECT n + 1, ${step} FROM c WHERE n < 4) SELECT f FROM c`,
    );
  expect(await grown('1', 'f * 1.5')).toEqual([['1'], ['2'], ['3'], ['5']]);
  expect(await grown('1.0', 'f / 3')).toEqual([['1.0'], ['0.3'], ['0.1'], ['0.0']]);
  expect(await grown('1.0', 'f * 10')).toBe(1264);
  expect(await grown("DATE '2024-01-31'", 'f + INTERVAL 30 HOUR')).toEqual([
    ['2024-01-31'],
    ['2024-02-01'],
    ['2024-02-02'],
    ['2024-02-03'],
  ]);
  expect(await grown('1', "'abc'")).toBe(1366);
  expect(await grown('1e0', 'f / 4')).toEqual([['1'], ['0.25'], ['0.0625'], ['0.015625']]);
});
