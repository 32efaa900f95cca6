import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import type { Medium } from '../../src/media/medium.ts';
import { joinParts, parsePartName, partKey, piecesOf } from '../../src/media/s3/append-parts.ts';
import { openS3Medium } from '../../src/media/s3-medium.ts';
import { withRetries } from '../../src/media/wrap/retry.ts';
import { expectS3Kind, s3Address } from './s3-root.ts';
import { S3Double } from './servers/s3-double.ts';

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array) => Buffer.from(value).toString();
const hasty: Clock = { nowNs: () => 0n, nowUs: () => Date.now() * 1000, sleep: async () => undefined };

describe('parts of an object that grows', () => {
  test('have the names of OceanBase', () => {
    expect(partKey('piece/log/1.obarc', 0, 100)).toBe('piece/log/1.obarc/@APD_PART@0-100.obarc');
    expect(partKey('log', 5, 7)).toBe('log/@APD_PART@5-7');
    expect(parsePartName('@APD_PART@0-100.obarc')).toEqual({ from: 0, to: 100 });
    expect(parsePartName('@APD_PART@0-100')).toEqual({ from: 0, to: 100 });
    for (const other of ['@APD_PART@FORMAT_META.obarc', '@APD_PART@7-7', '@APD_PART@9-7', '0-100', '@APD_PART@1-2/x'])
      expect(parsePartName(other)).toBeNull();
  });

  test('are joined from 0 to the first gap, those that others cover left out', () => {
    const range = fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 12 })).map(([from, length]) => [from, from + length]);
    fc.assert(
      fc.property(fc.array(range, { maxLength: 15 }), fc.nat(45), fc.nat(45), (ranges, a, b) => {
        const parts = ranges.map(([from = 0, to = 0]) => ({ key: `${from}-${to}`, from, to }));
        const joined = joinParts(parts);
        const covered = (at: number) => parts.some(({ from, to }) => from <= at && at < to);
        let end = 0;
        while (covered(end)) end += 1;
        expect(joined.at(-1)?.to ?? 0).toBe(end);
        // Every byte that is asked for comes once, from a part that holds it, in its place.
        const [from, to] = [Math.min(a, b, end), Math.min(Math.max(a, b), end)];
        const got: number[] = [];
        for (const { key, offset, length, at } of piecesOf(joined, from, to)) {
          const part = parts.find((one) => one.key === key);
          expect(part && part.from + offset).toBe(from + at);
          expect(part && part.from + offset + length).toBeLessThanOrEqual(part?.to ?? -1);
          for (let i = 0; i < length; i++) got.push(from + at + i);
        }
        expect(got).toEqual(Array.from({ length: to - from }, (_, i) => from + i));
      }),
    );
  });
});

describe('an object in parts on S3', () => {
  const key = 'piece/log/1.obarc';
  let double: S3Double;
  let medium: Medium;
  const stored = () => [...double.bucket().objects.keys()].sort();
  const at = (name: string) => `dest/${key}/@APD_PART@${name}.obarc`;
  beforeEach(async () => {
    double = await S3Double.start();
    medium = openS3Medium(s3Address(double));
  });
  afterEach(async () => {
    await medium.close();
    await double.stop();
  });
  const written = async (...parts: readonly string[]) => {
    const sink = await medium.openAppend(key, 0);
    for (const part of parts) await sink.append(bytes(part));
    await sink.close();
  };

  test('lies as OceanBase lays it, and is read as OceanBase leaves it', async () => {
    await written('aaaa', 'bbbbbb');
    expect(stored()).toEqual([at('0-4'), at('4-10'), at('FORMAT_META')]);
    expect(text(double.bucket().get(at('FORMAT_META')).bytes)).toBe('version=1');
    const [object] = double.bucket().objects.values();
    if (!object) throw new Error('nothing is stored');
    double.bucket().put(at('SEAL_META'), { ...object, bytes: bytes('version=1') });
    expect(text(await medium.read(key))).toBe('aaaabbbbbb');
    expect(await medium.list('piece/log')).toEqual([{ name: '1.obarc', kind: 'object', sizeBytes: 10 }]);
    expect(await medium.list(key)).toEqual([]);
    await medium.remove([key]);
    expect(stored()).toEqual([]);
  });

  test('is read across a hundred parts and seven names to a page', async () => {
    double.pageLimit = 7;
    const parts = Array.from({ length: 100 }, (_, i) => `${i},`);
    await written(...parts);
    const all = parts.join('');
    expect(text(await medium.read(key))).toBe(all);
    expect(text(await medium.read(key, 17, 200))).toBe(all.slice(17, 217));
    expect((await medium.head(key))?.sizeBytes).toBe(all.length);
  });

  test('a cut in the middle of a part that breaks off keeps every confirmed byte', async () => {
    for (const skip of [0, 1, 2, 3, 4, 5, 6, 7]) {
      await written('aaaa', 'bbbb', 'cccc');
      double.faults.add({
        on: 'every',
        skip,
        times: 100,
        deed: { deed: 'refuse', status: 500, code: 'InternalError' },
      });
      await medium.openAppend(key, 6).then(
        (sink) => sink.close(),
        (error) => expect(error.kind).toBe('unavailable'),
      );
      double.faults.clear();
      expect(text(await medium.read(key, 0, 6))).toBe('aaaabb');
      const sink = await medium.openAppend(key, 6);
      await sink.append(bytes('!'));
      expect(text(await medium.read(key))).toBe('aaaabb!');
      await medium.remove([key]);
      expect(stored()).toEqual([]);
    }
  });

  test('an append whose answer was lost does not get between what comes after it', async () => {
    const sink = await medium.openAppend(key, 0);
    await sink.append(bytes('aaaa'));
    double.faults.add({ on: ['PutObject'], deed: { deed: 'loseReply' } });
    await expectS3Kind(sink.append(bytes('a long one that arrived')), 'network');
    expect(sink.sizeBytes).toBe(4);
    await sink.append(bytes('bb'));
    await sink.append(bytes('cc'));
    expect(text(await medium.read(key))).toBe('aaaabbcc');
    double.faults.add({ on: ['PutObject'], deed: { deed: 'loseReply' } });
    await expectS3Kind(sink.append(bytes('dd')), 'network');
    await sink.append(bytes('ee'));
    expect(text(await medium.read(key))).toBe('aaaabbccee');
  });

  test('is appended to through lost answers, nothing doubled', async () => {
    const steady = withRetries(medium, { clock: hasty });
    const sink = await steady.openAppend(key, 0);
    for (let i = 0; i < 10; i++) {
      if (i % 2 === 1) double.faults.add({ on: ['PutObject'], deed: { deed: 'loseReply' } });
      if (i % 3 === 1)
        double.faults.add({ on: ['ListObjectsV2'], deed: { deed: 'refuse', status: 503, code: 'SlowDown' } });
      await sink.append(bytes(`<${i}>`));
    }
    await sink.close();
    expect(text(await medium.read(key))).toBe('<0><1><2><3><4><5><6><7><8><9>');
  });

  test('of two writers the second is refused, also when it has more or less to say', async () => {
    const [one, two] = [await medium.openAppend(key, 0), await medium.openAppend(key, 0)];
    await one.append(bytes('four'));
    for (const other of ['no', 'nope', 'longer']) await expectS3Kind(two.append(bytes(other)), 'alreadyExists');
    await one.append(bytes('five.'));
    expect(two.sizeBytes).toBe(0);
    expect(text(await medium.read(key))).toBe('fourfive.');
  });

  test('a removal that broke off is finished by the next', async () => {
    for (const skip of [0, 1, 2, 3]) {
      await written('aaaa', 'bbbb');
      double.faults.add({
        on: 'every',
        skip,
        times: 100,
        deed: { deed: 'refuse', status: 500, code: 'InternalError' },
      });
      await medium.remove([key]).catch((error) => expect(error.kind).toBe('unavailable'));
      double.faults.clear();
      await medium.remove([key]);
      expect(stored()).toEqual([]);
    }
  });

  test('a part taken away by somebody is an error of the read', async () => {
    await written('aaaa', 'bbbb', 'cccc');
    const source = await medium.openObject(key);
    double.bucket().delete(at('4-8'));
    await expectS3Kind(source.read(0, 12), 'checksum');
    await expectS3Kind(medium.read(key, 0, 12), 'checksum');
    expect((await medium.head(key))?.sizeBytes).toBe(4);
    await expectS3Kind(medium.openAppend(key, 12), 'checksum');
  });

  test('of many names to remove only those in parts cost more', async () => {
    double.pageLimit = 1000;
    const plain = Array.from({ length: 30 }, (_, i) => `piece/log/${i + 10}.obarc`);
    for (const one of plain) await medium.putSmall(one, bytes('x'), 'create');
    await written('aaaa');
    const other = await medium.openAppend('piece/log/2.obarc', 0);
    await other.append(bytes('x'));
    await medium.putSmall('piece/log/20.obarc.more', bytes('x'), 'create');
    const before = double.count('ListObjectsV2');
    await medium.remove([...plain, key]);
    expect(double.count('ListObjectsV2') - before).toBe(2);
    expect((await medium.list('piece/log')).map(({ name }) => name)).toEqual(['2.obarc', '20.obarc.more']);
  });

  test('does not grow over an object of one piece', async () => {
    await medium.putSmall(key, bytes('whole'), 'create');
    await expectS3Kind(medium.openAppend(key, 0), 'unsupported');
    expect(text(await medium.read(key))).toBe('whole');
  });
});
