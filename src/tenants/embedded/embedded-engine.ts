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
import { endAlive } from './alive.ts';
import { blockBytes, blockPages } from './block-format.ts';
import { ClockCell } from './clock-cell.ts';
import { threadModule } from './embedded-engines.ts';
import { openEmbeddedSession } from './embedded-session.ts';
import type { EngineThread } from './engine-thread.ts';
import type { GuestThreads } from './guest-threads.ts';
import { decodePosition, encodePosition } from './log-position.ts';
import { writeFloor } from './tenant-files.ts';
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

/** Opens a tenant in its engine thread. */
export async function openEmbeddedEngine(seat: EngineSeat): Promise<TenantEngine> {
  const { thread, guests, tenantId, onClose } = seat;
  await thread.call('open', tenantId);
  return {
    tenantId,
    accounts: accountStore(thread, tenantId),
    openSession: (sessionId) => openEmbeddedSession(thread, guests, tenantId, sessionId),
    globalVariables: () => thread.call('globalVariables', tenantId),
    setGlobalVariable: (name, value) => thread.call('setGlobalVariable', tenantId, name, value),
    setReadOnly: (readOnly) => thread.call('setReadOnly', tenantId, readOnly),
    databases: () => thread.call('databases', tenantId),
    tables: () => thread.call('outlines', tenantId),
    importTable: (sourceTenantId, wish, signal) => importTable(seat, sourceTenantId, wish, signal),
    beginRoll: () => beginRoll(thread, tenantId),
    pin: (since = null) => pin(thread, tenantId, since),
    remembers: (since) => thread.call('remembers', tenantId, since),
    log: () => openLog(thread, tenantId),
    foldAhead: () => thread.foldAhead(tenantId, (data) => guests.fold(tenantId, data)),
    recycleLog: (seal) => thread.recycleLog(tenantId, seal, (data) => guests.fold(tenantId, data)),
    logBytes: () => thread.call('logBytes', tenantId),
    dataBytes: () => thread.call('dataBytes', tenantId),
    async close() {
      await guests.without(tenantId, () => thread.call('closeTenant', tenantId));
      onClose();
    },
  };
}

function accountStore(thread: EngineThread, tenantId: number): AccountStore {
  return {
    list: () => thread.call('listAccounts', tenantId),
    put: (account) => thread.call('putAccount', tenantId, account),
    remove: (user, host) => thread.call('removeAccount', tenantId, user, host),
  };
}

async function pin(thread: EngineThread, tenantId: number, since: ChangePoint | null): Promise<Snapshot> {
  const { scn, data, point, incremental } = await thread.call('pin', tenantId, since);
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
      endAlive(data.alive);
      released ??= thread.call('unpin', tenantId);
      return released;
    },
  };
}

async function importTable(
  { thread, threadOf, tenantId }: EngineSeat,
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
    return await thread.call('importTable', tenantId, sourceTenantId, wish, flag.buffer as SharedArrayBuffer);
  } finally {
    signal.removeEventListener('abort', cancel);
    await source.call('hold', sourceTenantId, false);
  }
}

async function beginRoll(thread: EngineThread, tenantId: number): Promise<RollTarget> {
  const data = await thread.call('beginRoll', tenantId);
  return {
    writer: threadModule(data),
    standsAt: data.standsAt,
    async apply(throughScn) {
      for (;;) {
        const { scn, more } = await takeRoll(thread, tenantId, throughScn);
        if (!more) return scn;
      }
    },
    end: () => thread.call('endRoll', tenantId),
  };
}

/** How long a standby waits for its writer, which a fold of its log holds, and how often it looks. */
const writerWaitMs = 10_000;
const writerPauseMs = 20;

async function takeRoll(thread: EngineThread, tenantId: number, throughScn: Scn) {
  for (let waitedMs = 0; ; waitedMs += writerPauseMs) {
    try {
      return await thread.call('takeRoll', tenantId, throughScn);
    } catch (error) {
      if (!isFault(error, 'OB_EAGAIN') || waitedMs >= writerWaitMs) throw error;
    }
    await systemClock.sleep(writerPauseMs);
  }
}

async function openLog(thread: EngineThread, tenantId: number): Promise<LogSource> {
  const { walFd, floorPath, cell } = await thread.call('log', tenantId);
  const clock = new ClockCell(cell);
  return {
    reader: threadModule({ walFd, cell }),
    async barrier() {
      const { scn, position } = clock.barrier(systemClock);
      writeFloor(floorPath, scn);
      return { scn, position: encodePosition(position) };
    },
    stayAbove: (scn) => void clock.raiseFloor(scn),
    archived: (position) => clock.archived(decodePosition(position)),
    backlogBytes: () => clock.backlogBytes(),
    limitBacklog: (limitBytes) => clock.limitBacklog(limitBytes),
  };
}
