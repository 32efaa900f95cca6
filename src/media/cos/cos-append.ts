import type COS from 'cos-nodejs-sdk-v5';
import { Mutex } from '../../base/mutex.ts';
import { crc64 } from '../crc64.ts';
import { type AppendSink, MediumError } from '../medium.ts';
import { bufferOf, type CosBucket, type CosClient, contentMd5, headerOf } from './cos-client.ts';
import { isInDoubt } from './cos-errors.ts';
import { completeIdleMs, copyMinBytes } from './cos-limits.ts';
import { type CosHead, deleteObject, headObject, putObject, readObject } from './cos-objects.ts';
import { beginUpload } from './cos-sink.ts';

/**
 * An object that grows. The service appends natively, but only to objects that were made so, and never cuts. An object that has
 * to be cut is replaced by a copy of its beginning, in one step and within the service; what has such a past is then grown by
 * replacing it, with the service copying what stands. So what was confirmed stands at every moment.
 */
export class CosAppendSink implements AppendSink {
  readonly #client: CosClient;
  readonly #key: string;
  readonly #signal: AbortSignal | undefined;
  readonly #turn = new Mutex();
  #native: boolean;
  #sizeBytes: number;
  /** Bytes of an append of which nobody knows whether it was done. */
  #doubt: { readonly length: number; readonly sum: string } | null = null;

  constructor(client: CosClient, key: string, native: boolean, sizeBytes: number, signal?: AbortSignal) {
    this.#client = client;
    this.#key = key;
    this.#native = native;
    this.#sizeBytes = sizeBytes;
    this.#signal = signal;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#turn.run(() => this.#append(bytes));
  }

  close(): Promise<void> {
    return this.#turn.run(() => undefined);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const mine = { length: bytes.length, sum: await crc64(bytes) };
    if (this.#doubt && (await this.#settle(mine))) return;
    try {
      if (this.#native) await this.#appendNatively(bytes);
      else await this.#appendByReplacing(bytes);
      this.#sizeBytes += bytes.length;
    } catch (error) {
      if (!isInDoubt(error)) throw error;
      this.#doubt = mine;
      // Asked at once: whoever goes away after this error leaves nothing unconfirmed behind that was there.
      if (!(await this.#settle(mine).catch(() => false))) throw error;
    }
  }

  /** Finds out about the append in doubt; true when it was done and is the one that is asked for again. */
  async #settle(mine: { readonly length: number; readonly sum: string }): Promise<boolean> {
    const doubt = this.#doubt;
    if (!doubt) return false;
    const found = await headObject(this.#client, this.#key, this.#signal);
    const size = found?.sizeBytes ?? 0;
    if (size !== this.#sizeBytes) {
      const tail = size === this.#sizeBytes + doubt.length ? await this.#tail(doubt.length) : null;
      if (tail === null || (await crc64(tail)) !== doubt.sum)
        throw new MediumError('checksum', this.#key, `has ${size} bytes, ${this.#sizeBytes} were confirmed`);
      if (doubt.length === mine.length && doubt.sum === mine.sum) {
        this.#doubt = null;
        this.#sizeBytes = size;
        return true;
      }
      this.#native = await cutObject(this.#client, this.#key, this.#sizeBytes, this.#signal);
    }
    this.#doubt = null;
    return false;
  }

  #tail(length: number): Promise<Uint8Array> {
    return readObject(this.#client, this.#key, this.#sizeBytes, length, this.#signal);
  }

  async #appendNatively(bytes: Uint8Array): Promise<void> {
    const reply = await this.#client.call(this.#key, this.#signal, (cos, bucket) =>
      cos.appendObject({
        ...bucket,
        Key: this.#client.at(this.#key),
        Body: bufferOf(bytes),
        Position: this.#sizeBytes,
        ContentLength: bytes.length,
        Headers: { 'Content-MD5': contentMd5(bytes) },
      } as Parameters<typeof cos.appendObject>[0]),
    );
    const next = headerOf(reply, 'x-cos-next-append-position');
    if (next !== '' && Number(next) !== this.#sizeBytes + bytes.length)
      throw new MediumError('checksum', this.#key, `the next position is ${next} after ${this.#sizeBytes}`);
  }

  async #appendByReplacing(bytes: Uint8Array): Promise<void> {
    const found = await headObject(this.#client, this.#key, this.#signal);
    if (found?.sizeBytes !== this.#sizeBytes)
      throw new MediumError('checksum', this.#key, `has ${found?.sizeBytes} bytes, ${this.#sizeBytes} were confirmed`);
    if (this.#sizeBytes >= copyMinBytes)
      return replaceByCopy(this.#client, this.#key, this.#sizeBytes, bytes, this.#signal);
    const former = await readObject(this.#client, this.#key, 0, this.#sizeBytes, this.#signal);
    await putObject(this.#client, this.#key, Buffer.concat([former, bytes]), 'replace', this.#signal);
  }
}

/** Opens the object at its confirmed end; what stands behind it is cut off. */
export async function openCosAppend(
  client: CosClient,
  key: string,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<AppendSink> {
  const found = await headObject(client, key, signal);
  const size = found?.sizeBytes ?? 0;
  if (size < sizeBytes) throw new MediumError('checksum', key, `has ${size} bytes, ${sizeBytes} had been confirmed`);
  const native = fits(found, sizeBytes) || (await cutObject(client, key, sizeBytes, signal));
  return new CosAppendSink(client, key, native, sizeBytes, signal);
}

function fits(found: CosHead | null, sizeBytes: number): boolean {
  return found === null || (found.appendable && found.sizeBytes === sizeBytes);
}

/** Leaves the first `sizeBytes`; says whether the object can be appended to natively from now on. */
async function cutObject(client: CosClient, key: string, sizeBytes: number, signal?: AbortSignal): Promise<boolean> {
  if (sizeBytes === 0) {
    await deleteObject(client, key, signal);
    return true;
  }
  await replaceByCopy(client, key, sizeBytes, null, signal);
  return false;
}

/** Replaces the object by its first `sizeBytes` and what follows, in one step and without fetching it. */
async function replaceByCopy(
  client: CosClient,
  key: string,
  sizeBytes: number,
  bytes: Uint8Array | null,
  signal?: AbortSignal,
): Promise<void> {
  const Key = client.at(key);
  const UploadId = await beginUpload(client, key, {}, signal);
  try {
    const copied = await client.call(key, signal, (cos, bucket) =>
      cos.uploadPartCopy({
        ...bucket,
        Key,
        UploadId,
        PartNumber: 1,
        CopySource: `${client.place.bucket}.${client.place.host}/${encodeURIComponent(Key).replaceAll('%2F', '/')}`,
        CopySourceRange: `bytes=0-${sizeBytes - 1}`,
      } as Parameters<typeof cos.uploadPartCopy>[0]),
    );
    const Parts = [{ PartNumber: 1, ETag: copied.ETag }];
    if (bytes !== null) {
      const Body = bufferOf(bytes);
      const sent = await client.call(key, signal, (cos, bucket) =>
        cos.multipartUpload({
          ...bucket,
          Key,
          UploadId,
          PartNumber: 2,
          Body,
          ContentLength: Body.length,
          Headers: { 'Content-MD5': contentMd5(Body) },
        }),
      );
      Parts.push({ PartNumber: 2, ETag: headerOf(sent, 'etag') });
    }
    const complete = (cos: COS, bucket: CosBucket) => cos.multipartComplete({ ...bucket, Key, UploadId, Parts });
    await client.call(key, signal, complete, { idleMs: completeIdleMs });
  } catch (error) {
    // Stays for the sweeper when it cannot be taken back now.
    await client
      .call(key, undefined, (cos, bucket) => cos.multipartAbort({ ...bucket, Key, UploadId }))
      .catch(() => undefined);
    throw error;
  }
}
