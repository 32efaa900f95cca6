import { crc64 } from '../crc64.ts';
import { MediumError } from '../medium.ts';
import { bufferOf, type CosClient, contentMd5, headerOf } from './cos-client.ts';
import { isInDoubt } from './cos-errors.ts';
import { checkSum, headObject } from './cos-read.ts';
import { checkFree, keepOldestVersion } from './cos-versions.ts';

/** On the call that begins an upload and on the one that ends it; each alone does nothing. */
export const forbidOverwrite = { 'x-cos-forbid-overwrite': 'true' } as const;

/** Publishes bytes in one request. */
export async function putObject(
  client: CosClient,
  key: string,
  bytes: Uint8Array,
  mode: 'create' | 'replace',
  signal?: AbortSignal,
): Promise<void> {
  const sum = await crc64(bytes);
  if (mode === 'create') await checkFree(client, key, signal);
  try {
    const reply = await client.call(key, signal, (cos, bucket) =>
      cos.putObject({
        ...bucket,
        Key: client.at(key),
        Body: bufferOf(bytes),
        ContentLength: bytes.length,
        Headers: { 'Content-MD5': contentMd5(bytes), ...(mode === 'create' ? forbidOverwrite : {}) },
        ...skipQueue,
      }),
    );
    checkSum(key, sum, headerOf(reply, 'x-cos-hash-crc64ecma'));
    if (mode === 'create') await keepOldestVersion(client, key, headerOf(reply, 'x-cos-version-id'), signal);
  } catch (error) {
    if (mode === 'replace' || !isInDoubt(error) || !(await standsAs(client, key, bytes.length, sum, signal)))
      throw error;
  }
}

/** The SDK queues uploads and tells listeners about them; this one goes out at once. */
const skipQueue: object = { SkipTask: true };

/** Removes one object; a missing one is success. */
export async function deleteObject(client: CosClient, key: string, signal?: AbortSignal): Promise<void> {
  const reply = await client.call(key, signal, (cos, bucket) => cos.deleteObject({ ...bucket, Key: client.at(key) }));
  // The SDK makes a success of it when the bucket is missing.
  if ('BucketNotFound' in reply)
    throw new MediumError('noContainer', key, `${client.place.host}: there is no such bucket`);
}

/** Whether a create that was not answered was done all the same. False as well when that cannot be found out. */
export async function standsAs(
  client: CosClient,
  key: string,
  sizeBytes: number,
  sum: string,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    const found = await headObject(client, key, signal);
    return found !== null && found.sizeBytes === sizeBytes && found.crc64 === sum;
  } catch {
    return false;
  }
}
