import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { MediumErrorKind } from '../../src/media/medium.ts';
import { MediumError } from '../../src/media/medium.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { type S3Double, s3Keys } from './servers/s3-double.ts';

/** Where tests of the S3 medium keep their objects: `dest` in the bucket of a double. */
export function s3Address(double: S3Double, change: Partial<MediumAddress> = {}): MediumAddress {
  return {
    scheme: 's3',
    path: 's3://bucket/dest',
    host: `127.0.0.1:${double.port}`,
    authorization: s3Keys,
    options: {},
    ...change,
  };
}

/** The work fails with this kind, and its error tells nobody a secret, however it is printed. */
export async function expectS3Kind(
  work: Promise<unknown>,
  kind: MediumErrorKind,
  accessKey: string = s3Keys.accessKey,
): Promise<MediumError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MediumError);
  const thrown = error as MediumError;
  expect(`${thrown.kind}: ${thrown.message}`).toBe(`${kind}: ${thrown.message}`);
  const printed = inspect(thrown, { depth: 20, showHidden: true }) + JSON.stringify(thrown);
  for (const secret of [accessKey, 'Signature=', 'StringToSign', 'AWS4-HMAC']) expect(printed).not.toContain(secret);
  expect(thrown.message.length).toBeLessThanOrEqual(300);
  return thrown;
}
