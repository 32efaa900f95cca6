import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decimal, formatDecimal, rescale } from '../../src/value/decimal.ts';
import { decimalKey, decimalOfKey } from '../../src/value/decimal-key.ts';

const decimals: fc.Arbitrary<Decimal> = fc.record({
  unscaled: fc.oneof(fc.bigInt(-200n, 200n), fc.bigInt(-(10n ** 65n), 10n ** 65n)),
  scale: fc.integer({ min: 0, max: 30 }),
});

function order(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const [x, y] = [rescale(a, scale).unscaled, rescale(b, scale).unscaled];
  return x < y ? -1 : x > y ? 1 : 0;
}

const textOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

describe('the key of a decimal', () => {
  it('sorts and equals as the decimal does', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(textOrder(decimalKey(a), decimalKey(b))).toBe(order(a, b));
      }),
    );
  });

  it('is the same for the same number of another scale', () => {
    fc.assert(
      fc.property(decimals, fc.integer({ min: 0, max: 9 }), (a, more) => {
        expect(decimalKey(rescale(a, a.scale + more))).toBe(decimalKey(a));
      }),
    );
  });

  it('gives the decimal back', () => {
    fc.assert(
      fc.property(decimals, (a) => {
        const back = decimalOfKey(decimalKey(a));
        expect(formatDecimal(rescale(back, 30))).toBe(formatDecimal(rescale(a, 30)));
      }),
    );
  });
});
