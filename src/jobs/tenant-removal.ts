import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { Controller } from './controller.ts';

/**
 * Removes a tenant for good, in steps that may each be repeated after a crash: DROPPING is written first, then nobody works for
 * the tenant any more, its files go, and its rows go last. `mayDrop` looks at the tenant inside the first step.
 */
export async function removeTenant(
  controller: Controller,
  tenantId: number,
  mayDrop: (tx: Repositories) => void = () => undefined,
): Promise<void> {
  await controller.catalog.transaction((tx) => {
    mayDrop(tx);
    tx.tenants.change(tenantId, { status: 'DROPPING', dropUs: controller.clock.nowUs() });
    tx.events.record('tenant', 'drop_tenant_start', { tenant_id: tenantId });
  });
  await finishRemoval(controller, tenantId);
}

/** The steps behind DROPPING; harmless for a tenant that is gone. */
async function finishRemoval(controller: Controller, tenantId: number): Promise<void> {
  await controller.forgetTenant(tenantId);
  await controller.engines.drop(tenantId);
  await controller.catalog.transaction((tx) => removeRows(tx, tenantId));
}

/** Everything the catalog keeps of a tenant and its meta tenant; the history of restores and events stays. */
function removeRows(tx: Repositories, tenantId: number): void {
  if (tx.tenants.get({ tenantId }) === null) return;
  const keepers = [
    ...[tx.archives, tx.backups, tx.counters, tx.deletions, tx.destinations],
    ...[tx.keys, tx.parameters, tx.proofs, tx.recoverTables, tx.restores, tx.variables],
  ];
  for (const id of [tenantId, tenantId - 1]) for (const keeper of keepers) keeper.removeTenant(id);
  for (const pool of tx.resources.poolsOfTenant(tenantId)) tx.resources.grant(pool.resourcePoolId, null, 0);
  tx.tenants.drop(tenantId);
  tx.events.record('tenant', 'drop_tenant_finish', { tenant_id: tenantId });
}

/**
 * Clears up behind a server that ended in the middle: a tenant in CREATING was never reported as made and goes, one in
 * DROPPING goes for good. One that cannot be cleared is logged and keeps its status for the next start or DROP … FORCE.
 */
export async function resumeCreatingTenants(controller: Controller): Promise<void> {
  const left = await controller.catalog.read((tx) =>
    tx.tenants.users().filter(({ status }) => status === 'CREATING' || status === 'DROPPING'),
  );
  for (const { tenantId, tenantName, status } of left) {
    try {
      await removeTenant(controller, tenantId);
      controller.log.info('tenant left behind was removed', { tenantId, tenantName, status });
    } catch (error) {
      controller.log.error('tenant left behind cannot be removed', { tenantId, tenantName, status, error });
    }
  }
}

/** 5157 when the tenant was dropped meanwhile. */
export function requireCreating(tx: Repositories, tenantId: number, tenantName: string): void {
  if (tx.tenants.get({ tenantId })?.status !== 'CREATING') throw fault('OB_TENANT_HAS_BEEN_DROPPED', tenantName);
}
