import { parentPort, workerData } from 'node:worker_threads';
import { faultData, isFault } from '../../base/errors.ts';
import { giveWay, niceness } from '../../base/thread-priority.ts';
import type { CallMessage, EngineCalls, EngineMessage, EngineThreadOptions } from './engine-calls.ts';
import { engineFunctions } from './engine-functions.ts';

/** Entry of the engine thread: answers calls of the main thread, each by its id, in whatever order they finish. */
const port = parentPort;
if (!port) throw new Error('the engine thread must be started as a worker');

const send = (message: EngineMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
const functions = engineFunctions(workerData as EngineThreadOptions, send);

if ((workerData as EngineThreadOptions).guestsOnly) giveWay(niceness.longStatements);

port.on('message', (message: CallMessage) => void answer(message));

async function answer({ id, name, args }: CallMessage): Promise<void> {
  try {
    const run = functions[name] as (...args: readonly unknown[]) => unknown;
    const value = await run(...args);
    send({ kind: 'result', id, value }, transferOf(value as ReturnType<EngineCalls['fetch']> | undefined));
  } catch (error) {
    if (isFault(error)) return send({ kind: 'fault', id, fault: faultData(error) });
    const bug = error instanceof Error ? error : new Error(String(error));
    send({ kind: 'bug', id, message: bug.message, stack: bug.stack ?? bug.message });
  }
}

/** A batch of rows owns its memory: it moves instead of being copied. */
function transferOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null || !('batch' in value)) return [];
  const { batch } = value as ReturnType<EngineCalls['fetch']>;
  return batch ? [batch.bytes.buffer as ArrayBuffer] : [];
}
