import { expect, test } from 'vitest';
import { ghostMs, mergedPartsMin } from '../../src/media/s3/limits.ts';
import { s3DoubleMedia } from './s3-double-media.ts';
import { expectS3Kind } from './s3-root.ts';

const media = s3DoubleMedia();
const key = 'piece/log/1.obarc';
const at = (name: string) => `dest/${key}/@APD_PART@${name}.obarc`;
const objects = () => media.double.bucket().objects;
const a = (count: number) => Buffer.alloc(count, 'a');

/** An append of 80 bytes at 100 that fails for good; carries it out when it is called. */
async function failedAppend(medium = media.open()) {
  const sink = await medium.openAppend(key, 0);
  await sink.append(a(100));
  media.double.faults.add({ on: ['PutObject'], deed: { deed: 'loseReply' } });
  await expectS3Kind(sink.append(Buffer.alloc(80, '!')), 'network');
  const stored = objects().get(at('100-180'))!;
  objects().delete(at('100-180'));
  await sink.close();
  return { medium, land: () => void objects().set(at('100-180'), stored) };
}

/** When the failed append comes true, and what is appended in its place: also what ends with the same byte. */
const cases = [0, 1, 2, 3].flatMap((landsBefore) => [
  [landsBefore, [50, 40, 60]] as const,
  [landsBefore, [50, 30, 9]] as const,
]);

test.each(cases)(
  'an append that failed and comes true before the %d. of those in its place (%j) is none of them',
  async (landsBefore, sizes) => {
    const { medium, land } = await failedAppend();
    let sink = await medium.openAppend(key, 100);
    let expected = a(100);
    for (const [i, size] of sizes.entries()) {
      if (i === landsBefore) land();
      const bytes = Buffer.alloc(size, `${i}`);
      await sink.append(bytes);
      expected = Buffer.concat([expected, bytes]);
      expect(String(await medium.read(key, 0, expected.length))).toBe(String(expected));
    }
    await sink.close();
    if (landsBefore === sizes.length) land();
    sink = await medium.openAppend(key, expected.length);
    await sink.append(Buffer.from('end'));
    expect(String(await medium.read(key))).toBe(`${expected}end`);
    expect(objects().has(at('100-180'))).toBe(false);
    await sink.close();
  },
);

test('what came true and is confirmed stays, also when it is merged and its write arrives once more', async () => {
  const { medium, land } = await failedAppend();
  land();
  let expected = Buffer.concat([a(100), Buffer.alloc(80, '!')]);
  const sink = await medium.openAppend(key, 180);
  for (let i = 0; i < 2 * mergedPartsMin; i++) {
    await sink.append(a(7));
    expected = Buffer.concat([expected, a(7)]);
    media.nowMs += 5_000;
    if (i % 8 === 0) land();
    expect(String(await medium.read(key))).toBe(String(expected));
  }
  await sink.close();
  const again = await medium.openAppend(key, expected.length);
  await again.append(a(1));
  expect(String(await medium.read(key))).toBe(`${expected}a`);
});

test('nobody looks for an append that failed long ago', async () => {
  const { medium } = await failedAppend();
  const sink = await medium.openAppend(key, 100);
  const heads = async () => {
    const before = media.double.count('HeadObject');
    await sink.append(a(1));
    return media.double.count('HeadObject') - before;
  };
  expect(await heads()).toBe(2);
  media.nowMs += ghostMs;
  expect(await heads()).toBe(1);
});
