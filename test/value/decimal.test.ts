import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decimalOf,
  decimalText,
  decimalToNumber,
  divideRounded,
  formatDecimal,
  readDecimal,
  rescale,
  significantDigits,
  truncateDecimal,
} from '../../src/value/decimal.ts';

const decimals = fc.record({ unscaled: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), scale: fc.nat(20) });

describe('decimals', () => {
  test('read back what they print', () => {
    fc.assert(
      fc.property(decimals, (value) => {
        const read = readDecimal(formatDecimal(value));
        expect([read.value, read.rest, read.empty]).toEqual([value, '', false]);
      }),
    );
  });

  test('round half away from zero, like the exact quotient', () => {
    fc.assert(
      fc.property(
        fc.bigInt(),
        fc.bigInt().filter((value) => value !== 0n),
        (a, b) => {
          const rounded = divideRounded(a, b);
          const twice = 2n * (a - rounded * b);
          const size = twice < 0n ? -twice : twice;
          const limit = b < 0n ? -b : b;
          expect(size <= limit).toBe(true);
        },
      ),
    );
    expect([5n, -5n, 15n, -15n, 14n].map((value) => divideRounded(value, 10n))).toEqual([1n, -1n, 2n, -2n, 1n]);
  });

  test('widening loses nothing', () => {
    fc.assert(
      fc.property(decimals, fc.nat(10), (value, more) => {
        expect(rescale(rescale(value, value.scale + more), value.scale)).toEqual(value);
      }),
    );
  });

  test('read the number a text begins with', () => {
    expect(readDecimal(' +12.50abc ')).toEqual({ value: { unscaled: 1250n, scale: 2 }, rest: 'abc', empty: false });
    expect(readDecimal('1.5e3').value).toEqual({ unscaled: 1500n, scale: 0 });
    expect(readDecimal('1.5e-3').value).toEqual({ unscaled: 15n, scale: 4 });
    expect(readDecimal('x').empty).toBe(true);
    expect(readDecimal('.').empty).toBe(true);
  });

  test('cut towards zero', () => {
    expect(formatDecimal(truncateDecimal(readDecimal('-1.999').value, 1))).toBe('-1.9');
    expect(formatDecimal(truncateDecimal(readDecimal('129.9').value, -1))).toBe('120');
  });

  test('print stored cells with the digits of the column', () => {
    expect(decimalText(12.5, 2)).toBe('12.50');
    expect(decimalText(12n, 2)).toBe('12.00');
    expect(decimalText('7.005', 2)).toBe('7.01');
    expect(decimalText(-0.004, 2)).toBe('0.00');
    expect(decimalText(1e21, 0)).toBe('1000000000000000000000');
  });

  test('of at most 15 digits survive as a number', () => {
    const short = fc.record({
      unscaled: fc.bigInt({ min: -999999999999999n, max: 999999999999999n }),
      scale: fc.nat(10),
    });
    fc.assert(
      fc.property(short, (value) => {
        const number = decimalToNumber(value);
        expect(rescale(decimalOf(number), value.scale)).toEqual(value);
      }),
    );
  });

  test('count their significant digits', () => {
    expect(['0', '1.00', '120', '0.0012', '-12.340'].map((text) => significantDigits(readDecimal(text).value))).toEqual(
      [1, 1, 3, 2, 4],
    );
  });
});
