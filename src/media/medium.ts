/**
 * What every storage medium offers. Keys are relative to the destination's root, `/` between segments, each segment of
 * `[A-Za-z0-9._=@+-]`, at most 255 bytes, no `.` or `..`. Every call obeys the signal; deadlines and retries are
 * wrappers round this interface (`media/wrap`), never inside a medium.
 *
 * Promises: nothing partial is ever visible under its key; a resolved write is durable; `remove` of a missing key is
 * success; a read shorter than asked is an error, never a short buffer.
 */
export interface Medium {
  readonly scheme: Scheme;
  readonly abilities: MediumAbilities;
  /** Publishes a small object (at most `smallObjectBytes`) atomically. `create` fails with `alreadyExists`. */
  putSmall(key: string, bytes: Uint8Array, mode: 'create' | 'replace', signal?: AbortSignal): Promise<void>;
  /** Opens a large object that becomes visible at `publish` only. */
  createObject(key: string, signal?: AbortSignal): Promise<ObjectSink>;
  /**
   * Opens (creates) an object that grows record by record; for archive logs. Bytes before `sizeBytes` are kept at every moment,
   * those behind are dropped. Fewer bytes than `sizeBytes` are `checksum`. To `read`, `head`, `list`, `remove` and `tag` it is one object, whatever it is made of.
   * Bytes from `syncedBytes` on can be read, but the append that wrote them may have failed: where a sync makes bytes durable they
   * are written once more, for a failed sync is told once, and later ones succeed without them. Who asks for it reads them again
   * behind the call: what could be read before it may have been gone by then.
   */
  openAppend(key: string, sizeBytes: number, signal?: AbortSignal, syncedBytes?: number): Promise<AppendSink>;
  /** Reads exactly `length` bytes at `offset`; the whole object when both are left out. */
  read(key: string, offset?: number, length?: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Opens an object for many reads, possibly from other threads. */
  openObject(key: string, signal?: AbortSignal): Promise<ObjectSource>;
  head(key: string, signal?: AbortSignal): Promise<ObjectHead | null>;
  /** Names below `prefix` (a directory, `''` for the root), one level: objects and sub-directories. Temp names hidden. */
  list(prefix: string, signal?: AbortSignal): Promise<readonly ListEntry[]>;
  /** As `list`, page by page in any order, each entry once, for directories of any size. A page may be empty. */
  listPages(prefix: string, signal?: AbortSignal): AsyncIterable<readonly ListEntry[]>;
  remove(keys: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Removes an empty directory where directories exist; success when missing. */
  removeDirectory(prefix: string, signal?: AbortSignal): Promise<void>;
  /** Sets the tags of objects, what `delete_mode=tagging` does instead of removing. A missing key is success; `unsupported` without the ability. */
  tag(keys: readonly string[], tags: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void>;
  /** Tags of an object; empty when it has none, `notFound` when it is missing. */
  tagsOf(key: string, signal?: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /**
   * Removes unpublished temps and unfinished uploads below the root that are older than `olderThanMs`, but those below the directories
   * `kept`; says how many.
   */
  sweep(olderThanMs: number, kept: readonly string[], signal?: AbortSignal): Promise<number>;
  /** What the medium says about itself, each part null where it cannot know. */
  status(signal?: AbortSignal): Promise<MediumStatus>;
  close(): Promise<void>;
}

/** `file`, `oss`, `cos` and `s3` are OceanBase's; the others are ours. */
export type Scheme = 'file' | 'oss' | 'cos' | 's3' | 'sftp' | 'cifs' | 'hdfs';

/** What a kind of medium can do; what it cannot do it refuses with `unsupported`. */
export interface MediumAbilities {
  /** `native`: one object grows. `parts`: the object is a row of numbered parts that reads join (`@APD_PART@`). */
  readonly append: 'native' | 'parts';
  readonly tagging: boolean;
  /** `putSmall` with `replace` never shows a moment without the object. */
  readonly atomicReplace: boolean;
  /** Directories exist by themselves and may be left behind empty. */
  readonly directories: boolean;
}

export interface MediumStatus {
  /** Clock of the server minus ours. */
  readonly clockOffsetMs: number | null;
  readonly freeBytes: bigint | null;
  /** Why two that create one name in the same moment may both be told that they did; left out where one of them is refused. */
  readonly createRace?: string;
}

export interface ObjectHead {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface ListEntry {
  /** The last segment of the name. */
  readonly name: string;
  readonly kind: 'object' | 'directory';
  readonly sizeBytes?: number;
}

/**
 * A large object being written. When `fd` is there, worker threads `pwrite` into it at offsets they reserve themselves;
 * otherwise `writeAt` takes the parts, in any order; the same bytes may come again, because nobody knows what a failed call did.
 * One `publish` or `abort` ends it; a `publish` that failed with a retryable kind may be repeated, `abort` always.
 */
export interface ObjectSink {
  readonly fd?: number;
  /** Cells of the `Pace` that threads using `fd` keep to. */
  readonly pace?: SharedArrayBuffer;
  /** Grows while a call waits for its pace: who waits for that call need not take it for a standstill. */
  readonly paceWaits?: () => number;
  writeAt(offset: number, bytes: Uint8Array): Promise<void>;
  publish(sizeBytes: number): Promise<void>;
  abort(): Promise<void>;
}

/** An object that grows. `append` returns when the bytes are durable; after one that failed the sink is closed and opened anew. */
export interface AppendSink {
  readonly fd?: number;
  readonly sizeBytes: number;
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface ObjectSource {
  readonly sizeBytes: number;
  readonly fd?: number;
  /** Cells of the `ReadTally` in which threads that read from `fd` count what they read. */
  readonly tally?: SharedArrayBuffer;
  /** Cells of the `Pace` that threads using `fd` keep to. */
  readonly pace?: SharedArrayBuffer;
  /** Grows while a call waits for its pace: who waits for that call need not take it for a standstill. */
  readonly paceWaits?: () => number;
  /** The bytes are the caller's alone. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** What went wrong on a medium, a closed list. */
export type MediumErrorKind =
  | 'notFound'
  | 'alreadyExists'
  | 'noContainer'
  | 'denied'
  | 'outOfSpace'
  | 'throttled'
  | 'unavailable'
  | 'timeout'
  | 'network'
  | 'checksum'
  | 'clockSkew'
  /** A store cut into regions was asked in another one than the bucket's. */
  | 'wrongRegion'
  | 'invalidKey'
  | 'notDirectory'
  | 'unsupported'
  | 'cancelled'
  | 'io';

/** The only error a medium throws. `detail` names host, object and reply without secrets. */
export class MediumError extends Error {
  override readonly name = 'MediumError';
  readonly kind: MediumErrorKind;
  readonly key: string;
  /** The message without kind and key. */
  readonly detail: string;
  readonly retryable: boolean;

  constructor(kind: MediumErrorKind, key: string, detail: string, cause?: unknown) {
    const words = kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    super(`${words} at ${key || '(root)'}: ${detail}`, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.key = key;
    this.detail = detail;
    this.retryable =
      kind === 'throttled' || kind === 'unavailable' || kind === 'timeout' || kind === 'network' || kind === 'io';
  }
}
