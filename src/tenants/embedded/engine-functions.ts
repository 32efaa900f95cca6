import { threadId } from 'node:worker_threads';
import { faultText } from '../../base/errors.ts';
import type { LogPosition } from '../tenant-engine.ts';
import { openConnection } from './connection.ts';
import type { EngineCalls, EngineMessage, EngineThreadOptions } from './engine-calls.ts';
import { type Guest, openGuest, runGuest } from './guests.ts';
import { dropForeignKeys, dropUnnamedTables } from './import-remains.ts';
import { encodePosition, type Position } from './log-position.ts';
import { Restores } from './restores.ts';
import { Session, type SessionPlace } from './session.ts';
import { StandbyRolls } from './standby-rolls.ts';
import { importTable, outlines } from './table-import.ts';
import { createTenantFiles, dropTenantFiles } from './tenant-creation.ts';
import { tenantPaths } from './tenant-files.ts';
import { Tenants } from './tenants.ts';

/** The calls as the engine thread carries them out; a function may answer later. */
export type EngineFunctions = {
  readonly [N in keyof EngineCalls]: (
    ...args: Parameters<EngineCalls[N]>
  ) => ReturnType<EngineCalls[N]> | Promise<ReturnType<EngineCalls[N]>>;
};

export function engineFunctions(options: EngineThreadOptions, send: (message: EngineMessage) => void): EngineFunctions {
  const tenants = new Tenants(options);
  const restores = new Restores(options.directory);
  const rolls = new StandbyRolls(options.directory);
  const sessions = new Map<number, Session>();
  const guests = new Map<number, Guest>();
  const seals = new Map<number, { resolve(): void; reject(error: Error): void }>();
  const folds = new Map<number, () => void>();
  // A handle of a thread that was lost must not mean anything in the next one.
  let lastHandle = threadId * 2 ** 32;

  const session = (handle: number): Session => {
    const found = sessions.get(handle);
    if (!found) throw faultText('OB_SESSION_KILLED', 'the session ended');
    return found;
  };
  const seal = (recycleId: number, position: LogPosition) =>
    new Promise<void>((resolve, reject) => {
      seals.set(recycleId, { resolve, reject });
      send({ kind: 'seal', recycleId, position });
    });
  const foldElsewhere = (recycleId: number, data: string, held: boolean) =>
    new Promise<void>((resolve) => {
      folds.set(recycleId, resolve);
      send({ kind: 'fold', recycleId, data, held });
    });
  const endSessions = async (tenantId: number) => {
    for (const [handle, each] of sessions) {
      if (each.tenantId !== tenantId) continue;
      sessions.delete(handle);
      await each.close();
    }
  };

  return {
    create: (tenantId, tenantOptions) => createTenantFiles(tenantPaths(options.directory, tenantId), tenantOptions),
    open: (tenantId) => void tenants.get(tenantId),
    async closeTenant(tenantId) {
      await endSessions(tenantId);
      rolls.end(tenantId);
      tenants.close(tenantId);
    },
    async drop(tenantId) {
      await endSessions(tenantId);
      rolls.end(tenantId);
      tenants.retire(tenantId);
      restores.abort(tenantId);
      dropTenantFiles(tenantPaths(options.directory, tenantId));
    },
    async closeAll() {
      for (const [handle, each] of sessions) {
        sessions.delete(handle);
        await each.close();
      }
      rolls.closeAll();
      tenants.closeAll();
      restores.closeAll();
    },
    async beginRestore(tenantId) {
      await endSessions(tenantId);
      rolls.end(tenantId);
      tenants.retire(tenantId);
      return restores.begin(tenantId);
    },
    finishRestore: (tenantId, untilScn) => restores.finish(tenantId, untilScn),
    abortRestore: (tenantId) => restores.abort(tenantId),
    databases: (tenantId) => [...tenants.get(tenantId).dictionary.databases().keys()],
    outlines: (tenantId) => outlines(tenants.get(tenantId)),
    async importTable(tenantId, sourceTenantId, wish, flag) {
      const cancel = new Int32Array(flag);
      const { data } = tenantPaths(options.directory, sourceTenantId);
      return importTable(tenants.get(tenantId), data, wish, () => Atomics.load(cancel, 0) !== 0);
    },
    dropUnnamedTables: (tenantId) => dropUnnamedTables(tenants.get(tenantId)),
    dropForeignKeys: (tenantId, table, names) => dropForeignKeys(tenants.get(tenantId), table, names),
    hold(tenantId, held) {
      const tenant = held ? tenants.get(tenantId) : tenants.opened(tenantId);
      if (tenant) tenant.held = held;
    },
    beginRoll(tenantId) {
      const tenant = tenants.get(tenantId);
      const stage = rolls.begin(tenant);
      tenant.held = true;
      return stage;
    },
    takeRoll: (tenantId, throughScn) => rolls.take(tenantId, throughScn),
    endRoll(tenantId) {
      rolls.end(tenantId);
      const tenant = tenants.opened(tenantId);
      if (tenant) tenant.held = false;
    },
    async pin(tenantId, since) {
      const folding = () => tenants.opened(tenantId)?.store.fold.folding;
      for (let under = folding(); under; under = folding()) await under;
      return tenants.get(tenantId).store.pin(since);
    },
    remembers: (tenantId, since) => tenants.get(tenantId).store.remembers(since),
    unpin: (tenantId) => tenants.unpin(tenantId),
    log(tenantId) {
      const floorPath = tenantPaths(options.directory, tenantId).floor;
      return { ...tenants.readLog(tenantId), floorPath };
    },
    foldAhead(tenantId, recycleId) {
      return tenants.get(tenantId).store.fold.ahead((data, held) => foldElsewhere(recycleId, data, held));
    },
    recycleLog(tenantId, recycleId, sealed) {
      const confirm = (position: Position) => seal(recycleId, encodePosition(position));
      const { fold } = tenants.get(tenantId).store;
      return fold.recycle(sealed ? confirm : null, (data, held) => foldElsewhere(recycleId, data, held));
    },
    sealDone(recycleId, error) {
      const waiting = seals.get(recycleId);
      seals.delete(recycleId);
      if (error === null) waiting?.resolve();
      else waiting?.reject(faultText('OB_IO_ERROR', error));
    },
    foldDone(recycleId) {
      folds.get(recycleId)?.();
      folds.delete(recycleId);
    },
    foldElsewhere(data) {
      const connection = openConnection(data, { ...options.limits, readonly: false });
      try {
        connection.pragma('wal_checkpoint(PASSIVE)');
      } finally {
        connection.close();
      }
    },
    logBytes: (tenantId) => tenants.sizes(tenantId).logBytes,
    dataBytes: (tenantId) => tenants.sizes(tenantId).dataBytes,
    setReadOnly: (tenantId, readOnly) => tenants.setReadOnly(tenantId, readOnly),
    globalVariables: (tenantId) => tenants.get(tenantId).settings.variables(),
    setGlobalVariable: (tenantId, name, value) => tenants.get(tenantId).settings.setVariable(name, value),
    listAccounts: (tenantId) => tenants.get(tenantId).settings.accounts(),
    putAccount: (tenantId, account) => tenants.get(tenantId).settings.putAccount(account),
    removeAccount: (tenantId, user, host) => tenants.get(tenantId).settings.removeAccount(user, host),
    openSession(tenantId, sessionId, flag) {
      const handle = ++lastHandle;
      const place: SessionPlace = {
        limits: options.limits,
        arrive(session) {
          const tenant = tenants.get(tenantId);
          tenant.sessions.add(session);
          return tenant;
        },
        left: (session) => void tenants.opened(tenantId)?.sessions.delete(session),
        lend: (as) => tenants.get(tenantId).store.lend(as),
        guestLeft: () => tenants.opened(tenantId)?.store.guestLeft(),
      };
      sessions.set(handle, new Session(tenants.get(tenantId), sessionId, new Int32Array(flag), place));
      return handle;
    },
    execute: (handle, request) => session(handle).execute(request),
    async visit(call) {
      const guest = openGuest(call, options);
      const handle = ++lastHandle;
      try {
        const reply = await runGuest(guest, call);
        if (reply.kind === 'ok' || reply.end) await guest.close();
        else {
          guests.set(handle, guest);
          sessions.set(handle, guest.session);
        }
        return { ...reply, handle };
      } catch (error) {
        await guest.close();
        throw error;
      }
    },
    guestLeft: (handle, as) => sessions.get(handle)?.guestLeft(as),
    prepare: (handle, sql, context) => session(handle).prepare(sql, context),
    fetch: (handle) => session(handle).fetch(),
    endRows: (handle) => session(handle).endRows(),
    transaction(handle) {
      const { open, holdsWriter } = session(handle).transaction;
      return { open, holdsWriter };
    },
    rollback: (handle) => session(handle).rollback(),
    wake: (handle) => sessions.get(handle)?.wake(),
    async closeSession(handle) {
      const ending = sessions.get(handle);
      sessions.delete(handle);
      const guest = guests.get(handle);
      guests.delete(handle);
      await (guest ?? ending)?.close();
    },
  };
}
