import type { Catalog } from '../../src/catalog/catalog.ts';
import {
  archivePiece,
  archiveRound,
  backupJob,
  backupSet,
  backupTask,
  deleteJob,
  deleteTask,
  recoverTableJob,
  restoreJob,
  secondTask,
  stoppedRound,
  sysBackupJob,
  us,
} from '../catalog/sample-rows.ts';

export const dataPath = 'file:///data/nfs/backup/data';
export const archivePath = 'file:///data/nfs/backup/archive';

/** Jobs, sets, rounds, pieces, deletions and restores, running and ended, of the tenants 1002, 1004 and 1006. */
export function fillSample(catalog: Catalog): Promise<void> {
  return catalog.transaction(({ archives, backups, deletions, destinations, recoverTables, restores, tenants }) => {
    tenants.create(1002, { tenantName: 'shop' });
    tenants.create(1004, { tenantName: 'depot', mode: 'ORACLE', role: 'STANDBY', recoveryUntilScn: 5n });
    backups.jobs.insert(sysBackupJob);
    backups.jobs.insert(backupJob);
    const ended = { history: true, initiatorTenantId: 1002, initiatorJobId: 0, status: 'COMPLETED' } as const;
    const startUs = us('2024-01-31 11:20:59.804836');
    const endUs = us('2024-01-31 11:23:08.773566');
    backups.jobs.insert({ ...backupJob, ...ended, jobId: 11, startUs, endUs });
    backups.tasks.insert(backupTask);
    backups.tasks.insert(secondTask);
    backups.sets.insert(backupSet);
    backups.sets.insert({
      ...{ ...backupSet, backupSetId: 2, endUs: null, status: 'DOING', fileStatus: 'COPYING', inputBytes: 0n },
      ...{ outputBytes: 0n, startReplayScn: 0n, minRestoreScn: 0n, minRestoreScnDisplay: '' },
    });
    backups.sets.insert({ ...backupSet, backupSetId: 3, minRestoreScnDisplay: '' });
    destinations.setArchiveDest(1002, 0, {
      ...{ binding: 'OPTIONAL', dest_id: '1002', path: archivePath, piece_switch_interval: '1d', state: 'ENABLE' },
    });
    archives.rounds.insert(archiveRound);
    archives.roundHistory.insert(stoppedRound);
    archives.rounds.insert({ ...stoppedRound, tenantId: 1004 });
    archives.roundHistory.insert({ ...stoppedRound, tenantId: 1004 });
    archives.pieces.insert(archivePiece);
    archives.pieces.insert({
      ...{ ...archivePiece, pieceId: 3, fileStatus: 'AVAILABLE', startScn: 1654207200000000000n },
      ...{ checkpointScn: 1654228800000000000n, maxScn: 1654228810000000000n, endScn: 1654293600000000000n },
      ...{ inputBytes: 21474836480n, outputBytes: 21474836480n },
    });
    deletions.jobs.insert(deleteJob);
    deletions.tasks.insert(deleteTask);
    deletions.tasks.insert({
      ...{ ...deleteTask, taskId: 5, taskType: 'BACKUP PIECE', roundId: 1, destId: 1001, status: 'DOING' },
      ...{ startUs: us('2022-06-01 12:09:50.968413'), endUs: null, finishLsCount: 1, path: archivePath },
    });
    recoverTables.jobs.insert(recoverTableJob);
    restores.jobs.insert(restoreJob);
    restores.jobs.insert({ ...restoreJob, tenantId: 1, status: 'WAIT_TENANT_RESTORE_FINISH' });
    restores.jobs.insert({ ...restoreJob, tenantId: 1, jobId: 1, history: true, status: 'RESTORE_SUCCESS' });
    restores.jobs.insert({ ...restoreJob, tenantId: 1006, jobId: 1, history: true, status: 'RESTORE_FAIL' });
  });
}
