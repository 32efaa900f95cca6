import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { listPageEntries, retryAttemptsMax, retryFirstPauseMs, retryTotalMs } from '../../src/media/limits.ts';
import { type ListEntry, type Medium, MediumError, type MediumErrorKind } from '../../src/media/medium.ts';
import { withFault } from '../../src/media/wrap/fault.ts';
import { withRetries } from '../../src/media/wrap/retry.ts';
import { openBelow } from './descriptors.ts';
import { expectKind, mediumConformance } from './medium-conformance.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';

/** A clock on which every pause is over at once, and counted. */
function quickClock() {
  const pauses: number[] = [];
  let nowNs = 0n;
  const clock: Clock = {
    nowNs: () => nowNs,
    nowUs: () => Number(nowNs / 1000n),
    async sleep(delayMs, signal) {
      if (signal?.aborted) throw signal.reason;
      pauses.push(delayMs);
      nowNs += BigInt(Math.round(delayMs * 1e6));
    },
  };
  const pass = (delayMs: number) => {
    nowNs += BigInt(delayMs) * 1_000_000n;
  };
  return { clock, pauses, pass };
}

let scratch: Scratch;
let real: Medium;
beforeEach(() => {
  scratch = scratchDirectory();
  real = openFileMedium(scratch.path);
});
afterEach(() => scratch.remove());

mediumConformance('file under retries', async () => {
  const place = scratchDirectory();
  const open = () => withRetries(openFileMedium(place.path));
  return { medium: open(), reopen: open, dispose: async () => place.remove() };
});

/** Everything a job does with a medium; what it must leave is known. */
async function work(medium: Medium): Promise<unknown> {
  await medium.putSmall('small', Buffer.from('once'), 'create');
  await medium.putSmall('current', Buffer.from('v1'), 'replace');
  await medium.putSmall('current', Buffer.from('v2'), 'replace');
  const sink = await medium.createObject('set/data');
  await sink.writeAt(600, Buffer.alloc(600, 2));
  await sink.writeAt(0, Buffer.alloc(600, 1));
  await sink.publish(1200);
  const given = await medium.createObject('set/given-up');
  await given.writeAt(0, Buffer.alloc(100));
  await given.abort();
  const log = await medium.openAppend('log', 0);
  await Promise.all(['aaaa', 'bbb', 'cc'].map((text) => log.append(Buffer.from(text))));
  await log.close();
  const again = await medium.openAppend('log', 9);
  await again.append(Buffer.from('d'));
  const grown = again.sizeBytes;
  await again.close();
  const source = await medium.openObject('set/data');
  const middle = Buffer.from(await source.read(599, 2)).toString('hex');
  await source.close();
  await medium.putSmall('gone', Buffer.from('x'), 'create');
  await medium.remove(['gone']);
  const entries: ListEntry[] = [];
  for await (const page of medium.listPages('')) entries.push(...page);
  return {
    grown,
    middle,
    small: Buffer.from(await medium.read('small')).toString(),
    current: Buffer.from(await medium.read('current')).toString(),
    log: Buffer.from(await medium.read('log')).toString(),
    data: (await medium.head('set/data'))?.sizeBytes,
    names: entries.map(({ name }) => name).sort(),
    list: await medium.list('set'),
  };
}

const operations = 45;
const left = {
  grown: 10,
  middle: '0102',
  small: 'once',
  current: 'v2',
  log: 'aaaabbbccd',
  data: 1200,
  names: ['current', 'log', 'set', 'small'],
  list: [{ name: 'data', kind: 'object', sizeBytes: 1200 }],
};

describe('a fault that passes shows nowhere', () => {
  test.each(['before', 'after'] as const)('when it comes %s the operation was carried out', async (moment) => {
    let reached = 0;
    for (let at = 1; at <= operations; at++) {
      const place = scratchDirectory();
      try {
        const faulty = withFault(openFileMedium(place.path), { at, kind: 'network', moment });
        expect({ at, ...((await work(withRetries(faulty, quickClock()))) as object) }).toEqual({ at, ...left });
        reached = faulty.trace.length;
      } finally {
        place.remove();
      }
    }
    expect(reached).toBeLessThan(operations);
  });

  test('however often, as long as attempts are left', async () => {
    const kinds: readonly MediumErrorKind[] = ['network', 'timeout', 'throttled', 'unavailable'];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { minLength: 30, maxLength: 60 }), async (luck) => {
        const place = scratchDirectory();
        let since = 0;
        const step = (): 'ok' | 'before' | 'after' => {
          const drawn = luck.shift() ?? 9;
          // One attempt of the wrapper is up to five operations: each gets through before the attempts are used up.
          since = drawn < 4 && since >= 5 ? 0 : since + 1;
          return since > 0 ? 'ok' : drawn < 2 ? 'before' : 'after';
        };
        try {
          const flaky = everyCall(openFileMedium(place.path), async (run) => {
            const luckNow = step();
            if (luckNow !== 'before') {
              const result = await run();
              if (luckNow === 'ok') return result;
              await giveBack(result);
            }
            throw new MediumError(kinds[luck.length % kinds.length]!, '', 'flaky');
          });
          expect(await work(withRetries(flaky, quickClock()))).toEqual(left);
        } finally {
          place.remove();
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('what does not pass is told', () => {
  test('after as many attempts as are named, with growing pauses', async () => {
    const faulty = withFault(real, { at: 1, kind: 'unavailable', lasting: true });
    const quick = quickClock();
    await expectKind(withRetries(faulty, { ...quick, random: () => 0 }).head('a'), 'unavailable');
    expect(faulty.trace).toHaveLength(retryAttemptsMax);
    expect(quick.pauses).toEqual([1, 2, 4, 8].map((times) => times * retryFirstPauseMs));
  });

  test('pauses are shortened by chance, by half at most', async () => {
    const quick = quickClock();
    const faulty = withFault(real, { at: 1, kind: 'unavailable', lasting: true });
    await expectKind(withRetries(faulty, { ...quick, random: () => 1 }).head('a'), 'unavailable');
    expect(quick.pauses[0]).toBe(retryFirstPauseMs / 2);
  });

  test('no attempt begins when the time is used up', async () => {
    const quick = quickClock();
    const slow: Medium = {
      ...real,
      async head() {
        quick.pass(retryTotalMs / 2);
        throw new MediumError('timeout', 'a', 'no answer');
      },
    };
    await expectKind(withRetries(slow, quick).head('a'), 'timeout');
    expect(quick.pauses).toHaveLength(1);
  });

  test.each(['denied', 'notFound', 'outOfSpace', 'clockSkew', 'io', 'checksum', 'cancelled'] as const)(
    '%s at once',
    async (kind) => {
      const faulty = withFault(real, { at: 1, kind, lasting: true });
      await expectKind(withRetries(faulty, quickClock()).read('a'), kind);
      expect(faulty.trace).toHaveLength(1);
    },
  );

  test('a name that somebody else took stays taken', async () => {
    await real.putSmall('a', Buffer.from('theirs'), 'create');
    for (const text of ['ours!!', 'other size']) {
      const faulty = withFault(real, { at: 1, kind: 'network' });
      await expectKind(withRetries(faulty, quickClock()).putSmall('a', Buffer.from(text), 'create'), 'alreadyExists');
    }
    await expectKind(withRetries(real).putSmall('a', Buffer.from('theirs'), 'create'), 'alreadyExists');
    const faulty = withFault(real, { at: 1, kind: 'network', only: ['publish'] });
    const sink = await withRetries(faulty, quickClock()).createObject('a');
    await sink.writeAt(0, Buffer.from('ours!!'));
    await expectKind(sink.publish(6), 'alreadyExists');
  });

  test('an append that failed behind its bytes leaves them to be made durable once more', async () => {
    const synced: unknown[] = [];
    let fails = true;
    const unsynced: Medium = {
      ...real,
      async openAppend(...call) {
        synced.push(call.filter((value) => typeof value === 'number'));
        const sink = await real.openAppend(...call);
        return {
          sizeBytes: sink.sizeBytes,
          async append(bytes) {
            await sink.append(bytes);
            const failed = fails;
            fails = false;
            if (failed) throw new MediumError('network', 'log', 'the answer to the sync was lost');
          },
          close: () => sink.close(),
        };
      },
    };
    const log = await withRetries(unsynced, quickClock()).openAppend('log', 0);
    await log.append(Buffer.from('ours'));
    expect(log.sizeBytes).toBe(4);
    await log.close();
    expect(synced).toEqual([[0], [4, 0]]);
    expect(Buffer.from(await real.read('log')).toString()).toBe('ours');
  });

  test('an append behind which somebody else wrote is no append of ours', async () => {
    const faulty = withFault(real, { at: 2, kind: 'network', only: ['append'] });
    const log = await withRetries(faulty, quickClock()).openAppend('log', 0);
    await log.append(Buffer.from('ours'));
    const theirs = await real.openAppend('log', 4);
    await theirs.append(Buffer.from('theirs'));
    await theirs.close();
    await expectKind(log.append(Buffer.from('again!')), 'io');
    expect(Buffer.from(await real.read('log')).toString()).toBe('ourstheirs');
    await log.close();
  });

  test('what is missing is looked for once more where it may be in the middle of its replacement', async () => {
    const abilities = { ...real.abilities, atomicReplace: false };
    const missing = withFault({ ...real, abilities }, { at: 0, kind: 'io' });
    await expectKind(withRetries(missing, quickClock()).read('a'), 'notFound');
    expect(missing.trace).toEqual(['read a', 'read a']);
    await real.putSmall('a', Buffer.from('back'), 'create');
    const replaced = withFault({ ...real, abilities }, { at: 1, kind: 'notFound' });
    expect(Buffer.from(await withRetries(replaced, quickClock()).read('a')).toString()).toBe('back');
  });

  test('a caller that goes in a pause is answered', async () => {
    const caller = new AbortController();
    const faulty = withFault(real, { at: 1, kind: 'unavailable', lasting: true });
    const call = expectKind(withRetries(faulty).head('a', caller.signal), 'cancelled');
    setTimeout(() => caller.abort(new Error('gone')), 5);
    await call;
    expect(faulty.trace).toHaveLength(1);
  });
});

test.each(['in the pause', 'while it is opened again'] as const)(
  'an object closed %s before a read is repeated stays closed',
  async (moment) => {
    await real.putSmall('a', Buffer.from('abc'), 'create');
    const [paused, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const hold = () => {
      paused.resolve();
      return over.promise;
    };
    let opened = 0;
    const flaky: Medium = {
      ...real,
      async openObject(key) {
        const source = await real.openObject(key);
        if (opened++ > 0) {
          if (moment === 'while it is opened again') await hold();
          return source;
        }
        const read = () => Promise.reject(new MediumError('network', key, 'broke off'));
        return { sizeBytes: source.sizeBytes, read, close: () => source.close() };
      },
    };
    const { clock: quick } = quickClock();
    const clock: Clock = { ...quick, sleep: moment === 'in the pause' ? hold : quick.sleep };
    const source = await withRetries(flaky, { clock }).openObject('a');
    const read = expectKind(source.read(0, 3), 'cancelled');
    await paused.promise;
    const closed = source.close();
    over.resolve();
    await Promise.all([read, closed]);
    expect(openBelow(scratch.path)).toEqual([]);
  },
);

test('a listing that broke off in the middle gives the rest once', async () => {
  const names = Array.from({ length: 2 * listPageEntries + 10 }, (_, i) => `n${i}`);
  let faults = 0;
  const listed: Medium = {
    ...real,
    async *listPages() {
      for (let at = 0; at < names.length; at += 300) {
        if (at > 0 && at % 900 === 0 && faults++ < 3) throw new MediumError('network', '', 'broke off');
        yield names.slice(at, at + 300).map((name) => ({ name, kind: 'object' as const }));
      }
    },
  };
  const found: string[] = [];
  for await (const page of withRetries(listed, quickClock()).listPages('')) found.push(...page.map(({ name }) => name));
  expect(found.sort()).toEqual(names.sort());
  expect(faults).toBeGreaterThan(2);
});

/** Closes what an answer that was lost had opened. */
async function giveBack(result: unknown): Promise<void> {
  const opened = result as { close?(): Promise<void>; abort?(): Promise<void> } | undefined;
  await (opened?.abort ?? opened?.close)?.call(opened);
}

/** Puts `around` about every call of a medium and of what it opens, but for those that close. */
function everyCall<T extends object>(target: T, around: (run: () => Promise<unknown>) => Promise<unknown>): T {
  return new Proxy(target, {
    get(_, name) {
      const member = Reflect.get(target, name) as unknown;
      if (name === 'fd') return undefined;
      if (typeof member !== 'function' || name === 'listPages' || name === 'close') return member;
      return async (...args: unknown[]) => {
        const result = await around(() => Promise.resolve(Reflect.apply(member, target, args)));
        const opened = typeof result === 'object' && result !== null && ('close' in result || 'abort' in result);
        return opened ? everyCall(result, around) : result;
      };
    },
  });
}
