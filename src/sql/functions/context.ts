import type { Cell } from '../../value/column-type.ts';
import type { SqlValue } from './definition.ts';

/** What functions may know of the session and the statement they run in. Read anew at every call. */
export interface FunctionContext {
  /** Start of the statement, microseconds since 1970. */
  readonly nowUs: number;
  /** Offset text such as `+08:00`, or a zone name. */
  readonly timeZone: string;
  readonly sqlMode: string;
  readonly database: string | null;
  readonly user: string;
  readonly host: string;
  readonly connectionId: number;
  readonly lastInsertId: bigint;
  readonly foundRows: bigint;
  readonly rowCount: bigint;
  /** `5.7.25-OceanBase-v4.2.1.0` and `4.2.1.0`. */
  readonly version: string;
  readonly obVersion: string;
  readonly tenantName: string;
  readonly tenantId: number;
  readonly hostIp: string;
  readonly rpcPort: number;
  /** Text of the statement's sql_mode dependent store: row number for error texts, from 1. */
  readonly rowNumber?: number;
  /** An UPDATE (or ON DUPLICATE KEY UPDATE) met a row; `changed` when it gives it other values. */
  touch?(changed: boolean): void;
  /** User variables a statement assigns while it runs, as SQLite takes them. */
  readonly variables?: { get(name: string): SqlValue; set(name: string, value: Cell): void };
  /** LAST_INSERT_ID(n) was called. */
  setLastInsertId?(value: bigint): void;
  warn?(code: number, message: string): void;
  /** SLEEP(n), where a statement may wait; without it only moments are slept, in place. */
  readonly sleep?: ((seconds: number) => 0 | 1) | undefined;
}
