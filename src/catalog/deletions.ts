import type { BackupJobStatus } from './backups.ts';
import { courseFields, intoHistory, jobFields, liveJobsOf, taskFields } from './job-fields.ts';
import { openTable, type Store, type TableAccess } from './store.ts';

export interface DeletePolicy {
  readonly tenantId: number;
  readonly policyName: string;
  /** As typed, such as `7d`; empty when none was given. */
  readonly recoveryWindow: string;
  readonly redundancy: number;
  readonly backupCopies: number;
  readonly createUs: number;
  /** When the policy last started a job; null when it never did. */
  readonly firedUs: number | null;
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
  /** Tasks of a job in the order they are carried out. */
  tasksOfJob(tenantId: number, jobId: number): readonly DeleteTask[];
  /** Changes when a policy comes or goes. */
  policyMark(): string;
  /** Moves a finished job with its tasks to the history; of those that found nothing only the newest stay there. */
  moveToHistory(tenantId: number, jobId: number): void;
  removeTenant(tenantId: number): void;
}

/** Jobs that found nothing to delete are remembered for about six weeks of hours. */
const maxIdleJobs = 1_000;

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
      firedUs: 'int',
    },
  });
  const jobs = openTable<DeleteJob, 'tenantId' | 'jobId'>(store, {
    name: 'backup_delete_job',
    key: ['tenantId', 'jobId'],
    fields: {
      ...jobFields,
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
      ...taskFields,
      taskType: 'text',
      id: 'int',
      roundId: 'int',
      destId: 'int',
      totalLsCount: 'int',
      finishLsCount: 'int',
      ...courseFields,
    },
  });
  const forgetIdle = store.database.prepare(
    `DELETE FROM backup_delete_job WHERE tenant_id = @tenantId AND history = 1 AND task_count = 0 AND status = 'COMPLETED'
       AND job_id <= (SELECT job_id FROM backup_delete_job
                      WHERE tenant_id = @tenantId AND history = 1 AND task_count = 0 AND status = 'COMPLETED'
                      ORDER BY job_id DESC LIMIT 1 OFFSET ${maxIdleJobs})`,
  );
  const mark = store.database
    .prepare("SELECT count(*) || '.' || ifnull(max(create_us), 0) FROM backup_delete_policy")
    .pluck(true);
  const finish = intoHistory(jobs, tasks);
  return Object.freeze({
    policies,
    jobs,
    tasks,
    liveJobs: liveJobsOf(jobs),
    tasksOfJob: (tenantId: number, jobId: number) => tasks.list({ tenantId, jobId }),
    policyMark: () => mark.get() as string,
    moveToHistory: (tenantId: number, jobId: number) => {
      finish(tenantId, jobId);
      forgetIdle.run({ tenantId });
    },
    removeTenant: (tenantId: number) => {
      for (const table of [policies, jobs, tasks]) table.removeAll({ tenantId });
    },
  });
}
