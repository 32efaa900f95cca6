import { fault } from '../base/errors.ts';
import type { TenantEngine } from '../tenants/tenant-engine.ts';
import type { Controller } from './controller.ts';

/** Opens a tenant's engine as its role demands: only a primary tenant takes writes. */
export async function tenantEngineOf(controller: Controller, tenantId: number): Promise<TenantEngine> {
  const wasOpen = controller.engines.isOpen(tenantId);
  const engine = await controller.engines.open(tenantId);
  if (!wasOpen) await applyRole(controller, tenantId, engine);
  return engine;
}

/** Tells an open engine what the tenant's role is now. */
export async function applyRole(controller: Controller, tenantId: number, engine: TenantEngine): Promise<void> {
  const tenant = await controller.catalog.read((tx) => tx.tenants.get({ tenantId }));
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', String(tenantId));
  await engine.setReadOnly(tenant.role !== 'PRIMARY');
}
