import { type Log, silentLog } from '../../base/log.ts';
import type { RestoreTarget, TenantEngine, TenantEngines, ThreadModule } from '../tenant-engine.ts';
import { openEmbeddedEngine } from './embedded-engine.ts';
import type { EngineThreadOptions, SystemTable } from './engine-calls.ts';
import { EngineThread } from './engine-thread.ts';
import { siblingModule } from './sibling-module.ts';

export interface EmbeddedEnginesOptions {
  /** Parent of the tenants' directories; made when missing. */
  readonly directory: string;
  readonly log?: Log;
  /** FULL (default) syncs the log at every commit. */
  readonly synchronous?: 'FULL' | 'NORMAL';
  /** Page cache of each connection in KiB. */
  readonly cacheKb?: number;
  readonly idleReaders?: number;
  /** A log file larger than this is cut when folded. */
  readonly keepLogBytes?: number;
  /** Tenants kept open at a time; six descriptors each and two per further connection. */
  readonly openTenants?: number;
  /** Views of the catalog, to be listed by information_schema and SHOW TABLES. */
  readonly systemTables?: readonly SystemTable[];
}

/** Tenants kept in SQLite files by one engine thread of this process, which starts with the first tenant. */
export function createEmbeddedEngines(options: EmbeddedEnginesOptions): TenantEngines {
  const engines = new Map<number, Promise<TenantEngine>>();
  const thread = new EngineThread(threadOptions(options), options.log ?? silentLog, () => engines.clear());
  const forget = (tenantId: number) => engines.delete(tenantId);
  return {
    create: (tenantId, tenantOptions) => thread.call('create', tenantId, tenantOptions),
    open(tenantId) {
      const known = engines.get(tenantId);
      if (known) return known;
      const opened = openEmbeddedEngine(thread, tenantId, () => forget(tenantId));
      engines.set(tenantId, opened);
      opened.catch(() => forget(tenantId));
      return opened;
    },
    isOpen: (tenantId) => engines.has(tenantId),
    async drop(tenantId) {
      forget(tenantId);
      await thread.call('drop', tenantId);
    },
    beginRestore: (tenantId) => beginRestore(thread, tenantId),
    async closeAll() {
      engines.clear();
      await thread.stop();
    },
  };
}

function threadOptions(options: EmbeddedEnginesOptions): EngineThreadOptions {
  return {
    directory: options.directory,
    limits: {
      synchronous: options.synchronous ?? 'FULL',
      cacheKb: options.cacheKb ?? 8192,
      idleReaders: options.idleReaders ?? 2,
      keepLogBytes: options.keepLogBytes ?? 64 << 20,
      openTenants: options.openTenants ?? 256,
    },
    systemTables: options.systemTables ?? [],
  };
}

async function beginRestore(thread: EngineThread, tenantId: number): Promise<RestoreTarget> {
  const data = await thread.call('beginRestore', tenantId);
  return {
    writer: threadModule(data),
    finish: (untilScn) => thread.call('finishRestore', tenantId, untilScn),
    abort: () => thread.call('abortRestore', tenantId),
  };
}

/** Names the module of this engine that copy and log workers load. */
export function threadModule(data: unknown): ThreadModule {
  return { module: siblingModule('thread-module').href, data };
}
