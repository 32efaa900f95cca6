import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { charsetByName } from '../../src/value/charset.ts';
import type { Cell, ColumnType, ResultColumn } from '../../src/value/column-type.ts';
import { encodeRows, RowEncoder } from '../../src/value/encode-row.ts';
import type { RowFormat } from '../../src/value/row-batch.ts';

const columnOf = (type: ColumnType): ResultColumn => ({
  label: 'c',
  type,
  schema: '',
  table: '',
  orgTable: '',
  orgName: '',
});

/** Payload of the only row. */
function payload(format: RowFormat, types: readonly ColumnType[], row: readonly Cell[], charset = 'utf8mb4'): Buffer {
  const [batch] = encodeRows(types.map(columnOf), [row], format, charsetByName(charset));
  return Buffer.from(batch!.bytes.subarray(4));
}

/** The text form of one cell, null for NULL. */
function text(type: ColumnType, cell: Cell): string | null {
  const bytes = payload('text', [type], [cell]);
  return bytes[0] === 0xfb ? null : bytes.subarray(1).toString('utf8');
}

/** The value bytes of one cell in the binary protocol: header and null bitmap cut off. */
const binary = (type: ColumnType, cell: Cell): string => payload('binary', [type], [cell]).subarray(2).toString('hex');

describe('text rows', () => {
  test('are framed packets with the sequence number left zero', () => {
    const [batch] = encodeRows(
      [columnOf({ name: 'int' }), columnOf({ name: 'varchar' })],
      [
        [7, 'ab'],
        [null, ''],
      ],
      'text',
    );
    expect(batch).toMatchObject({ rowCount: 2, framed: true });
    expect(Buffer.from(batch!.bytes).toString('hex')).toBe('050000000137026162' + '02000000fb00');
  });

  test.each<[ColumnType, Cell, string]>([
    [{ name: 'bigint' }, 9007199254740993n, '9007199254740993'],
    [{ name: 'bigint' }, -9223372036854775808n, '-9223372036854775808'],
    [{ name: 'bigint' }, 2 ** 60, '1152921504606846976'],
    [{ name: 'bigint' }, '1758000000000000001', '1758000000000000001'],
    [{ name: 'int' }, 1073741824, '1073741824'],
    [{ name: 'int' }, -15, '-15'],
    [{ name: 'int' }, 2.5, '3'],
    [{ name: 'int' }, -2.5, '-3'],
    [{ name: 'int', zerofill: true, unsigned: true, length: 10 }, 42, '0000000042'],
    [{ name: 'year' }, 0, '0000'],
    [{ name: 'decimal', precision: 10, scale: 2 }, 5, '5.00'],
    [{ name: 'decimal', precision: 10, scale: 2 }, 1.5, '1.50'],
    [{ name: 'decimal', precision: 10, scale: 2 }, 1.005, '1.01'],
    [{ name: 'decimal', precision: 10, scale: 2 }, -0.005, '-0.01'],
    [{ name: 'decimal', precision: 10, scale: 2 }, 9.999, '10.00'],
    [{ name: 'decimal', precision: 30, scale: 3 }, 12345678901234567890n, '12345678901234567890.000'],
    [{ name: 'decimal', precision: 30, scale: 4 }, '12.5', '12.5000'],
    [{ name: 'decimal', precision: 30, scale: 9 }, 1e-7, '0.000000100'],
    [{ name: 'decimal', precision: 20, scale: 0 }, 7, '7'],
    [{ name: 'double' }, 0.1, '0.1'],
    [{ name: 'double' }, 1e15, '1e15'],
    [{ name: 'double' }, 1e14, '100000000000000'],
    [{ name: 'double' }, 1.5e-16, '1.5e-16'],
    [{ name: 'double' }, 0.000001234, '0.000001234'],
    [{ name: 'double', precision: 8, scale: 2 }, 3, '3.00'],
    [{ name: 'float' }, Math.fround(1.23456789), '1.23457'],
    [{ name: 'float' }, 1234567, '1234570'],
    [{ name: 'varchar' }, 12, '12'],
    [{ name: 'varchar' }, 'd\u00e9j\u00e0 \u5907\u4efd \u{1f600}', 'd\u00e9j\u00e0 \u5907\u4efd \u{1f600}'],
    [{ name: 'timestamp', scale: 6 }, '2024-01-02 03:04:05.000006', '2024-01-02 03:04:05.000006'],
    [{ name: 'bit', length: 10 }, 0x141, '\u0001A'],
  ])('%j %s reads %s', (type, cell, expected) => {
    expect(text(type, cell)).toBe(expected);
  });

  test('long strings carry longer length prefixes', () => {
    for (const [length, prefix] of [
      [250, 'fa'],
      [251, 'fcfb00'],
      [65_535, 'fcffff'],
      [65_536, 'fd000001'],
    ] as const) {
      const bytes = payload('text', [{ name: 'longtext' }], ['x'.repeat(length)]);
      expect(bytes.subarray(0, prefix.length / 2).toString('hex')).toBe(prefix);
      expect(bytes.length).toBe(prefix.length / 2 + length);
    }
  });

  test('strings are converted to the set of the client, bytes are not', () => {
    const raw = new Uint8Array([0xe5, 0xa4, 0x87, 0x00, 0xff]);
    const bytes = payload('text', [{ name: 'varchar' }, { name: 'blob' }], ['\u5907\u4efd', raw], 'gbk');
    expect(bytes.toString('hex')).toBe('04b1b8b7dd' + '05e5a48700ff');
    const long = payload('text', [{ name: 'varchar' }], ['\u5907'.repeat(200)], 'gbk');
    expect(long.subarray(0, 3).toString('hex')).toBe('fc9001');
  });

  test('an infinite number is out of range, not a text', () => {
    expect(() => text({ name: 'double' }, Number.POSITIVE_INFINITY)).toThrow("DOUBLE value is out of range in 'c'");
    expect(() => text({ name: 'bigint' }, 1e30)).toThrow("BIGINT value is out of range in 'c'");
  });

  test('a row with a cell missing is refused', () => {
    expect(() => payload('text', [{ name: 'int' }, { name: 'int' }], [1])).toThrow(RangeError);
  });
});

describe('binary rows', () => {
  test.each<[ColumnType, Cell, string]>([
    [{ name: 'tinyint' }, -1, 'ff'],
    [{ name: 'smallint' }, 513, '0102'],
    [{ name: 'year' }, 2024, 'e807'],
    [{ name: 'mediumint' }, -2, 'feffffff'],
    [{ name: 'int', unsigned: true }, 4294967295, 'ffffffff'],
    [{ name: 'bigint' }, 1, '0100000000000000'],
    [{ name: 'bigint' }, -1, 'ffffffffffffffff'],
    [{ name: 'bigint' }, -4294967297, 'fffffffffeffffff'],
    [{ name: 'bigint' }, 9007199254740993n, '0100000000002000'],
    [{ name: 'bigint', unsigned: true }, 18446744073709551615n, 'ffffffffffffffff'],
    [{ name: 'bigint' }, '9007199254740993', '0100000000002000'],
    [{ name: 'float' }, 1.5, '0000c03f'],
    [{ name: 'double' }, 1.5, '000000000000f83f'],
    [{ name: 'decimal', scale: 2 }, 1.5, '04312e3530'],
    [{ name: 'varchar' }, 'ab', '026162'],
    [{ name: 'date' }, '2024-02-29', '04e807021d'],
    [{ name: 'date' }, '0000-00-00', '00'],
    [{ name: 'datetime', scale: 0 }, '2024-02-29 00:00:00', '04e807021d'],
    [{ name: 'datetime', scale: 0 }, '2024-02-29 01:02:03', '07e807021d010203'],
    [{ name: 'timestamp', scale: 6 }, '2024-02-29 01:02:03.000010', '0be807021d0102030a000000'],
    [{ name: 'timestamp', scale: 3 }, '2024-02-29 01:02:03.010', '0be807021d01020310270000'],
    [{ name: 'datetime', scale: 6 }, '0000-00-00 00:00:00.000000', '00'],
    [{ name: 'time' }, '00:00:00', '00'],
    [{ name: 'time' }, '-838:59:59', '080122000000163b3b'],
    [{ name: 'time', scale: 2 }, '01:02:03.50', '0c000000000001020320a10700'],
    [{ name: 'bit', length: 1 }, 1, '0101'],
    [{ name: 'longblob' }, new Uint8Array([0, 255]), '0200ff'],
  ])('%j %s is %s', (type, cell, expected) => {
    expect(binary(type, cell)).toBe(expected);
  });

  test('the bitmap of nulls begins at bit 2', () => {
    const types = Array.from({ length: 8 }, (): ColumnType => ({ name: 'tinyint' }));
    const bytes = payload('binary', types, [null, 1, null, null, null, null, null, null]);
    expect(bytes.toString('hex')).toBe('00' + 'f403' + '01');
  });

  test('text that is no date is refused', () => {
    expect(() => binary({ name: 'datetime' }, 'yesterday')).toThrow(RangeError);
    expect(() => binary({ name: 'date' }, 20240101)).toThrow(RangeError);
    expect(() => binary({ name: 'bigint' }, 'many')).toThrow(RangeError);
  });
});

describe('the encoder', () => {
  const columns = [columnOf({ name: 'longblob' })];

  test('gives a row of 0xFFFFFF bytes or more a batch of its own, bare', () => {
    const encoder = new RowEncoder();
    encoder.begin(columns, 'text');
    encoder.add([new Uint8Array(3)]);
    encoder.add([new Uint8Array(0xff_ffff - 4)]);
    expect(encoder.full).toBe(true);
    expect(() => encoder.add([null])).toThrow('a long row is waiting');
    expect(encoder.finish()).toMatchObject({ rowCount: 1, framed: true });
    const long = encoder.finish();
    expect(long).toMatchObject({ rowCount: 1, framed: false });
    expect(long!.bytes.length).toBe(0xff_ffff);
    expect(encoder.finish()).toBeNull();
    encoder.add([null]);
    expect(encoder.finish()).toMatchObject({ rowCount: 1, framed: true });
  });

  test('frames the longest row that fits', () => {
    const encoder = new RowEncoder();
    encoder.begin(columns, 'text');
    encoder.add([new Uint8Array(0xff_ffff - 5)]);
    const batch = encoder.finish()!;
    expect(batch.framed).toBe(true);
    expect(Buffer.from(batch.bytes.subarray(0, 4)).toString('hex')).toBe('feffff00');
  });

  test('detached bytes survive the next rows and own their memory', () => {
    const encoder = new RowEncoder();
    encoder.begin([columnOf({ name: 'int' })], 'text');
    encoder.add([1]);
    const kept = encoder.detach()!;
    encoder.add([2]);
    encoder.finish();
    expect(Buffer.from(kept.bytes).toString('hex')).toBe('020000000131');
    expect(kept.bytes.byteLength).toBe(kept.bytes.buffer.byteLength);
  });

  test('begins anew with other columns, format and character set', () => {
    const encoder = new RowEncoder();
    encoder.begin([columnOf({ name: 'varchar' })], 'text');
    encoder.add(['dropped']);
    encoder.begin([columnOf({ name: 'varchar' })], 'text', charsetByName('latin1'));
    encoder.add(['\u00e9']);
    expect(Buffer.from(encoder.finish()!.bytes).toString('hex')).toBe('0200000001e9');
  });

  test('integers of any size read back in both protocols', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const cell = Number.isSafeInteger(Number(value)) ? Number(value) : value;
        expect(text({ name: 'bigint' }, cell)).toBe(String(value));
        expect(Buffer.from(binary({ name: 'bigint' }, cell), 'hex').readBigInt64LE()).toBe(value);
        expect(Buffer.from(binary({ name: 'bigint' }, value), 'hex').readBigInt64LE()).toBe(value);
      }),
    );
  });

  test('doubles read back from their text', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(text({ name: 'double' }, value))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  test('strings of any kind keep their bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (value) => {
        const bytes = payload('text', [{ name: 'longtext' }], [value]);
        const size = Buffer.byteLength(value);
        expect(bytes.subarray(size < 251 ? 1 : 3).equals(Buffer.from(value))).toBe(true);
      }),
    );
  });
});
