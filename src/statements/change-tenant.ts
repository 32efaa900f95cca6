import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { sysTenantId, type Tenant, tenantType } from '../catalog/tenants.ts';
import type { StatementOf } from '../sql/statement.ts';
import { handler } from './statement-handler.ts';
import { isSys } from './tenant-clause.ts';

/** ALTER SYSTEM CHANGE TENANT: the session speaks for another tenant; login tenant and privileges stay. */
export const changeTenant = handler<'changeTenant', Tenant>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve(_, speaker) {
    if (!isSys(speaker)) throw fault('OB_NOT_SUPPORTED', 'operation from regular user tenant');
  },
  async check(statement, speaker, controller) {
    if (speaker.inTransaction) throw fault('OB_OP_NOT_ALLOW', 'change tenant which has active transaction');
    const tenant = await controller.catalog.read((tx) => targetOf(tx, statement));
    if (tenantType(tenant.tenantId) === 'META') throw fault('OB_NOT_SUPPORTED', 'change tenant to a meta tenant is');
    if (tenant.tenantId !== sysTenantId && (tenant.status !== 'NORMAL' || tenant.inRecyclebin)) {
      throw fault('OB_TENANT_NOT_IN_SERVER');
    }
    return tenant;
  },
  run: async (tenant) => ({ changeTenantTo: tenant.tenantId }),
});

function targetOf(tx: Repositories, { name, id }: StatementOf<'changeTenant'>): Tenant {
  if (name !== null) {
    const tenant = tx.tenants.byName(name);
    if (tenant === null) throw fault('OB_ERR_INVALID_TENANT_NAME');
    return tenant;
  }
  const tenant = tx.tenants.get({ tenantId: id ?? 0 });
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', String(id));
  return tenant;
}
