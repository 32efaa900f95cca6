import { type Clock, systemClock } from '../../src/base/clock.ts';

export const hourMs = 3_600_000;

/** A clock that can be put forward and back; waits take their real time. */
export class MovableClock implements Clock {
  #offsetMs = 0;

  move(byMs: number): void {
    this.#offsetMs += byMs;
  }

  nowNs(): bigint {
    return systemClock.nowNs() + BigInt(Math.round(this.#offsetMs)) * 1_000_000n;
  }

  nowUs(): number {
    return Number(this.nowNs() / 1000n);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs, signal);
  }
}
