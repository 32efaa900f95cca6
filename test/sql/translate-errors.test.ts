import { expect, test } from 'vitest';
import { isFault } from '../../src/base/errors.ts';
import { tables } from './query-cases.ts';
import { fixture } from './tenant-fixture.ts';

const at = fixture();
for (const table of tables) at.run(table);

const failures: readonly (readonly [sql: string, errno: number, message: string])[] = [
  ['select nope from c', 1054, "Unknown column 'nope' in 'field list'"],
  ['select c.nope from c', 1054, "Unknown column 'c.nope' in 'field list'"],
  ['select id from c where nope = 1', 1054, "Unknown column 'nope' in 'where clause'"],
  ['select id n from c where n > 1', 1054, "Unknown column 'n' in 'where clause'"],
  ['select id from c order by nope', 1054, "Unknown column 'nope' in 'order clause'"],
  ['select id from c group by nope', 1054, "Unknown column 'nope' in 'group statement'"],
  ['select id from c having nope > 1', 1054, "Unknown column 'nope' in 'having clause'"],
  ['select c.id from c join o on c.id = d.id', 1054, "Unknown column 'd.id' in 'on clause'"],
  ['select id from c order by 5', 1054, "Unknown column '5' in 'order clause'"],
  ['select id from c, o', 1052, "Column 'id' in field list is ambiguous"],
  ['select * from c, c', 1066, "Not unique table/alias: 'c'"],
  ['select * from nope', 1146, "Table 'shop.nope' doesn't exist"],
  ['select * from other.t', 1146, "Table 'other.t' doesn't exist"],
  ['select x.* from c', 1051, "Unknown table 'x'"],
  ['select *', 1096, 'No tables used'],
  ['select id from c where count(*) > 1', 1111, 'Invalid use of group function'],
  ['select sum(count(*)) from c', 1111, 'Invalid use of group function'],
  ['select nofunc(1)', 1305, 'FUNCTION shop.nofunc does not exist'],
  ['select length()', 1582, "Incorrect parameter count in the call to native function 'length'"],
  ['select concat()', 1582, "Incorrect parameter count in the call to native function 'concat'"],
  ['select (select id from c)', 1242, 'Subquery returns more than 1 row'],
  ['select (select 1, 2)', 1241, 'Operand should contain 1 column(s)'],
  ['select 1 in (select 1, 2)', 1241, 'Operand should contain 1 column(s)'],
  ['select (1, 2) = (1, 2, 3)', 1241, 'Operand should contain 2 column(s)'],
  ['select 1 union select 1, 2', 1222, 'The used SELECT statements have a different number of columns'],
  ['select * from (select 1 as a, 2 as a) x', 1060, "Duplicate column name 'a'"],
  ['select pow(10, 400)', 1690, "DOUBLE value is out of range in 'pow(10,400)'"],
  ['select exp(1000)', 1690, "DOUBLE value is out of range in 'exp(1000)'"],
  ['select big + 9223372036854775807 from c', 1690, "BIGINT value is out of range in '(`big` + 9223372036854775807)'"],
  ["select date '2024-13-01'", 1525, "Incorrect DATE value: '2024-13-01'"],
  ["select 'a' regexp '('", 1139, "Got error 'Unterminated group' from regexp"],
  ['select now(7)', 1426, "Too big precision 7 specified for 'now'. Maximum is 6."],
  ["select json_extract('{}', 'x')", 3143, 'Invalid JSON path expression. The error is around character position 1.'],
  ['select sleep(5)', 1235, 'sleep of more than 1 second not supported'],
  ['select @a := 1', 1235, 'assignment of a user variable in a query over views of the server is not supported'],
  ['select distinct city from c group by city with rollup', 1235, 'DISTINCT with WITH ROLLUP is not supported'],
  ['select @@nope', 1193, "Unknown system variable 'nope'"],
];

for (const [sql, errno, message] of failures)
  test(sql, () => {
    try {
      at.run(sql);
    } catch (error) {
      expect(isFault(error)).toBe(true);
      expect([(error as { errno: number }).errno, (error as Error).message]).toEqual([errno, message]);
      return;
    }
    expect.unreachable('the statement did not fail');
  });

test('a name without a database needs one', () => {
  const nowhere = fixture();
  const env = { ...nowhere.env, database: null };
  Object.assign(nowhere, { env });
  expect(() => nowhere.run('select 1 from t')).toThrow('No database selected');
});
