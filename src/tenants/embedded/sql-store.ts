import type { Scn } from '../../base/scn.ts';
import type { ClockCell } from './clock-cell.ts';
import type { Connection } from './connection.ts';
import type { WriterLock } from './writer-lock.ts';

/** The connections of a tenant as its SQL uses them. */
export interface SqlStore {
  readonly lock: WriterLock;
  readonly cell: ClockCell;
  readonly writer: Connection;
  /** Read-only; its reads see what is committed. */
  readonly keeper: Connection;
  /** SCN of the newest commit. */
  readonly scn: Scn;
  /** Starts the writer's transaction; the caller holds the lock. */
  begin(): void;
  /** Commits the writer's transaction under a new SCN; rolls back and throws when SQLite cannot. */
  commit(): Scn;
  rollback(): void;
  takeReader(): Connection;
  /** A reader that stays at the newest commit until it is returned, or taken back: then `lost` was called. */
  pinReader(lost: () => void): Connection;
  returnReader(reader: Connection): void;
}
