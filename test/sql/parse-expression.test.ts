import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Expression } from '../../src/sql/ast/expression.ts';
import { parseExpression } from '../../src/sql/parse/parse.ts';
import { printExpression } from './print-expression.ts';

const shape = (text: string) =>
  printExpression(parseExpression(text))
    .replaceAll(/(?<!IN |\w)\(([\w.`@?']+)\)/g, '$1')
    .replaceAll('`', '');

describe('precedence', () => {
  test.each<[string, string]>([
    ['a + b * c', 'a + (b * c)'],
    ['a - b - c', '(a - b) - c'],
    ['a / b % c MOD d DIV e', '(((a / b) % c) % d) DIV e'],
    ['a ^ b * c', '(a ^ b) * c'],
    ['- a ^ b', '(- a) ^ b'],
    ['! a + b', '(! a) + b'],
    ['NOT a + b', 'NOT (a + b)'],
    ['NOT a = b', 'NOT (a = b)'],
    ['NOT a AND b', '(NOT a) AND b'],
    ['a | b & c << d + e', 'a | (b & (c << (d + e)))'],
    ['a = b = c', '(a = b) = c'],
    ['a = b IN (c)', 'a = (b IN (c))'],
    ['a IN (b) = c', '(a IN (b)) = c'],
    ['a OR b AND c XOR d', 'a OR ((b AND c) XOR d)'],
    ['a || b && c', 'a OR (b AND c)'],
    ['a BETWEEN b AND c AND d', '(a BETWEEN b AND c) AND d'],
    ['a BETWEEN b AND c IN (d)', 'a BETWEEN b AND (c IN (d))'],
    ['a NOT BETWEEN b + e AND c', 'a NOT BETWEEN (b + e) AND c'],
    ['a IS NULL = b', '(a IS NULL) = b'],
    ['a = b IS NOT TRUE', '(a = b) IS NOT TRUE'],
    ['a LIKE b OR c NOT LIKE d ESCAPE e', '(a LIKE b) OR (c NOT LIKE d ESCAPE e)'],
    ['a REGEXP b AND c NOT RLIKE d', '(a REGEXP b) AND (c NOT REGEXP d)'],
    ['BINARY a = b', '(BINARY a) = b'],
    ['a COLLATE x LIKE b', '(a COLLATE x) LIKE b'],
    ['- a COLLATE x', '- (a COLLATE x)'],
    ['a <=> b != c', '(a <=> b) <> c'],
    ['a + INTERVAL b + c DAY - d', '(a + INTERVAL (b + c) DAY) - d'],
    ['a - INTERVAL (b) * c HOUR', 'a - INTERVAL (b * c) HOUR'],
    ['a + INTERVAL(b, c) * d', 'a + ((interval(b, c)) * d)'],
    ['@a := b + c', '@a := (b + c)'],
    ['a SOUNDS LIKE b', 'a SOUNDS LIKE b'],
    ['CASE a WHEN b THEN c ELSE d END + e', '(CASE a WHEN b THEN c ELSE d END) + e'],
    ["d->'$.a' = b", "(d -> '$.a') = b"],
  ])('%s', (text, expected) => {
    expect(shape(text)).toBe(expected);
  });

  test('|| joins strings when sql_mode says so, tighter than ^', () => {
    const tree = parseExpression('a ^ b || c', { pipesAsConcat: true });
    expect(tree).toMatchObject({ kind: 'binary', operator: '^', right: { kind: 'function', name: 'concat' } });
  });

  test.each([
    '',
    'a b',
    'a +',
    '(a',
    'a)',
    'a IN ()',
    'CASE END',
    'a LIKE',
    'INTERVAL 1 DAY',
    'select',
    'a IS b',
    'a <=> ALL (select 1)',
    'x.',
    'NOT',
    '1 = = 2',
    'a IN (1) IN (2)',
  ])('refuses %j', (text) => {
    expect(() => parseExpression(text)).toThrow(expect.objectContaining({ symbol: 'OB_ERR_PARSE_SQL' }));
  });
});

describe('special forms come out with plain arguments', () => {
  const call = (name: string, count: number, keyword?: string) =>
    expect.objectContaining({
      kind: 'function',
      name,
      ...(keyword === undefined ? {} : { keyword }),
      arguments: expect.toSatisfy((list: readonly unknown[]) => list.length === count),
    });
  test.each<[string, unknown]>([
    ['EXTRACT(DAY_HOUR FROM a)', call('extract', 1, 'DAY_HOUR')],
    ['TRIM(a)', call('trim', 1)],
    ['TRIM(LEADING b FROM a)', call('trim', 2, 'LEADING')],
    ['TRIM(b FROM a)', call('trim', 2, 'BOTH')],
    ['TRIM(TRAILING FROM a)', call('trim', 1, 'TRAILING')],
    ['SUBSTRING(a FROM 2 FOR 3)', call('substring', 3)],
    ['SUBSTR(a FROM 2)', call('substr', 2)],
    ['POSITION(a IN b)', call('locate', 2)],
    ['TIMESTAMPDIFF(SQL_TSI_HOUR, a, b)', call('timestampdiff', 2, 'HOUR')],
    ['DATE_ADD(a, INTERVAL 1 DAY)', call('date_add', 2)],
    ['ADDDATE(a, 3)', call('adddate', 2)],
    ['CHAR(1, 2 USING utf8)', call('char', 2, 'UTF8')],
    ['CURRENT_TIMESTAMP', call('current_timestamp', 0)],
    ['CURRENT_TIMESTAMP(6)', call('current_timestamp', 1)],
    ['IF(a, b, c)', call('if', 3)],
    ['LEFT(a, 1)', call('left', 2)],
    ['MOD(a, 2)', call('mod', 2)],
    ['DATABASE()', call('database', 0)],
    ['db.f(a)', expect.objectContaining({ kind: 'function', name: 'f', schema: 'db' })],
    ['VALUES(a)', { kind: 'valuesOf', column: 'a' }],
    ['DEFAULT(t.a)', { kind: 'default', column: 'a' }],
    [
      'CAST(a AS CHAR(5) CHARACTER SET gbk)',
      expect.objectContaining({ kind: 'cast', type: { name: 'char', length: 5, scale: null, charset: 'gbk' } }),
    ],
    [
      'CONVERT(a, DECIMAL(10, 2))',
      expect.objectContaining({ kind: 'cast', type: { name: 'decimal', length: 10, scale: 2, charset: null } }),
    ],
    ['CONVERT(a USING utf8mb4)', expect.objectContaining({ kind: 'convertUsing', charset: 'utf8mb4' })],
    ["DATE '2024-01-01'", { kind: 'literal', type: 'date', value: '2024-01-01', slot: 0, start: 0, end: 17 }],
    ["{ts '2024-01-01 00:00:00'}", expect.objectContaining({ type: 'timestamp', slot: 0 })],
    ["_latin1'x'", { kind: 'literal', type: 'string', value: 'x', charset: 'latin1', slot: 0, start: 0, end: 10 }],
    ['@@GLOBAL.Max_Connections', { kind: 'systemVariable', name: 'max_connections', scope: 'global' }],
    ['@@local.x', { kind: 'systemVariable', name: 'x', scope: 'session' }],
    ['@`A b`', { kind: 'userVariable', name: 'a b' }],
    ['TRUE', { kind: 'literal', type: 'boolean', value: true, slot: -1, start: 0, end: 4 }],
    [
      "GROUP_CONCAT(DISTINCT a, b ORDER BY c DESC SEPARATOR ';')",
      expect.objectContaining({
        kind: 'aggregate',
        distinct: true,
        separator: ';',
        orderBy: [expect.objectContaining({ descending: true })],
      }),
    ],
    ['COUNT(*)', expect.objectContaining({ kind: 'aggregate', name: 'count', arguments: [], over: null })],
    [
      'ROW_NUMBER() OVER (PARTITION BY a ORDER BY b ROWS 2 PRECEDING)',
      expect.objectContaining({
        kind: 'window',
        name: 'row_number',
        over: expect.objectContaining({ frame: expect.objectContaining({ unit: 'ROWS', to: null }) }),
      }),
    ],
    ['a = ANY (SELECT 1)', expect.objectContaining({ kind: 'quantified', quantifier: 'ANY', operator: '=' })],
    [
      '((SELECT 1) UNION (SELECT 2))',
      expect.objectContaining({ kind: 'scalar', query: expect.objectContaining({ operator: 'UNION' }) }),
    ],
    [
      '((SELECT 1) + 1)',
      expect.objectContaining({ kind: 'binary', left: expect.objectContaining({ kind: 'scalar' }) }),
    ],
    [
      '(a, b) IN ((1, 2))',
      expect.objectContaining({ kind: 'inList', items: [expect.objectContaining({ kind: 'row' })] }),
    ],
    ['a IN ((SELECT 1))', expect.objectContaining({ kind: 'inSubquery' })],
  ])('%s', (text, expected) => {
    expect(parseExpression(text)).toEqual(expected);
  });
});

const bare = (tree: Expression): unknown =>
  JSON.parse(JSON.stringify(tree, (key, value) => (['start', 'end', 'slot'].includes(key) ? undefined : value)));

test('an expression printed with all its parentheses is the same expression', () => {
  const operand = fc.constantFrom(
    'a',
    't.b',
    '1',
    "'x'",
    'NULL',
    '@v',
    '?',
    'f(a, 1)',
    '- 2',
    '! a',
    'BINARY c',
    '(a)',
    'CASE a WHEN 1 THEN 2 END',
    "x'0a'",
  );
  const operator = fc.constantFrom(
    ...'+ - * / DIV % | & ^ << >> = <=> <> < <= > >= AND OR XOR LIKE REGEXP'.split(' '),
    'NOT LIKE',
    'IS NULL AND',
    'IN (1, 2) OR',
    'BETWEEN 1 AND',
    '+ INTERVAL 1 DAY =',
  );
  let parsed = 0;
  fc.assert(
    fc.property(operand, fc.array(fc.tuple(operator, operand), { maxLength: 6 }), (first, rest) => {
      const text = `${first}${rest.map(([sign, value]) => ` ${sign} ${value}`).join('')}`;
      let tree: Expression;
      try {
        tree = parseExpression(text);
      } catch (error) {
        expect(error).toMatchObject({ symbol: 'OB_ERR_PARSE_SQL' });
        return;
      }
      parsed++;
      expect(bare(parseExpression(printExpression(tree)))).toEqual(bare(tree));
    }),
    { numRuns: 2000 },
  );
  expect(parsed).toBeGreaterThan(1000);
});

describe('depth', () => {
  test.each([
    ['parentheses', '('.repeat(10_000_000)],
    ['subqueries', '(select '.repeat(100_000)],
    ['signs', '- '.repeat(100_000)],
    ['NOT', 'NOT '.repeat(100_000)],
    ['calls', 'f('.repeat(100_000)],
    ['CASE', 'CASE '.repeat(100_000)],
    ['BETWEEN', 'a BETWEEN 1 AND '.repeat(100_000)],
    ['a sum', `a${' + a'.repeat(100_000)}`],
  ])('%s without end are refused, not a crash', (_, text) => {
    expect(() => parseExpression(text)).toThrow(expect.objectContaining({ symbol: 'OB_SIZE_OVERFLOW' }));
  });

  test('ten thousand OR terms make a bushy tree', () => {
    const depth = (tree: Expression): number =>
      tree.kind === 'binary' && tree.operator === 'OR' ? 1 + Math.max(depth(tree.left), depth(tree.right)) : 0;
    const tree = parseExpression(Array.from({ length: 10_000 }, (_, at) => `a = ${at}`).join(' OR '));
    expect(depth(tree)).toBeLessThan(32);
  });
});
