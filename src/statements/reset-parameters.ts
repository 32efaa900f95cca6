import { fault } from '../base/errors.ts';
import { capacitiesOf, settleCapacity } from '../catalog/capacity.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { ResetParameters } from '../sql/statement.ts';
import { isBackupItem } from './backup-items.ts';
import { parameterOwners } from './parameter-owners.ts';
import { requireItems } from './set-parameters.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { speaksForSys } from './tenant-clause.ts';

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
  const owners = parameterOwners(tx, item.tenant, speaker, { scope, verb: 'reset' });
  if (editLevel === 'READONLY') throw fault('OB_INVALID_CONFIG');
  // The way back from an encrypted tenant is closed, as it is for SET.
  if (name === 'tde_method' && owners.some((tenantId) => tx.keys.activeMasterKey(tenantId) !== null)) {
    throw fault('OB_NOT_SUPPORTED', 'alter tde_method while a master key exists is');
  }
  return { name, owners };
}
