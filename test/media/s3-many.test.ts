import { afterAll, beforeAll, expect, test } from 'vitest';
import { runS3Client } from './s3-client.ts';
import { S3Double } from './servers/s3-double.ts';

let double: S3Double;
beforeAll(async () => {
  double = await S3Double.start();
});
afterAll(() => double.stop());

test('a million names are listed page by page in a heap of 64 MB', async () => {
  double.bucket().generated = {
    length: 1_000_000,
    at: (index) => `dest/many/${String(index).padStart(7, '0')}.obarc`,
  };
  const said = await runS3Client(
    double,
    'bucket',
    64,
    `
    const seen = { count: 0, first: '', last: '', bytes: 0 };
    for await (const page of medium.listPages('many'))
      for (const { name, sizeBytes } of page) {
        seen.count += 1;
        seen.first ||= name;
        seen.last = name;
        seen.bytes += sizeBytes;
      }
    return seen;`,
  );
  expect(said).toEqual({ count: 1_000_000, first: '0000000.obarc', last: '0999999.obarc', bytes: 1_024_000_000 });
});
