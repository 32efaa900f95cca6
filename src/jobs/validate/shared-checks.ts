import type { CopyWorkers } from '../../copy/copy-workers.ts';
import type { ListEntry, Medium } from '../../media/medium.ts';
import { Shares } from './shares.ts';

/** Bytes of the indexes of sets that are looked at beside each other; a larger one is looked at alone. */
const indexBytesAtOnce = 256 * 1024;

/** What the checks of one run of a job share. */
export interface SharedChecks {
  /** Threads for all of them together. */
  readonly workers: CopyWorkers;
  readonly indexes: Shares;
  /** Tasks that were begun, by number; each resolves when its task has ended, however. */
  readonly begun: Map<number, Promise<void>>;
  /** Names in a directory of placeholders, listed once a run. */
  placeholders(medium: Medium, directory: string, signal: AbortSignal): Promise<readonly ListEntry[]>;
}

/** `threads` is what one check alone would get. */
export function sharedChecks(workers: CopyWorkers, threads: number): SharedChecks {
  const listings = new Map<Medium, Map<string, Promise<readonly ListEntry[]>>>();
  return {
    workers: sharedWorkers(workers, threads),
    indexes: new Shares(indexBytesAtOnce),
    begun: new Map(),
    placeholders(medium, directory, signal) {
      const own = listings.get(medium) ?? new Map<string, Promise<readonly ListEntry[]>>();
      listings.set(medium, own);
      const known = own.get(directory);
      if (known) return known;
      const listed = medium.list(directory, signal);
      own.set(directory, listed);
      // The next one who asks tries again.
      listed.catch(() => own.delete(directory));
      return listed;
    },
  };
}

function sharedWorkers(workers: CopyWorkers, threads: number): CopyWorkers {
  const shares = new Shares(threads);
  return {
    threads,
    get busy() {
      return workers.busy;
    },
    use(count, signal, work, { turn, most = threads }) {
      const wanted = Math.min(threads, most, Math.max(1, count));
      return shares.take(wanted, signal, () => workers.use(wanted, signal, work, { turn, most: wanted }));
    },
    room: (turn, held) => Math.min(threads, workers.room(turn, held)),
    close: () => workers.close(),
  };
}
