import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { defaultRelease, type Release } from '../../src/base/release.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { openCatalog } from '../../src/catalog/open-catalog.ts';

/** A clock that stands still until a test moves it. */
export interface StandingClock extends Clock {
  setUs(us: number): void;
}

export function standingClock(startUs = 1_700_000_000_123_456): StandingClock {
  let nowUs = startUs;
  return {
    nowUs: () => nowUs,
    nowNs: () => BigInt(nowUs) * 1000n,
    sleep: () => Promise.resolve(),
    setUs: (us) => {
      nowUs = us;
    },
  };
}

export interface ScratchCatalog {
  readonly directory: string;
  readonly catalog: Catalog;
  readonly clock: StandingClock;
  /** Closes and deletes. */
  remove(): Promise<void>;
}

export function scratchDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'obvault-catalog-'));
}

export function openAt(directory: string, clock: Clock, release: Release = defaultRelease): Catalog {
  return openCatalog({ directory, clusterName: 'obcluster', clusterId: 1, release, clock, log: silentLog });
}

export function openScratchCatalog(release: Release = defaultRelease): ScratchCatalog {
  const directory = scratchDirectory();
  const clock = standingClock();
  const catalog = openAt(directory, clock, release);
  return {
    directory,
    catalog,
    clock,
    remove: async () => {
      await catalog.close();
      rmSync(directory, { recursive: true });
    },
  };
}
