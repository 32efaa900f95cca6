import { fault, type ObError } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { sysTenantId, type Tenant } from '../catalog/tenants.ts';
import type { TenantClause } from '../sql/statement.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { isSys, resolveArchiveTenants } from './tenant-clause.ts';

/** Turns archiving of one tenant on or off; the error it meets, null when it was done. */
function switchMode(tx: Repositories, tenant: Tenant, on: boolean): ObError | null {
  if (on && (tenant.status !== 'NORMAL' || tenant.inRecyclebin)) return fault('OB_CANNOT_START_LOG_ARCHIVE_BACKUP');
  if (on && tenant.role === 'STANDBY' && (tenant.recoveryUntilScn ?? 0n) > (tenant.syncScn ?? 0n))
    return fault('OB_NOT_SUPPORTED', 'ARCHIVELOG of a standby tenant that follows another archive is');
  const mode = on ? 'ARCHIVELOG' : 'NOARCHIVELOG';
  if (tenant.logMode === mode) return fault(on ? 'OB_ALREADY_IN_ARCHIVE_MODE' : 'OB_ALREADY_IN_NOARCHIVE_MODE');
  tx.tenants.change(tenant.tenantId, { logMode: mode });
  tx.events.record('log_archive', on ? 'open_archive_mode' : 'close_archive_mode', { tenant_id: tenant.tenantId });
  return null;
}

/** Both statements use the words of the first one. With nobody to switch there is nothing to say OK to. */
function targetsOf(tx: Repositories, clause: TenantClause, speaker: Speaker): readonly Tenant[] {
  const tenants = resolveArchiveTenants(tx, clause, speaker, 'ALTER SYSTEM ARCHIVELOG');
  if (tenants.length === 0) throw fault('OB_NOT_SUPPORTED', 'No valid tenant name given');
  if (tenants.some(({ tenantId }) => tenantId === sysTenantId))
    throw fault('OB_NOT_SUPPORTED', 'ALTER SYSTEM ARCHIVELOG of the sys tenant is');
  return tenants;
}

/**
 * ALTER SYSTEM ARCHIVELOG. From sys the errors of single tenants are not reported, as in all releases; they are shown as
 * warnings here.
 */
export const archivelog = handler<'archivelog', readonly Tenant[]>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve({ tenants }, speaker, controller) {
    await controller.catalog.read((tx) => targetsOf(tx, tenants, speaker));
  },
  check: ({ tenants }, speaker, controller) => controller.catalog.read((tx) => targetsOf(tx, tenants, speaker)),
  async run(tenants, _, speaker, controller) {
    await controller.catalog.transaction((tx) => {
      for (const tenant of tenants) {
        const error = switchMode(tx, tenant, true);
        if (error === null) continue;
        if (!isSys(speaker)) throw error;
        speaker.warn('Warning', error.errno, `tenant ${tenant.tenantName}: ${error.message}`);
      }
    });
    controller.wake.archive();
    return {};
  },
});

/** ALTER SYSTEM NOARCHIVELOG. Over several tenants the result of the last one is the statement's, as in the kernel. */
export const noarchivelog = handler<'noarchivelog', readonly Tenant[]>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve({ tenants }, speaker, controller) {
    await controller.catalog.read((tx) => targetsOf(tx, tenants, speaker));
  },
  check: ({ tenants }, speaker, controller) => controller.catalog.read((tx) => targetsOf(tx, tenants, speaker)),
  async run(tenants, _, speaker, controller) {
    const last = await controller.catalog.transaction((tx) => {
      let error: ObError | null = null;
      for (const tenant of tenants) {
        error = switchMode(tx, tenant, false);
        if (error !== null && tenants.length > 1) {
          speaker.warn('Warning', error.errno, `tenant ${tenant.tenantName}: ${error.message}`);
        }
      }
      return error;
    });
    controller.wake.archive();
    if (last !== null) throw last;
    return {};
  },
});
