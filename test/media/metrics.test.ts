import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CallCounts, CallMeter, meteredPlacesMax } from '../../src/base/call-meter.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { ReadTally } from '../../src/base/read-tally.ts';
import { readAll, systemIo } from '../../src/copy/thread-io.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import { Pace } from '../../src/media/pace.ts';
import { withFault } from '../../src/media/wrap/fault.ts';
import { withMetrics } from '../../src/media/wrap/metrics.ts';
import { expectKind } from './medium-conformance.ts';
import { s3Address } from './s3-root.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';
import { S3Double } from './servers/s3-double.ts';

let scratch: Scratch;
let meter: CallMeter;
beforeEach(() => {
  scratch = scratchDirectory();
  meter = new CallMeter();
});
afterEach(() => scratch.remove());

const nowhere = { scheme: 'file', host: '', authorization: { accessId: '', accessKey: '' }, options: {} } as const;
const place = { path: 'file:///dest', host: '' };
const counted = (operation: string): CallCounts => {
  const [found] = meter.counts().filter((one) => one.operation === operation);
  if (!found) throw new Error(`${operation} was not counted`);
  return found;
};

test('calls, bytes both ways and failures are counted by operation, those of opened objects too', async () => {
  const medium = withMetrics(openFileMedium(scratch.path), meter.of(place));
  await medium.putSmall('a', Buffer.alloc(100), 'create');
  await expectKind(medium.putSmall('a', Buffer.alloc(50), 'create'), 'alreadyExists');
  await medium.read('a', 10, 20);
  const log = await medium.openAppend('log', 0);
  await log.append(Buffer.alloc(7));
  await log.append(Buffer.alloc(8));
  await log.close();
  const source = await medium.openObject('a');
  await source.read(0, 3);
  await source.close();
  for await (const page of medium.listPages('')) expect(page).toHaveLength(2);
  expect(counted('putSmall')).toMatchObject({ ...place, calls: 2, running: 0, bytesOut: 100, bytesIn: 0, retries: 0 });
  expect([...counted('putSmall').failures]).toEqual([['alreadyExists', 1]]);
  expect(counted('read')).toMatchObject({ calls: 1, bytesIn: 20, bytesOut: 0 });
  expect(counted('append')).toMatchObject({ calls: 2, bytesOut: 15 });
  expect(counted('readAt')).toMatchObject({ calls: 1, bytesIn: 3 });
  expect(counted('close').calls).toBe(2);
});

test('what threads write through a descriptor is counted when it is published, and nothing twice', async () => {
  const medium = withMetrics(openFileMedium(scratch.path), meter.of(place));
  const sink = await medium.createObject('data');
  expect(sink.fd).toBeGreaterThan(0);
  await sink.writeAt(0, Buffer.alloc(10));
  const { writeSync } = await import('node:fs');
  writeSync(sink.fd!, Buffer.alloc(90), 0, 90, 10);
  await sink.publish(100);
  expect(counted('writeAt').bytesOut).toBe(10);
  expect(counted('publish')).toMatchObject({ calls: 1, bytesOut: 90 });
});

test('what threads read through a descriptor is counted when it is closed, with its time', async () => {
  const medium = openMedium({ ...nowhere, path: `file://${scratch.path}`, pace: new Pace() }, systemClock, meter);
  await medium.putSmall('a', Buffer.alloc(100), 'create');
  const source = await medium.openObject('a');
  const tally = new ReadTally(source.tally);
  readAll(systemIo, source.fd!, Buffer.alloc(60), 0, tally);
  readAll(systemIo, source.fd!, Buffer.alloc(40), 60, tally);
  expect(() => readAll(systemIo, source.fd!, Buffer.alloc(1), 100, tally)).toThrow(/too early/);
  tally.add(0, 123_456);
  await source.read(0, 5);
  await source.close();
  expect(counted('readAt')).toMatchObject({ calls: 4, bytesIn: 105, maxUs: 123_456 });
  expect(counted('readAt').byLatency).toEqual([3, 0, 1, 0, 0]);
});

test('time is summed, the longest is kept, and each call falls into one class; a call under way is shown', async () => {
  let nowNs = 0n;
  const clock: Clock = { ...systemClock, nowNs: () => nowNs };
  const inner = openFileMedium(scratch.path);
  const lasting = { ...inner, head: (key: string) => held.promise.then(() => inner.head(key)) };
  let held = Promise.withResolvers<void>();
  const medium = withMetrics(lasting, meter.of(place), clock);
  for (const ms of [5, 10, 11, 999, 10_000, 10_001]) {
    held = Promise.withResolvers<void>();
    const call = medium.head('a');
    expect(counted('head').running).toBe(1);
    nowNs += BigInt(ms) * 1_000_000n;
    held.resolve();
    await call;
  }
  expect(counted('head')).toMatchObject({ calls: 6, running: 0, totalUs: 21_026_000, maxUs: 10_001_000 });
  expect(counted('head').byLatency).toEqual([2, 1, 1, 1, 1]);
});

test('a planned fault of each kind is counted under its kind', async () => {
  const faulty = withFault(openFileMedium(scratch.path), { at: 1, kind: 'throttled', lasting: true });
  const medium = withMetrics(faulty, meter.of(place));
  for (let i = 0; i < 3; i++) await expectKind(medium.status(), 'throttled');
  expect([...counted('status').failures]).toEqual([['throttled', 3]]);
});

test('attempts that are repeated are counted as calls and as retries, for the place and not for the medium', async () => {
  const double = await S3Double.start();
  try {
    for (const key of ['a', 'b']) {
      double.faults.add({ on: ['PutObject'], deed: { deed: 'refuse', status: 503, code: 'SlowDown' } });
      const medium = openMedium(s3Address(double), systemClock, meter);
      await medium.putSmall(key, Buffer.from('xyz'), 'create');
      await medium.close();
    }
    expect(counted('putSmall')).toMatchObject({ calls: 4, retries: 2, bytesOut: 6, path: 's3://bucket/dest' });
    expect([...counted('putSmall').failures]).toEqual([['throttled', 2]]);
  } finally {
    await double.stop();
  }
});

test('of many places those named longest ago are forgotten', () => {
  meter.of({ path: 'file:///kept', host: '' }).retried('head');
  for (let i = 0; i < meteredPlacesMax - 1; i++) meter.of({ path: `file:///${i}`, host: '' }).retried('head');
  meter.of({ path: 'file:///kept', host: '' });
  meter.of({ path: 'file:///one-more', host: '' }).retried('head');
  const paths = meter.counts().map(({ path }) => path);
  expect(paths).toHaveLength(meteredPlacesMax);
  expect(paths).toContain('file:///kept');
  expect(paths).not.toContain('file:///0');
});
