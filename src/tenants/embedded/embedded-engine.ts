import { systemClock } from '../../base/clock.ts';
import { isFault } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import type { AccountStore } from '../tenant-account.ts';
import type {
  ChangePoint,
  ImportedTable,
  LogSource,
  RollTarget,
  Snapshot,
  TableImport,
  TenantEngine,
} from '../tenant-engine.ts';
import { blockBytes, blockPages } from './block-format.ts';
import { ClockCell } from './clock-cell.ts';
import { threadModule } from './embedded-engines.ts';
import { openEmbeddedSession } from './embedded-session.ts';
import type { EngineThread } from './engine-thread.ts';
import type { GuestThreads } from './guest-threads.ts';
import { decodePosition, encodePosition } from './log-position.ts';
import { writeFloor } from './tenant-files.ts';
import type { ThreadLife } from './thread-life.ts';
import { pageBytes } from './wal-format.ts';

/** Where an engine lives. */
export interface EngineSeat {
  readonly thread: EngineThread;
  /** The thread of another tenant. */
  readonly threadOf: (tenantId: number) => EngineThread;
  readonly guests: GuestThreads;
  readonly tenantId: number;
  /** Called once the tenant is closed. */
  readonly onClose: () => void;
}

/** The thread a tenant was opened in: its successors are not called, they know nothing of what was given out. */
interface Host {
  readonly life: ThreadLife;
  readonly call: EngineThread['call'];
}

/** Opens a tenant in its engine thread. Once that is lost the engine fails with OB_EAGAIN: the tenant must be opened anew. */
export async function openEmbeddedEngine(seat: EngineSeat): Promise<TenantEngine> {
  const { thread, guests, tenantId, onClose } = seat;
  await thread.call('open', tenantId);
  const { life } = thread;
  const call: Host['call'] = (name, ...args) => thread.callIn(life, name, ...args);
  const host: Host = { life, call };
  return {
    tenantId,
    accounts: accountStore(host, tenantId),
    async openSession(sessionId) {
      life.require('the tenant');
      return openEmbeddedSession(thread, guests, tenantId, sessionId);
    },
    globalVariables: () => call('globalVariables', tenantId),
    setGlobalVariable: (name, value) => call('setGlobalVariable', tenantId, name, value),
    setReadOnly: (readOnly) => call('setReadOnly', tenantId, readOnly),
    databases: () => call('databases', tenantId),
    tables: () => call('outlines', tenantId),
    importTable: (sourceTenantId, wish, signal) => importTable(seat, host, sourceTenantId, wish, signal),
    dropUnnamedTables: () => call('dropUnnamedTables', tenantId),
    dropForeignKeys: (table, names) => call('dropForeignKeys', tenantId, table, names),
    beginRoll: () => beginRoll(host, tenantId),
    pin: (since = null) => pin(host, tenantId, since),
    remembers: (since) => call('remembers', tenantId, since),
    log: () => openLog(host, tenantId),
    async foldAhead() {
      life.require('the tenant');
      return thread.foldAhead(tenantId, (data, held) => guests.fold(tenantId, data, held));
    },
    async recycleLog(seal) {
      life.require('the tenant');
      return thread.recycleLog(tenantId, seal, (data, held) => guests.fold(tenantId, data, held));
    },
    logBytes: () => call('logBytes', tenantId),
    dataBytes: () => call('dataBytes', tenantId),
    async close() {
      await guests.without(tenantId, () => call('closeTenant', tenantId));
      if (!life.over) onClose();
    },
  };
}

function accountStore({ call }: Host, tenantId: number): AccountStore {
  return {
    list: () => call('listAccounts', tenantId),
    put: (account) => call('putAccount', tenantId, account),
    remove: (user, host) => call('removeAccount', tenantId, user, host),
  };
}

async function pin({ life, call }: Host, tenantId: number, since: ChangePoint | null): Promise<Snapshot> {
  const { scn, data, point, incremental } = await call('pin', tenantId, since);
  life.lend(data.alive);
  let released: Promise<void> | null = null;
  return {
    scn,
    point,
    incremental,
    blockCount: Math.ceil(data.databasePages / blockPages),
    blockBytes,
    logicalBytes: data.databasePages * pageBytes,
    reader: threadModule(data),
    release() {
      life.giveBack(data.alive);
      released ??= call('unpin', tenantId);
      return released;
    },
  };
}

async function importTable(
  { threadOf, tenantId }: EngineSeat,
  { call }: Host,
  sourceTenantId: number,
  wish: TableImport,
  signal: AbortSignal,
): Promise<ImportedTable> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const cancel = () => Atomics.store(flag, 0, 1);
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const source = threadOf(sourceTenantId);
  await source.call('hold', sourceTenantId, true);
  try {
    return await call('importTable', tenantId, sourceTenantId, wish, flag.buffer as SharedArrayBuffer);
  } finally {
    signal.removeEventListener('abort', cancel);
    await source.call('hold', sourceTenantId, false);
  }
}

async function beginRoll(host: Host, tenantId: number): Promise<RollTarget> {
  const { life, call } = host;
  const data = await call('beginRoll', tenantId);
  life.lend(data.alive);
  return {
    writer: threadModule(data),
    standsAt: data.standsAt,
    async apply(throughScn, { onTurn, signal } = {}) {
      for (let told = data.standsAt; ; ) {
        const { scn, more } = await takeRoll(host, tenantId, throughScn, signal);
        if (!more) return scn;
        // In the middle of a commit the writer is held, and nothing is new.
        if (scn > told) await onTurn?.(scn);
        told = scn;
      }
    },
    end() {
      life.giveBack(data.alive);
      return call('endRoll', tenantId);
    },
  };
}

/** How long a standby waits for its writer, which a fold of its log holds, and how often it looks. */
const writerWaitMs = 10_000;
const writerPauseMs = 20;

async function takeRoll({ life, call }: Host, tenantId: number, throughScn: Scn, signal?: AbortSignal) {
  for (let waitedMs = 0; ; waitedMs += writerPauseMs) {
    // It fails as a writer does that is busy, but for good.
    life.require('the standby');
    signal?.throwIfAborted();
    try {
      return await call('takeRoll', tenantId, throughScn);
    } catch (error) {
      if (!isFault(error, 'OB_EAGAIN') || waitedMs >= writerWaitMs) throw error;
    }
    await systemClock.sleep(writerPauseMs, signal);
  }
}

async function openLog({ life, call }: Host, tenantId: number): Promise<LogSource> {
  const { walFd, floorPath, cell } = await call('log', tenantId);
  const known = new ClockCell(cell);
  // A cell without its thread stands still, and would say that everything is archived.
  const clock = () => {
    life.require('the log');
    return known;
  };
  return {
    reader: threadModule({ walFd, cell, alive: life.flag }),
    async barrier() {
      const { scn, position } = clock().barrier(systemClock);
      writeFloor(floorPath, scn);
      return { scn, position: encodePosition(position) };
    },
    stayAbove: (scn) => void clock().raiseFloor(scn),
    archived: (position) => clock().archived(decodePosition(position)),
    backlogBytes: () => clock().backlogBytes(),
    limitBacklog: (limitBytes) => clock().limitBacklog(limitBytes),
  };
}
