import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Shares } from '../../src/jobs/validate/shares.ts';

test('no more is given away than there is, everybody gets a turn in the order they came', async () => {
  const takers = fc.array(
    fc.record({ wanted: fc.integer({ min: 0, max: 12 }), steps: fc.integer({ min: 0, max: 4 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 8 }), takers, async (total, all) => {
      const shares = new Shares(total);
      const begun: number[] = [];
      let out = 0;
      await Promise.all(
        all.map(({ wanted, steps }, i) =>
          shares.take(wanted, undefined, async () => {
            begun.push(i);
            out += Math.min(total, wanted);
            expect(out).toBeLessThanOrEqual(total);
            for (let step = 0; step < steps; step++) await Promise.resolve();
            out -= Math.min(total, wanted);
          }),
        ),
      );
      expect(begun).toEqual(all.map((_, i) => i));
    }),
  );
});

test('who gives up, or fails, leaves nothing behind', async () => {
  const shares = new Shares(2);
  const held = Promise.withResolvers<void>();
  const holder = shares.take(1, undefined, () => held.promise);
  const leaving = new AbortController();
  const large = shares.take(2, leaving.signal, async () => 'large');
  // It would fit, but the one before it came first.
  const small = shares.take(1, undefined, async () => 'small');
  leaving.abort(new Error('gone'));
  await expect(large).rejects.toThrow('gone');
  expect(await small).toBe('small');
  held.reject(new Error('failed'));
  await expect(holder).rejects.toThrow('failed');
  expect(await shares.take(2, undefined, async () => 'all')).toBe('all');
});
