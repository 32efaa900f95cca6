import type { ObError } from '../base/errors.ts';
import type { Scn } from '../base/scn.ts';
import type { EngineSession } from './engine-session.ts';
import type { AccountStore } from './tenant-account.ts';

/**
 * What is backed up. One implementation per engine (`embedded`; later `mysql` for attached servers); a shared suite runs
 * over each. All calls are asynchronous: an engine may live in another thread or on another host.
 */
export interface TenantEngines {
  /** Makes an empty tenant; repeating it after a crash is harmless. */
  create(tenantId: number, options: TenantOptions): Promise<void>;
  /** Opens lazily; concurrent calls share one open. */
  open(tenantId: number): Promise<TenantEngine>;
  /** True when `open` would not have to open anything. */
  isOpen(tenantId: number): boolean;
  /** Closes the sessions and removes every file. Success when nothing is there. */
  drop(tenantId: number): Promise<void>;
  /** Opens an empty place to restore into: no SQL until `finish`. */
  beginRestore(tenantId: number): Promise<RestoreTarget>;
  closeAll(): Promise<void>;
}

export interface TenantOptions {
  readonly mode: 'mysql' | 'oracle';
  readonly charset: string;
  readonly collation: string;
  /** Global system variables given at creation, lower-case names. */
  readonly variables: Readonly<Record<string, string>>;
}

/** One that was lost, with the thread or the connection behind it, fails with OB_EAGAIN: it must be opened anew. */
export interface TenantEngine {
  readonly tenantId: number;
  openSession(sessionId: number): Promise<EngineSession>;
  /** The accounts stored in the tenant; they travel with its backups. */
  readonly accounts: AccountStore;
  /** Global system variables stored in the tenant; they travel with its backups. */
  globalVariables(): Promise<Readonly<Record<string, string>>>;
  setGlobalVariable(name: string, value: string): Promise<void>;
  /** Refuses writes with OB_STANDBY_READ_ONLY while true. */
  setReadOnly(readOnly: boolean): Promise<void>;
  /** Names of its databases, in lower case. */
  databases(): Promise<readonly string[]>;
  /** What tables the tenant has. */
  tables(): Promise<readonly TableOutline[]>;
  /**
   * Copies a table of another tenant of these engines: whole, or not at all. Repeating it after a crash with the same
   * `createdUs` is harmless. Errors: 1146 no such source, 1049 no such database, 1050 the name is taken, -4072 cancelled.
   */
  importTable(sourceTenantId: number, wish: TableImport, signal: AbortSignal): Promise<ImportedTable>;
  /**
   * Drops what ended imports left that never gave their table its name, also those of the tenant this one was restored from. Nothing
   * in a read-only tenant. OB_ERR_EXCLUSIVE_LOCK_CONFLICT when the writer is busy for long.
   */
  dropUnnamedTables(): Promise<void>;
  /** Drops foreign keys of a table by their names; what is not there is gone already. Errors as above. */
  dropForeignKeys(table: TablePlace, names: readonly string[]): Promise<void>;
  /** Opens a place to collect commits of another tenant's archive in; only a read-only tenant takes them over. */
  beginRoll(): Promise<RollTarget>;
  /**
   * Freezes the present committed state for copying; writers go on. With `since` the snapshot's reader gives only what changed
   * after that point, if the engine can prove what that is; `incremental` of the snapshot says so.
   */
  pin(since?: ChangePoint | null): Promise<Snapshot>;
  /** Whether a snapshot pinned now could tell what changed since that point. */
  remembers(since: ChangePoint): Promise<boolean>;
  /** Where committed log records are read. */
  log(): Promise<LogSource>;
  /** Folds most of the log while writers go on, so that `recycleLog` has little left to do; false when something is in the way. */
  foldAhead(): Promise<boolean>;
  /**
   * Folds the log into the data file and starts a new log generation. No writer is refused because of it. `seal` is called while
   * writers wait and must confirm every record up to its argument; when it takes long it is not waited for. Null when nobody
   * archives. Resolves false, to be called again later, when something is in the way: a pinned snapshot, an open transaction, a
   * reader, a slow `seal`.
   */
  recycleLog(seal: ((position: LogPosition) => Promise<void>) | null): Promise<boolean>;
  /** Bytes of the log not yet folded into the data file. */
  logBytes(): Promise<number>;
  /** Bytes of the data, for views. */
  dataBytes(): Promise<number>;
  close(): Promise<void>;
}

/** A frozen state. Blocks are opaque outside the engine: number and bytes. */
export interface Snapshot {
  /** Every commit up to this SCN is in the snapshot, none after. */
  readonly scn: Scn;
  readonly blockCount: number;
  readonly blockBytes: number;
  /** What a later `pin` takes as `since`; null when the engine could not write it down. */
  readonly point: ChangePoint | null;
  /** True when the reader gives changed pages only. */
  readonly incremental: boolean;
  /** Bytes of data the snapshot stands for. */
  readonly logicalBytes: number;
  readonly reader: ThreadModule;
  release(): Promise<void>;
}

/** A moment in a tenant's history of changes; opaque, JSON-able. Meaningless for another tenant. */
export interface ChangePoint {
  readonly epoch: string;
  readonly scn: string;
}

/**
 * Code of an engine that runs inside a copy worker: the worker imports `module` and passes `data` to the function the
 * task names (`openBlockReader`, `openLogReader`, `openBlockWriter`, `openLogApplier` of `EngineThreadModule`).
 */
export interface ThreadModule {
  /** URL of the module. */
  readonly module: string;
  /** Structured-clonable; may hold file descriptor numbers and SharedArrayBuffers. */
  readonly data: unknown;
}

/** Fails with OB_EAGAIN once the engine was lost: it must be opened anew. */
export interface LogSource {
  readonly reader: ThreadModule;
  /** The position after the newest commit, with an SCN no later commit will be at or below. */
  barrier(): Promise<{ readonly scn: Scn; readonly position: LogPosition }>;
  /** Keeps later commits above `scn`: so much is archived already, whatever the clock says. */
  stayAbove(scn: Scn): void;
  /** Notes up to where the log is archived. */
  archived(position: LogPosition): void;
  /** Bytes of the log behind what is archived. */
  backlogBytes(): number;
  /**
   * While more than this is not archived, writers wait, and fail with OB_LOG_OUTOF_DISK_SPACE when it takes too long; null holds
   * nobody back.
   */
  limitBacklog(limitBytes: number | null): void;
}

/** Opaque, structured-clonable and JSON-able: where a log reader stands. */
export type LogPosition = Readonly<Record<string, number | string>>;

export interface RestoreTarget {
  /** `openBlockWriter` and `openLogApplier` of this module fill the tenant. */
  readonly writer: ThreadModule;
  /** Makes the files a tenant; afterwards `open` works. `untilScn` becomes the tenant's newest SCN at least. */
  finish(untilScn: Scn): Promise<void>;
  abort(): Promise<void>;
}

/** A table and its database, names in lower case. */
export interface TablePlace {
  readonly database: string;
  readonly table: string;
}

export interface TableReference extends TablePlace {
  readonly key: string;
}

export interface TableOutline extends TablePlace {
  readonly columnCount: number;
  readonly indexCount: number;
  /** Primary key and checks. */
  readonly constraintCount: number;
  /** Tables its foreign keys point at, with the names of these. */
  readonly references: readonly TableReference[];
}

export interface TableImport {
  readonly from: TablePlace;
  readonly to: TablePlace;
  /** Tables that come along: foreign keys to others are left out. */
  readonly parents: readonly { readonly from: TablePlace; readonly to: TablePlace }[];
  /** Creation time of the new table, by which it is known again. */
  readonly createdUs: number;
  /** No other import into the tenant has it. */
  readonly importId: number;
}

export interface ImportedTable {
  readonly indexCount: number;
  readonly constraintCount: number;
  /** Names of the foreign keys left out. */
  readonly droppedReferences: readonly string[];
}

/** What goes with taking over what was collected for a standby. */
export interface RollWish {
  readonly onTurn?: (scn: Scn) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** A standby tenant being rolled forward; it stays open and is read meanwhile. */
export interface RollTarget {
  /** `openLogApplier` of this module collects commits; the tenant is not touched by it. */
  readonly writer: ThreadModule;
  /** SCN of the tenant's newest commit. */
  readonly standsAt: Scn;
  /**
   * Takes over what was collected, each commit whole, so that a crash leaves one of the source's states. Later commits of the
   * tenant stay above `throughScn`. Returns the newest commit's SCN, which `onTurn` is told before that whenever commits became
   * visible and more are to come. OB_STATE_NOT_MATCH once the tenant takes writes, OB_EAGAIN when its writer is busy for long or the
   * engine was lost. The signal ends the wait for its writer, and what is taken over in turns behind the present one.
   */
  apply(throughScn: Scn, wish?: RollWish): Promise<Scn>;
  end(): Promise<void>;
}

/** What the module named in a `ThreadModule` exports. They run in a worker, and are synchronous where they return no promise. */
export interface EngineThreadModule {
  openBlockReader(data: unknown): BlockReader;
  openLogReader(data: unknown, from: LogPosition | null): LogReader;
  openBlockWriter(data: unknown): BlockWriter;
  openLogApplier(data: unknown): LogApplier;
  /** Opens the check of a filled tenant; several threads may share its parts. Engines without it check in `finish`. */
  openRestoredCheck?(data: unknown): Promise<RestoredCheck>;
}

/** Proves that a filled tenant is whole and makes it durable. */
export interface RestoredCheck {
  /** How many parts there are, the same in every thread. */
  readonly parts: number;
  /** Proves one of them, counted from 0; may take long. OB_CHECKSUM_ERROR where it is not whole. */
  check(part: number): void;
  /** All parts were proved since the last write, in whatever thread: `finish` of the target need not. */
  proved(): void;
  /** Resolves when the tenant is durable. */
  close(): Promise<void>;
}

export interface BlockReader {
  /** Fills `into` from its start and returns the length; 0 for a block without content. */
  read(blockNo: number, into: Uint8Array): number;
  /** The largest length `read` may return. */
  readonly maxBlockBytes: number;
  close(): void;
}

export interface LogReader {
  /**
   * Committed records after the last position, at most about `maxBytes`; null when there is nothing new. Calls `gotOn` with every
   * MiB or so it has read.
   */
  next(maxBytes: number, gotOn?: () => void): LogChunk | null;
  readonly position: LogPosition;
  /** True when everything up to that position was read, and nothing behind it. */
  standsAt(position: LogPosition): boolean;
  close(): void;
}

export interface LogChunk {
  readonly firstScn: Scn;
  readonly lastScn: Scn;
  /** True when it holds nothing but a part of a large commit, and not the last one: the next chunk goes on with it. */
  readonly part: boolean;
  /** SCN and end offset inside `bytes` of each commit, in order. */
  readonly commits: readonly { readonly scn: Scn; readonly end: number }[];
  readonly bytes: Uint8Array;
  /** Position after this chunk. */
  readonly position: LogPosition;
}

export interface BlockWriter {
  write(blockNo: number, bytes: Uint8Array): void;
  /** Rejects when something written did not reach the disk. What was written is durable once the target is finished. */
  close(): Promise<void>;
}

export interface LogApplier {
  /** Applies the commits with `afterScn` < SCN ≤ `untilScn` of a chunk; returns how many. One that comes in parts counts with its last. */
  apply(
    chunk: { readonly bytes: Uint8Array; readonly commits: LogChunk['commits'] },
    afterScn: Scn,
    untilScn: Scn,
  ): number;
  /** Truncates to the size of the last applied commit; durable once the target is finished. */
  close(): void;
}

/** Thrown by a log reader when records are missing: somebody else folded the log. The archive round ends INTERRUPTED. */
export class LogGapError extends Error {
  override readonly name = 'LogGapError';
}

export type EngineFailure = ObError;
