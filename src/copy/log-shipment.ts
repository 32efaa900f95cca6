import type { Scn } from '../base/scn.ts';
import type { LogPosition, ThreadModule } from '../tenants/tenant-engine.ts';
import type { ShipFile } from './log-ship-file.ts';

/** What `LogShipper.open` is told. */
export interface OpenShipment {
  readonly tenantId: number;
  readonly reader: ThreadModule;
  /** Position of the last record written, null at the start of a round. */
  readonly from: LogPosition | null;
  /** SCN the last record reaches, or the round's start SCN: commits up to it are not shipped. */
  readonly afterScn: Scn;
  readonly file: ShipFile;
}

export interface ShipOptions {
  /** Raw bytes of a batch, 16 MiB when left out. */
  readonly maxBytes?: number;
  /** End of the piece, inclusive: what lies behind stays for the next one. */
  readonly untilScn?: Scn;
  /** No further batch is begun once everything up to here is shipped. */
  readonly enoughScn?: Scn;
  /** The log goes through one of the first so many threads, also when it went through another one before; 0: one for each processor. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export type SealLimits = Pick<ShipOptions, 'untilScn' | 'enoughScn'>;

export interface Shipped {
  readonly records: number;
  readonly commits: number;
  /** Null when nothing was shipped. */
  readonly firstScn: Scn | null;
  /** Every commit up to here is recorded. */
  readonly lastScn: Scn;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly position: LogPosition | null;
  readonly fileSizeBytes: number;
  /** `size`: open the next file and ship again. `scn`: `untilScn` is reached and more lies behind it. */
  readonly switchDue: 'size' | 'scn' | null;
}

/** One tenant's shipment; opaque. */
export interface LogHandle {
  readonly tenantId: number;
}
