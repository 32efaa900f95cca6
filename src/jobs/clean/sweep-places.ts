import { MediumError } from '../../media/medium.ts';
import { type CleanMemory, cleanMemory } from './clean-rows.ts';
import type { CleanRun } from './clean-run.ts';

/** Age at which what nobody published is nobody's any more: no job writes on one object for so long. */
export const staleUploadMs = 24 * 3_600_000;

/**
 * Removes stale temporary objects and unfinished uploads from the places of a job that has ended. What it cannot remove the next
 * job's sweep will: a fault is only logged.
 */
export async function sweepPlaces({ controller, job, media, signal }: CleanRun): Promise<void> {
  const { data, archive } = (cleanMemory(job) as Partial<CleanMemory>).places ?? { data: null, archive: null };
  for (const place of [data, archive]) {
    if (place === null) continue;
    try {
      const removed = await (await media.at(place)).sweep(staleUploadMs, signal);
      if (removed > 0) controller.log.info('stale uploads are removed', { tenant: job.tenantId, removed });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof MediumError)) throw error;
      controller.log.warn('stale uploads stay', { tenant: job.tenantId, error: error.message });
    }
  }
}
