import type { Scn } from '../base/scn.ts';
import { openBackupTables } from './backup-tables.ts';
import { intoHistory, liveJobsOf } from './job-fields.ts';
import type { Store, TableAccess } from './store.ts';

export type BackupJobStatus = 'INIT' | 'DOING' | 'COMPLETED' | 'FAILED' | 'CANCELING' | 'CANCELED';
export type BackupType = 'FULL' | 'INC';
export type SetStatus = 'DOING' | 'SUCCESS' | 'FAILED';
export type FileStatus = 'COPYING' | 'AVAILABLE' | 'INCOMPLETE' | 'BROKEN' | 'EXPIRED' | 'DELETING' | 'DELETED';

/** A backup job: the coordinating row of sys or the row of one user tenant. */
export interface BackupJob {
  readonly tenantId: number;
  readonly jobId: number;
  /** True once the finished job has left the live view. */
  readonly history: boolean;
  /** 0 in the sys row. */
  readonly backupSetId: number;
  readonly initiatorTenantId: number;
  readonly initiatorJobId: number;
  /** Tenant ids separated by commas. */
  readonly executorTenantId: string;
  readonly plusArchivelog: boolean;
  readonly backupType: BackupType;
  readonly jobLevel: 'CLUSTER' | 'SYS_TENANT' | 'USER_TENANT';
  readonly encryptionMode: string;
  /** `*` and 40 hex digits, empty without a password. */
  readonly passwd: string;
  readonly startUs: number;
  readonly endUs: number | null;
  readonly status: BackupJobStatus;
  /** 0 or a negative OceanBase code. */
  readonly result: number;
  readonly comment: string;
  readonly description: string;
  /** Destination without credentials, empty in the sys row. */
  readonly path: string;
  readonly retryCount: number;
  /** What the job's state machine must remember between steps. */
  readonly stepData: unknown;
}

/** Counts of work done, shared by tasks and sets. */
export interface BackupStatistics {
  readonly inputBytes: bigint;
  readonly outputBytes: bigint;
  readonly extraMetaBytes: bigint;
  readonly tabletCount: number;
  readonly finishTabletCount: number;
  readonly macroBlockCount: number;
  readonly finishMacroBlockCount: number;
  readonly fileCount: number;
  readonly metaTurnId: number;
  readonly dataTurnId: number;
  readonly minorTurnId: number;
  readonly majorTurnId: number;
}

/** The set task of one tenant's job. */
export interface BackupTask extends BackupStatistics {
  readonly tenantId: number;
  readonly taskId: number;
  readonly jobId: number;
  readonly history: boolean;
  readonly backupSetId: number;
  readonly startUs: number;
  readonly endUs: number | null;
  readonly status: string;
  readonly startScn: Scn;
  readonly endScn: Scn;
  readonly userLsStartScn: Scn;
  readonly encryptionMode: string;
  readonly passwd: string;
  readonly logFileCount: number;
  readonly finishLogFileCount: number;
  readonly result: number;
  readonly comment: string;
  readonly path: string;
  readonly stepData: unknown;
}

/** The part of a task that concerns one log stream. */
export interface BackupLsTask {
  readonly tenantId: number;
  readonly taskId: number;
  readonly lsId: number;
  readonly taskType: string;
  readonly turnId: number;
  readonly retryId: number;
  readonly jobId: number;
  readonly backupSetId: number;
  readonly status: 'INIT' | 'PENDING' | 'DOING' | 'FINISH';
  readonly startUs: number;
  readonly endUs: number | null;
  readonly result: number;
  readonly comment: string;
  readonly inputBytes: bigint;
  readonly outputBytes: bigint;
  readonly tabletCount: number;
  readonly finishTabletCount: number;
  readonly macroBlockCount: number;
  readonly finishMacroBlockCount: number;
  readonly fileCount: number;
  readonly stepData: unknown;
}

/** A backup set; the row stays when the files are gone. */
export interface BackupSet extends BackupStatistics {
  readonly tenantId: number;
  readonly backupSetId: number;
  readonly destId: number;
  readonly backupType: BackupType;
  readonly prevFullBackupSetId: number;
  readonly prevIncBackupSetId: number;
  /** Local day of the start, `YYYYMMDD`. */
  readonly dateText: string;
  readonly startUs: number;
  readonly endUs: number | null;
  readonly status: SetStatus;
  readonly fileStatus: FileStatus;
  readonly plusArchivelog: boolean;
  readonly startReplayScn: Scn;
  readonly minRestoreScn: Scn;
  /** Nine fractional digits in the tenant's zone; empty until the set ends. */
  readonly minRestoreScnDisplay: string;
  readonly consistentScn: Scn;
  readonly result: number;
  readonly comment: string;
  readonly encryptionMode: string;
  readonly passwd: string;
  readonly tenantCompatible: string;
  readonly clusterVersion: string;
  readonly backupCompatible: number;
  readonly path: string;
  readonly stepData: unknown;
}

/** Backup jobs, their tasks and the sets they made. */
export interface BackupRepository {
  readonly jobs: TableAccess<BackupJob, 'tenantId' | 'jobId'>;
  readonly tasks: TableAccess<BackupTask, 'tenantId' | 'taskId'>;
  readonly lsTasks: TableAccess<BackupLsTask, 'tenantId' | 'taskId' | 'lsId' | 'taskType' | 'turnId'>;
  readonly sets: TableAccess<BackupSet, 'tenantId' | 'backupSetId' | 'destId'>;
  /** Jobs that are not history yet, of one tenant or of all. */
  liveJobs(tenantId?: number): readonly BackupJob[];
  /** Jobs a sys job started, live and history. */
  childJobs(sysJobId: number): readonly BackupJob[];
  /** The live or former task of a job. */
  taskOfJob(tenantId: number, jobId: number): BackupTask | null;
  /** The set of that number, whichever destination it lies in. */
  setById(tenantId: number, backupSetId: number): BackupSet | null;
  /** Moves a finished job with its task to the history and drops its log-stream tasks. */
  moveToHistory(tenantId: number, jobId: number): void;
  removeTenant(tenantId: number): void;
}

/** A task or set that has not done anything yet. */
export const noStatistics: BackupStatistics = Object.freeze({
  inputBytes: 0n,
  outputBytes: 0n,
  extraMetaBytes: 0n,
  tabletCount: 0,
  finishTabletCount: 0,
  macroBlockCount: 0,
  finishMacroBlockCount: 0,
  fileCount: 0,
  metaTurnId: 1,
  dataTurnId: 0,
  minorTurnId: 1,
  majorTurnId: 1,
});

export function createBackups(store: Store): BackupRepository {
  const { jobs, tasks, lsTasks, sets } = openBackupTables(store);
  const finish = intoHistory(jobs, tasks);
  return Object.freeze({
    jobs,
    tasks,
    lsTasks,
    sets,
    liveJobs: liveJobsOf(jobs),
    childJobs: (sysJobId: number) =>
      jobs.select('WHERE initiator_tenant_id = 1 AND initiator_job_id = ? AND tenant_id <> 1', sysJobId),
    taskOfJob: (tenantId: number, jobId: number) => tasks.list({ tenantId, jobId })[0] ?? null,
    setById: (tenantId: number, backupSetId: number) => sets.list({ tenantId, backupSetId })[0] ?? null,
    moveToHistory: (tenantId: number, jobId: number) => {
      finish(tenantId, jobId);
      lsTasks.removeAll({ tenantId, jobId });
    },
    removeTenant: (tenantId: number) => {
      for (const table of [jobs, tasks, lsTasks, sets]) table.removeAll({ tenantId });
    },
  });
}
