import type { Expression } from './expression.ts';
import type { ObjectName } from './name.ts';
import type { Limit } from './query.ts';
import type { TenantStatement } from './statement.ts';

export interface Use {
  readonly kind: 'use';
  readonly name: string;
}

export type TransactionStatement =
  | { readonly kind: 'begin'; readonly readOnly: boolean; readonly snapshot: boolean }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'savepoint'; readonly name: string }
  | { readonly kind: 'rollbackTo'; readonly name: string }
  | { readonly kind: 'release'; readonly name: string };

export interface LockTables {
  readonly kind: 'lockTables';
  readonly unlock: boolean;
  readonly tables: readonly { readonly table: ObjectName; readonly write: boolean }[];
}

/**
 * SHOW. `what` is one of the words below; `subject` the table, database, user or variable scope it names.
 */
export interface Show {
  readonly kind: 'show';
  readonly what:
    | 'databases'
    | 'tables'
    | 'columns'
    | 'createTable'
    | 'createDatabase'
    | 'createUser'
    | 'createTenant'
    | 'index'
    | 'variables'
    | 'status'
    | 'warnings'
    | 'errors'
    | 'processlist'
    | 'engines'
    | 'charset'
    | 'collation'
    | 'plugins'
    | 'tableStatus'
    | 'grants'
    | 'parameters'
    | 'tenant'
    | 'tenantStatus'
    | 'privileges'
    | 'triggers'
    | 'events'
    | 'procedureStatus'
    | 'functionStatus'
    | 'countWarnings'
    | 'countErrors'
    | 'recyclebin'
    | 'restorePreview'
    | 'openTables'
    | 'masterStatus'
    | 'slaveStatus'
    | 'binaryLogs'
    | 'profiles';
  readonly full: boolean;
  readonly global: boolean;
  readonly subject: ObjectName | null;
  readonly database: string | null;
  readonly like: string | null;
  readonly where: Expression | null;
  /** SHOW PARAMETERS … TENANT = t. */
  readonly tenant: string | null;
  readonly limit: Limit | null;
}

/** DESC / DESCRIBE / EXPLAIN table [column]. */
export interface Describe {
  readonly kind: 'describe';
  readonly table: ObjectName;
  readonly column: string | null;
}

export interface Explain {
  readonly kind: 'explain';
  readonly statement: TenantStatement;
}

export interface SetStatement {
  readonly kind: 'set';
  readonly items: readonly SetItem[];
}

export type SetItem =
  | {
      readonly kind: 'system';
      readonly name: string;
      readonly scope: 'session' | 'global';
      readonly value: Expression | 'default';
    }
  | { readonly kind: 'user'; readonly name: string; readonly value: Expression }
  | { readonly kind: 'names'; readonly charset: string | 'default'; readonly collation: string | null }
  | { readonly kind: 'characterSet'; readonly charset: string | 'default' }
  | {
      readonly kind: 'transaction';
      readonly scope: 'session' | 'global' | 'next';
      readonly isolation: string | null;
      readonly readOnly: boolean | null;
    };

export interface Kill {
  readonly kind: 'kill';
  readonly query: boolean;
  readonly id: Expression;
}

export interface TextPrepare {
  readonly kind: 'prepare';
  readonly name: string;
  readonly source: Expression;
}

export interface TextExecute {
  readonly kind: 'execute';
  readonly name: string;
  readonly using: readonly string[];
}

export interface TextDeallocate {
  readonly kind: 'deallocate';
  readonly name: string;
}

/** ANALYZE, OPTIMIZE, CHECK, CHECKSUM, REPAIR TABLE. */
export interface TableMaintenance {
  readonly kind: 'maintenance';
  readonly verb: 'analyze' | 'optimize' | 'check' | 'checksum' | 'repair';
  readonly tables: readonly ObjectName[];
}

export interface DoStatement {
  readonly kind: 'do';
  readonly expressions: readonly Expression[];
}

/** FLUSH TABLES, PRIVILEGES and the like: nothing to do unless tables, or all of them, are locked too. */
export interface FlushStatement {
  readonly kind: 'flush';
  readonly tables: readonly ObjectName[];
  /** WITH READ LOCK, FOR EXPORT. */
  readonly lock: boolean;
}

/** A statement MySQL knows and this server refuses with 1235; `feature` completes "… not supported", such as "create trigger is". */
export interface Unsupported {
  readonly kind: 'unsupported';
  readonly feature: string;
}

/** Nothing but comments: answered with OK. */
export interface Empty {
  readonly kind: 'empty';
}
