import { type Clock, systemClock } from '../../base/clock.ts';
import { abandonedCallsMax, callDeadlineMs, publishDeadlineMs } from '../limits.ts';
import { type AppendSink, type Medium, MediumError, type ObjectSink, type ObjectSource } from '../medium.ts';
import { AbandonedCalls } from './abandoned-calls.ts';

export interface DeadlineOptions {
  readonly clock?: Clock;
  readonly callMs?: number;
  readonly publishMs?: number;
  /** Where publishing is what uploads: it has as long as all of the object takes at this many bytes a millisecond, if that is longer. */
  readonly publishBytesPerMs?: number;
  /** Shared by all media on one root, so that opening a sick one anew does not start counting anew. */
  readonly abandoned?: AbandonedCalls;
  /** Calls that hang before the medium answers `unavailable` without trying, `abandonedCallsMax` when left out. */
  readonly hangingMax?: number;
}

interface Ask {
  /** What errors name. */
  readonly key: string;
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Keys the call writes or removes. */
  readonly changes?: readonly string[];
  /** It ends what was opened: refused now, it is made up for when the medium takes calls again. */
  readonly ends?: boolean;
}

type Call = <T>(ask: Ask, work: (signal: AbortSignal) => Promise<T>, late?: (result: T) => Promise<void>) => Promise<T>;

/**
 * Gives every call of a medium, and of the objects it opens, a deadline; a call that passes it fails with `timeout`
 * and its signal is aborted. What still runs below (a dead mount cannot be interrupted) is counted: at
 * `abandonedCallsMax` the medium answers `unavailable` at once, so that a sick destination never takes all threads; an `abort` or
 * `close` that was refused is made up for when calls come back. The signal an object was opened with also ends the waits on that
 * object, but for `abort` and `close`. What hangs may still write or remove when it comes back: until then nothing else is changed
 * under its keys.
 */
export function withDeadlines(inner: Medium, options: DeadlineOptions = {}): Medium {
  const callMs = options.callMs ?? callDeadlineMs;
  const publishMs = options.publishMs ?? publishDeadlineMs;
  const { publishBytesPerMs = Number.POSITIVE_INFINITY } = options;
  const publishLimitMs = (sizeBytes: number) => Math.max(publishMs, Math.ceil(sizeBytes / publishBytesPerMs));
  const { clock = systemClock, abandoned = new AbandonedCalls(), hangingMax = abandonedCallsMax } = options;
  const call = deadlineCall(clock, abandoned, hangingMax);
  const reads = (key: string, signal?: AbortSignal): Ask => ({ key, limitMs: callMs, signal });
  const changes = (key: string, signal?: AbortSignal): Ask => ({ key, limitMs: callMs, signal, changes: [key] });
  const end = ending(reads(''));
  return {
    scheme: inner.scheme,
    abilities: inner.abilities,
    putSmall: (key, bytes, mode, signal) => call(changes(key, signal), (s) => inner.putSmall(key, bytes, mode, s)),
    async createObject(key, signal) {
      const open = (s: AbortSignal) => inner.createObject(key, s);
      const sink = await call(changes(key, signal), open, (late) => late.abort());
      return limitSink(sink, call, changes(key, signal), publishLimitMs);
    },
    async openAppend(key, sizeBytes, signal, syncedBytes) {
      const open = (s: AbortSignal) => inner.openAppend(key, sizeBytes, s, syncedBytes);
      const sink = await call(changes(key, signal), open, (late) => late.close());
      return limitAppend(sink, call, changes(key, signal));
    },
    read: (key, offset, length, signal) => call(reads(key, signal), (s) => inner.read(key, offset, length, s)),
    async openObject(key, signal) {
      const open = (s: AbortSignal) => inner.openObject(key, s);
      return limitSource(await call(reads(key, signal), open, (late) => late.close()), call, reads(key, signal));
    },
    head: (key, signal) => call(reads(key, signal), (s) => inner.head(key, s)),
    async *listPages(prefix, signal) {
      const giveUp = new AbortController();
      const either = signal ? AbortSignal.any([signal, giveUp.signal]) : giveUp.signal;
      const pages = inner.listPages(prefix, either)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { done, value } = await call(reads(prefix, signal), () => pages.next());
          if (done) return;
          yield value;
        }
      } finally {
        // The end of a listing queues behind its page, which only the signal ends.
        giveUp.abort(new Error('the listing was given up'));
        // Not awaited: a page that hangs would hold the caller.
        void Promise.resolve(pages.return?.()).catch(() => undefined);
      }
    },
    list: (prefix, signal) => call(reads(prefix, signal), (s) => inner.list(prefix, s)),
    remove: (keys, signal) => call({ ...reads(keys[0] ?? '', signal), changes: keys }, (s) => inner.remove(keys, s)),
    removeDirectory: (prefix, signal) => call(reads(prefix, signal), (s) => inner.removeDirectory(prefix, s)),
    tag: (keys, tags, signal) =>
      call({ ...reads(keys[0] ?? '', signal), changes: keys }, (s) => inner.tag(keys, tags, s)),
    tagsOf: (key, signal) => call(reads(key, signal), (s) => inner.tagsOf(key, s)),
    sweep: (olderThanMs, kept, signal) =>
      call({ key: '', limitMs: publishMs, signal }, (s) => inner.sweep(olderThanMs, kept, s)),
    status: (signal) => call(reads('', signal), (s) => inner.status(s)),
    close: () => call(end, () => inner.close()),
  };
}

function deadlineCall(clock: Clock, abandoned: AbandonedCalls, hangingMax: number): Call {
  const call: Call = async (ask, work, late) => {
    const { key, limitMs, signal, changes = [] } = ask;
    await abandoned.settled(changes);
    if (signal?.aborted) throw new MediumError('cancelled', key, 'the caller gave up', signal.reason);
    if (abandoned.hanging >= hangingMax) {
      if (ask.ends) abandoned.owe(ask, () => call(ask, work));
      throw new MediumError('unavailable', key, `${abandoned.hanging} earlier calls have not come back`);
    }
    if (ask.ends) abandoned.settle(ask);
    const giveUp = new AbortController();
    const settled = new AbortController();
    const running = work(giveUp.signal);
    const ended = new Promise<never>((_, reject) => {
      const end = (error: MediumError) => {
        reject(error);
        giveUp.abort(error);
      };
      const cancel = () => end(new MediumError('cancelled', key, 'the caller gave up', signal?.reason));
      signal?.addEventListener('abort', cancel, { once: true, signal: settled.signal });
      clock.sleep(limitMs, settled.signal).then(
        () => end(new MediumError('timeout', key, `no answer within ${limitMs} ms`)),
        () => undefined,
      );
    });
    try {
      return await Promise.race([running, ended]);
    } catch (error) {
      if (giveUp.signal.aborted) {
        const timedOut = giveUp.signal.reason.kind === 'timeout';
        const back = abandoned.add(clock, changes, timedOut);
        // Whatever comes back now has no owner any more: close it, and let the medium be tried again.
        void running
          .then((result) => late?.(result))
          .catch(() => undefined)
          .finally(back);
      }
      throw error;
    } finally {
      settled.abort();
    }
  };
  return call;
}

/** The ask of an object's `abort` or `close`: it goes on when the caller has given up, and waits for nothing that hangs. */
function ending({ key, limitMs }: Ask): Ask {
  return { key, limitMs, ends: true };
}

function limitSink(sink: ObjectSink, call: Call, ask: Ask, limitMs: (sizeBytes: number) => number): ObjectSink {
  const end = ending(ask);
  return {
    ...(sink.fd === undefined ? {} : { fd: sink.fd }),
    writeAt: (offset, bytes) => call(ask, () => sink.writeAt(offset, bytes)),
    publish: (sizeBytes) => call({ ...ask, limitMs: limitMs(sizeBytes) }, () => sink.publish(sizeBytes)),
    abort: () => call(end, () => sink.abort()),
  };
}

function limitAppend(sink: AppendSink, call: Call, ask: Ask): AppendSink {
  const end = ending(ask);
  return {
    ...(sink.fd === undefined ? {} : { fd: sink.fd }),
    get sizeBytes() {
      return sink.sizeBytes;
    },
    append: (bytes) => call(ask, () => sink.append(bytes)),
    close: () => call(end, () => sink.close()),
  };
}

function limitSource(source: ObjectSource, call: Call, ask: Ask): ObjectSource {
  const end = ending(ask);
  return {
    sizeBytes: source.sizeBytes,
    ...(source.fd === undefined ? {} : { fd: source.fd }),
    read: (offset, length) => call(ask, () => source.read(offset, length)),
    close: () => call(end, () => source.close()),
  };
}
