import { createHash } from 'node:crypto';
import type { Scheme } from '../../src/media/medium.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';

export interface Pushed {
  readonly key: string;
  readonly sizeBytes: number;
  /** The content of every part. */
  readonly part: Buffer;
}

/** Pushes an object with the vendor's client alone, as many parts in flight as our media have; resolves with the seconds. */
export type RawPush = (address: MediumAddress, pushed: Pushed) => Promise<number>;

const partsInFlight = 3;

export const rawPushes: Partial<Record<Scheme, RawPush>> = { s3, oss, cos };

async function s3({ path, host, authorization }: MediumAddress, { key, sizeBytes, part }: Pushed): Promise<number> {
  const sdk = await import('@aws-sdk/client-s3');
  const { bucket, prefix } = parsed(path);
  const client = new sdk.S3Client({
    endpoint: `http://${host}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: authorization.accessId, secretAccessKey: authorization.accessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const named = { Bucket: bucket, Key: `${prefix}${key}` };
  const begunMs = performance.now();
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(named));
  const parts = await inFlight(sizeBytes / part.length, async (PartNumber) => {
    const sent = { ...named, UploadId, PartNumber, Body: part, ContentMD5: md5(part) };
    const { ETag } = await client.send(new sdk.UploadPartCommand(sent));
    return { PartNumber, ETag };
  });
  const all = { ...named, UploadId, MultipartUpload: { Parts: parts } };
  await client.send(new sdk.CompleteMultipartUploadCommand(all));
  return (performance.now() - begunMs) / 1000;
}

async function oss({ path, host, authorization }: MediumAddress, { key, sizeBytes, part }: Pushed): Promise<number> {
  const { default: Oss } = await import('ali-oss');
  const { bucket, prefix } = parsed(path);
  const { accessId: accessKeyId, accessKey: accessKeySecret } = authorization;
  const client = new Oss({ endpoint: `http://${host}`, accessKeyId, accessKeySecret, bucket });
  const name = `${prefix}${key}`;
  const begunMs = performance.now();
  const { uploadId } = await client.initMultipartUpload(name);
  const parts = await inFlight(sizeBytes / part.length, async (number) => {
    const headers = { 'Content-MD5': md5(part) };
    const upload = client.uploadPart as unknown as (...args: readonly unknown[]) => Promise<{ readonly etag: string }>;
    const { etag } = await upload.call(client, name, uploadId, number, part, 0, part.length, { headers });
    return { number, etag };
  });
  await client.completeMultipartUpload(name, uploadId, parts);
  return (performance.now() - begunMs) / 1000;
}

async function cos(address: MediumAddress, { key, sizeBytes, part }: Pushed): Promise<number> {
  const { default: Cos } = await import('cos-nodejs-sdk-v5');
  const { path, host, authorization, options } = address;
  const { bucket, prefix } = parsed(path);
  const { accessId: SecretId, accessKey: SecretKey } = authorization;
  const client = new Cos({
    SecretId,
    SecretKey,
    Protocol: 'http:',
    Domain: `{Bucket}.${host}`,
    Ip: host,
    UploadCheckContentMd5: true,
  });
  const named = { Bucket: `${bucket}-${options['appid']}`, Region: 'ap-guangzhou', Key: `${prefix}${key}` };
  const begunMs = performance.now();
  const { UploadId } = await client.multipartInit(named);
  const Parts = await inFlight(sizeBytes / part.length, async (PartNumber) => {
    const sent = { ...named, UploadId, PartNumber, Body: part, ContentLength: part.length };
    const { ETag } = await client.multipartUpload(sent);
    return { PartNumber, ETag };
  });
  await client.multipartComplete({ ...named, UploadId, Parts });
  return (performance.now() - begunMs) / 1000;
}

function parsed(path: string): { readonly bucket: string; readonly prefix: string } {
  const [bucket = '', ...rest] = path.slice(path.indexOf('://') + 3).split('/');
  return { bucket, prefix: rest.length === 0 ? '' : `${rest.join('/')}/` };
}

async function inFlight<T>(count: number, upload: (partNo: number) => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  let next = 1;
  const lane = async () => {
    for (let partNo = next++; partNo <= count; partNo = next++) done[partNo - 1] = await upload(partNo);
  };
  await Promise.all(Array.from({ length: partsInFlight }, lane));
  return done;
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}
