import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Medium, MediumError, type MediumErrorKind } from '../../src/media/medium.ts';

export interface MediumUnderTest {
  readonly medium: Medium;
  /** Another medium over the same root, as another process would open it. */
  reopen(): Medium;
  dispose(): Promise<void>;
}

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array) => Buffer.from(value).toString();

export async function expectKind(work: Promise<unknown>, kind: MediumErrorKind): Promise<MediumError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MediumError);
  expect((error as MediumError).kind).toBe(kind);
  return error as MediumError;
}

/** The promises of `Medium`, held against any implementation. */
export function mediumConformance(name: string, open: () => Promise<MediumUnderTest>): void {
  describe(`${name} keeps the promises of a medium`, () => {
    let under: MediumUnderTest;
    let medium: Medium;
    beforeEach(async () => {
      under = await open();
      medium = under.medium;
    });
    afterEach(() => under.dispose());

    test('an empty root lists nothing and heads nothing', async () => {
      expect(await medium.list('')).toEqual([]);
      expect(await medium.list('a/b')).toEqual([]);
      expect(await medium.head('a/b')).toBeNull();
      await expectKind(medium.read('a/b'), 'notFound');
      await expectKind(medium.openObject('a/b'), 'notFound');
    });

    test('create refuses an existing name, replace takes it over', async () => {
      await medium.putSmall('a/b.obbak', bytes('one'), 'create');
      await expectKind(medium.putSmall('a/b.obbak', bytes('two'), 'create'), 'alreadyExists');
      expect(text(await medium.read('a/b.obbak'))).toBe('one');
      await medium.putSmall('a/b.obbak', bytes('three'), 'replace');
      expect(text(await under.reopen().read('a/b.obbak'))).toBe('three');
      expect(await medium.list('a')).toEqual([{ name: 'b.obbak', kind: 'object', sizeBytes: 5 }]);
    });

    test('of many creators of one name exactly one wins, and its bytes stand', async () => {
      const racers = Array.from({ length: 12 }, (_, i) => medium.putSmall('race', bytes(`racer ${i}`), 'create'));
      const ends = await Promise.allSettled(racers);
      const winners = ends.flatMap((end, i) => (end.status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(1);
      expect(text(await medium.read('race'))).toBe(`racer ${winners[0]}`);
      for (const end of ends) if (end.status === 'rejected') expect(end.reason.kind).toBe('alreadyExists');
      expect(await medium.list('')).toHaveLength(1);
    });

    test('listing is one level, sorted, objects and directories apart', async () => {
      for (const key of ['b/2', 'b/1', 'a', 'c/d/e', '.hidden', 'lost+found/x'])
        await medium.putSmall(key, bytes(key), 'create');
      expect((await medium.list('')).map((entry) => [entry.name, entry.kind])).toEqual([
        ['.hidden', 'object'],
        ['a', 'object'],
        ['b', 'directory'],
        ['c', 'directory'],
        ['lost+found', 'directory'],
      ]);
      expect((await medium.list('b/')).map((entry) => entry.name)).toEqual(['1', '2']);
      expect(await medium.list('c')).toEqual([{ name: 'd', kind: 'directory' }]);
    });

    test('a read is exact or an error', async () => {
      const content = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
      await medium.putSmall('data', content, 'create');
      await fc.assert(
        fc.asyncProperty(fc.nat(1000), fc.nat(1000), async (offset, length) => {
          if (offset + length > content.length) await expectKind(medium.read('data', offset, length), 'checksum');
          else
            expect(Buffer.from(await medium.read('data', offset, length))).toEqual(
              content.subarray(offset, offset + length),
            );
        }),
        { numRuns: 40 },
      );
      const source = await medium.openObject('data');
      expect(source.sizeBytes).toBe(1000);
      expect(Buffer.from(await source.read(990, 10))).toEqual(content.subarray(990));
      await expectKind(source.read(990, 11), 'checksum');
      await source.close();
    });

    test('a large object is invisible until it is published', async () => {
      const sink = await medium.createObject('set/data.0');
      await sink.writeAt(5, bytes('world'));
      await sink.writeAt(0, bytes('hello'));
      expect(await medium.head('set/data.0')).toBeNull();
      expect(await medium.list('set')).toEqual([]);
      await sink.publish(10);
      expect(text(await under.reopen().read('set/data.0'))).toBe('helloworld');
    });

    test('a large object of another size than announced is not published', async () => {
      const sink = await medium.createObject('set/data.0');
      await sink.writeAt(0, bytes('hello'));
      await expectKind(sink.publish(6), 'checksum');
      expect(await medium.list('set')).toEqual([]);
    });

    test('an aborted object leaves nothing, a taken name is refused at publish', async () => {
      const aborted = await medium.createObject('set/a');
      await aborted.writeAt(0, bytes('x'));
      await aborted.abort();
      const [one, two] = [await medium.createObject('set/b'), await medium.createObject('set/b')];
      await one.writeAt(0, bytes('1'));
      await two.writeAt(0, bytes('2'));
      await one.publish(1);
      await expectKind(two.publish(1), 'alreadyExists');
      expect(text(await medium.read('set/b'))).toBe('1');
      await medium.remove(['set/b']);
      await medium.removeDirectory('set');
      expect(await medium.list('')).toEqual([]);
    });

    test('an append object grows, and bytes behind the confirmed end are dropped', async () => {
      const first = await medium.openAppend('log/1.obarc', 0);
      await Promise.all([first.append(bytes('aaaa')), first.append(bytes('bbbb')), first.append(bytes('cc'))]);
      expect(first.sizeBytes).toBe(10);
      await first.close();
      const second = await under.reopen().openAppend('log/1.obarc', 8);
      expect(second.sizeBytes).toBe(8);
      await second.append(bytes('dd'));
      await second.close();
      expect(text(await medium.read('log/1.obarc'))).toBe('aaaabbbbdd');
      await expectKind(medium.openAppend('log/1.obarc', 11), 'checksum');
    });

    test('removing is idempotent, directories go when they are empty', async () => {
      await medium.putSmall('a/b', bytes('x'), 'create');
      await expectKind(medium.removeDirectory('a'), 'io');
      await medium.remove(['a/b', 'a/b', 'a/c', 'z/y']);
      await medium.removeDirectory('a');
      await medium.removeDirectory('a');
      expect(await medium.list('')).toEqual([]);
    });

    test.each(['', '/a', 'a/', 'a//b', '.', 'a/../b', 'a b', 'é', 'a/b.tmp.12', 'x'.repeat(256), 'a\0b'])(
      'key %j is refused',
      async (key) => {
        await expectKind(medium.putSmall(key, bytes('x'), 'create'), 'invalidKey');
        await expectKind(medium.read(key), 'invalidKey');
        await expectKind(medium.remove([key]), 'invalidKey');
      },
    );

    test('a caller that has gone is answered cancelled', async () => {
      const gone = AbortSignal.abort(new Error('gone'));
      await expectKind(medium.putSmall('a', bytes('x'), 'create', gone), 'cancelled');
      await expectKind(medium.list('', gone), 'cancelled');
      expect(await medium.list('')).toEqual([]);
    });

    test('an object too large for one piece is refused, not cut', async () => {
      await expectKind(medium.putSmall('big', Buffer.alloc(8 * 1024 * 1024 + 1), 'create'), 'unsupported');
      expect(await medium.list('')).toEqual([]);
    });
  });
}
