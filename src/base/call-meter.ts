import { latencyBoundsUs, latencyClass, type ReadCounts } from './read-tally.ts';

/** Where calls go: a destination, without anything secret. */
export interface CallPlace {
  readonly path: string;
  /** `host=` of an object store, `''` for all others. */
  readonly host: string;
}

/** What the calls of one operation on one place have come to since the server started. */
export interface CallCounts extends CallPlace {
  readonly operation: string;
  /** Ended, one for each attempt. */
  readonly calls: number;
  readonly running: number;
  readonly failures: ReadonlyMap<string, number>;
  /** Attempts beyond the first one of a call. */
  readonly retries: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly totalUs: number;
  readonly maxUs: number;
  /** Calls by how long they took: up to each of `latencyBoundsUs`, and longer. */
  readonly byLatency: readonly number[];
}

/** Places counted before the one that was named longest ago is forgotten. */
export const meteredPlacesMax = 1_000;

/** How a call ended. */
export interface CallEnd {
  /** What went wrong, null when nothing did. */
  readonly failure: string | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly elapsedUs: number;
}

interface Counted {
  calls: number;
  running: number;
  readonly failures: Map<string, number>;
  retries: number;
  bytesIn: number;
  bytesOut: number;
  totalUs: number;
  maxUs: number;
  readonly byLatency: number[];
}

/** The counts of one place. */
export class PlaceMeter {
  readonly place: CallPlace;
  readonly #operations = new Map<string, Counted>();

  constructor(place: CallPlace) {
    this.place = place;
  }

  /** A call begins; what it returns takes its end. */
  begin(operation: string): (end: CallEnd) => void {
    const counted = this.#of(operation);
    counted.running += 1;
    return ({ failure, bytesIn, bytesOut, elapsedUs }) => {
      counted.running -= 1;
      counted.calls += 1;
      if (failure !== null) counted.failures.set(failure, (counted.failures.get(failure) ?? 0) + 1);
      counted.bytesIn += bytesIn;
      counted.bytesOut += bytesOut;
      counted.totalUs += elapsedUs;
      counted.maxUs = Math.max(counted.maxUs, elapsedUs);
      const at = latencyClass(elapsedUs);
      counted.byLatency[at] = (counted.byLatency[at] ?? 0) + 1;
    };
  }

  /** Adds reads that were counted elsewhere. */
  addReads(operation: string, { calls, bytesIn, totalUs, maxUs, byLatency }: ReadCounts): void {
    const counted = this.#of(operation);
    counted.calls += calls;
    counted.bytesIn += bytesIn;
    counted.totalUs += totalUs;
    counted.maxUs = Math.max(counted.maxUs, maxUs);
    for (const [at, count] of byLatency.entries()) counted.byLatency[at] = (counted.byLatency[at] ?? 0) + count;
  }

  retried(operation: string): void {
    this.#of(operation).retries += 1;
  }

  counts(): readonly CallCounts[] {
    return [...this.#operations].map(([operation, counted]) => ({ ...this.place, operation, ...counted }));
  }

  #of(operation: string): Counted {
    const known = this.#operations.get(operation);
    if (known) return known;
    const byLatency = Array.from({ length: latencyBoundsUs.length + 1 }, () => 0);
    const zero = { calls: 0, running: 0, retries: 0, bytesIn: 0, bytesOut: 0, totalUs: 0, maxUs: 0 };
    const made: Counted = { ...zero, failures: new Map(), byLatency };
    this.#operations.set(operation, made);
    return made;
  }
}

/** The counts of a server, in memory. */
export class CallMeter {
  readonly #places = new Map<string, PlaceMeter>();

  /** The counts of a place, shared by all that work on it. */
  of({ path, host }: CallPlace): PlaceMeter {
    const name = `${path}?${host}`;
    const place = this.#places.get(name) ?? new PlaceMeter({ path, host });
    this.#places.delete(name);
    this.#places.set(name, place);
    const [oldest] = this.#places.keys();
    if (this.#places.size > meteredPlacesMax && oldest !== undefined) this.#places.delete(oldest);
    return place;
  }

  counts(): readonly CallCounts[] {
    return [...this.#places.values()].flatMap((place) => place.counts());
  }
}
