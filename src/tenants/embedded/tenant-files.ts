import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Where a tenant's files lie. */
export interface TenantPaths {
  readonly directory: string;
  readonly data: string;
  readonly log: string;
  readonly index: string;
  /** Eight bytes: an SCN later commits stay above, also when the clock steps back over a restart. */
  readonly floor: string;
  /** Which page was changed last by which commit (change-records.ts). */
  readonly changes: string;
  readonly restore: string;
  /** Commits of another tenant's archive on their way into a standby; worthless after a restart. */
  readonly stage: string;
  /** A tenant being created; renamed to `directory` when complete. */
  readonly creating: string;
}

export function tenantPaths(root: string, tenantId: number): TenantPaths {
  const directory = join(root, `t${tenantId}`);
  const data = join(directory, 'data.db');
  return {
    directory,
    data,
    log: `${data}-wal`,
    index: `${data}-shm`,
    floor: join(directory, 'scn.floor'),
    changes: join(directory, 'changes'),
    restore: join(directory, 'restore.db'),
    stage: join(directory, 'standby.log'),
    creating: join(root, `t${tenantId}.creating`),
  };
}

/**
 * Raw descriptors of a live tenant, the only ones in the process. Closing any descriptor of the data file or the index
 * drops every lock SQLite holds on it in this process, so they are opened before the first connection (log and index:
 * as soon as SQLite has made them) and closed after the last one. Other threads get the numbers, never the names.
 */
export class TenantFiles {
  readonly dbFd: number;
  #walFd = -1;
  #shmFd = -1;
  readonly #paths: TenantPaths;

  constructor(paths: TenantPaths) {
    this.#paths = paths;
    this.dbFd = openSync(paths.data, 'r');
    if (!existsSync(paths.floor)) closeSync(openSync(paths.floor, 'w'));
  }

  /**
   * To be called when the first connection has read something, so that log and index exist. `keptFd` is the log's
   * descriptor from an earlier opening.
   */
  openLog(keptFd: number | null = null): void {
    this.#walFd = keptFd ?? openSync(this.#paths.log, 'r+');
    this.#shmFd = openSync(this.#paths.index, 'r+');
  }

  get walFd(): number {
    return this.#walFd;
  }

  get shmFd(): number {
    return this.#shmFd;
  }

  readFloor(): bigint {
    const bytes = readFileSync(this.#paths.floor);
    return bytes.length === 8 ? bytes.readBigUInt64LE() : 0n;
  }

  /** After the last connection is closed. SQLite locks nothing in the log, so that one may stay open: `keepLog`. */
  close(keepLog = false): void {
    for (const fd of [this.dbFd, keepLog ? -1 : this.#walFd, this.#shmFd]) if (fd >= 0) closeSync(fd);
  }
}

/** Remembers the floor of a barrier, so that a restart with a clock behind keeps above it. */
export function writeFloor(path: string, scn: bigint): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(scn);
  // Never made anew: a dropped tenant has no floor.
  const fd = openSync(path, 'r+');
  try {
    writeSync(fd, bytes, 0, 8, 0);
  } finally {
    closeSync(fd);
  }
}

/** Makes the floor of a tenant that has none, durably. */
export function createFloor(path: string, scn: bigint): void {
  const fd = openSync(path, 'w', 0o600);
  try {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(scn);
    writeSync(fd, bytes, 0, 8, 0);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes renames and removals inside a directory durable. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
