import type { Scn } from '../base/scn.ts';
import { jobFields, taskFields } from './job-fields.ts';
import { openTable, type Store, type TableAccess } from './store.ts';

export type RecoverTableStatus =
  | 'PREPARE'
  | 'RECOVERING'
  | 'RESTORE_AUX_TENANT'
  | 'ACTIVE_AUX_TENANT'
  | 'GEN_IMPORT_JOB'
  | 'IMPORTING'
  | 'CANCELING'
  | 'COMPLETED'
  | 'FAILED';

/** One of the two rows of a table recovery: `tenantId` 1, or the target tenant. */
export interface RecoverTableJob {
  readonly tenantId: number;
  readonly jobId: number;
  readonly history: boolean;
  readonly initiatorTenantId: number;
  /** 0 in the sys row, the sys row's job id in the target's. */
  readonly initiatorJobId: number;
  readonly startUs: number;
  readonly finishUs: number | null;
  readonly status: RecoverTableStatus;
  readonly auxTenantName: string;
  readonly auxTenantId: number;
  readonly targetTenantName: string;
  readonly targetTenantId: number;
  readonly importAll: boolean;
  readonly dbList: string;
  readonly tableList: string;
  readonly restoreScn: Scn;
  readonly restoreOption: string;
  readonly backupDest: string;
  readonly backupSetList: string;
  readonly backupPieceList: string;
  readonly backupPasswd: string;
  readonly remapDbList: string;
  readonly remapTableList: string;
  readonly result: string | null;
  readonly comment: string;
  readonly description: string;
  readonly stepData: unknown;
}

export interface ImportTableJob {
  readonly tenantId: number;
  readonly jobId: number;
  readonly history: boolean;
  readonly initiatorTenantId: number;
  readonly initiatorJobId: number;
  readonly startUs: number;
  readonly finishUs: number | null;
  readonly srcTenantName: string;
  readonly srcTenantId: number;
  readonly status:
    | 'INIT'
    | 'IMPORT_TABLE'
    | 'RECONSTRUCT_REF_CONSTRAINT'
    | 'IMPORT_FINISH'
    | 'CANCELING'
    | 'IMPORT_FAILED';
  readonly importAll: boolean;
  readonly dbList: string;
  readonly tableList: string;
  readonly remapDbList: string;
  readonly remapTableList: string;
  readonly totalTableCount: number;
  readonly finishedTableCount: number;
  readonly failedTableCount: number;
  readonly result: string | null;
  readonly comment: string;
  readonly description: string;
}

/** One table of an import. */
export interface ImportTableTask {
  readonly tenantId: number;
  readonly taskId: number;
  readonly jobId: number;
  readonly history: boolean;
  readonly srcTenantId: number;
  readonly srcDatabase: string;
  readonly srcTable: string;
  readonly targetDatabase: string;
  readonly targetTable: string;
  readonly tableColumn: number;
  readonly status: 'INIT' | 'DOING' | 'FINISH';
  /** Becomes the table's creation time, by which it is known again after a crash. */
  readonly startUs: number | null;
  readonly completionUs: number | null;
  readonly totalIndexCount: number;
  readonly importedIndexCount: number;
  readonly totalConstraintCount: number;
  readonly importedConstraintCount: number;
  readonly totalRefConstraintCount: number;
  readonly importedRefConstraintCount: number;
  readonly result: string | null;
  readonly comment: string;
}

/** Table recoveries, their imports and the tables of these. */
export interface RecoverTableRepository {
  readonly jobs: TableAccess<RecoverTableJob, 'tenantId' | 'jobId'>;
  readonly imports: TableAccess<ImportTableJob, 'tenantId' | 'jobId'>;
  readonly tasks: TableAccess<ImportTableTask, 'tenantId' | 'taskId'>;
  liveJobs(): readonly RecoverTableJob[];
  /** Moves both rows of a recovery with its import and its tasks to the history. */
  moveToHistory(job: RecoverTableJob): void;
  removeTenant(tenantId: number): void;
}

export function createRecoverTables(store: Store): RecoverTableRepository {
  const jobs = openTable<RecoverTableJob, 'tenantId' | 'jobId'>(store, {
    name: 'recover_table_job',
    key: ['tenantId', 'jobId'],
    fields: {
      ...jobFields,
      initiatorJobId: 'int',
      startUs: 'int',
      finishUs: 'int',
      status: 'text',
      auxTenantName: 'text',
      auxTenantId: 'int',
      targetTenantName: 'text',
      targetTenantId: 'int',
      importAll: 'flag',
      dbList: 'text',
      tableList: 'text',
      restoreScn: 'big',
      restoreOption: 'text',
      backupDest: 'text',
      backupSetList: 'text',
      backupPieceList: 'text',
      backupPasswd: 'text',
      remapDbList: 'text',
      remapTableList: 'text',
      result: 'text',
      comment: 'text',
      description: 'text',
      stepData: 'json',
    },
  });
  const imports = openTable<ImportTableJob, 'tenantId' | 'jobId'>(store, {
    name: 'import_table_job',
    key: ['tenantId', 'jobId'],
    fields: {
      ...jobFields,
      initiatorJobId: 'int',
      startUs: 'int',
      finishUs: 'int',
      srcTenantName: 'text',
      srcTenantId: 'int',
      status: 'text',
      importAll: 'flag',
      dbList: 'text',
      tableList: 'text',
      remapDbList: 'text',
      remapTableList: 'text',
      totalTableCount: 'int',
      finishedTableCount: 'int',
      failedTableCount: 'int',
      result: 'text',
      comment: 'text',
      description: 'text',
    },
  });
  const tasks = openTable<ImportTableTask, 'tenantId' | 'taskId'>(store, {
    name: 'import_table_task',
    key: ['tenantId', 'taskId'],
    fields: {
      ...taskFields,
      srcTenantId: 'int',
      srcDatabase: 'text',
      srcTable: 'text',
      targetDatabase: 'text',
      targetTable: 'text',
      tableColumn: 'int',
      status: 'text',
      startUs: 'int',
      completionUs: 'int',
      totalIndexCount: 'int',
      importedIndexCount: 'int',
      totalConstraintCount: 'int',
      importedConstraintCount: 'int',
      totalRefConstraintCount: 'int',
      importedRefConstraintCount: 'int',
      result: 'text',
      comment: 'text',
    },
  });
  return Object.freeze({
    jobs,
    imports,
    tasks,
    liveJobs: () => jobs.list({ history: false }),
    moveToHistory: (job: RecoverTableJob) => {
      const { tenantId, jobId } = job;
      jobs.update(job, { history: true });
      for (const each of imports.list({ tenantId, initiatorJobId: jobId })) {
        imports.update(each, { history: true });
        for (const task of tasks.list({ tenantId, jobId: each.jobId })) tasks.update(task, { history: true });
      }
    },
    removeTenant: (tenantId: number) => {
      for (const table of [jobs, imports, tasks]) table.removeAll({ tenantId });
    },
  });
}
