import type { Scn } from '../../base/scn.ts';
import type { Controller } from '../controller.ts';
import { tenantEngineOf } from '../tenant-engine-of.ts';

/**
 * Raises the row of a standby to the newest commit it holds, which a crash or a fault may have left behind; its SYNC_SCN then.
 * Nothing may roll it meanwhile. Null, and nothing done, for a tenant that is no standby.
 */
export async function settleStandbyPoint(controller: Controller, tenantId: number): Promise<Scn | null> {
  const { catalog } = controller;
  const roleOf = () => catalog.read((tx) => tx.tenants.get({ tenantId })?.role);
  if ((await roleOf()) !== 'STANDBY') return null;
  const target = await (await tenantEngineOf(controller, tenantId)).beginRoll();
  try {
    return await noteStandbyPoint(controller, tenantId, target.standsAt);
  } finally {
    await target.end();
  }
}

/** How far a standby now is; its row never goes back. What it reads is what was taken over: sync, replayable and readable are one. */
export function noteStandbyPoint({ catalog }: Controller, tenantId: number, scn: Scn): Promise<Scn | null> {
  return catalog.transaction((tx) => {
    const tenant = tx.tenants.get({ tenantId });
    if (tenant?.role !== 'STANDBY') return null;
    const known = tenant.syncScn ?? 0n;
    if (known >= scn) return known;
    tx.tenants.change(tenantId, { syncScn: scn, replayableScn: scn, readableScn: scn });
    return scn;
  });
}
