import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFault } from '../../src/base/errors.ts';
import { type EnginePlace, enginePlace, mysqlTenant } from './engine-fixture.ts';
import { rootContext, type SqlClient, sqlClient } from './sql-fixture.ts';
import { soupTables, statementSoup } from './statement-soup.ts';

let place: EnginePlace;
let sql: SqlClient;

beforeAll(async () => {
  place = enginePlace();
  await place.engines.create(1001, mysqlTenant);
  sql = await sqlClient(await place.engines.open(1001));
  for (const text of soupTables) await sql.ok(text);
});
afterAll(() => place.end());

describe('ALL and ANY', () => {
  const operators = ['=', '<>', '<', '<=', '>', '>='] as const;
  const test1 = (operator: string, a: number | null, b: number | null): boolean | null => {
    if (a === null || b === null) return null;
    const sign = Math.sign(a - b);
    return operator === '='
      ? sign === 0
      : operator === '<>'
        ? sign !== 0
        : sign === (operator[0] === '<' ? -1 : 1) || (operator.length === 2 && sign === 0);
  };
  const all = (results: readonly (boolean | null)[]) =>
    results.includes(false) ? '0' : results.includes(null) ? null : '1';
  const any = (results: readonly (boolean | null)[]) =>
    results.includes(true) ? '1' : results.includes(null) ? null : '0';

  test('are what comparing row by row gives, with unknown values and no rows', async () => {
    const lists: readonly (readonly (number | null)[])[] = [[], [1], [2, 2], [1, 3], [null], [2, null], [1, 3, null]];
    for (const list of lists) {
      const rows = `SELECT x FROM (SELECT 0 AS x, 0 AS kept ${list.map((value) => `UNION ALL SELECT ${value}, 1`).join(' ')}) r WHERE kept`;
      const asked = [1, 2, 3, null].flatMap((x) =>
        operators.flatMap((operator) => ['ALL', 'ANY'].map((word) => ({ x, operator, word }))),
      );
      const [answer] = await sql.rows(
        `SELECT ${asked.map(({ x, operator, word }) => `${x} ${operator} ${word} (${rows})`).join(', ')}`,
      );
      const wanted = asked.map(({ x, operator, word }) =>
        (word === 'ALL' ? all : any)(list.map((value) => test1(operator, x, value))),
      );
      expect(answer, JSON.stringify(list)).toEqual(wanted);
    }
  });

  test('take an aggregate, a text and a column of the query around', async () => {
    await sql.ok('CREATE TABLE sales (who VARCHAR(10), n INT)');
    await sql.ok("INSERT INTO sales VALUES ('a', 5), ('a', 6), ('b', 7), ('é', 11)");
    const best =
      'SELECT who FROM sales GROUP BY who HAVING SUM(n) >= ALL (SELECT SUM(n) FROM sales GROUP BY who) ORDER BY who';
    expect(await sql.rows(best)).toEqual([['a'], ['é']]);
    expect(
      await sql.rows(
        'SELECT who FROM sales GROUP BY who HAVING SUM(n) + 1 < ANY (SELECT SUM(n) FROM sales GROUP BY who)',
      ),
    ).toEqual([['b']]);
    expect(
      await sql.value("SELECT count(*) FROM sales WHERE who >= ALL (SELECT who FROM sales WHERE who <> 'E')"),
    ).toBe('2');
    expect(
      await sql.value('SELECT count(*) FROM sales o WHERE n >= ALL (SELECT n FROM sales i WHERE i.who = o.who)'),
    ).toBe('3');
    expect(await sql.fails('SELECT (1, 2) > ALL (SELECT 1, 2)')).toMatchObject({ errno: 1241 });
    expect(await sql.value('SELECT (1, 2) = ANY (SELECT 1, 2)')).toBe('1');
  });
});

test('no statement ends in an error without a code', async () => {
  const next = statementSoup(20_261_121);
  for (let count = 0; count < 4_000; count++) {
    const text = next();
    try {
      const outcome = await sql.session.execute({
        sql: text,
        parameters: [],
        format: 'text',
        context: rootContext,
        nowUs: Date.now() * 1000,
        deadlineUs: (Date.now() + 60_000) * 1000,
      });
      if (outcome.kind === 'rows') for await (const _ of outcome.batches);
    } catch (error) {
      if (!isFault(error)) throw new Error(`${(error as Error).message} of ${text}`);
      expect(error.symbol, text).not.toBe('OB_ERR_UNEXPECTED');
    }
  }
});

test('an aggregate of a query around its own is refused where that cannot have one', async () => {
  for (const text of [
    'UPDATE s SET a = (SELECT COUNT(s.b) FROM DUAL)',
    'SELECT 1 FROM s WHERE (SELECT SUM(s.a) FROM DUAL) > 1',
  ])
    expect(await sql.fails(text), text).toMatchObject({ errno: 1111 });
  expect(await sql.fails('ALTER TABLE s ADD CHECK (a < (SELECT 1))')).toMatchObject({ errno: 1235 });
});
