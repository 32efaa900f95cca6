import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { listPageEntries } from '../../src/media/limits.ts';
import type { Medium, ObjectSink } from '../../src/media/medium.ts';
import { callsCameBack, openMedium } from '../../src/media/open-medium.ts';
import { AbandonedCalls } from '../../src/media/wrap/abandoned-calls.ts';
import { withDeadlines } from '../../src/media/wrap/deadline.ts';
import { withFault } from '../../src/media/wrap/fault.ts';
import { openBelow } from './descriptors.ts';
import { expectKind } from './medium-conformance.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await turn();
}

/** A clock whose sleepers wake when the test says so. */
function handClock() {
  const sleepers = new Set<() => void>();
  const clock: Clock = {
    nowNs: () => 0n,
    nowUs: () => 0,
    sleep: (_delayMs, signal) =>
      new Promise((resolve, reject) => {
        const wake = () => {
          sleepers.delete(wake);
          resolve();
        };
        sleepers.add(wake);
        signal?.addEventListener('abort', () => {
          sleepers.delete(wake);
          reject(signal.reason);
        });
      }),
  };
  const pass = () => {
    for (const wake of [...sleepers]) wake();
  };
  return { clock, pass, sleeping: () => sleepers.size };
}

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

describe('calls given up', () => {
  /** A medium whose `putSmall` and `remove` come back when the test says so. */
  function slowMedium() {
    const releases: (() => void)[] = [];
    const wait = () => new Promise<void>((resolve) => releases.push(resolve));
    const slow: Medium = {
      ...real,
      putSmall: (...call) => wait().then(() => real.putSmall(...call)),
      remove: (...call) => wait().then(() => real.remove(...call)),
    };
    const release = () => {
      for (const one of releases.splice(0)) one();
    };
    return { slow, release };
  }
  const text = async (key: string) => Buffer.from(await real.read(key)).toString();

  test('nothing is written under a key while an earlier write on it hangs, also by a medium opened anew', async () => {
    const hand = handClock();
    const abandoned = new AbandonedCalls();
    const { slow, release } = slowMedium();
    const first = withDeadlines(slow, { clock: hand.clock, abandoned }).putSmall('a', Buffer.from('old'), 'replace');
    const call = expectKind(first, 'timeout');
    await turn();
    hand.pass();
    await call;
    const anew = withDeadlines(real, { clock: hand.clock, abandoned });
    await expectKind(anew.putSmall('a', Buffer.from('new'), 'replace'), 'unavailable');
    await expectKind(anew.openAppend('a', 0), 'unavailable');
    await expectKind(anew.createObject('a'), 'unavailable');
    await expectKind(anew.remove(['b', 'a']), 'unavailable');
    await expectKind(anew.read('a'), 'notFound');
    await anew.putSmall('b', Buffer.from('new'), 'create');
    release();
    await until(() => abandoned.idle);
    await anew.putSmall('a', Buffer.from('new'), 'replace');
    expect(await text('a')).toBe('new');
  });

  test('what could not be closed while calls hang is closed when they have come back, and holds no more than it must', async () => {
    const hand = handClock();
    const abandoned = new AbandonedCalls();
    await real.putSmall('a', Buffer.from('x'), 'replace');
    const waiting: (() => void)[] = [];
    let closed = 0;
    let aborted = 0;
    const slow: Medium = {
      ...real,
      head: () => new Promise((resolve) => waiting.push(() => resolve(null))),
      async openObject(key) {
        const source = await real.openObject(key);
        return { ...source, read: source.read, close: () => source.close().then(() => void closed++) };
      },
      async createObject(key) {
        const sink = await real.createObject(key);
        return { ...sink, abort: () => sink.abort().then(() => void aborted++) };
      },
    };
    const medium = withDeadlines(slow, { clock: hand.clock, abandoned });
    const sources = await Promise.all(Array.from({ length: 3 }, () => medium.openObject('a')));
    const sink = await medium.createObject('b');
    const hanging = [medium.head('1'), medium.head('2')].map((call) => expectKind(call, 'timeout'));
    await until(() => waiting.length === 2);
    hand.pass();
    await Promise.all(hanging);
    for (const source of sources) await expectKind(source.close(), 'unavailable');
    for (let i = 0; i < 2; i++) await expectKind(sink.abort(), 'unavailable');
    expect(closed + aborted).toBe(0);
    for (const comesBack of waiting) comesBack();
    await until(() => closed === 3 && aborted > 0);
    await turn();
    expect(aborted).toBe(1);
    expect(await real.list('')).toEqual([expect.objectContaining({ name: 'a' })]);
    expect(abandoned.idle).toBe(true);
  });

  test('however many could not be closed', async () => {
    const hand = handClock();
    const abandoned = new AbandonedCalls();
    const waiting: (() => void)[] = [];
    let open = 0;
    const slow: Medium = {
      ...real,
      head: () => new Promise((resolve) => waiting.push(() => resolve(null))),
      async openObject() {
        open++;
        return { sizeBytes: 0, read: async () => new Uint8Array(), close: async () => void open-- };
      },
    };
    const medium = withDeadlines(slow, { clock: hand.clock, abandoned });
    const sources = await Promise.all(Array.from({ length: 3_000 }, (_, i) => medium.openObject(`o${i}`)));
    const hanging = [medium.head('1'), medium.head('2')].map((call) => expectKind(call, 'timeout'));
    await until(() => waiting.length === 2);
    hand.pass();
    await Promise.all(hanging);
    await Promise.all(sources.map((source) => expectKind(source.close(), 'unavailable')));
    for (const comesBack of waiting) comesBack();
    await until(() => abandoned.idle);
    await expect.poll(() => open).toBe(0);
  });

  test.each(['timeout', 'cancelled'] as const)('a late answer leaves no descriptor (%s)', async (kind) => {
    // More than a page, so that a listing that waits holds its directory.
    for (let i = 0; i <= listPageEntries; i++) writeFileSync(join(scratch.path, `n${i}`), '');
    const late: (() => void)[] = [];
    const wait = <T>(result: T) => new Promise<T>((resolve) => late.push(() => resolve(result)));
    const slow: Medium = {
      ...real,
      openObject: (key) => real.openObject(key).then(wait),
      createObject: (key) => real.createObject(key).then(wait),
      openAppend: (key, sizeBytes) => real.openAppend(key, sizeBytes).then(wait),
      async *listPages(prefix) {
        for await (const page of real.listPages(prefix)) yield wait(page);
      },
    };
    const calls: readonly ((medium: Medium, signal: AbortSignal) => Promise<unknown>)[] = [
      (medium, signal) => medium.openObject('n0', signal),
      (medium, signal) => medium.createObject('sink', signal),
      (medium, signal) => medium.openAppend('log', 0, signal),
      (medium, signal) => medium.listPages('', signal)[Symbol.asyncIterator]().next(),
    ];
    for (const call of calls) {
      const hand = handClock();
      const caller = new AbortController();
      const abandoned = new AbandonedCalls();
      const given = expectKind(call(withDeadlines(slow, { clock: hand.clock, abandoned }), caller.signal), kind);
      await until(() => late.length > 0);
      expect(openBelow(scratch.path)).toHaveLength(1);
      if (kind === 'timeout') hand.pass();
      else caller.abort(new Error('gone'));
      await given;
      expect(openBelow(scratch.path)).toHaveLength(1);
      for (const comesBack of late.splice(0)) comesBack();
      await until(() => abandoned.idle);
      await until(() => openBelow(scratch.path).length === 0);
    }
    expect(readdirSync(scratch.path).filter((name) => !name.startsWith('n'))).toEqual(['log']);
  });

  test('a removal that hangs keeps all of its keys', async () => {
    const hand = handClock();
    const abandoned = new AbandonedCalls();
    const { slow, release } = slowMedium();
    const medium = withDeadlines(slow, { clock: hand.clock, abandoned });
    const call = expectKind(medium.remove(['a', 'b']), 'timeout');
    await turn();
    hand.pass();
    await call;
    const anew = withDeadlines(real, { clock: hand.clock, abandoned });
    await expectKind(anew.putSmall('b', Buffer.from('new'), 'create'), 'unavailable');
    release();
    await until(() => abandoned.idle);
    await anew.putSmall('b', Buffer.from('new'), 'create');
    expect(await text('b')).toBe('new');
  });

  test('what was only cancelled is waited for: the later write is the last', async () => {
    const hand = handClock();
    const abandoned = new AbandonedCalls();
    const { slow, release } = slowMedium();
    const caller = new AbortController();
    const media = [slow, real].map((inner) => withDeadlines(inner, { clock: hand.clock, abandoned }));
    const call = expectKind(media[0]!.putSmall('a', Buffer.from('old'), 'replace', caller.signal), 'cancelled');
    await turn();
    caller.abort(new Error('cancelled'));
    await call;
    expect(abandoned.hanging).toBe(0);
    const later = media[1]!.putSmall('a', Buffer.from('new'), 'replace');
    await turn();
    release();
    await later;
    expect(await text('a')).toBe('new');
  });

  test('what does not come back soon after it was cancelled hangs', async () => {
    const hand = handClock();
    const abandoned = new AbandonedCalls();
    const { slow, release } = slowMedium();
    const caller = new AbortController();
    const medium = withDeadlines(slow, { clock: hand.clock, abandoned });
    const call = expectKind(medium.putSmall('a', Buffer.from('old'), 'replace', caller.signal), 'cancelled');
    await turn();
    caller.abort(new Error('cancelled'));
    await call;
    const later = expectKind(medium.putSmall('a', Buffer.from('new'), 'replace'), 'unavailable');
    await turn();
    hand.pass();
    await later;
    expect(abandoned.hanging).toBe(1);
    release();
    await until(() => abandoned.idle);
    expect(abandoned.hanging).toBe(0);
  });

  test('media of one root count together', async () => {
    const none = { host: '', authorization: { accessId: '', accessKey: '' }, options: {} };
    const pipes = ['p', 'q'].map((name) => join(scratch.path, name));
    for (const pipe of pipes) execFileSync('mkfifo', [pipe]);
    const open = (clock: Clock) => openMedium({ scheme: 'file', path: `file://${scratch.path}`, ...none }, clock);
    const again = open(systemClock);
    // A reader and writer of the pipe lets the calls that hang come back; a call may reach its pipe only later.
    const released = (done: () => Promise<boolean>) => {
      for (const pipe of pipes) closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
      return done();
    };
    const works = () => again.list('').then(Boolean, () => false);
    try {
      for (const key of ['p', 'q']) {
        const hand = handClock();
        const call = expectKind(open(hand.clock).read(key), 'timeout');
        await until(() => hand.sleeping() === 1);
        hand.pass();
        await call;
      }
      await expectKind(open(handClock().clock).list(''), 'unavailable');
    } finally {
      await until(() => released(works));
    }
    await until(() => released(callsCameBack));
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
