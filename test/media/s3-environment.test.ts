import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runS3Client } from './s3-client.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';
import { S3Double } from './servers/s3-double.ts';

let double: S3Double;
let scratch: Scratch;
beforeAll(async () => {
  double = await S3Double.start();
  scratch = scratchDirectory();
});
afterAll(async () => {
  await double.stop();
  scratch.remove();
});

test('neither the environment nor files of the user change what is asked for, and the SDK is loaded by the first call', async () => {
  // Whoever reads this waits for ever.
  const pipe = join(scratch.path, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const said = await runS3Client(
    double,
    'bucket',
    60,
    `
    const { default: modules } = await import('node:module');
    const loaded = () => Object.keys(modules._cache).some((path) => path.includes('client-s3'));
    const before = loaded();
    await medium.putSmall('a', Buffer.from('x'), 'create');
    return { before, after: loaded(), names: (await medium.list('')).map(({ name }) => name) };`,
    {
      AWS_CONFIG_FILE: pipe,
      AWS_SHARED_CREDENTIALS_FILE: pipe,
      AWS_PROFILE: 'other',
      AWS_REGION: 'eu-west-3',
      AWS_ACCESS_KEY_ID: 'AKIAOTHER',
      AWS_SECRET_ACCESS_KEY: 'other',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
      AWS_USE_FIPS_ENDPOINT: 'true',
      AWS_USE_DUALSTACK_ENDPOINT: 'true',
      AWS_AUTH_SCHEME_PREFERENCE: 'sigv4a',
      AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_SUPPORTED',
      AWS_MAX_ATTEMPTS: '9',
      AWS_DEFAULTS_MODE: 'mobile',
    },
  );
  expect(said).toEqual({ before: false, after: true, names: ['a'] });
  expect(double.count('PutObject')).toBe(1);
});
