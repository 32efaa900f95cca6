import { courseFields, intoHistory, jobFields, liveJobsOf, taskFields } from './job-fields.ts';
import { openTable, type Store, type TableAccess } from './store.ts';

export type ValidateJobStatus = 'INIT' | 'DOING' | 'COMPLETED' | 'FAILED' | 'CANCELING' | 'CANCELED';
/** `basic` reads info files, headers, footers and indexes; `physical` every byte. */
export type ValidateLevel = 'basic' | 'physical';
export type ProofObject = 'BACKUP SET' | 'BACKUP PIECE';
/**
 * `OK`: every byte was read and held against its checksums. `PARTIAL`: what was read is intact, but not everything could be
 * opened or was asked for. `BROKEN`: something is damaged or missing.
 */
export type ProofResult = 'OK' | 'PARTIAL' | 'BROKEN';

/** A VALIDATE of one tenant. */
export interface ValidateJob {
  readonly tenantId: number;
  readonly jobId: number;
  /** True once the finished job has left the live view. */
  readonly history: boolean;
  /** Tenant of the session that asked. */
  readonly initiatorTenantId: number;
  readonly validateType: 'BACKUP' | 'BACKUPSET' | 'ARCHIVELOG_PIECE';
  readonly level: ValidateLevel;
  readonly startUs: number;
  readonly endUs: number | null;
  readonly status: ValidateJobStatus;
  readonly taskCount: number;
  readonly finishTaskCount: number;
  /** Objects found damaged or missing. */
  readonly damagedCount: number;
  readonly totalBytes: bigint;
  readonly finishBytes: bigint;
  /** 0, -4103 when something is damaged, or the code the job ended with. */
  readonly result: number;
  readonly comment: string;
  /** Destinations without credentials, separated by commas. */
  readonly path: string;
  readonly retryCount: number;
  readonly stepData: unknown;
}

/** One set, one piece or one destination of a job. Numbers that do not apply are 0. */
export interface ValidateTask {
  readonly tenantId: number;
  readonly taskId: number;
  readonly jobId: number;
  readonly history: boolean;
  readonly taskType: ProofObject | 'DESTINATION';
  readonly destId: number;
  readonly backupSetId: number;
  readonly roundId: number;
  readonly pieceId: number;
  readonly startUs: number | null;
  readonly endUs: number | null;
  readonly status: ValidateJobStatus;
  /** Null until the task has ended with one. */
  readonly conclusion: ProofResult | null;
  readonly fileCount: number;
  readonly finishFileCount: number;
  readonly totalBytes: bigint;
  readonly finishBytes: bigint;
  readonly damagedCount: number;
  readonly foreignCount: number;
  readonly result: number;
  readonly comment: string;
  /** Root of the destination without credentials. */
  readonly path: string;
  readonly stepData: unknown;
}

/** What a task found about one object; a damaged object has one row, whatever else is wrong with it. */
export interface Finding {
  readonly tenantId: number;
  readonly taskId: number;
  /** Key below the root of the destination. */
  readonly object: string;
  readonly jobId: number;
  /** `FOREIGN` objects belong to nothing and are no damage. */
  readonly kind: 'DAMAGED' | 'MISSING' | 'FOREIGN';
  /** Where in the object, such as `record 3 (block 17) at offset 4096`; empty for the whole. */
  readonly place: string;
  readonly finding: string;
  readonly foundUs: number;
}

/** Names a set or a piece on its destination. Numbers that do not apply are 0. */
export interface ProofKey {
  readonly tenantId: number;
  readonly objectType: ProofObject;
  /** Root of the destination without credentials. */
  readonly path: string;
  readonly destId: number;
  readonly backupSetId: number;
  readonly roundId: number;
  readonly pieceId: number;
}

/** When and how a set or a piece was verified last. */
export interface Proof extends ProofKey {
  readonly verifiedUs: number;
  /** `BACKUP`: what the job that made the set read back before its end placeholder. */
  readonly method: 'VALIDATE' | 'RESTORE' | 'BACKUP';
  readonly durationUs: number;
  readonly bytes: bigint;
  readonly result: ProofResult;
  readonly damagedCount: number;
  readonly comment: string;
}

type ProofKeyName = 'tenantId' | 'objectType' | 'path' | 'destId' | 'backupSetId' | 'roundId' | 'pieceId';

/** VALIDATE jobs, what they found, and the last proof of every set and piece. */
export interface ProofRepository {
  readonly jobs: TableAccess<ValidateJob, 'tenantId' | 'jobId'>;
  readonly tasks: TableAccess<ValidateTask, 'tenantId' | 'taskId'>;
  readonly findings: TableAccess<Finding, 'tenantId' | 'taskId' | 'object'>;
  readonly proofs: TableAccess<Proof, ProofKeyName>;
  /** Jobs that are not history yet, of one tenant or of all. */
  liveJobs(tenantId?: number): readonly ValidateJob[];
  /** Proofs that say BROKEN of what lies on a destination, whichever tenant of this cluster asked. */
  brokenOn(path: string): readonly Proof[];
  /** Moves a finished job with its tasks to the history. */
  moveToHistory(tenantId: number, jobId: number): void;
  removeTenant(tenantId: number): void;
}

/** A set or piece whose files were deleted leaves its numbers to whoever writes there next. */
const brokenTail = `WHERE path = ? AND result = 'BROKEN'
  AND NOT EXISTS (SELECT 1 FROM backup_set s WHERE s.tenant_id = backup_proof.tenant_id AND s.path = backup_proof.path
    AND s.dest_id = backup_proof.dest_id AND s.backup_set_id = backup_proof.backup_set_id AND s.file_status = 'DELETED')
  AND NOT EXISTS (SELECT 1 FROM archive_piece a WHERE a.tenant_id = backup_proof.tenant_id AND a.path = backup_proof.path
    AND a.dest_id = backup_proof.dest_id AND a.round_id = backup_proof.round_id AND a.piece_id = backup_proof.piece_id
    AND a.file_status = 'DELETED')`;

export function createProofs(store: Store): ProofRepository {
  const jobs = openTable<ValidateJob, 'tenantId' | 'jobId'>(store, {
    name: 'validate_job',
    key: ['tenantId', 'jobId'],
    fields: {
      ...jobFields,
      validateType: 'text',
      level: 'text',
      taskCount: 'int',
      finishTaskCount: 'int',
      damagedCount: 'int',
      totalBytes: 'big',
      finishBytes: 'big',
      retryCount: 'int',
      ...courseFields,
    },
  });
  const tasks = openTable<ValidateTask, 'tenantId' | 'taskId'>(store, {
    name: 'validate_task',
    key: ['tenantId', 'taskId'],
    fields: {
      ...taskFields,
      taskType: 'text',
      destId: 'int',
      backupSetId: 'int',
      roundId: 'int',
      pieceId: 'int',
      conclusion: 'text',
      fileCount: 'int',
      finishFileCount: 'int',
      totalBytes: 'big',
      finishBytes: 'big',
      damagedCount: 'int',
      foreignCount: 'int',
      ...courseFields,
    },
  });
  const findings = openTable<Finding, 'tenantId' | 'taskId' | 'object'>(store, {
    name: 'validate_finding',
    key: ['tenantId', 'taskId', 'object'],
    fields: {
      tenantId: 'int',
      taskId: 'int',
      object: 'text',
      jobId: 'int',
      kind: 'text',
      place: 'text',
      finding: 'text',
      foundUs: 'int',
    },
  });
  const proofs = openTable<Proof, ProofKeyName>(store, {
    name: 'backup_proof',
    key: ['tenantId', 'objectType', 'path', 'destId', 'backupSetId', 'roundId', 'pieceId'],
    fields: {
      tenantId: 'int',
      objectType: 'text',
      path: 'text',
      destId: 'int',
      backupSetId: 'int',
      roundId: 'int',
      pieceId: 'int',
      verifiedUs: 'int',
      method: 'text',
      durationUs: 'int',
      bytes: 'big',
      result: 'text',
      damagedCount: 'int',
      comment: 'text',
    },
  });
  return Object.freeze({
    jobs,
    tasks,
    findings,
    proofs,
    liveJobs: liveJobsOf(jobs),
    brokenOn: (path: string) => proofs.select(brokenTail, path),
    moveToHistory: intoHistory(jobs, tasks),
    removeTenant: (tenantId: number) => {
      for (const table of [jobs, tasks, findings, proofs]) table.removeAll({ tenantId });
    },
  });
}
