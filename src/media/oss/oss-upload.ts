import { crc64, joinCrc64 } from '../crc64.ts';
import { MediumError } from '../medium.ts';
import type { OssClient } from './oss-client.ts';
import { isRefusal } from './oss-errors.ts';
import { completeIdleMs } from './oss-limits.ts';
import { checkSum } from './oss-objects.ts';

/** A part that is there. */
export interface UploadedPart {
  readonly etag: string;
  readonly crc64: string;
  readonly sizeBytes: number;
}

/** Begins an upload of several parts; what it was given becomes the object's own headers. */
export async function beginUpload(
  client: OssClient,
  key: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<string> {
  const reply = await client.call({ method: 'POST', key, subresources: { uploads: '' }, headers }, signal);
  const { UploadId: id } = await client.parse(key, reply.body);
  if (typeof id !== 'string' || id === '')
    throw new MediumError('io', key, `${client.place.host}: the reply names no upload`);
  return id;
}

/** Sends one part; the service refuses one that was damaged on its way. */
export async function sendPart(
  client: OssClient,
  key: string,
  uploadId: string,
  partNo: number,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<UploadedPart> {
  const sum = await crc64(bytes);
  const subresources = { partNumber: String(partNo), uploadId };
  const { headers } = await client.call({ method: 'PUT', key, subresources, content: bytes }, signal);
  checkSum(key, sum, headers['x-oss-hash-crc64ecma']);
  if (headers.etag === undefined) throw new MediumError('io', key, `${client.place.host}: the reply names no part`);
  return { etag: headers.etag, crc64: sum, sizeBytes: bytes.length };
}

/** Has the service make a part of the first `sizeBytes` of an object, if it is still the one of `etag`. */
export async function copyPart(
  client: OssClient,
  key: string,
  uploadId: string,
  from: { readonly etag: string; readonly sizeBytes: number },
  signal?: AbortSignal,
): Promise<{ readonly etag: string }> {
  const { bucket, prefix } = client.place;
  const subresources = { partNumber: '1', uploadId };
  const headers = {
    'x-oss-copy-source': `/${bucket}/${encodeURIComponent(`${prefix}${key}`).replaceAll('%2F', '/')}`,
    'x-oss-copy-source-range': `bytes=0-${from.sizeBytes - 1}`,
    'x-oss-copy-source-if-match': from.etag,
  };
  const reply = await client.call({ method: 'PUT', key, subresources, headers, idleMs: completeIdleMs }, signal);
  const { ETag: etag } = await client.parse(key, reply.body);
  if (typeof etag !== 'string') throw new MediumError('io', key, `${client.place.host}: the reply names no part`);
  return { etag };
}

/** Makes the object of its parts, in order; resolves with the headers of the reply. */
export async function completeUpload(
  client: OssClient,
  key: string,
  uploadId: string,
  parts: readonly { readonly etag: string }[],
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const rows = parts.map(({ etag }, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
  const content = Buffer.from(`<CompleteMultipartUpload>${rows.join('')}</CompleteMultipartUpload>`);
  const subresources = { uploadId };
  const reply = await client.call(
    { method: 'POST', key, subresources, content, headers, idleMs: completeIdleMs },
    signal,
  );
  return reply.headers;
}

/** Throws an unfinished upload away; one that is gone is success. */
export async function discardUpload(
  client: OssClient,
  key: string,
  uploadId: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await client.call({ method: 'DELETE', key, subresources: { uploadId } }, signal);
  } catch (error) {
    if (!isRefusal(error, 'NoSuchUpload')) throw error;
  }
}

/** Size and check sum of the object its parts make. */
export function sumOf(parts: readonly UploadedPart[]): { readonly sizeBytes: number; readonly crc64: string } {
  return { sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0), crc64: joinCrc64(parts) };
}
