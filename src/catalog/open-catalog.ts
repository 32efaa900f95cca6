import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { CallMeter } from '../base/call-meter.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Release } from '../base/release.ts';
import { createArchives } from './archives.ts';
import { createDestinations } from './backup-destinations.ts';
import { createBackups } from './backups.ts';
import { type Catalog, CatalogOpenError, type Repositories } from './catalog.ts';
import { createCluster } from './cluster.ts';
import { createCounters } from './counters.ts';
import { createDeletions } from './deletions.ts';
import { createEvents } from './events.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { createKeys } from './keys.ts';
import { registerMediaCalls } from './media-calls.ts';
import { migrate } from './migrations.ts';
import { createParameters, storeDefinitions } from './parameters.ts';
import { createProofs } from './proofs.ts';
import { createRecoverTables } from './recover-tables.ts';
import { registerWindows } from './recoverable-windows.ts';
import { createResources } from './resources.ts';
import { createRestores } from './restores.ts';
import { openSecrets, SecretError, type Secrets } from './secrets.ts';
import { seedCatalog } from './seed.ts';
import type { Store } from './store.ts';
import { withCodedStore } from './store-errors.ts';
import { createSysTenant } from './sys-tenant.ts';
import { createTenants } from './tenants.ts';
import { createVariables } from './variables.ts';
import { registerZoneFunctions } from './zone-functions.ts';

export interface CatalogOptions {
  /** Data directory; made when missing. */
  readonly directory: string;
  readonly clusterName: string;
  readonly clusterId: number;
  readonly release: Release;
  readonly clock: Clock;
  readonly log: Log;
  /** What media are asked, for the views. */
  readonly meter?: CallMeter;
}

/** Name of the catalog's file in the data directory. */
export const catalogFileName = 'catalog.db';

/**
 * Opens the catalog of a data directory, making and migrating it as needed. Throws CatalogOpenError when another server
 * holds the directory, the file is damaged or of a later program, or the key file cannot be used.
 */
export function openCatalog(options: CatalogOptions): Catalog {
  const { directory, release, clock, log } = options;
  makeDirectory(directory);
  const lock = takeInstanceLock(directory);
  const opened: Database.Database[] = [];
  try {
    const secrets = readSecrets(directory);
    const path = join(directory, catalogFileName);
    const database = openWriter(path);
    opened.push(database);
    const store: Store = Object.freeze({ database, nowUs: () => clock.nowUs() });
    const applied = prepareSchema(store, options);
    if (applied.length) log.info('catalog migrated', { path, version: applied.at(-1) });
    const readDatabase = new Database(path, { readonly: true });
    opened.push(readDatabase);
    registerZoneFunctions(readDatabase);
    registerMediaCalls(readDatabase, options.meter ?? new CallMeter());
    const late: Database.Database[] = [];
    registerWindows(readDatabase, () => {
      const own = { ...store, database: new Database(path, { readonly: true }) };
      late.push(own.database);
      return { archives: createArchives(own), backups: createBackups(own), proofs: createProofs(own) };
    });
    return makeCatalog({ store, readDatabase, late, release, secrets, releaseLock: lock.release });
  } catch (error) {
    for (const one of opened) one.close();
    lock.release();
    throw error;
  }
}

function makeDirectory(directory: string): void {
  try {
    makeWithParents(resolve(directory));
  } catch (error) {
    throw new CatalogOpenError('unwritable', `cannot make the data directory ${directory}`, error);
  }
}

// Node's own recursive mkdir goes round for ever where a directory answers ENOENT to everything, as /proc does.
function makeWithParents(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (path !== dirname(path)) makeWithParents(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function readSecrets(directory: string): Secrets {
  try {
    // The key is made first: a catalog without one has lost it.
    return openSecrets(directory, !existsSync(join(directory, catalogFileName)));
  } catch (error) {
    if (error instanceof SecretError) throw new CatalogOpenError('key', error.message, error);
    throw new CatalogOpenError('unwritable', `cannot make the key file in ${directory}`, error);
  }
}

function openWriter(path: string): Database.Database {
  try {
    const database = new Database(path);
    try {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      const verdict = database.pragma('quick_check(1)', { simple: true });
      if (verdict !== 'ok') throw new Error(String(verdict));
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new CatalogOpenError('damaged', `the catalog ${path} is damaged: ${detail}`, error);
  }
}

function prepareSchema(store: Store, options: CatalogOptions): readonly number[] {
  let applied: readonly number[];
  try {
    applied = migrate(store.database, store.nowUs());
  } catch (error) {
    if (error instanceof RangeError) throw new CatalogOpenError('newer', error.message, error);
    throw error;
  }
  store.database.transaction(() => {
    storeDefinitions(store, options.release);
    seedCatalog(store, createRepositories(store, options.release), options);
  })();
  return applied;
}

function createRepositories(store: Store, release: Release): Repositories {
  return Object.freeze({
    archives: createArchives(store),
    backups: createBackups(store),
    cluster: createCluster(store),
    counters: createCounters(store),
    deletions: createDeletions(store),
    destinations: createDestinations(store),
    events: createEvents(store),
    keys: createKeys(store),
    parameters: createParameters(store, release),
    proofs: createProofs(store),
    resources: createResources(store),
    recoverTables: createRecoverTables(store),
    restores: createRestores(store),
    sysTenant: createSysTenant(store),
    tenants: createTenants(store, release),
    variables: createVariables(store),
  });
}

interface Parts {
  readonly store: Store;
  readonly readDatabase: Database.Database;
  /** Connections opened since. */
  readonly late: readonly Database.Database[];
  readonly release: Release;
  readonly secrets: Secrets;
  readonly releaseLock: () => void;
}

function makeCatalog({ store, readDatabase, late, release, secrets, releaseLock }: Parts): Catalog {
  const { database } = store;
  const writing = createRepositories(store, release);
  const reading = createRepositories({ ...store, database: readDatabase }, release);
  const hold = readDatabase.prepare('BEGIN');
  const letGo = readDatabase.prepare('COMMIT');
  const run = <T>(step: (repositories: Repositories) => T, repositories: Repositories): T => {
    const result = step(repositories);
    if (typeof (result as { then?: unknown } | null)?.then === 'function') {
      throw new TypeError('a catalog step returned a promise');
    }
    return result;
  };
  return Object.freeze({
    release,
    secrets,
    transaction: async <T>(step: (repositories: Repositories) => T): Promise<T> => {
      // An open read would keep checkpoints from starting the log anew, and would not see what is committed.
      if (readDatabase.inTransaction) letGo.run();
      return withCodedStore(() => database.transaction(() => run(step, writing)).immediate());
    },
    read: async <T>(step: (repositories: Repositories) => T): Promise<T> => run(step, reading),
    readDatabase,
    holdRead() {
      if (!readDatabase.inTransaction) hold.run();
    },
    close: async () => {
      for (const one of late) one.close();
      readDatabase.close();
      database.close();
      releaseLock();
    },
  });
}
