import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc64, joinCrc64 } from '../../src/media/crc64.ts';

test('the check sum is the published one', async () => {
  expect(await crc64(Buffer.from('123456789'))).toBe(BigInt('0x995dc9bbdf1939fa').toString());
  expect(await crc64(new Uint8Array(0))).toBe('0');
});

test('sums of parts make the sum of the whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), async (parts) => {
      const sums = await Promise.all(parts.map(async (part) => ({ crc64: await crc64(part), sizeBytes: part.length })));
      expect(joinCrc64(sums)).toBe(await crc64(Buffer.concat(parts)));
    }),
  );
});

test('large parts too', async () => {
  const parts = [8_388_608, 8_388_608, 1].map((length, i) => Buffer.alloc(length, i + 1));
  const sums = await Promise.all(parts.map(async (part) => ({ crc64: await crc64(part), sizeBytes: part.length })));
  expect(joinCrc64(sums)).toBe(await crc64(Buffer.concat(parts)));
});
