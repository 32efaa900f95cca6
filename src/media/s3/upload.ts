import type { CompletedPart } from '@aws-sdk/client-s3';
import { MediumError, type ObjectSink } from '../medium.ts';
import { orCancelled } from '../or-cancelled.ts';
import { PartBuffer } from '../part-buffer.ts';
import type { S3Connection } from './connection.ts';
import { partBytes, partsHeld, partsInFlight, partsMax } from './limits.ts';
import { checkGenuine, digestsOf, headObject, newWriteId, putObject, writeIdName } from './objects.ts';

/**
 * A large object: parts go out as they fill, the upload is begun with the first of them and completed by `publish`. An object
 * that never filled a part is put in one request. `publish` may be repeated after an error that may pass.
 */
export function uploadSink(connection: S3Connection, key: string, signal?: AbortSignal): ObjectSink {
  const upload = new Upload(connection, key);
  const buffer = new PartBuffer<CompletedPart>({
    key,
    partBytes,
    partsMax,
    partsInFlight,
    partsHeld,
    signal,
    upload: (partNo, bytes, ended) => upload.part(partNo, bytes, ended),
  });
  let state: 'open' | 'published' | 'aborted' = 'open';
  const abort = async () => {
    if (state === 'published') return;
    state = 'aborted';
    await buffer.abort();
    await upload.abort();
  };
  return {
    async writeAt(offset, bytes) {
      // It will not be one part: a refusal shows before megabytes were taken.
      if (offset + bytes.length > partBytes && state === 'open') await upload.begin(signal);
      await buffer.writeAt(offset, bytes);
    },
    async publish(sizeBytes) {
      if (state !== 'open') throw new Error(`${key} was already ended`);
      try {
        const { whole, parts } = await buffer.finish(sizeBytes);
        if (whole) await putObject(connection, key, whole, 'create', signal);
        else await upload.complete(parts, signal);
      } catch (error) {
        const final = error instanceof MediumError && (error.kind === 'checksum' || error.kind === 'alreadyExists');
        if (final) await abort().catch(() => undefined);
        throw error;
      }
      state = 'published';
      await buffer.abort();
    },
    abort,
  };
}

/** One multipart upload, begun when its first part is there. */
class Upload {
  readonly #connection: S3Connection;
  readonly #key: string;
  readonly #writeId = newWriteId();
  #begun: Promise<string> | null = null;
  #completed = false;

  constructor(connection: S3Connection, key: string) {
    this.#connection = connection;
    this.#key = key;
  }

  get #at() {
    return { Bucket: this.#connection.address.bucket, Key: this.#connection.at(this.#key) };
  }

  async part(partNo: number, bytes: Uint8Array, signal: AbortSignal): Promise<CompletedPart> {
    const uploadId = await this.begin(signal);
    const digests = digestsOf(this.#connection, bytes);
    const answer = await this.#connection.call('UploadPart', this.#key, signal, (s3, options) =>
      s3.uploadPart(
        {
          ...this.#at,
          UploadId: uploadId,
          PartNumber: partNo,
          Body: bytes,
          ContentLength: bytes.length,
          ...digests,
        },
        options,
      ),
    );
    checkGenuine(this.#key, answer.ETag);
    const crc = digests.ChecksumCRC32;
    return { PartNumber: partNo, ETag: answer.ETag, ...(crc === undefined ? {} : { ChecksumCRC32: crc }) };
  }

  /**
   * Makes the object of the parts. A taken name is `alreadyExists`, unless an earlier try, or the same request arriving twice, took
   * it. Stores that do not look at the condition are asked before: a racer in between is not seen there.
   */
  async complete(parts: readonly CompletedPart[], signal?: AbortSignal): Promise<void> {
    const found = await headObject(this.#connection, this.#key, signal);
    if (found === null) {
      const uploadId = await this.begin(signal);
      try {
        const answer = await this.#connection.call('CompleteMultipartUpload', this.#key, signal, (s3, options) =>
          s3.completeMultipartUpload(
            { ...this.#at, UploadId: uploadId, IfNoneMatch: '*', MultipartUpload: { Parts: [...parts] } },
            options,
          ),
        );
        checkGenuine(this.#key, answer.ETag);
      } catch (error) {
        // 412, or the upload is gone: it may have been completed by us without our knowing.
        const known = error instanceof MediumError && (error.kind === 'alreadyExists' || error.kind === 'notFound');
        if (!known || !(await this.#isOurs(signal))) throw error;
      }
    } else if (found.writeId !== this.#writeId) {
      throw new MediumError('alreadyExists', this.#key, 'the name is taken');
    }
    this.#completed = true;
  }

  /** Takes the parts away; an upload that is gone already is success. */
  async abort(): Promise<void> {
    const uploadId = await this.#begun?.catch(() => null);
    if (uploadId === undefined || uploadId === null || this.#completed) return;
    try {
      await this.#connection.call('AbortMultipartUpload', this.#key, undefined, (s3, options) =>
        s3.abortMultipartUpload({ ...this.#at, UploadId: uploadId }, options),
      );
    } catch (error) {
      if (!(error instanceof MediumError && error.kind === 'notFound')) throw error;
    }
    this.#begun = null;
  }

  /**
   * The upload's id. The signal ends the wait only: an upload whose id nobody learned could not be aborted.
   */
  async begin(signal: AbortSignal | undefined): Promise<string> {
    this.#begun ??= this.#begin().catch((error: unknown) => {
      this.#begun = null;
      throw error;
    });
    return orCancelled(this.#begun, this.#key, signal);
  }

  async #begin(): Promise<string> {
    const crc = this.#connection.address.checksum === 'crc32';
    const { UploadId } = await this.#connection.call('CreateMultipartUpload', this.#key, undefined, (s3, options) =>
      s3.createMultipartUpload(
        {
          ...this.#at,
          Metadata: { [writeIdName]: this.#writeId },
          ...(crc ? { ChecksumAlgorithm: 'CRC32', ChecksumType: 'COMPOSITE' } : {}),
        },
        options,
      ),
    );
    checkGenuine(this.#key, UploadId);
    return UploadId;
  }

  async #isOurs(signal?: AbortSignal): Promise<boolean> {
    return (await headObject(this.#connection, this.#key, signal))?.writeId === this.#writeId;
  }
}
