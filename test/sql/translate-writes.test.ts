import { beforeEach, describe, expect, test } from 'vitest';
import { isFault } from '../../src/base/errors.ts';
import { parseStatement } from '../../src/sql/parse/parse.ts';
import { bindCells } from '../../src/sql/translate/bind.ts';
import { planInsert } from '../../src/sql/translate/insert.ts';
import type { Plan } from '../../src/sql/translate/plan.ts';
import type { Cell } from '../../src/value/column-type.ts';
import { type Fixture, fixture } from './tenant-fixture.ts';

let at: Fixture;

const table = `create table w (id int primary key auto_increment, a int not null default 5, b varchar(5), d decimal(6,2),
  dt datetime default current_timestamp on update current_timestamp, ts timestamp null, e enum('x','y'), st set('a','b'),
  f float, db double, ti tinyint, tu tinyint unsigned, bu bigint unsigned, da date, t time(2), y year, vb varbinary(3),
  ch char(3), tx tinytext, bt bit(4), j json, unique key ub (b))`;

beforeEach(() => {
  at = fixture();
  at.run(table);
});

/** The error number a statement fails with, 0 when it does not. */
function errno(sql: string, on: Fixture = at): number {
  try {
    on.run(sql);
    return 0;
  } catch (error) {
    if (isFault(error)) return error.errno;
    return /UNIQUE constraint/.test(String(error)) ? 1062 : /NOT NULL constraint/.test(String(error)) ? 1048 : -1;
  }
}

const value = (column: string, b = 'k'): string | null =>
  at.run(`select ${column} from w where b = '${b}'`).rows[0]![0]!;

/** What a column holds after a literal was inserted into it, or the error number. */
function stored(column: string, literal: string, shown = column): string | null | number {
  const failed = errno(`insert into w (b, ${column}) values ('k', ${literal})`);
  return failed === 0 ? value(shown) : failed;
}

const kept: readonly (readonly [column: string, literal: string, result: string | null | number, shown?: string])[] = [
  ['d', '1.005', '1.01'],
  ['d', "'2.345'", '2.35'],
  ['d', '-9999.994', '-9999.99'],
  ['d', '1e2', '100.00'],
  ['d', '10000', 1264],
  ['d', "'abc'", 1366],
  ['d', "'1.5x'", 1265],
  ['ti', '127', '127'],
  ['ti', "'12'", '12'],
  ['ti', '1.5', '2'],
  ['ti', "'2.5'", '3'],
  ['ti', '2.5e0', '2'],
  ['ti', '0x10', '16'],
  ['ti', 'true', '1'],
  ['ti', '1+2*3', '7'],
  ['ti', "length('abc')", '3'],
  ['ti', '128', 1264],
  ['ti', '100+100', 1264],
  ['ti', "'abc'", 1366],
  ['ti', "'12abc'", 1265],
  ['ti', "''", 1366],
  ['tu', '-1', 1264],
  ['tu', '255', '255'],
  ['bu', '9223372036854775807', '9223372036854775807'],
  ['bu', '9223372036854775808', '9223372036854775808'],
  ['bu', '18446744073709551615', '18446744073709551615'],
  ['bu', '18446744073709551616', 1264],
  ['bu', '-1', 1264],
  ['da', "'2024-02-29'", '2024-02-29'],
  ['da', '20240102', '2024-01-02'],
  ['da', "'24-1-2'", '2024-01-02'],
  ['da', "'2024/01/02'", '2024-01-02'],
  ['da', "'2024-01-02 03:04:05'", '2024-01-02'],
  ['da', "'2023-02-29'", 1292],
  ['da', "'abc'", 1292],
  ['da', "''", 1292],
  ['da', "'0000-00-00'", '0000-00-00'],
  ['dt', "'2024-01-02'", '2024-01-02 00:00:00'],
  ['dt', "'2024-01-02 03:04:05.6'", '2024-01-02 03:04:06'],
  ['dt', "'2023-12-31 23:59:59.9'", '2024-01-01 00:00:00'],
  ['dt', '20240102030405', '2024-01-02 03:04:05'],
  ['dt', 'now(6)', '2026-03-14 09:59:27'],
  ['dt', "'2024-13-01'", 1292],
  ['dt', "'2024-01-02 25:00:00'", 1292],
  ['ts', "'2024-01-02 03:04:05'", '2024-01-02 03:04:05'],
  ['ts', 'null', null],
  ['ts', "'1960-01-01'", 1292],
  ['ts', "'2038-01-19 11:14:08'", 1292],
  ['t', "'10:11:12.345'", '10:11:12.35'],
  ['t', '101112', '10:11:12.00'],
  ['t', "'-1:2:3'", '-01:02:03.00'],
  ['t', "'1 02:03:04'", '26:03:04.00'],
  ['t', "'12:34'", '12:34:00.00'],
  ['t', "'abc'", 1292],
  ['t', "'900:00:00'", 1292],
  ['e', "'X'", 'x'],
  ['e', '2', 'y'],
  ['e', "'z'", 1265],
  ['st', "'b,a'", 'a,b'],
  ['st', '3', 'a,b'],
  ['st', "''", ''],
  ['st', "'c'", 1265],
  ['y', '2024', '2024'],
  ['y', "'99'", '1999'],
  ['y', '0', '0000'],
  ['y', "'0'", '2000'],
  ['y', '1800', 1264],
  ['vb', "x'414243'", '414243', 'hex(vb)'],
  ['vb', '65', '3635', 'hex(vb)'],
  ['vb', "'abcd'", 1406],
  ['ch', "'a  '", 'a|', "concat(ch, '|')"],
  ['ch', "'abcd'", 1406],
  ['f', '1.1', '1.1'],
  ['f', '16777217', '16777200'],
  ['db', "'1e10'", '10000000000'],
  ['db', "'x'", 1265],
  ['bt', "b'101'", '5', 'bt + 0'],
  ['j', `'{"b":1, "a":[1,2.50,"x"]}'`, '{"a": [1, 2.5, "x"], "b": 1}'],
  ['j', "'{'", 3140],
  ['a', 'null', 1048],
  ['a', 'default', '5'],
];

describe('values come to rest as in strict MySQL', () => {
  for (const [column, literal, result, shown] of kept)
    test(`${column} = ${literal}`, () => {
      expect(stored(column, literal, shown)).toBe(result);
    });

  test('texts are counted in characters', () => {
    expect(errno("insert into w (b) values ('äöüß€')")).toBe(0);
    expect(errno("insert into w (b) values ('toolong')")).toBe(1406);
    expect(errno("insert into w (b) values ('sp     ')")).toBe(0);
  });

  test('decimals a double cannot hold are refused by name', () => {
    at.run('create table big (id int primary key, d decimal(30,4), n decimal(25,0))');
    expect(errno('insert into big values (1, 12345678901.2345, 999999999999999999)')).toBe(0);
    expect(at.run('select d, n from big').rows).toEqual([['12345678901.2345', '999999999999999999']]);
    expect(errno('insert into big values (2, 123456789012.2345, 0)')).toBe(1235);
    expect(errno('insert into big values (3, 0, 1000000000000000000)')).toBe(1235);
  });

  test('without strict mode values are fitted', () => {
    const loose = fixture({ sqlMode: '' });
    loose.run(table);
    for (const assignment of ['ti = 300', "b = 'toolong'", "da = 'abc'", "e = 'z'"])
      expect(errno(`insert into w set ${assignment}`, loose)).toBe(0);
    // NULL becomes a default only where further rows depend on it.
    expect(errno('insert into w set a = null', loose)).toBe(1048);
    expect(errno('insert into w (a) values (null), (1)', loose)).toBe(0);
    expect(
      loose
        .run('select ti, b, da, e, a from w order by id')
        .rows.slice(0, 5)
        .map((row, index) => row[index]),
    ).toEqual(['127', 'toolo', '0000-00-00', '', '0']);
  });
});

describe('INSERT', () => {
  test('fills in defaults and numbers', () => {
    at.run("insert into w (b) values ('one')");
    at.run("insert into w set b = 'two', a = a + 1");
    at.run("insert into w (id, b) values (0, 'three'), (null, 'four'), (default, 'five'), (100, 'six')");
    expect(at.run('select id, a, b, dt from w order by id').rows).toEqual([
      ['1', '5', 'one', '2026-03-14 09:59:26'],
      ['2', '6', 'two', '2026-03-14 09:59:26'],
      ['3', '5', 'three', '2026-03-14 09:59:26'],
      ['4', '5', 'four', '2026-03-14 09:59:26'],
      ['5', '5', 'five', '2026-03-14 09:59:26'],
      ['100', '5', 'six', '2026-03-14 09:59:26'],
    ]);
  });

  test('refuses lists that do not fit', () => {
    at.run('create table n (id int primary key, v int not null)');
    expect(errno('insert into w (nope) values (1)')).toBe(1054);
    expect(errno('insert into w (b, b) values (1, 2)')).toBe(1110);
    expect(errno('insert into w (a, b) values (1)')).toBe(1136);
    expect(errno("insert into w (a, b) values (1, 'z'), (2)")).toBe(1136);
    expect(errno('insert into nope values (1)')).toBe(1146);
    expect(errno('insert into n (id) values (1)')).toBe(1364);
    expect(errno('insert into n select 1')).toBe(1136);
    expect(at.run('select count(*) from w').rows).toEqual([['0']]);
  });

  test('errors name the row', () => {
    expect(() => at.run('insert into w (ti) values (1), (2), (300)')).toThrow(
      "Out of range value for column 'ti' at row 3",
    );
  });

  test('meets duplicates in every way asked for', () => {
    at.run("insert into w (b, a) values ('one', 1), ('two', 2)");
    expect(errno("insert into w (b) values ('ONE')")).toBe(1062);
    at.run("insert ignore into w (b, ti) values ('one', 1), ('ig', 300)");
    expect(value('ti', 'ig')).toBe('127');
    at.run("insert into w (b, a) values ('one', 9) on duplicate key update a = values(a) + a, d = 7.777");
    expect(at.counts).toEqual({ met: 1, changed: 1 });
    expect(at.run("select a, d from w where b = 'one'").rows).toEqual([['10', '7.78']]);
    at.run("insert into w (b, a) values ('one', 9) on duplicate key update a = a");
    expect(at.counts).toEqual({ met: 1, changed: 0 });
    expect(at.run("replace into w (b, a) values ('two', 77)").changes).toBe(2);
    expect(at.run("select a, ti from w where b = 'two'").rows).toEqual([['77', null]]);
  });

  test('takes rows of a query', () => {
    at.run("insert into w (b, a, ts) values ('one', 1, '2024-01-02 03:04:05')");
    at.run("insert into w (b, a, ts, t, d) select concat('q', id), id + 10, ts, '01:00:00', 1.005 from w");
    expect(at.run("select a, ts, t, d, dt from w where b = 'q1'").rows).toEqual([
      ['11', '2024-01-02 03:04:05', '01:00:00.00', '1.01', '2026-03-14 09:59:26'],
    ]);
    expect(errno('insert into w (ti) select 300')).toBe(1264);
    at.run("insert into w (b, a) select b, 1 from w where b = 'one' on duplicate key update a = values(a) + 40");
    expect(value('a', 'one')).toBe('41');
  });

  test('parameters are stored like literals', () => {
    at.run('insert into w (b, d, ts, da, ti) values (?, ?, ?, ?, ? + 1)', [
      'k',
      '1.005',
      '2024-01-02 03:04:05',
      20240102,
      5,
    ]);
    expect(at.run('select d, ts, da, ti from w').rows).toEqual([['1.01', '2024-01-02 03:04:05', '2024-01-02', '6']]);
    expect(() => at.run('insert into w (ti) values (?)', [300])).toThrow(/Out of range/);
  });

  test('a row of plain values needs nothing but its cells', () => {
    const plan = planInsert(parseStatement("insert into w (b, a) values ('x', 1), (default, ?)") as never, at.env);
    expect(plan.direct).toBe(true);
    expect(plan.rowCount).toBe(2);
    expect(plan.plan.parameterCount).toBe(1);
    expect(plan.targetColumns[plan.autoIncrement]!.name).toBe('id');
    expect(plan.plan.uses).toEqual([{ table: { schema: 'shop', name: 'w' }, privilege: 'INSERT' }]);
  });
});

describe('UPDATE', () => {
  beforeEach(() => {
    at.run(
      "insert into w (b, a, d, ti, da, dt) values ('one', 1, 1.01, 12, '2024-01-01', '2020-01-01'), ('two', 2, null, 100, null, '2020-01-01'), ('three', 3, null, null, null, '2020-01-01')",
    );
  });

  test('later assignments see earlier ones', () => {
    at.run("update w set a = a + 1, d = a where b = 'two'");
    expect(at.run("select a, d from w where b = 'two'").rows).toEqual([['3', '3.00']]);
  });

  test('counts what it met and what it changed, and moves the clock column only then', () => {
    at.run('update w set a = 2');
    expect(at.counts).toEqual({ met: 3, changed: 2 });
    expect(at.run('select b, dt from w order by id').rows).toEqual([
      ['one', '2026-03-14 09:59:26'],
      ['two', '2020-01-01 00:00:00'],
      ['three', '2026-03-14 09:59:26'],
    ]);
    at.run("update w set b = upper(b) where b = 'three'");
    expect(at.counts).toEqual({ met: 1, changed: 1 });
  });

  test('keeps to the types of its columns', () => {
    for (const [sql, number] of [
      ["update w set a = 'abc' where b = 'one'", 1366],
      ["update w set a = null where b = 'one'", 1048],
      ["update w set b = 'toolong' where b = 'one'", 1406],
      ["update w set ti = ti * 100 where b = 'one'", 1264],
      ["update w set e = 'q' where b = 'one'", 1265],
      ['update w set nope = 1', 1054],
      ['update w set a = 1 where nope = 1', 1054],
    ] as const)
      expect([sql, errno(sql)]).toEqual([sql, number]);
    at.run(
      "update w set d = d / 3, ti = 3.5e0, da = dt, a = default, ts = '2024-05-06 07:08:09', t = '1:2:3' where b = 'one'",
    );
    expect(at.run("select d, ti, da, a, ts, t from w where b = 'one'").rows).toEqual([
      ['0.34', '4', '2020-01-01', '5', '2024-05-06 07:08:09', '01:02:03.00'],
    ]);
  });

  test('takes the rows ORDER BY and LIMIT choose', () => {
    at.run('update w set a = 99 order by id desc limit 2');
    expect(at.run('select a from w order by id').rows).toEqual([['1'], ['99'], ['99']]);
    at.run('update w set id = id + 1 order by id desc');
    expect(at.run('select id from w order by id').rows).toEqual([['2'], ['3'], ['4']]);
    at.run('update w set a = 0 order by id');
    expect(at.run('select sum(a) from w').rows).toEqual([['0']]);
  });

  test('changes one of several joined tables', () => {
    at.run('create table p (k int primary key, v varchar(5))');
    at.run("insert into p values (1, 'm'), (2, 'n')");
    at.run('update w join p on w.id = p.k set w.a = p.k * 100, b = p.v where p.k > 1');
    expect(at.counts).toEqual({ met: 1, changed: 1 });
    expect(at.run('select a, b from w order by id').rows).toEqual([
      ['1', 'one'],
      ['200', 'n'],
      ['3', 'three'],
    ]);
    at.run('update w x, p y set x.a = 7 where x.id = y.k');
    expect(at.run('select a from w order by id').rows).toEqual([['7'], ['7'], ['3']]);
    at.run('update w join p on w.id = p.k set w.a = p.k, p.v = concat(p.v, w.id) where p.k = 2');
    expect(at.run('select a, v from w join p on id = k order by id').rows).toEqual([
      ['7', 'm'],
      ['2', 'n2'],
    ]);
    expect(errno('update w, p set w.nope = 1')).toBe(1054);
    expect(errno('update w, (select 1 as k) z set z.k = 1')).toBe(1235);
  });
});

describe('DELETE', () => {
  beforeEach(() => {
    at.run("insert into w (b) values ('one'), ('two'), ('three'), ('four')");
  });

  const left = () => at.run('select b from w order by id').rows.map(([b]) => b);

  test('by condition, order and limit', () => {
    expect(at.run("delete from w where b = 'TWO'").changes).toBe(1);
    at.run('delete from w order by id desc limit 1');
    expect(left()).toEqual(['one', 'three']);
    expect(errno('delete from w where nope = 1')).toBe(1054);
  });

  test('from one of several joined tables', () => {
    at.run('create table p (k int primary key)');
    at.run('insert into p values (1), (2)');
    at.run('delete w from w join p on w.id = p.k where p.k = 1');
    expect(left()).toEqual(['two', 'three', 'four']);
    at.run('delete x from w x, p y where x.id = y.k');
    expect(left()).toEqual(['three', 'four']);
    at.run('insert into p values (3)');
    at.run('delete w, p from w join p on w.id = p.k');
    expect(left()).toEqual(['four']);
    expect(at.run('select k from p order by k').rows).toEqual([['1'], ['2']]);
    expect(errno('delete z from w join p on w.id = p.k')).toBe(1109);
  });
});

test('a plan stands on its own when no literals come with it', () => {
  const text = "insert into w (b, a, d) values ('k', 1 + 2, 1.25), ('l', 4, 2) on duplicate key update a = 5";
  const plan = planInsert(parseStatement(text) as never, at.env);
  const inputs = { literals: [], parameters: [], context: at.context };
  const evaluate = (query: Plan) =>
    at.db
      .prepare(query.sql)
      .raw()
      .get(...bindCells(query.binds, inputs)) as Cell[];
  for (let round = 0; round < 2; round++)
    for (const row of plan.rows(inputs, evaluate))
      at.db.prepare(plan.plan.sql).run(...bindCells(plan.plan.binds, inputs, row));
  expect(at.run('select b, a, d from w order by b').rows).toEqual([
    ['k', '5', '1.25'],
    ['l', '5', '2.00'],
  ]);
});
