import type Database from 'better-sqlite3';
import type { Release } from '../base/release.ts';
import type { ArchiveRepository } from './archives.ts';
import type { DestinationRepository } from './backup-destinations.ts';
import type { BackupRepository } from './backups.ts';
import type { ClusterRepository } from './cluster.ts';
import type { CounterRepository } from './counters.ts';
import type { DeletionRepository } from './deletions.ts';
import type { EventRepository } from './events.ts';
import type { KeyRepository } from './keys.ts';
import type { ParameterRepository } from './parameters.ts';
import type { ProofRepository } from './proofs.ts';
import type { RecoverTableRepository } from './recover-tables.ts';
import type { ResourceRepository } from './resources.ts';
import type { RestoreRepository } from './restores.ts';
import type { Secrets } from './secrets.ts';
import type { SysTenantRepository } from './sys-tenant.ts';
import type { TenantRepository } from './tenants.ts';
import type { VariableRepository } from './variables.ts';

/** One repository per aggregate. Calls are synchronous and belong to the step they are made in. */
export interface Repositories {
  readonly archives: ArchiveRepository;
  readonly backups: BackupRepository;
  readonly cluster: ClusterRepository;
  readonly counters: CounterRepository;
  readonly deletions: DeletionRepository;
  readonly destinations: DestinationRepository;
  readonly events: EventRepository;
  readonly keys: KeyRepository;
  readonly parameters: ParameterRepository;
  readonly proofs: ProofRepository;
  readonly recoverTables: RecoverTableRepository;
  readonly resources: ResourceRepository;
  readonly restores: RestoreRepository;
  readonly sysTenant: SysTenantRepository;
  readonly tenants: TenantRepository;
  readonly variables: VariableRepository;
}

/**
 * The durable state. It is reached in steps only: a step is a synchronous function over the repositories, run as one
 * transaction, and what it returns comes back in a promise. So nothing ever sees half a step, callers are written for a
 * store that answers later, and another store can stand behind this interface. A step must not touch anything but the
 * repositories: it may be run again, and it must not return a promise.
 */
export interface Catalog {
  readonly release: Release;
  readonly secrets: Secrets;
  /** Runs the step, makes it durable, then resolves. Whatever it throws undoes all of it and is passed on. */
  transaction<T>(step: (repositories: Repositories) => T): Promise<T>;
  /** Runs a step that only reads; a write in it is a bug and throws. */
  read<T>(step: (repositories: Repositories) => T): Promise<T>;
  /** Read-only connection for views: committed state only. */
  readonly readDatabase: Database.Database;
  /**
   * To be called before a query on `readDatabase` that ends in the same turn: the connection then reads inside of a transaction
   * that stays open until the next step writes, which spares every query the locks of its own. All that is committed is seen.
   */
  holdRead(): void;
  /** Ends both connections and lets the next server in. */
  close(): Promise<void>;
}

/** Why a data directory could not be opened. */
export type CatalogOpenReason = 'inUse' | 'damaged' | 'newer' | 'key' | 'unwritable';

/** The data directory cannot be served; `message` is for the operator. */
export class CatalogOpenError extends Error {
  override readonly name = 'CatalogOpenError';
  readonly reason: CatalogOpenReason;

  constructor(reason: CatalogOpenReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
