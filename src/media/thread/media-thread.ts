import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../base/clock.ts';
import { giveWay, niceness } from '../../base/thread-priority.ts';
import type { AppendSink, ListEntry, Medium, ObjectSink, ObjectSource } from '../medium.ts';
import { openBare } from '../open-bare.ts';
import { Pace } from '../pace.ts';
import {
  type CallTarget,
  type FromMediaThread,
  mediumErrorData,
  type OpenedObject,
  ownBytes,
  type PlainAddress,
  type ToMediaThread,
} from './messages.ts';

/** Entry of a media thread: opens bare media by their addresses and carries out calls on them, each as soon as it comes. */

/** An object a call has opened; `signal` is fired by `abort` of that call, and when the object is closed. */
interface Opened {
  readonly object: ObjectSink | AppendSink | ObjectSource | AsyncIterator<readonly ListEntry[]>;
  readonly key: string;
  readonly giveUp: AbortController;
  readonly callId: number;
}

const port = parentPort;
if (port === null) throw new Error('not in a worker thread');
giveWay(niceness.copying);
/** Or why it could not be opened. */
const media = new Map<number, Medium | Error>();
const objects = new Map<number, Opened>();
const controllers = new Map<number, AbortController>();
let nextObjectNo = 1;

const opening: ReadonlySet<string> = new Set(['createObject', 'openAppend', 'openObject', 'listPages']);
const ending: ReadonlySet<string> = new Set(['close', 'abort', 'return', 'forget']);

port.on('message', (message: ToMediaThread) => {
  if (message.type === 'open') media.set(message.mediumNo, opened(message.address));
  else if (message.type === 'abort') controllers.get(message.id)?.abort(new Error('the caller gave up'));
  else void serve(message.id, message.target, message.name, message.args);
});

function opened({ pace, ...address }: PlainAddress): Medium | Error {
  try {
    return openBare(pace === null ? address : { ...address, pace: new Pace(pace) }, systemClock);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function serve(id: number, target: CallTarget, name: string, args: readonly unknown[]): Promise<void> {
  try {
    const value =
      'mediumNo' in target ? await onMedium(id, target.mediumNo, name, args) : await onObject(target, name, args);
    if (name === 'writeAt') freeBytes(args);
    // Bytes are given away: to copy them again would cost the main thread its time.
    if (value instanceof Uint8Array) {
      const bytes = value.byteLength === value.buffer.byteLength ? value : ownBytes(value);
      const plain = new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
      send({ type: 'done', id, value: plain }, [plain.buffer]);
    } else send({ type: 'done', id, value });
  } catch (error) {
    send({ type: 'failed', id, error: mediumErrorData(error, keyOf(target, args)) });
  }
}

/**
 * What came for a large object is free again: a collector would let it pile up. Only after success, and nothing else: of what a failed
 * call handed to a socket, or of an answer that came before the whole request was sent, the system may still be reading.
 */
function freeBytes(args: readonly unknown[]): void {
  for (const arg of args) if (arg instanceof Uint8Array) (arg.buffer as ArrayBuffer).transfer(0);
}

function send(message: FromMediaThread, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

async function onMedium(id: number, mediumNo: number, name: string, args: readonly unknown[]): Promise<unknown> {
  const medium = media.get(mediumNo);
  if (medium === undefined) throw new Error(`no medium ${mediumNo}`);
  if (name === 'close') {
    media.delete(mediumNo);
    return medium instanceof Error ? undefined : medium.close();
  }
  if (medium instanceof Error) throw medium;
  const giveUp = new AbortController();
  controllers.set(id, giveUp);
  let lasts = false;
  try {
    const given = [...args];
    // The signal is the last parameter of every operation but `openAppend`; `read` may leave two before it out.
    given[parametersOf(name) - 1] = giveUp.signal;
    const operation = Reflect.get(medium, name) as (...given: unknown[]) => unknown;
    const result = await operation.apply(medium, given);
    if (!opening.has(name)) return result;
    lasts = true;
    return remember(result, String(args[0]), giveUp, id);
  } finally {
    if (!lasts) controllers.delete(id);
  }
}

/** Parameters of an operation up to the signal, itself counted. */
function parametersOf(name: string): number {
  if (name === 'read' || name === 'putSmall') return 4;
  if (name === 'openAppend' || name === 'tag' || name === 'sweep') return 3;
  return name === 'status' ? 1 : 2;
}

function remember(result: unknown, key: string, giveUp: AbortController, callId: number): OpenedObject {
  const objectNo = nextObjectNo++;
  const isPages = typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
  const object = isPages
    ? (result as AsyncIterable<readonly ListEntry[]>)[Symbol.asyncIterator]()
    : (result as ObjectSink | AppendSink | ObjectSource);
  objects.set(objectNo, { object, key, giveUp, callId });
  return { objectNo, sizeBytes: 'sizeBytes' in object ? object.sizeBytes : 0 };
}

async function onObject(target: CallTarget, name: string, args: readonly unknown[]): Promise<unknown> {
  const objectNo = 'objectNo' in target ? target.objectNo : 0;
  const known = objects.get(objectNo);
  if (known === undefined) {
    if (ending.has(name)) return;
    throw new Error(`no object ${objectNo}`);
  }
  const { object, giveUp, callId } = known;
  // Reads on their way serve nobody any more. A writer must come to its end by itself.
  if (name === 'return' || (name === 'close' && !('append' in object))) giveUp.abort(new Error('it was closed'));
  const operation = Reflect.get(object, name) as ((...given: unknown[]) => unknown) | undefined;
  const result = await operation?.apply(object, [...args]);
  // An end that failed may come again.
  if (ending.has(name)) {
    objects.delete(objectNo);
    controllers.delete(callId);
  }
  return name === 'append' ? (object as AppendSink).sizeBytes : result;
}

function keyOf(target: CallTarget, args: readonly unknown[]): string {
  if ('objectNo' in target) return objects.get(target.objectNo)?.key ?? '';
  const [first] = args;
  return typeof first === 'string' ? first : Array.isArray(first) ? String(first[0] ?? '') : '';
}
