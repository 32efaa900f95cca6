import type { Repositories } from '../catalog/catalog.ts';
import { setDirectory } from '../destination/layout.ts';
import { type Medium, MediumError } from '../media/medium.ts';
import { setNameOf } from './backup/set-files.ts';
import type { Controller } from './controller.ts';
import { archiveDestination, dataDestination, openPaced } from './tenant-destination.ts';

/** Age at which what nobody published is nobody's any more: only the data files of a set that is being made may be older. */
export const staleUploadMs = 24 * 3_600_000;

/** How long a destination that was swept is left alone by backups; clean-ups sweep whenever they end. */
export const sweepEveryMs = 24 * 3_600_000;

/** Directories of sets that are being made, whose data files are published together at the end. */
function liveDirectories(tx: Repositories, tenantId: number): readonly string[] {
  const sets = tx.backups.sets.list({ tenantId, status: 'DOING' });
  return sets.map((set) => setDirectory(setNameOf(set)));
}

/**
 * Removes stale temporary objects and unfinished uploads of a destination, but those of a set that is being made. What cannot be removed
 * the next sweep will: a fault is only logged.
 */
export async function sweepStale(
  { catalog, log }: Controller,
  tenantId: number,
  medium: Medium,
  signal: AbortSignal,
): Promise<void> {
  try {
    const kept = await catalog.read((tx) => liveDirectories(tx, tenantId));
    const removed = await medium.sweep(staleUploadMs, kept, signal);
    if (removed > 0) log.info('stale uploads are removed', { tenant: tenantId, removed });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof MediumError)) throw error;
    log.warn('stale uploads stay', { tenant: tenantId, error: error.message });
  }
}

/**
 * Sweeps what a tenant's data and archive destinations are now, each once in `sweepEveryMs`, and once after a start of the server: where
 * no policy cleans up, backups do so much.
 */
export function destinationSweeps(controller: Controller): (tenantId: number, signal: AbortSignal) => Promise<void> {
  const { catalog, clock } = controller;
  const sweptUs = new Map<string, number>();
  return async (tenantId, signal) => {
    const destinations = await catalog.read((tx) => [
      dataDestination(tx, catalog.secrets, tenantId),
      archiveDestination(tx, catalog.secrets, tenantId)?.destination ?? null,
    ]);
    for (const destination of destinations) {
      if (destination === null || signal.aborted) continue;
      const root = `${destination.path}?${destination.host}`;
      const nowUs = clock.nowUs();
      // The clock may jump back.
      for (const [known, atUs] of sweptUs) if (Math.abs(nowUs - atUs) >= sweepEveryMs * 1_000) sweptUs.delete(known);
      if (sweptUs.has(root)) continue;
      sweptUs.set(root, nowUs);
      const medium = openPaced(controller, tenantId, destination);
      try {
        await sweepStale(controller, tenantId, medium, signal);
      } finally {
        await medium.close().catch(() => undefined);
      }
    }
  };
}
