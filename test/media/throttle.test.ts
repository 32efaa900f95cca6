import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import { Pace, Paces } from '../../src/media/pace.ts';
import { PaceDebts } from '../../src/media/pace-debts.ts';
import { mediaThreads } from '../../src/media/thread/threaded-medium.ts';
import { withThrottle } from '../../src/media/wrap/throttle.ts';
import { NotedPace } from './noted-pace.ts';
import { s3Address } from './s3-root.ts';
import { S3Double } from './servers/s3-double.ts';

/** Time that passes only when everybody sleeps. */
class StillClock implements Clock {
  #now = 1_000_000_000n;
  readonly #sleepers: { readonly wakeNs: bigint; readonly wake: () => void }[] = [];

  nowNs = () => this.#now;
  nowUs = () => Number(this.#now / 1000n);

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#sleepers.push({ wakeNs: this.#now + BigInt(Math.ceil(delayMs * 1e6)), wake: resolve });
    });
  }

  /** Lets time pass until `work` is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => (ended = true);
    work.then(end, end);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (ended) return work;
      const next = this.#sleepers.sort((a, b) => Number(a.wakeNs - b.wakeNs)).shift();
      if (!next) continue;
      if (next.wakeNs > this.#now) this.#now = next.wakeNs;
      next.wake();
    }
  }
}

const seconds = (ns: bigint) => Number(ns) / 1e9;

describe('a pace', () => {
  test('never lets more pass than rate × time and a tenth of a second, whoever asks', async () => {
    const takes = fc.array(fc.record({ units: fc.integer({ min: 1, max: 5000 }), pauseMs: fc.nat(400) }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('operations', 'bytes'),
        fc.integer({ min: 200, max: 100_000 }),
        fc.array(takes, { minLength: 1, maxLength: 4 }),
        async (kind, rate, takers) => {
          const clock = new StillClock();
          const pace = new Pace(undefined, clock.nowNs);
          const limit = BigInt(rate);
          pace.set(kind === 'bytes' ? { maxIops: 0n, maxBandwidth: limit } : { maxIops: limit, maxBandwidth: 0n });
          const startNs = clock.nowNs();
          const passed: { readonly atNs: bigint; readonly units: number }[] = [];
          const work = takers.map(async (steps) => {
            for (const { units, pauseMs } of steps) {
              await clock.sleep(pauseMs);
              const [operations, bytes] = kind === 'bytes' ? [0, units] : [units, 0];
              await pace.take(operations, bytes, (delayMs) => clock.sleep(delayMs));
              passed.push({ atNs: clock.nowNs(), units });
            }
          });
          await clock.run(Promise.all(work));
          const total = passed.reduce((sum, { units }) => sum + units, 0);
          expect(total).toBe(takers.flat().reduce((sum, { units }) => sum + units, 0));
          let sum = 0;
          for (const { atNs, units } of passed) {
            sum += units;
            expect(sum).toBeLessThanOrEqual(rate * seconds(atNs - startNs) + rate / 10 + 1);
          }
          // Nor does it hold anything back longer than it must: pauses, the rate, and the rounding of sleeps.
          const pausesMs = Math.max(...takers.map((steps) => steps.reduce((most, { pauseMs }) => most + pauseMs, 0)));
          const pieces = passed.length + total / Math.max(1, rate / 10);
          expect(seconds(clock.nowNs() - startNs)).toBeLessThanOrEqual(total / rate + (pausesMs + pieces * 2) / 1000);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('another rate holds at once, also for those that wait', async () => {
    const clock = new StillClock();
    const pace = new Pace(undefined, clock.nowNs);
    pace.set({ maxIops: 0n, maxBandwidth: 10n });
    const slow = pace.take(1, 1_000_000, (delayMs) => clock.sleep(delayMs));
    await clock.run(clock.sleep(5_000));
    const startNs = clock.nowNs();
    pace.set({ maxIops: 0n, maxBandwidth: 1_000_000n });
    await clock.run(slow);
    expect(seconds(clock.nowNs() - startNs)).toBeLessThan(1.2);
    expect(seconds(clock.nowNs() - startNs)).toBeGreaterThan(0.8);
    pace.set({ maxIops: 0n, maxBandwidth: 0n });
    await pace.take(1_000, 1e12, () => expect.fail('no limit, no wait'));
  });

  test('one destination of a tenant has one pace', () => {
    const paces = new Paces();
    expect(paces.of(1002, 'file:///a', '')).toBe(paces.of(1002, 'file:///a', ''));
    expect(paces.of(1002, 'file:///a', '')).not.toBe(paces.of(1004, 'file:///a', ''));
  });
});

describe('a throttled medium', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'throttle-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const open = (limits: { readonly maxIops: bigint; readonly maxBandwidth: bigint }) => {
    const clock = new StillClock();
    const pace = new Pace(undefined, clock.nowNs);
    pace.set(limits);
    return { clock, pace, medium: withThrottle(openFileMedium(directory), pace, clock) };
  };

  test('every call is an operation, those of opened objects too', async () => {
    const { clock, medium } = open({ maxIops: 10n, maxBandwidth: 0n });
    const startNs = clock.nowNs();
    await clock.run(
      (async () => {
        await medium.putSmall('a', Buffer.from('abc'), 'create');
        const sink = await medium.createObject('b');
        await sink.writeAt(0, Buffer.from('0123456789'));
        await sink.publish(10);
        const source = await medium.openObject('b');
        expect(Buffer.from(await source.read(2, 3)).toString()).toBe('234');
        await source.close();
        const log = await medium.openAppend('c', 0);
        await log.append(Buffer.from('record'));
        await log.close();
        expect((await medium.list('')).map(({ name }) => name).sort()).toEqual(['a', 'b', 'c']);
        expect(Buffer.from(await medium.read('a')).toString()).toBe('abc');
        expect((await medium.head('b'))?.sizeBytes).toBe(10);
        await medium.remove(['a', 'b', 'c']);
      })(),
    );
    // 14 operations at ten a second, the first of them from the burst.
    expect(seconds(clock.nowNs() - startNs)).toBeGreaterThanOrEqual(1.29);
    expect(seconds(clock.nowNs() - startNs)).toBeLessThan(1.6);
  });

  test('bytes count both ways, and objects with a descriptor carry the pace along', async () => {
    const { clock, pace, medium } = open({ maxIops: 0n, maxBandwidth: 1000n });
    const startNs = clock.nowNs();
    await clock.run(medium.putSmall('a', Buffer.alloc(1000), 'create'));
    await clock.run(medium.read('a'));
    expect(seconds(clock.nowNs() - startNs)).toBeGreaterThanOrEqual(1.89);
    const sink = await clock.run(medium.createObject('b'));
    expect(sink.fd === undefined).toBe(false);
    expect(sink.pace).toBe(pace.buffer);
    await sink.abort();
    expect((await clock.run(medium.openObject('a'))).pace).toBe(pace.buffer);
  });

  test('a wait ends with its signal', async () => {
    const { medium } = open({ maxIops: 1n, maxBandwidth: 1n });
    const giveUp = new AbortController();
    const waiting = medium.putSmall('a', Buffer.alloc(1000), 'create', giveUp.signal);
    giveUp.abort(new Error('enough'));
    await expect(waiting).rejects.toMatchObject({ name: 'MediumError', kind: 'cancelled', key: 'a' });
    expect(await openFileMedium(directory).head('a')).toBeNull();
  });
});

describe('what is owed', () => {
  test('is waited for by who comes next, and forgiven by the end of the medium', async () => {
    const clock = new StillClock();
    const pace = new Pace(undefined, clock.nowNs);
    pace.set({ maxIops: 0n, maxBandwidth: 1_000n });
    const sleep = (delayMs: number) => clock.sleep(delayMs);
    const beganNs = clock.nowNs();
    const debts = new PaceDebts(pace, clock);
    debts.owe(0, 2_000);
    await clock.run(pace.take(0, 1_000, sleep));
    // Both draw from one bucket, by turns.
    expect(seconds(clock.nowNs() - beganNs)).toBeGreaterThan(1.7);
    debts.close();
    const closedNs = clock.nowNs();
    await clock.run(pace.take(0, 1_000, sleep));
    expect(seconds(clock.nowNs() - closedNs)).toBeLessThan(1.3);
  });

  test('are the attempts of a call behind its first, with what they move', async () => {
    const pace = new NotedPace();
    const double = await S3Double.start();
    const medium = openMedium({ ...s3Address(double), pace });
    const refuse = { deed: 'refuse', status: 503, code: 'SlowDown' } as const;
    double.faults.add({ on: ['PutObject'], times: 2, deed: refuse });
    await medium.putSmall('a', Buffer.from('twelve bytes'), 'create');
    expect(pace.taken.splice(0)).toEqual([
      [1, 12],
      [1, 12],
      [1, 12],
    ]);
    const source = await medium.openObject('a');
    pace.taken.length = 0;
    double.faults.add({ on: ['GetObject'], deed: refuse });
    await source.read(2, 5);
    expect(pace.taken).toEqual([
      [1, 5],
      [1, 5],
    ]);
    await source.close();
    await medium.close();
    await double.stop();
    for (const thread of mediaThreads()) await thread.end();
  });
});
