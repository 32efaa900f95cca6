import { afterAll, beforeAll, expect, it } from 'vitest';
import { enginePlace } from './engine-fixture.ts';
import { type Answer, answerOf } from './peer-fixture.ts';
import { type SqlClient, testClient } from './sql-fixture.ts';

/** What windows and HAVING see. Answers as MariaDB's, but for the numbers of errors. */

const place = enginePlace();
let client: SqlClient;

beforeAll(async () => {
  client = await testClient(place);
  await client.ok('CREATE TABLE g (id INT PRIMARY KEY, k INT, v INT, w DECIMAL(8,2), t VARCHAR(10))');
  await client.ok(
    "INSERT INTO g VALUES (1,1,10,1.25,'a'),(2,1,20,2.50,'b'),(3,2,NULL,-3.75,'a'),(4,2,5,0.01,'c'),(5,3,7,NULL,'a')",
  );
});
afterAll(() => place.end());

it.each<[string, Answer]>([
  [
    'SELECT k, SUM(SUM(v)) OVER (ORDER BY k), RANK() OVER (ORDER BY SUM(v)), AVG(COUNT(*)) OVER () FROM g GROUP BY k ORDER BY k',
    [
      ['1', '30', '3', '1.6667'],
      ['2', '35', '1', '1.6667'],
      ['3', '42', '2', '1.6667'],
    ],
  ],
  [
    'SELECT SUM(v) OVER (ORDER BY w RANGE BETWEEN 1.24 PRECEDING AND 0.5 FOLLOWING) FROM g ORDER BY id',
    [['15'], ['20'], [null], ['5'], ['7']],
  ],
  ['SELECT SUM(SUM(v)) FROM g', 1111],
  ['SELECT SUM(v) OVER (ROWS BETWEEN UNBOUNDED FOLLOWING AND CURRENT ROW) FROM g', 1235],
  ['SELECT SUM(v) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM g', 1235],
  ['SELECT SUM(v) OVER (ORDER BY id, k RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM g', 1235],
  ['SELECT SUM(v) OVER (ORDER BY t RANGE 1 PRECEDING) FROM g', 1235],
  ['SELECT SUM(v) OVER (ORDER BY id ROWS -1 PRECEDING) FROM g', 1210],
  ['SELECT NTILE(0) OVER (ORDER BY id) FROM g', 1210],
  ['SELECT v FROM g GROUP BY v HAVING k > 1', 1054],
  ['SELECT k FROM g HAVING v > 5', 1054],
  ['SELECT MAX(v) FROM g HAVING k > 1', 1054],
  ['SELECT a.k FROM g a JOIN g b ON a.id = b.id GROUP BY a.k HAVING b.k > 1', 1054],
  [
    'SELECT * FROM g HAVING v > 7 ORDER BY id',
    [
      ['1', '1', '10', '1.25', 'a'],
      ['2', '1', '20', '2.50', 'b'],
    ],
  ],
  ['SELECT k + 1 FROM g GROUP BY k HAVING k > 1 AND SUM(v) > 5', [['4']]],
  ['SELECT k AS v, SUM(v) FROM g GROUP BY k HAVING v > 2', [['3', '7']]],
  [
    'SELECT k, SUM(v) FROM g GROUP BY k WITH ROLLUP HAVING k IS NULL OR k > 2',
    [
      ['3', '7'],
      [null, '42'],
    ],
  ],
  [
    'SELECT k FROM g GROUP BY k HAVING EXISTS (SELECT 1 FROM g b WHERE b.k = g.k AND b.v > 6) ORDER BY k',
    [['1'], ['3']],
  ],
])('%s', async (sql, answer) => {
  expect(await answerOf(client, sql)).toEqual(answer);
});
