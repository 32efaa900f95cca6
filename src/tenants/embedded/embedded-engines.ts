import { availableParallelism } from 'node:os';
import { type Log, silentLog } from '../../base/log.ts';
import type { RestoreTarget, TenantEngine, TenantEngines, ThreadModule } from '../tenant-engine.ts';
import { openEmbeddedEngine } from './embedded-engine.ts';
import type { EngineThreadOptions, SystemTable } from './engine-calls.ts';
import type { EngineThread } from './engine-thread.ts';
import { GuestThreads } from './guest-threads.ts';
import { descriptorLimit, mostOpenTenants } from './open-limit.ts';
import { Shards } from './shards.ts';
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
  /** A log that has grown to this ends snapshots of transactions (4138). */
  readonly snapshotLogBytes?: number;
  /** Tenants kept open at a time, by default as many as descriptors allow (open-limit.ts). */
  readonly openTenants?: number;
  /** Threads the tenants are spread over. */
  readonly engineThreads?: number;
  /** Threads that statements of a tenant which take long have at most; four times as many all of them together. */
  readonly guestThreads?: number;
  /** How long a read, and a write of its own, may keep an engine thread before it moves to a thread of its own. */
  readonly readSliceMs?: number;
  readonly writeSliceMs?: number;
  /** Views of the catalog, to be listed by information_schema and SHOW TABLES. */
  readonly systemTables?: readonly SystemTable[];
}

/** Tenants kept in SQLite files by engine threads of this process; each starts with its first tenant. */
export function createEmbeddedEngines(options: EmbeddedEnginesOptions): TenantEngines {
  const log = options.log ?? silentLog;
  const settings = threadOptions(options);
  const engines = new Map<number, Promise<TenantEngine>>();
  const guests = new GuestThreads(settings, log, options.guestThreads ?? 8);
  /** Guests commit through the clock cell of their host: when that is lost they end before the tenant is opened anew. */
  const ending = new Map<number, Promise<void>>();
  const shards = new Shards(settings, log, options.engineThreads ?? defaultEngineThreads(), (lost) => {
    for (const tenantId of lost) {
      engines.delete(tenantId);
      const ended = guests.without(tenantId, async () => {
        if (ending.get(tenantId) === ended) ending.delete(tenantId);
      });
      ending.set(tenantId, ended);
    }
  });
  const forget = (tenantId: number) => engines.delete(tenantId);
  const openNow = (tenantId: number) =>
    openEmbeddedEngine({
      thread: shards.of(tenantId),
      threadOf: (id) => shards.of(id),
      guests,
      tenantId,
      onClose: () => forget(tenantId),
    });
  return {
    create: (tenantId, tenantOptions) => shards.of(tenantId).call('create', tenantId, tenantOptions),
    open(tenantId) {
      const known = engines.get(tenantId);
      if (known) return known;
      const opened = ending.get(tenantId)?.then(() => openNow(tenantId)) ?? openNow(tenantId);
      engines.set(tenantId, opened);
      opened.catch(() => engines.get(tenantId) === opened && forget(tenantId));
      return opened;
    },
    isOpen: (tenantId) => engines.has(tenantId),
    async drop(tenantId) {
      forget(tenantId);
      await guests.without(tenantId, () => shards.of(tenantId).call('drop', tenantId));
      shards.forget(tenantId);
    },
    beginRestore: (tenantId) => guests.without(tenantId, () => beginRestore(shards.of(tenantId), tenantId)),
    async closeAll() {
      engines.clear();
      await guests.stop();
      await shards.stop();
    },
  };
}

/** One for each processor, two at least: a tenant's long write then leaves a thread to others. */
function defaultEngineThreads(): number {
  return Math.max(2, Math.min(4, availableParallelism()));
}

function threadOptions(options: EmbeddedEnginesOptions): EngineThreadOptions {
  const engineThreads = options.engineThreads ?? defaultEngineThreads();
  const openTenants = options.openTenants ?? mostOpenTenants(descriptorLimit());
  return {
    directory: options.directory,
    limits: {
      synchronous: options.synchronous ?? 'FULL',
      cacheKb: options.cacheKb ?? 8192,
      idleReaders: options.idleReaders ?? 2,
      keepLogBytes: options.keepLogBytes ?? 64 << 20,
      snapshotLogBytes: options.snapshotLogBytes ?? 4 * 2 ** 30,
      openTenants: Math.max(1, Math.ceil(openTenants / engineThreads)),
      readSliceMs: options.readSliceMs ?? 10,
      writeSliceMs: options.writeSliceMs ?? 100,
    },
    systemTables: options.systemTables ?? [],
    guestsOnly: false,
  };
}

async function beginRestore(thread: EngineThread, tenantId: number): Promise<RestoreTarget> {
  const data = await thread.call('beginRestore', tenantId);
  const { life } = thread;
  life.lend(data.alive);
  return {
    writer: threadModule(data),
    async finish(untilScn) {
      await thread.callIn(life, 'finishRestore', tenantId, untilScn);
      life.giveBack(data.alive);
    },
    abort() {
      life.giveBack(data.alive);
      return thread.call('abortRestore', tenantId);
    },
  };
}

/** Names the module of this engine that copy and log workers load. */
export function threadModule(data: unknown): ThreadModule {
  return { module: siblingModule('thread-module').href, data };
}
