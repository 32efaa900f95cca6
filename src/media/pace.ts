/** What a destination may be asked for; 0 is no limit. */
export interface PaceLimits {
  readonly maxIops: bigint;
  /** Bytes per second. */
  readonly maxBandwidth: bigint;
}

export const noLimits: PaceLimits = Object.freeze({ maxIops: 0n, maxBandwidth: 0n });

/** What may be spent at once after a pause, and what is taken in one piece, as a part of a second's worth. */
export const burstNs = 100_000_000n;

const secondNs = 1_000_000_000n;
/** Longest sleep before a waiter looks round: whether it shall stop, and whether the rate is another one. */
const lookMs = 100;

const versionAt = 0;
/** Cells of one bucket: units per second, and the moment up to which everything taken so far is paid for. */
interface Bucket {
  readonly rateAt: number;
  readonly paidAt: number;
}
const operations: Bucket = { rateAt: 1, paidAt: 2 };
const bytes: Bucket = { rateAt: 3, paidAt: 4 };
const cellBytes = 8 * 6;

/** A wait in which a thread sleeps. */
export interface ThreadWait {
  readonly stopped: () => boolean;
  /** Called now and then while waiting, so that a slow pace is not taken for a standstill. */
  readonly waiting?: () => void;
}

/**
 * Token buckets of one destination, for operations and for bytes, in memory that threads share. In no stretch of time
 * passes more than rate × time plus a tenth of a second's worth (or one operation). Another rate holds at once, also for
 * those that wait.
 */
export class Pace {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: BigInt64Array;
  readonly #version: Int32Array;
  readonly #nowNs: () => bigint;

  /** `nowNs` is a clock that never steps back, the same one in all threads. */
  constructor(buffer = new SharedArrayBuffer(cellBytes), nowNs: () => bigint = process.hrtime.bigint) {
    this.buffer = buffer;
    this.#cells = new BigInt64Array(buffer);
    this.#version = new Int32Array(buffer, versionAt, 1);
    this.#nowNs = nowNs;
  }

  get limits(): PaceLimits {
    return {
      maxIops: Atomics.load(this.#cells, operations.rateAt),
      maxBandwidth: Atomics.load(this.#cells, bytes.rateAt),
    };
  }

  /** Changes the rates. Debts of the old rates are forgiven, those that wait ask anew. */
  set({ maxIops, maxBandwidth }: PaceLimits): void {
    const now = this.limits;
    if (now.maxIops === maxIops && now.maxBandwidth === maxBandwidth) return;
    Atomics.store(this.#cells, operations.rateAt, maxIops);
    Atomics.store(this.#cells, bytes.rateAt, maxBandwidth);
    for (const { paidAt } of [operations, bytes]) Atomics.store(this.#cells, paidAt, this.#nowNs());
    Atomics.add(this.#version, 0, 1);
    Atomics.notify(this.#version, 0);
  }

  /** How long operations and bytes take when nobody else wants any, milliseconds. */
  spanMs(operationCount: number, byteCount: number): number {
    const { maxIops, maxBandwidth } = this.limits;
    const spans = [
      maxIops > 0n ? operationCount / Number(maxIops) : 0,
      maxBandwidth > 0n ? byteCount / Number(maxBandwidth) : 0,
    ];
    return 1_000 * Math.max(...spans);
  }

  /** Takes operations and bytes, waiting on the main thread; `sleep` rejects when it shall end. */
  async take(operationCount: number, byteCount: number, sleep: (delayMs: number) => Promise<void>): Promise<void> {
    for (const wait of this.#waits(operationCount, byteCount)) await sleep(wait);
  }

  /** Takes operations and bytes, sleeping in a worker thread; returns early when stopped. */
  takeInThread(operationCount: number, byteCount: number, { stopped, waiting }: ThreadWait): void {
    for (const wait of this.#waits(operationCount, byteCount)) {
      waiting?.();
      Atomics.wait(this.#version, 0, Atomics.load(this.#version, 0), wait);
      if (stopped()) return;
    }
  }

  /** The sleeps, in milliseconds, after which everything asked for has been paid. */
  *#waits(operationCount: number, byteCount: number): Generator<number, void, void> {
    yield* this.#bucketWaits(operations, BigInt(operationCount));
    yield* this.#bucketWaits(bytes, BigInt(byteCount));
  }

  *#bucketWaits(bucket: Bucket, units: bigint): Generator<number, void, void> {
    let left = units;
    while (left > 0n) {
      const version = Atomics.load(this.#version, 0);
      const rate = Atomics.load(this.#cells, bucket.rateAt);
      if (rate <= 0n) return;
      const piece = smaller(left, larger(1n, (rate * burstNs) / secondNs));
      const dueNs = this.#reserve(bucket, piece, rate);
      for (;;) {
        const restNs = dueNs - this.#nowNs();
        if (restNs <= 0n || Atomics.load(this.#version, 0) !== version) break;
        yield Math.min(lookMs, Math.ceil(Number(restNs) / 1e6));
      }
      if (Atomics.load(this.#version, 0) === version) left -= piece;
    }
  }

  /** Enters a piece behind everything taken before; the moment at which it is paid for. */
  #reserve({ paidAt }: Bucket, units: bigint, rate: bigint): bigint {
    const costNs = (units * secondNs + rate - 1n) / rate;
    for (;;) {
      const paid = Atomics.load(this.#cells, paidAt);
      const due = larger(paid, this.#nowNs() - burstNs) + costNs;
      if (Atomics.compareExchange(this.#cells, paidAt, paid, due) === paid) return due;
    }
  }
}

/** The paces of all destinations in use: everybody who works for one tenant on one path shares a pace. */
export class Paces {
  readonly #known = new Map<string, Pace>();

  of(tenantId: number, path: string, host: string): Pace {
    const key = `${tenantId} ${path} ${host}`;
    const known = this.#known.get(key);
    if (known) return known;
    const made = new Pace();
    this.#known.set(key, made);
    return made;
  }
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
