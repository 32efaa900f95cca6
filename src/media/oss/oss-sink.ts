import { MediumError, type ObjectSink } from '../medium.ts';
import { PartBuffer } from '../part-buffer.ts';
import type { OssClient } from './oss-client.ts';
import { partBytes, partsHeld, partsInFlight, partsMax } from './oss-limits.ts';
import { type Authorship, authorship, createOnly, putObject } from './oss-objects.ts';
import { beginUpload, completeUpload, discardUpload, sendPart, sumOf, type UploadedPart } from './oss-upload.ts';

/** A large object as an upload of parts that begins with the first full one; a smaller object is one PUT. */
export class OssSink implements ObjectSink {
  readonly #client: OssClient;
  readonly #key: string;
  readonly #signal: AbortSignal | undefined;
  readonly #author: Authorship = authorship();
  readonly #parts: PartBuffer<UploadedPart>;
  #upload: Promise<string> | null = null;
  #ended = false;

  constructor(client: OssClient, key: string, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#key = key;
    this.#signal = signal;
    this.#parts = new PartBuffer({
      key,
      partBytes,
      partsMax,
      partsInFlight,
      partsHeld,
      signal,
      upload: async (partNo, bytes, ends) => sendPart(client, key, await this.#begun(ends), partNo, bytes, ends),
    });
  }

  async writeAt(offset: number, bytes: Uint8Array): Promise<void> {
    await this.#parts.writeAt(offset, bytes);
    // Whoever filled the first part stays until there is an upload; that it failed is said by its parts.
    if (this.#upload) await orGone(this.#key, this.#upload.then(noop, noop), this.#signal);
  }

  async publish(sizeBytes: number): Promise<void> {
    if (this.#ended) throw new Error(`${this.#key} was already ended`);
    try {
      await this.#publish(sizeBytes);
      this.#ended = true;
    } catch (error) {
      // Nothing of it will be seen; what failed by something that passes may be tried again.
      if (!(error instanceof MediumError && error.retryable)) await this.abort().catch(() => undefined);
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    await this.#parts.abort();
    const upload = await this.#upload?.catch(() => null);
    if (upload) await discardUpload(this.#client, this.#key, upload);
    this.#ended = true;
  }

  async #publish(sizeBytes: number): Promise<void> {
    const finished = await this.#parts.finish(sizeBytes);
    const [client, key, signal] = [this.#client, this.#key, this.#signal];
    if (finished.whole) return putObject(client, key, finished.whole, 'create', this.#author, signal);
    const uploadId = await this.#begun(signal);
    await createOnly(client, key, sumOf(finished.parts), this.#author, signal, (forbid) =>
      completeUpload(client, key, uploadId, finished.parts, forbid, signal),
    );
  }

  /** Not ended by the signal, but left behind: an upload whose number nobody heard could not be discarded. */
  #begun(signal: AbortSignal | undefined): Promise<string> {
    if (this.#upload === null) {
      const begun = beginUpload(this.#client, this.#key, this.#author.headers);
      this.#upload = begun;
      begun.catch(() => {
        if (this.#upload === begun) this.#upload = null;
      });
    }
    return orGone(this.#key, this.#upload, signal);
  }
}

function noop(): void {}

/** Waits for the work until the signal comes; the work goes on. */
function orGone<T>(key: string, work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new MediumError('cancelled', key, 'the caller gave up', signal?.reason));
    if (signal?.aborted) return gone();
    signal?.addEventListener('abort', gone, { once: true });
    work.then(resolve, reject).finally(() => signal?.removeEventListener('abort', gone));
  });
}
