import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { clusterScope } from '../catalog/parameters.ts';
import type { Tenant } from '../catalog/tenants.ts';
import type { ParameterItem } from '../sql/statement.ts';
import type { Speaker } from './statement-handler.ts';
import { namedTenant } from './tenant-clause.ts';

/**
 * Whose parameters a SET or RESET means: `clusterScope` or tenant ids. `all` passes over tenants that are not normal; one that is
 * being restored takes parameters when it is named, for `ha_high_thread_score` holds for that restore. 1235 when nobody is left:
 * there would be nothing to say OK to.
 */
export function parameterOwners(
  tx: Repositories,
  tenant: string | null,
  speaker: Speaker,
  { scope, verb }: { readonly scope: 'CLUSTER' | 'TENANT'; readonly verb: 'set' | 'reset' },
): readonly number[] {
  if (scope === 'CLUSTER') return [clusterScope];
  if (tenant === null) return [speaker.effectiveTenantId];
  const owners = ownersNamed(tx, tenant, verb);
  if (owners.length === 0) throw fault('OB_NOT_SUPPORTED', 'No valid tenant name given');
  return owners;
}

function ownersNamed(tx: Repositories, tenant: string, verb: 'set' | 'reset'): readonly number[] {
  const word = tenant.toLowerCase();
  if (word === 'all' || word === 'all_user') return normalUsers(tx);
  if (word === 'all_meta') return normalUsers(tx).map((tenantId) => tenantId - 1);
  if (tenant === 'seed') throw fault('OB_NOT_SUPPORTED', `${verb} parameter of tenant seed is`);
  try {
    return [namedTenant(tx, tenant)].filter(takesParameters).map(({ tenantId }) => tenantId);
  } catch {
    throw fault('OB_ERR_INVALID_TENANT_NAME');
  }
}

/** 1210 for a SERVER or ZONE that the cluster does not have. */
export function requirePlace(tx: Repositories, item: ParameterItem): void {
  const server = tx.cluster.server();
  if (item.server !== null && item.server !== `${server.svrIp}:${server.svrPort}`)
    throw fault('OB_INVALID_ARGUMENT', 'server');
  if (item.zone !== null && tx.cluster.zones.get({ zone: item.zone }) === null)
    throw fault('OB_INVALID_ARGUMENT', 'zone');
}

function normalUsers({ tenants }: Repositories): readonly number[] {
  return tenants
    .users()
    .filter(({ status }) => status === 'NORMAL')
    .map(({ tenantId }) => tenantId);
}

function takesParameters({ status }: Tenant): boolean {
  return status === 'NORMAL' || status === 'RESTORE';
}
