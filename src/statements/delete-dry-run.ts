import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { parseTimeUs } from '../catalog/parameter-values.ts';
import type { Tenant } from '../catalog/tenants.ts';
import { cleanupWish, placesOf } from '../jobs/clean/clean-places.ts';
import { expiryOf, type PolicyName, windowOf } from '../jobs/clean/clean-schedule.ts';
import type { Controller } from '../jobs/controller.ts';
import { type CleanupDecision, decideCleanup } from '../policy/cleanup.ts';
import type { StatementOf } from '../sql/statement.ts';
import type { Cell, ResultColumn } from '../value/column-type.ts';
import { noWindow } from './delete-backup.ts';
import { requireNoTenants, requireWindow, tenantsOf } from './delete-policy.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { isSys, resolveTenantList } from './tenant-clause.ts';

const text = (label: string, length: number): ResultColumn => column(label, { name: 'varchar', length });
const number = (label: string): ResultColumn => column(label, { name: 'bigint', length: 20 });

const columns: readonly ResultColumn[] = [
  text('TENANT_NAME', 64),
  text('OBJECT_TYPE', 64),
  number('ID'),
  number('ROUND_ID'),
  number('DEST_ID'),
  text('DECISION', 4),
  text('BECAUSE', 256),
];

/**
 * DELETE OBSOLETE BACKUP … DRY RUN: what a clean-up of now would do to each set and piece, and why, from the same decision the job
 * makes. Reads the catalog only.
 */
export const deleteDryRun = handler<'deleteDryRun', null>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve({ tenants, recoveryWindow }, speaker, controller) {
    requireNoTenants(tenants, speaker);
    await controller.catalog.read((tx) => resolveTenantList(tx, tenants));
    if (recoveryWindow === null) return;
    requireWindow(recoveryWindow);
    if (windowOf({ recoveryWindow }) === null)
      throw fault('OB_NOT_SUPPORTED', 'dry run with a recovery window of 0 is');
  },
  check: async () => null,
  async run(_, statement, speaker, controller) {
    const cells = await controller.catalog.read((tx) => rowsOf(tx, controller, statement, speaker));
    return { rows: { columns, cells } };
  },
});

function rowsOf(
  tx: Repositories,
  controller: Controller,
  statement: StatementOf<'deleteDryRun'>,
  speaker: Speaker,
): readonly (readonly Cell[])[] {
  const every = isSys(speaker) && statement.tenants === null;
  const rows: (readonly Cell[])[] = [];
  let decided = 0;
  for (const tenant of tenantsOf(tx, statement.tenants, speaker)) {
    const decisions = decisionsFor(tx, controller, tenant, statement.recoveryWindow);
    if (decisions === null && !every) throw noWindow();
    if (decisions === null) continue;
    decided++;
    for (const decision of decisions) rows.push(rowOf(tenant, decision));
  }
  if (decided === 0) throw noWindow();
  return rows;
}

/** Null when neither the statement nor a policy of the tenant says how long the window is. */
function decisionsFor(
  tx: Repositories,
  controller: Controller,
  { tenantId }: Tenant,
  given: string | null,
): readonly CleanupDecision[] | null {
  const policy = tx.deletions.policies.list({ tenantId })[0];
  const windowUs = given === null ? policy && windowOf(policy) : Number(parseTimeUs(given));
  if (windowUs === undefined || windowUs === null) return null;
  const expiryUs = expiryOf(controller.clock.nowUs(), windowUs);
  const places = placesOf(tx, controller.catalog.secrets, tenantId);
  const name = (policy?.policyName ?? 'default') as PolicyName;
  return decideCleanup(cleanupWish(tx, tenantId, places, name, expiryUs)).decisions;
}

function rowOf(tenant: Tenant, decision: CleanupDecision): readonly Cell[] {
  const { kind, id, roundId, destId, drop, because } = decision;
  const type = kind === 'set' ? 'BACKUP SET' : 'BACKUP PIECE';
  return [tenant.tenantName, type, id, roundId, destId, drop ? 'DROP' : 'KEEP', because];
}

function column(label: string, type: ResultColumn['type']): ResultColumn {
  return Object.freeze({ label, type, schema: '', table: '', orgTable: '', orgName: '' });
}
