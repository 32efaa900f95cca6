import { MediumError } from '../medium.ts';
import type { HdfsClient } from './hdfs-client.ts';
import { isKind } from './hdfs-errors.ts';
import type { HttpReply } from './hdfs-http.ts';

/** What the file system says about a file or directory. */
export interface FileStatus {
  /** The name within the listed directory, `''` for what was asked for itself. */
  readonly pathSuffix: string;
  readonly type: 'FILE' | 'DIRECTORY' | 'SYMLINK';
  readonly length: number;
  readonly modificationTime: number;
}

interface Listed {
  readonly FileStatuses: { readonly FileStatus: readonly FileStatus[] };
}

interface Batch {
  readonly partialListing: Listed;
  readonly remainingEntries: number;
}

/** One call each, on absolute paths. `key` is what errors name. */
export class HdfsFiles {
  readonly client: HdfsClient;
  readonly key: string;
  readonly signal: AbortSignal | undefined;

  constructor(client: HdfsClient, key: string, signal?: AbortSignal) {
    this.client = client;
    this.key = key;
    this.signal = signal;
  }

  /** Null when there is nothing under the path. */
  async status(path: string): Promise<FileStatus | null> {
    try {
      const reply = await this.#ask({ path, op: 'GETFILESTATUS', method: 'GET', repeatable: true });
      return this.#read<{ FileStatus: FileStatus }>(reply).FileStatus;
    } catch (error) {
      if (isKind(error, 'notFound') || isKind(error, 'notDirectory')) return null;
      throw error;
    }
  }

  /** The file's status; `notFound` when there is no file. */
  async file(path: string): Promise<FileStatus> {
    const found = await this.status(path);
    if (found?.type !== 'FILE') throw new MediumError('notFound', this.key, 'there is no such file');
    return found;
  }

  /** Writes a file that nobody looks for; one of that name is replaced. Parents are made. */
  async create(path: string, body: Uint8Array): Promise<void> {
    await this.#ask({ path, op: 'CREATE', method: 'PUT', parameters: { overwrite: 'true' }, body, repeatable: true });
  }

  /** Makes an empty file; `alreadyExists` when there is one. */
  async createNew(path: string): Promise<void> {
    const body = new Uint8Array(0);
    await this.#ask({ path, op: 'CREATE', method: 'PUT', parameters: { overwrite: 'false' }, body });
  }

  async append(path: string, body: Uint8Array): Promise<void> {
    await this.#ask({ path, op: 'APPEND', method: 'POST', body });
  }

  /** Cuts the file. The file system may need a while until it can be appended to again. */
  async truncate(path: string, sizeBytes: number): Promise<void> {
    await this.#ask({ path, op: 'TRUNCATE', method: 'POST', parameters: { newlength: String(sizeBytes) } });
  }

  /** Exactly `length` bytes at `offset`, which must be there. */
  async read(path: string, offset: number, length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0);
    const parameters = { offset: String(offset), length: String(length) };
    const reply = await this.#ask({
      path,
      op: 'OPEN',
      method: 'GET',
      parameters,
      bytesMax: length,
      repeatable: true,
    });
    if (reply.body.length === length) return reply.body;
    throw new MediumError('checksum', this.key, `${reply.body.length} bytes came instead of ${length}`);
  }

  /** Moves a file to a name that is not taken; false when it is, or when the file is gone. */
  async rename(path: string, destination: string): Promise<boolean> {
    const reply = await this.#ask({ path, op: 'RENAME', method: 'PUT', parameters: { destination } });
    return this.#read<{ boolean: boolean }>(reply).boolean;
  }

  /** Moves a file to a name in place of what has it. Not on HttpFS. */
  async replace(path: string, destination: string): Promise<void> {
    const parameters = { destination, renameoptions: 'OVERWRITE' };
    await this.#ask({ path, op: 'RENAME', method: 'PUT', parameters });
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#ask({ path, op: 'MKDIRS', method: 'PUT', repeatable: true });
  }

  /** Appends whole files to one of the same directory; they are gone then. */
  async join(path: string, sources: readonly string[]): Promise<void> {
    await this.#ask({ path, op: 'CONCAT', method: 'POST', parameters: { sources: sources.join(',') } });
  }

  /** False when there was nothing. */
  async remove(path: string, recursive: boolean): Promise<boolean> {
    const parameters = { recursive: String(recursive) };
    const reply = await this.#ask({ path, op: 'DELETE', method: 'DELETE', parameters, repeatable: true });
    return this.#read<{ boolean: boolean }>(reply).boolean;
  }

  /** A page of a directory, from behind a name on. `notFound` without the directory. */
  async page(
    path: string,
    startAfter: string,
  ): Promise<{ readonly entries: readonly FileStatus[]; readonly more: boolean }> {
    const parameters = startAfter === '' ? {} : { startAfter };
    try {
      const reply = await this.#ask({ path, op: 'LISTSTATUS_BATCH', method: 'GET', parameters, repeatable: true });
      const { partialListing, remainingEntries } = this.#read<{ DirectoryListing: Batch }>(reply).DirectoryListing;
      return { entries: partialListing.FileStatuses.FileStatus, more: remainingEntries > 0 };
    } catch (error) {
      if (!isKind(error, 'unsupported')) throw error;
    }
    // Releases before 3.0 give a directory at once only.
    const reply = await this.#ask({ path, op: 'LISTSTATUS', method: 'GET', repeatable: true });
    return { entries: this.#read<Listed>(reply).FileStatuses.FileStatus, more: false };
  }

  /** Bytes free in the file system, null for releases that do not tell. */
  async freeBytes(path: string): Promise<bigint | null> {
    try {
      const reply = await this.#ask({ path, op: 'GETSTATUS', method: 'GET', repeatable: true });
      return BigInt(this.#read<{ FsStatus: { remaining: number } }>(reply).FsStatus.remaining);
    } catch (error) {
      if (isKind(error, 'unsupported') || isKind(error, 'notFound')) return null;
      throw error;
    }
  }

  /** The server's clock, NaN when it does not tell. */
  async dateMs(): Promise<number> {
    const reply = await this.#ask({ path: '/', op: 'GETFILESTATUS', method: 'GET', repeatable: true });
    return Date.parse(reply.headers.date ?? '');
  }

  #ask(ask: Omit<Parameters<HdfsClient['ask']>[0], 'key' | 'signal'>): Promise<HttpReply> {
    return this.client.ask({ ...ask, key: this.key, signal: this.signal });
  }

  #read<T>(reply: HttpReply): T {
    try {
      return JSON.parse(reply.body.toString('utf8')) as T;
    } catch {
      throw new MediumError('io', this.key, 'the answer of the NameNode is no JSON');
    }
  }
}
