import { fault } from '../../base/errors.ts';
import type { BackupSet } from '../../catalog/backups.ts';
import { parseSetPlaceholder, setsDirectory } from '../../destination/layout.ts';
import { removeTree } from '../clean/remove-tree.ts';
import { removingMedium } from '../clean/tagging.ts';
import type { JobRun } from './job-run.ts';
import { setMemory } from './set-base.ts';
import { attemptDirectory, setNameOf } from './set-files.ts';

/**
 * -9040 when an end placeholder of the set stands although its data is still to be copied. Its own job writes one behind all data
 * only: the set was ended by another server with the same rows, of which this one is a copy or an earlier state. From then on its files
 * are none of this server's.
 */
export async function requireNotEnded({ controller, medium, signal }: JobRun, set: BackupSet): Promise<void> {
  const { backupSetId, backupType } = setNameOf(set);
  const ended = (await medium.list(setsDirectory, signal)).some(({ name }) => {
    const found = parseSetPlaceholder(name);
    return found?.kind === 'end_success' && found.backupSetId === backupSetId && found.backupType === backupType;
  });
  if (!ended) return;
  await controller.catalog.transaction((tx) => {
    const live = tx.backups.sets.get(set) ?? set;
    tx.backups.sets.update(set, { stepData: { ...setMemory(live), endedElsewhere: true } });
  });
  throw fault('OB_BACKUP_CAN_NOT_START', `backup set ${backupSetId} was ended by another server.`);
}

/**
 * What attempts up to `last` left that were killed or failed may be as large as the set. Nobody reads it: the set is made without its
 * removal, too.
 */
export async function removeAttempts(run: JobRun, set: BackupSet, last: number): Promise<void> {
  const { controller, destination, medium, signal } = run;
  for (let attempt = 0; attempt <= last; attempt++)
    try {
      await removeTree(removingMedium(medium, destination), attemptDirectory(setNameOf(set), attempt), signal);
    } catch (error) {
      if (signal.aborted) throw error;
      controller.log.warn('a former attempt of a set was not removed', { set: set.backupSetId, attempt, error });
    }
}
