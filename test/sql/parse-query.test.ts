import { describe, expect, test } from 'vitest';
import type { Query, Select, TableExpression } from '../../src/sql/ast/query.ts';
import { parseStatement } from '../../src/sql/parse/parse.ts';

function parsed(text: string): Query {
  const tree = parseStatement(text);
  if (tree.kind !== 'query') throw new Error(`${text} is ${tree.kind}`);
  return tree.query;
}

function select(text: string): Select {
  const tree = parsed(text);
  if (tree.kind !== 'select') throw new Error(`${text} is ${tree.kind}`);
  return tree;
}

/** FROM as text: joins in parentheses. */
function from(tree: TableExpression): string {
  if (tree.kind === 'table')
    return `${tree.table.schema === null ? '' : `${tree.table.schema}.`}${tree.table.name}${tree.alias === null ? '' : ` ${tree.alias}`}`;
  if (tree.kind === 'derived')
    return `<${tree.query.kind}> ${tree.alias}${tree.columns === null ? '' : `(${tree.columns})`}`;
  const condition = tree.using === null ? (tree.on === null ? '' : ' on') : ` using ${tree.using}`;
  return `(${from(tree.left)} ${tree.natural ? 'natural ' : ''}${tree.join.toLowerCase()} ${from(tree.right)}${condition})`;
}

describe('labels', () => {
  test.each<[string, string]>([
    ['count(*)', 'count(*)'],
    ['1 + 1', '1 + 1'],
    ['  1  +  1  ', '1  +  1'],
    ['1 /* c */ + 1', '1  + 1'],
    ['Job_Id', 'Job_Id'],
    ['t.`Job_Id`', 'Job_Id'],
    ['db.t.x', 'x'],
    ["'it''s'", "it's"],
    ['@@version_comment', '@@version_comment'],
    ['a as B', 'B'],
    ["a 'c d'", 'c d'],
    ['a "c"', 'c'],
    ['a status', 'status'],
    ['-1', '-1'],
    ['f( a , b )', 'f( a , b )'],
    ['(select 1)', '(select 1)'],
    ["date '2024-01-01'", "date '2024-01-01'"],
    [`'${'x'.repeat(300)}'`, 'x'.repeat(256)],
  ])('%s', (item, label) => {
    expect(select(`select ${item} from t`).items[0]).toMatchObject({ label });
  });

  test('end with the statement too', () => {
    expect(select('select a+1 -- tail').items[0]).toMatchObject({ label: 'a+1' });
    expect(select('select a+1;').items[0]).toMatchObject({ label: 'a+1' });
  });
});

describe('FROM', () => {
  test.each<[string, string[]]>([
    ['a', ['a']],
    ['dual', []],
    ['a, b.c d', ['a', 'b.c d']],
    ['a join b on 1 left join c using (x, y)', ['((a inner b on) left c using x,y)']],
    ['a left join b join c on 1 on 2', ['(a left (b inner c on) on)']],
    ['a join b join c on 1 on 2', ['((a inner b) inner c on)']],
    ['a natural join b natural left outer join c', ['((a natural inner b) natural left c)']],
    ['a cross join b straight_join c', ['((a cross b) inner c)']],
    ['a right outer join (b, c) on 1', ['(a right (b cross c) on)']],
    ['(a join b) join (c)', ['((a inner b) inner c)']],
    ['(select 1) x', ['<select> x']],
    ['(select 1) as x (p, q)', ['<select> x(p,q)']],
    ['((select 1) union (select 2)) x', ['<setOperation> x']],
    ['((select 1) x join t)', ['(<select> x inner t)']],
    ['(((select 1))) x', ['<select> x']],
    ['a use index (i) join b force index for join (primary) on 1', ['(a inner b on)']],
    ['{ oj a left join b on 1 }', ['(a left b on)']],
  ])('%s', (text, expected) => {
    expect(select(`select * from ${text}`).from.map(from)).toEqual(expected);
  });

  test('a derived table needs a name', () => {
    expect(() => parsed('select * from (select 1)')).toThrow(
      expect.objectContaining({ symbol: 'ER_DERIVED_MUST_HAVE_ALIAS' }),
    );
  });
});

describe('set operations', () => {
  const tree = (query: Query): string =>
    query.kind === 'setOperation'
      ? `(${tree(query.left)} ${query.operator} ${tree(query.right)})${query.orderBy.length > 0 ? ' ordered' : ''}${query.limit === null ? '' : ' limited'}`
      : query.kind === 'select'
        ? `${query.items.map((item) => (item.kind === 'star' ? '*' : item.label)).join()}${query.orderBy.length > 0 ? ' ordered' : ''}${query.limit === null ? '' : ' limited'}`
        : 'values';
  test.each<[string, string]>([
    ['select a union select b union all select c', '((a UNION b) UNION ALL c)'],
    ['select a union select b intersect select c', '(a UNION (b INTERSECT c))'],
    ['select a except select b minus select c', '((a EXCEPT b) EXCEPT c)'],
    ['select a union (select b union select c)', '(a UNION (b UNION c))'],
    ['select a union distinct select b order by 1 limit 1', '(a UNION b) ordered limited'],
    ['(select a order by 1 limit 1) union (select b limit 2) limit 3', '(a ordered limited UNION b limited) limited'],
    ['(select a) order by 1', 'a ordered'],
    ['(select a limit 1) limit 2', '* limited'],
    ['((select a))', 'a'],
    ['((select a) union select b) limit 1', '(a UNION b) limited'],
    ['select minus from t', 'minus'],
    ['values row(1, 2), row(3, 4)', 'values'],
  ])('%s', (text, expected) => {
    expect(tree(parsed(text))).toBe(expected);
  });

  test('WITH belongs to the whole', () => {
    const query = parsed(
      'with recursive c (n) as (select 1 union all select n + 1 from c) select * from c union select 2',
    );
    expect(query).toMatchObject({
      kind: 'setOperation',
      with: { recursive: true, tables: [{ name: 'c', columns: ['n'] }] },
    });
  });
});

describe('the rest of SELECT', () => {
  test('clauses', () => {
    const query = select(
      'select sql_calc_found_rows distinct high_priority sql_no_cache a from t where b group by c desc, d with rollup having e window w as (order by f) order by g desc, h limit 5, 6 for update',
    );
    expect(query).toMatchObject({
      distinct: true,
      calcFoundRows: true,
      groupBy: [{ descending: true }, { descending: false }],
      rollup: true,
      windows: [{ name: 'w' }],
      orderBy: [{ descending: true }, { descending: false }],
      limit: { count: { value: '6', slot: 1 }, offset: { value: '5', slot: 0 } },
      lock: 'UPDATE',
    });
  });
  test.each<[string, Partial<Select>]>([
    [
      'select 1 limit 3 offset 4',
      { limit: expect.objectContaining({ count: expect.objectContaining({ value: '3' }) }) },
    ],
    [
      'select 1 limit ?, ?',
      { limit: { count: { kind: 'placeholder', index: 1 }, offset: { kind: 'placeholder', index: 0 } } },
    ],
    ['select a from t lock in share mode', { lock: 'SHARE' }],
    ['select a into @X, @`y z` from t', { into: ['x', 'y z'] }],
    ['select a from t into @x', { into: ['x'] }],
    ['select a from t into @x for update', { into: ['x'], lock: 'UPDATE' }],
    [
      'select t.*, a.b.* from t',
      {
        items: [
          { kind: 'star', schema: null, table: 't' },
          { kind: 'star', schema: 'a', table: 'b' },
        ],
      },
    ],
    ['select 1 window from t', { items: [expect.objectContaining({ alias: 'window' })] }],
  ])('%s', (text, expected) => {
    expect(select(text)).toMatchObject(expected);
  });

  test.each<[string, string]>([
    ['select * from t partition (p0)', 'partition selection is'],
    ["select 1 into outfile 'x'", 'select into outfile is'],
    ['select * from t for update nowait', 'select for update nowait is'],
    ['select * from a full outer join b on 1', 'full outer join is'],
    ['select * from t as of snapshot 5', 'flashback query is'],
    ['select a from t intersect all select b from u', 'intersect all is'],
    ['select get_format(date, "USA")', 'get_format is'],
    ["select * from json_table('[]', '$' columns (a int path '$')) x", 'json_table is'],
  ])('%s is refused', (text, feature) => {
    expect(parseStatement(text)).toEqual({ kind: 'unsupported', feature });
  });

  test.each<[string, string, number]>([
    ['select from t', 'from t', 1],
    ['select 1\nfrom t\nwhere', '', 3],
    ['select 1 from t order 1', '1', 1],
    [`select a b c ${'x'.repeat(100)}`, `c ${'x'.repeat(78)}`, 1],
    ["select 'open", "'open", 1],
    ['select 1 /* open', '/* open', 1],
    ['select 1 union', '', 1],
    ['select a from t t2 t3', 't3', 1],
    ['select select', 'select', 1],
    ['select a from `t', '`t', 1],
    ['select 1;;select 2', 'select 2', 1],
    ['selec 1', 'selec 1', 1],
    ['select a from t limit -1', '-1', 1],
    ['select a. from t', 'from t', 1],
  ])('%s is a syntax error', (text, near, line) => {
    expect(() => parseStatement(text)).toThrow(
      expect.objectContaining({
        errno: 1064,
        message: `You have an error in your SQL syntax; check the manual that corresponds to your OceanBase version for the right syntax to use near '${near}' at line ${line}`,
      }),
    );
  });
});
