import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Release } from '../base/release.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { CopyWorkers } from '../copy/copy-workers.ts';
import type { LogShipper } from '../copy/log-shipper.ts';
import type { Destination } from '../destination/destination.ts';
import type { Medium } from '../media/medium.ts';
import type { MediumAddress } from '../media/open-medium.ts';
import type { Paces } from '../media/pace.ts';
import type { TenantEngines } from '../tenants/tenant-engine.ts';

/** What statements and jobs work with: one per server. */
export interface Controller {
  readonly release: Release;
  readonly catalog: Catalog;
  readonly engines: TenantEngines;
  readonly workers: CopyWorkers;
  readonly shipper: LogShipper;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: JobSettings;
  readonly cluster: { readonly name: string; readonly id: number };
  /** `ip:port` as COMMENT columns name the server. */
  readonly address: string;
  /** Opens the medium a destination lies on; every call of it has a deadline, a short one with the patience of a statement. */
  openMedium(destination: Destination & Pick<MediumAddress, 'pace' | 'patience'>): Medium;
  /** The paces of the tenants' destinations; see `openPaced`. */
  readonly paces: Paces;
  /** Tenants whose log shall be folded into the data file at the next moment that allows it, however small it is. */
  readonly foldWishes: Set<number>;
  /** Ends what the drivers do for a tenant that is being dropped; resolves when none of them touches it any more. */
  forgetTenant(tenantId: number): Promise<void>;
  /** Runs `work` while a standby tenant is not being rolled forward; what goes on is ended first. */
  holdStandby<T>(tenantId: number, work: () => Promise<T>): Promise<T>;
  /** Wakes the background work so that a statement's effect does not wait for a tick. */
  readonly wake: Wake;
}

export interface JobSettings {
  /** How long a finished job stays in the live view. */
  readonly jobLingerMs: number;
  /** Longest pause between two passes. */
  readonly tickMs: number;
  /** Log of a tenant beyond which it is folded into the data file. */
  readonly foldLogBytes: number;
  /** Archived bytes a standby takes over at a time; files are taken whole, and a large commit takes more. */
  readonly rollBatchBytes: number;
  /** Longest pause before a standby whose log did not come is tried again; the first pauses are shorter. */
  readonly rollRetryMs: number;
  /** With BINDING = OPTIONAL, log beyond this is given up when it cannot be archived: the round ends INTERRUPTED. */
  readonly archiveBacklogBytes: number;
  /** Longest pause before a failed archive is tried again; the first pauses are shorter. */
  readonly archiveRetryMs: number;
  /** A job that meets a passing fault is tried again this often, */
  readonly maxJobRetries: number;
  /** after this pause. */
  readonly retryPauseMs: number;
  /** How often the sizes of a tenant's data and log are looked at: for the views, and to fold a log nobody archives. */
  readonly noteSizesMs: number;
  /** A backup waits at most this long for the archive to reach its end. */
  readonly archiveWaitMs: number;
  /** A round that cannot be stopped in an orderly way is stopped by force after this time. */
  readonly forceStopMs: number;
  /** A file that is being verified and gives no byte for this long lies on a medium that hangs. */
  readonly validateStallMs: number;
  /** How often a delete policy starts a job. */
  readonly cleanTickMs: number;
  /** The deletion of a set or piece that meets passing faults is tried again this often. */
  readonly maxDeleteRetries: number;
}

export const defaultJobSettings: JobSettings = {
  cleanTickMs: 3_600_000,
  maxDeleteRetries: 64,
  jobLingerMs: 5_000,
  tickMs: 1_000,
  foldLogBytes: 64 * 1024 * 1024,
  rollBatchBytes: 64 * 1024 * 1024,
  rollRetryMs: 30_000,
  archiveBacklogBytes: 8 * 1024 * 1024 * 1024,
  archiveRetryMs: 10_000,
  maxJobRetries: 3,
  retryPauseMs: 5_000,
  noteSizesMs: 5_000,
  archiveWaitMs: 600_000,
  forceStopMs: 600_000,
  validateStallMs: 60_000,
};

/** Asks a driver for a pass now. */
export interface Wake {
  archive(): void;
  backup(): void;
  restore(): void;
  validate(): void;
  clean(): void;
}
