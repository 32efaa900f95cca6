import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { callDeadlineMs } from '../../src/media/limits.ts';
import { type Medium, MediumError } from '../../src/media/medium.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import { mediaThreads } from '../../src/media/thread/threaded-medium.ts';
import { withRetries } from '../../src/media/wrap/retry.ts';
import { s3Address } from './s3-root.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';
import { S3Double } from './servers/s3-double.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

let scratch: Scratch;
beforeEach(() => {
  scratch = scratchDirectory();
});
afterEach(() => scratch.remove());
afterAll(async () => {
  for (const thread of mediaThreads()) await thread.end();
});

/** A medium whose objects end the reads on their way when they are closed; those at 0 of the first opening fail, others wait. */
async function flaky() {
  const inner = openFileMedium(scratch.path);
  await inner.putSmall('a', Buffer.from('abcdef'), 'create');
  const answered = Promise.withResolvers<void>();
  const closed: number[] = [];
  let openings = 0;
  const medium: Medium = {
    ...inner,
    async openObject(key) {
      openings += 1;
      const no = openings;
      const source = await inner.openObject(key);
      const over = Promise.withResolvers<never>();
      over.promise.catch(() => undefined);
      return {
        sizeBytes: source.sizeBytes,
        async read(offset, length) {
          if (no === 1 && offset === 0) throw new MediumError('network', key, 'broke off');
          if (no === 1) await Promise.race([answered.promise, over.promise]);
          return source.read(offset, length);
        },
        async close() {
          closed.push(no);
          over.reject(new MediumError('cancelled', key, 'it was closed'));
          await source.close();
        },
      };
    },
  };
  return { medium, answered, closed };
}

const hasty: Clock = { ...systemClock, sleep: async () => undefined };

test('a read that fails leaves those beside it alone, and what served them is closed behind the last', async () => {
  const { medium, answered, closed } = await flaky();
  const source = await withRetries(medium, { clock: hasty }).openObject('a');
  const beside = [source.read(2, 2), source.read(4, 2)];
  expect(text(await source.read(0, 2))).toBe('ab');
  expect(closed).toEqual([]);
  answered.resolve();
  expect((await Promise.all(beside)).map(text)).toEqual(['cd', 'ef']);
  expect(closed).toEqual([1]);
  await source.close();
  expect(closed).toEqual([1, 2]);
});

test('closing the object ends the reads of every opening', async () => {
  const { medium, closed } = await flaky();
  const source = await withRetries(medium, { clock: hasty }).openObject('a');
  const beside = source.read(2, 2).catch((error: unknown) => error);
  await source.read(0, 2);
  await source.close();
  expect(closed.sort()).toEqual([1, 2]);
  expect(await beside).toMatchObject({ kind: 'cancelled' });
});

test('of two reads of an object on a store one stalls and one is refused: both come through', async () => {
  const double = await S3Double.start();
  let late = Promise.withResolvers<void>();
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) =>
      ms === callDeadlineMs
        ? Promise.race([late.promise, systemClock.sleep(ms, signal)])
        : systemClock.sleep(ms, signal),
  };
  const medium = openMedium(s3Address(double), clock);
  await medium.putSmall('a', Buffer.from('abcdef'), 'create');
  const source = await medium.openObject('a');
  double.faults.add({ on: ['GetObject'], deed: { deed: 'stall' } });
  const stalled = source.read(3, 3);
  stalled.catch(() => undefined);
  await expect.poll(() => double.faults.left).toBe(0);
  double.faults.add({ on: ['GetObject'], deed: { deed: 'refuse', status: 503, code: 'SlowDown' } });
  expect(text(await source.read(0, 3))).toBe('abc');
  const { resolve } = late;
  late = Promise.withResolvers();
  resolve();
  expect(text(await stalled)).toBe('def');
  await source.close();
  await medium.close();
  await double.stop();
});
