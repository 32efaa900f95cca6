import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cell } from '../../src/value/column-type.ts';
import { enginePlace } from './engine-fixture.ts';
import { drain, rootContext, type SqlClient, type Texts, testClient } from './sql-fixture.ts';

const place = enginePlace();
let client: SqlClient;
let variables: Readonly<Record<string, Cell>> = {};

beforeAll(async () => {
  client = await testClient(place);
  await client.ok('CREATE TABLE t (id INT PRIMARY KEY, g VARCHAR(10), x INT, p DECIMAL(10,2), u BIGINT UNSIGNED)');
  await client.ok(`INSERT INTO t VALUES (1, 'a', 30, 1.10, 18446744073709551615), (2, 'b', 10, 2.20, 5),
    (3, 'a', 20, 3.30, 6), (4, 'b', 40, 4.40, 7), (5, 'a', 5, 5.55, 8)`);
});
afterAll(() => place.end());

/** Runs a statement and keeps what it assigned, as the server's sessions do. */
async function run(sql: string, set: Readonly<Record<string, Cell>> = {}): Promise<Texts[]> {
  variables = { ...variables, ...set };
  const context = { ...rootContext, userVariables: variables };
  const nowUs = Date.now() * 1000;
  const outcome = await client.session.execute({ sql, format: 'text', context, nowUs, deadlineUs: 0 });
  const { rows, end } = outcome.kind === 'rows' ? await drain(outcome) : { rows: [], end: outcome };
  variables = { ...variables, ...end.assigned };
  return rows;
}

const ids = (rows: readonly Texts[]) => rows.map((row) => row.join(' '));

describe('variables assigned in a list', () => {
  it('number the rows in their order', async () => {
    expect(ids(await run('SELECT @n := @n + 1, id FROM t ORDER BY x DESC', { n: 0 }))).toEqual([
      '1 4',
      '2 1',
      '3 3',
      '4 2',
      '5 5',
    ]);
    expect(variables['n']).toBe(5n);
    expect(ids(await run('SELECT @n := @n + 1 AS k, t.id FROM t, (SELECT @n := 10) r ORDER BY g, id LIMIT 2'))).toEqual(
      ['11 1', '12 3'],
    );
    expect(variables['n']).toBe(12n);
  });

  it('rank within groups, also when nobody looks at what is assigned', async () => {
    const ranked = `SELECT @r := IF(@g = g, @r + 1, 1) AS k, @g := g AS own, id FROM t, (SELECT @r := 0, @g := NULL) v
      ORDER BY g, x DESC`;
    expect(ids(await run(`SELECT q.id FROM (${ranked}) q WHERE k <= 2 ORDER BY id`))).toEqual(['1', '2', '3', '4']);
    expect(await run('SELECT COUNT(*) FROM (SELECT @n := @n + 1 FROM t) q', { n: 0 })).toEqual([['5']]);
    expect(variables['n']).toBe(5n);
  });

  it('keep decimals and large integers exact', async () => {
    expect(ids(await run('SELECT @s := @s + p FROM t ORDER BY id', { s: 0 }))).toEqual([
      '1.10',
      '3.30',
      '6.60',
      '11.00',
      '16.55',
    ]);
    expect(variables['s']).toBe('16.55');
    expect(await run('SELECT @m := MAX(u), @c := COUNT(*) FROM t')).toEqual([['18446744073709551615', '5']]);
    expect(variables).toMatchObject({ m: 18446744073709551615n, c: 5n });
    expect(await run('SELECT @m - 1, @m = u FROM t WHERE id = 1')).toEqual([['18446744073709551614', '1']]);
  });

  it('go from left to right', async () => {
    expect(await run('SELECT @a := 5, @a, @a := @a * 2, @a, CONCAT(@b := 7, @b)')).toEqual([
      ['5', '5', '10', '10', '77'],
    ]);
    expect(await run('SELECT @z := NULL, @z')).toEqual([[null, null]]);
    expect(variables['z']).toBeNull();
  });

  it('serve again from the plan cache with other values and types', async () => {
    const text = 'SELECT @k := @k + 1 FROM t WHERE id < 3 ORDER BY id';
    expect(await run(text, { k: 0 })).toEqual([['1'], ['2']]);
    expect(await run(text, { k: 10 })).toEqual([['11'], ['12']]);
    expect(await run(text, { k: 0.5 })).toEqual([['1.5'], ['2.5']]);
    expect(await run(text, { k: null })).toEqual([[null], [null]]);
  });
});

describe('variables assigned by writes', () => {
  it('number rows that are updated', async () => {
    await run('UPDATE t SET x = (@i := @i + 10) ORDER BY p DESC LIMIT 3', { i: 0 });
    expect(ids(await run('SELECT id, x FROM t ORDER BY id'))).toEqual(['1 30', '2 10', '3 30', '4 20', '5 10']);
    expect(variables['i']).toBe(30n);
  });

  it('number rows that are inserted, once even when the statement begins anew', async () => {
    await run('CREATE TABLE w (n INT, id INT PRIMARY KEY)');
    await run('INSERT INTO w SELECT @i := @i + 1, id FROM t ORDER BY id DESC', { i: 0 });
    expect(ids(await run('SELECT * FROM w ORDER BY n'))).toEqual(['1 5', '2 4', '3 3', '4 2', '5 1']);
    await run('REPLACE INTO w SELECT @i := @i + 1, id FROM t ORDER BY id');
    expect(ids(await run('SELECT * FROM w ORDER BY n'))).toEqual(['6 1', '7 2', '8 3', '9 4', '10 5']);
    await run('INSERT INTO w VALUES (@i := 50, @i + 1), (@i := @i + 2, @i + 1)');
    expect(ids(await run('SELECT * FROM w WHERE n >= 50 ORDER BY n'))).toEqual(['50 51', '52 53']);
    expect(variables['i']).toBe(52n);
  });
});

describe('what cannot be done rightly is refused by name', () => {
  it.each([
    'SELECT @n := @n + 1, g FROM t GROUP BY g',
    'SELECT DISTINCT @n := g FROM t',
    'SELECT @n := x AS k FROM t HAVING k > 5',
    'SELECT @n := @n + 1 AS k FROM t ORDER BY k',
    'SELECT SUM(@n := x) FROM t',
    'SELECT id FROM t WHERE (@n := id) > 1',
    'SELECT id FROM t WHERE id IN (SELECT @n := 1)',
    'SELECT (SELECT @n := x) FROM t',
    'SELECT @n := 1 UNION SELECT 2',
    'SELECT (@n := x) > 1 AND (@n := 2) FROM t',
    'SELECT @n := x, RANK() OVER (ORDER BY x) FROM t',
    'UPDATE t a JOIN t b ON a.id = b.id SET a.x = (@n := 1)',
    'DELETE FROM t WHERE id = (@n := 1)',
    'INSERT INTO w VALUES (1, 1) ON DUPLICATE KEY UPDATE n = (@n := 5)',
  ])('%s', async (sql) => {
    const before = await client.rows('SELECT * FROM t ORDER BY id');
    await expect(run(sql)).rejects.toMatchObject({ errno: 1235 });
    expect(await client.rows('SELECT * FROM t ORDER BY id')).toEqual(before);
  });
});
