import { sysTenantId } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';

const made = new WeakMap<Controller, Promise<void>>();

/** The system tenant gets an engine of its own the first time somebody wants to keep tables in it. */
export function ensureSysEngine(controller: Controller, tenantId: number): Promise<void> {
  if (tenantId !== sysTenantId) return done;
  const known = made.get(controller);
  if (known) return known;
  const making = controller.engines.create(sysTenantId, {
    mode: 'mysql',
    charset: 'utf8mb4',
    collation: 'utf8mb4_general_ci',
    variables: {},
  });
  made.set(controller, making);
  making.catch(() => made.delete(controller));
  return making;
}

const done = Promise.resolve();
