import { fault } from '../base/errors.ts';
import { capacitiesOf, settleCapacity } from '../catalog/capacity.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { clusterScope } from '../catalog/parameters.ts';
import type { Tenant } from '../catalog/tenants.ts';
import type { ResetParameters } from '../sql/statement.ts';
import { isBackupItem } from './backup-items.ts';
import { requireItems, takesParameters } from './set-parameters.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { namedTenant, speaksForSys } from './tenant-clause.ts';

interface Target {
  readonly name: string;
  readonly owners: readonly number[];
}

/** What SET refuses as well. */
const settledForEver = new Set(['cluster_id', '_trace_control_info']);

/** ALTER SYSTEM RESET, from 4.3: back to the default, for the same tenants SET would mean. */
export const resetParameters = handler<'resetParameters', readonly Target[]>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve({ items }, speaker) {
    requireItems(items);
    for (const item of items) {
      if (item.tenant !== null && !speaksForSys(speaker)) throw fault('OB_ERR_NO_PRIVILEGE');
      if (settledForEver.has(item.name)) throw fault('OB_OP_NOT_ALLOW', `alter the parameter ${item.name}`);
      if (isBackupItem(item.name)) throw fault('OB_NOT_SUPPORTED', `reset ${item.name} is`);
    }
  },
  check: ({ items }, speaker, controller) =>
    controller.catalog.read((tx) => items.map((item) => targetOf(tx, item, speaker))),
  async run(_, { items }, speaker, controller) {
    await controller.catalog.transaction((tx) => {
      for (const item of items) {
        const { name, owners } = targetOf(tx, item, speaker);
        for (const owner of owners) tx.parameters.reset(owner, name);
      }
      for (const name of capacitiesOf(items.map((item) => item.name))) settleCapacity(tx, name);
    });
    return {};
  },
});

function targetOf(tx: Repositories, item: ResetParameters['items'][number], speaker: Speaker): Target {
  const definition = tx.parameters.definition(item.name);
  if (definition === null) throw fault('OB_ERR_SYS_CONFIG_UNKNOWN');
  const { name, scope, editLevel } = definition;
  const sys = speaksForSys(speaker);
  if (scope === 'CLUSTER' && (item.tenant !== null || !sys)) throw fault('OB_ERR_SYS_CONFIG_UNKNOWN');
  const owners = scope === 'CLUSTER' ? [clusterScope] : ownersOf(tx, item.tenant, speaker);
  if (editLevel === 'READONLY') throw fault('OB_INVALID_CONFIG');
  // The way back from an encrypted tenant is closed, as it is for SET.
  if (name === 'tde_method' && owners.some((tenantId) => tx.keys.activeMasterKey(tenantId) !== null)) {
    throw fault('OB_NOT_SUPPORTED', 'alter tde_method while a master key exists is');
  }
  return { name, owners };
}

/** Tenants that are not normal are passed over; one that is being restored is not when it is named. */
function ownersOf(tx: Repositories, tenant: string | null, speaker: Speaker): readonly number[] {
  if (tenant === null) return [speaker.effectiveTenantId];
  const word = tenant.toLowerCase();
  if (word === 'seed') throw fault('OB_NOT_SUPPORTED', 'reset parameter of tenant seed is');
  if (word === 'all' || word === 'all_user') return idsOf(tx.tenants.users());
  if (word === 'all_meta') return idsOf(tx.tenants.users()).map((tenantId) => tenantId - 1);
  try {
    return [namedTenant(tx, tenant)].filter(takesParameters).map(({ tenantId }) => tenantId);
  } catch {
    throw fault('OB_ERR_INVALID_TENANT_NAME');
  }
}

function idsOf(tenants: readonly Tenant[]): readonly number[] {
  return tenants.filter((tenant) => tenant.status === 'NORMAL').map((tenant) => tenant.tenantId);
}
