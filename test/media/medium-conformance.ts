import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Medium, MediumError, type MediumErrorKind } from '../../src/media/medium.ts';
import type { MediumUnderTest } from './servers/fixture.ts';
import { sideConformance } from './side-conformance.ts';
import { sinkConformance } from './sink-conformance.ts';

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
      under = tracked(await open());
      medium = under.medium;
    });
    afterEach(() => under.dispose());

    sinkConformance(() => under);
    sideConformance(() => under);

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

    test.each(['A-Za-z0-9._=@+-', '@APD', '=a', '-a', '+a', '.a', 'a..b', '...', 'a.tmp', 'x'.repeat(200)])(
      'a name like %s comes back as it was given',
      async (name) => {
        await medium.putSmall(`${name}/${name}`, bytes(name), 'create');
        expect(await medium.list('')).toEqual([{ name, kind: 'directory' }]);
        expect(await medium.list(name)).toEqual([{ name, kind: 'object', sizeBytes: name.length }]);
        expect(text(await medium.read(`${name}/${name}`))).toBe(name);
        expect((await medium.head(`${name}/${name}`))?.sizeBytes).toBe(name.length);
        expect(await medium.head(name)).toBeNull();
        await medium.remove([`${name}/${name}`]);
        expect(await medium.head(`${name}/${name}`)).toBeNull();
      },
    );

    test('a name that another one begins with is another object', async () => {
      for (const key of ['a', 'a.b', 'a+b', 'ab/c', 'a-b/c']) await medium.putSmall(key, bytes(key), 'create');
      expect((await medium.list('')).map((entry) => entry.name)).toEqual(['a', 'a+b', 'a-b', 'a.b', 'ab']);
      expect(await medium.list('ab')).toEqual([{ name: 'c', kind: 'object', sizeBytes: 4 }]);
      await medium.remove(['a']);
      expect((await medium.list('')).map((entry) => entry.name)).toEqual(['a+b', 'a-b', 'a.b', 'ab']);
    });

    test('an empty object is an object', async () => {
      await medium.putSmall('empty', new Uint8Array(0), 'create');
      expect((await medium.head('empty'))?.sizeBytes).toBe(0);
      expect(await medium.read('empty')).toHaveLength(0);
      expect(await medium.list('')).toEqual([{ name: 'empty', kind: 'object', sizeBytes: 0 }]);
    });

    test('the age of an object is that of its last write', async () => {
      const before = Date.now();
      await medium.putSmall('a', bytes('x'), 'create');
      const { modifiedMs } = (await medium.head('a'))!;
      // Servers keep whole seconds.
      expect(modifiedMs).toBeGreaterThanOrEqual(before - 2_000);
      expect(modifiedMs).toBeLessThan(Date.now() + 2_000);
    });

    test('removing is idempotent, directories go when they are empty', async () => {
      await medium.putSmall('a/b', bytes('x'), 'create');
      if (medium.abilities.directories) await expectKind(medium.removeDirectory('a'), 'io');
      else await medium.removeDirectory('a');
      expect(text(await medium.read('a/b'))).toBe('x');
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

    test('many names go in one call', async () => {
      const keys = Array.from({ length: 25 }, (_, i) => `many/${i}`);
      await Promise.all(keys.map((key) => medium.putSmall(key, bytes('x'), 'create')));
      await medium.remove([...keys, 'many/missing']);
      expect(await medium.list('many')).toEqual([]);
    });

    test('a caller that has gone is answered cancelled', async () => {
      const gone = AbortSignal.abort(new Error('gone'));
      await expectKind(medium.putSmall('a', bytes('x'), 'create', gone), 'cancelled');
      await expectKind(medium.list('', gone), 'cancelled');
      await expectKind(medium.createObject('a', gone), 'cancelled');
      await expectKind(medium.openAppend('a', 0, gone), 'cancelled');
      await expectKind(medium.read('a', 0, 1, gone), 'cancelled');
      await expectKind(medium.head('a', gone), 'cancelled');
      await expectKind(medium.remove(['a'], gone), 'cancelled');
      expect(await medium.list('')).toEqual([]);
    });

    test('a caller that goes in the middle leaves all or nothing', async () => {
      const content = Buffer.alloc(3 << 20, 7);
      for (const delayMs of [0, 2, 10, 40]) {
        const caller = new AbortController();
        const put = medium.putSmall(`put.${delayMs}`, content, 'create', caller.signal);
        setTimeout(() => caller.abort(new Error('gone')), delayMs);
        const error = await put.then(
          () => null,
          (thrown: MediumError) => thrown.kind,
        );
        expect([null, 'cancelled']).toContain(error);
        const found = await medium.head(`put.${delayMs}`);
        if (error === null) expect(found?.sizeBytes).toBe(content.length);
        else expect([undefined, content.length]).toContain(found?.sizeBytes);
      }
    });

    test('an object too large for one piece is refused, not cut', async () => {
      await expectKind(medium.putSmall('big', Buffer.alloc(8 * 1024 * 1024 + 1), 'create'), 'unsupported');
      expect(await medium.list('')).toEqual([]);
    });
  });
}

/** Closes every medium that was opened over the root before the root goes. */
function tracked(under: MediumUnderTest): MediumUnderTest {
  const opened = [under.medium];
  return {
    ...under,
    reopen() {
      const medium = under.reopen();
      opened.push(medium);
      return medium;
    },
    async dispose() {
      for (const medium of opened) await medium.close();
      await under.dispose();
    },
  };
}
