/**
 * The names under which an object that grows lies on a medium that cannot append, as OceanBase has them: the object's key is a
 * prefix with one object for each append, `@APD_PART@<from>-<to><extension>` (bytes from, inclusive, to, exclusive), and
 * `@APD_PART@FORMAT_META<extension>`, which stands first. `SEAL_META` is known and passed over.
 */

export const formatContent = Buffer.from('version=1');

const mark = '@APD_PART@';

/** Prefix of all names that belong to the object `key`. */
export function partsPrefix(key: string): string {
  return `${key}/${mark}`;
}

export function formatKey(key: string): string {
  return `${partsPrefix(key)}FORMAT_META${extensionOf(key)}`;
}

export function partKey(key: string, from: number, to: number): string {
  return `${partsFromPrefix(key, from)}${to}${extensionOf(key)}`;
}

/** Prefix of the parts that begin with the byte `from`. */
export function partsFromPrefix(key: string, from: number): string {
  return `${partsPrefix(key)}${from}-`;
}

/** True for the last segment of a name that belongs to an appended object. */
export function isPartName(name: string): boolean {
  return name.startsWith(mark);
}

/** The byte range in the last segment of a part's name; null for the other names. */
export function parsePartName(name: string): { readonly from: number; readonly to: number } | null {
  const match = /^@APD_PART@(\d{1,15})-(\d{1,15})(?:\.[^/]*)?$/.exec(name);
  if (!match) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from < to ? { from, to } : null;
}

export interface AppendPart {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** The parts that make up the object: from 0 without gaps, those that others cover left out. What lies behind a gap is not there. */
export function joinParts<T extends AppendPart>(parts: readonly T[]): readonly T[] {
  const sorted = [...parts].sort((a, b) => a.from - b.from || b.to - a.to);
  const joined: T[] = [];
  let end = 0;
  for (let i = 0; i < sorted.length; ) {
    let best: T | null = null;
    for (; i < sorted.length; i++) {
      const part = sorted[i] as T;
      if (part.from > end) break;
      if (part.to > Math.max(end, best?.to ?? 0)) best = part;
    }
    if (best === null) break;
    joined.push(best);
    end = best.to;
  }
  return joined;
}

/** Where to find the bytes `from` to `to` of an object in its joined parts. */
export function piecesOf(
  joined: readonly AppendPart[],
  from: number,
  to: number,
): readonly { readonly key: string; readonly offset: number; readonly length: number; readonly at: number }[] {
  const pieces = [];
  let end = 0;
  for (const part of joined) {
    const start = Math.max(from, end, part.from);
    const stop = Math.min(to, part.to);
    if (start < stop) pieces.push({ key: part.key, offset: start - part.from, length: stop - start, at: start - from });
    end = part.to;
    if (end >= to) break;
  }
  return pieces;
}

function extensionOf(key: string): string {
  return /[^/](\.[^./]+)$/.exec(key)?.[1] ?? '';
}
