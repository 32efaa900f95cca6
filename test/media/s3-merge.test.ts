import { spawn } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { AppendSink, Medium } from '../../src/media/medium.ts';
import { Pace } from '../../src/media/pace.ts';
import { mergeable } from '../../src/media/s3/append-merge.ts';
import { parsePartName } from '../../src/media/s3/append-parts.ts';
import { coveredPartMs, mergedBytesMax, mergedPartsMin, mergeRestMs, mergesAtOnce } from '../../src/media/s3/limits.ts';
import { expectKind } from './medium-conformance.ts';
import { s3DoubleMedia } from './s3-double-media.ts';
import { s3Address } from './s3-root.ts';
import type { S3Operation } from './servers/s3-faults.ts';

const key = 'piece/log/1.obarc';

const media = s3DoubleMedia();

/** Byte ranges of the parts there are, by name. */
const ranges = () =>
  [...media.double.bucket().objects.keys()].flatMap(
    (name) => parsePartName(name.slice(name.lastIndexOf('/') + 1)) ?? [],
  );
const record = (i: number) => Buffer.from(`<${i}>`.padEnd(6 + (i % 5), '.'));
const upTo = (count: number) => Buffer.concat(Array.from({ length: count }, (_, i) => record(i))).toString();
const textOf = async (medium: Medium) => Buffer.from(await medium.read(key)).toString();
const coveringParts = () => ranges().filter(({ from, to }) => to - from > 2 * record(4).length);

/** Parts whose bytes stand in another one as well. */
const coveredParts = () =>
  ranges().filter((part) =>
    coveringParts().some(({ from, to }) => from <= part.from && part.to <= to && to - from > part.to - part.from),
  );

/**
 * Appends records, from the one of this number, until the covered parts have gone; returns how many there are then. The clock goes
 * on with each: a merge may be seen on the store before its sink knows that it has ended, and its minute begins there.
 */
async function appendUntilUncovered(sink: AppendSink, next: number): Promise<number> {
  let count = next;
  await expect
    .poll(async () => {
      media.nowMs += coveredPartMs + 1;
      await sink.append(record(count++));
      return coveredParts();
    })
    .toEqual([]);
  return count;
}

/** Appends the records `from` to `to`; each sees the merge of those before it come to its end. */
async function append(medium: Medium, from: number, to: number): Promise<void> {
  const sink = await medium.openAppend(key, upTo(from).length);
  for (let i = from; i < to; i++) {
    const merged = coveringParts().length;
    await sink.append(record(i));
    if ((i - from + 1) % mergedPartsMin === 0 && from === 0 && i < mergedPartsMin)
      await expect.poll(() => coveringParts().length).toBe(merged + 1);
  }
  await sink.close();
}

describe('parts of a log on S3', () => {
  test('become one when there are many, which covers them at once; they go a minute later', async () => {
    const medium = media.open();
    const sink = await medium.openAppend(key, 0);
    for (let i = 0; i < mergedPartsMin; i++) await sink.append(record(i));
    await expect.poll(() => coveringParts()).toEqual([{ from: 0, to: upTo(mergedPartsMin).length }]);
    expect(ranges()).toHaveLength(mergedPartsMin + 1);
    expect(await textOf(medium)).toBe(upTo(mergedPartsMin));
    media.nowMs = coveredPartMs - 1;
    await sink.append(record(mergedPartsMin));
    expect(ranges()).toHaveLength(mergedPartsMin + 2);
    const count = await appendUntilUncovered(sink, mergedPartsMin + 1);
    await sink.close();
    expect(await textOf(media.open())).toBe(upTo(count));
  });

  test('are merged at the pace of the destination', async () => {
    const pace = new Pace();
    const took = { operations: 0, bytes: 0 };
    vi.spyOn(pace, 'take').mockImplementation(async (operations, bytes) => {
      took.operations += operations;
      took.bytes += bytes;
    });
    const sink = await media.open(pace).openAppend(key, 0);
    for (let i = 0; i < mergedPartsMin; i++) await sink.append(record(i));
    await expect.poll(() => coveringParts().length).toBe(1);
    await sink.close();
    // Each part is read and all of them are written.
    expect(took).toEqual({ operations: mergedPartsMin + 1, bytes: 2 * upTo(mergedPartsMin).length });
  });

  test('are left alone where merging them would hold appends up', async () => {
    const pace = new Pace();
    pace.set({ maxIops: 1n, maxBandwidth: 0n });
    const sink = await media.open(pace).openAppend(key, 0);
    for (let i = 0; i < 2 * mergedPartsMin; i++) await sink.append(record(i));
    await sink.close();
    expect(ranges()).toHaveLength(2 * mergedPartsMin);
  });

  test('stay few however many appends there are, and hold every byte at every moment', async () => {
    const medium = media.open();
    const sink = await medium.openAppend(key, 0);
    const count = 600;
    for (let i = 0; i < count; i++) {
      await sink.append(record(i));
      media.nowMs += 500;
      if (i % 97 === 0) expect(await textOf(medium)).toBe(upTo(i + 1));
    }
    await sink.close();
    // What is covered stays for a minute: 120 appends.
    expect(ranges().length).toBeLessThan(120 + 3 * mergedPartsMin);
    expect(await textOf(medium)).toBe(upTo(count));
    await medium.remove([key]);
    expect([...media.double.bucket().objects.keys()]).toEqual([]);
  });

  test('are never fewer bytes to who lists them in small pages meanwhile', async () => {
    media.double.pageLimit = 7;
    const [medium, other] = [media.open(), media.open()];
    const sink = await medium.openAppend(key, 0);
    let writing = true;
    const looks: number[] = [];
    const reading = (async () => {
      while (writing) {
        const confirmed = sink.sizeBytes;
        const source = await other.openObject(key);
        expect(source.sizeBytes).toBeGreaterThanOrEqual(confirmed);
        const last = Buffer.from(await source.read(0, source.sizeBytes)).toString();
        expect(upTo(400).startsWith(last)).toBe(true);
        looks.push(source.sizeBytes);
      }
    })();
    for (let i = 0; i < 200; i++) {
      await sink.append(record(i));
      media.nowMs += 500;
    }
    writing = false;
    await reading;
    await sink.close();
    expect(looks.length).toBeGreaterThan(3);
    expect(coveringParts().length).toBeGreaterThan(1);
  });

  test('are found again by a reader who knew the old ones', async () => {
    const medium = media.open();
    const sink = await medium.openAppend(key, 0);
    for (let i = 0; i < mergedPartsMin - 1; i++) await sink.append(record(i));
    const reader = await media.open().openObject(key);
    const all = upTo(mergedPartsMin - 1);
    const begin = Buffer.from(await reader.read(0, 20)).toString();
    await sink.append(record(mergedPartsMin - 1));
    await expect.poll(() => coveringParts().length).toBe(1);
    await appendUntilUncovered(sink, mergedPartsMin);
    expect(begin + Buffer.from(await reader.read(20, all.length - 20)).toString()).toBe(all);
    await reader.close();
    await sink.close();
  });

  test('are merged on by the next writer, who also takes away what the last one had covered', async () => {
    await append(media.open(), 0, mergedPartsMin);
    expect(ranges()).toHaveLength(mergedPartsMin + 1);
    const sink = await media.open().openAppend(key, upTo(mergedPartsMin).length);
    const count = await appendUntilUncovered(sink, mergedPartsMin);
    await sink.close();
    expect(await textOf(media.open())).toBe(upTo(count));
  });

  test('a writer whom another one has replaced is refused, also when that one has merged what he went on with', async () => {
    const former = await media.open().openAppend(key, 0);
    for (let i = 0; i < 10; i++) await former.append(record(i));
    const sink = await media.open().openAppend(key, former.sizeBytes);
    await sink.append(record(10));
    await expectKind(former.append(record(10)), 'alreadyExists');
    for (let i = 11; i < mergedPartsMin; i++) await sink.append(record(i));
    await expect.poll(() => coveringParts().length).toBe(1);
    const count = await appendUntilUncovered(sink, mergedPartsMin);
    await expectKind(former.append(Buffer.alloc(1_000)), 'alreadyExists');
    expect(await textOf(media.open())).toBe(upTo(count));
    await former.close();
    await sink.close();
  });

  test('a cut in the middle of a merged part keeps every confirmed byte', async () => {
    await append(media.open(), 0, mergedPartsMin);
    const medium = media.open();
    const sink = await medium.openAppend(key, 100);
    await sink.append(Buffer.from('!'));
    await sink.close();
    expect(await textOf(medium)).toBe(`${upTo(mergedPartsMin).slice(0, 100)}!`);
  });
});

const isMerged = (name: string) => /@APD_PART@0-\d{3,}/.test(name);
const every = () => true;
/** The requests of a merge: the reads, the part, and, a minute later, the removal. */
const steps: readonly (readonly [string, S3Operation, (name: string) => boolean])[] = [
  ['at its first read', 'GetObject', every],
  ['in the middle of its reads', 'GetObject', (name) => name.includes('@APD_PART@160-')],
  ['before the part stands', 'PutObject', isMerged],
  ['at the removal', 'DeleteObjects', every],
];

describe('a merge that breaks off', () => {
  test.each(steps)('%s leaves every byte, and appends go on', async (_, on, keys) => {
    const medium = media.open();
    media.double.faults.add({ on: [on], keys, times: 1, deed: { deed: 'refuse', status: 500, code: 'InternalError' } });
    const sink = await medium.openAppend(key, 0);
    for (let i = 0; i < 3 * mergedPartsMin; i++) {
      await sink.append(record(i));
      media.nowMs += 5_000;
    }
    await sink.close();
    expect(await textOf(medium)).toBe(upTo(3 * mergedPartsMin));
    await append(media.open(), 3 * mergedPartsMin, 3 * mergedPartsMin + 40);
    expect(await textOf(media.open())).toBe(upTo(3 * mergedPartsMin + 40));
  });

  test('goes on where no part may be removed', async () => {
    const medium = media.open();
    media.double.faults.add({
      on: ['DeleteObjects'],
      times: 100,
      deed: { deed: 'refuse', status: 403, code: 'AccessDenied' },
    });
    const sink = await medium.openAppend(key, 0);
    let count = 0;
    for (const merges of [1, 2, 3]) {
      const merged = () => coveringParts().length;
      for (let i = 0; i < mergedPartsMin; i++) await sink.append(record(count++));
      // An append while the removal is being refused begins no merge.
      await expect.poll(() => sink.append(record(count++)).then(merged)).toBeGreaterThanOrEqual(merges);
      media.nowMs += 2 * coveredPartMs;
    }
    await sink.close();
    expect(ranges()).toHaveLength(count + coveringParts().length);
    expect(await textOf(medium)).toBe(upTo(count));
  });

  test('is tried again a minute later', async () => {
    const medium = media.open();
    media.double.faults.add({ on: ['GetObject'], deed: { deed: 'refuse', status: 500, code: 'InternalError' } });
    const sink = await medium.openAppend(key, 0);
    for (let i = 0; i < 2 * mergedPartsMin; i++) await sink.append(record(i));
    expect(coveringParts()).toEqual([]);
    let count = 2 * mergedPartsMin;
    const appended = async () => {
      media.nowMs += mergeRestMs;
      await sink.append(record(count++));
      return coveringParts().length;
    };
    await expect.poll(appended).toBe(1);
    await sink.close();
    expect(await textOf(medium)).toBe(upTo(count));
  });

  test('is one of a few at a time, however many logs there are', async () => {
    const merging = new Set<string>();
    const seen = (name: string) => merging.add(name.replace(/\/@.*/, '')).size > 0;
    media.double.faults.add({ on: ['GetObject'], keys: seen, times: 1_000, deed: { deed: 'stall' } });
    const logs = Array.from({ length: mergesAtOnce + 4 }, (_, i) => `piece/log/${i}.obarc`);
    const sinks = await Promise.all(logs.map((log) => media.open().openAppend(log, 0)));
    for (let i = 0; i <= mergedPartsMin; i++) await Promise.all(sinks.map((sink) => sink.append(record(i))));
    await expect.poll(() => merging.size).toBeGreaterThanOrEqual(mergesAtOnce);
    await Promise.all(sinks.map((sink) => sink.append(record(mergedPartsMin + 1))));
    await Promise.all(sinks.map((sink) => sink.close()));
    expect(merging.size).toBe(mergesAtOnce);
    media.double.faults.clear();
    await append(media.open(), 0, mergedPartsMin);
  });

  test('a server that stalls in one holds up no append, and no end', async () => {
    const medium = media.open();
    const sink = await medium.openAppend(key, 0);
    media.double.faults.add({ on: ['GetObject'], times: 100, deed: { deed: 'stall' } });
    const begun = performance.now();
    for (let i = 0; i < 2 * mergedPartsMin; i++) await sink.append(record(i));
    await sink.close();
    expect(performance.now() - begun).toBeLessThan(5_000);
    media.double.faults.clear();
    expect(await textOf(medium)).toBe(upTo(2 * mergedPartsMin));
  });

  test('takes nothing over that was damaged on its way to it, from this writer or the last one', async () => {
    const medium = media.open();
    media.double.faults.add({ on: ['GetObject'], skip: 3, deed: { deed: 'flipDownload' } });
    const sink = await medium.openAppend(key, 0);
    for (let i = 0; i < 2 * mergedPartsMin; i++) await sink.append(record(i));
    await sink.close();
    expect(coveringParts()).toEqual([]);
    media.double.faults.add({ on: ['GetObject'], skip: 3, deed: { deed: 'flipDownload' } });
    const next = await medium.openAppend(key, sink.sizeBytes);
    let count = 2 * mergedPartsMin;
    const appended = async () => {
      media.nowMs += mergeRestMs;
      await next.append(record(count));
      count += 1;
    };
    await appended();
    await expect.poll(() => media.double.faults.left).toBe(0);
    await expect.poll(() => appended().then(() => coveringParts().length)).toBe(1);
    await next.close();
    expect(await textOf(medium)).toBe(upTo(count));
  });

  test('a lost answer to the merged part harms nothing', async () => {
    const medium = media.open();
    media.double.faults.add({ on: ['PutObject'], keys: isMerged, deed: { deed: 'loseReply' } });
    await append(medium, 0, mergedPartsMin);
    expect(await textOf(medium)).toBe(upTo(mergedPartsMin));
    await append(media.open(), mergedPartsMin, 2 * mergedPartsMin);
    expect(await textOf(media.open())).toBe(upTo(2 * mergedPartsMin));
  });
});

describe('a writer killed in a merge', () => {
  const moments = steps.flatMap(([name, on, keys]) => [
    [name, on, keys, false] as const,
    [`${name}, which is still carried out,`, on, keys, true] as const,
  ]);
  test.each(moments)('%s has lost nothing, and the next one goes on', async (_, on, keys, done) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', appendingScript()]);
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    media.double.faults.add({
      on: [on],
      keys: (name) => keys(name) && child.kill('SIGKILL') && !done,
      deed: { deed: 'stall' },
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(child.signalCode).toBe('SIGKILL');
    media.double.faults.clear();
    const acknowledged = Number(said.trim().split('\n').at(-1) || 0);
    expect(acknowledged).toBeGreaterThanOrEqual(mergedPartsMin);
    const found = await textOf(media.open());
    expect([upTo(acknowledged), upTo(acknowledged + 1)]).toContain(found);
    const count = found === upTo(acknowledged) ? acknowledged : acknowledged + 1;
    await append(media.open(), count, count + 5);
    expect(await textOf(media.open())).toBe(upTo(count + 5));
    const sink = await media.open().openAppend(key, upTo(count + 5).length);
    media.nowMs = 2 * coveredPartMs;
    await sink.append(record(count + 5));
    // Nothing stands in the shadow of another part.
    await expect.poll(() => ranges().reduce((sum, { from, to }) => sum + to - from, 0)).toBe(upTo(count + 6).length);
    await sink.close();
    expect(await textOf(media.open())).toBe(upTo(count + 6));
  });
});

/** Appends a hundred records, five seconds apart by its clock, and says after each how many there are. */
function appendingScript(): string {
  const source = (name: string) => JSON.stringify(new URL(`../../src/${name}`, import.meta.url).href);
  return `
    const { openS3Medium } = await import(${source('media/s3-medium.ts')});
    const { systemClock } = await import(${source('base/clock.ts')});
    const { writeSync } = await import('node:fs');
    let nowMs = 0;
    const clock = { ...systemClock, nowNs: () => BigInt(nowMs) * 1_000_000n };
    const sink = await openS3Medium(${JSON.stringify(s3Address(media.double))}, clock).openAppend(${JSON.stringify(key)}, 0);
    for (let i = 0; i < 2_000; i++) {
      await sink.append(Buffer.from(('<' + i + '>').padEnd(6 + (i % 5), '.')));
      writeSync(1, (i + 1) + '\\n');
      nowMs += 5_000;
    }
    await sink.close();
    process.exit();`;
}

test('what is merged stays below the largest part, grows by steps, and ends up as few parts', () => {
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: 2_000 }),
    fc.integer({ min: 1, max: 300_000 }),
    fc.integer({ min: 1, max: 9_000_000 }),
  );
  fc.assert(
    fc.property(fc.array(sizes, { minLength: 1, maxLength: 400 }), (appended) => {
      const parts: { from: number; to: number }[] = [];
      let [end, written] = [0, 0];
      for (const size of appended) {
        parts.push({ from: end, to: end + size });
        end += size;
        const count = mergeable(parts);
        if (count === 0) continue;
        expect(count).toBeGreaterThanOrEqual(mergedPartsMin);
        const from = parts.at(-count)!.from;
        expect(end - from).toBeLessThanOrEqual(mergedBytesMax);
        written += end - from;
        parts.splice(-count, count, { from, to: end });
      }
      let at = 0;
      for (const { from, to } of parts) {
        expect(from).toBe(at);
        at = to;
      }
      expect(at).toBe(end);
      expect(written).toBeLessThanOrEqual(end * 3 + 20 * 64 * 1024);
    }),
    { numRuns: 200 },
  );
  // A day of small commits, two a second.
  const day: { from: number; to: number }[] = [];
  let end = 0;
  for (let i = 0; i < 172_800; i++) {
    day.push({ from: end, to: end + 300 });
    end += 300;
    const count = mergeable(day);
    if (count > 0) day.splice(-count, count, { from: day.at(-count)!.from, to: end });
  }
  expect(day.length).toBeLessThan(120);
});
