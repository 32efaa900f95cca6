import type { BackupJobStatus } from './backups.ts';
import { openTable, type Store, type TableAccess } from './store.ts';

export interface DeletePolicy {
  readonly tenantId: number;
  readonly policyName: string;
  /** As typed, such as `7d`; empty when none was given. */
  readonly recoveryWindow: string;
  readonly redundancy: number;
  readonly backupCopies: number;
  readonly createUs: number;
}

export interface DeleteJob {
  readonly tenantId: number;
  readonly jobId: number;
  readonly history: boolean;
  readonly initiatorTenantId: number;
  readonly initiatorJobId: number;
  readonly executorTenantId: string;
  readonly type: string;
  /** Expiry point in microseconds. */
  readonly parameter: number;
  readonly jobLevel: 'CLUSTER' | 'SYS_TENANT' | 'USER_TENANT';
  readonly startUs: number;
  readonly endUs: number | null;
  readonly status: BackupJobStatus;
  readonly taskCount: number;
  readonly successTaskCount: number;
  readonly result: number;
  readonly comment: string;
  readonly retryCount: number;
  readonly stepData: unknown;
}

export interface DeleteTask {
  readonly tenantId: number;
  readonly taskId: number;
  readonly jobId: number;
  readonly history: boolean;
  readonly taskType: 'BACKUP SET' | 'BACKUP PIECE';
  /** Set id or piece id. */
  readonly id: number;
  /** 0 for a set. */
  readonly roundId: number;
  readonly destId: number;
  readonly startUs: number;
  readonly endUs: number | null;
  readonly status: BackupJobStatus;
  readonly totalLsCount: number;
  readonly finishLsCount: number;
  readonly result: number;
  readonly comment: string;
  readonly path: string;
  readonly stepData: unknown;
}

/** Clean-up: policies, jobs and tasks. */
export interface DeletionRepository {
  readonly policies: TableAccess<DeletePolicy, 'tenantId' | 'policyName'>;
  readonly jobs: TableAccess<DeleteJob, 'tenantId' | 'jobId'>;
  readonly tasks: TableAccess<DeleteTask, 'tenantId' | 'taskId'>;
  liveJobs(tenantId?: number): readonly DeleteJob[];
  /** Moves a finished job with its tasks to the history. */
  moveToHistory(tenantId: number, jobId: number): void;
  removeTenant(tenantId: number): void;
}

export function createDeletions(store: Store): DeletionRepository {
  const policies = openTable<DeletePolicy, 'tenantId' | 'policyName'>(store, {
    name: 'backup_delete_policy',
    key: ['tenantId', 'policyName'],
    fields: {
      tenantId: 'int',
      policyName: 'text',
      recoveryWindow: 'text',
      redundancy: 'int',
      backupCopies: 'int',
      createUs: 'int',
    },
  });
  const jobs = openTable<DeleteJob, 'tenantId' | 'jobId'>(store, {
    name: 'backup_delete_job',
    key: ['tenantId', 'jobId'],
    fields: {
      tenantId: 'int',
      jobId: 'int',
      history: 'flag',
      initiatorTenantId: 'int',
      initiatorJobId: 'int',
      executorTenantId: 'text',
      type: 'text',
      parameter: 'int',
      jobLevel: 'text',
      startUs: 'int',
      endUs: 'int',
      status: 'text',
      taskCount: 'int',
      successTaskCount: 'int',
      result: 'int',
      comment: 'text',
      retryCount: 'int',
      stepData: 'json',
    },
  });
  const tasks = openTable<DeleteTask, 'tenantId' | 'taskId'>(store, {
    name: 'backup_delete_task',
    key: ['tenantId', 'taskId'],
    fields: {
      tenantId: 'int',
      taskId: 'int',
      jobId: 'int',
      history: 'flag',
      taskType: 'text',
      id: 'int',
      roundId: 'int',
      destId: 'int',
      startUs: 'int',
      endUs: 'int',
      status: 'text',
      totalLsCount: 'int',
      finishLsCount: 'int',
      result: 'int',
      comment: 'text',
      path: 'text',
      stepData: 'json',
    },
  });
  return Object.freeze({
    policies,
    jobs,
    tasks,
    liveJobs: (tenantId?: number) => jobs.list({ history: false, ...(tenantId === undefined ? {} : { tenantId }) }),
    moveToHistory: (tenantId: number, jobId: number) => {
      for (const task of tasks.list({ tenantId, jobId })) {
        tasks.update({ tenantId, taskId: task.taskId }, { history: true });
      }
      jobs.update({ tenantId, jobId }, { history: true });
    },
    removeTenant: (tenantId: number) => {
      for (const table of [policies, jobs, tasks]) table.removeAll({ tenantId });
    },
  });
}
