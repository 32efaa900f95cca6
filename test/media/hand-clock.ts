import type { Clock } from '../../src/base/clock.ts';

/** Lets everything run that is due now. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

export async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await turn();
}

/** A clock whose sleepers wake when the test says so. */
export function handClock() {
  const sleepers = new Set<() => void>();
  const clock: Clock = {
    nowNs: () => 0n,
    nowUs: () => 0,
    sleep: (_delayMs, signal) =>
      new Promise((resolve, reject) => {
        const wake = () => {
          sleepers.delete(wake);
          resolve();
        };
        sleepers.add(wake);
        signal?.addEventListener('abort', () => {
          sleepers.delete(wake);
          reject(signal.reason);
        });
      }),
  };
  const pass = () => {
    for (const wake of [...sleepers]) wake();
  };
  return { clock, pass, sleeping: () => sleepers.size };
}
