import { closeSync, existsSync, fdatasyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import { endAlive, newAliveFlag } from './alive.ts';
import { openConnection } from './connection.ts';
import { setupProof } from './connection-setup.ts';
import { fileScn, type RestoreData } from './log-applier.ts';
import { requireWhole } from './restore-check.ts';
import { createFloor, syncDirectory, type TenantPaths, tenantPaths } from './tenant-files.ts';

/** Tenants being restored: a file that writers in other threads fill, renamed into place when it proved whole. */
export class Restores {
  readonly #root: string;
  readonly #open = new Map<number, RestoreData>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Opens an empty file, also when an earlier attempt left one. */
  begin(tenantId: number): RestoreData {
    this.abort(tenantId);
    const paths = tenantPaths(this.#root, tenantId);
    mkdirSync(paths.directory, { recursive: true });
    const dbFd = openSync(paths.restore, 'w+');
    const data = { dbFd, alive: newAliveFlag(), path: paths.restore, whole: new SharedArrayBuffer(4) };
    this.#open.set(tenantId, data);
    return data;
  }

  /** Repeating it after it succeeded is harmless. */
  finish(tenantId: number, untilScn: Scn): void {
    const paths = tenantPaths(this.#root, tenantId);
    const open = this.#open.get(tenantId);
    if (!open) {
      if (!existsSync(paths.data) || existsSync(paths.restore))
        throw faultText('OB_STATE_NOT_MATCH', `tenant ${tenantId} is not being restored`);
      syncPlace(paths);
      return;
    }
    fileScn(open.dbFd);
    endAlive(open.alive);
    fdatasyncSync(open.dbFd);
    verify(paths, open);
    closeSync(open.dbFd);
    this.#open.delete(tenantId);
    // A log left by an earlier life of the files would be applied to the restored ones.
    for (const stale of [paths.data, paths.log, paths.index, paths.floor, paths.changes])
      rmSync(stale, { force: true });
    // Later commits stay above the restore point, while the newest one keeps its SCN: more of the log may follow it.
    createFloor(paths.floor, untilScn);
    renameSync(paths.restore, paths.data);
    syncPlace(paths);
  }

  abort(tenantId: number): void {
    const open = this.#open.get(tenantId);
    this.#open.delete(tenantId);
    if (open) closeLater(open);
    const { restore } = tenantPaths(this.#root, tenantId);
    for (const path of [restore, `${restore}-wal`, `${restore}-shm`]) rmSync(path, { force: true });
  }

  closeAll(): void {
    for (const open of this.#open.values()) closeLater(open);
    this.#open.clear();
  }
}

/** The directory was made with the restore: its own name must outlive a loss of power, too. */
function syncPlace({ directory }: TenantPaths): void {
  syncDirectory(directory);
  syncDirectory(dirname(directory));
}

/** A worker may be inside of a write: the number must not stand for another file before it has looked at the flag. */
function closeLater({ dbFd, alive }: RestoreData): void {
  endAlive(alive);
  setTimeout(() => closeSync(dbFd), stragglerMs).unref();
}

const stragglerMs = 10_000;

/** Opens the restored file with SQLite and checks every page, unless a thread has done so since the last write. */
function verify(paths: TenantPaths, { dbFd, whole }: RestoreData): void {
  const connection = openConnection(paths.restore, { readonly: false, synchronous: 'FULL', cacheKb: 16_384 });
  try {
    if (Atomics.load(new Int32Array(whole), 0) === 0) {
      setupProof(connection);
      requireWhole(connection, dbFd);
    }
    connection.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    connection.close();
  }
}
