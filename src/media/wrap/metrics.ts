import type { PlaceMeter } from '../../base/call-meter.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { ReadTally } from '../../base/read-tally.ts';
import { type Medium, MediumError, type ObjectSource } from '../medium.ts';
import { eachOperation } from './each-operation.ts';

/**
 * Counts every attempt of a medium, and of the objects it opens, where it goes: how many, how they ended, bytes and time. Belongs
 * outside of `withDeadlines` and inside of `withRetries`, which says itself when it tries again. What copy threads write through a
 * descriptor is counted with `publish`, what they read that way when the object is closed.
 */
export function withMetrics(inner: Medium, meter: PlaceMeter, clock: Clock = systemClock): Medium {
  const counted = eachOperation(inner, true, async ({ name, work, sends = 0, brings }) => {
    const startNs = clock.nowNs();
    const end = meter.begin(name);
    const ended = (failure: string | null, bytesOut: number, bytesIn: number) =>
      end({ failure, bytesOut, bytesIn, elapsedUs: Number((clock.nowNs() - startNs) / 1_000n) });
    try {
      const result = await work();
      ended(null, sends, brings?.(result) ?? 0);
      return result;
    } catch (error) {
      ended(error instanceof MediumError ? error.kind : 'io', 0, 0);
      throw error;
    }
  });
  return {
    ...counted,
    async openObject(key, signal) {
      const source = await counted.openObject(key, signal);
      return source.fd === undefined ? source : tallied(source, meter);
    },
  };
}

function tallied(source: ObjectSource, meter: PlaceMeter): ObjectSource {
  const tally = new ReadTally();
  let open = true;
  return {
    ...source,
    tally: tally.buffer,
    async close() {
      if (open && tally.counts.calls > 0) meter.addReads('readAt', tally.counts);
      open = false;
      await source.close();
    },
  };
}
