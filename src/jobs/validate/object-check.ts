import { ObError } from '../../base/errors.ts';
import { ThreadFault } from '../../copy/thread-error.ts';
import { isMediumError } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';

/** What is wrong with one object. */
export interface ObjectFinding {
  readonly object: string;
  readonly kind: 'DAMAGED' | 'MISSING' | 'FOREIGN';
  readonly place: string;
  readonly finding: string;
}

/** A kind of small file: throws a coded error for bytes that are none. */
export interface Codec<T> {
  decode(bytes: Uint8Array): T;
}

export interface CheckProgress {
  readonly fileCount: number;
  readonly finishFileCount: number;
  readonly totalBytes: number;
  readonly finishBytes: number;
}

/** Names one listing may bring; a directory with more is not one of ours. */
const maxNames = 1_000_000;

/**
 * The objects of one set, piece or destination while they are checked: which there are, which were looked at, what was found.
 * Faults of the medium other than a missing object are thrown: they prove nothing about the object.
 */
export class ObjectCheck {
  readonly medium: Medium;
  readonly signal: AbortSignal;
  readonly #onProgress: (progress: CheckProgress) => void;
  readonly #sizes = new Map<string, number>();
  readonly #seen = new Set<string>();
  readonly #findings = new Map<string, ObjectFinding>();
  #finishBytes = 0;
  #current = 0;

  constructor(medium: Medium, signal: AbortSignal, onProgress: (progress: CheckProgress) => void) {
    this.medium = medium;
    this.signal = signal;
    this.#onProgress = onProgress;
  }

  /** Notes every object below a directory, deep. */
  async walk(directory: string): Promise<void> {
    for (const entry of (await this.medium.list(directory, this.signal)).slice(0, maxNames)) {
      const key = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.kind === 'directory') await this.walk(key);
      else await this.note(key, entry.sizeBytes);
    }
  }

  /** Notes one object as there. */
  async note(key: string, sizeBytes: number | undefined): Promise<void> {
    const size = sizeBytes ?? (await this.medium.head(key, this.signal))?.sizeBytes;
    if (size !== undefined) this.#sizes.set(key, size);
  }

  /** Keys that are there and match. */
  keys(matches: (key: string) => boolean): readonly string[] {
    return [...this.#sizes.keys()].filter(matches);
  }

  has(key: string): boolean {
    return this.#sizes.has(key);
  }

  sizeOf(key: string): number | null {
    return this.#sizes.get(key) ?? null;
  }

  /** True when nothing is wrong with the object so far. */
  isSound(key: string): boolean {
    const found = this.#findings.get(key);
    return found === undefined || found.kind === 'FOREIGN';
  }

  damaged(object: string, finding: string, place = ''): void {
    this.#add({ object, kind: 'DAMAGED', place, finding });
  }

  missing(object: string, finding = 'the object is not there'): void {
    this.#add({ object, kind: 'MISSING', place: '', finding });
  }

  /** Reads a small file that must be there; null when it is missing or damaged, which is noted. */
  async file<T>(key: string, codec: Codec<T>): Promise<T | null> {
    return this.object(key, async () => codec.decode(await this.medium.read(key, undefined, undefined, this.signal)));
  }

  /** As `file` for one that need not be there. */
  async optional<T>(key: string, codec: Codec<T>): Promise<T | null> {
    return this.has(key) ? this.file(key, codec) : null;
  }

  /** Runs the check of one object; a coded error out of it is a finding, null is returned then. */
  async object<T>(key: string, check: () => Promise<T>): Promise<T | null> {
    this.signal.throwIfAborted();
    this.#seen.add(key);
    try {
      return await check();
    } catch (error) {
      this.signal.throwIfAborted();
      if (isMediumError(error, 'notFound')) this.missing(key);
      else if (isMediumError(error, 'checksum')) this.damaged(key, error.message);
      else if (error instanceof ObError && proves(error)) this.damaged(key, findingOf(error, key));
      else throw error;
      return null;
    } finally {
      this.#finishBytes += this.#sizes.get(key) ?? 0;
      this.#current = 0;
      this.#tell();
    }
  }

  /** Bytes read of the object that is being checked. */
  reading(bytes: number): void {
    this.#current = bytes;
    this.#tell();
  }

  /** Leaves an object to another check. */
  leave(key: string): void {
    this.#sizes.delete(key);
  }

  /** Takes over what was found in a part of the medium whose keys lie below `directory`. */
  adopt(part: ObjectCheck, directory: string): void {
    for (const [key, size] of part.#sizes) {
      this.#sizes.set(`${directory}/${key}`, size);
      this.#seen.add(`${directory}/${key}`);
      this.#finishBytes += size;
    }
    for (const found of part.#findings.values()) this.#add({ ...found, object: `${directory}/${found.object}` });
    this.#tell();
  }

  /** Notes every object that was not looked at as foreign. */
  noteForeign(why: (key: string) => string): void {
    for (const key of this.#sizes.keys()) {
      if (this.#seen.has(key)) continue;
      this.#add({ object: key, kind: 'FOREIGN', place: '', finding: why(key) });
    }
  }

  get findings(): readonly ObjectFinding[] {
    return [...this.#findings.values()];
  }

  get progress(): CheckProgress {
    let totalBytes = 0;
    for (const size of this.#sizes.values()) totalBytes += size;
    return {
      fileCount: this.#sizes.size,
      finishFileCount: [...this.#seen].filter((key) => this.#sizes.has(key)).length,
      totalBytes,
      finishBytes: Math.min(totalBytes, this.#finishBytes + this.#current),
    };
  }

  #add(found: ObjectFinding): void {
    if (this.isSound(found.object)) this.#findings.set(found.object, found);
  }

  #tell(): void {
    this.#onProgress(this.progress);
  }
}

/** Codes that say something about bytes; any other is a fault of the server or an end from outside. */
const telling: ReadonlySet<string> = new Set(['OB_CHECKSUM_ERROR', 'OB_ERR_UNEXPECTED', 'OB_INVALID_ARGUMENT']);

function proves(error: ObError): boolean {
  return telling.has(error.symbol) && !(error instanceof ThreadFault);
}

/** The text of the error without its head and without the object, which has a column of its own. */
function findingOf(error: ObError, key: string): string {
  const text = error.message.replace(/^Data checksum error: /, '').replace(`${key}, `, '');
  return error.symbol === 'OB_INVALID_ARGUMENT' ? 'the file is shorter than its header' : text;
}
