import { type Clock, systemClock } from '../../base/clock.ts';
import { type AppendSink, type Medium, MediumError, type ObjectSink, type ObjectSource } from '../medium.ts';
import type { Pace } from '../pace.ts';
import type { PaceDebts } from '../pace-debts.ts';

type Take = (
  key: string,
  byteCount: number,
  signal?: AbortSignal,
  operationCount?: number,
  onWait?: () => void,
) => Promise<void>;

/**
 * Holds a medium to a pace: every call is an operation, what is read or written counts as bytes. Objects with a
 * descriptor carry the pace along, for threads that read and write past the medium. What undoes or closes never waits.
 * Belongs outside of `withDeadlines`: waiting for the pace is no failure of the medium. `debts` end with it.
 */
export function withThrottle(inner: Medium, pace: Pace, clock: Clock = systemClock, debts?: PaceDebts): Medium {
  const take: Take = async (key, byteCount, signal, operationCount = 1, onWait) => {
    const sleep = (delayMs: number) => {
      onWait?.();
      return clock.sleep(delayMs, signal).catch(() => {
        throw new MediumError('cancelled', key, 'the caller gave up', signal?.reason);
      });
    };
    await pace.take(operationCount, byteCount, sleep);
  };
  return {
    scheme: inner.scheme,
    abilities: inner.abilities,
    async putSmall(key, bytes, mode, signal) {
      await take(key, bytes.length, signal);
      return inner.putSmall(key, bytes, mode, signal);
    },
    async createObject(key, signal) {
      await take(key, 0, signal);
      return slowSink(await inner.createObject(key, signal), key, take, pace, signal);
    },
    async openAppend(key, sizeBytes, signal, syncedBytes) {
      await take(key, 0, signal);
      return slowAppend(await inner.openAppend(key, sizeBytes, signal, syncedBytes), key, take, signal);
    },
    async read(key, offset, length, signal) {
      await take(key, length ?? 0, signal);
      const bytes = await inner.read(key, offset, length, signal);
      // What the length of a whole object comes to is known only now: the next call waits for it.
      if (length === undefined) await take(key, bytes.length, signal, 0);
      return bytes;
    },
    async openObject(key, signal) {
      await take(key, 0, signal);
      return slowSource(await inner.openObject(key, signal), key, take, pace, signal);
    },
    async head(key, signal) {
      await take(key, 0, signal);
      return inner.head(key, signal);
    },
    async list(prefix, signal) {
      await take(prefix, 0, signal);
      return inner.list(prefix, signal);
    },
    async *listPages(prefix, signal) {
      for await (const page of inner.listPages(prefix, signal)) {
        await take(prefix, 0, signal);
        yield page;
      }
    },
    async remove(keys, signal) {
      await take(keys[0] ?? '', 0, signal, keys.length);
      return inner.remove(keys, signal);
    },
    async removeDirectory(prefix, signal) {
      await take(prefix, 0, signal);
      return inner.removeDirectory(prefix, signal);
    },
    async tag(keys, tags, signal) {
      await take(keys[0] ?? '', 0, signal, keys.length);
      return inner.tag(keys, tags, signal);
    },
    async tagsOf(key, signal) {
      await take(key, 0, signal);
      return inner.tagsOf(key, signal);
    },
    async sweep(olderThanMs, kept, signal) {
      await take('', 0, signal);
      return inner.sweep(olderThanMs, kept, signal);
    },
    status: (signal) => inner.status(signal),
    close() {
      debts?.close();
      return inner.close();
    },
  };
}

function slowSink(sink: ObjectSink, key: string, take: Take, pace: Pace, signal: AbortSignal | undefined): ObjectSink {
  const waits = waitCount();
  return {
    ...(sink.fd === undefined ? {} : { fd: sink.fd, pace: pace.buffer }),
    paceWaits: waits.count,
    async writeAt(offset, bytes) {
      await take(key, bytes.length, signal, 1, waits.note);
      return sink.writeAt(offset, bytes);
    },
    async publish(sizeBytes) {
      await take(key, 0, signal);
      return sink.publish(sizeBytes);
    },
    abort: () => sink.abort(),
  };
}

// The descriptor is withheld: nobody appends from another thread.
function slowAppend(sink: AppendSink, key: string, take: Take, signal: AbortSignal | undefined): AppendSink {
  return {
    get sizeBytes() {
      return sink.sizeBytes;
    },
    async append(bytes) {
      await take(key, bytes.length, signal);
      return sink.append(bytes);
    },
    close: () => sink.close(),
  };
}

function slowSource(
  source: ObjectSource,
  key: string,
  take: Take,
  pace: Pace,
  signal: AbortSignal | undefined,
): ObjectSource {
  const waits = waitCount();
  return {
    sizeBytes: source.sizeBytes,
    paceWaits: waits.count,
    ...(source.fd === undefined ? {} : { fd: source.fd, pace: pace.buffer }),
    ...(source.tally === undefined ? {} : { tally: source.tally }),
    async read(offset, length) {
      await take(key, length, signal, 1, waits.note);
      return source.read(offset, length);
    },
    close: () => source.close(),
  };
}

function waitCount() {
  let waits = 0;
  return { count: () => waits, note: () => void waits++ };
}
