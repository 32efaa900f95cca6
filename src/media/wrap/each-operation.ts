import type { AppendSink, Medium, ObjectSink, ObjectSource } from '../medium.ts';

/** Names of the operations of a medium, those of opened objects included. `readAt` is the `read` of an opened one. */
export type MediumOperation =
  | keyof Omit<Medium, 'scheme' | 'abilities'>
  | 'writeAt'
  | 'publish'
  | 'abort'
  | 'append'
  | 'readAt';

/** One operation on its way down. */
export interface Operation<T> {
  readonly name: MediumOperation;
  /** Several are joined by commas; `''` where there is none. */
  readonly key: string;
  readonly work: () => Promise<T>;
  /** Gives back what `work` opened when the answer does not reach the caller. */
  readonly lost?: (result: T) => Promise<void>;
  /** Bytes that go out with it, and those that came back. */
  readonly sends?: number;
  readonly brings?: (result: T) => number;
}

/** Carries an operation out, or does something else instead. */
export type Step = <T>(operation: Operation<T>) => Promise<T>;

/**
 * A medium each operation of which goes through `step`, those of the objects it opens too. What goes past it through a descriptor
 * is not seen: `descriptors` says whether they are handed on.
 */
export function eachOperation(inner: Medium, descriptors: boolean, step: Step): Medium {
  return {
    scheme: inner.scheme,
    abilities: inner.abilities,
    putSmall: (key, bytes, mode, signal) =>
      step({
        name: 'putSmall',
        key,
        work: () => inner.putSmall(key, bytes, mode, signal),
        sends: bytes.length,
      }),
    async createObject(key, signal) {
      const work = () => inner.createObject(key, signal);
      return eachOfSink(
        await step({ name: 'createObject', key, work, lost: (sink) => sink.abort() }),
        key,
        descriptors,
        step,
      );
    },
    async openAppend(key, sizeBytes, signal, syncedBytes) {
      const work = () => inner.openAppend(key, sizeBytes, signal, syncedBytes);
      return eachOfAppend(
        await step({ name: 'openAppend', key, work, lost: (sink) => sink.close() }),
        key,
        descriptors,
        step,
      );
    },
    read: (key, offset, length, signal) =>
      step({ name: 'read', key, work: () => inner.read(key, offset, length, signal), brings: lengthOf }),
    async openObject(key, signal) {
      const work = () => inner.openObject(key, signal);
      return eachOfSource(
        await step({ name: 'openObject', key, work, lost: (source) => source.close() }),
        key,
        descriptors,
        step,
      );
    },
    head: (key, signal) => step({ name: 'head', key, work: () => inner.head(key, signal) }),
    async *listPages(prefix, signal) {
      const pages = inner.listPages(prefix, signal)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await step({ name: 'listPages', key: prefix, work: () => pages.next() });
          if (done) return;
          yield value;
        }
      } finally {
        await pages.return?.();
      }
    },
    list: (prefix, signal) => step({ name: 'list', key: prefix, work: () => inner.list(prefix, signal) }),
    remove: (keys, signal) => step({ name: 'remove', key: keys.join(','), work: () => inner.remove(keys, signal) }),
    removeDirectory: (prefix, signal) =>
      step({ name: 'removeDirectory', key: prefix, work: () => inner.removeDirectory(prefix, signal) }),
    tag: (keys, tags, signal) => step({ name: 'tag', key: keys.join(','), work: () => inner.tag(keys, tags, signal) }),
    tagsOf: (key, signal) => step({ name: 'tagsOf', key, work: () => inner.tagsOf(key, signal) }),
    sweep: (olderThanMs, kept, signal) =>
      step({ name: 'sweep', key: '', work: () => inner.sweep(olderThanMs, kept, signal) }),
    status: (signal) => step({ name: 'status', key: '', work: () => inner.status(signal) }),
    close: () => step({ name: 'close', key: '', work: () => inner.close() }),
  };
}

function eachOfSink(sink: ObjectSink, key: string, descriptors: boolean, step: Step): ObjectSink {
  const fd = descriptors ? sink.fd : undefined;
  let seen = 0;
  return {
    ...(fd === undefined ? {} : { fd }),
    writeAt(offset, bytes) {
      seen += bytes.length;
      return step({ name: 'writeAt', key, work: () => sink.writeAt(offset, bytes), sends: bytes.length });
    },
    publish(sizeBytes) {
      const sends = fd === undefined ? 0 : Math.max(0, sizeBytes - seen);
      return step({ name: 'publish', key, work: () => sink.publish(sizeBytes), sends });
    },
    abort: () => step({ name: 'abort', key, work: () => sink.abort() }),
  };
}

function eachOfAppend(sink: AppendSink, key: string, descriptors: boolean, step: Step): AppendSink {
  return {
    ...(descriptors && sink.fd !== undefined ? { fd: sink.fd } : {}),
    get sizeBytes() {
      return sink.sizeBytes;
    },
    append: (bytes) => step({ name: 'append', key, work: () => sink.append(bytes), sends: bytes.length }),
    close: () => step({ name: 'close', key, work: () => sink.close() }),
  };
}

function eachOfSource(source: ObjectSource, key: string, descriptors: boolean, step: Step): ObjectSource {
  return {
    sizeBytes: source.sizeBytes,
    ...(descriptors && source.fd !== undefined ? { fd: source.fd } : {}),
    read: (offset, length) => step({ name: 'readAt', key, work: () => source.read(offset, length), brings: lengthOf }),
    close: () => step({ name: 'close', key, work: () => source.close() }),
  };
}

function lengthOf(bytes: Uint8Array): number {
  return bytes.length;
}
