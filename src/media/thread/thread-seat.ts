import { Worker } from 'node:worker_threads';
import { systemClock } from '../../base/clock.ts';
import { mediaThreadIdleMs } from '../limits.ts';
import { MediumError } from '../medium.ts';
import {
  type CallTarget,
  type FromMediaThread,
  type PlainAddress,
  reviveMediumError,
  type ToMediaThread,
} from './messages.ts';

interface Pending {
  readonly key: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A call as the proxies make it. */
export interface ThreadCall {
  readonly target: CallTarget;
  readonly name: string;
  readonly args: readonly unknown[];
  /** What errors name. */
  readonly key: string;
  /** Given away with the call. */
  readonly transfer?: readonly ArrayBuffer[];
  readonly signal?: AbortSignal | undefined;
  /** The signal goes on to hold for what the call opens, until this is fired. */
  readonly until?: AbortSignal;
}

/**
 * A media thread seen from outside. It keeps the process alive only while a call is under way, ends when nobody has needed it
 * for a while, and when it is lost its calls fail with `unavailable`. Addresses, and with them keys, travel in messages alone.
 */
export class MediaThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #media = new Set<number>();
  #nextId = 1;
  #openObjects = 0;
  #death: string | null = null;
  #idle: AbortController | null = null;

  constructor() {
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    this.#worker = new Worker(new URL(`./media-thread${extension}`, import.meta.url), {
      name: 'media',
      // Parts lie outside the heap; a large young generation would only let their wrappers pile up.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.on('message', (message: FromMediaThread) => this.#take(message));
    this.#worker.on('error', (error) => this.#die(causeOf(error)));
    this.#worker.on('messageerror', (error) => this.#die(causeOf(error)));
    this.#worker.on('exit', (code) => this.#die(`it ended with ${code}`));
    this.#worker.unref();
  }

  get alive(): boolean {
    return this.#death === null;
  }

  /** Media that were opened here and not closed. */
  get mediaCount(): number {
    return this.#media.size;
  }

  /** Makes the thread know a medium; repeated without effect. */
  open(mediumNo: number, address: PlainAddress): void {
    if (this.#media.has(mediumNo)) return;
    this.#media.add(mediumNo);
    this.#send({ type: 'open', mediumNo, address });
  }

  forget(mediumNo: number): void {
    this.#media.delete(mediumNo);
    this.#rest();
  }

  /** Counts the objects that are open, for which the thread must stay. */
  count(change: 1 | -1): void {
    this.#openObjects += change;
    this.#rest();
  }

  call({ target, name, args, key, transfer = [], signal, until }: ThreadCall): Promise<unknown> {
    if (this.#death !== null) return Promise.reject(lost(key, this.#death));
    if (signal?.aborted) return Promise.reject(new MediumError('cancelled', key, 'the caller gave up', signal.reason));
    const id = this.#nextId++;
    const abort = () => {
      if (this.alive) this.#send({ type: 'abort', id });
    };
    signal?.addEventListener('abort', abort, { once: true });
    const stopListening = () => signal?.removeEventListener('abort', abort);
    until?.addEventListener('abort', stopListening, { once: true });
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { key, resolve, reject });
      this.#idle?.abort();
      this.#idle = null;
      this.#worker.ref();
      this.#send({ type: 'call', id, target, name, args }, transfer);
    }).finally(() => {
      if (until === undefined) stopListening();
    });
  }

  /** Ends the thread; calls under way fail. */
  async end(): Promise<void> {
    this.#die('it was ended');
    await this.#worker.terminate();
  }

  #take(message: FromMediaThread): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    this.#rest();
    if (message.type === 'done') pending?.resolve(message.value);
    else pending?.reject(reviveMediumError(message.error));
  }

  #send(message: ToMediaThread, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #rest(): void {
    if (this.#pending.size > 0) return;
    this.#worker.unref();
    if (this.#openObjects > 0 || this.#idle !== null || !this.alive) return;
    this.#idle = new AbortController();
    systemClock.sleep(mediaThreadIdleMs, this.#idle.signal).then(
      () => {
        this.#idle = null;
        if (this.#openObjects === 0 && this.#pending.size === 0) void this.end();
      },
      () => undefined,
    );
  }

  #die(cause: string): void {
    this.#death ??= cause;
    this.#idle?.abort();
    for (const { key, reject } of this.#pending.values()) reject(lost(key, cause));
    this.#pending.clear();
  }
}

function lost(key: string, cause: string): MediumError {
  return new MediumError('unavailable', key, `the media thread was lost: ${cause}`);
}

/** Name and place of what ended a thread. Its message may hold whatever a server has sent. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const [, place = ''] = /\n\s+(at [^\n]{1,100})/.exec(error.stack ?? '') ?? [];
  return `${error.name} ${(error as NodeJS.ErrnoException).code ?? ''} ${place}`;
}
