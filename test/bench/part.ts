import type { Line } from './measurement.ts';
import type { Scratch } from './scratch.ts';

/** What a part of the bench is given. */
export interface BenchContext {
  readonly scratch: Scratch;
  /** Main file of the server that is measured; the part about starting measures both forms. */
  readonly main: string;
  /** Rounds of everything that is compared; the best of each contender counts. */
  readonly rounds: number;
  /** Length of one round of a query load. */
  readonly seconds: number;
  /** Size of the tenant that is backed up. */
  readonly megabytes: number;
  report(line: string): void;
}

/** One part: starts what it needs, measures, stops it. */
export type BenchPart = (context: BenchContext) => Promise<readonly Line[]>;
