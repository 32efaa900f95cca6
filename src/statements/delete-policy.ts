import { fault } from '../base/errors.ts';
import { atLeast } from '../base/release.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { parseTimeUs } from '../catalog/parameter-values.ts';
import type { Tenant } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';
import type { StatementOf, TenantClause } from '../sql/statement.ts';
import { handler, type Speaker, type StatementAccess } from './statement-handler.ts';
import { isSys, ownTenant, resolveTenantList } from './tenant-clause.ts';

const access: StatementAccess = { privilege: 'ALTER SYSTEM', tenants: 'all' };

/** ALTER SYSTEM ADD DELETE BACKUP POLICY: the row is written; its first job follows at once, the next ones hour by hour. */
export const addDeletePolicy = handler<'addDeletePolicy', null>({
  access,
  async resolve(statement, speaker, controller) {
    requirePolicyName(statement.name, controller);
    await controller.catalog.read((tx) => onePolicyTenant(tx, statement.tenants, speaker));
    requireSense(statement);
  },
  check: async () => null,
  async run(_, statement, speaker, controller) {
    const { name: policyName, recoveryWindow, redundancy, backupCopies } = statement;
    await controller.catalog.transaction((tx) => {
      const { tenantId } = onePolicyTenant(tx, statement.tenants, speaker);
      // One policy per tenant: two of them would undo what the other keeps.
      if (tx.deletions.policies.list({ tenantId }).length > 0) throw fault('OB_ERR_PRIMARY_KEY_DUPLICATE');
      tx.deletions.policies.insert({
        tenantId,
        policyName,
        recoveryWindow: recoveryWindow ?? '',
        redundancy: redundancy ?? 1,
        backupCopies: backupCopies ?? 0,
        createUs: controller.clock.nowUs(),
        firedUs: null,
      });
    });
    for (const option of unfollowed(statement))
      speaker.warn('Warning', 1235, `${option} is kept, and nothing follows it: the recovery window alone decides`);
    controller.wake.clean();
    return {};
  },
});

/** Options that are taken and have no effect, as in OceanBase. */
function unfollowed({ recoveryWindow, redundancy, backupCopies }: StatementOf<'addDeletePolicy'>): readonly string[] {
  const copies = backupCopies === null || backupCopies === 0 ? [] : ['BACKUP_COPIES'];
  return recoveryWindow !== null && redundancy !== null && redundancy !== 1 ? ['REDUNDANCY', ...copies] : copies;
}

/** ALTER SYSTEM DROP DELETE BACKUP POLICY: a job that runs goes on; a policy that is not there is no error. */
export const dropDeletePolicy = handler<'dropDeletePolicy', null>({
  access,
  async resolve({ name, tenants }, speaker, controller) {
    requirePolicyName(name, controller);
    await controller.catalog.read((tx) => onePolicyTenant(tx, tenants, speaker));
  },
  check: async () => null,
  async run(_, { name: policyName, tenants }, speaker, controller) {
    await controller.catalog.transaction((tx) => {
      const { tenantId } = onePolicyTenant(tx, tenants, speaker);
      tx.deletions.policies.remove({ tenantId, policyName });
    });
    return {};
  },
});

/** ALTER SYSTEM CANCEL DELETE BACKUP: unfinished jobs become CANCELING; without any the statement still answers OK. */
export const cancelDelete = handler<'cancelDelete', null>({
  access,
  async resolve({ tenants }, speaker, controller) {
    requireNoTenants(tenants, speaker);
    await controller.catalog.read((tx) => resolveTenantList(tx, tenants));
  },
  check: async () => null,
  async run(_, { tenants }, speaker, controller) {
    await controller.catalog.transaction((tx) => {
      for (const { tenantId } of tenantsOf(tx, tenants, speaker)) cancelJobs(tx, tenantId);
    });
    controller.wake.clean();
    return {};
  },
});

function cancelJobs(tx: Repositories, tenantId: number): void {
  for (const job of tx.deletions.liveJobs(tenantId)) {
    if (job.status !== 'INIT' && job.status !== 'DOING') continue;
    tx.deletions.jobs.update(job, { status: 'CANCELING' });
    tx.events.record('backup_clean', 'cancel_backup_clean', { tenant_id: tenantId, job_id: job.jobId });
  }
}

/** The tenants of a cleaning statement: the session's own; from sys those listed, or all. */
export function tenantsOf(tx: Repositories, clause: TenantClause, speaker: Speaker): readonly Tenant[] {
  if (!isSys(speaker)) return [ownTenant(tx, speaker)];
  return resolveTenantList(tx, clause) ?? tx.tenants.users();
}

/** 1235 when a user tenant names tenants. */
export function requireNoTenants(clause: TenantClause, speaker: Speaker): void {
  if (!isSys(speaker) && clause !== null) throw fault('OB_NOT_SUPPORTED', 'user tenant cannot specify tenant names');
}

function requirePolicyName(name: string, { release }: Controller): void {
  if (name === 'default' || (name === 'log_only' && atLeast(release, '4.4.2'))) return;
  throw fault('OB_NOT_SUPPORTED', "The policy name is not 'default', it is");
}

function onePolicyTenant(tx: Repositories, clause: TenantClause, speaker: Speaker): Tenant {
  requireNoTenants(clause, speaker);
  if (!isSys(speaker)) return ownTenant(tx, speaker);
  const only = 'only one tenant name can be specified';
  const [tenant, ...more] = resolveTenantList(tx, clause) ?? [];
  if (tenant === undefined) throw fault('OB_NOT_SUPPORTED', `Too little tenant names specified, ${only}`);
  if (more.length > 0) throw fault('OB_NOT_SUPPORTED', `Too many tenant names specified, ${only}`);
  return tenant;
}

/** A window of nothing is taken, and never deletes anything; REDUNDANCY counts only where no window is given. */
function requireSense({ recoveryWindow, redundancy }: StatementOf<'addDeletePolicy'>): void {
  if (recoveryWindow === null && redundancy === null)
    throw fault('OB_NOT_SUPPORTED', 'Neither recovery_window nor redundancy is set');
  if (recoveryWindow !== null) requireWindow(recoveryWindow);
  else if (redundancy !== 1) throw fault('OB_NOT_SUPPORTED', 'Redundancy not equal to 1 is');
}

/** 1235 for a window that is no time text. */
export function requireWindow(text: string): void {
  if (text !== '' && parseTimeUs(text) === null)
    throw fault('OB_NOT_SUPPORTED', 'recovery window is not be time string');
}
