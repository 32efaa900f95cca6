import type COS from 'cos-nodejs-sdk-v5';
import { Mutex } from '../../base/mutex.ts';
import { crc64, joinCrc64 } from '../crc64.ts';
import { type AppendSink, MediumError } from '../medium.ts';
import { bufferOf, type CosBucket, type CosClient, contentMd5, headerOf } from './cos-client.ts';
import { isInDoubt } from './cos-errors.ts';
import { completeIdleMs, copyMinBytes } from './cos-limits.ts';
import { deleteObject, putObject } from './cos-put.ts';
import { type CosHead, checkSum, headObject, readObject } from './cos-read.ts';
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
  /** Check sum of what was confirmed, `''` while it is not known. */
  #sum: string;
  /** Bytes of an append of which nobody knows whether it was done. */
  #doubt: { readonly length: number; readonly sum: string } | null = null;

  constructor(client: CosClient, key: string, start: Standing, signal?: AbortSignal) {
    this.#client = client;
    this.#key = key;
    this.#native = start.native;
    this.#sizeBytes = start.sizeBytes;
    this.#sum = start.sum;
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
    const expected = this.#grown(mine);
    try {
      const sum = await (this.#native ? this.#appendNatively(bytes) : this.#appendByReplacing(bytes));
      if (expected !== '') checkSum(this.#key, expected, sum);
      this.#sum = sum;
      this.#sizeBytes += bytes.length;
    } catch (error) {
      if (error instanceof MediumError && error.kind === 'checksum') return this.#landed(expected, mine.length, error);
      if (!isInDoubt(error)) throw error;
      this.#doubt = mine;
      // Asked at once: whoever goes away after this error leaves nothing unconfirmed behind that was there.
      if (!(await this.#settle(mine).catch(() => false))) throw error;
    }
  }

  /** The position was not the end any more: the request may have come twice, or that of an earlier attempt came late. */
  async #landed(sum: string, length: number, error: MediumError): Promise<void> {
    const found = await headObject(this.#client, this.#key, this.#signal);
    if (sum === '' || found?.sizeBytes !== this.#sizeBytes + length || found.crc64 !== sum) throw error;
    this.#sizeBytes = found.sizeBytes;
    this.#sum = sum;
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
        this.#sum = found?.crc64 ?? '';
        return true;
      }
      const standing = await cutObject(this.#client, this.#key, found, this.#sizeBytes, this.#signal);
      this.#native = standing.native;
    }
    this.#doubt = null;
    return false;
  }

  #tail(length: number): Promise<Uint8Array> {
    return readObject(this.#client, this.#key, this.#sizeBytes, length, this.#signal);
  }

  /** Check sum of the object with an append behind it. */
  #grown({ length, sum }: { readonly length: number; readonly sum: string }): string {
    if (this.#sum === '') return '';
    return joinCrc64([
      { crc64: this.#sum, sizeBytes: this.#sizeBytes },
      { crc64: sum, sizeBytes: length },
    ]);
  }

  async #appendNatively(bytes: Uint8Array): Promise<string> {
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
    return headerOf(reply, 'x-cos-hash-crc64ecma');
  }

  async #appendByReplacing(bytes: Uint8Array): Promise<string> {
    const found = await headObject(this.#client, this.#key, this.#signal);
    if (found?.sizeBytes !== this.#sizeBytes)
      throw new MediumError('checksum', this.#key, `has ${found?.sizeBytes} bytes, ${this.#sizeBytes} were confirmed`);
    if (this.#sizeBytes >= copyMinBytes)
      return replaceByCopy(
        this.#client,
        this.#key,
        { etag: found.etag, sizeBytes: this.#sizeBytes },
        bytes,
        this.#signal,
      );
    this.#client.oweAgain(this.#sizeBytes);
    const whole = Buffer.concat([await readObject(this.#client, this.#key, 0, this.#sizeBytes, this.#signal), bytes]);
    await putObject(this.#client, this.#key, whole, 'replace', this.#signal);
    return crc64(whole);
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
  const start =
    found !== null && found.sizeBytes === sizeBytes && sizeBytes > 0
      ? { native: found.appendable, sizeBytes, sum: found.crc64 }
      : await cutObject(client, key, found, sizeBytes, signal);
  return new CosAppendSink(client, key, start, signal);
}

/** What stands under the key and is confirmed. */
interface Standing {
  /** The service can append to it. */
  readonly native: boolean;
  readonly sizeBytes: number;
  readonly sum: string;
}

/** Leaves the first `sizeBytes`. */
async function cutObject(
  client: CosClient,
  key: string,
  found: CosHead | null,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<Standing> {
  if (found !== null && sizeBytes > 0) {
    const sum = await replaceByCopy(client, key, { etag: found.etag, sizeBytes }, null, signal);
    return { native: false, sizeBytes, sum };
  }
  // Nothing of it was ever confirmed; the object comes with its first bytes.
  if (found !== null) await deleteObject(client, key, signal);
  return { native: true, sizeBytes: 0, sum: '0' };
}

/** Replaces the object by its beginning and what follows, in one step and without fetching it; its check sum then. */
async function replaceByCopy(
  client: CosClient,
  key: string,
  kept: { readonly etag: string; readonly sizeBytes: number },
  bytes: Uint8Array | null,
  signal?: AbortSignal,
): Promise<string> {
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
        CopySourceRange: `bytes=0-${kept.sizeBytes - 1}`,
        CopySourceIfMatch: kept.etag,
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
    const reply = await client.call(key, signal, complete, { idleMs: completeIdleMs });
    return headerOf(reply, 'x-cos-hash-crc64ecma');
  } catch (error) {
    // Stays for the sweeper when it cannot be taken back now.
    await client
      .call(key, undefined, (cos, bucket) => cos.multipartAbort({ ...bucket, Key, UploadId }))
      .catch(() => undefined);
    throw error;
  }
}
