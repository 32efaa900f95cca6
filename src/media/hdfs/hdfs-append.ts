import { Mutex } from '../../base/mutex.ts';
import { type AppendSink, MediumError } from '../medium.ts';
import type { HdfsClient } from './hdfs-client.ts';
import { isInDoubt } from './hdfs-errors.ts';
import { HdfsFiles } from './hdfs-files.ts';

/** A file that grows by APPEND. An append that broke may have left any beginning of its bytes: it is cut off again. */
export class HdfsAppendSink implements AppendSink {
  readonly #files: HdfsFiles;
  readonly #path: string;
  readonly #turn = new Mutex();
  #sizeBytes: number;
  /** Bytes of an append of which nobody knows how far it came. */
  #doubt: Buffer | null = null;

  constructor(files: HdfsFiles, sizeBytes: number) {
    this.#files = files;
    this.#path = files.client.at(files.key);
    this.#sizeBytes = sizeBytes;
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
    if (this.#doubt) {
      if (await this.#settle(bytes)) return;
    } else if ((await this.#files.file(this.#path)).length !== this.#sizeBytes) throw this.#foreign();
    try {
      await this.#files.append(this.#path, bytes);
      this.#sizeBytes += bytes.length;
    } catch (error) {
      if (!isInDoubt(error)) throw error;
      this.#doubt = Buffer.from(bytes);
      // Asked at once: whoever goes away after this error leaves nothing unconfirmed behind.
      if (!(await this.#settle(bytes).catch(() => false))) throw error;
    }
  }

  /** Finds out about the append in doubt and takes it back, unless it was done and is the one that is asked for again: true. */
  async #settle(bytes: Uint8Array): Promise<boolean> {
    const doubt = this.#doubt;
    if (!doubt) return false;
    const { length } = await this.#files.file(this.#path);
    const extra = length - this.#sizeBytes;
    if (extra !== 0) {
      if (extra < 0 || extra > doubt.length) throw this.#foreign();
      const tail = await this.#files.read(this.#path, this.#sizeBytes, extra);
      if (!tail.equals(doubt.subarray(0, extra))) throw this.#foreign();
      if (extra === doubt.length && doubt.equals(bytes)) {
        this.#doubt = null;
        this.#sizeBytes = length;
        return true;
      }
      await this.#files.truncate(this.#path, this.#sizeBytes);
    }
    this.#doubt = null;
    return false;
  }

  #foreign(): MediumError {
    return new MediumError('checksum', this.#files.key, `does not end at ${this.#sizeBytes}, as was confirmed`);
  }
}

/** Opens the file at its confirmed end, makes it when it is missing; what stands behind is cut off. */
export async function openHdfsAppend(
  client: HdfsClient,
  key: string,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<AppendSink> {
  const files = new HdfsFiles(client, key, signal);
  const path = client.at(key);
  const found = await files.status(path);
  const length = found?.length ?? 0;
  if (found && found.type !== 'FILE') throw new MediumError('alreadyExists', key, 'a directory has this name');
  if (length < sizeBytes)
    throw new MediumError('checksum', key, `has ${length} bytes, ${sizeBytes} had been confirmed`);
  if (found === null) await files.createNew(path);
  else if (length > sizeBytes) await files.truncate(path, sizeBytes);
  return new HdfsAppendSink(files, sizeBytes);
}
