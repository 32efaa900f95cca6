import { MediumError, type ObjectSink } from '../medium.ts';
import { PartBuffer } from '../part-buffer.ts';
import type { HdfsClient } from './hdfs-client.ts';
import { isInDoubt, isKind } from './hdfs-errors.ts';
import { HdfsFiles } from './hdfs-files.ts';
import { joinedParts, partBytes, partsHeld, partsInFlight, partsMax } from './hdfs-limits.ts';
import { discard, publishFile, putBytes, tempPath } from './hdfs-publish.ts';

/**
 * A large object. HDFS writes a file from front to back only, so each part becomes a file of its own in a temporary directory;
 * in the end CONCAT makes them one, without moving a byte, and RENAME gives it its name. A file system that refuses CONCAT gets the
 * parts appended to the first one.
 */
export class HdfsSink implements ObjectSink {
  readonly #client: HdfsClient;
  readonly #key: string;
  readonly #files: HdfsFiles;
  readonly #directory: string;
  readonly #buffer: PartBuffer<number>;
  /** Parts that are in the first one already. */
  #joined = 1;
  #begun: Promise<void> | null = null;
  #concats = true;
  #ended = false;

  constructor(client: HdfsClient, key: string, signal?: AbortSignal) {
    this.#client = client;
    this.#key = key;
    this.#files = new HdfsFiles(client, key, signal);
    this.#directory = tempPath(client, key);
    const upload = async (no: number, bytes: Uint8Array, s: AbortSignal) => {
      await this.#begin();
      await new HdfsFiles(client, key, s).create(this.#partPath(no), bytes);
      return bytes.length;
    };
    this.#buffer = new PartBuffer({ key, partBytes, partsMax, partsInFlight, partsHeld, upload, signal });
  }

  async writeAt(offset: number, bytes: Uint8Array): Promise<void> {
    await this.#buffer.writeAt(offset, bytes);
    // Its error comes with that of the part which began it.
    await this.#begun?.catch(() => undefined);
  }

  /** May be repeated after an error that is worth it; any other ends the object and leaves nothing behind. */
  async publish(sizeBytes: number): Promise<void> {
    if (this.#ended) throw new Error(`${this.#key} was already ended`);
    try {
      const finished = await this.#buffer.finish(sizeBytes);
      if (finished.whole) await putBytes(this.#client, this.#key, finished.whole, 'create', this.#files.signal);
      else await this.#publishParts(finished.parts, sizeBytes);
      await this.abort();
    } catch (error) {
      if (!(error instanceof MediumError) || !error.retryable) await this.abort();
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const { started } = this.#buffer;
    await this.#buffer.abort();
    if (started) await discard(this.#client, this.#key, this.#directory);
  }

  async #publishParts(lengths: readonly number[], sizeBytes: number): Promise<void> {
    while (this.#joined < lengths.length) {
      const until = Math.min(lengths.length, this.#joined + joinedParts);
      try {
        if (this.#concats) await this.#join(lengths, until);
        else await this.#carryOver(lengths);
      } catch (error) {
        if (!this.#concats || !isKind(error, 'unsupported')) throw error;
        this.#concats = false;
      }
    }
    await publishFile(this.#files, this.#partPath(1), sizeBytes, 'create');
  }

  /** Makes the parts up to `until` one with those before, in one request. */
  async #join(lengths: readonly number[], until: number): Promise<void> {
    const sources = Array.from({ length: until - this.#joined }, (_, i) => this.#partPath(this.#joined + i + 1));
    try {
      await this.#files.join(this.#partPath(1), sources);
    } catch (error) {
      const done = async () => (await this.#files.file(this.#partPath(1))).length === sumOf(lengths, until);
      // Sources that are missing may have been joined by an attempt whose answer was lost. An end of the object would take the
      // joined ones away: when that cannot be found out now, the error is one that passes.
      const known = isKind(error, 'notFound') ? await done() : isInDoubt(error) && (await done().catch(() => false));
      if (!known) throw error;
    }
    this.#joined = until;
  }

  /** Where files cannot be joined (encryption zones, some releases): fetches the next part and appends it. */
  async #carryOver(lengths: readonly number[]): Promise<void> {
    const whole = this.#partPath(1);
    const before = sumOf(lengths, this.#joined);
    const { length } = await this.#files.file(whole);
    // An attempt that broke may have left a beginning of the part, or all of it.
    if (length > before) await this.#files.truncate(whole, before);
    const part = this.#partPath(this.#joined + 1);
    await this.#files.append(whole, await this.#files.read(part, 0, lengths[this.#joined] ?? 0));
    this.#joined += 1;
    await this.#files.remove(part, false);
  }

  #begin(): Promise<void> {
    this.#begun ??= this.#files.makeDirectory(this.#directory).catch((error: unknown) => {
      this.#begun = null;
      throw error;
    });
    return this.#begun;
  }

  #partPath(no: number): string {
    return `${this.#directory}/part.${no}`;
  }
}

function sumOf(lengths: readonly number[], until: number): number {
  return lengths.slice(0, until).reduce((sum, length) => sum + length, 0);
}
