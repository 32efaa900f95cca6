import { type Clock, systemClock } from '../base/clock.ts';
import { fault, faultText, isFault } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { Mutex } from '../base/mutex.ts';
import { type Scn, unlimitedScn } from '../base/scn.ts';
import type { LogPosition } from '../tenants/tenant-engine.ts';
import { maxLogFileBytes } from './log-file.ts';
import { type ShipFile, startFile } from './log-ship-file.ts';
import type { LogHandle, OpenShipment, SealLimits, ShipOptions, Shipped } from './log-shipment.ts';
import type {
  BatchInput,
  BatchOutput,
  ClosedLog,
  LogFileState,
  NoteInput,
  NoteOutput,
  OpenLogInput,
} from './log-task.ts';
import { type LogThread, LogThreads } from './log-threads.ts';
import { added, append, nothingShipped, type Shipment } from './open-shipment.ts';
import { abortError, slept } from './thread-job.ts';

/** Ships committed log of many tenants into archive log files, through as many threads as they need and may use. */
export interface LogShipper {
  /** How many tenants each running thread holds. */
  readonly load: readonly number[];
  open(request: OpenShipment): Promise<LogHandle>;
  /**
   * Appends everything committed up to now, at most up to `untilScn`. Nothing counts before it returned. Throws
   * LogGapError when the engine's log has a hole, a MediumError when the sink fails; the handle is then broken: close
   * it, scan the file and open again.
   */
  ship(handle: LogHandle, options?: ShipOptions): Promise<Shipped>;
  /**
   * Ships what is left and appends a seal: proof that everything up to `position` is recorded. Returns `sealed: false` when
   * the file must be switched first (`switchDue`), or when the log has gone on behind that position, which may be told once
   * everything up to `enoughScn` is shipped, or what lies behind `untilScn` is left.
   */
  seal(handle: LogHandle, position: LogPosition, limits?: SealLimits): Promise<Shipped & { readonly sealed: boolean }>;
  /** Appends a mark: no commit at or below `scn` will come any more. */
  mark(handle: LogHandle, scn: Scn): Promise<Shipped>;
  /** Goes on in another file; the sink of the old one stays the caller's to close. */
  switchFile(handle: LogHandle, file: ShipFile): Promise<void>;
  close(handle: LogHandle): Promise<void>;
  closeAll(): Promise<void>;
}

export interface LogShipperOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** A thread that has work, but neither answers nor reads on for this long, is killed; its handles are broken. */
  readonly stallTimeoutMs?: number;
  /** A record holds about so much log; 16 MiB. */
  readonly batchBytes?: number;
  /** Files are closed before they pass this; 64 MiB. */
  readonly maxFileBytes?: number;
  /** A tenant that waits this long for a thread others use goes to another one. */
  readonly crowdedMs?: number;
}

export function createLogShipper(options: LogShipperOptions): LogShipper {
  return new ThreadLogShipper(options);
}

const defaultBatchBytes = 16 << 20;
const defaultCrowdedMs = 20;

class ThreadLogShipper implements LogShipper {
  readonly #options: LogShipperOptions;
  readonly #clock: Clock;
  readonly #threads: LogThreads;
  #nextId = 1;
  #closed = false;

  constructor(options: LogShipperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#threads = new LogThreads(options.log);
  }

  get load(): readonly number[] {
    return this.#threads.load;
  }

  async open(request: OpenShipment): Promise<LogHandle> {
    if (this.#closed) throw fault('OB_CANCELED');
    const { state, sizeBytes } = await startFile(request.tenantId, request.file);
    const shipment: Shipment = {
      tenantId: request.tenantId,
      id: this.#nextId++,
      reader: request.reader,
      thread: this.#threads.place(0),
      mutex: new Mutex(),
      wish: 0,
      crowded: false,
      file: request.file,
      sizeBytes,
      lastScn: request.afterScn,
      position: request.from,
      broken: null,
      closed: false,
    };
    this.#threads.enter(shipment.thread);
    try {
      await this.#openOn(shipment, shipment.thread, state);
    } catch (error) {
      this.#threads.leave(shipment.thread);
      throw error;
    }
    return shipment;
  }

  ship(handle: LogHandle, options: ShipOptions = {}): Promise<Shipped> {
    return this.#locked(handle, (shipment) => this.#ship(shipment, options));
  }

  seal(
    handle: LogHandle,
    position: LogPosition,
    limits: SealLimits = {},
  ): Promise<Shipped & { readonly sealed: boolean }> {
    return this.#locked(handle, async (shipment) => {
      const shipped = await this.#ship(shipment, limits);
      if (shipped.switchDue) return { ...shipped, sealed: false };
      const note = await this.#note(shipment, { handle: shipment.id, kind: 'seal', position, lastScn: null });
      return note === null ? { ...shipped, sealed: false } : { ...added(shipped, note, shipment), sealed: true };
    });
  }

  mark(handle: LogHandle, scn: Scn): Promise<Shipped> {
    return this.#locked(handle, async (shipment) => {
      const note = await this.#note(shipment, { handle: shipment.id, kind: 'mark', position: null, lastScn: scn });
      return added(nothingShipped(shipment), note ?? 0, shipment);
    });
  }

  switchFile(handle: LogHandle, file: ShipFile): Promise<void> {
    return this.#locked(handle, async (shipment) => {
      const { state, sizeBytes } = await startFile(shipment.tenantId, file);
      await this.#ask(shipment, 'switchFile', { handle: shipment.id, file: state });
      shipment.file = file;
      shipment.sizeBytes = sizeBytes;
    });
  }

  async close(handle: LogHandle): Promise<void> {
    const shipment = handle as Shipment;
    await shipment.mutex.run(async () => {
      if (shipment.closed) return;
      shipment.closed = true;
      shipment.broken ??= fault('OB_CANCELED');
      try {
        if (shipment.thread.host.alive) await this.#ask(shipment, 'close', { handle: shipment.id });
      } finally {
        this.#threads.leave(shipment.thread);
      }
    });
  }

  async closeAll(): Promise<void> {
    this.#closed = true;
    await this.#threads.close();
  }

  async #ship(shipment: Shipment, options: ShipOptions): Promise<Shipped> {
    const input: BatchInput = {
      handle: shipment.id,
      maxBytes: options.maxBytes ?? this.#options.batchBytes ?? defaultBatchBytes,
      untilScn: options.untilScn ?? unlimitedScn,
      maxFileBytes: this.#options.maxFileBytes ?? maxLogFileBytes,
    };
    let shipped = nothingShipped(shipment);
    shipment.wish = options.threads ?? shipment.wish;
    for (;;) {
      if (options.signal?.aborted) throw abortError(options.signal);
      await this.#settle(shipment);
      const batch = await this.#batch(shipment, input);
      if (batch.record === null) return { ...shipped, switchDue: batch.why === 'end' ? null : batch.why };
      await append(shipment, batch.record);
      shipment.lastScn = batch.lastScn;
      shipment.position = batch.position;
      shipped = {
        records: shipped.records + 1,
        commits: shipped.commits + batch.commits,
        firstScn: shipped.firstScn ?? batch.firstScn,
        lastScn: batch.lastScn,
        inputBytes: shipped.inputBytes + batch.inputBytes,
        outputBytes: shipped.outputBytes + batch.record.length,
        position: batch.position,
        fileSizeBytes: shipment.sizeBytes,
        switchDue: null,
      };
      if (batch.lastScn >= (options.enoughScn ?? unlimitedScn)) return shipped;
    }
  }

  /** Bytes of the record; null when there is none to write. */
  async #note(shipment: Shipment, input: NoteInput): Promise<number | null> {
    const note = (await this.#ask(shipment, 'note', input)) as NoteOutput | null;
    if (note === null) return null;
    await append(shipment, note.record);
    shipment.lastScn = note.lastScn;
    shipment.position = note.position;
    return note.record.length;
  }

  #locked<T>(handle: LogHandle, work: (shipment: Shipment) => Promise<T>): Promise<T> {
    const shipment = handle as Shipment;
    return shipment.mutex.run(async () => {
      if (shipment.broken) throw shipment.broken;
      try {
        return await work(shipment);
      } catch (error) {
        // A cancelled call stopped between two records: the handle is as good as before.
        if (!isFault(error, 'OB_CANCELED')) shipment.broken = error as Error;
        throw error;
      }
    });
  }

  /** Goes to another thread when the present one is not among those it may use, or keeps it waiting. */
  async #settle(shipment: Shipment): Promise<void> {
    const former = shipment.thread;
    const thread = this.#threads.betterThan(former, shipment.wish, shipment.crowded);
    shipment.crowded = false;
    if (thread === null) return;
    // The place on the new thread is taken at once, so that others see it.
    this.#threads.enter(thread);
    try {
      const { file } = (await this.#ask(shipment, 'close', { handle: shipment.id })) as ClosedLog;
      if (file === null) throw new Error(`no log file of shipment ${shipment.id}`);
      await this.#openOn(shipment, thread, file);
    } finally {
      this.#threads.leave(shipment.thread === thread ? former : thread);
    }
  }

  async #openOn(shipment: Shipment, thread: LogThread, file: LogFileState): Promise<void> {
    const { id: handle, reader, position: from, lastScn: afterScn } = shipment;
    const input: OpenLogInput = { handle, reader, from, afterScn, file };
    shipment.thread = thread;
    await this.#ask(shipment, 'open', input);
  }

  async #batch(shipment: Shipment, input: BatchInput): Promise<BatchOutput> {
    const others = shipment.thread.atWork > 0;
    const begun = performance.now();
    const batch = (await this.#ask(shipment, 'batch', input)) as BatchOutput;
    shipment.crowded = others && performance.now() - begun >= (this.#options.crowdedMs ?? defaultCrowdedMs);
    return batch;
  }

  async #ask({ thread }: Shipment, name: string, input: unknown): Promise<unknown> {
    const done = new AbortController();
    void this.#watch(thread, done.signal);
    try {
      return await this.#threads.request(thread, name, input);
    } finally {
      done.abort();
    }
  }

  /** The thread may have much to read before it answers, and the requests of others before that. */
  async #watch({ host, shared }: LogThread, done: AbortSignal): Promise<void> {
    const stallTimeoutMs = this.#options.stallTimeoutMs ?? 60_000;
    for (let before = -1; before !== shared.signs; ) {
      before = shared.signs;
      if (!(await slept(this.#clock, stallTimeoutMs, done))) return;
    }
    host.kill(faultText('OB_IO_TIMEOUT', `IO timeout: reading the log stood still for ${stallTimeoutMs} ms`));
  }
}
