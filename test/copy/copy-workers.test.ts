import { writeSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { backupBlocks } from '../../src/copy/backup-blocks.ts';
import { checkRestored } from '../../src/copy/check-restored.ts';
import { type CopyWorkers, createCopyWorkers, type Turn } from '../../src/copy/copy-workers.ts';
import { faultModule, memorySinks, Scratch, sampleBytes, toy } from './toy-setup.ts';

let workers: CopyWorkers;
let canStart: boolean;
beforeEach(() => {
  canStart = true;
  // What a thread is told is read while it starts, which fails at this place as it does where no thread is to be had.
  const io = {
    module: faultModule,
    get data() {
      if (!canStart) throw new Error('no more threads');
      return { on: 'write', nth: 0, how: 'EIO', counter: new SharedArrayBuffer(4) };
    },
  };
  workers = createCopyWorkers({ threads: 2, maxThreads: 8, log: silentLog, io });
});
afterEach(() => workers.close());

/** A job that holds what it gets until it is told to end. */
function job(count: number, turn: Turn = 'backup', begun: string[] = [], name = '') {
  const over = Promise.withResolvers<void>();
  const got = Promise.withResolvers<number>();
  const work = workers.use(
    count,
    undefined,
    async ({ length }) => {
      begun.push(name);
      got.resolve(length);
      await over.promise;
    },
    { turn, most: count },
  );
  work.catch(got.reject);
  const end = async () => {
    over.resolve();
    await work;
  };
  return { got: got.promise, end };
}

test('a job begins with what is free, however much it wants, and holds up nobody who waits', async () => {
  const first = job(2);
  const large = job(16, 'restore');
  expect(await large.got).toBe(6);
  expect(workers.busy).toBe(8);
  const third = job(2);
  await first.end();
  expect(await third.got).toBe(2);
  await large.end();
  const alone = job(16);
  expect(await alone.got).toBe(6);
  await Promise.all([third.end(), alone.end()]);
  expect(workers.busy).toBe(0);
});

test('restores go before backups and backups before validations, equals as they came', async () => {
  const all = job(8);
  const begun: string[] = [];
  const waiting = (['validate', 'backup', 'restore', 'validate', 'restore', 'backup'] as const).map((turn, i) =>
    job(8, turn, begun, `${turn} ${i}`),
  );
  await all.end();
  // Each takes all there is, so that they go one after the other.
  for (const no of [2, 4, 1, 5, 0, 3]) {
    await waiting[no]!.got;
    expect(begun.at(-1)).toMatch(new RegExp(` ${no}$`));
    await waiting[no]!.end();
  }
});

test('a job that runs on all threads leaves some of them to who waits', async () => {
  const scratch = new Scratch();
  const cancel = new AbortController();
  try {
    const fd = scratch.open('tenant');
    const [blockBytes, blockCount] = [1024, 10_000];
    writeSync(fd, sampleBytes(blockBytes * blockCount));
    const backup = backupBlocks({
      snapshot: { blockCount, reader: toy({ fd, blockBytes, sizeBytes: blockBytes * blockCount, slowMs: 100 }) },
      ...{ openSink: memorySinks().open, setId: 1, tenantId: 2, key: null, workers, signal: cancel.signal },
      wish: async () => ({ threads: 100, maxFileBytes: 1e9 }),
    });
    backup.catch(() => undefined);
    while (workers.busy < 8) await new Promise((resolve) => setImmediate(resolve));
    const [validation, restore] = [job(6, 'validate'), job(7, 'restore')];
    expect(await restore.got).toBeGreaterThan(0);
    expect(await validation.got).toBeGreaterThan(0);
    await Promise.all([restore.end(), validation.end()]);
    cancel.abort();
    await expect(backup).rejects.toMatchObject({ symbol: 'OB_CANCELED' });
    expect(workers.busy).toBe(0);
  } finally {
    scratch.close();
  }
});

test('the check of a restored tenant that began with one thread gets a second one when there is one', async () => {
  const [others, other] = [job(6), job(1)];
  const proved = new SharedArrayBuffer(4 * 30);
  const state = { over: false };
  const target = toy({ fd: -1, blockBytes: 0, sizeBytes: 0, proved, slowMs: 100 });
  const check = checkRestored({ target, workers }).finally(() => (state.over = true));
  expect(workers.busy).toBe(8);
  await other.end();
  while (workers.busy < 8 && !state.over) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(state.over).toBe(false);
  await check;
  expect([...new Int32Array(proved)]).toEqual(Array.from({ length: 30 }, () => 1));
  expect(workers.busy).toBe(6);
  await others.end();
});

test('a thread that cannot be started fails who wanted it, and costs no place of the pool', async () => {
  const first = job(1);
  await first.got;
  canStart = false;
  await expect(job(3).got).rejects.toThrow('no more threads');
  expect(workers.busy).toBe(1);
  canStart = true;
  const rest = job(7);
  expect(await rest.got).toBe(7);
  // Two threads are kept when seven end: the one who waits for more than that has to start some.
  const waiting = [job(8), job(1)];
  const failures = Promise.allSettled(waiting.map(({ got }) => got));
  canStart = false;
  await rest.end();
  expect(await failures).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: 1 }]);
  await waiting[1]!.end();
  await first.end();
  canStart = true;
  const all = job(8);
  expect(await all.got).toBe(8);
  await all.end();
});
