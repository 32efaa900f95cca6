import { type Transferable, Worker } from 'node:worker_threads';
import { faultText } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { reviveThreadError, type ThreadErrorData, ThreadFault, threadErrorData } from './thread-error.ts';

/** What goes to a thread: a request, or the answer to a call the thread made while it worked on one. */
export type ToThread =
  | { readonly type: 'request'; readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly type: 'answer'; readonly call: number; readonly value: unknown; readonly error: ThreadErrorData | null };

/** What comes from a thread. `call` asks the main thread for something while request `id` runs. */
export type FromThread =
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: ThreadErrorData }
  | { readonly type: 'progress'; readonly id: number }
  | {
      readonly type: 'call';
      readonly id: number;
      readonly call: number;
      readonly name: string;
      readonly value: unknown;
    };

/** How the main thread serves a running request. */
export interface RequestHooks {
  readonly answer?: (name: string, value: unknown) => Promise<unknown>;
  /** Buffers of an answer that go over to the thread; the others are copied. */
  readonly gives?: (answer: unknown) => readonly Transferable[];
  readonly progress?: () => void;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly hooks: RequestHooks;
}

/**
 * One worker thread seen from outside: requests with answers, calls back while they run, and a death that fails every
 * open request instead of leaving it waiting. It does not keep the process alive while idle.
 */
export class ThreadHost {
  readonly #worker: Worker;
  readonly #log: Log;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #death: Error | null = null;

  /** `file` is the thread's entry without its extension, next to this module. */
  constructor(file: string, workerData: unknown, log: Log) {
    this.#log = log;
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    this.#worker = new Worker(new URL(`./${file}${extension}`, import.meta.url), {
      workerData,
      name: file,
      // Blocks lie outside the heap; a large young generation would only let their wrappers pile up.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.on('message', (message: FromThread) => this.#take(message));
    this.#worker.on('error', (error) => this.#die(deathOf(error)));
    this.#worker.on('messageerror', (error) => this.#die(deathOf(error)));
    this.#worker.on('exit', (code) => this.#die(new ThreadFault(`ended with code ${code}`)));
    this.#worker.unref();
  }

  get alive(): boolean {
    return this.#death === null;
  }

  /** Sends a request and resolves with its value; rejects with the thread's error, or when the thread dies. */
  request(name: string, input: unknown, hooks: RequestHooks = {}): Promise<unknown> {
    if (this.#death) return Promise.reject(this.#death);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, hooks });
      this.#worker.ref();
      this.#send({ type: 'request', id, name, input });
    });
  }

  /** Ends the thread, now. Open requests fail with `reason`. A thread inside a system call ends when that returns. */
  kill(reason: Error): void {
    this.#die(reason);
    void this.#worker.terminate();
  }

  /** Ends the thread and resolves when it is gone. */
  async close(): Promise<void> {
    this.#die(faultText('OB_CANCELED', 'copy threads are closed'));
    await this.#worker.terminate();
  }

  #take(message: FromThread): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    switch (message.type) {
      case 'done':
        this.#end(message.id);
        pending.resolve(message.value);
        break;
      case 'failed':
        if (message.error.kind === 'bug') this.#log.error('copy thread failed', { stack: message.error.stack });
        this.#end(message.id);
        pending.reject(reviveThreadError(message.error));
        break;
      case 'progress':
        pending.hooks.progress?.();
        break;
      case 'call':
        void this.#serve(message.call, message.name, message.value, pending.hooks);
    }
  }

  async #serve(call: number, name: string, value: unknown, hooks: RequestHooks): Promise<void> {
    let answer: ToThread;
    try {
      if (!hooks.answer) throw new Error(`nobody answers '${name}'`);
      answer = { type: 'answer', call, value: await hooks.answer(name, value), error: null };
    } catch (error) {
      answer = { type: 'answer', call, value: null, error: threadErrorData(error) };
    }
    if (this.alive) this.#send(answer, answer.error === null ? hooks.gives?.(answer.value) : []);
  }

  #send(message: ToThread, given: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, given);
  }

  #end(id: number): void {
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
  }

  #die(reason: Error): void {
    if (this.#death) return;
    this.#death = reason;
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.#pending.clear();
  }
}

function deathOf(error: unknown): Error {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const text = error instanceof Error ? error.message : String(error);
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return faultText('OB_ALLOCATE_MEMORY_FAILED', `copy thread: ${text}`);
  return new ThreadFault(`died: ${text}`, error);
}
