import type { AccountStatement } from './statement-account.ts';
import type { CancelRecoverTable, RecoverTable, RestoreStatement, StandbyStatement } from './statement-restore.ts';
import type {
  AlterResourcePool,
  AlterTenant,
  CloneTenant,
  CreateResourcePool,
  CreateTenant,
  ResourceUnitStatement,
  TenantLifeStatement,
} from './statement-tenant.ts';

/**
 * OceanBase's own statements as the compiled grammar types them: one kind per statement, every clause a field. A clause that
 * was not given is null (or an empty list where the form has no difference between the two). Names keep their case.
 */
export type ObStatement =
  | SetParameters
  | ResetParameters
  | LogMode
  | BackupStatement
  | KeyStatement
  | CleanupStatement
  | RestoreStatement
  | StandbyStatement
  | RecoverTable
  | CancelRecoverTable
  | ChangeStorageDest
  | TestDestination
  | ServiceStatement
  | ValidateBackup
  | CancelValidate
  | UpkeepStatement
  | RefusedForm
  | ResourceUnitStatement
  | CreateResourcePool
  | AlterResourcePool
  | CreateTenant
  | CloneTenant
  | AlterTenant
  | TenantLifeStatement
  | AccountStatement;

export type ObStatementKind = ObStatement['kind'];
/** The statement of one kind, also where two kinds share an interface. */
export type StatementOf<Kind extends ObStatementKind, One = ObStatement> = One extends { readonly kind: infer K }
  ? Kind extends K
    ? One
    : never
  : never;

/** TENANT [=] t {, t}; null when the clause is absent. Names are as typed and may repeat; `all` is not resolved. */
export type TenantClause = readonly string[] | null;

/** UNTIL TIME = 'text' | UNTIL SCN = int. The text is not checked yet. */
export type Until = { readonly kind: 'time'; readonly text: string } | { readonly kind: 'scn'; readonly scn: bigint };

/** WITH KEY FROM 'path' [ENCRYPTED BY 'password']. */
export interface KeyClause {
  readonly from: string;
  readonly password: string | null;
}

// ---------------------------------------------------------------- parameters

/**
 * What stands behind `=`. `text` is the whole meaning of a literal (`10` and `'10'` are the same); a system variable is read
 * when the statement runs.
 */
export type ConstantValue =
  | { readonly type: 'string' | 'number' | 'boolean' | 'date' | 'null'; readonly text: string }
  | { readonly type: 'systemVariable'; readonly scope: 'global' | 'session' | null; readonly name: string };

export type ParameterScope = 'MEMORY' | 'SPFILE' | 'BOTH';

/** ALTER SYSTEM [SET] item {, item}. */
export interface SetParameters {
  readonly kind: 'setParameters';
  readonly items: readonly ParameterItem[];
}
/** name = value [COMMENT str] [SCOPE = …] [SERVER [=] str | HOST str | ZONE [=] z] [TENANT [=] t]. */
export interface ParameterItem {
  /** Lower case. */
  readonly name: string;
  readonly value: ConstantValue;
  readonly comment: string | null;
  readonly scope: ParameterScope | null;
  readonly server: string | null;
  readonly zone: string | null;
  readonly tenant: string | null;
}
/** ALTER SYSTEM RESET name [SCOPE = …] [TENANT [=] t] {, …}; from 4.3.0. */
export interface ResetParameters {
  readonly kind: 'resetParameters';
  readonly items: readonly {
    readonly name: string;
    readonly scope: ParameterScope | null;
    readonly tenant: string | null;
  }[];
}

// ---------------------------------------------------------------- archive and backup

/** ALTER SYSTEM [NO]ARCHIVELOG [TENANT …] [DESCRIPTION …]. */
export interface LogMode {
  readonly kind: 'archivelog' | 'noarchivelog';
  readonly tenants: TenantClause;
  readonly description: string | null;
}

export type BackupStatement =
  | Backup
  /** ALTER SYSTEM CANCEL BACKUP [TENANT …]. */
  | { readonly kind: 'cancelBackup'; readonly tenants: TenantClause };

/** ALTER SYSTEM BACKUP [INCREMENTAL] (DATABASE | TENANT [=] t {, t}) [TO [=] str] [PLUS ARCHIVELOG] [DESCRIPTION …]. */
export interface Backup {
  readonly kind: 'backup';
  readonly scope: 'database' | 'tenant';
  readonly incremental: boolean;
  /** Empty for DATABASE, and for a bare BACKUP, which reads as a TENANT form without names. */
  readonly tenants: readonly string[];
  readonly to: string | null;
  readonly plusArchivelog: boolean;
  readonly description: string | null;
}

export type KeyStatement =
  /** ALTER SYSTEM BACKUP KEY [TENANT …] [TO str] [ENCRYPTED BY str]; the list is for the checker to refuse. */
  | {
      readonly kind: 'backupKey';
      readonly tenants: TenantClause;
      readonly to: string | null;
      readonly password: string | null;
    }
  /** ALTER SYSTEM BACKUP CLUSTER PARAMETERS TO str; 4.2.5. */
  | { readonly kind: 'backupClusterParameters'; readonly to: string }
  /** ALTER INSTANCE ROTATE INNODB MASTER KEY. */
  | { readonly kind: 'rotateMasterKey' }
  /** SET ENCRYPTION ON IDENTIFIED BY str ONLY. */
  | { readonly kind: 'setEncryption'; readonly password: string }
  /** SET DECRYPTION IDENTIFIED BY str {, str}. */
  | { readonly kind: 'setDecryption'; readonly passwords: readonly string[] };

// ---------------------------------------------------------------- cleaning

export type CleanupStatement =
  /** ALTER SYSTEM ADD DELETE BACKUP POLICY [=] str [RECOVERY_WINDOW …] [REDUNDANCY …] [BACKUP_COPIES …] [TENANT …]. */
  | {
      readonly kind: 'addDeletePolicy';
      readonly name: string;
      readonly recoveryWindow: string | null;
      readonly redundancy: number | null;
      readonly backupCopies: number | null;
      readonly tenants: TenantClause;
    }
  /** ALTER SYSTEM DROP DELETE BACKUP POLICY [=] str [TENANT …]. */
  | { readonly kind: 'dropDeletePolicy'; readonly name: string; readonly tenants: TenantClause }
  /** ALTER SYSTEM CANCEL DELETE BACKUP [TENANT …] [DESCRIPTION …]. */
  | { readonly kind: 'cancelDelete'; readonly tenants: TenantClause; readonly description: string | null }
  /** ALTER SYSTEM DELETE BACKUPSET | BACKUPPIECE int [COPY int] [TENANT …] [DESCRIPTION …]. */
  | {
      readonly kind: 'deleteBackupSet' | 'deleteBackupPiece';
      readonly ids: readonly number[];
      readonly copy: number | null;
      readonly tenant: string | null;
      readonly description: string | null;
    }
  /** ALTER SYSTEM DELETE OBSOLETE BACKUP [TENANT …] [DESCRIPTION …]. */
  | { readonly kind: 'deleteObsoleteBackup'; readonly tenants: TenantClause; readonly description: string | null }
  /** ALTER SYSTEM DELETE OBSOLETE BACKUP [TENANT …] [RECOVERY_WINDOW …] DRY RUN; ours. */
  | { readonly kind: 'deleteDryRun'; readonly tenants: TenantClause; readonly recoveryWindow: string | null };

// ---------------------------------------------------------------- storage, validation

/** ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH [=] str [SET] [ACCESS_INFO …] [ATTRIBUTE …]; 4.3.5. */
export interface ChangeStorageDest {
  readonly kind: 'changeStorageDest';
  readonly path: string;
  readonly accessInfo: string | null;
  readonly attribute: string | null;
}
/** ALTER SYSTEM TEST DESTINATION str; ours, in every release. */
export interface TestDestination {
  readonly kind: 'testDestination';
  readonly destination: string;
}
/** ALTER SYSTEM (CREATE | DELETE | START | STOP) SERVICE name [TENANT …]; 4.2.5. */
export interface ServiceStatement {
  readonly kind: 'service';
  readonly action: 'CREATE' | 'DELETE' | 'START' | 'STOP';
  readonly name: string;
  readonly tenant: string | null;
}
/** ALTER SYSTEM VALIDATE (BACKUP | DATABASE | BACKUPSET [= ids] | ARCHIVELOG_PIECE [= ids]) …; in every release. */
export interface ValidateBackup {
  readonly kind: 'validateBackup';
  readonly target: 'backup' | 'backupset' | 'archivelogPiece';
  /** Comma list as typed, or integers. */
  readonly ids: string | readonly number[] | null;
  readonly dataBackupDest: string | null;
  readonly logArchiveDest: string | null;
  readonly level: string | null;
  readonly tenant: string | null;
}

/** ALTER SYSTEM CANCEL VALIDATE [job] [TENANT …]; ours. */
export interface CancelValidate {
  readonly kind: 'cancelValidate';
  readonly jobId: number | null;
  readonly tenants: TenantClause;
}

// ---------------------------------------------------------------- upkeep

export type UpkeepStatement =
  /** ALTER SYSTEM RUN UPGRADE JOB str [TENANT …]. */
  | { readonly kind: 'runUpgradeJob'; readonly action: string; readonly tenants: TenantClause }
  | { readonly kind: 'stopUpgradeJob' }
  /** ALTER SYSTEM RUN JOB str [SERVER … | ZONE …]. */
  | {
      readonly kind: 'runJob';
      readonly job: string;
      readonly server: string | null;
      readonly zone: string | null;
    }
  /** ALTER SYSTEM CHANGE TENANT (name | TENANT_ID [=] int): exactly one of the two is set. */
  | { readonly kind: 'changeTenant'; readonly name: string | null; readonly id: number | null }
  /** ALTER SYSTEM (MAJOR | MINOR) FREEZE [TENANT …] [SERVER …] [ZONE …]. */
  | {
      readonly kind: 'freeze';
      readonly level: 'MAJOR' | 'MINOR';
      readonly tenants: TenantClause;
      readonly servers: readonly string[] | null;
      readonly zone: string | null;
    }
  /** ALTER SYSTEM (SUSPEND | RESUME) MERGE [TENANT …]. */
  | { readonly kind: 'merge'; readonly action: 'SUSPEND' | 'RESUME'; readonly tenants: TenantClause }
  /** ALTER SYSTEM FLUSH (PLAN | PL | LIB) CACHE … | FLUSH KVCACHE …. */
  | {
      readonly kind: 'flushCache';
      readonly cache: 'PLAN' | 'PL' | 'LIB' | 'KVCACHE';
      readonly sqlId: string | null;
      readonly databases: string | null;
      readonly tenants: TenantClause;
      /** FLUSH KVCACHE CACHE = name. */
      readonly name: string | null;
      readonly global: boolean;
    };

/**
 * A form the parser knows and the server refuses for good. The plain text of `symbol` is the answer; with `feature` it is
 * the template filled ("… not supported").
 */
export interface RefusedForm {
  readonly kind: 'refusedForm';
  /** Such as `BACKUP BACKUPSET`, for logs. */
  readonly form: string;
  readonly symbol: 'OB_NOT_SUPPORTED' | 'OB_INVALID_ARGUMENT';
  readonly feature: string | null;
}
