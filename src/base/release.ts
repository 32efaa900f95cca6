/**
 * The emulated OceanBase release decides grammar, views and texts. Releases compare by their four numbers.
 */
export interface Release {
  readonly text: string;
  readonly numbers: readonly [number, number, number, number];
}

/** Releases whose facts are known; `--release` accepts only these. Of 4.3.5 and 4.4.2 the statements are known; their views are those of 4.3.3. */
export const knownReleases = [
  '4.1.0',
  '4.2.0',
  '4.2.1',
  '4.2.2',
  '4.2.3',
  '4.2.4',
  '4.2.5',
  '4.3.0',
  '4.3.1',
  '4.3.2',
  '4.3.3',
  '4.3.5',
  '4.4.2',
] as const;

export const defaultRelease: Release = parseRelease('4.2.1');

/** Reads `4.2.1` or `4.2.1.0`; throws a RangeError for anything else. */
export function parseRelease(text: string): Release {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) throw new RangeError(`'${text}' is not a release such as 4.2.1`);
  const numbers = [Number(match[1]), Number(match[2]), Number(match[3]), Number(match[4] ?? 0)] as const;
  return { text: numbers.slice(0, 3).join('.'), numbers };
}

/** True when `release` is `since` or later. */
export function atLeast(release: Release, since: string): boolean {
  const other = parseRelease(since).numbers;
  for (let i = 0; i < 4; i++) {
    const difference = (release.numbers[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
