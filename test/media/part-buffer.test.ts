import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MediumError } from '../../src/media/medium.ts';
import { PartBuffer, type PartBufferOptions } from '../../src/media/part-buffer.ts';
import { expectKind } from './medium-conformance.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const network = () => new MediumError('network', 'key', 'cut');

/** Remembers what was uploaded; `meet` runs inside of every upload and may fail it. */
function store(meet: (partNo: number, attempt: number, signal: AbortSignal) => unknown = turn) {
  const parts = new Map<number, Buffer>();
  const attempts = new Map<number, number>();
  const most = { running: 0 };
  let running = 0;
  const upload = async (partNo: number, bytes: Uint8Array, signal: AbortSignal) => {
    const attempt = (attempts.get(partNo) ?? 0) + 1;
    attempts.set(partNo, attempt);
    running += 1;
    most.running = Math.max(most.running, running);
    try {
      await meet(partNo, attempt, signal);
      parts.set(partNo, Buffer.from(bytes));
      return `${partNo}:${bytes.length}`;
    } finally {
      running -= 1;
    }
  };
  const whole = () => Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  return { upload, parts, attempts, most, whole };
}

function buffer(options: Partial<PartBufferOptions<string>> & Pick<PartBufferOptions<string>, 'upload'>) {
  return new PartBuffer<string>({
    key: 'key',
    partBytes: 10,
    partsMax: 1000,
    partsInFlight: 2,
    partsHeld: 4,
    ...options,
  });
}

const content = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 3)) % 256));

async function untilOk<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MediumError) || !error.retryable) throw error;
    }
  }
}

test('threads that write out of order give the parts of the object, whatever fails on the way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 27 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 2 }),
      fc.func(fc.nat(2)),
      fc.infiniteStream(fc.nat(5)),
      async (lengths, threads, partsInFlight, extra, failures, pauses) => {
        const size = lengths.reduce((sum, length) => sum + length, 0);
        const bytes = content(size);
        const kept = store(async (partNo, attempt) => {
          for (let i = pauses.next().value ?? 0; i > 0; i--) await turn();
          if (attempt <= failures(partNo)) throw network();
        });
        const parts = buffer({ upload: kept.upload, partsInFlight, partsHeld: partsInFlight + extra });
        let offset = 0;
        const writes = lengths.map((length) => {
          const write = { offset, length };
          offset += length;
          return write;
        });
        const thread = async () => {
          for (let write = writes.shift(); write; write = writes.shift()) {
            const { offset: at, length } = write;
            for (let i = pauses.next().value ?? 0; i > 0; i--) await turn();
            const lent = Buffer.from(bytes.subarray(at, at + length));
            await untilOk(() => parts.writeAt(at, lent));
            // The buffer is the caller's again.
            lent.fill(0xee);
          }
        };
        await Promise.all(Array.from({ length: threads }, thread));
        const finished = await untilOk(() => parts.finish(size));
        expect(kept.most.running).toBeLessThanOrEqual(partsInFlight);
        if (finished.whole) {
          expect(size).toBeLessThan(10);
          expect(Buffer.from(finished.whole)).toEqual(bytes);
          expect(kept.parts.size).toBe(0);
          return;
        }
        expect(kept.whole()).toEqual(bytes);
        expect(finished.parts).toEqual(
          Array.from({ length: Math.ceil(size / 10) }, (_, i) => `${i + 1}:${Math.min(10, size - i * 10)}`),
        );
      },
    ),
    { numRuns: 200 },
  );
});

test('an object that never fills a part comes back whole, an empty one too', async () => {
  const kept = store();
  const small = buffer({ upload: kept.upload });
  await small.writeAt(5, Buffer.from('world'.slice(0, 4)));
  await small.writeAt(0, Buffer.from('hello'));
  const { whole } = await small.finish(9);
  expect(Buffer.from(whole ?? []).toString()).toBe('helloworl');
  expect((await buffer({ upload: kept.upload }).finish(0)).whole).toHaveLength(0);
  expect(small.started).toBe(false);
});

test.each([
  ['less than announced', 30, 29],
  ['more than announced', 12, 20],
])('%s is not finished', async (_, announced, written) => {
  const parts = buffer({ upload: store().upload });
  for (let at = 0; at < written; at += 5) await parts.writeAt(at, content(Math.min(5, written - at)));
  await expectKind(parts.finish(announced), 'checksum');
});

test('a gap is not finished, though the size is right', async () => {
  const parts = buffer({ upload: store().upload });
  await parts.writeAt(0, content(10));
  await parts.writeAt(11, content(9));
  await expectKind(parts.finish(20), 'checksum');
  await expectKind(parts.finish(19), 'checksum');
});

test('memory is bounded: a writer far ahead waits until the lowest gap is filled', async () => {
  const kept = store();
  const parts = buffer({ upload: kept.upload, partsInFlight: 1, partsHeld: 3 });
  await parts.writeAt(11, content(3));
  await parts.writeAt(21, content(3));
  let taken = false;
  const ahead = parts.writeAt(30, content(10)).then(() => {
    taken = true;
  });
  for (let i = 0; i < 10; i++) await turn();
  expect(taken).toBe(false);
  await parts.writeAt(0, content(10));
  for (let i = 0; i < 10; i++) await turn();
  expect(taken).toBe(false);
  await parts.writeAt(10, content(1));
  await parts.writeAt(14, content(6));
  await ahead;
  expect([...kept.parts.keys()]).toContain(1);
});

test('a persistent failure fails every attempt, and the first that works takes the bytes', async () => {
  const kept = store((partNo, attempt) => {
    if (partNo === 1 && attempt < 4) throw network();
  });
  const parts = buffer({ upload: kept.upload });
  await parts.writeAt(0, content(10));
  await turn();
  for (let i = 0; i < 3; i++) await expectKind(parts.writeAt(10, content(10)), 'network');
  expect(kept.attempts.get(1)).toBe(3);
  await parts.writeAt(10, content(10));
  expect((await parts.finish(20)).parts).toHaveLength(2);
  expect(kept.attempts.get(1)).toBe(4);
  expect(kept.attempts.get(2)).toBe(1);
});

test('finish may be repeated after a failed upload', async () => {
  const kept = store((_, attempt) => {
    if (attempt === 1) throw network();
  });
  const parts = buffer({ upload: kept.upload });
  await parts.writeAt(0, content(15));
  await expectKind(parts.finish(15), 'network');
  await expectKind(parts.finish(15), 'network');
  expect((await parts.finish(15)).parts).toEqual(['1:10', '2:5']);
});

test('parts that fail together fail one call, the next one tries them all', async () => {
  const failing = Promise.withResolvers<void>();
  const kept = store(async (partNo, attempt) => {
    if (attempt > 1) return;
    await failing.promise;
    for (let i = 0; i < partNo; i++) await turn();
    throw network();
  });
  const parts = buffer({ upload: kept.upload, partsInFlight: 3, partsHeld: 4 });
  for (const at of [0, 10, 20]) await parts.writeAt(at, content(10));
  const finishing = expectKind(parts.finish(30), 'network');
  failing.resolve();
  await finishing;
  for (let i = 0; i < 5; i++) await turn();
  expect((await parts.finish(30)).parts).toEqual(['1:10', '2:10', '3:10']);
});

test.each(['abort', 'signal'])('%s ends uploads and waits', async (way) => {
  const gone = new AbortController();
  const kept = store(
    (_no, _attempt, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new MediumError('cancelled', 'key', 'gone')));
      }),
  );
  const parts = buffer({ upload: kept.upload, partsInFlight: 1, partsHeld: 2, signal: gone.signal });
  await parts.writeAt(0, content(20));
  const waiting = expectKind(parts.writeAt(20, content(1)), 'cancelled');
  await turn();
  if (way === 'signal') gone.abort(new Error('enough'));
  else await parts.abort();
  await waiting;
  await expectKind(parts.writeAt(30, content(1)), 'cancelled');
  await expectKind(parts.finish(30), 'cancelled');
  expect(kept.parts.size).toBe(0);
  expect(kept.attempts).toEqual(new Map([[1, 1]]));
  await parts.abort();
});

test('an object beyond the last part is refused by name', async () => {
  const parts = buffer({ upload: store().upload, partsMax: 2 });
  await expectKind(parts.writeAt(15, content(6)), 'unsupported');
});

test('objects that wait for their last part share the memory of the parts that are gone', async () => {
  const partBytes = 1 << 20;
  const objects = 40;
  const piece = content(partBytes);
  const before = process.memoryUsage().arrayBuffers;
  const open: PartBuffer<string>[] = [];
  let most = 0;
  for (let i = 0; i < objects; i++) {
    const parts = buffer({ partBytes, upload: async () => turn().then(() => 'there') });
    open.push(parts);
    for (let no = 0; no < 6; no++) await parts.writeAt(no * partBytes, piece);
    await parts.writeAt(6 * partBytes, piece.subarray(0, 9));
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  // One part each, and those of the object that was written last.
  expect(most / partBytes).toBeLessThan(objects + 4 + 8);
  for (const parts of open) expect((await parts.finish(6 * partBytes + 9)).parts).toHaveLength(7);
});
