import { Mutex } from '../../base/mutex.ts';
import { identityMarkBytes } from '../limits.ts';
import { type AppendSink, type Medium, MediumError, type ObjectSink, type ObjectSource } from '../medium.ts';
import type { Attempts } from './attempts.ts';

/** The object an answer speaks of, and how calls on it are repeated. */
export interface Retried {
  readonly inner: Medium;
  readonly attempts: Attempts;
  readonly key: string;
  readonly signal: AbortSignal | undefined;
}

// Descriptors are withheld everywhere: what goes past the wrapper is not repeated.

/** A large object whose pieces are sent again; a `publish` whose answer was lost is settled by looking at what stands there. */
export function retriedSink(retried: Retried, sink: ObjectSink): ObjectSink {
  const { inner, attempts, key, signal } = retried;
  const marks = new IdentityMarks();
  const isThere = async (sizeBytes: number): Promise<boolean> => {
    if ((await inner.head(key, signal))?.sizeBytes !== sizeBytes) return false;
    for (const { offset, bytes } of marks.all())
      if (!same(await inner.read(key, offset, bytes.length, signal), bytes)) return false;
    return true;
  };
  return {
    writeAt(offset, bytes) {
      marks.note(offset, bytes);
      return attempts({ operation: 'writeAt', key, signal, byteCount: bytes.length, sends: true }, () =>
        sink.writeAt(offset, bytes),
      );
    },
    publish: (sizeBytes) =>
      attempts({ operation: 'publish', key, signal }, async (again) => {
        const settled = async () => again && (await isThere(sizeBytes));
        if (!(await settled()))
          await sink.publish(sizeBytes).catch(async (error: unknown) => {
            // An earlier attempt may have come through in this moment: its upload is gone, or its name taken.
            const late = isKind(error, 'alreadyExists') || isKind(error, 'notFound');
            if (!late || !(await settled())) throw error;
          });
        // What the sink keeps of an upload that is done; nothing of the object.
        if (again) await sink.abort().catch(() => undefined);
      }),
    abort: () => attempts({ operation: 'abort', key }, () => sink.abort()),
  };
}

/** An object that grows; after an answer that was lost its size says what was carried out, so that nothing is doubled. */
export function retriedAppend(retried: Retried, opened: AppendSink): AppendSink {
  const { inner, attempts, key, signal } = retried;
  const turn = new Mutex();
  let sink: AppendSink | null = opened;
  let confirmed = opened.sizeBytes;
  const close = async () => {
    const closing = sink;
    sink = null;
    await closing?.close();
  };
  /** Bytes of `rest` that stand behind the confirmed end already. */
  const landed = async (rest: Uint8Array): Promise<number> => {
    const extra = ((await inner.head(key, signal))?.sizeBytes ?? 0) - confirmed;
    if (extra <= 0) return 0;
    const known =
      extra <= rest.length && same(await inner.read(key, confirmed, extra, signal), rest.subarray(0, extra));
    if (!known) throw new MediumError('io', key, `${extra} bytes behind ${confirmed} are not what was appended`);
    return extra;
  };
  return {
    get sizeBytes() {
      return confirmed;
    },
    append: (bytes) =>
      turn.run(async () => {
        let rest = bytes;
        await attempts({ operation: 'append', key, signal, byteCount: bytes.length }, async (again) => {
          if (again || sink === null) {
            await close().catch(() => undefined);
            const there = await landed(rest);
            sink = await inner.openAppend(key, confirmed + there, signal, confirmed);
            if (there > 0 && (await landed(rest)) !== there)
              throw new MediumError('io', key, `bytes behind ${confirmed} changed while it was opened`);
            confirmed += there;
            rest = rest.subarray(there);
          }
          if (rest.length > 0) await sink.append(rest);
          confirmed += rest.length;
          rest = rest.subarray(rest.length);
        });
      }),
    // What was appended is durable: a close that failed has lost nothing.
    close: () => turn.run(() => close().catch(passingOnly)),
  };
}

/** One opening of an object, and the reads that use it. */
interface Opening {
  readonly source: Promise<ObjectSource>;
  reads: number;
  closing?: Promise<void>;
}

/**
 * An object opened for reading that is opened again when a read failed. What was opened before serves its other reads to their end,
 * for to close it would end them too.
 */
export function retriedSource(retried: Retried, opened: ObjectSource): ObjectSource {
  const { inner, attempts, key, signal } = retried;
  const { sizeBytes } = opened;
  let current: Opening = { source: Promise.resolve(opened), reads: 0 };
  const superseded = new Set<Opening>();
  let closed = false;
  const gone = () => new MediumError('cancelled', key, 'it was closed');
  const reopened = async (): Promise<ObjectSource> => {
    if (closed) throw gone();
    const anew = await inner.openObject(key, signal);
    if (!closed && anew.sizeBytes >= sizeBytes) return anew;
    await anew.close().catch(() => undefined);
    throw closed ? gone() : new MediumError('checksum', key, `has ${anew.sizeBytes} bytes, it had ${sizeBytes}`);
  };
  const drop = (opening: Opening): Promise<void> => {
    opening.closing ??= opening.source
      .then((source) => source.close())
      .catch(() => undefined)
      .finally(() => superseded.delete(opening));
    return opening.closing;
  };
  return {
    sizeBytes,
    read: (offset, length) => {
      let used: Opening | null = null;
      return attempts({ operation: 'readAt', key, signal, byteCount: length }, async () => {
        // Of many reads that failed together the first opens the object again, for all of them.
        if (used !== null && used === current) {
          superseded.add(used);
          if (used.reads === 0) void drop(used);
          current = { source: reopened(), reads: 0 };
        }
        const opening = current;
        used = opening;
        opening.reads += 1;
        try {
          return await (await opening.source).read(offset, length);
        } finally {
          opening.reads -= 1;
          if (opening.reads === 0 && superseded.has(opening)) void drop(opening);
        }
      });
    },
    async close() {
      // A read that fails from now on opens nothing any more: nobody would close it.
      closed = true;
      const before = [...superseded].map(drop);
      await (await current.source.catch(() => null))?.close().catch(passingOnly);
      await Promise.all(before);
    },
  };
}

/** What a large object begins and ends with: no two objects of ours agree in both, for a header holds random bytes. */
class IdentityMarks {
  #start: Mark | null = null;
  #end: Mark | null = null;

  note(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (offset === 0) this.#start = { offset, bytes: bytes.slice(0, identityMarkBytes) };
    const end = offset + bytes.length;
    if (this.#end !== null && end < this.#end.offset + this.#end.bytes.length) return;
    const kept = Math.min(bytes.length, identityMarkBytes);
    this.#end = { offset: end - kept, bytes: bytes.slice(bytes.length - kept) };
  }

  all(): readonly Mark[] {
    return [this.#start, this.#end].filter((mark) => mark !== null);
  }
}

interface Mark {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

function passingOnly(error: unknown): void {
  if (!(error instanceof MediumError) || !error.retryable) throw error;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function isKind(error: unknown, kind: MediumError['kind']): boolean {
  return error instanceof MediumError && error.kind === kind;
}
