import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { type Tenant, tenantType } from '../catalog/tenants.ts';

const maxTenantNameBytes = 64;

/** What a new name of a tenant must keep to: 1059 too long, 5160 `seed`, 1235 with `$` or one of the words for all tenants. */
export function requireTenantName(name: string): void {
  if (name === '') throw fault('OB_INVALID_ARGUMENT', 'tenant name');
  if (Buffer.byteLength(name) >= maxTenantNameBytes) throw fault('OB_ERR_TOO_LONG_IDENT', name);
  if (name === 'seed') throw fault('OB_ERR_INVALID_TENANT_NAME');
  if (name.includes('$')) {
    throw fault('OB_NOT_SUPPORTED', "since 4.2.1, manually creating a tenant name containing '$' is");
  }
  if (/^all(?:_user|_meta)?$/i.test(name)) {
    throw fault('OB_NOT_SUPPORTED', 'since 4.2.1, using "all" (case insensitive) as a tenant name is');
  }
}

/** The tenant of a tenant statement; unknown 5157. A locked tenant is found. */
export function existingTenant(tx: Repositories, name: string): Tenant {
  const tenant = tx.tenants.byName(name);
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', name);
  return tenant;
}

/** As `existingTenant`, for user tenants only: sys and meta tenants 1235. */
export function existingUserTenant(tx: Repositories, name: string, what: string): Tenant {
  const tenant = existingTenant(tx, name);
  const type = tenantType(tenant.tenantId);
  if (type !== 'USER') throw fault('OB_NOT_SUPPORTED', `${what} the ${type.toLowerCase()} tenant is`);
  return tenant;
}
