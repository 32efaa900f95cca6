import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

/**
 * The one clock. Everything that reads the time or waits does it through a `Clock`, so that tests can move it; nobody
 * else calls timers.
 */
export interface Clock {
  /** Wall clock in nanoseconds since 1970 UTC. May step backwards; SCNs are made strictly increasing elsewhere. */
  nowNs(): bigint;
  /** Wall clock in microseconds since 1970 UTC. */
  nowUs(): number;
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted before. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** The system's clock. Who sleeps keeps the process alive, or hands a signal. */
export const systemClock: Clock = {
  nowNs() {
    return wallNs() + Atomics.load(movedNs, 0);
  },
  nowUs() {
    return Number(systemClock.nowNs() / 1000n);
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, delayMs);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  },
};

/** For tests: sets the system's clock of this process, in all its threads, to so much ahead of the machine's, or behind it. */
export function moveClock(aheadMs: number): void {
  Atomics.store(movedNs, 0, BigInt(Math.round(aheadMs)) * 1_000_000n);
}

function wallNs(): bigint {
  const mono = process.hrtime.bigint();
  const wall = BigInt(Date.now()) * 1_000_000n;
  const reading = mono + Atomics.load(offsetNs, 0);
  const drift = wall - reading;
  if (drift < followStepNs && drift > -followStepNs) return reading;
  Atomics.store(offsetNs, 0, wall - mono);
  return wall;
}

/**
 * Wall clock minus monotonic clock, one cell for all threads of the process: what one thread commits and another reads from the
 * clock afterwards must stand in that order. Threads inherit the cell from the one that starts them.
 */
const offsetNs = sharedCell('obvault clock', () => BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint());

/** How far `moveClock` has moved the clock; shared in the same way. */
const movedNs = sharedCell('obvault clock moved', () => 0n);

function sharedCell(key: string, initial: () => bigint): BigInt64Array<SharedArrayBuffer> {
  const inherited = getEnvironmentData(key);
  if (inherited instanceof SharedArrayBuffer) return new BigInt64Array(inherited);
  const cell = new BigInt64Array(new SharedArrayBuffer(8));
  cell[0] = initial();
  setEnvironmentData(key, cell.buffer);
  return cell;
}

/** Steps of the wall clock larger than this are followed; smaller ones are the rounding of Date.now(). */
const followStepNs = 20_000_000n;
