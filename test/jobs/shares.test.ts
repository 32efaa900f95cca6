import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CopyWorkers } from '../../src/copy/copy-workers.ts';
import { keepingFirstRead } from '../../src/jobs/validate/first-read.ts';
import { sharedChecks } from '../../src/jobs/validate/shared-checks.ts';
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

test.each([1, 2, 7])(
  'checks beside each other get %i threads together, however many each could use',
  async (threads) => {
    let [out, most] = [0, 0];
    const inner: CopyWorkers = {
      threads: 2,
      busy: 0,
      async use(count, _signal, work, { most: limit = 2 }) {
        const taken = Math.min(count, limit);
        out += taken;
        most = Math.max(most, out);
        await new Promise((resolve) => setImmediate(resolve));
        out -= taken;
        return work([], () => undefined);
      },
      room: () => 2,
      close: async () => undefined,
    };
    const { workers } = sharedChecks(inner, threads);
    const items = [1, 100, 1, 3, 1, 50, 2, 1];
    const done = await Promise.all(
      items.map((count) => workers.use(count, undefined, async () => count, { turn: 'validate' })),
    );
    expect(done).toEqual(items);
    expect(most).toBe(threads);
  },
);

test('what was read of a small object is read again once, and is forgotten then', async () => {
  const asked: string[] = [];
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
  const source = keepingFirstRead({
    sizeBytes: bytes.length,
    async read(offset, length) {
      asked.push(`${offset}+${length}`);
      return bytes.subarray(offset, offset + length);
    },
    close: async () => undefined,
  });
  for (const [offset, length] of [
    [0, 100],
    [0, 100],
    [0, 100],
    [10, 5],
    [10, 5],
  ] as const)
    expect(await source.read(offset, length)).toEqual(bytes.subarray(offset, offset + length));
  expect(asked).toEqual(['0+100', '0+100', '10+5', '10+5']);
});
