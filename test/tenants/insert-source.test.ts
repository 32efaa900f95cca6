import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { enginePlace } from './engine-fixture.ts';
import { type Answer, answerOf } from './peer-fixture.ts';
import { type SqlClient, testClient } from './sql-fixture.ts';

/** INSERT … SELECT … ON DUPLICATE KEY UPDATE with columns of the SELECT's tables. Answers as MariaDB's. */

const place = enginePlace();
let client: SqlClient;

beforeAll(async () => {
  client = await testClient(place);
  await client.ok('CREATE TABLE p (id INT PRIMARY KEY, gid INT, q DECIMAL(6,1), name VARCHAR(10), d DATE)');
  await client.ok(`INSERT INTO p VALUES (1, 1, 1.5, 'a', '2024-01-31'), (2, 1, 2.5, 'B', NULL), (3, 2, 0, 'a', '2024-02-01'),
    (4, 9, -1.5, NULL, '2024-03-01')`);
});
beforeEach(async () => {
  await client.ok('DROP TABLE IF EXISTS w');
  await client.ok('CREATE TABLE w (id INT PRIMARY KEY AUTO_INCREMENT, k INT UNIQUE, v INT, t VARCHAR(10), at DATE)');
  await client.ok("INSERT INTO w (id, k, v, t) VALUES (1, 1, 10, 'a'), (2, 2, 20, 'b'), (3, 3, NULL, 'c')");
});
afterAll(() => place.end());

const into = 'INSERT INTO w (k, v) SELECT';

it.each<[string, Answer, readonly (readonly (string | null)[])[]]>([
  [
    `${into} gid, q FROM p ORDER BY id ON DUPLICATE KEY UPDATE v = v + p.q`,
    { affectedRows: 5 },
    [
      ['1', '15', 'a', null],
      ['2', '20', 'b', null],
      ['3', null, 'c', null],
      ['9', '-2', null, null],
    ],
  ],
  [
    `${into} gid, q FROM p ORDER BY id ON DUPLICATE KEY UPDATE t = UPPER(p.name), v = w.v + VALUES(v), at = d`,
    { affectedRows: 7 },
    [
      ['1', '15', 'B', null],
      ['2', '20', 'A', '2024-02-01'],
      ['3', null, 'c', null],
      ['9', '-2', null, null],
    ],
  ],
  [
    `${into} x.gid, y.q FROM p AS x JOIN p AS y ON x.id = y.id WHERE x.id < 3 ORDER BY x.id ON DUPLICATE KEY UPDATE t = IF(x.name = 'b', 'y', x.name), v = x.q + y.q`,
    { affectedRows: 4 },
    [
      ['1', '5', 'y', null],
      ['2', '20', 'b', null],
      ['3', null, 'c', null],
    ],
  ],
  [
    `${into} o.k, 7 FROM w AS o ON DUPLICATE KEY UPDATE v = o.v + 1`,
    { affectedRows: 4 },
    [
      ['1', '11', 'a', null],
      ['2', '21', 'b', null],
      ['3', null, 'c', null],
    ],
  ],
])('%s', async (sql, answer, rows) => {
  expect(await answerOf(client, sql)).toEqual(answer);
  expect(await client.rows('SELECT k, v, t, at FROM w ORDER BY k')).toEqual(rows);
});

it('with parameters', async () => {
  const done = await client.ok(`${into} gid, ? FROM p WHERE id = ? ON DUPLICATE KEY UPDATE v = p.q * ?, t = ?`, [
    5n,
    2n,
    4n,
    'z',
  ]);
  expect(done.affectedRows).toBe(2);
  expect(await client.rows('SELECT v, t FROM w WHERE k = 1')).toEqual([['10', 'z']]);
});

it('but not of groups, and not others', async () => {
  for (const sql of [
    `${into} gid, SUM(q) FROM p GROUP BY gid ON DUPLICATE KEY UPDATE v = q`,
    `${into} MAX(gid), 1 FROM p ON DUPLICATE KEY UPDATE v = p.q`,
    `${into} DISTINCT gid, 1 FROM p ON DUPLICATE KEY UPDATE v = p.q`,
    `${into} gid, 1 FROM p ON DUPLICATE KEY UPDATE v = nosuch`,
    `${into} gid, 1 FROM p ON DUPLICATE KEY UPDATE v = p.nosuch`,
  ])
    expect(await answerOf(client, sql), sql).toBe(1054);
});
