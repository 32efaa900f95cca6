import type { Mutex } from '../base/mutex.ts';
import type { Scn } from '../base/scn.ts';
import type { LogPosition, ThreadModule } from '../tenants/tenant-engine.ts';
import { appendTo, type ShipFile } from './log-ship-file.ts';
import type { LogHandle, Shipped } from './log-shipment.ts';
import type { LogThread } from './log-threads.ts';

/** What the shipper keeps of the open log of one tenant. */
export interface Shipment extends LogHandle {
  readonly id: number;
  readonly reader: ThreadModule;
  readonly mutex: Mutex;
  thread: LogThread;
  /** Of the threads it may use so many, 0 for the default. */
  wish: number;
  /** The last batch had to wait for other tenants. */
  crowded: boolean;
  file: ShipFile;
  sizeBytes: number;
  lastScn: Scn;
  position: LogPosition | null;
  broken: Error | null;
  closed: boolean;
}

/** Appends a record to the log file of the shipment. */
export async function append(shipment: Shipment, bytes: Uint8Array): Promise<void> {
  await appendTo(shipment.file, bytes, shipment.sizeBytes);
  shipment.sizeBytes += bytes.length;
}

/** What a pass tells that has found nothing. */
export function nothingShipped(shipment: Shipment): Shipped {
  return {
    records: 0,
    commits: 0,
    firstScn: null,
    lastScn: shipment.lastScn,
    inputBytes: 0,
    outputBytes: 0,
    position: shipment.position,
    fileSizeBytes: shipment.sizeBytes,
    switchDue: null,
  };
}

/** The same with a seal or mark behind it. */
export function added(shipped: Shipped, noteBytes: number, shipment: Shipment): Shipped {
  return {
    ...shipped,
    records: shipped.records + 1,
    outputBytes: shipped.outputBytes + noteBytes,
    lastScn: shipment.lastScn,
    position: shipment.position,
    fileSizeBytes: shipment.sizeBytes,
  };
}
