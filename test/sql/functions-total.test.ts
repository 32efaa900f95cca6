import { describe, expect, test } from 'vitest';
import { isFault } from '../../src/base/errors.ts';
import { mysqlFunctions } from '../../src/sql/functions/catalog.ts';
import { fixture } from './tenant-fixture.ts';

const at = fixture();
at.run(`create table v (i int, b bigint, d decimal(10,3), r double, s varchar(20), c varchar(20) collate utf8mb4_bin, x varbinary(10),
  da date, dt datetime(3), ts timestamp(6) null, t time, y year, e enum('a','b'), j json)`);
at.run(`insert into v values (7, 9007199254740993, 1.125, 2.5, 'Text', 'text', x'00ff', '2024-02-29', '2024-02-29 10:11:12.345',
  '2024-02-29 10:11:12.345678', '10:11:12', 2024, 'b', '{"a": [1, 2]}')`);
at.run(`insert into v values (null, null, null, null, null, null, null, null, null, null, null, null, null, null)`);

const operands = [
  "''",
  "'abc'",
  "'12x'",
  "'2024-01-02'",
  '0',
  '-1',
  '3',
  '2.75',
  '1e300',
  '18446744073709551615',
  "x'ff'",
  'null',
  'true',
  'now(3)',
  "time '-10:00:00'",
];
const columns = ['i', 'b', 'd', 'r', 's', 'c', 'x', 'da', 'dt', 'ts', 't', 'y', 'e', 'j'];

/** Runs a query that may be refused, but only in MySQL's way. */
function runs(expression: string): void {
  try {
    at.run(`select ${expression} from v`);
  } catch (error) {
    if (!isFault(error)) throw new Error(`${expression}: ${(error as Error).message}`, { cause: error });
  }
}

describe('every function takes any argument', () => {
  const special = new Set(['sleep', 'trim_both', 'trim_leading', 'trim_trailing', 'timestampdiff']);
  for (const [name, { least, most }] of mysqlFunctions) {
    if (special.has(name)) continue;
    test(name, () => {
      const all = [...operands, ...columns];
      for (let count = least; count <= Math.min(most, least + 2, 5); count++)
        for (let first = 0; first < (count === 0 ? 1 : all.length); first++) {
          const list = Array.from({ length: count }, (_, index) => all[(first + index * 7) % all.length]);
          runs(`${name}(${list.join(', ')})`);
        }
    });
  }
});

describe('every operator takes any operands', () => {
  const binary = [
    '+',
    '-',
    '*',
    '/',
    'DIV',
    '%',
    '&',
    '|',
    '^',
    '<<',
    '>>',
    '=',
    '<=>',
    '<>',
    '<',
    '>=',
    'AND',
    'OR',
    'XOR',
    'LIKE',
    'REGEXP',
  ];
  for (const operator of binary)
    test(operator, () => {
      for (const left of [...columns, ...operands])
        for (const right of [...columns, ...operands]) runs(`${left} ${operator} ${right}`);
    });

  test('casts, aggregates, tests and branches', () => {
    for (const operand of [...columns, ...operands]) {
      for (const type of [
        'signed',
        'unsigned',
        'char',
        'char(2)',
        'binary',
        'binary(3)',
        'decimal(10,2)',
        'date',
        'datetime(3)',
        'time',
        'json',
      ])
        runs(`cast(${operand} as ${type})`);
      for (const name of ['count', 'sum', 'avg', 'min', 'max', 'group_concat', 'bit_or', 'std', 'json_arrayagg']) {
        runs(`${name}(${operand})`);
        if (name !== 'std' && name !== 'bit_or' && name !== 'json_arrayagg') runs(`${name}(distinct ${operand})`);
      }
      for (const unit of ['MICROSECOND', 'DAY', 'MONTH', 'DAY_SECOND'])
        runs(`${operand} + interval ${operand} ${unit}`);
      for (const unit of ['YEAR', 'HOUR', 'WEEK', 'DAY_MICROSECOND']) runs(`extract(${unit} from ${operand})`);
      runs(`not ${operand}, -${operand}, ~${operand}, ${operand} is true, ${operand} is null`);
      for (const other of columns) {
        runs(`case when ${operand} then ${other} else ${operand} end`);
        runs(`coalesce(${operand}, ${other}), greatest(${operand}, ${other}), nullif(${operand}, ${other})`);
        runs(`${operand} between ${other} and ${operand}, ${operand} in (${other}, 1, 'x')`);
        runs(
          `${operand} in (select ${other} from v), ${operand} > all (select ${other} from v), timestampdiff(MONTH, ${operand}, ${other})`,
        );
      }
    }
  });

  test('set operations of any two columns', () => {
    for (const left of columns)
      for (const right of columns)
        expect(() => at.run(`select ${left} from v union select ${right} from v order by 1`)).not.toThrow();
  });
});
