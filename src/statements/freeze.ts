import { fault } from '../base/errors.ts';
import { atLeast } from '../base/release.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { sysTenantId, type Tenant } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';
import type { ObStatement } from '../sql/statement.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { isSys, resolveArchiveTenants } from './tenant-clause.ts';

type Freeze = Extract<ObStatement, { readonly kind: 'freeze' }>;

/**
 * ALTER SYSTEM MAJOR | MINOR FREEZE: has the log of the tenants folded into their data files, which is all the merging there is here,
 * so both do the same. As in OceanBase the answer does not wait for it: it is done when the archive holds all of the log and neither
 * a transaction nor a backup is in the way, and told in DBA_OB_ROOTSERVICE_EVENT_HISTORY (freeze, fold_log). A kill forgets it.
 */
export const freeze = handler<'freeze', readonly Tenant[]>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve(statement, speaker, controller) {
    await controller.catalog.read((tx) => tenantsOf(tx, statement, speaker, controller));
  },
  check: (statement, speaker, controller) =>
    controller.catalog.read((tx) => frozenTenants(tx, statement, speaker, controller)),
  async run(tenants, _, __, controller) {
    for (const { tenantId } of tenants) controller.foldWishes.add(tenantId);
    controller.wake.archive();
    return {};
  },
});

/** From 4.2.1 on `all_user` means what `all` does; meta tenants have nothing to fold. */
function tenantsOf(
  tx: Repositories,
  { tenants }: Freeze,
  speaker: Speaker,
  { release }: Controller,
): readonly Tenant[] {
  const word = tenants?.length === 1 && atLeast(release, '4.2.1') ? tenants[0]?.toLowerCase() : undefined;
  if (word === 'all_meta' && isSys(speaker)) throw fault('OB_NOT_SUPPORTED', 'ALTER SYSTEM FREEZE of meta tenants is');
  const clause = word === 'all_user' ? ['all'] : tenants;
  return resolveArchiveTenants(tx, clause, speaker, 'ALTER SYSTEM FREEZE');
}

/** Those whose log can be folded; with none of them there is nothing to say OK to. */
function frozenTenants(
  tx: Repositories,
  statement: Freeze,
  speaker: Speaker,
  controller: Controller,
): readonly Tenant[] {
  const { servers, zone } = statement;
  const server = tx.cluster.server();
  const address = `${server.svrIp}:${server.svrPort}`;
  if (servers?.some((name) => name !== address)) throw fault('OB_INVALID_ARGUMENT', 'server');
  if (zone !== null && tx.cluster.zones.get({ zone }) === null) throw fault('OB_INVALID_ARGUMENT', 'zone');
  const tenants = tenantsOf(tx, statement, speaker, controller);
  if (tenants.some(({ tenantId }) => tenantId === sysTenantId))
    throw fault('OB_NOT_SUPPORTED', 'ALTER SYSTEM FREEZE of the sys tenant is');
  const normal = tenants.filter(({ status }) => status === 'NORMAL');
  if (normal.length === 0) throw fault('OB_NOT_SUPPORTED', 'No valid tenant name given');
  return normal;
}
