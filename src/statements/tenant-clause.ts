import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { sysTenantId, type Tenant, tenantType } from '../catalog/tenants.ts';
import type { TenantClause } from '../sql/statement.ts';
import type { Speaker } from './statement-handler.ts';

/** A tenant of any kind by its name as typed; unknown 5160, locked 5260. */
export function anyTenant(tx: Repositories, name: string): Tenant {
  const tenant = tx.tenants.byName(name);
  if (tenant === null) throw fault('OB_ERR_INVALID_TENANT_NAME');
  if (tenant.locked) throw fault('OB_ERR_TENANT_IS_LOCKED');
  return tenant;
}

/** As `anyTenant`, where meta tenants cannot be named: they are unknown. */
export function namedTenant(tx: Repositories, name: string): Tenant {
  const tenant = anyTenant(tx, name);
  if (tenantType(tenant.tenantId) === 'META') throw fault('OB_ERR_INVALID_TENANT_NAME');
  return tenant;
}

/** The tenant of a user session. */
export function ownTenant(tx: Repositories, speaker: Speaker): Tenant {
  const tenant = tx.tenants.get({ tenantId: speaker.loginTenant.tenantId });
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', speaker.loginTenant.tenantName);
  return tenant;
}

/** True in a session of the system tenant, by login. */
export function isSys(speaker: Speaker): boolean {
  return speaker.loginTenant.tenantId === sysTenantId;
}

/** True in a session of the system tenant that has not gone over to another one. */
export function speaksForSys(speaker: Speaker): boolean {
  return isSys(speaker) && speaker.effectiveTenantId === sysTenantId;
}

/**
 * The TENANT clause of [NO]ARCHIVELOG, freeze and merge: knows `all`, `all_user`, `all_meta` in any case. Null clause from
 * sys means all user tenants.
 */
export function resolveArchiveTenants(
  tx: Repositories,
  clause: TenantClause,
  speaker: Speaker,
  statementName: string,
): readonly Tenant[] {
  if (!isSys(speaker)) {
    if (clause !== null) throw fault('OB_ERR_NO_PRIVILEGE');
    return [ownTenant(tx, speaker)];
  }
  if (clause === null) return tx.tenants.users();
  const words = clause.map((name) => name.toLowerCase());
  const special = words.filter((word) => word === 'all' || word === 'all_user' || word === 'all_meta');
  if (special.length > 0 && words.length > 1) {
    throw fault('OB_NOT_SUPPORTED', 'all/all_user/all_meta in combination with other names is');
  }
  if (special[0] === 'all') return tx.tenants.users();
  if (special.length > 0) throw fault('OB_NOT_SUPPORTED', `use all_user/all_meta in '${statementName}' syntax is`);
  const seen = new Set<string>();
  return clause.map((name) => {
    if (seen.has(name)) throw fault('OB_NOT_SUPPORTED', `duplicate tenant ${name} is`);
    seen.add(name);
    return namedTenant(tx, name);
  });
}

/**
 * The TENANT list of backup, cancel, policies and key backup: plain names, duplicates collapse, `sys` is 4016. Null for a
 * missing clause.
 */
export function resolveTenantList(tx: Repositories, clause: TenantClause): readonly Tenant[] | null {
  if (clause === null) return null;
  return [...new Set(clause)].map((name) => {
    const tenant = namedTenant(tx, name);
    if (tenant.tenantId === sysTenantId) throw fault('OB_ERR_UNEXPECTED');
    return tenant;
  });
}

/** The one user tenant a role statement is about; the clause is mandatory in sys and forbidden elsewhere. */
export function resolveRoleTarget(tx: Repositories, name: string | null, speaker: Speaker): Tenant {
  if (speaksForSys(speaker)) {
    if (name === null) throw fault('OB_INVALID_ARGUMENT', 'tenant name, should specify tenant name');
    const tenant = anyTenant(tx, name);
    if (tenantType(tenant.tenantId) !== 'USER') {
      throw fault('OB_INVALID_ARGUMENT', 'tenant name, only support operating user tenant');
    }
    return tenant;
  }
  if (name !== null) throw fault('OB_INVALID_ARGUMENT', "tenant name, please don't specify tenant name");
  const tenant = tx.tenants.get({ tenantId: speaker.effectiveTenantId });
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', speaker.loginTenant.tenantName);
  return tenant;
}
