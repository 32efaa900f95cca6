import type { Clock } from './clock.ts';

/**
 * An SCN is an unsigned 64-bit count of nanoseconds since 1970 UTC. It passes 2^53, so it is a bigint everywhere.
 */
export type Scn = bigint;

/** RECOVERY_UNTIL_SCN of a tenant without a limit. */
export const unlimitedScn: Scn = 4611686018427387903n;

/** The smallest SCN `UNTIL SCN` accepts; the kernel's base timestamp. Seeded rows stay above 2^47 as well. */
export const baseScn: Scn = 1n << 47n;

/** The next SCN after `last`: the wall clock, or one more than `last` when the clock has not moved on. */
export function nextScn(clock: Clock, last: Scn): Scn {
  const now = clock.nowNs();
  return now > last ? now : last + 1n;
}

/** Microseconds since 1970 of an SCN, cut. */
export function scnToUs(scn: Scn): number {
  return Number(scn / 1000n);
}
