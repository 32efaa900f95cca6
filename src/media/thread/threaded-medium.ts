import { mediaOfThread, mediaThreadsMax } from '../limits.ts';
import {
  type AppendSink,
  type ListEntry,
  type Medium,
  MediumError,
  type ObjectSink,
  type ObjectSource,
} from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';
import { type OpenedObject, ownBytes, type PlainAddress } from './messages.ts';
import { MediaThread, type ThreadCall } from './thread-seat.ts';

let threads: MediaThread[] = [];
let nextMediumNo = 1;

/**
 * A medium that lives in a media thread: what its client computes (digests, signatures, encryption) and parses does not hold up
 * the main thread. `abilities` are those of the bare medium. A lost thread is replaced at the next call; what was open in it is lost.
 */
export function openInThread(address: MediumAddress, abilities: Medium['abilities']): Medium {
  const { scheme, path, host, authorization, options } = address;
  const plain: PlainAddress = { scheme, path, host, authorization, options, pace: address.pace?.buffer ?? null };
  const mediumNo = nextMediumNo++;
  let seat: MediaThread | null = null;
  const thread = (): MediaThread => {
    if (!seat?.alive) seat = freeThread();
    seat.open(mediumNo, plain);
    return seat;
  };
  const call = (
    name: string,
    args: readonly unknown[],
    key: string,
    signal?: AbortSignal,
    more?: Partial<ThreadCall>,
  ) => thread().call({ target: { mediumNo }, name, args, key, signal, ...more });
  const open = async (name: string, args: readonly unknown[], key: string, signal?: AbortSignal): Promise<Seated> => {
    const at = thread();
    const ended = new AbortController();
    const more = { target: { mediumNo }, name, args, key, signal, until: ended.signal };
    try {
      const opened = (await at.call(more)) as OpenedObject;
      at.count(1);
      return new Seated(at, opened, key, ended);
    } catch (error) {
      ended.abort();
      throw error;
    }
  };
  return {
    scheme,
    abilities,
    async putSmall(key, bytes, mode, signal) {
      const own = ownBytes(bytes);
      await call('putSmall', [key, own, mode], key, signal, { transfer: [own.buffer] });
    },
    createObject: async (key, signal) => sinkOf(await open('createObject', [key], key, signal)),
    openAppend: async (key, sizeBytes, signal, syncedBytes) =>
      appendOf(await open('openAppend', [key, sizeBytes, undefined, syncedBytes], key, signal)),
    read: async (key, offset, length, signal) => (await call('read', [key, offset, length], key, signal)) as Uint8Array,
    openObject: async (key, signal) => sourceOf(await open('openObject', [key], key, signal)),
    head: async (key, signal) => (await call('head', [key], key, signal)) as Awaited<ReturnType<Medium['head']>>,
    list: async (prefix, signal) => (await call('list', [prefix], prefix, signal)) as readonly ListEntry[],
    async *listPages(prefix, signal) {
      const seated = await open('listPages', [prefix], prefix, signal);
      try {
        for (;;) {
          const { done, value } = (await seated.call('next', [])) as IteratorResult<readonly ListEntry[], undefined>;
          if (done) return;
          yield value;
        }
      } finally {
        await seated.end('return').catch(() => undefined);
      }
    },
    async remove(keys, signal) {
      await call('remove', [keys], keys[0] ?? '', signal);
    },
    async removeDirectory(prefix, signal) {
      await call('removeDirectory', [prefix], prefix, signal);
    },
    async tag(keys, tags, signal) {
      await call('tag', [keys, tags], keys[0] ?? '', signal);
    },
    tagsOf: async (key, signal) => (await call('tagsOf', [key], key, signal)) as Readonly<Record<string, string>>,
    sweep: async (olderThanMs, kept, signal) => (await call('sweep', [olderThanMs, kept], '', signal)) as number,
    status: async (signal) => (await call('status', [], '', signal)) as Awaited<ReturnType<Medium['status']>>,
    async close() {
      const left = seat;
      seat = null;
      if (!left?.alive) return;
      left.forget(mediumNo);
      await left.call({ target: { mediumNo }, name: 'close', args: [], key: '' });
    },
  };
}

/** For tests: the threads that run now. */
export function mediaThreads(): readonly MediaThread[] {
  threads = threads.filter(({ alive }) => alive);
  return threads;
}

function freeThread(): MediaThread {
  const running = [...mediaThreads()].sort((a, b) => a.mediaCount - b.mediaCount);
  const [least] = running;
  if (least && (least.mediaCount < mediaOfThread || running.length >= mediaThreadsMax)) return least;
  const made = new MediaThread();
  threads = [...running, made];
  return made;
}

/** An object that is open in a thread. */
class Seated {
  readonly sizeBytes: number;
  readonly #thread: MediaThread;
  readonly #objectNo: number;
  readonly #key: string;
  readonly #ended: AbortController;

  constructor(thread: MediaThread, { objectNo, sizeBytes }: OpenedObject, key: string, ended: AbortController) {
    this.#thread = thread;
    this.#objectNo = objectNo;
    this.#key = key;
    this.#ended = ended;
    this.sizeBytes = sizeBytes;
  }

  call(name: string, args: readonly unknown[], transfer?: readonly ArrayBuffer[]): Promise<unknown> {
    // A large object is not brought back by another attempt: `io`, which nobody repeats in place. All else is opened anew.
    if (!this.#thread.alive) {
      const kind = name === 'writeAt' || name === 'publish' ? 'io' : 'unavailable';
      return Promise.reject(new MediumError(kind, this.#key, 'it was open in a media thread that was lost'));
    }
    const target = { objectNo: this.#objectNo };
    return this.#thread.call({ target, name, args, key: this.#key, ...(transfer ? { transfer } : {}) });
  }

  /** `close`, `abort`, `return` or `forget`; what has ended, or is on a thread that is gone, has nothing left to do. */
  async end(name: string): Promise<void> {
    if (this.#ended.signal.aborted) return;
    // An `abort` that failed may be repeated, all else has come to its end either way.
    let over = name !== 'abort';
    try {
      if (this.#thread.alive) await this.call(name, []);
      over = true;
    } finally {
      if ((over || !this.#thread.alive) && !this.#ended.signal.aborted) {
        this.#ended.abort();
        this.#thread.count(-1);
      }
    }
  }
}

function sinkOf(seated: Seated): ObjectSink {
  return {
    async writeAt(offset, bytes) {
      const own = ownBytes(bytes);
      await seated.call('writeAt', [offset, own], [own.buffer]);
    },
    async publish(sizeBytes) {
      await seated.call('publish', [sizeBytes]);
      await seated.end('forget').catch(() => undefined);
    },
    abort: () => seated.end('abort'),
  };
}

function appendOf(seated: Seated): AppendSink {
  let { sizeBytes } = seated;
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    async append(bytes) {
      const own = ownBytes(bytes);
      sizeBytes = Math.max(sizeBytes, (await seated.call('append', [own], [own.buffer])) as number);
    },
    close: () => seated.end('close'),
  };
}

function sourceOf(seated: Seated): ObjectSource {
  return {
    sizeBytes: seated.sizeBytes,
    read: async (offset, length) => (await seated.call('read', [offset, length])) as Uint8Array,
    close: () => seated.end('close'),
  };
}
