import { fault } from '../base/errors.ts';
import { unlimitedScn } from '../base/scn.ts';
import type { Tenant } from '../catalog/tenants.ts';
import { settleStandbyPoint } from '../jobs/standby/standby-point.ts';
import { applyRole } from '../jobs/tenant-engine-of.ts';
import { handler } from './statement-handler.ts';
import { resolveRoleTarget } from './tenant-clause.ts';

/** ALTER SYSTEM ACTIVATE STANDBY: the tenant becomes primary at the point it has; repeating it is OK and changes nothing. */
export const activateStandby = handler<'activateStandby', Tenant>({
  access: { privilege: 'SUPER', tenants: 'all' },
  async resolve({ tenant }, speaker, controller) {
    await controller.catalog.read((tx) => resolveRoleTarget(tx, tenant, speaker));
  },
  check: ({ tenant }, speaker, controller) =>
    controller.catalog.read((tx) => {
      const target = resolveRoleTarget(tx, tenant, speaker);
      if (target.status !== 'NORMAL' || target.inRecyclebin) {
        throw fault('OB_OP_NOT_ALLOW', 'tenant status is not normal, switch tenant is');
      }
      return target;
    }),
  async run(target, { verify }, _, controller) {
    if (verify || (target.role === 'PRIMARY' && target.switchoverStatus === 'NORMAL')) return {};
    const { tenantId } = target;
    // What is being taken over is ended first: the tenant becomes primary at the point it holds, and its row says so.
    await controller.holdStandby(tenantId, async () => {
      await settleStandbyPoint(controller, tenantId);
      await controller.catalog.transaction((tx) => {
        tx.tenants.change(tenantId, {
          role: 'PRIMARY',
          switchoverStatus: 'NORMAL',
          switchoverEpoch: target.switchoverEpoch + 1,
          recoveryUntilScn: unlimitedScn,
        });
        tx.restores.logSources.removeAll({ tenantId });
        tx.events.recordOfTenant(tenantId, 'tenant_role_transition', 'failover_to_primary', { tenant_id: tenantId });
      });
      await applyRole(controller, tenantId, await controller.engines.open(tenantId));
    });
    return {};
  },
});
