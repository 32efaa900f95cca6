import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { listPageEntries } from '../../src/media/limits.ts';
import type { Medium } from '../../src/media/medium.ts';
import { callsCameBack, openMedium } from '../../src/media/open-medium.ts';
import { AbandonedCalls } from '../../src/media/wrap/abandoned-calls.ts';
import { withDeadlines } from '../../src/media/wrap/deadline.ts';
import { openBelow } from './descriptors.ts';
import { handClock, turn, until } from './hand-clock.ts';
import { expectKind } from './medium-conformance.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';

let scratch: Scratch;
let real: Medium;
beforeEach(() => {
  scratch = scratchDirectory();
  real = openFileMedium(scratch.path);
});
afterEach(() => scratch.remove());

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
