import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runS3Client } from './s3-client.ts';
import { S3Double } from './servers/s3-double.ts';

let double: S3Double;
beforeAll(async () => {
  double = await S3Double.start();
});
afterAll(() => double.stop());

test('256 MiB go out from two writers and come back, with little of it in memory', async () => {
  const sizeBytes = 256 << 20;
  const said = (await runS3Client(
    double,
    'bucket',
    60,
    `
    const { createHash, randomFillSync } = await import('node:crypto');
    const block = randomFillSync(Buffer.alloc(1 << 20));
    const blockAt = (i) => { block.writeUInt32LE(i); return Buffer.from(block); };
    await medium.putSmall('warm', block, 'create');
    const before = process.memoryUsage().rss;
    let most = before;
    const measure = () => { most = Math.max(most, process.memoryUsage().rss); };
    const sink = await medium.createObject('set/data.0');
    // The first block comes last, as the header of a data file does.
    let next = 1;
    const write = async () => {
      while (next < 256) {
        const i = next++;
        await sink.writeAt(i << 20, blockAt(i));
        measure();
      }
    };
    await Promise.all([write(), write()]);
    await sink.writeAt(0, blockAt(0));
    await sink.publish(256 << 20);
    const sent = createHash('sha256');
    for (let i = 0; i < 256; i++) sent.update(blockAt(i));
    const got = createHash('sha256');
    const source = await medium.openObject('set/data.0');
    for (let at = 0; at < source.sizeBytes; at += 1 << 20) {
      got.update(await source.read(at, 1 << 20));
      measure();
    }
    return { sizeBytes: source.sizeBytes, sent: sent.digest('hex'), got: got.digest('hex'), grown: most - before };`,
  )) as {
    sizeBytes: number;
    sent: string;
    got: string;
    grown: number;
  };
  expect(said.sizeBytes).toBe(sizeBytes);
  expect(said.got).toBe(said.sent);
  const stored = double.bucket().get('dest/set/data.0');
  expect(createHash('sha256').update(stored.bytes).digest('hex')).toBe(said.sent);
  expect(double.count('UploadPart')).toBe(32);
  expect(said.grown).toBeLessThan(150 << 20);
});
