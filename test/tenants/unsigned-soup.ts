import fc from 'fast-check';

/**
 * Random statements over `n (id, u BIGINT UNSIGNED, b BIGINT, v INT UNSIGNED, i INT)`. The smallest of 64 signed bits is not
 * among the numbers: MariaDB 10.11 answers `x - b` with itself where x is not negative and b is that number, and MySQL 1690.
 */

const columns = ['u', 'u', 'u', 'b', 'v', 'i'];
const constants = [
  '0',
  '1',
  '7',
  '2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551615',
  '-1',
  '-9223372036854775807',
];

/** Both of one sign: where a real server mixes them it goes on with decimals, in which nothing passes 2^64. */
const alike = fc.oneof(
  fc.array(fc.constantFrom('u', '18446744073709551615', '9223372036854775808'), { minLength: 2, maxLength: 2 }),
  fc.array(fc.constantFrom('b', 'i', '-1', '9223372036854775807'), { minLength: 2, maxLength: 2 }),
);
const choice = fc.oneof(
  fc.tuple(fc.constantFrom('IFNULL', 'GREATEST', 'LEAST', 'COALESCE'), alike).map(([name, args]) => `${name}(${args})`),
  fc.tuple(fc.constantFrom(...columns), fc.constantFrom(...constants)).map(([a, b]) => `NULLIF(${a}, ${b})`),
  fc
    .tuple(fc.constantFrom(...columns), fc.constantFrom(...columns, ...constants), alike)
    .map(([a, b, args]) => `IF(${a} > ${b}, ${args})`),
);

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie('expression');
  const operator = fc.constantFrom('+', '-', '*', 'DIV', '%', '&', '|', '^');
  return {
    expression: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      fc.constantFrom(...columns),
      fc.constantFrom(...constants),
      fc.tuple(inner, operator, inner).map(([a, sign, b]) => `(${a} ${sign} ${b})`),
      fc.tuple(fc.constantFrom('SIGNED', 'UNSIGNED'), inner).map(([type, a]) => `CAST(${a} AS ${type})`),
      choice,
      fc.constantFrom(...columns).map((a) => `(- ${a})`),
      inner.map((a) => `(~ ${a})`),
    ),
  };
});
const simple = fc.oneof(fc.constantFrom(...columns), fc.constantFrom(...constants), choice);

const comparison = fc.constantFrom('=', '<>', '<', '<=', '>', '>=', '<=>');
const condition = fc.tuple(simple, comparison, simple).map(([a, sign, b]) => `${a} ${sign} ${b}`);

export const statement = fc.oneof(
  expression.map((a) => `SELECT id, ${a} FROM n ORDER BY id`),
  condition.map((test) => `SELECT id FROM n WHERE ${test} ORDER BY id`),
  fc
    .tuple(fc.constantFrom(...columns), fc.constantFrom(...constants), comparison)
    .map(([a, b, sign]) => `SELECT id FROM n WHERE ${a} ${sign} ${b} ORDER BY ${a}, id`),
  fc
    .tuple(expression, fc.constantFrom('', ' DESC'))
    .map(([a, order]) => `SELECT id FROM n ORDER BY 0 + ${a}${order}, id`),
  expression.map((a) => `SELECT SUM(${a}), AVG(${a}), MIN(${a}), MAX(${a}), COUNT(DISTINCT ${a}) FROM n`),
  fc.constantFrom(...columns).map((a) => `SELECT ${a}, COUNT(*), SUM(u), MAX(u) FROM n GROUP BY ${a} ORDER BY ${a}`),
  fc
    .tuple(expression, fc.constantFrom(...columns))
    .map(([a, b]) => `SELECT ${a} FROM n UNION SELECT ${b} FROM n ORDER BY 1`),
  fc
    .tuple(fc.constantFrom(...columns), fc.constantFrom(...columns))
    .map(([a, b]) => `SELECT x.id, y.id FROM n x JOIN n y ON x.${a} = y.${b} ORDER BY 1, 2`),
);

export const tableOfNumbers = [
  'CREATE TABLE n (id INT PRIMARY KEY, u BIGINT UNSIGNED, b BIGINT, v INT UNSIGNED, i INT, KEY (u), KEY (b))',
  `INSERT INTO n VALUES (1, 18446744073709551615, -1, 4294967295, -1), (2, 9223372036854775808, -9223372036854775807, 0, 0),
  (3, 9223372036854775807, 9223372036854775807, 2147483648, 2147483647), (4, 7, 7, 7, 7), (5, 0, 0, 0, 0),
  (6, NULL, NULL, NULL, NULL), (7, 18446744073709551614, 1, 1, 1), (8, 5, -5, 5, -5)`,
] as const;
