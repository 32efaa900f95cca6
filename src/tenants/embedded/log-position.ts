import type { LogPosition } from '../tenant-engine.ts';
import type { ScnRow } from './scn-page.ts';

/**
 * Where a reader of the log stands. A generation of the log is named by its two salts; within it a position is the
 * number of the last frame read and the checksum up to there. `scn` is the newest commit that was read whole; inside a commit,
 * which is read in parts when it is large, `part` is that one.
 *
 * Rule of generations: a reader follows the log into a new generation only when its position is the end of the old one that was
 * sealed or folded whole (`sealed`, or the same mark in the shared clock cell), or lies before the first frame of an empty log.
 * Even then the first commit there must name `scn` as the commit before it. That alone is enough where `scn` is known and its commit
 * read whole: there must be such a commit, or the tenant stands at `scn`.
 */
export interface Position {
  readonly salt1: number;
  readonly salt2: number;
  /** 0: before the first frame; the checksums are 0 then. */
  readonly frame: number;
  readonly checksum1: number;
  readonly checksum2: number;
  /** Null when unknown: a reader that starts without a position. */
  readonly scn: bigint | null;
  /** The commit whose last part was not read yet. */
  readonly part: ScnRow | null;
  readonly sealed: boolean;
}

export function encodePosition(position: Position): LogPosition {
  const { salt1, salt2, frame, checksum1, checksum2, part } = position;
  const scn = position.scn === null ? '' : String(position.scn);
  const within = part && { part: String(part.scn), partPrevious: String(part.previous) };
  return Object.freeze({ salt1, salt2, frame, checksum1, checksum2, scn, sealed: position.sealed ? 1 : 0, ...within });
}

/** Reads a stored position; throws a RangeError when it is not one of this engine. */
export function decodePosition(stored: LogPosition): Position {
  const number = (name: string): number => {
    const value = stored[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
      throw new RangeError(`'${name}' is missing in a position of the log`);
    return value;
  };
  const scn = (name: string): bigint | null => {
    const value = stored[name];
    return typeof value === 'string' && /^\d+$/.test(value) ? BigInt(value) : null;
  };
  const [part, previous] = [scn('part'), scn('partPrevious')];
  return {
    salt1: number('salt1'),
    salt2: number('salt2'),
    frame: number('frame'),
    checksum1: number('checksum1'),
    checksum2: number('checksum2'),
    scn: scn('scn'),
    part: part === null || previous === null ? null : { scn: part, previous },
    sealed: number('sealed') === 1,
  };
}

export function sameGeneration(a: Position, b: Position): boolean {
  return a.salt1 === b.salt1 && a.salt2 === b.salt2;
}
