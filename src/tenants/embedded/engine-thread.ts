import { Worker } from 'node:worker_threads';
import { faultText, type ObError, reviveFault } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { LogPosition } from '../tenant-engine.ts';
import type { CallMessage, CallName, EngineCalls, EngineMessage, EngineThreadOptions } from './engine-calls.ts';
import { siblingModule } from './sibling-module.ts';
import { ThreadLife } from './thread-life.ts';

/** Writes the log of the tenant with this data file into it, in another thread; with `held` its writers wait for that. */
export type Fold = (data: string, held: boolean) => Promise<void>;
export type Seal = (position: LogPosition) => Promise<void>;

/** Who wants to know of an engine thread. */
export interface ThreadWatch {
  /** The thread ended by itself: tenants must be opened anew. */
  onLost?(): void;
  /** The last call was answered, and nobody has called in the same turn. */
  onIdle?(): void;
}

/** The engine thread as the main thread sees it: started at the first call, told things, answering by id. */
export class EngineThread {
  readonly #options: EngineThreadOptions;
  readonly #log: Log;
  readonly #pending = new Map<number, Pending>();
  readonly #seals = new Map<number, Seal>();
  readonly #folds = new Map<number, Fold>();
  #worker: Worker | null = null;
  #life: ThreadLife | null = null;
  readonly #watch: ThreadWatch;
  #lastId = 0;

  constructor(options: EngineThreadOptions, log: Log, watch: ThreadWatch) {
    this.#options = options;
    this.#log = log;
    this.#watch = watch;
  }

  /** Calls a function of the engine thread. Coded errors come back as ObError. */
  call<N extends CallName>(name: N, ...args: Parameters<EngineCalls[N]>): Promise<ReturnType<EngineCalls[N]>> {
    if (!this.#worker && !starters.has(name)) return closedAnswer(name);
    const worker = this.#start();
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { name, resolve: resolve as (value: unknown) => void, reject });
      worker.ref();
      worker.postMessage({ id, name, args } satisfies CallMessage);
    });
  }

  /** The life of the present thread. OB_EAGAIN when there is none. */
  get life(): ThreadLife {
    if (!this.#life) throw stopped();
    return this.#life;
  }

  /** As `call`, but only in the thread of that life: OB_EAGAIN in its successors, for what ends something nothing. */
  callIn<N extends CallName>(
    life: ThreadLife,
    name: N,
    ...args: Parameters<EngineCalls[N]>
  ): Promise<ReturnType<EngineCalls[N]>> {
    return life.over ? closedAnswer(name, stopped()) : this.call(name, ...args);
  }

  /** Folds most of a tenant's log while writers go on. */
  async foldAhead(tenantId: number, fold: Fold): Promise<boolean> {
    const recycleId = ++this.#lastId;
    this.#folds.set(recycleId, fold);
    try {
      return await this.call('foldAhead', tenantId, recycleId);
    } finally {
      this.#folds.delete(recycleId);
    }
  }

  /** Folds a tenant's log; `seal` is called while its writers wait, and `fold` when the log is large. */
  async recycleLog(tenantId: number, seal: Seal | null, fold: Fold): Promise<boolean> {
    const recycleId = ++this.#lastId;
    this.#folds.set(recycleId, fold);
    if (seal) this.#seals.set(recycleId, seal);
    try {
      return await this.call('recycleLog', tenantId, recycleId, seal !== null);
    } finally {
      this.#seals.delete(recycleId);
      this.#folds.delete(recycleId);
    }
  }

  /** Calls that wait for their answers. */
  get busy(): number {
    return this.#pending.size;
  }

  /** Ends the thread without closing anything; what it runs inside of SQLite it finishes first. */
  async kill(): Promise<void> {
    await this.#leave()?.terminate();
  }

  async stop(): Promise<void> {
    if (!this.#worker) return;
    await this.call('closeAll');
    await this.#leave()?.terminate();
  }

  /** What the thread has given out ends before another one can be started. */
  #leave(): Worker | null {
    const worker = this.#worker;
    this.#life?.end();
    this.#life = null;
    this.#worker = null;
    return worker;
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(siblingModule('engine-worker'), {
      workerData: this.#options,
      name: 'engine',
      resourceLimits,
      // Others may still read through the numbers of a thread that ended by itself: they must not stand for other files.
      trackUnmanagedFds: false,
    });
    worker.unref();
    worker.on('message', (message: EngineMessage) => this.#receive(message));
    let reason: unknown = null;
    worker.on('error', (error) => {
      reason = error;
    });
    // Not before: until then its connections are open.
    worker.on('exit', (code) => this.#lost(worker, reason ?? new Error(`engine thread ended with code ${code}`)));
    this.#worker = worker;
    this.#life = new ThreadLife();
    return worker;
  }

  #receive(message: EngineMessage): void {
    if (message.kind === 'seal') {
      this.#seal(message.recycleId, message.position).catch(goneMeanwhile);
      return;
    }
    if (message.kind === 'fold') {
      this.#fold(message).catch(goneMeanwhile);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    this.#pending.delete(message.id);
    if (message.kind === 'result') pending.resolve(message.value);
    else pending.reject(message.kind === 'fault' ? reviveFault(message.fault) : revivedBug(message));
    if (this.#pending.size > 0) return;
    this.#worker?.unref();
    if (this.#watch.onIdle) setImmediate(() => this.#pending.size === 0 && this.#watch.onIdle?.());
  }

  async #seal(recycleId: number, position: LogPosition): Promise<void> {
    let failure: string | null = null;
    try {
      const seal = this.#seals.get(recycleId);
      if (!seal) throw new Error('nobody waits for this seal');
      await seal(position);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      this.#log.warn('the log was not sealed', { error });
    }
    await this.call('sealDone', recycleId, failure);
  }

  /** What was not folded there is tried again. */
  async #fold({ recycleId, data, held }: Extract<EngineMessage, { readonly kind: 'fold' }>): Promise<void> {
    try {
      await this.#folds.get(recycleId)?.(data, held);
    } catch (error) {
      this.#log.warn('a log was not folded in another thread', { error });
    }
    await this.call('foldDone', recycleId);
  }

  #lost(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#leave();
    this.#log.error('engine thread lost', { error });
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    this.#watch.onLost?.();
    for (const { name, reject } of waiting)
      reject(sessionCalls.has(name) ? faultText('OB_ERR_UNEXPECTED', stoppedText, error) : stopped(error));
  }
}

/** What a statement makes is garbage when its row is written: a larger young generation only takes memory. */
const resourceLimits = { maxYoungGenerationSizeMb: 12 } as const;

/** Calls that start the thread; all others speak of something it must already hold. */
const starters: ReadonlySet<CallName> = new Set(['create', 'open', 'drop', 'beginRestore', 'visit', 'foldElsewhere']);
/** Calls that end something: there is nothing left to end in a thread that is gone. */
const enders: ReadonlySet<CallName> = new Set([
  'wake',
  'closeSession',
  'closeTenant',
  'unpin',
  'endRows',
  'guestLeft',
  'abortRestore',
  'endRoll',
  'foldDone',
  'sealDone',
]);

/** Calls for a client, who must not be told to try again what may have been committed. */
const sessionCalls: ReadonlySet<CallName> = new Set([
  'openSession',
  'execute',
  'visit',
  'prepare',
  'fetch',
  'rollback',
]);

function revivedBug(sent: { readonly message: string; readonly stack: string }): Error {
  const bug = new Error(sent.message);
  bug.stack = sent.stack;
  return bug;
}

function closedAnswer<T>(
  name: CallName,
  error = faultText('OB_ERR_UNEXPECTED', 'the tenant engine is closed'),
): Promise<T> {
  return enders.has(name) ? Promise.resolve(undefined as T) : Promise.reject(error);
}

const stoppedText = 'the tenant engine stopped';

function stopped(cause?: unknown): ObError {
  return faultText('OB_EAGAIN', stoppedText, cause);
}

/** The thread that asked was lost before it was answered: nobody waits there any more. */
function goneMeanwhile(): void {}

interface Pending {
  readonly name: CallName;
  resolve(value: unknown): void;
  reject(error: Error): void;
}
