import { S3 } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { S3Double, s3Keys } from './servers/s3-double.ts';

// The double is held against the SDK's own client, as a second opinion: what it signs passes, what is changed afterwards does not.

interface Message {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: unknown;
}

let double: S3Double;
let change: (message: Message) => void;
let s3: S3;
beforeEach(async () => {
  double = await S3Double.start();
  change = () => undefined;
  s3 = new S3({
    endpoint: `http://127.0.0.1:${double.port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: s3Keys.accessId, secretAccessKey: s3Keys.accessKey },
    maxAttempts: 1,
    disableClockSkewCorrection: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  s3.middlewareStack.add(
    (next) => (args) => {
      change(args.request as Message);
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
});
afterEach(async () => {
  s3.destroy();
  await double.stop();
});

const put = (Body: string, more: object = {}) => s3.putObject({ Bucket: 'bucket', Key: 'a b/ü+%.x', Body, ...more });
const code = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: Error) => error.name,
  );

test('what the SDK signs is taken, whatever is in the key', async () => {
  expect(await code(put('hello', { Metadata: { some: 'thing  here' } }))).toBe('done');
  const got = await s3.getObject({ Bucket: 'bucket', Key: 'a b/ü+%.x' });
  expect(await got.Body?.transformToString()).toBe('hello');
  expect(got.Metadata).toEqual({ some: 'thing  here' });
  const listed = await s3.listObjectsV2({ Bucket: 'bucket', Prefix: 'a b/', Delimiter: '/' });
  expect(listed.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([['a b/ü+%.x', 5]]);
});

test.each<[string, string, (message: Message) => void]>([
  [
    'another path',
    'SignatureDoesNotMatch',
    (m) => {
      m.path += 'x';
    },
  ],
  [
    'another parameter',
    'SignatureDoesNotMatch',
    (m) => {
      m.query['x'] = 'y';
    },
  ],
  [
    'another method',
    'SignatureDoesNotMatch',
    (m) => {
      m.method = 'DELETE';
    },
  ],
  [
    'a header that is not signed',
    'AccessDenied',
    (m) => {
      m.headers['x-amz-meta-more'] = 'x';
    },
  ],
  [
    'a signed header changed',
    'SignatureDoesNotMatch',
    (m) => {
      m.headers['x-amz-meta-some'] = 'x';
    },
  ],
  [
    'a digest that is not signed',
    'AccessDenied',
    (m) => {
      m.headers['content-md5'] = '1B2M2Y8AsgTpgAmY7PhCfg==';
    },
  ],
  [
    'another body',
    'XAmzContentSHA256Mismatch',
    (m) => {
      m.body = 'jello';
    },
  ],
  [
    'no signature',
    'AccessDenied',
    (m) => {
      delete m.headers['authorization'];
    },
  ],
  [
    'another region',
    'AuthorizationHeaderMalformed',
    (m) => {
      m.headers['authorization'] = m.headers['authorization']!.replace('us-east-1', 'us-west-1');
    },
  ],
])('%s is refused', async (_, wanted, changing) => {
  change = changing;
  expect(await code(put('hello', { Metadata: { some: 'thing' } }))).toBe(wanted);
  expect(double.bucket().objects.size).toBe(0);
});

test('wrong digests are refused', async () => {
  expect(await code(put('hello', { ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==' }))).toBe('BadDigest');
  expect(await code(put('hello', { ContentMD5: 'short' }))).toBe('InvalidDigest');
  expect(await code(put('hello', { ChecksumCRC32: 'AAAAAA==' }))).toBe('BadDigest');
  expect(await code(put('hello', { ChecksumCRC32: 'NhCmhg==', ContentMD5: 'XUFAKrxLKna5cZ2REBfFkg==' }))).toBe('done');
});

test('parts have a least size, an order and their own ETags', async () => {
  const at = { Bucket: 'bucket', Key: 'a' };
  const { UploadId } = await s3.createMultipartUpload(at);
  const upload = { ...at, UploadId };
  const part = async (PartNumber: number, length: number) => {
    const { ETag } = await s3.uploadPart({ ...upload, PartNumber, Body: Buffer.alloc(length) });
    return { PartNumber, ETag };
  };
  const [one, two, three] = [await part(1, 5 << 20), await part(2, 100), await part(3, 100)];
  const complete = (...Parts: readonly object[]) =>
    code(s3.completeMultipartUpload({ ...upload, IfNoneMatch: '*', MultipartUpload: { Parts: [...Parts] } }));
  expect(await complete(one, two, three)).toBe('EntityTooSmall');
  expect(await complete(two, one)).toBe('InvalidPartOrder');
  expect(await complete(one, { ...three, PartNumber: 4 })).toBe('InvalidPart');
  expect(await complete({ ...one, ETag: '"x"' }, three)).toBe('InvalidPart');
  const listed = await s3.listParts(upload);
  expect(listed.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, 5 << 20],
    [2, 100],
    [3, 100],
  ]);
  expect(double.bucket().objects.size).toBe(0);
  expect(await complete(one, two)).toBe('done');
  expect(await complete(one, two)).toBe('NoSuchUpload');
  expect(double.bucket().get('a').bytes.length).toBe((5 << 20) + 100);
  expect(await code(s3.abortMultipartUpload(upload))).toBe('NoSuchUpload');
});

test('ranges, conditions and deletes answer as S3 does', async () => {
  const at = { Bucket: 'bucket', Key: 'a' };
  await s3.putObject({ ...at, Body: '0123456789' });
  const range = async (Range: string) => (await s3.getObject({ ...at, Range })).Body?.transformToString();
  expect(await range('bytes=1-3')).toBe('123');
  expect(await range('bytes=8-99')).toBe('89');
  expect(await code(s3.getObject({ ...at, Range: 'bytes=10-' }))).toBe('InvalidRange');
  expect(await code(s3.putObject({ ...at, Body: 'x', IfNoneMatch: '*' }))).toBe('PreconditionFailed');
  expect(await code(s3.getObject({ ...at, IfMatch: '"other"' }))).toBe('PreconditionFailed');
  const deleted = await s3.deleteObjects({ Bucket: 'bucket', Delete: { Objects: [{ Key: 'a' }, { Key: 'none' }] } });
  expect(deleted.Deleted?.map(({ Key }) => Key)).toEqual(['a', 'none']);
  expect(await code(s3.headObject(at))).toBe('NotFound');
  expect(await code(s3.getObject(at))).toBe('NoSuchKey');
  expect(await code(s3.listObjectsV2({ Bucket: 'none' }))).toBe('NoSuchBucket');
});
