const unitUs: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** Reads `1d`, `12h`, `30`: an integer and a unit us, ms, s, m, h, d in any case, seconds without one. Microseconds, or null. */
export function parseTimeText(text: string): number | null {
  const match = /^(\d+)(us|ms|s|m|h|d)?$/i.exec(text);
  if (!match) return null;
  const us = Number(match[1]) * (unitUs[(match[2] ?? 's').toLowerCase()] ?? Number.NaN);
  return Number.isSafeInteger(us) ? us : null;
}

/** Writes microseconds with the largest unit that leaves an integer: `1d`, `36h`, `90m`, `0s`. */
export function formatTimeText(us: number): string {
  if (us === 0) return '0s';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const size = unitUs[unit] ?? Number.NaN;
    if (us % size === 0) return `${us / size}${unit}`;
  }
  return `${us}us`;
}

const unitBytes: Readonly<Record<string, bigint>> = {
  b: 1n,
  k: 1n << 10n,
  m: 1n << 20n,
  g: 1n << 30n,
  t: 1n << 40n,
  p: 1n << 50n,
};

/** Reads `512M`, `100mb`, `1byte`: an integer and a unit, which must not be missing. Bytes, or null. */
export function parseCapacity(text: string): bigint | null {
  const match = /^(\d{1,18})(b|byte|kb?|mb?|gb?|tb?|pb?)$/i.exec(text);
  if (!match) return null;
  const sizeBytes = BigInt(match[1] ?? '') * (unitBytes[match[2]?.[0]?.toLowerCase() ?? ''] ?? 0n);
  return sizeBytes < 1n << 63n ? sizeBytes : null;
}
