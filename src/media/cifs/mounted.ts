import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { Mutex } from '../../base/mutex.ts';
import { errnoOf, fileError } from '../file-errors.ts';
import { openFileMedium } from '../file-medium.ts';
import { type AppendSink, type Medium, MediumError } from '../medium.ts';
import type { CifsMount } from './address.ts';

/**
 * A share an administrator has mounted: files below the mount point. Their kernel syncs no directories, which `file-root.ts` knows
 * by the answer. Every call first looks whether something is mounted there at all: an empty mount point is a directory of this
 * machine, and `noContainer`.
 */
export function openMountedCifs({ mount, directory }: CifsMount, clock: Clock): Medium {
  const inner = openFileMedium(join(mount, directory), clock);
  const checked = async <T>(work: () => Promise<T>): Promise<T> => {
    await checkMounted(mount);
    return work();
  };
  return {
    scheme: 'cifs',
    abilities: inner.abilities,
    putSmall: (key, bytes, mode, signal) => checked(() => inner.putSmall(key, bytes, mode, signal)),
    createObject: (key, signal) => checked(() => inner.createObject(key, signal)),
    openAppend: (key, ...more) => checked(async () => guarded(inner, key, await inner.openAppend(key, ...more))),
    read: (key, offset, length, signal) => checked(() => inner.read(key, offset, length, signal)),
    openObject: (key, signal) => checked(() => inner.openObject(key, signal)),
    head: (key, signal) => checked(() => inner.head(key, signal)),
    list: (prefix, signal) => checked(() => inner.list(prefix, signal)),
    async *listPages(prefix, signal) {
      await checkMounted(mount);
      yield* inner.listPages(prefix, signal);
    },
    remove: (keys, signal) => checked(() => inner.remove(keys, signal)),
    removeDirectory: (prefix, signal) => checked(() => inner.removeDirectory(prefix, signal)),
    tag: (keys, tags, signal) => inner.tag(keys, tags, signal),
    tagsOf: (key, signal) => inner.tagsOf(key, signal),
    sweep: (olderThanMs, kept, signal) => checked(() => inner.sweep(olderThanMs, kept, signal)),
    status: (signal) => checked(() => inner.status(signal)),
    close: () => inner.close(),
  };
}

/** A share has many clients: an object another one has written to meanwhile is not written over. */
function guarded(inner: Medium, key: string, sink: AppendSink): AppendSink {
  const turn = new Mutex();
  return {
    get sizeBytes() {
      return sink.sizeBytes;
    },
    append: (bytes) =>
      turn.run(async () => {
        const found = (await inner.head(key))?.sizeBytes ?? 0;
        if (found !== sink.sizeBytes)
          throw new MediumError('io', key, `ends at ${found}, not at ${sink.sizeBytes}: somebody else writes to it`);
        await sink.append(bytes);
      }),
    close: () => sink.close(),
  };
}

async function checkMounted(mount: string): Promise<void> {
  try {
    const [here, above] = await Promise.all([stat(mount), stat(dirname(mount))]);
    if (here.dev !== above.dev) return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError('', error);
  }
  throw new MediumError('noContainer', '', 'nothing is mounted at the mount point of the destination');
}
