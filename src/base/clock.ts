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

/** The system's clock. Sleeping does not keep the process alive. */
export const systemClock: Clock = {
  nowNs() {
    const mono = process.hrtime.bigint();
    const wall = BigInt(Date.now()) * 1_000_000n;
    const reading = startWallNs + (mono - startMonoNs);
    const drift = wall - reading;
    if (drift < followStepNs && drift > -followStepNs) return reading;
    startMonoNs = mono;
    startWallNs = wall;
    return wall;
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

let startMonoNs = process.hrtime.bigint();
let startWallNs = BigInt(Date.now()) * 1_000_000n;

/** Steps of the wall clock larger than this are followed; smaller ones are the rounding of Date.now(). */
const followStepNs = 20_000_000n;
