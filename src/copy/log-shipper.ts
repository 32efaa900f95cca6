import { type Clock, systemClock } from '../base/clock.ts';
import { fault, faultText, isFault } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { Mutex } from '../base/mutex.ts';
import { type Scn, unlimitedScn } from '../base/scn.ts';
import type { LogPosition, ThreadModule } from '../tenants/tenant-engine.ts';
import { maxLogFileBytes } from './log-file.ts';
import { appendTo, type ShipFile, startFile } from './log-ship-file.ts';
import type { BatchInput, BatchOutput, NoteInput, OpenLogInput } from './log-task.ts';
import { ThreadHost } from './thread-host.ts';
import { abortError } from './thread-job.ts';

/** Ships committed log of many tenants into archive log files, all through one thread. */
export interface LogShipper {
  open(request: OpenShipment): Promise<LogHandle>;
  /**
   * Appends everything committed up to now, at most up to `untilScn`. Nothing counts before it returned. Throws
   * LogGapError when the engine's log has a hole, a MediumError when the sink fails; the handle is then broken: close
   * it, scan the file and open again.
   */
  ship(handle: LogHandle, options?: ShipOptions): Promise<Shipped>;
  /**
   * Ships what is left and appends a seal: proof that everything up to `position` is recorded. Returns `sealed: false` when
   * the file must be switched first.
   */
  seal(handle: LogHandle, position: LogPosition): Promise<Shipped & { readonly sealed: boolean }>;
  /** Appends a mark: no commit at or below `scn` will come any more. */
  mark(handle: LogHandle, scn: Scn): Promise<Shipped>;
  /** Goes on in another file; the sink of the old one stays the caller's to close. */
  switchFile(handle: LogHandle, file: ShipFile): Promise<void>;
  close(handle: LogHandle): Promise<void>;
  closeAll(): Promise<void>;
}

export interface OpenShipment {
  readonly tenantId: number;
  readonly reader: ThreadModule;
  /** Position of the last record written, null at the start of a round. */
  readonly from: LogPosition | null;
  /** SCN the last record reaches, or the round's start SCN: commits up to it are not shipped. */
  readonly afterScn: Scn;
  readonly file: ShipFile;
}

export interface ShipOptions {
  /** Raw bytes of a batch, 16 MiB when left out. */
  readonly maxBytes?: number;
  /** End of the piece, inclusive: what lies behind stays for the next one. */
  readonly untilScn?: Scn;
  readonly signal?: AbortSignal;
}

export interface Shipped {
  readonly records: number;
  readonly commits: number;
  /** Null when nothing was shipped. */
  readonly firstScn: Scn | null;
  /** Every commit up to here is recorded. */
  readonly lastScn: Scn;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly position: LogPosition | null;
  readonly fileSizeBytes: number;
  /** `size`: open the next file and ship again. `scn`: `untilScn` is reached and more lies behind it. */
  readonly switchDue: 'size' | 'scn' | null;
}

/** One tenant's shipment; opaque. */
export interface LogHandle {
  readonly tenantId: number;
}

export interface LogShipperOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** A thread that does not answer for this long is killed; its handles are broken. */
  readonly stallTimeoutMs?: number;
  /** Files are closed before they pass this; 64 MiB. */
  readonly maxFileBytes?: number;
}

export function createLogShipper(options: LogShipperOptions): LogShipper {
  return new ThreadLogShipper(options);
}

const defaultBatchBytes = 16 << 20;

interface Shipment extends LogHandle {
  readonly id: number;
  readonly thread: ThreadHost;
  readonly mutex: Mutex;
  file: ShipFile;
  sizeBytes: number;
  lastScn: Scn;
  position: LogPosition | null;
  broken: Error | null;
}

class ThreadLogShipper implements LogShipper {
  readonly #options: LogShipperOptions;
  readonly #clock: Clock;
  #thread: ThreadHost | null = null;
  #nextId = 1;
  #closed = false;

  constructor(options: LogShipperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async open(request: OpenShipment): Promise<LogHandle> {
    if (this.#closed) throw fault('OB_CANCELED');
    const thread = this.#aliveThread();
    const { state, sizeBytes } = await startFile(request.tenantId, request.file);
    const shipment: Shipment = {
      tenantId: request.tenantId,
      id: this.#nextId++,
      thread,
      mutex: new Mutex(),
      file: request.file,
      sizeBytes,
      lastScn: request.afterScn,
      position: request.from,
      broken: null,
    };
    const input: OpenLogInput = {
      handle: shipment.id,
      reader: request.reader,
      from: request.from,
      afterScn: request.afterScn,
      file: state,
    };
    await this.#ask(shipment, 'open', input);
    return shipment;
  }

  ship(handle: LogHandle, options: ShipOptions = {}): Promise<Shipped> {
    return this.#locked(handle, (shipment) => this.#ship(shipment, options));
  }

  seal(handle: LogHandle, position: LogPosition): Promise<Shipped & { readonly sealed: boolean }> {
    return this.#locked(handle, async (shipment) => {
      const shipped = await this.#ship(shipment, {});
      if (shipped.switchDue) return { ...shipped, sealed: false };
      const note = await this.#note(shipment, { handle: shipment.id, kind: 'seal', position, lastScn: null });
      return { ...added(shipped, note, shipment), sealed: true };
    });
  }

  mark(handle: LogHandle, scn: Scn): Promise<Shipped> {
    return this.#locked(handle, async (shipment) => {
      const note = await this.#note(shipment, { handle: shipment.id, kind: 'mark', position: null, lastScn: scn });
      return added(nothingShipped(shipment), note, shipment);
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
      shipment.broken ??= fault('OB_CANCELED');
      if (shipment.thread.alive) await this.#request(shipment.thread, 'close', { handle: shipment.id });
    });
  }

  async closeAll(): Promise<void> {
    this.#closed = true;
    await this.#thread?.close();
  }

  async #ship(shipment: Shipment, options: ShipOptions): Promise<Shipped> {
    const input: BatchInput = {
      handle: shipment.id,
      maxBytes: options.maxBytes ?? defaultBatchBytes,
      untilScn: options.untilScn ?? unlimitedScn,
      maxFileBytes: this.#options.maxFileBytes ?? maxLogFileBytes,
    };
    let shipped = nothingShipped(shipment);
    for (;;) {
      if (options.signal?.aborted) throw abortError(options.signal);
      const batch = (await this.#ask(shipment, 'batch', input)) as BatchOutput;
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
    }
  }

  async #note(shipment: Shipment, input: NoteInput): Promise<number> {
    const note = (await this.#ask(shipment, 'note', input)) as {
      readonly record: Uint8Array;
      readonly lastScn: Scn;
      readonly position: LogPosition | null;
    };
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

  async #ask(shipment: Shipment, name: string, input: unknown): Promise<unknown> {
    return this.#request(shipment.thread, name, input);
  }

  async #request(thread: ThreadHost, name: string, input: unknown): Promise<unknown> {
    const done = new AbortController();
    const stallTimeoutMs = this.#options.stallTimeoutMs ?? 60_000;
    const stalled = () =>
      thread.kill(faultText('OB_IO_TIMEOUT', `IO timeout: reading the log took more than ${stallTimeoutMs} ms`));
    this.#clock.sleep(stallTimeoutMs, done.signal).then(stalled, () => undefined);
    try {
      return await thread.request(name, input);
    } finally {
      done.abort();
    }
  }

  #aliveThread(): ThreadHost {
    if (!this.#thread?.alive) this.#thread = new ThreadHost('log-worker', {}, this.#options.log);
    return this.#thread;
  }
}

async function append(shipment: Shipment, bytes: Uint8Array): Promise<void> {
  await appendTo(shipment.file, bytes, shipment.sizeBytes);
  shipment.sizeBytes += bytes.length;
}

function nothingShipped(shipment: Shipment): Shipped {
  return {
    records: 0,
    commits: 0,
    firstScn: null,
    lastScn: shipment.lastScn,
    inputBytes: 0,
    outputBytes: 0,
    position: shipment.position,
    fileSizeBytes: shipment.sizeBytes,
    switchDue: null,
  };
}

function added(shipped: Shipped, noteBytes: number, shipment: Shipment): Shipped {
  return {
    ...shipped,
    records: shipped.records + 1,
    outputBytes: shipped.outputBytes + noteBytes,
    lastScn: shipment.lastScn,
    position: shipment.position,
    fileSizeBytes: shipment.sizeBytes,
  };
}
