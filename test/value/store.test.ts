import { describe, expect, test } from 'vitest';
import { isFault, type ObError } from '../../src/base/errors.ts';
import { formatTypeText, sqliteColumnType } from '../../src/value/column-storage.ts';
import type { Cell, ColumnType } from '../../src/value/column-type.ts';
import { implicitDefault, type StoreTarget, storeValue } from '../../src/value/store.ts';
import { formatDouble, formatFloat } from '../../src/value/text-form.ts';

const target: StoreTarget = {
  column: 'c',
  row: 3,
  strict: true,
  timeZone: '+08:00',
  nullable: true,
  noZeroDate: false,
  noZeroInDate: false,
};

function failure(type: ColumnType, value: Cell, more: Partial<StoreTarget> = {}): [number, string] {
  try {
    storeValue(type, value, { ...target, ...more });
  } catch (error) {
    if (isFault(error)) return [error.errno, error.message];
    throw error;
  }
  return [0, ''];
}

describe('storing', () => {
  test("tells what is wrong in MySQL's words", () => {
    expect(failure({ name: 'tinyint' }, 300)).toEqual([1264, "Out of range value for column 'c' at row 3"]);
    expect(failure({ name: 'int' }, 'abc')).toEqual([1366, "Incorrect integer value: 'abc' for column 'c' at row 3"]);
    expect(failure({ name: 'int' }, '1x')).toEqual([1265, "Data truncated for column 'c' at row 3"]);
    expect(failure({ name: 'decimal', precision: 4, scale: 2 }, 'x')).toEqual([
      1366,
      "Incorrect decimal value: 'x' for column 'c' at row 3",
    ]);
    expect(failure({ name: 'varchar', length: 2 }, 'abc')).toEqual([1406, "Data too long for column 'c' at row 3"]);
    expect(failure({ name: 'date' }, '2024-02-30')).toEqual([
      1292,
      "Incorrect date value: '2024-02-30' for column 'c' at row 3",
    ]);
    expect(failure({ name: 'datetime' }, 'x')).toEqual([1292, "Incorrect datetime value: 'x' for column 'c' at row 3"]);
    expect(failure({ name: 'time' }, 'x')).toEqual([1292, "Incorrect time value: 'x' for column 'c' at row 3"]);
    expect(failure({ name: 'enum', values: ['a'] }, 'b')).toEqual([1265, "Data truncated for column 'c' at row 3"]);
    expect(failure({ name: 'json' }, '{', { qualified: 't.c' })).toEqual([
      3140,
      `Invalid JSON text: "Missing a name for object member." at position 1 in value for column 't.c'.`,
    ]);
    expect(failure({ name: 'varchar', length: 9 }, Uint8Array.of(0x61, 0xe4, 0xff))).toEqual([
      1366,
      "Incorrect string value: '\\xE4\\xFF' for column 'c' at row 3",
    ]);
    expect(failure({ name: 'int' }, null, { nullable: false })).toEqual([1048, "Column 'c' cannot be null"]);
  });

  test('refuses what it could only keep rounded', () => {
    expect(failure({ name: 'decimal', precision: 30, scale: 2 }, '12345678901234.56')[0]).toBe(1235);
    expect(failure({ name: 'decimal', precision: 30, scale: 2 }, '1234567890123.45')[0]).toBe(0);
    expect(failure({ name: 'decimal', precision: 30, scale: 2 }, '12345678901234567.00')[0]).toBe(0);
    expect(failure({ name: 'decimal', precision: 30, scale: 2 }, '12345678901234.56', { strict: false })[0]).toBe(1235);
  });

  test('zero dates follow sql_mode', () => {
    expect(storeValue({ name: 'date' }, '2024-00-10', target)).toBe('2024-00-10');
    expect(failure({ name: 'date' }, '2024-00-10', { noZeroInDate: true })[0]).toBe(1292);
    expect(failure({ name: 'date' }, '0000-00-00', { noZeroDate: true })[0]).toBe(1292);
    expect(failure({ name: 'date' }, '0000-00-00', { noZeroInDate: true })[0]).toBe(0);
  });

  test('without strictness fits the value and warns', () => {
    const warnings: ObError[] = [];
    const loose = { ...target, strict: false, warn: (warning: ObError) => warnings.push(warning) };
    expect([
      storeValue({ name: 'tinyint' }, -300, loose),
      storeValue({ name: 'int' }, 'x', loose),
      storeValue({ name: 'varchar', length: 2 }, 'abc', loose),
      storeValue({ name: 'date' }, 'x', loose),
      storeValue({ name: 'time' }, '900:00:00', loose),
      storeValue({ name: 'decimal', precision: 4, scale: 1 }, 12345, loose),
    ]).toEqual([-128, 0, 'ab', '0000-00-00', 3020399000000, 999.9]);
    expect(warnings.map(({ errno }) => errno)).toEqual([1264, 1366, 1406, 1292, 1292, 1264]);
  });

  test('moments go to UTC, times to microseconds', () => {
    expect(storeValue({ name: 'timestamp', scale: 3 }, '2024-01-01 00:00:00.1235', target)).toBe(
      '2023-12-31 16:00:00.124',
    );
    expect(storeValue({ name: 'datetime', scale: 1 }, '2024-01-01', target)).toBe('2024-01-01 00:00:00.0');
    expect(storeValue({ name: 'time', scale: 1 }, '-00:00:00.16', target)).toBe(-200_000);
  });

  test('FLOAT is rounded to 32 bits, BINARY filled with zeros', () => {
    expect(storeValue({ name: 'float' }, 0.1, target)).toBe(Math.fround(0.1));
    expect(failure({ name: 'float' }, 1e39)[0]).toBe(1264);
    expect(storeValue({ name: 'binary', length: 4 }, 'ab', target)).toEqual(Uint8Array.of(97, 98, 0, 0));
  });

  test('implicit defaults have storage form', () => {
    expect(
      [
        { name: 'int' },
        { name: 'varchar' },
        { name: 'datetime', scale: 2 },
        { name: 'enum', values: ['q'] },
        { name: 'time' },
      ].map((type) => implicitDefault(type as ColumnType)),
    ).toEqual([0, '', '0000-00-00 00:00:00.00', 'q', 0]);
  });
});

describe('types', () => {
  const cases: readonly (readonly [ColumnType, text: string, sqlite: string])[] = [
    [{ name: 'int' }, 'int(11)', 'INTEGER'],
    [{ name: 'int', unsigned: true }, 'int(10) unsigned', 'INTEGER'],
    [{ name: 'bigint' }, 'bigint(20)', 'INTEGER'],
    [{ name: 'tinyint', length: 1 }, 'tinyint(1)', 'INTEGER'],
    [{ name: 'decimal', precision: 10, scale: 2, unsigned: true }, 'decimal(10,2) unsigned', 'NUMERIC'],
    [{ name: 'double' }, 'double', 'REAL'],
    [{ name: 'varchar', length: 32 }, 'varchar(32)', 'TEXT COLLATE NOCASE'],
    [{ name: 'varchar', length: 32, collation: 'utf8mb4_bin' }, 'varchar(32)', 'TEXT'],
    [{ name: 'enum', values: ['a', "b'c"] }, "enum('a','b''c')", 'TEXT COLLATE NOCASE'],
    [{ name: 'timestamp', scale: 6 }, 'timestamp(6)', 'TEXT'],
    [{ name: 'time' }, 'time', 'INTEGER'],
    [{ name: 'json' }, 'json', 'TEXT'],
    [{ name: 'varbinary', length: 5 }, 'varbinary(5)', 'BLOB'],
    [{ name: 'longblob' }, 'longblob', 'BLOB'],
    [{ name: 'year' }, 'year(4)', 'INTEGER'],
    [{ name: 'bit', length: 8 }, 'bit(8)', 'INTEGER'],
  ];
  test.each(cases)('%o', (type, text, sqlite) => {
    expect([formatTypeText(type), sqliteColumnType(type)]).toEqual([text, sqlite]);
  });
});

describe('numbers as text', () => {
  test.each([
    [0.1, '0.1'],
    [1e15, '1e15'],
    [123456789012345, '123456789012345'],
    [1.5e-7, '0.00000015'],
    [1e-15, '0.000000000000001'],
    [1e-16, '1e-16'],
    [1.234567890123e22, '1.234567890123e22'],
    [-0, '0'],
    [5e-324, '5e-324'],
  ])('%s', (value, text) => {
    expect(formatDouble(value)).toBe(text);
    expect(Number(formatDouble(value)) === value).toBe(true);
  });

  test('FLOAT shows six digits', () => {
    expect([Math.fround(0.1), 16777216, 3.14159274, 1e20].map(formatFloat)).toEqual([
      '0.1',
      '16777200',
      '3.14159',
      '1e20',
    ]);
  });
});
