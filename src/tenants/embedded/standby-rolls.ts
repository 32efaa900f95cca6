import { closeSync, fstatSync, openSync, rmSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import { endAlive, newAliveFlag } from './alive.ts';
import type { StageData } from './log-stage.ts';
import { TakeOver } from './take-over.ts';
import type { Tenant } from './tenant.ts';
import { tenantPaths, writeFloor } from './tenant-files.ts';

interface Roll {
  readonly tenant: Tenant;
  readonly data: StageData;
  readonly takeOver: TakeOver;
}

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
    this.#open.set(tenantId, { tenant, data, takeOver: new TakeOver(tenant.store, stageFd) });
    return data;
  }

  /**
   * Takes over the next commits of the stage. Once the last one is there, later commits of the tenant stay above `throughScn`.
   * OB_STATE_NOT_MATCH when the tenant is no standby any more, OB_EAGAIN while somebody holds its writer.
   */
  take(tenantId: number, throughScn: Scn): { readonly scn: Scn; readonly more: boolean } {
    const roll = this.#open.get(tenantId);
    if (!roll) throw faultText('OB_STATE_NOT_MATCH', `tenant ${tenantId} is not being rolled forward`);
    const { tenant, data, takeOver } = roll;
    requireStandby(tenant);
    const end = fstatSync(data.stageFd).size;
    if (takeOver.taken < end && takeOver.turn(end)) tenant.contentsReplaced();
    const more = takeOver.taken < end;
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
    try {
      roll.takeOver.stop();
    } finally {
      endAlive(roll.data.alive);
      // A worker may be inside of a write: the number must not stand for another file before it has looked at the flag.
      setTimeout(() => closeSync(roll.data.stageFd), stragglerMs).unref();
    }
  }

  closeAll(): void {
    for (const tenantId of [...this.#open.keys()]) this.end(tenantId);
  }
}

function requireStandby(tenant: Tenant): void {
  if (!tenant.readOnly) throw faultText('OB_STATE_NOT_MATCH', `tenant ${tenant.tenantId} is not a standby`);
}
