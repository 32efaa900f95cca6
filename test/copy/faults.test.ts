import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { backupBlocks } from '../../src/copy/backup-blocks.ts';
import type { CopyWorkers } from '../../src/copy/copy-workers.ts';
import { restoreBlocks } from '../../src/copy/restore-blocks.ts';
import { Pace } from '../../src/media/pace.ts';
import type { FaultPlan } from './fault-io.ts';
import {
  bytesSource,
  faultModule,
  fdSource,
  fileSinks,
  memorySinks,
  Scratch,
  sampleBytes,
  testKey,
  testWorkers,
  toy,
} from './toy-setup.ts';

const blockBytes = 16 << 10;
const blockCount = 30;
const sizeBytes = blockBytes * blockCount;

let scratch: Scratch;
let workers: CopyWorkers;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(async () => {
  await workers.close();
  scratch.close();
});

function snapshot(more: object = {}) {
  const fd = scratch.open('tenant');
  writeSync(fd, sampleBytes(sizeBytes));
  return { blockCount, reader: toy({ fd, blockBytes, sizeBytes, ...more }) };
}

function faulty(plan: Omit<FaultPlan, 'counter'>): CopyWorkers {
  return testWorkers({ module: faultModule, data: { ...plan, counter: new SharedArrayBuffer(4) } });
}

const request = { maxFileBytes: 100_000, setId: 1, tenantId: 2, key: null };

/** One data file with a descriptor and a pace, made anew for every job. */
function pacedSinks(pace: Pace) {
  const sinks = fileSinks(scratch);
  const openSink = async (no: number) => ({ ...(await sinks.open(no)), pace: pace.buffer });
  return { openSink, ended: sinks.ended };
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.fail('it did not fail'),
    (error: Error) => error,
  );
}

describe('a backup that fails', () => {
  for (const [how, kind] of [
    ['ENOSPC', 'outOfSpace'],
    ['EIO', 'io'],
    ['EACCES', 'denied'],
  ] as const)
    for (const nth of [1, 2, 13])
      test(`${how} at write ${nth} is a MediumError naming file and offset; nothing is published`, async () => {
        workers = faulty({ on: 'write', nth, how });
        const sinks = fileSinks(scratch);
        const work = backupBlocks({ ...request, snapshot: snapshot(), openSink: sinks.open, workers });
        const error = await failureOf(work);
        expect(error).toMatchObject({ name: 'MediumError', kind, key: expect.stringMatching(/^data file \d$/) });
        expect(error.message).toMatch(/write at offset \d+ failed with/);
        expect([...sinks.ended.values()].every((end) => end === 'aborted')).toBe(true);
        expect(sinks.ended.size).toBeGreaterThan(0);
      });

  test.each([
    ['EIO', 'io'],
    ['ENOSPC', 'outOfSpace'],
    ['hang', 'timeout'],
  ] as const)('%s in a sync on the way is not lost: nothing is published', async (how, kind) => {
    // The second one only begins when the thread has heard of the first.
    workers = faulty({ on: 'sync', nth: 2, how });
    const large = { fd: scratch.open('large'), blockBytes: 16 << 20, sizeBytes: 112 << 20 };
    for (let at = 0; at < large.sizeBytes; at += large.blockBytes)
      writeSync(large.fd, randomBytes(large.blockBytes), 0, large.blockBytes, at);
    const sinks = fileSinks(scratch);
    const work = backupBlocks({
      ...request,
      snapshot: { blockCount: 7, reader: toy(large) },
      openSink: sinks.open,
      wish: async () => ({ threads: 1, maxFileBytes: large.sizeBytes * 2 }),
      workers,
      ...(how === 'hang' ? { stallTimeoutMs: 1_500 } : {}),
    });
    expect(await failureOf(work)).toMatchObject({ name: 'MediumError', kind, key: 'data file 0' });
    expect([...sinks.ended.values()]).toEqual(['aborted']);
  });

  test('short writes and short reads are finished', async () => {
    const sinks = fileSinks(scratch);
    const key = testKey();
    workers = faulty({ on: 'write', nth: 1, how: 'short' });
    const result = await backupBlocks({ ...request, key, snapshot: snapshot(), openSink: sinks.open, workers });
    await workers.close();
    workers = faulty({ on: 'read', nth: 1, how: 'short' });
    await restoreBlocks({
      sources: result.files.map(({ no }) => ({ no, source: fdSource(scratch.open(`data.${no}`, 'r')) })),
      target: toy({ fd: scratch.open('restored'), blockBytes, sizeBytes }),
      key: key.bytes,
      workers,
    });
    expect(scratch.bytes('restored').equals(sampleBytes(sizeBytes))).toBe(true);
  });

  test('a thread that dies is a coded failure, and the next backup gets a new one', async () => {
    workers = testWorkers();
    const sinks = fileSinks(scratch);
    const dying = { ...request, snapshot: snapshot({ dieAt: 11 }), openSink: sinks.open, workers };
    expect(await failureOf(backupBlocks(dying))).toMatchObject({
      symbol: 'OB_ERR_UNEXPECTED',
      message: expect.stringContaining('ended with code 7'),
    });
    expect([...sinks.ended.values()].every((end) => end === 'aborted')).toBe(true);
    const next = await backupBlocks({ ...request, snapshot: snapshot(), openSink: memorySinks().open, workers });
    expect(next.blockCount).toBe(blockCount);
  });

  test('a write that hangs ends at the deadline, named', async () => {
    workers = faulty({ on: 'write', nth: 5, how: 'hang' });
    const sinks = fileSinks(scratch);
    const startMs = performance.now();
    const work = backupBlocks({
      ...request,
      snapshot: snapshot(),
      openSink: sinks.open,
      workers,
      // Threads that have not begun to write have no place to name.
      stallTimeoutMs: 6_000,
    });
    const error = await failureOf(work);
    expect(error).toMatchObject({ name: 'MediumError', kind: 'timeout' });
    expect(error.message).toMatch(/data file \d.*at offset \d+/);
    expect(performance.now() - startMs).toBeLessThan(60_000);
    expect([...sinks.ended.values()].every((end) => end === 'aborted')).toBe(true);
  });

  test('a sink that never opens ends at the deadline', async () => {
    workers = testWorkers();
    const openSink = () => new Promise<never>(() => undefined);
    const work = backupBlocks({ ...request, snapshot: snapshot(), openSink, workers, stallTimeoutMs: 200 });
    expect(await failureOf(work)).toMatchObject({ name: 'MediumError', kind: 'timeout' });
  });

  test('a sink that does not open, and a sink that breaks', async () => {
    workers = testWorkers();
    const closed = backupBlocks({
      ...request,
      snapshot: snapshot(),
      openSink: async () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' })),
      workers,
    });
    await expect(closed).rejects.toThrow();
    const sinks = memorySinks(3);
    const broken = backupBlocks({ ...request, snapshot: snapshot(), openSink: sinks.open, workers });
    expect(await failureOf(broken)).toMatchObject({ name: 'MediumError', kind: 'io' });
    expect([...sinks.state.values()].every((sink) => sink.aborted && sink.published === null)).toBe(true);
  });

  test('cancelling ends it soon, publishes nothing and leaves the threads usable', async () => {
    workers = testWorkers();
    const sinks = fileSinks(scratch);
    const cancel = new AbortController();
    const slow = { ...request, snapshot: snapshot({ slowMs: 2_000 }), workers, signal: cancel.signal };
    const openSink = async (no: number) => {
      if (no === 0) queueMicrotask(() => cancel.abort());
      return sinks.open(no);
    };
    const startMs = performance.now();
    expect(await failureOf(backupBlocks({ ...slow, openSink }))).toMatchObject({ symbol: 'OB_CANCELED' });
    expect(performance.now() - startMs).toBeLessThan(20_000);
    expect([...sinks.ended.values()]).toEqual(['aborted']);
    const next = await backupBlocks({ ...request, snapshot: snapshot(), openSink: memorySinks().open, workers });
    expect(next.blockCount).toBe(blockCount);
  });

  test('a job that waits for threads can be cancelled, and gets them when they are free', async () => {
    workers = testWorkers();
    const cancel = new AbortController();
    const wish = { turn: 'backup' } as const;
    let free = () => {};
    const held = Array.from({ length: 4 }, () =>
      workers.use(2, undefined, () => new Promise<void>((resolve) => (free = joined(free, resolve))), wish),
    );
    const waiting = workers.use(2, cancel.signal, async () => 'ran', wish);
    const patient = workers.use(1, undefined, async (threads) => threads.length, wish);
    cancel.abort();
    await expect(waiting).rejects.toMatchObject({ symbol: 'OB_CANCELED' });
    free();
    await Promise.all(held);
    expect(await patient).toBe(1);
  });

  test('threads keep the pace of the destination, which is no standstill', async () => {
    workers = testWorkers();
    const pace = new Pace();
    const { openSink, ended } = pacedSinks(pace);
    const paced = { ...request, maxFileBytes: 1e9, snapshot: snapshot(), openSink, workers };
    const free = await backupBlocks(paced);
    const bandwidth = BigInt(free.outputBytes);
    pace.set({ maxIops: 0n, maxBandwidth: bandwidth });
    const startMs = performance.now();
    await backupBlocks({ ...paced, stallTimeoutMs: 10_000 });
    // A second's worth of bytes, of which a tenth may come at once; header and index go past the threads.
    expect(performance.now() - startMs).toBeGreaterThan(800);
    expect([...ended.values()]).toEqual(['published']);
  });

  test('a pace raised while threads wait holds at once', async () => {
    workers = testWorkers();
    const pace = new Pace();
    pace.set({ maxIops: 0n, maxBandwidth: 100n });
    const { openSink, ended } = pacedSinks(pace);
    const work = backupBlocks({ ...request, maxFileBytes: 1e9, snapshot: snapshot(), openSink, workers });
    const early = await Promise.race([work.then(() => 'ended'), systemClock.sleep(600).then(() => 'waits')]);
    expect(early).toBe('waits');
    pace.set({ maxIops: 0n, maxBandwidth: 0n });
    expect((await work).blockCount).toBe(blockCount);
    expect([...ended.values()]).toEqual(['published']);
  });

  test('cancelling ends a wait for the pace', async () => {
    workers = testWorkers();
    const pace = new Pace();
    pace.set({ maxIops: 0n, maxBandwidth: 1n });
    const cancel = new AbortController();
    const { openSink } = pacedSinks(pace);
    const waiting = { ...request, snapshot: snapshot(), workers, signal: cancel.signal, openSink };
    const startMs = performance.now();
    setTimeout(() => cancel.abort(), 300).unref();
    expect(await failureOf(backupBlocks(waiting))).toMatchObject({ symbol: 'OB_CANCELED' });
    expect(performance.now() - startMs).toBeLessThan(60_000);
  });

  test('threads come and go while a job runs, and files close at the size of the moment', async () => {
    workers = testWorkers();
    const sinks = fileSinks(scratch);
    let wish = { threads: 1, maxFileBytes: 1e9 };
    const most = { busy: 0 };
    const watched: CopyWorkers = {
      ...workers,
      threads: 1,
      room: () => 3,
      async use(count, signal, work, limit) {
        return workers.use(
          count,
          signal,
          async (threads) => {
            most.busy += threads.length;
            steps.push(most.busy);
            try {
              return await work(threads, () => undefined);
            } finally {
              most.busy -= threads.length;
              steps.push(most.busy);
            }
          },
          limit,
        );
      },
    };
    const steps: number[] = [];
    const result = await backupBlocks({
      ...request,
      snapshot: snapshot({ slowMs: 600 }),
      openSink: sinks.open,
      workers: watched,
      wish: async () => {
        const now = wish;
        if (steps.includes(3)) wish = { threads: 1, maxFileBytes: 20_000 };
        else if (steps.length > 0) wish = { threads: 3, maxFileBytes: 1e9 };
        return now;
      },
    });
    expect(result.blockCount).toBe(blockCount);
    expect(Math.max(...steps)).toBe(3);
    expect(result.files.length).toBeGreaterThan(1);
    expect(result.files[0]?.sizeBytes).toBeGreaterThan(20_000);
  });
});

describe('a restore that fails', () => {
  async function backedUp() {
    const sinks = memorySinks();
    await backupBlocks({ ...request, maxFileBytes: 1e9, snapshot: snapshot(), openSink: sinks.open, workers });
    return sinks.state.get(0)!.bytes;
  }

  test('EIO of a source names file and offset', async () => {
    workers = testWorkers();
    const fd = scratch.open('data');
    writeSync(fd, await backedUp());
    await workers.close();
    workers = faulty({ on: 'read', nth: 6, how: 'EIO' });
    const target = toy({ fd: scratch.open('restored'), blockBytes, sizeBytes });
    const work = restoreBlocks({ sources: [{ no: 0, source: fdSource(fd) }], target, key: null, workers });
    const error = await failureOf(work);
    expect(error).toMatchObject({ name: 'MediumError', kind: 'io', key: 'data file 0' });
    expect(error.message).toMatch(/read at offset \d+/);
  });
});

describe('a real full file system', () => {
  test('ENOSPC of a small tmpfs', async (context) => {
    workers = testWorkers();
    const mount = scratch.file('small');
    mkdirSync(mount);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', mount], { stdio: 'ignore' });
    } catch {
      return context.skip('mounting is not allowed here');
    }
    const small = new Scratch(mount);
    try {
      const sinks = fileSinks(small);
      const work = backupBlocks({ ...request, maxFileBytes: 1e9, snapshot: snapshot(), openSink: sinks.open, workers });
      expect(await failureOf(work)).toMatchObject({ name: 'MediumError', kind: 'outOfSpace', key: 'data file 0' });
      const target = toy({ fd: small.open('restored'), blockBytes, sizeBytes });
      const memory = memorySinks();
      await backupBlocks({ ...request, maxFileBytes: 1e9, snapshot: snapshot(), openSink: memory.open, workers });
      const sources = [{ no: 0, source: bytesSource(memory.state.get(0)!.bytes) }];
      expect(await failureOf(restoreBlocks({ sources, target, key: null, workers }))).toMatchObject({
        symbol: 'OB_SERVER_OUTOF_DISK_SPACE',
      });
    } finally {
      small.close();
      execFileSync('umount', [mount]);
      rmSync(mount, { recursive: true, force: true });
    }
  });
});

function joined(first: () => void, second: () => void): () => void {
  return () => {
    first();
    second();
  };
}
