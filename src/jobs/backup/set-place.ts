import type { Tenant } from '../../catalog/tenants.ts';
import type { Controller } from '../controller.ts';
import { tenantEngineOf } from '../tenant-engine-of.ts';

/** Whose set it is, as of its beginning: kept in the task, so that every file of the set can be written again the same. */
export interface SetPlace {
  readonly clusterId: number;
  readonly clusterName: string;
  readonly tenantId: number;
  readonly tenantName: string;
  readonly mode: Tenant['mode'];
  readonly locality: string;
  readonly primaryZone: string;
  /** Decimal. */
  readonly createScn: string;
  /** Time zone of the tenant, in which UNTIL TIME is read; never SYSTEM, which means another zone on another machine. */
  readonly timeZone: string;
}

/** Reads the place of a set that is being made now. */
export async function placeOf(controller: Controller, tenant: Tenant): Promise<SetPlace> {
  const engine = await tenantEngineOf(controller, tenant.tenantId);
  const { time_zone: timeZone = '+08:00' } = await engine.globalVariables();
  const { tenantId, tenantName, mode, locality, primaryZone, createScn } = tenant;
  return {
    clusterId: controller.cluster.id,
    clusterName: controller.cluster.name,
    tenantId,
    tenantName,
    mode,
    locality,
    primaryZone,
    createScn: String(createScn ?? 0n),
    timeZone: timeZone.toUpperCase() === 'SYSTEM' ? Intl.DateTimeFormat().resolvedOptions().timeZone : timeZone,
  };
}
