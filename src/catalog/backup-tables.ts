import type { BackupJob, BackupLsTask, BackupRepository, BackupSet, BackupTask } from './backups.ts';
import { courseFields, jobFields, taskFields } from './job-fields.ts';
import { openTable, type Store } from './store.ts';

const statistics = {
  inputBytes: 'big',
  outputBytes: 'big',
  extraMetaBytes: 'big',
  tabletCount: 'int',
  finishTabletCount: 'int',
  macroBlockCount: 'int',
  finishMacroBlockCount: 'int',
  fileCount: 'int',
  metaTurnId: 'int',
  dataTurnId: 'int',
  minorTurnId: 'int',
  majorTurnId: 'int',
} as const;

/** The tables behind `BackupRepository`. */
export function openBackupTables(store: Store): Pick<BackupRepository, 'jobs' | 'tasks' | 'lsTasks' | 'sets'> {
  const jobs = openTable<BackupJob, 'tenantId' | 'jobId'>(store, {
    name: 'backup_job',
    key: ['tenantId', 'jobId'],
    fields: {
      ...jobFields,
      backupSetId: 'int',
      initiatorJobId: 'int',
      executorTenantId: 'text',
      plusArchivelog: 'flag',
      backupType: 'text',
      jobLevel: 'text',
      encryptionMode: 'text',
      passwd: 'text',
      description: 'text',
      retryCount: 'int',
      ...courseFields,
    },
  });
  const tasks = openTable<BackupTask, 'tenantId' | 'taskId'>(store, {
    name: 'backup_task',
    key: ['tenantId', 'taskId'],
    fields: {
      ...taskFields,
      backupSetId: 'int',
      startScn: 'big',
      endScn: 'big',
      userLsStartScn: 'big',
      encryptionMode: 'text',
      passwd: 'text',
      ...statistics,
      logFileCount: 'int',
      finishLogFileCount: 'int',
      ...courseFields,
    },
  });
  const lsTasks = openTable<BackupLsTask, 'tenantId' | 'taskId' | 'lsId' | 'taskType' | 'turnId'>(store, {
    name: 'backup_ls_task',
    key: ['tenantId', 'taskId', 'lsId', 'taskType', 'turnId'],
    fields: {
      tenantId: 'int',
      taskId: 'int',
      lsId: 'int',
      taskType: 'text',
      turnId: 'int',
      retryId: 'int',
      jobId: 'int',
      backupSetId: 'int',
      status: 'text',
      startUs: 'int',
      endUs: 'int',
      result: 'int',
      comment: 'text',
      inputBytes: 'big',
      outputBytes: 'big',
      tabletCount: 'int',
      finishTabletCount: 'int',
      macroBlockCount: 'int',
      finishMacroBlockCount: 'int',
      fileCount: 'int',
      stepData: 'json',
    },
  });
  const sets = openTable<BackupSet, 'tenantId' | 'backupSetId' | 'destId'>(store, {
    name: 'backup_set',
    key: ['tenantId', 'backupSetId', 'destId'],
    fields: {
      tenantId: 'int',
      backupSetId: 'int',
      destId: 'int',
      backupType: 'text',
      prevFullBackupSetId: 'int',
      prevIncBackupSetId: 'int',
      dateText: 'text',
      fileStatus: 'text',
      plusArchivelog: 'flag',
      startReplayScn: 'big',
      minRestoreScn: 'big',
      minRestoreScnDisplay: 'text',
      consistentScn: 'big',
      ...statistics,
      encryptionMode: 'text',
      passwd: 'text',
      tenantCompatible: 'text',
      clusterVersion: 'text',
      backupCompatible: 'int',
      ...courseFields,
    },
  });
  return { jobs, tasks, lsTasks, sets };
}
