import type { BackupSet } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { Secrets } from '../../catalog/secrets.ts';
import { type Destination, shownPath } from '../../destination/destination.ts';
import { setEndKey, setsDirectory } from '../../destination/layout.ts';
import { dataDestination, destinationOfId } from '../tenant-destination.ts';
import { type JobRun, requireDestination } from './job-run.ts';
import { setMemory } from './set-base.ts';
import { setNameOf } from './set-files.ts';

/** The pauses between looks after the end placeholders of sets in doubt: each twice the one before. */
export const doubtPauseMs = { first: 1_000, most: 60_000 } as const;

/** A set in doubt and where it lies, also when that is a former data destination of its tenant. */
export interface DoubtfulSet {
  readonly set: BackupSet;
  readonly destination: Destination;
}

/**
 * Sets whose job ended FAILED or CANCELED while nobody could say whether their end placeholder stands, or will: a write that hangs
 * may land much later. Of these tenants, or with null of all; a destination that is not known any more is left out.
 */
export function setsInDoubt(
  tx: Repositories,
  secrets: Secrets,
  tenants: ReadonlySet<number> | null,
): readonly DoubtfulSet[] {
  const failed =
    tenants === null
      ? tx.backups.sets.list({ status: 'FAILED' })
      : [...tenants].flatMap((tenantId) => tx.backups.sets.list({ tenantId, status: 'FAILED' }));
  return failed.flatMap((set) => {
    if (setMemory(set).endInDoubt !== true) return [];
    const { tenantId, path, destId } = set;
    const present = dataDestination(tx, secrets, tenantId);
    const destination =
      present !== null && shownPath(present) === path ? present : destinationOfId(tx, secrets, tenantId, destId);
    return destination === null ? [] : [{ set, destination }];
  });
}

/**
 * Takes the end placeholder of a set in doubt away: its job said that there is no such set. As long as a write of that name hangs the
 * medium refuses to remove it; once this resolves nothing brings it back.
 */
export async function settleDoubt(run: JobRun, set: BackupSet): Promise<void> {
  const { controller, medium, signal } = run;
  const key = setEndKey(setNameOf(set), set.minRestoreScn);
  await requireDestination(run);
  const stood = (await medium.head(key, signal)) !== null;
  await medium.remove([key], signal);
  await requireDestination(run);
  await controller.catalog.transaction((tx) => {
    const row = tx.backups.sets.get(set);
    if (row === null) return;
    const { endInDoubt, ...memory } = setMemory(row);
    tx.backups.sets.update(set, { stepData: memory });
    if (stood) tellRemoved(tx, set.tenantId, key);
  });
}

/**
 * Removes every end placeholder on the destination that belongs to a failed set, or to an incremental one that became full: a restore
 * would take such a set and pass by those that build on what was before it.
 */
export async function removeStrayEnds(run: JobRun): Promise<void> {
  const { controller, job, medium, signal } = run;
  const names = (await medium.list(setsDirectory, signal)).map((entry) => entry.name);
  const wrong = await controller.catalog.read(
    (tx) => new Set(tx.backups.sets.list({ tenantId: job.tenantId, path: job.path }).flatMap(wrongEnds)),
  );
  const strays = names.map((name) => `${setsDirectory}/${name}`).filter((key) => wrong.has(key));
  if (strays.length === 0) return;
  for (const key of strays) await medium.remove([key], signal);
  await controller.catalog.transaction((tx) => {
    for (const key of strays) tellRemoved(tx, job.tenantId, key);
  });
}

/** Keys of end placeholders that may not stand, to the second of their SCN: whoever wrote here before may have used the same numbers. */
function wrongEnds(set: BackupSet): readonly string[] {
  const { formerEnd } = setMemory(set);
  return [
    ...(set.status === 'FAILED' ? [setEndKey(setNameOf(set), set.minRestoreScn)] : []),
    ...(formerEnd === undefined ? [] : [formerEnd]),
  ];
}

function tellRemoved(tx: Repositories, tenantId: number, key: string): void {
  tx.events.record('backup_data', 'remove end placeholder of failed set', { tenant_id: tenantId, key });
}
