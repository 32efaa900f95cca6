import { type Clock, systemClock } from '../../base/clock.ts';
import { abandonedCallsMax, callDeadlineMs, publishDeadlineMs } from '../limits.ts';
import { type AppendSink, type Medium, MediumError, type ObjectSink, type ObjectSource } from '../medium.ts';

export interface DeadlineOptions {
  readonly clock?: Clock;
  readonly callMs?: number;
  readonly publishMs?: number;
}

type Call = <T>(
  key: string,
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  late?: (result: T) => Promise<void>,
) => Promise<T>;

/**
 * Gives every call of a medium, and of the objects it opens, a deadline; a call that passes it fails with `timeout`
 * and its signal is aborted. What still runs below (a dead mount cannot be interrupted) is counted: at
 * `abandonedCallsMax` the medium answers `unavailable` at once, so that a sick destination never takes all threads. The
 * signal an object was opened with also ends the waits on that object, but for `abort` and `close`.
 */
export function withDeadlines(inner: Medium, options: DeadlineOptions = {}): Medium {
  const callMs = options.callMs ?? callDeadlineMs;
  const publishMs = options.publishMs ?? publishDeadlineMs;
  const call = deadlineCall(options.clock ?? systemClock);
  return {
    scheme: inner.scheme,
    putSmall: (key, bytes, mode, signal) => call(key, callMs, signal, (s) => inner.putSmall(key, bytes, mode, s)),
    async createObject(key, signal) {
      const open = (s: AbortSignal) => inner.createObject(key, s);
      const sink = await call(key, callMs, signal, open, (late) => late.abort());
      return limitSink(sink, key, call, callMs, publishMs, signal);
    },
    async openAppend(key, sizeBytes, signal) {
      const open = (s: AbortSignal) => inner.openAppend(key, sizeBytes, s);
      return limitAppend(await call(key, callMs, signal, open, (late) => late.close()), key, call, callMs, signal);
    },
    read: (key, offset, length, signal) => call(key, callMs, signal, (s) => inner.read(key, offset, length, s)),
    async openObject(key, signal) {
      const open = (s: AbortSignal) => inner.openObject(key, s);
      return limitSource(await call(key, callMs, signal, open, (late) => late.close()), key, call, callMs, signal);
    },
    head: (key, signal) => call(key, callMs, signal, (s) => inner.head(key, s)),
    list: (prefix, signal) => call(prefix, callMs, signal, (s) => inner.list(prefix, s)),
    remove: (keys, signal) => call(keys[0] ?? '', callMs, signal, (s) => inner.remove(keys, s)),
    removeDirectory: (prefix, signal) => call(prefix, callMs, signal, (s) => inner.removeDirectory(prefix, s)),
    close: () => call('', callMs, undefined, () => inner.close()),
  };
}

function deadlineCall(clock: Clock): Call {
  let abandoned = 0;
  return async (key, limitMs, signal, work, late) => {
    if (signal?.aborted) throw new MediumError('cancelled', key, 'the caller gave up', signal.reason);
    if (abandoned >= abandonedCallsMax)
      throw new MediumError('unavailable', key, `${abandoned} earlier calls have not come back`);
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
        abandoned += 1;
        // Whatever comes back now has no owner any more: close it, and let the medium be tried again.
        void running
          .then((result) => late?.(result))
          .catch(() => undefined)
          .finally(() => {
            abandoned -= 1;
          });
      }
      throw error;
    } finally {
      settled.abort();
    }
  };
}

function limitSink(
  sink: ObjectSink,
  key: string,
  call: Call,
  callMs: number,
  publishMs: number,
  signal: AbortSignal | undefined,
): ObjectSink {
  return {
    ...(sink.fd === undefined ? {} : { fd: sink.fd }),
    writeAt: (offset, bytes) => call(key, callMs, signal, () => sink.writeAt(offset, bytes)),
    publish: (sizeBytes) => call(key, publishMs, signal, () => sink.publish(sizeBytes)),
    abort: () => call(key, callMs, undefined, () => sink.abort()),
  };
}

function limitAppend(
  sink: AppendSink,
  key: string,
  call: Call,
  callMs: number,
  signal: AbortSignal | undefined,
): AppendSink {
  return {
    ...(sink.fd === undefined ? {} : { fd: sink.fd }),
    get sizeBytes() {
      return sink.sizeBytes;
    },
    append: (bytes) => call(key, callMs, signal, () => sink.append(bytes)),
    close: () => call(key, callMs, undefined, () => sink.close()),
  };
}

function limitSource(
  source: ObjectSource,
  key: string,
  call: Call,
  callMs: number,
  signal: AbortSignal | undefined,
): ObjectSource {
  return {
    sizeBytes: source.sizeBytes,
    ...(source.fd === undefined ? {} : { fd: source.fd }),
    read: (offset, length) => call(key, callMs, signal, () => source.read(offset, length)),
    close: () => call(key, callMs, undefined, () => source.close()),
  };
}
