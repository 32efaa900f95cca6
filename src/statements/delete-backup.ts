import { fault, faultText } from '../base/errors.ts';
import { atLeast } from '../base/release.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { Tenant } from '../catalog/tenants.ts';
import { cleanupWish, placesOf } from '../jobs/clean/clean-places.ts';
import { type CleanJobType, insertCleanJob, isCleaning } from '../jobs/clean/clean-rows.ts';
import { insertPolicyJob, windowOf } from '../jobs/clean/clean-schedule.ts';
import type { Controller } from '../jobs/controller.ts';
import { refuseChosenPieces, refuseChosenSets } from '../policy/cleanup-chosen.ts';
import type { StatementOf } from '../sql/statement.ts';
import { requireNoTenants, tenantsOf } from './delete-policy.ts';
import { handler, type Speaker, type StatementAccess } from './statement-handler.ts';
import { isSys, ownTenant, resolveTenantList } from './tenant-clause.ts';

/** The release that carries these statements out; earlier ones refuse them all. */
const since = '4.4.2';
const access: StatementAccess = { privilege: 'ALTER SYSTEM', tenants: 'all' };

export const deleteBackupSet = chosen<'deleteBackupSet'>('DELETE BACKUP SET');
export const deleteBackupPiece = chosen<'deleteBackupPiece'>('DELETE BACKUP PIECE');

/** DELETE BACKUPSET and BACKUPPIECE: a job for the sets or pieces that are named, once it is sure that nothing needs them. */
function chosen<K extends 'deleteBackupSet' | 'deleteBackupPiece'>(type: CleanJobType) {
  return handler<K, null>({
    access,
    async resolve(statement, speaker, controller) {
      const { copy, tenant } = statement as StatementOf<'deleteBackupSet'>;
      requireNoTenants(tenant === null ? null : [tenant], speaker);
      if (isSys(speaker) && tenant === null) throw fault('OB_NOT_SUPPORTED', 'need to specify a tenant name');
      if (tenant !== null) await controller.catalog.read((tx) => resolveTenantList(tx, [tenant]));
      requireRelease(controller);
      if (copy !== null) throw fault('OB_NOT_SUPPORTED', 'COPY is');
    },
    check: async () => null,
    async run(_, statement, speaker, controller) {
      const { ids, tenant } = statement as StatementOf<'deleteBackupSet'>;
      await controller.catalog.transaction((tx) => {
        const target = tenant === null ? ownTenant(tx, speaker) : tenantsOf(tx, [tenant], speaker)[0]!;
        insertChosen(tx, controller, target, type, ids);
      });
      controller.wake.clean();
      return {};
    },
  });
}

function insertChosen(
  tx: Repositories,
  controller: Controller,
  { tenantId }: Tenant,
  type: CleanJobType,
  ids: readonly number[],
): void {
  const ofSets = type === 'DELETE BACKUP SET';
  if (isCleaning(tx, tenantId)) throw fault('OB_BACKUP_DELETE_DATA_IN_PROGRESS');
  if (tx.deletions.policies.list({ tenantId }).length > 0)
    throw fault(ofSets ? 'OB_BACKUP_DELETE_BACKUP_SET_NOT_ALLOWED' : 'OB_BACKUP_DELETE_BACKUP_PIECE_NOT_ALLOWED');
  const wish = cleanupWish(tx, tenantId, placesOf(tx, controller.catalog.secrets, tenantId), 'default', 0);
  const refusal = ofSets ? refuseChosenSets(wish, ids) : refuseChosenPieces(wish, ids);
  if (refusal !== null) throw faultText(refusal.symbol, `${fault(refusal.symbol).message}: ${refusal.because}`);
  insertCleanJob(tx, controller, tenantId, type, ids[0] ?? 0, { policy: 'default', ids });
}

/** DELETE OBSOLETE BACKUP: the job of the tenant's policy, now and not at its next hour. */
export const deleteObsoleteBackup = handler<'deleteObsoleteBackup', null>({
  access,
  async resolve({ tenants }, speaker, controller) {
    requireNoTenants(tenants, speaker);
    await controller.catalog.read((tx) => resolveTenantList(tx, tenants));
    requireRelease(controller);
  },
  check: async () => null,
  async run(_, { tenants }, speaker, controller) {
    await controller.catalog.transaction((tx) => startPolicies(tx, controller, tenants, speaker));
    controller.wake.clean();
    return {};
  },
});

function startPolicies(
  tx: Repositories,
  controller: Controller,
  clause: readonly string[] | null,
  speaker: Speaker,
): void {
  let started = 0;
  for (const { tenantId } of tenantsOf(tx, clause, speaker)) {
    const policy = tx.deletions.policies.list({ tenantId })[0];
    if (policy === undefined || windowOf(policy) === null) {
      if (clause !== null || !isSys(speaker)) throw noWindow();
      continue;
    }
    if (isCleaning(tx, tenantId)) throw fault('OB_BACKUP_DELETE_DATA_IN_PROGRESS');
    insertPolicyJob(tx, controller, policy);
    started++;
  }
  if (started === 0) throw noWindow();
}

/** 1235: nothing says what is obsolete. */
export function noWindow() {
  return fault('OB_NOT_SUPPORTED', 'delete obsolete backup without a delete policy is');
}

function requireRelease({ release }: Controller): void {
  if (!atLeast(release, since)) throw fault('OB_NOT_SUPPORTED', 'function is');
}
