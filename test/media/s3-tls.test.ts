import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openS3Medium } from '../../src/media/s3-medium.ts';
import { selfSigned } from '../wire/certificate.ts';
import { expectS3Kind, s3Address } from './s3-root.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';
import { S3Double } from './servers/s3-double.ts';

let double: S3Double;
let scratch: Scratch;
beforeAll(async () => {
  const tls = selfSigned();
  double = await S3Double.start({ tls });
  scratch = scratchDirectory();
  writeFileSync(join(scratch.path, 'ca.pem'), tls.cert);
});
afterAll(async () => {
  await double.stop();
  scratch.remove();
});

const open = (scheme: string, options: Record<string, string>, name = '127.0.0.1') =>
  openS3Medium(s3Address(double, { host: `${scheme}${name}:${double.port}`, options }), undefined, { lookup });
/** Every name is this machine. */
const lookup: LookupFunction = (_name, options, found) =>
  options.all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);

test.each([{ md5: 'BadDigest' }, { crc32: 'BadDigest' }])(
  'a server whose certificate ca_file signs is spoken to, damaged bytes are refused: %j',
  async (one) => {
    const [[checksum_type, code] = ['', '']] = Object.entries(one);
    const medium = open('https://', { ca_file: join(scratch.path, 'ca.pem'), checksum_type });
    const content = randomBytes(20 << 20);
    await medium.putSmall(checksum_type, content.subarray(0, 100_000), 'create');
    expect(Buffer.from(await medium.read(checksum_type)).equals(content.subarray(0, 100_000))).toBe(true);
    double.faults.add({ on: ['UploadPart'], deed: { deed: 'flipUpload' } });
    const sink = await medium.createObject('large');
    await sink.writeAt(0, content);
    // The signature does not cover the payload there.
    const part = await expectS3Kind(sink.publish(content.length), 'network');
    expect(part.message).toContain(code);
    expect(await medium.head('large')).toBeNull();
    await sink.publish(content.length);
    const source = await medium.openObject('large');
    expect(Buffer.from(await source.read(0, content.length)).equals(content)).toBe(true);
    await medium.remove(['large']);
    double.faults.add({ on: ['PutObject'], deed: { deed: 'flipUpload' } });
    const error = await expectS3Kind(medium.putSmall('small', content.subarray(0, 1000), 'create'), 'network');
    expect(error.message).toContain(code);
    expect(await medium.head('small')).toBeNull();
    await medium.close();
  },
);

test('a certificate that is not believed is denied, before any secret is sent', async () => {
  const before = double.requests.length;
  const refused = [
    open('https://', {}),
    open('https://', { ca_file: join(scratch.path, 'ca.pem') }, 'other.test'),
    open('https://', { ca_file: join(scratch.path, 'none.pem') }),
  ];
  for (const medium of refused) {
    await expectS3Kind(medium.list(''), 'denied');
    await expectS3Kind(medium.head('a'), 'denied');
    await medium.close();
  }
  expect(double.requests.length).toBe(before);
});

test('plain HTTP to a port that speaks TLS is a matter of the network', async () => {
  const medium = open('', {});
  await expectS3Kind(medium.list(''), 'network');
  await medium.close();
});
