import { fault } from '../base/errors.ts';
import type { TenantEngine } from '../tenants/tenant-engine.ts';
import type { Controller } from './controller.ts';

/** Engines that know their role; an engine opened anew is another object. */
const told = new WeakMap<TenantEngine, Promise<void>>();

/**
 * Opens a tenant's engine as its role demands: only a primary tenant takes writes. Whoever opens an engine of a tenant in
 * service does it through this function, jobs included, so that no session ever meets a standby that takes writes.
 */
export async function tenantEngineOf(controller: Controller, tenantId: number): Promise<TenantEngine> {
  const engine = await controller.engines.open(tenantId);
  let telling = told.get(engine);
  if (telling === undefined) {
    telling = applyRole(controller, tenantId, engine);
    told.set(engine, telling);
    telling.catch(() => told.delete(engine));
  }
  await telling;
  return engine;
}

/** Tells an open engine what the tenant's role is now. What takes writes is rid of what an import left in it, or in its backup. */
export async function applyRole(controller: Controller, tenantId: number, engine: TenantEngine): Promise<void> {
  const tenant = await controller.catalog.read((tx) => tx.tenants.get({ tenantId }));
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', String(tenantId));
  await engine.setReadOnly(tenant.role !== 'PRIMARY');
  await engine.dropUnnamedTables().catch((error: unknown) => {
    // The tenant is of use with it, and the next opening tries again.
    controller.log.warn('what an import left is not dropped', { tenantId, error });
  });
}
