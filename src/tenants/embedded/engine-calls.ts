import type { FaultData } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import type { SourceColumn } from '../../sql/schema.ts';
import type { ResultColumn } from '../../value/column-type.ts';
import type { RowBatch } from '../../value/row-batch.ts';
import type {
  PreparedShape,
  RowsEnd,
  StatementContext,
  StatementOutcome,
  StatementRequest,
  TransactionState,
} from '../engine-session.ts';
import type { Account } from '../tenant-account.ts';
import type {
  ChangePoint,
  ImportedTable,
  LogPosition,
  TableImport,
  TableOutline,
  TablePlace,
  TenantOptions,
} from '../tenant-engine.ts';
import type { GuestPlace } from './guest-store.ts';
import type { RestoreData } from './log-applier.ts';
import type { StageData } from './log-stage.ts';
import type { SliceLimits } from './slice.ts';
import type { PinnedState, StoreLimits } from './tenant-store.ts';

/** What the main thread asks of the engine thread, one function each. Arguments and results are structured-clonable. */
export interface EngineCalls {
  create(tenantId: number, options: TenantOptions): void;
  open(tenantId: number): void;
  closeTenant(tenantId: number): void;
  drop(tenantId: number): void;
  closeAll(): void;
  beginRestore(tenantId: number): RestoreData;
  finishRestore(tenantId: number, untilScn: Scn): void;
  abortRestore(tenantId: number): void;
  databases(tenantId: number): readonly string[];
  /** Keeps a tenant open while somebody else reads its file. */
  hold(tenantId: number, held: boolean): void;
  outlines(tenantId: number): readonly TableOutline[];
  importTable(tenantId: number, sourceTenantId: number, wish: TableImport, flag: SharedArrayBuffer): ImportedTable;
  dropUnnamedTables(tenantId: number): void;
  dropForeignKeys(tenantId: number, table: TablePlace, names: readonly string[]): void;
  beginRoll(tenantId: number): StageData;
  takeRoll(tenantId: number, throughScn: Scn): { readonly scn: Scn; readonly more: boolean };
  endRoll(tenantId: number): void;
  pin(tenantId: number, since: ChangePoint | null): PinnedState;
  remembers(tenantId: number, since: ChangePoint): boolean;
  unpin(tenantId: number): void;
  log(tenantId: number): { readonly walFd: number; readonly floorPath: string; readonly cell: SharedArrayBuffer };
  foldAhead(tenantId: number, recycleId: number): boolean;
  /** With `sealed` the thread sends a `SealRequest` under `recycleId` and waits for `sealDone`. */
  recycleLog(tenantId: number, recycleId: number, sealed: boolean): boolean;
  sealDone(recycleId: number, error: string | null): void;
  /** What another thread did for a fold is over, well or not. */
  foldDone(recycleId: number): void;
  /** Writes a tenant's log into its data file, for the thread that holds the tenant open. */
  foldElsewhere(data: string): void;
  logBytes(tenantId: number): number;
  dataBytes(tenantId: number): number;
  setReadOnly(tenantId: number, readOnly: boolean): void;
  globalVariables(tenantId: number): Readonly<Record<string, string>>;
  setGlobalVariable(tenantId: number, name: string, value: string): void;
  listAccounts(tenantId: number): readonly Account[];
  putAccount(tenantId: number, account: Account): void;
  removeAccount(tenantId: number, user: string, host: string): void;
  openSession(tenantId: number, sessionId: number, flag: SharedArrayBuffer): number;
  execute(handle: number, request: SessionRequest): ExecuteReply | MovedReply;
  /** Runs a moved statement as a guest of its tenant; the handle ends with `closeSession`. */
  visit(call: GuestCall): ExecuteReply & { readonly handle: number };
  /** A moved statement is over. */
  guestLeft(handle: number, as: GuestPlace['as']): void;
  prepare(handle: number, sql: string, context: StatementContext | null): PreparedShape;
  fetch(handle: number): RowsReply;
  endRows(handle: number): void;
  transaction(handle: number): TransactionState;
  rollback(handle: number): void;
  /** Lets a statement that waits look at its interrupt flag. */
  wake(handle: number): void;
  closeSession(handle: number): void;
}

/** A request without the context when the session's last one still holds. */
export interface SessionRequest extends Omit<StatementRequest, 'context'> {
  readonly context: StatementContext | null;
  /** A new flag for this statement and those behind it: an earlier one still looks at the old flag. */
  readonly flag?: SharedArrayBuffer;
}

export interface RowsReply {
  readonly batch: RowBatch | null;
  readonly end: RowsEnd | null;
}

export type ExecuteReply =
  | Extract<StatementOutcome, { readonly kind: 'ok' }>
  | ({ readonly kind: 'rows'; readonly columns: readonly ResultColumn[] } & RowsReply);

/** A statement that takes long is run again by a thread of its own; nothing of it was done. */
export interface MovedReply {
  readonly kind: 'moved';
  readonly place: GuestPlace;
  /** What its calls of SLEEP that are over answered. */
  readonly slept: readonly (0 | 1)[];
}

/** What a guest's statement is started with. */
export interface GuestCall {
  readonly place: GuestPlace;
  readonly sessionId: number;
  readonly flag: SharedArrayBuffer;
  readonly request: StatementRequest;
  readonly slept: MovedReply['slept'];
}

export type CallName = keyof EngineCalls;

export interface CallMessage {
  readonly id: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
}

export type EngineMessage =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'fault'; readonly id: number; readonly fault: FaultData }
  | { readonly kind: 'bug'; readonly id: number; readonly message: string; readonly stack: string }
  | { readonly kind: 'fold'; readonly recycleId: number; readonly data: string; readonly held: boolean }
  | { readonly kind: 'seal'; readonly recycleId: number; readonly position: LogPosition };

/** What the engine thread is started with. */
export interface EngineThreadOptions {
  readonly directory: string;
  readonly limits: StoreLimits & EngineLimits & SliceLimits;
  /** Runs moved statements only, and gives way to other threads. */
  readonly guestsOnly: boolean;
  readonly systemTables: readonly SystemTable[];
}

export interface EngineLimits {
  /** Tenants kept open; the one unused longest is closed when another is opened. */
  readonly openTenants: number;
}

/** A view of the catalog, listed by information_schema and SHOW TABLES of a tenant. */
export interface SystemTable {
  readonly schema: string;
  readonly name: string;
  /** The only tenant that has it; null where all have. */
  readonly tenantId: number | null;
  readonly columns: readonly SourceColumn[];
}
