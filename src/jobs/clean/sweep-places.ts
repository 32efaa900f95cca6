import { sweepStale } from '../sweep-destinations.ts';
import { type CleanMemory, cleanMemory } from './clean-rows.ts';
import type { CleanRun } from './clean-run.ts';

/** Removes stale temporary objects and unfinished uploads from the places of a job that has ended. */
export async function sweepPlaces({ controller, job, media, signal }: CleanRun): Promise<void> {
  const { data, archive } = (cleanMemory(job) as Partial<CleanMemory>).places ?? { data: null, archive: null };
  for (const place of [data, archive])
    if (place !== null) {
      const root = { shownRoot: media.shownPath(place), medium: await media.at(place) };
      await sweepStale(controller, job.tenantId, root, signal);
    }
}
