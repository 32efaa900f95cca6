import { writeSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { backupBlocks } from '../../src/copy/backup-blocks.ts';
import type { CopyWorkers } from '../../src/copy/copy-workers.ts';
import { restoreBlocks } from '../../src/copy/restore-blocks.ts';
import type { Medium } from '../../src/media/medium.ts';
import { Pace } from '../../src/media/pace.ts';
import { withThrottle } from '../../src/media/wrap/throttle.ts';
import { bytesSource, memorySinks, Scratch, sampleBytes, testWorkers, toy } from './toy-setup.ts';

/** Time passes only while somebody waits for a pace, and then at once. */
class PaceClock implements Clock {
  ms = 0;
  #late: { readonly dueMs: number; readonly wake: () => void }[] = [];

  nowNs(): bigint {
    return BigInt(Math.round(this.ms * 1e6));
  }

  nowUs(): number {
    return this.ms * 1000;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    if (delayMs > 100) this.#late.push({ dueMs: this.ms + delayMs, wake: resolve });
    else this.#pass(delayMs, resolve);
    return promise;
  }

  #pass(delayMs: number, resolve: () => void): void {
    this.ms += delayMs;
    const due = this.#late.filter(({ dueMs }) => dueMs <= this.ms);
    this.#late = this.#late.filter(({ dueMs }) => dueMs > this.ms);
    for (const { wake } of due) wake();
    setImmediate(resolve);
  }
}

const blockBytes = 4096;
const blockCount = 3;
const sizeBytes = blockBytes * blockCount;
let scratch: Scratch;
let workers: CopyWorkers;
beforeEach(() => {
  scratch = new Scratch();
  workers = testWorkers();
});
afterEach(async () => {
  await workers.close();
  scratch.close();
});

test('a job that only waits for its allowance is not stalled, also without descriptors', async () => {
  const clock = new PaceClock();
  const pace = new Pace(undefined, () => clock.nowNs());
  // A block takes several minutes.
  pace.set({ maxIops: 0n, maxBandwidth: 10n });
  const fd = scratch.open('tenant');
  writeSync(fd, sampleBytes(sizeBytes));
  const sinks = memorySinks();
  const inner = {
    createObject: () => sinks.open(0),
    openObject: async () => bytesSource(sinks.state.get(0)!.bytes),
  } as unknown as Medium;
  const medium = withThrottle(inner, pace, clock);
  const result = await backupBlocks({
    ...{ maxFileBytes: 1e9, setId: 1, tenantId: 2, key: null, workers, clock },
    snapshot: { blockCount, reader: toy({ fd, blockBytes, sizeBytes }) },
    openSink: () => medium.createObject('x'),
  });
  expect(result.blockCount).toBe(blockCount);
  const copiedMs = clock.ms;
  expect(copiedMs / blockCount).toBeGreaterThan(120_000);
  const restored = scratch.open('restored');
  const target = toy({ fd: restored, blockBytes, sizeBytes });
  await restoreBlocks({
    ...{ target, key: null, workers, clock },
    sources: [{ no: 0, source: await medium.openObject('x') }],
  });
  expect((clock.ms - copiedMs) / blockCount).toBeGreaterThan(120_000);
  expect(scratch.bytes('restored').equals(sampleBytes(sizeBytes))).toBe(true);
});
