import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { formatDecimal, pow10 } from '../../src/value/decimal.ts';
import { besideUnsigned, maxUnsigned, unsignedCell, unsignedOfBytes } from '../../src/value/unsigned.ts';

const db = new Database(':memory:');
afterAll(() => db.close());
const compare = db
  .prepare('SELECT CASE WHEN a < b THEN -1 WHEN a = b THEN 0 ELSE 1 END FROM (SELECT ? AS a, ? AS b)')
  .pluck();

const edges = [0n, 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 63n + 1n, maxUnsigned - 1n, maxUnsigned];
const unsigned = fc.oneof(fc.bigInt(0n, maxUnsigned), fc.constantFrom(...edges));

test('stored forms sort in SQLite as the numbers do, and come back', () => {
  fc.assert(
    fc.property(unsigned, unsigned, (a, b) => {
      expect(compare.get(unsignedCell(a), unsignedCell(b))).toBe(a < b ? -1 : a > b ? 1 : 0);
      const cell = unsignedCell(a);
      expect(cell instanceof Uint8Array ? unsignedOfBytes(cell) : cell).toBe(a);
    }),
  );
});

test('any decimal beside a stored form compares as the numbers do', () => {
  const scales = fc.integer({ min: 0, max: 3 });
  const offsets = fc.bigInt(-2000n, 2000n);
  fc.assert(
    fc.property(unsigned, scales, offsets, (a, scale, offset) => {
      const unscaled = a * pow10(scale) + offset;
      const order = offset > 0n ? -1 : offset < 0n ? 1 : 0;
      // A REAL between two integers of more than 53 bits is not told from them.
      const exact = offset % pow10(scale) === 0n || a < 2n ** 40n || a > 2n ** 63n + 2000n;
      fc.pre(exact);
      expect(
        compare.get(unsignedCell(a), besideUnsigned({ unscaled, scale })),
        formatDecimal({ unscaled, scale }),
      ).toBe(order);
    }),
  );
  expect(compare.get(unsignedCell(maxUnsigned), besideUnsigned({ unscaled: maxUnsigned * 5n, scale: 0 }))).toBe(-1);
  expect(compare.get(-(2n ** 63n), besideUnsigned({ unscaled: -(2n ** 63n) - 1n, scale: 0 }))).toBe(1);
});
