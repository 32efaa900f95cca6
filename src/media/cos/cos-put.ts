import { randomUUID } from 'node:crypto';
import { crc64 } from '../crc64.ts';
import { MediumError } from '../medium.ts';
import { bufferOf, type CosClient, contentMd5, headerOf } from './cos-client.ts';
import { isInDoubt } from './cos-errors.ts';
import { checkSum, headObject, writerHeader } from './cos-read.ts';
import { checkFree, keepOldestVersion } from './cos-versions.ts';

/** On the call that begins an upload and on the one that ends it; each alone does nothing. */
export const forbidOverwrite = { 'x-cos-forbid-overwrite': 'true' } as const;

/** Publishes bytes in one request. `writer` is the id of a write of which this is one more attempt. */
export async function putObject(
  client: CosClient,
  key: string,
  bytes: Uint8Array,
  mode: 'create' | 'replace',
  signal?: AbortSignal,
  writer: string = randomUUID(),
): Promise<void> {
  const sum = await crc64(bytes);
  const headers = { 'Content-MD5': contentMd5(bytes), [writerHeader]: writer };
  try {
    if (mode === 'create') await checkFree(client, key, signal);
    const reply = await client.call(key, signal, (cos, bucket) =>
      cos.putObject({
        ...bucket,
        Key: client.at(key),
        Body: bufferOf(bytes),
        ContentLength: bytes.length,
        Headers: { ...headers, ...(mode === 'create' ? forbidOverwrite : {}) },
        ...skipQueue,
      }),
    );
    checkSum(key, sum, headerOf(reply, 'x-cos-hash-crc64ecma'));
    if (mode === 'create') await keepOldestVersion(client, key, headerOf(reply, 'x-cos-version-id'), signal);
  } catch (error) {
    if (mode === 'replace' || !mayBeDone(error) || !(await isWrittenBy(client, key, writer, signal))) throw error;
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

/** True for an error behind which the request may have been carried out, be it by a copy of it that came first. */
export function mayBeDone(error: unknown): boolean {
  if (isInDoubt(error)) return true;
  return error instanceof MediumError && (error.kind === 'alreadyExists' || error.kind === 'notFound');
}

/** Whether what stands under the key is of this write. False as well when that cannot be found out. */
export async function isWrittenBy(
  client: CosClient,
  key: string,
  writer: string,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    return (await headObject(client, key, signal))?.writer === writer;
  } catch {
    return false;
  }
}
