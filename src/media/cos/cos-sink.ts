import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc64, joinCrc64 } from '../crc64.ts';
import { MediumError, type ObjectSink } from '../medium.ts';
import { PartBuffer } from '../part-buffer.ts';
import { bufferOf, type CosClient, contentMd5, headerOf } from './cos-client.ts';
import { completeIdleMs, partBytes, partsHeld, partsInFlight, partsMax } from './cos-limits.ts';
import { deleteObject, forbidOverwrite, isWrittenBy, mayBeDone, putObject } from './cos-put.ts';
import { checkSum, writerHeader } from './cos-read.ts';
import { checkFree, keepOldestVersion } from './cos-versions.ts';

interface UploadedPart {
  readonly ETag: string;
  readonly crc64: string;
  readonly sizeBytes: number;
}

/** A large object as a multipart upload, which begins with the first full part; a smaller one is put at once at the end. */
export class CosSink implements ObjectSink {
  readonly #client: CosClient;
  readonly #key: string;
  readonly #signal: AbortSignal | undefined;
  readonly #buffer: PartBuffer<UploadedPart>;
  #uploadId: Promise<string> | null = null;
  readonly #writer = randomUUID();
  #ended = false;
  #published = false;

  constructor(client: CosClient, key: string, signal?: AbortSignal) {
    this.#client = client;
    this.#key = key;
    this.#signal = signal;
    const upload = (no: number, bytes: Uint8Array, s: AbortSignal) => this.#uploadPart(no, bytes, s);
    this.#buffer = new PartBuffer({ key, partBytes, partsMax, partsInFlight, partsHeld, upload, signal });
  }

  async writeAt(offset: number, bytes: Uint8Array): Promise<void> {
    await this.#buffer.writeAt(offset, bytes);
    // Its error comes with that of the part which began it.
    await this.#uploadId?.catch(() => undefined);
  }

  /** May be repeated after an error that is worth it; any other ends the object and leaves nothing behind. */
  async publish(sizeBytes: number): Promise<void> {
    if (this.#ended) throw new Error(`${this.#key} was already ended`);
    try {
      await this.#publish(sizeBytes);
      this.#ended = true;
      this.#published = true;
      await this.#buffer.abort();
    } catch (error) {
      if (!(error instanceof MediumError) || !error.retryable) await this.abort().catch(() => undefined);
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (this.#published) return;
    this.#ended = true;
    await this.#buffer.abort();
    const id = await this.#uploadId?.catch(() => null);
    if (!id) return;
    try {
      await this.#client.call(this.#key, undefined, (cos, bucket) =>
        cos.multipartAbort({ ...bucket, Key: this.#client.at(this.#key), UploadId: id }),
      );
    } catch (error) {
      if (!(error instanceof MediumError) || error.kind !== 'notFound') throw error;
    }
    this.#uploadId = null;
  }

  async #publish(sizeBytes: number): Promise<void> {
    const finished = await this.#buffer.finish(sizeBytes);
    if (finished.whole) return putObject(this.#client, this.#key, finished.whole, 'create', this.#signal, this.#writer);
    try {
      await this.#complete(finished.parts, joinCrc64(finished.parts));
    } catch (error) {
      if (!mayBeDone(error) || !(await isWrittenBy(this.#client, this.#key, this.#writer, this.#signal))) throw error;
    }
  }

  async #complete(parts: readonly UploadedPart[], sum: string): Promise<void> {
    const UploadId = await this.#uploadId;
    if (UploadId === null) throw new Error('parts without an upload');
    await checkFree(this.#client, this.#key, this.#signal);
    const Parts = parts.map(({ ETag }, i) => ({ PartNumber: i + 1, ETag }));
    const Key = this.#client.at(this.#key);
    const reply = await this.#client.call(
      this.#key,
      this.#signal,
      (cos, bucket) => cos.multipartComplete({ ...bucket, Key, UploadId, Parts, Headers: { ...forbidOverwrite } }),
      { idleMs: completeIdleMs },
    );
    await keepOldestVersion(this.#client, this.#key, headerOf(reply, 'x-cos-version-id'), this.#signal);
    try {
      checkSum(this.#key, sum, headerOf(reply, 'x-cos-hash-crc64ecma'));
    } catch (error) {
      await deleteObject(this.#client, this.#key);
      throw error;
    }
  }

  async #uploadPart(no: number, bytes: Uint8Array, signal: AbortSignal): Promise<UploadedPart> {
    const id = await this.#begin();
    const sum = await crc64(bytes);
    const reply = await this.#client.call(this.#key, signal, (cos, bucket) =>
      cos.multipartUpload({
        ...bucket,
        Key: this.#client.at(this.#key),
        UploadId: id,
        PartNumber: no,
        // As a stream: of a buffer the SDK and its HTTP client would each make a copy.
        Body: Readable.from(bufferOf(bytes)),
        ContentLength: bytes.length,
        Headers: { 'Content-MD5': contentMd5(bytes) },
      }),
    );
    checkSum(this.#key, sum, headerOf(reply, 'x-cos-hash-crc64ecma'));
    return { ETag: headerOf(reply, 'etag'), crc64: sum, sizeBytes: bytes.length };
  }

  /** Not ended with the parts that wait for it: an upload that has begun must be known to be removed again. */
  #begin(): Promise<string> {
    const headers = { ...forbidOverwrite, [writerHeader]: this.#writer };
    this.#uploadId ??= beginUpload(this.#client, this.#key, headers).catch((error: unknown) => {
      this.#uploadId = null;
      throw error;
    });
    return this.#uploadId;
  }
}

/** Begins a multipart upload; what was begun without an answer is left to `sweep`. */
export async function beginUpload(
  client: CosClient,
  key: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<string> {
  const reply = await client.call(key, signal, (cos, bucket) =>
    cos.multipartInit({ ...bucket, Key: client.at(key), Headers: { ...headers } }),
  );
  return reply.UploadId;
}
