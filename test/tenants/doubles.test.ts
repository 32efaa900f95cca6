import { afterAll, beforeAll, expect, it } from 'vitest';
import { enginePlace } from './engine-fixture.ts';
import { type SqlClient, testClient } from './sql-fixture.ts';

/** Answers as a real server gives them (MariaDB 10.11; MySQL 8 for frames that lose rows). */

const place = enginePlace();
let client: SqlClient;

beforeAll(async () => {
  client = await testClient(place);
  await client.ok('CREATE TABLE t (id INT PRIMARY KEY, d DOUBLE, s VARCHAR(9), m DOUBLE(10,2), n INT, b BIGINT)');
  await client.ok(`INSERT INTO t VALUES (1, 0.1, '0.1', 0.1, 1, 9007199254740993), (2, 0.2, '0.2', 0.305, 2, 2),
    (3, 0.3, '0.3', 7, 4, 3), (4, NULL, NULL, NULL, NULL, NULL)`);
});
afterAll(() => place.end());

it.each([
  [
    'SUM(d), AVG(d), SUM(s), AVG(s)',
    ['0.6000000000000001', '0.20000000000000004', '0.6000000000000001', '0.20000000000000004'],
  ],
  ['SUM(DISTINCT d), AVG(DISTINCT d)', ['0.6000000000000001', '0.20000000000000004']],
  ['SUM(ROUND(d, 2)), AVG(ROUND(d, 1)), SUM(ROUND(d, 2)) + 1', ['0.60', '0.20000', '1.60']],
  ['SUM(m), AVG(m), MAX(m), STD(n), VAR_POP(m)', ['7.40', '2.466667', '7.00', '1.2472', '10.282222']],
  ['ROUND(SUM(d), 2), CONCAT(SUM(m)), SUM(d) * 2', ['0.60', '7.40', '1.2000000000000002']],
])('the aggregates %s', async (list, row) => {
  expect(await client.rows(`SELECT ${list} FROM t`)).toEqual([row]);
});

it.each([
  ['m + 1, m * 2, m / 3, m % 1, -m, ABS(m)', ['1.30', '0.60', '0.100000', '0.30', '-0.30', '0.30']],
  ['m + d, m + 0.125, IF(1, m, 0), COALESCE(m, 0.125), LEAST(m, 0.5)', ['0.5', '0.425', '0.30', '0.300', '0.30']],
  [
    'FLOOR(d * 1e20), CEIL(d), ROUND(d * 1e20, -1), ROUND(m, n)',
    ['20000000000000000000', '1', '20000000000000000000', '0.30'],
  ],
  ['1e16 / 7, 1e15, 1e15 / 3, 1e17 / 3', ['1428571428571428.5', '1e15', '333333333333333.3', '3.3333333333333332e16']],
])('%s print the digits of the longest', async (list, row) => {
  expect(await client.rows(`SELECT ${list} FROM t WHERE id = 2`)).toEqual([row]);
});

it('rows that leave a frame take their rounding with them', async () => {
  const frame = 'OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)';
  expect(
    await client.rows(`SELECT SUM(d) ${frame}, AVG(d) ${frame}, STD(n) ${frame}, BIT_OR(n) ${frame} FROM t`),
  ).toEqual([
    ['0.1', '0.1', '0.0000', '1'],
    ['0.30000000000000004', '0.15000000000000002', '0.5000', '3'],
    ['0.5', '0.25', '1.0000', '6'],
    ['0.3', '0.3', '0.0000', '4'],
  ]);
  expect(await client.rows('SELECT SUM(d) OVER (ORDER BY id), VAR_SAMP(n) OVER (ORDER BY id) FROM t')).toEqual([
    ['0.1', null],
    ['0.30000000000000004', '0.5000'],
    ['0.6000000000000001', '2.3333'],
    ['0.6000000000000001', '2.3333'],
  ]);
});

it('frames of many rows', async () => {
  const numbers = 'WITH RECURSIVE c AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM c WHERE x < 500)';
  const frame = '(ORDER BY x ROWS BETWEEN 100 PRECEDING AND CURRENT ROW)';
  const rows = await client.rows(`${numbers} SELECT x, SUM(x + 0e0) OVER ${frame} FROM c ORDER BY x`);
  for (const [x, sum] of rows) {
    const last = Number(x);
    const first = Math.max(1, last - 100);
    expect(Number(sum)).toBe(((first + last) * (last - first + 1)) / 2);
  }
});

it('integers beside doubles are doubles', async () => {
  expect(await client.rows('SELECT id FROM t WHERE b = 9007199254740992e0')).toEqual([['1']]);
  expect(await client.rows('SELECT id FROM t WHERE b + 0e0 = 9007199254740993 OR b + 0e0 IN (3, 5)')).toEqual([
    ['1'],
    ['3'],
  ]);
  expect(await client.rows('SELECT x.id, y.id FROM t AS x JOIN t AS y ON x.b + 0e0 = y.b')).toEqual([
    ['1', '1'],
    ['2', '2'],
    ['3', '3'],
  ]);
});
