import { parentPort, type Transferable } from 'node:worker_threads';
import { reviveThreadError, threadErrorData } from './thread-error.ts';
import type { FromThread, ToThread } from './thread-host.ts';

/** What a request may do besides working: ask the main thread, and say that it got on. */
export interface TaskContext {
  /** Asks the main thread and waits for the answer; buffers in `transfer` are given away. */
  call<T>(name: string, value: unknown, transfer?: readonly Transferable[]): Promise<T>;
  /** Tells that shared counters moved. */
  progress(): void;
}

export interface TaskResult {
  readonly value: unknown;
  readonly transfer?: readonly Transferable[];
}

export type TaskHandler = (input: never, context: TaskContext) => Promise<TaskResult> | TaskResult;

/** Serves the requests of a ThreadHost with the handlers, by name. Called once, in the thread. */
export function serveThread(handlers: Readonly<Record<string, TaskHandler>>): void {
  const port = parentPort;
  if (!port) throw new Error('not in a worker thread');
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let nextCall = 1;
  const send = (message: FromThread, transfer: readonly Transferable[] = []) => port.postMessage(message, transfer);

  const contextOf = (id: number): TaskContext => ({
    call<T>(name: string, value: unknown, transfer?: readonly Transferable[]) {
      const call = nextCall++;
      return new Promise<T>((resolve, reject) => {
        waiting.set(call, { resolve: (answer) => resolve(answer as T), reject });
        send({ type: 'call', id, call, name, value }, transfer);
      });
    },
    progress: () => send({ type: 'progress', id }),
  });

  const run = async (id: number, name: string, input: unknown) => {
    try {
      const handler = handlers[name];
      if (!handler) throw new Error(`no task '${name}'`);
      const result = await handler(input as never, contextOf(id));
      send({ type: 'done', id, value: result.value }, result.transfer);
    } catch (error) {
      send({ type: 'failed', id, error: threadErrorData(error) });
    }
  };

  port.on('message', (message: ToThread) => {
    if (message.type === 'request') return void run(message.id, message.name, message.input);
    const waiter = waiting.get(message.call);
    waiting.delete(message.call);
    if (message.error) waiter?.reject(reviveThreadError(message.error));
    else waiter?.resolve(message.value);
  });
}
