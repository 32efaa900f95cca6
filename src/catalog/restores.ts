import type { Scn } from '../base/scn.ts';
import { liveJobsOf } from './job-fields.ts';
import { openTable, type Store, type TableAccess } from './store.ts';

/** Statuses as stored; the views fold the inner phases into RESTORING. */
export type RestoreStatus =
  | 'CREATE_TENANT'
  | 'WAIT_TENANT_RESTORE_FINISH'
  | 'RESTORE_PRE'
  | 'RESTORE_CREATE_INIT_LS'
  | 'PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN'
  | 'RESTORE_WAIT_LS'
  | 'POST_CHECK'
  | 'UPGRADE'
  | 'RESTORE_SUCCESS'
  | 'RESTORE_FAIL';

/** One of the two rows of a restore: `tenantId` 1, or the tenant being restored. Both have the same job id. */
export interface RestoreJob {
  readonly tenantId: number;
  readonly jobId: number;
  readonly history: boolean;
  readonly restoreTenantName: string;
  readonly restoreTenantId: number;
  readonly backupTenantName: string;
  readonly backupTenantId: number;
  readonly backupClusterName: string;
  /** Major version in the upper 32 bits. */
  readonly backupClusterVersion: bigint;
  /** As entered, keys sealed. */
  readonly backupDest: string;
  readonly restoreOption: string;
  readonly restoreType: 'FULL' | 'QUICK';
  readonly restoreScn: Scn;
  readonly consistentScn: Scn;
  readonly recoverScn: Scn;
  readonly status: RestoreStatus;
  readonly startUs: number;
  readonly finishUs: number | null;
  readonly backupSetList: string;
  readonly backupPieceList: string;
  readonly lsCount: number;
  readonly finishLsCount: number;
  readonly tabletCount: number;
  readonly finishTabletCount: number;
  readonly totalBytes: bigint;
  readonly finishBytes: bigint;
  /** Digests of the passwords of SET DECRYPTION, separated by commas. */
  readonly passwd: string;
  readonly description: string;
  readonly comment: string;
  readonly stepData: unknown;
}

/** Where a standby or restored tenant takes its logs from. */
export interface LogRestoreSource {
  readonly tenantId: number;
  /** Always 1. */
  readonly id: number;
  readonly type: 'SERVICE' | 'LOCATION' | 'RAWPATH';
  readonly value: string;
  readonly recoveryUntilScn: Scn;
}

/** Restore jobs and log restore sources. */
export interface RestoreRepository {
  readonly jobs: TableAccess<RestoreJob, 'tenantId' | 'jobId'>;
  readonly logSources: TableAccess<LogRestoreSource, 'tenantId' | 'id'>;
  /** Rows not in the history yet, of one tenant or of all. */
  liveJobs(tenantId?: number): readonly RestoreJob[];
  /** The sys row of the restore that is making a tenant of that name; null once it is over, though its rows are still live. */
  liveJobOfName(restoreTenantName: string): RestoreJob | null;
  /** Moves one row to the history. */
  moveToHistory(tenantId: number, jobId: number): void;
  /** Forgets what belongs to a dropped tenant; the history of its restore stays. */
  removeTenant(tenantId: number): void;
}

function isOver(job: RestoreJob | null): boolean {
  return job?.status === 'RESTORE_SUCCESS' || job?.status === 'RESTORE_FAIL';
}

export function createRestores(store: Store): RestoreRepository {
  const jobs = openTable<RestoreJob, 'tenantId' | 'jobId'>(store, {
    name: 'restore_job',
    key: ['tenantId', 'jobId'],
    fields: {
      tenantId: 'int',
      jobId: 'int',
      history: 'flag',
      restoreTenantName: 'text',
      restoreTenantId: 'int',
      backupTenantName: 'text',
      backupTenantId: 'int',
      backupClusterName: 'text',
      backupClusterVersion: 'big',
      backupDest: 'text',
      restoreOption: 'text',
      restoreType: 'text',
      restoreScn: 'big',
      consistentScn: 'big',
      recoverScn: 'big',
      status: 'text',
      startUs: 'int',
      finishUs: 'int',
      backupSetList: 'text',
      backupPieceList: 'text',
      lsCount: 'int',
      finishLsCount: 'int',
      tabletCount: 'int',
      finishTabletCount: 'int',
      totalBytes: 'big',
      finishBytes: 'big',
      passwd: 'text',
      description: 'text',
      comment: 'text',
      stepData: 'json',
    },
  });
  const logSources = openTable<LogRestoreSource, 'tenantId' | 'id'>(store, {
    name: 'log_restore_source',
    key: ['tenantId', 'id'],
    fields: { tenantId: 'int', id: 'int', type: 'text', value: 'text', recoveryUntilScn: 'big' },
  });
  return Object.freeze({
    jobs,
    logSources,
    liveJobs: liveJobsOf(jobs),
    liveJobOfName: (restoreTenantName: string) => {
      const own = ({ restoreTenantId, jobId }: RestoreJob) => jobs.get({ tenantId: restoreTenantId, jobId });
      const live = jobs.list({ history: false, tenantId: 1, restoreTenantName });
      return live.find((job) => !isOver(job) && !isOver(own(job))) ?? null;
    },
    moveToHistory: (tenantId: number, jobId: number) => void jobs.update({ tenantId, jobId }, { history: true }),
    removeTenant: (tenantId: number) => void logSources.removeAll({ tenantId }),
  });
}
