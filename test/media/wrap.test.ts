import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import type { Medium, ObjectSink } from '../../src/media/medium.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import { AbandonedCalls } from '../../src/media/wrap/abandoned-calls.ts';
import { withDeadlines } from '../../src/media/wrap/deadline.ts';
import { withFault } from '../../src/media/wrap/fault.ts';
import { openBelow } from './descriptors.ts';
import { handClock, until } from './hand-clock.ts';
import { expectKind } from './medium-conformance.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';

let scratch: Scratch;
let real: Medium;
beforeEach(() => {
  scratch = scratchDirectory();
  real = openFileMedium(scratch.path);
});
afterEach(() => scratch.remove());

describe('deadlines', () => {
  test('a call that does not come back is a timeout and its signal is aborted', async () => {
    const hand = handClock();
    let seen: AbortSignal | undefined;
    const stuck: Medium = {
      ...real,
      list: (_prefix, signal) => {
        seen = signal;
        return new Promise(() => undefined);
      },
    };
    const medium = withDeadlines(stuck, { clock: hand.clock, callMs: 1234 });
    const call = expectKind(medium.list(''), 'timeout');
    await Promise.resolve();
    hand.pass();
    expect((await call).message).toContain('1234 ms');
    expect(seen?.aborted).toBe(true);
  });

  test('a page that does not come is a timeout, and the listing below is told', async () => {
    const hand = handClock();
    const told = Promise.withResolvers<void>();
    const stuck: Medium = {
      ...real,
      async *listPages(_prefix, signal) {
        await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
        told.resolve();
      },
    };
    const abandoned = new AbandonedCalls();
    const medium = withDeadlines(stuck, { clock: hand.clock, abandoned });
    const pages = medium.listPages('')[Symbol.asyncIterator]();
    const page = expectKind(pages.next(), 'timeout');
    await until(() => hand.sleeping() === 1);
    hand.pass();
    await page;
    await told.promise;
    await until(() => abandoned.idle);
  });

  test('a listing that is left early is told too', async () => {
    const told = Promise.withResolvers<void>();
    const endless: Medium = {
      ...real,
      async *listPages(_prefix, signal) {
        signal?.addEventListener('abort', () => told.resolve(), { once: true });
        for (;;) yield [];
      },
    };
    for await (const page of withDeadlines(endless).listPages('')) if (page.length === 0) break;
    await told.promise;
  });

  test('publishing has its time, and more for what is large where that is what uploads it', async () => {
    const limits: number[] = [];
    const clock: Clock = {
      ...systemClock,
      sleep: (delayMs) => {
        limits.push(delayMs);
        return new Promise(() => undefined);
      },
    };
    const published: Medium = {
      ...real,
      createObject: async () => ({
        writeAt: async () => undefined,
        publish: async () => undefined,
        abort: async () => undefined,
      }),
    };
    for (const options of [{}, { publishBytesPerMs: 10 }]) {
      const medium = withDeadlines(published, { clock, callMs: 1, publishMs: 500, ...options });
      for (const sizeBytes of [4_000, 80_000]) await (await medium.createObject('a')).publish(sizeBytes);
    }
    expect(limits.filter((ms) => ms > 1)).toEqual([500, 500, 500, 8_000]);
  });

  test('calls that came back leave no timer behind', async () => {
    const hand = handClock();
    const medium = withDeadlines(real, { clock: hand.clock });
    await medium.putSmall('a', Buffer.from('x'), 'create');
    await expectKind(medium.read('b'), 'notFound');
    expect(hand.sleeping()).toBe(0);
  });

  test('a medium with stuck calls answers at once until they come back', async () => {
    const hand = handClock();
    const releases: (() => void)[] = [];
    const slow: Medium = {
      ...real,
      head: () => new Promise((resolve) => releases.push(() => resolve(null))),
    };
    const medium = withDeadlines(slow, { clock: hand.clock });
    const calls = [expectKind(medium.head('a'), 'timeout'), expectKind(medium.head('b'), 'timeout')];
    await Promise.resolve();
    hand.pass();
    await Promise.all(calls);
    await expectKind(medium.list(''), 'unavailable');
    releases[0]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await medium.list('')).toEqual([]);
    releases[1]?.();
  });

  test('an object that opens too late is given back', async () => {
    const hand = handClock();
    let open: (sink: ObjectSink) => void = () => undefined;
    let aborted = 0;
    const slow: Medium = {
      ...real,
      createObject: () =>
        new Promise((resolve) => {
          open = resolve;
        }),
    };
    const call = expectKind(withDeadlines(slow, { clock: hand.clock }).createObject('a'), 'timeout');
    await Promise.resolve();
    hand.pass();
    await call;
    open({
      writeAt: async () => undefined,
      publish: async () => undefined,
      abort: async () => {
        aborted += 1;
      },
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(aborted).toBe(1);
  });

  test('the caller may give up before', async () => {
    const hand = handClock();
    const caller = new AbortController();
    const stuck: Medium = { ...real, read: () => new Promise(() => undefined) };
    const call = expectKind(
      withDeadlines(stuck, { clock: hand.clock }).read('a', undefined, undefined, caller.signal),
      'cancelled',
    );
    await Promise.resolve();
    caller.abort(new Error('connection closed'));
    await call;
    // Whether the call comes back is still watched, the deadline is not.
    expect(hand.sleeping()).toBe(1);
  });
});

describe('planned faults', () => {
  test('the n-th operation fails, before or after it was done', async () => {
    const before = withFault(real, { at: 2, kind: 'network' });
    await before.putSmall('a', Buffer.from('x'), 'create');
    await expectKind(before.putSmall('b', Buffer.from('x'), 'create'), 'network');
    await before.putSmall('c', Buffer.from('x'), 'create');
    const after = withFault(real, { at: 1, kind: 'timeout', moment: 'after', only: ['putSmall'] });
    await after.head('a');
    await expectKind(after.putSmall('d', Buffer.from('x'), 'create'), 'timeout');
    expect((await real.list('')).map((entry) => entry.name)).toEqual(['a', 'c', 'd']);
    expect(before.trace).toEqual(['putSmall a', 'putSmall b', 'putSmall c']);
  });

  test('operations of opened objects count, and a lasting fault lasts', async () => {
    const medium = withFault(real, { at: 2, kind: 'outOfSpace', only: ['append'], lasting: true });
    const sink = await medium.openAppend('log', 0);
    await sink.append(Buffer.from('one'));
    await expectKind(sink.append(Buffer.from('two')), 'outOfSpace');
    await expectKind(sink.append(Buffer.from('two')), 'outOfSpace');
    expect(sink.sizeBytes).toBe(3);
    await sink.close();
  });

  test('what ends an object takes place although it fails', async () => {
    const medium = withFault(real, { at: 1, kind: 'io', only: ['abort', 'close'], lasting: true });
    const log = await medium.openAppend('log', 0);
    const source = await medium.openObject('log');
    const sink = await medium.createObject('sink');
    expect(openBelow(scratch.path)).toHaveLength(3);
    await expectKind(log.close(), 'io');
    await expectKind(source.close(), 'io');
    await expectKind(sink.abort(), 'io');
    expect(openBelow(scratch.path)).toEqual([]);
  });
});

describe('schemes', () => {
  const none = { host: '', authorization: { accessId: '', accessKey: '' }, options: {} };

  test('file opens', async () => {
    const medium = openMedium({ scheme: 'file', path: `file://${scratch.path}`, ...none });
    await medium.putSmall('a', Buffer.from('x'), 'create');
    expect((await real.list('')).map((entry) => entry.name)).toEqual(['a']);
    await medium.close();
  });
});
