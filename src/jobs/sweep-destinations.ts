import { posix } from 'node:path';
import type { Repositories } from '../catalog/catalog.ts';
import { shownPath } from '../destination/destination.ts';
import { setDirectory } from '../destination/layout.ts';
import { type Medium, MediumError } from '../media/medium.ts';
import { setNameOf } from './backup/set-files.ts';
import type { Controller } from './controller.ts';
import { archiveDestination, dataDestination, openPaced } from './tenant-destination.ts';

/** Age at which what nobody published is nobody's any more: only the data files of a set that is being made may be older. */
export const staleUploadMs = 24 * 3_600_000;

/** How long a destination that was swept is left alone by backups; clean-ups sweep whenever they end. */
export const sweepEveryMs = 24 * 3_600_000;

/** What `shownPath` tells of a destination, the path as the medium takes it. */
function placeOf(shown: string): { readonly path: string; readonly host: string } {
  const [path = '', host = ''] = shown.split('?host=');
  const at = path.indexOf('://') + 3;
  return { path: `${path.slice(0, at)}${posix.normalize(path.slice(at))}`.replace(/\/$/, ''), host };
}

/**
 * Directories of sets that are being made, whose data files are published together at the end: those of any tenant that lie below the
 * root, relative to it. The data path of one tenant may lie below any path of another.
 */
function liveDirectories(tx: Repositories, shownRoot: string): readonly string[] {
  const root = placeOf(shownRoot);
  return tx.backups.sets.list({ status: 'DOING' }).flatMap((set) => {
    const { path, host } = placeOf(set.path);
    const directory = `${path}/${setDirectory(setNameOf(set))}`;
    return host === root.host && directory.startsWith(`${root.path}/`) ? [directory.slice(root.path.length + 1)] : [];
  });
}

/**
 * Removes stale temporary objects and unfinished uploads of a destination, but those of a set that is being made. `shownRoot` is its
 * path as `shownPath` tells it. What cannot be removed the next sweep will: a fault is only logged.
 */
export async function sweepStale(
  { catalog, log }: Controller,
  tenantId: number,
  { shownRoot, medium }: { readonly shownRoot: string; readonly medium: Medium },
  signal: AbortSignal,
): Promise<void> {
  try {
    const kept = await catalog.read((tx) => liveDirectories(tx, shownRoot));
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
      const root = shownPath(destination);
      const nowUs = clock.nowUs();
      // The clock may jump back.
      for (const [known, atUs] of sweptUs) if (Math.abs(nowUs - atUs) >= sweepEveryMs * 1_000) sweptUs.delete(known);
      if (sweptUs.has(root)) continue;
      sweptUs.set(root, nowUs);
      const medium = openPaced(controller, tenantId, destination);
      try {
        await sweepStale(controller, tenantId, { shownRoot: root, medium }, signal);
      } finally {
        await medium.close().catch(() => undefined);
      }
    }
  };
}
