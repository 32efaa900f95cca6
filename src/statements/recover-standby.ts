import { fault, isFault } from '../base/errors.ts';
import { baseScn, type Scn, unlimitedScn } from '../base/scn.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { Tenant } from '../catalog/tenants.ts';
import { scnOfTime } from '../jobs/restore/until-time.ts';
import { settleStandbyPoint } from '../jobs/standby/standby-point.ts';
import type { StatementOf } from '../sql/statement.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { resolveRoleTarget } from './tenant-clause.ts';

type RecoverStandby = StatementOf<'recoverStandby'>;

/** What was asked: a point, or that recovery stops where it is. */
interface RecoverOrder {
  readonly tenantId: number;
  readonly untilScn: Scn | 'here';
}

/**
 * ALTER SYSTEM RECOVER STANDBY: says how far a standby follows its log source; it goes there in the background and can be read
 * meanwhile. It never goes back.
 */
export const recoverStandby = handler<'recoverStandby', RecoverOrder>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve(statement, speaker, controller) {
    await controller.catalog.read((tx) => resolveRoleTarget(tx, statement.tenant, speaker));
    pointOf(statement, speaker);
  },
  check: (statement, speaker, controller) =>
    controller.catalog.read((tx) => {
      const tenant = resolveRoleTarget(tx, statement.tenant, speaker);
      const order = { tenantId: tenant.tenantId, untilScn: pointOf(statement, speaker) };
      requireRecoverable(tenant, order.untilScn);
      return order;
    }),
  async run(order, _, speaker, controller) {
    const { tenantId } = order;
    await controller.holdStandby(tenantId, async () => {
      await settleStandbyPoint(controller, tenantId);
      await controller.catalog.transaction((tx) => changePoint(tx, order, speaker));
    });
    controller.wake.restore();
    return {};
  },
});

/** The point as typed; UNTIL TIME is read on the session's clocks. */
function pointOf({ until }: RecoverStandby, speaker: Speaker): RecoverOrder['untilScn'] {
  switch (until?.kind) {
    case undefined:
      throw fault('OB_INVALID_ARGUMENT', 'restore until, should specify restore until point');
    case 'unlimited':
      return unlimitedScn;
    case 'cancel':
      return 'here';
    case 'scn':
      if (until.scn <= baseScn) throw fault('OB_INVALID_ARGUMENT', 'until scn, it should be positive integer');
      return until.scn;
    case 'time':
      return timeScn(until.text, speaker.timeZone);
  }
}

function timeScn(text: string, timeZone: string): Scn {
  try {
    return scnOfTime(text, timeZone);
  } catch (error) {
    if (isFault(error)) throw fault('OB_ERR_WRONG_VALUE', 'TIMESTAMP', text);
    throw error;
  }
}

function requireRecoverable(tenant: Tenant, untilScn: RecoverOrder['untilScn']): void {
  if (tenant.role !== 'STANDBY') throw fault('OB_OP_NOT_ALLOW', 'tenant role is not STANDBY, recover is');
  if (tenant.switchoverStatus !== 'NORMAL') throw fault('OB_OP_NOT_ALLOW');
  const syncScn = tenant.syncScn ?? 0n;
  if (untilScn !== 'here' && untilScn < syncScn)
    throw fault('OB_OP_NOT_ALLOW', 'recover before tenant sync_scn sync_scn is');
  if (tenant.status !== 'NORMAL' || tenant.inRecyclebin)
    throw fault('OB_OP_NOT_ALLOW', 'tenant status is not normal, recover is');
  // Commits taken over would lie below what the archive has already promised.
  if (untilScn !== 'here' && untilScn > syncScn && tenant.logMode === 'ARCHIVELOG')
    throw fault('OB_NOT_SUPPORTED', 'recover of a standby tenant that archives its own log is');
}

/** Nothing rolls the tenant forward now, and what its row says is where it is. */
function changePoint(tx: Repositories, order: RecoverOrder, speaker: Speaker): void {
  const { tenantId } = order;
  const tenant = tx.tenants.get({ tenantId });
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', String(tenantId));
  requireRecoverable(tenant, order.untilScn);
  const recoveryUntilScn = order.untilScn === 'here' ? (tenant.syncScn ?? 0n) : order.untilScn;
  tx.tenants.change(tenantId, { recoveryUntilScn });
  const source = tx.restores.logSources.get({ tenantId, id: 1 });
  if (source !== null) tx.restores.logSources.update(source, { recoveryUntilScn });
  else if (recoveryUntilScn > (tenant.syncScn ?? 0n))
    speaker.warn('Warning', 4179, `tenant ${tenant.tenantName} has no log restore source: it stays where it is`);
  const pairs = { tenant_id: tenantId, recovery_until_scn: String(recoveryUntilScn) };
  tx.events.recordOfTenant(tenantId, 'tenant_role_transition', 'recover_standby', pairs);
}
