import type { Cell, ResultColumn } from '../value/column-type.ts';
import type { RowBatch, RowFormat } from '../value/row-batch.ts';
import type { Grant } from './tenant-account.ts';

/**
 * What a statement needs to know of its session. Plain frozen data: the session makes a new object when something
 * changes, so that an engine in another thread sends it over only when its identity differs from the last one.
 */
export interface StatementContext {
  /** Current database, null when none is chosen. */
  readonly database: string | null;
  readonly user: string;
  readonly host: string;
  /** Grants of the session's account; the engine refuses what they do not cover (1142, 1044). */
  readonly grants: readonly Grant[];
  /** Offset text such as `+08:00` or a zone name. */
  readonly timeZone: string;
  readonly sqlMode: string;
  readonly autocommit: boolean;
  readonly isolation: 'READ-COMMITTED' | 'REPEATABLE-READ' | 'SERIALIZABLE' | 'READ-UNCOMMITTED';
  readonly foreignKeyChecks: boolean;
  readonly uniqueChecks: boolean;
  readonly charset: string;
  readonly collation: string;
  readonly connectionId: number;
  readonly lastInsertId: bigint;
  readonly foundRows: bigint;
  readonly rowCount: bigint;
  /** User variables, names in lower case without `@`. */
  readonly userVariables: Readonly<Record<string, Cell>>;
  /** System variables a statement may read as `@@name` or `@@session.name`; `@@global.name` is under `global.name`. */
  readonly systemVariables: Readonly<Record<string, Cell>>;
  readonly lockWaitTimeoutMs: number;
}

/** One client's place in a tenant: its transaction and its cursors. */
export interface EngineSession {
  /** Runs one statement; the engine parses MySQL text itself. Throws ObError for every failure the user can cause. */
  execute(request: StatementRequest): Promise<StatementOutcome>;
  /** Column list and parameter count without running. */
  prepare(sql: string, context: StatementContext): Promise<PreparedShape>;
  /** What is open; null while a statement its client gave up has not found its end. */
  transaction(): Promise<TransactionState | null>;
  /** Rolls back what is open. */
  rollback(): Promise<void>;
  /** Ends a running statement as soon as possible; it fails with OB_ERR_QUERY_INTERRUPTED. */
  interrupt(): void;
  close(): Promise<void>;
}

export interface TransactionState {
  readonly open: boolean;
  /** Nobody else writes the tenant until it ends, or until UNLOCK TABLES. */
  readonly holdsWriter: boolean;
}

export interface StatementRequest {
  readonly sql: string;
  readonly parameters?: readonly Cell[];
  readonly format: RowFormat;
  readonly context: StatementContext;
  /** Start of the statement in microseconds since 1970; NOW() reads it. */
  readonly nowUs: number;
  /** The statement fails with OB_TIMEOUT after this many microseconds since 1970; 0 for never. */
  readonly deadlineUs: number;
}

export interface PreparedShape {
  readonly parameterCount: number;
  readonly columns: readonly ResultColumn[];
}

export interface Warning {
  readonly level: 'Note' | 'Warning' | 'Error';
  readonly code: number;
  readonly message: string;
}

export type StatementOutcome =
  | {
      readonly kind: 'ok';
      readonly affectedRows: number;
      /** `affectedRows` for a client of CLIENT_FOUND_ROWS, to whom a row that was met counts as changed; the same when absent. */
      readonly foundRows?: number;
      /** First generated AUTO_INCREMENT value, 0 when none. */
      readonly insertId: bigint;
      /** What the OK packet shows instead when no value was generated: the last one that was given for such a column. */
      readonly givenId?: bigint;
      readonly info: string;
      readonly warnings: readonly Warning[];
      readonly inTransaction: boolean;
      /** User variables the statement assigned. */
      readonly assigned?: Readonly<Record<string, Cell>>;
      /** The database a `USE` or `DROP DATABASE` of the current one leaves behind. */
      readonly database?: string | null;
      /** True when accounts or grants changed, so that caches are dropped. */
      readonly accountsChanged?: boolean;
    }
  | {
      readonly kind: 'rows';
      readonly columns: readonly ResultColumn[];
      /** Must be drained or returned; batches are bounded. The generator's return value is the end of the statement. */
      readonly batches: AsyncGenerator<RowBatch, RowsEnd, void>;
    };

export interface RowsEnd {
  readonly rowCount: number;
  readonly warnings: readonly Warning[];
  readonly inTransaction: boolean;
  readonly assigned?: Readonly<Record<string, Cell>>;
  /** SQL_CALC_FOUND_ROWS: rows without LIMIT; `rowCount` is what FOUND_ROWS() answers otherwise. */
  readonly foundRows?: number;
  /** LAST_INSERT_ID(n) was called. */
  readonly lastInsertId?: bigint;
}
