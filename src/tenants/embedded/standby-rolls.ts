import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import { endAlive, newAliveFlag } from './alive.ts';
import { commitHeaderBytes, pageEntryBytes, readCommitHeader } from './log-chunk.ts';
import type { StageData } from './log-stage.ts';
import type { Tenant } from './tenant.ts';
import { tenantPaths, writeFloor } from './tenant-files.ts';
import { pageBytes } from './wal-format.ts';

interface Roll {
  readonly tenant: Tenant;
  readonly data: StageData;
  /** Bytes of the stage already taken over. */
  taken: number;
}

/** Bytes of commits taken over in one turn of the engine thread; a larger commit is taken over whole. */
const bytesPerTurn = 4 << 20;
const stragglerMs = 10_000;

/** Standby tenants that take over commits of another tenant's archive while they are open and read. */
export class StandbyRolls {
  readonly #root: string;
  readonly #open = new Map<number, Roll>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Opens an empty stage, also when an earlier attempt left one. */
  begin(tenant: Tenant): StageData {
    const { tenantId } = tenant;
    this.end(tenantId);
    requireStandby(tenant);
    const stageFd = openSync(tenantPaths(this.#root, tenantId).stage, 'w+', 0o600);
    const data = { stageFd, alive: newAliveFlag(), standsAt: tenant.store.scn };
    this.#open.set(tenantId, { tenant, data, taken: 0 });
    return data;
  }

  /**
   * Takes over the next commits of the stage. Once the last one is there, later commits of the tenant stay above `throughScn`.
   * OB_STATE_NOT_MATCH when the tenant is no standby any more, OB_EAGAIN while somebody holds its writer.
   */
  take(tenantId: number, throughScn: Scn): { readonly scn: Scn; readonly more: boolean } {
    const roll = this.#open.get(tenantId);
    if (!roll) throw faultText('OB_STATE_NOT_MATCH', `tenant ${tenantId} is not being rolled forward`);
    const { tenant, data } = roll;
    requireStandby(tenant);
    const end = fstatSync(data.stageFd).size;
    if (roll.taken < end) this.#takeSome(roll, end);
    const more = roll.taken < end;
    if (!more) {
      tenant.store.cell.raiseFloor(throughScn);
      writeFloor(tenantPaths(this.#root, tenantId).floor, throughScn);
    }
    return { scn: tenant.store.scn, more };
  }

  end(tenantId: number): void {
    const roll = this.#open.get(tenantId);
    this.#open.delete(tenantId);
    rmSync(tenantPaths(this.#root, tenantId).stage, { force: true });
    if (!roll) return;
    endAlive(roll.data.alive);
    // A worker may be inside of a write: the number must not stand for another file before it has looked at the flag.
    setTimeout(() => closeSync(roll.data.stageFd), stragglerMs).unref();
  }

  closeAll(): void {
    for (const tenantId of [...this.#open.keys()]) this.end(tenantId);
  }

  #takeSome(roll: Roll, end: number): void {
    const { tenant, data } = roll;
    const { store } = tenant;
    if (!store.lock.tryTake()) throw faultText('OB_EAGAIN', 'the writer of the standby tenant is busy');
    try {
      store.appendLog((append) => {
        let scn = store.scn;
        let at = roll.taken;
        while (at < end && at - roll.taken < bytesPerTurn) {
          const commit = readCommitHeader(read(data.stageFd, at, commitHeaderBytes));
          if (commit.previous !== scn)
            throw faultText('OB_ERR_UNEXPECTED', `commit ${commit.scn} does not follow ${scn}`);
          at += commitHeaderBytes;
          for (let left = commit.pageCount; left > 0; left--, at += pageEntryBytes) {
            const entry = read(data.stageFd, at, pageEntryBytes);
            const last = left === 1;
            append.add(entry.readUInt32LE(0), entry.subarray(4, 4 + pageBytes), last ? commit.databasePages : 0);
          }
          scn = commit.scn;
        }
        append.publish();
        roll.taken = at;
        return scn;
      });
    } finally {
      store.lock.release();
    }
    tenant.contentsReplaced();
  }
}

function requireStandby(tenant: Tenant): void {
  if (!tenant.readOnly) throw faultText('OB_STATE_NOT_MATCH', `tenant ${tenant.tenantId} is not a standby`);
}

function read(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (readSync(fd, bytes, 0, length, offset) !== length)
    throw faultText('OB_ERR_UNEXPECTED', 'the collected log ends inside a commit');
  return bytes;
}
