import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginePlace } from './engine-fixture.ts';
import { type SqlClient, testClient } from './sql-fixture.ts';

const place = enginePlace();
let client: SqlClient;

beforeAll(async () => {
  client = await testClient(place);
  await client.ok('CREATE TABLE t (id INT PRIMARY KEY, g INT, b BIGINT, u BIGINT UNSIGNED)');
  await client.ok(`INSERT INTO t VALUES (1, 1, 9223372036854775807, 9223372036854775807),
    (2, 1, 9223372036854775807, 9223372036854775807), (3, 2, -9223372036854775808, 1), (4, 2, -5, 1), (5, 3, NULL, NULL)`);
});
afterAll(() => place.end());

const highest = '18446744073709551614';
const lowest = '-9223372036854775813';

describe('sums beyond 64 bits', () => {
  it.each([
    [
      'SELECT SUM(b), AVG(b), SUM(DISTINCT b) FROM t WHERE g = 1',
      [[highest, '9223372036854775807.0000', '9223372036854775807']],
    ],
    ['SELECT SUM(u), AVG(u) FROM t', [['18446744073709551616', '4611686018427387904.0000']]],
    [
      'SELECT g, SUM(b) FROM t GROUP BY g ORDER BY SUM(b)',
      [
        ['3', null],
        ['2', lowest],
        ['1', highest],
      ],
    ],
    [
      'SELECT g, SUM(b) s FROM t GROUP BY g ORDER BY s DESC',
      [
        ['1', highest],
        ['2', lowest],
        ['3', null],
      ],
    ],
    ['SELECT g FROM t GROUP BY g HAVING SUM(b) > 9223372036854775807', [['1']]],
    ['SELECT g FROM t GROUP BY g HAVING SUM(b) > 9223372036854775808', [['1']]],
    ['SELECT g FROM t GROUP BY g HAVING SUM(b) < -9223372036854775808', [['2']]],
    [`SELECT g FROM t GROUP BY g HAVING SUM(u) = ${highest}`, [['1']]],
    ['SELECT g FROM t GROUP BY g HAVING SUM(u) = 18446744073709551613', []],
    [`SELECT g FROM t GROUP BY g HAVING SUM(u) > ${highest}`, []],
    ['SELECT g FROM t GROUP BY g HAVING SUM(u) BETWEEN 2 AND 18446744073709551613', [['2']]],
    [`SELECT g FROM t GROUP BY g HAVING SUM(u) IN (2, ${highest})`, [['1'], ['2']]],
    [
      'SELECT SUM(b) + 1, SUM(b) * 2, -SUM(b), ABS(SUM(b)) FROM t WHERE g = 2',
      [['-9223372036854775812', '-18446744073709551626', '9223372036854775813', '9223372036854775813']],
    ],
    [
      'SELECT SUM(b) DIV 4, SUM(b) % 10, ROUND(SUM(b), -3), FORMAT(SUM(b), 0) FROM t WHERE g = 1',
      [['4611686018427387903', '4', '18446744073709552000', '18,446,744,073,709,551,614']],
    ],
    [
      'SELECT CAST(SUM(u) AS UNSIGNED), CAST(SUM(b) AS CHAR), HEX(SUM(u)) FROM t WHERE g = 1',
      [[highest, highest, 'FFFFFFFFFFFFFFFE']],
    ],
    [
      'SELECT MAX(s), MIN(s), COUNT(DISTINCT s), SUM(s) FROM (SELECT SUM(b) s FROM t GROUP BY g) q',
      [[highest, lowest, '2', '9223372036854775801']],
    ],
    [
      'SELECT s, COUNT(*) FROM (SELECT SUM(b) s FROM t WHERE g = 1 UNION ALL SELECT SUM(b) - 1 FROM t WHERE g = 1) q GROUP BY s',
      [
        ['18446744073709551613', '1'],
        [highest, '1'],
      ],
    ],
    [
      'SELECT a.g FROM (SELECT g, SUM(b) s FROM t GROUP BY g) a JOIN (SELECT g, SUM(u) s FROM t GROUP BY g) c ON a.s = c.s',
      [['1']],
    ],
    [
      `SELECT GREATEST(SUM(b), 18446744073709551615, 3), LEAST(SUM(b), 5), NULLIF(SUM(b), ${highest}) FROM t WHERE g = 1`,
      [['18446744073709551615', '5', null]],
    ],
    [
      'SELECT g, RANK() OVER (ORDER BY SUM(b) DESC), LAG(SUM(b)) OVER (ORDER BY g) FROM t GROUP BY g ORDER BY g',
      [
        ['1', '1', null],
        ['2', '2', highest],
        ['3', '3', lowest],
      ],
    ],
    [
      'SELECT id, SUM(b) OVER (ORDER BY id) FROM t WHERE id < 4',
      [
        ['1', '9223372036854775807'],
        ['2', highest],
        ['3', '9223372036854775806'],
      ],
    ],
    ['SELECT id FROM t WHERE b = (SELECT SUM(b) - 9223372036854775807 FROM t WHERE g = 1) ORDER BY id', [['1'], ['2']]],
  ])('%s', async (text, rows) => {
    expect(await client.rows(text)).toEqual(rows);
  });

  it('come out of a prepared statement', async () => {
    expect(await client.rows('SELECT SUM(b), SUM(?) FROM t WHERE g = ?', [9223372036854775807n, 1n])).toEqual([
      [highest, highest],
    ]);
  });

  it('go into a column of texts, and not into one of integers', async () => {
    await client.ok('CREATE TABLE kept (v VARCHAR(30), n BIGINT)');
    await client.ok('INSERT INTO kept (v) SELECT SUM(b) FROM t WHERE g = 1');
    expect(await client.value('SELECT v FROM kept')).toBe(highest);
    expect((await client.fails('INSERT INTO kept (n) SELECT SUM(b) FROM t WHERE g = 1')).errno).toBe(1264);
  });
});

const bigints = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-3n, 3n), fc.constant(2n ** 63n - 1n));

describe('sums of any integers', () => {
  it('are what they are, in order', async () => {
    await client.ok('CREATE TABLE r (g INT, b BIGINT)');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), bigints), { minLength: 1, maxLength: 30 }),
        async (rows) => {
          await client.ok('DELETE FROM r');
          await client.ok(`INSERT INTO r VALUES ${rows.map(([g, b]) => `(${g}, ${b})`).join(', ')}`);
          const sums = new Map<number, bigint>();
          for (const [g, b] of rows) sums.set(g, (sums.get(g) ?? 0n) + b);
          const order = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
          const expected = [...sums].sort((a, b) => order(a[1], b[1]) || a[0] - b[0]);
          expect(await client.rows('SELECT g, SUM(b) FROM r GROUP BY g ORDER BY SUM(b), g')).toEqual(
            expected.map(([g, sum]) => [String(g), String(sum)]),
          );
          const limit = expected[0]![1];
          const above = expected.filter(([, sum]) => sum > limit).length;
          expect(
            await client.value(`SELECT COUNT(*) FROM (SELECT g FROM r GROUP BY g HAVING SUM(b) > ${limit}) q`),
          ).toBe(String(above));
          expect(await client.value('SELECT COUNT(DISTINCT s) FROM (SELECT SUM(b) s FROM r GROUP BY g) q')).toBe(
            String(new Set(sums.values()).size),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
