import { type Clock, systemClock } from '../../base/clock.ts';
import { listResumeNames } from '../limits.ts';
import { type ListEntry, type Medium, MediumError } from '../medium.ts';
import { type AttemptAsk, type Attempts, attemptsWith, type Patience } from './attempts.ts';
import { retriedAppend, retriedSink, retriedSource } from './retry-objects.ts';

export interface RetryOptions {
  readonly clock?: Clock;
  /** From 0 to 1, for the pauses. */
  readonly random?: () => number;
  readonly patience?: Patience | undefined;
  /** Called before each attempt but the first. */
  readonly onRetry?: ((ask: AttemptAsk) => void) | undefined;
}

/**
 * Repeats calls that failed by something that passes (`throttled`, `unavailable`, `timeout`, `network`), a few times after
 * growing pauses. Nothing is done twice by it: what a lost answer leaves open is settled by looking at the object. Belongs
 * outside of `withDeadlines`, whose `timeout` it repeats, and inside of `withThrottle`. Where a replacement is not atomic, a `read`
 * that finds nothing looks once more.
 */
export function withRetries(inner: Medium, options: RetryOptions = {}): Medium {
  const { clock = systemClock, random = Math.random, patience, onRetry } = options;
  const attempts = attemptsWith({ clock, random, patience, onRetry });
  const mayBeReplaced = !inner.abilities.atomicReplace;
  return {
    scheme: inner.scheme,
    abilities: inner.abilities,
    putSmall: (key, bytes, mode, signal) =>
      attempts({ operation: 'putSmall', key, signal, byteCount: bytes.length, sends: true }, async (again) => {
        try {
          await inner.putSmall(key, bytes, mode, signal);
        } catch (error) {
          if (!again || !isTaken(error) || !(await holds(inner, key, bytes, signal))) throw error;
        }
      }),
    createObject: (key, signal) =>
      attempts({ operation: 'createObject', key, signal }, () => inner.createObject(key, signal)).then((sink) =>
        retriedSink({ inner, attempts, key, signal }, sink),
      ),
    openAppend: (key, sizeBytes, signal, syncedBytes) =>
      attempts({ operation: 'openAppend', key, signal }, () =>
        inner.openAppend(key, sizeBytes, signal, syncedBytes),
      ).then((sink) => retriedAppend({ inner, attempts, key, signal }, sink)),
    read: (key, offset, length, signal) =>
      attempts({ operation: 'read', key, signal, byteCount: length ?? 0, mayBeReplaced }, () =>
        inner.read(key, offset, length, signal),
      ),
    openObject: (key, signal) =>
      attempts({ operation: 'openObject', key, signal }, () => inner.openObject(key, signal)).then((source) =>
        retriedSource({ inner, attempts, key, signal }, source),
      ),
    head: (key, signal) => attempts({ operation: 'head', key, signal }, () => inner.head(key, signal)),
    list: (prefix, signal) => attempts({ operation: 'list', key: prefix, signal }, () => inner.list(prefix, signal)),
    listPages: (prefix, signal) => retriedPages(inner, attempts, prefix, signal),
    remove: (keys, signal) =>
      attempts({ operation: 'remove', key: keys[0] ?? '', signal, operationCount: keys.length }, () =>
        inner.remove(keys, signal),
      ),
    removeDirectory: (prefix, signal) =>
      attempts({ operation: 'removeDirectory', key: prefix, signal }, () => inner.removeDirectory(prefix, signal)),
    tag: (keys, tags, signal) =>
      attempts({ operation: 'tag', key: keys[0] ?? '', signal, operationCount: keys.length }, () =>
        inner.tag(keys, tags, signal),
      ),
    tagsOf: (key, signal) => attempts({ operation: 'tagsOf', key, signal }, () => inner.tagsOf(key, signal)),
    sweep: (olderThanMs, kept, signal) =>
      attempts({ operation: 'sweep', key: '', signal }, () => inner.sweep(olderThanMs, kept, signal)),
    status: (signal) => attempts({ operation: 'status', key: '', signal }, () => inner.status(signal)),
    close: () => inner.close(),
  };
}

/** A listing that met a fault begins anew and leaves out what it has given already. */
async function* retriedPages(
  inner: Medium,
  attempts: Attempts,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ListEntry[]> {
  const given = new Set<string>();
  let pages = inner.listPages(prefix, signal)[Symbol.asyncIterator]();
  let complete = true;
  try {
    for (;;) {
      const next = await attempts({ operation: 'listPages', key: prefix, signal }, async (again) => {
        if (again) pages = inner.listPages(prefix, signal)[Symbol.asyncIterator]();
        return pages.next().catch((error: unknown) => {
          if (complete) throw error;
          throw new MediumError('io', prefix, `the listing broke off after more than ${listResumeNames} names`, error);
        });
      });
      if (next.done) return;
      const page = next.value.filter(({ name }) => !given.has(name));
      if (complete) for (const { name } of page) given.add(name);
      if (given.size > listResumeNames) {
        complete = false;
        given.clear();
      }
      yield page;
    }
  } finally {
    // Not awaited: a page that hangs would hold the caller.
    void Promise.resolve(pages.return?.()).catch(() => undefined);
  }
}

/** True when the object holds exactly these bytes. */
async function holds(inner: Medium, key: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<boolean> {
  if ((await inner.head(key, signal))?.sizeBytes !== bytes.length) return false;
  return Buffer.compare(await inner.read(key, undefined, undefined, signal), bytes) === 0;
}

function isTaken(error: unknown): boolean {
  return error instanceof MediumError && error.kind === 'alreadyExists';
}
