/** What reads have come to, see `CallCounts`. */
export interface ReadCounts {
  readonly calls: number;
  readonly bytesIn: number;
  readonly totalUs: number;
  readonly maxUs: number;
  readonly byLatency: readonly number[];
}

/** Upper ends of the classes of `byLatency`, but for the last. */
export const latencyBoundsUs = [10_000, 100_000, 1_000_000, 10_000_000] as const;

const [callsAt, bytesAt, totalAt, maxAt, latencyAt] = [0, 1, 2, 3, 4];
const classes = latencyBoundsUs.length + 1;

/** The class of `byLatency` a call falls into. */
export function latencyClass(elapsedUs: number): number {
  const found = latencyBoundsUs.findIndex((bound) => elapsedUs <= bound);
  return found === -1 ? latencyBoundsUs.length : found;
}

/** Counts of reads in memory that threads share: of what they read through a descriptor, past everything that counts calls. */
export class ReadTally {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: BigInt64Array;

  constructor(buffer = new SharedArrayBuffer(8 * (latencyAt + classes))) {
    this.buffer = buffer;
    this.#cells = new BigInt64Array(buffer);
  }

  add(bytes: number, elapsedUs: number): void {
    const cells = this.#cells;
    const us = BigInt(Math.round(elapsedUs));
    Atomics.add(cells, callsAt, 1n);
    Atomics.add(cells, bytesAt, BigInt(bytes));
    Atomics.add(cells, totalAt, us);
    Atomics.add(cells, latencyAt + latencyClass(elapsedUs), 1n);
    let most = Atomics.load(cells, maxAt);
    while (us > most) {
      const seen = Atomics.compareExchange(cells, maxAt, most, us);
      if (seen === most) return;
      most = seen;
    }
  }

  get counts(): ReadCounts {
    const at = (cell: number) => Number(Atomics.load(this.#cells, cell));
    return {
      calls: at(callsAt),
      bytesIn: at(bytesAt),
      totalUs: at(totalAt),
      maxUs: at(maxAt),
      byLatency: Array.from({ length: classes }, (_, i) => at(latencyAt + i)),
    };
  }
}
