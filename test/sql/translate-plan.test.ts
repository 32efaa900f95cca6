import { beforeEach, describe, expect, test } from 'vitest';
import { parseStatement } from '../../src/sql/parse/parse.ts';
import { normalise } from '../../src/sql/scan.ts';
import { bindCells } from '../../src/sql/translate/bind.ts';
import type { Plan } from '../../src/sql/translate/plan.ts';
import { slotText } from '../../src/sql/translate/statement.ts';
import { translate } from '../../src/sql/translate/translate.ts';
import type { Cell } from '../../src/value/column-type.ts';
import { type Fixture, fixture } from './tenant-fixture.ts';

let at: Fixture;

beforeEach(() => {
  at = fixture();
  at.run(
    "create table t (id int primary key, name varchar(20) not null unique, price decimal(10,2), at timestamp(3) null, n bigint unsigned, e enum('x','y'))",
  );
  at.run(
    "insert into t values (1, 'Ann', 1.50, '2024-01-02 03:04:05.678', 5, 'x'), (2, 'bob', 2.25, null, 6, 'y'), (3, 'Cid', null, '2024-05-06 07:08:09', null, null)",
  );
});

/** True when a plan made for one text serves another of the same key. */
function serves(plan: Plan, text: string): boolean {
  const { literals } = normalise(text);
  return plan.fixedSlots.every(({ slot, text: fixed }) => slotText(literals[slot]!.value) === fixed);
}

function runWith(plan: Plan, text: string): Cell[][] {
  const cells = bindCells(plan.binds, { literals: normalise(text).literals, parameters: [], context: at.context });
  return at.db
    .prepare(plan.sql)
    .raw()
    .all(...cells) as Cell[][];
}

describe('a cached plan', () => {
  const pairs: readonly (readonly [made: string, other: string])[] = [
    ['select name from t where id = 1', 'select name from t where id = 2'],
    ["select id from t where name = 'ann'", "select id from t where name = 'BOB'"],
    ["select id from t where at > '2024-03-01'", "select id from t where at > '2023-01-01 10:00:00.5'"],
    [
      'select id from t where price > 1.5 order by id limit 1',
      'select id from t where price > 2.249 order by id limit 5',
    ],
    [
      "select id from t where id in (1, 2) and name like 'a%'",
      "select id from t where id in (2, 3) and name like 'C%'",
    ],
    ['select id from t where price between 1 and 2', 'select id from t where price between 2 and 3'],
    ['select id from t where price in (1.5, 1)', 'select id from t where price in (2.25, 7)'],
    ["select id from t where id = '1'", "select id from t where id = '3'"],
    ['select id + 1 as x from t where n > 5', 'select id + 7 as x from t where n > 4'],
    ["update t set name = 'x' where id = 1", "update t set name = 'yy' where id = 2"],
    ['delete from t where id = 1', 'delete from t where id = 2'],
  ];

  test.each(pairs)('of %s serves %s', (made, other) => {
    expect(normalise(made).key).toBe(normalise(other).key);
    const plan = at.plan(made);
    expect(serves(plan, other)).toBe(true);
    if (plan.kind === 'query') expect(runWith(plan, other)).toEqual(runWith(at.plan(other), other));
  });

  const different: readonly (readonly [made: string, other: string])[] = [
    ['select 1', 'select 2'],
    ['select id + 1 from t', 'select id + 2 from t'],
    ['select id, name from t order by 1', 'select id, name from t order by 2'],
    ['select round(price, 1) as x from t', 'select round(price, 0) as x from t'],
    ['select 1.5 as x', 'select 1.25 as x'],
    ['select price * 1.5 as x from t', 'select price * 1.25 as x from t'],
    ['select coalesce(price, 1.5) as x from t', 'select coalesce(price, 1.25) as x from t'],
    ['select price % 1.5 as x from t', 'select price % 1.25 as x from t'],
    ['select now(3) as x', 'select now(6) as x'],
    ["select name like 'a' escape '|' as x from t", "select name like 'a' escape '!' as x from t"],
    ["select date_format(at, '%Y') from t", "select date_format(at, '%m') from t"],
  ];

  test.each(different)('of %s does not serve %s', (made, other) => {
    expect(normalise(made).key).toBe(normalise(other).key);
    expect(serves(at.plan(made), made)).toBe(true);
    expect(serves(at.plan(made), other)).toBe(false);
  });
});

describe('a plan', () => {
  const columns = (sql: string) => at.plan(sql).columns;

  test('describes columns of tables', () => {
    expect(columns('select * from t x')[1]).toEqual({
      label: 'name',
      type: { name: 'varchar', length: 20, charset: 'utf8mb4', collation: 'utf8mb4_general_ci' },
      schema: 'shop',
      table: 'x',
      orgTable: 't',
      orgName: 'name',
      notNull: true,
      primaryKey: false,
      uniqueKey: true,
      multipleKey: false,
      autoIncrement: false,
    });
    expect(columns('select x.id k from t x')[0]).toMatchObject({
      label: 'k',
      table: 'x',
      orgName: 'id',
      primaryKey: true,
      notNull: true,
    });
    expect(columns('select b.id from t a left join t b on a.id = b.id')[0]).toMatchObject({ notNull: false });
    expect(columns('select q.k from (select id as k from t) q')[0]).toMatchObject({
      label: 'k',
      table: 'q',
      orgTable: 't',
    });
  });

  test('types expressions', () => {
    const types = (sql: string) =>
      columns(sql).map(({ type }) => [type.name, type.precision ?? type.length ?? null, type.scale ?? 0]);
    expect(types('select count(*), sum(id), avg(id), sum(price), avg(price), max(at), min(name) from t')).toEqual([
      ['bigint', 21, 0],
      ['decimal', 32, 0],
      ['decimal', 14, 4],
      ['decimal', 32, 2],
      ['decimal', 14, 6],
      ['timestamp', null, 3],
      ['varchar', 20, 0],
    ]);
    expect(
      columns('select id/2, id=1, now(6), price*1.250, n+1, -id from t').map(({ type: { name, scale, unsigned } }) => [
        name,
        scale ?? 0,
        unsigned === true,
      ]),
    ).toEqual([
      ['decimal', 4, false],
      ['bigint', 0, false],
      ['datetime', 6, false],
      ['decimal', 5, false],
      ['bigint', 0, true],
      ['bigint', 0, false],
    ]);
  });

  test('tells what it touches', () => {
    const uses = (sql: string) =>
      at.plan(sql).uses.map(({ table, privilege }) => `${privilege} ${table.schema}.${table.name}`);
    expect(uses('select 1')).toEqual([]);
    expect(uses('select * from t where id in (select id from t)')).toEqual(['SELECT shop.t']);
    expect(uses('update t set n = n + 1')).toEqual(['UPDATE shop.t', 'SELECT shop.t']);
    expect(uses('delete from t')).toEqual(['DELETE shop.t']);
    expect(uses('insert into t (id, name) select id, name from t')).toEqual(['INSERT shop.t', 'SELECT shop.t']);
  });

  test('counts its parameters and knows whether it repeats', () => {
    expect(at.plan('select ? from t where id = ? limit ?').parameterCount).toBe(3);
    expect(at.plan('select id from t').volatile).toBe(false);
    for (const sql of [
      'select now()',
      'select rand()',
      'select uuid()',
      'select @a',
      'select @@autocommit',
      'select last_insert_id()',
    ])
      expect([sql, at.plan(sql).volatile]).toEqual([sql, true]);
  });

  test('counts rows without LIMIT when asked to', () => {
    const sql = 'select sql_calc_found_rows name from t where id > 1 order by id limit 1';
    const plan = at.plan(sql);
    const cells = bindCells(plan.foundRows!.binds, {
      literals: normalise(sql).literals,
      parameters: [],
      context: at.context,
    });
    expect(
      at.db
        .prepare(plan.foundRows!.sql)
        .pluck()
        .get(...cells),
    ).toBe(2);
    expect(at.plan('select name from t limit 1').foundRows).toBeUndefined();
  });

  test('names the variables of INTO', () => {
    expect(at.plan('select id, name from t limit 1 into @a, @b').into).toEqual(['a', 'b']);
  });

  test('reads variables', () => {
    expect(
      at.run('select @a, @a + 1, @s, @none, @@autocommit, @@version_comment, @@global.wait_timeout, @@wait_timeout')
        .rows,
    ).toEqual([['7', '8', 'text', null, '1', 'OceanBase 4.2.1', '100', '28800']]);
  });

  test('drops locks and knows DUAL', () => {
    expect(at.run('select id from t where id = 1 for update').rows).toEqual([['1']]);
    expect(at.run('select 1 from DUAL where 1 = 1 limit 1').rows).toEqual([['1']]);
  });

  test('needs no more than a moment for a plain query', () => {
    const tree = parseStatement(
      "select id, name, price, at from t where id = 5 and name = 'x' order by at desc limit 10",
    ) as never;
    const before = process.threadCpuUsage();
    for (let round = 0; round < 200; round++) translate(tree, at.env);
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1000 / 200).toBeLessThan(5);
  });

  test('refuses a change of a view', () => {
    at.tables.set('shop.v', { ...at.tables.get('shop.t')!, name: 'v', kind: 'view' });
    for (const sql of ['delete from v', 'update v set n = 1', 'insert into v (id) values (1)'])
      expect(() => at.plan(sql)).toThrow(/not supported/);
  });
});

describe('functions of the session', () => {
  test('read its facts', () => {
    expect(
      at.run(
        'select database(), schema(), user(), current_user(), connection_id(), last_insert_id(), found_rows(), row_count(), version(), ob_version(), host_ip(), rpc_port()',
      ).rows,
    ).toEqual([
      [
        'shop',
        'shop',
        'ann@127.0.0.1',
        'ann@%',
        '77',
        '5',
        '3',
        '2',
        '5.7.25-OceanBase-v4.2.1.0',
        '4.2.1.0',
        '127.0.0.1',
        '2882',
      ],
    ]);
    expect(at.run("select time_to_usec('2026-03-14 09:59:26.535897'), usec_to_time(1773453566535897)").rows).toEqual([
      ['1773453566535897', '2026-03-14 09:59:26.535897'],
    ]);
  });

  test('SCNs and moments turn into each other, to the microsecond', () => {
    const scns = "timestamp_to_scn('2026-03-14 09:59:26.535897'), scn_to_timestamp(1773453566535897999)";
    expect(at.run(`select ${scns}`).rows).toEqual([['1773453566535897000', '2026-03-14 09:59:26.535897']]);
    expect(at.run("select scn_to_timestamp(null), timestamp_to_scn('no'), scn_to_timestamp(-1)").rows).toEqual([
      [null, null, null],
    ]);
  });

  test('chance differs from call to call', () => {
    const [row] = at.run('select rand() = rand(), uuid() = uuid(), length(uuid()), rand(3) = rand(3)').rows;
    expect(row).toEqual(['0', '0', '36', '1']);
    expect(new Set(at.run('select uuid() from t').rows.map(([id]) => id)).size).toBe(3);
  });
});
