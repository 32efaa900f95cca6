import { fault } from '../base/errors.ts';
import { statementLimits } from '../base/limits.ts';
import { atLeast } from '../base/release.ts';
import { capacitiesOf, settleCapacity } from '../catalog/capacity.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { parseTimeUs } from '../catalog/parameter-values.ts';
import { clusterScope } from '../catalog/parameters.ts';
import { sysTenantId, tenantType } from '../catalog/tenants.ts';
import { mayLag } from '../destination/limits.ts';
import type { Controller } from '../jobs/controller.ts';
import { archiveDestination } from '../jobs/tenant-destination.ts';
import type { ConstantValue, ParameterItem } from '../sql/statement.ts';
import { isBackupItem, setBackupItem } from './backup-items.ts';
import { parameterOwners, requirePlace } from './parameter-owners.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { speaksForSys } from './tenant-clause.ts';

/** A parameter with the owners it is set for: `clusterScope` or tenant ids. */
interface Target {
  readonly name: string;
  readonly value: string;
  readonly owners: readonly number[];
  readonly inert: boolean;
}

/** ALTER SYSTEM SET: either backup configuration items or ordinary parameters, never both in one statement. */
export const setParameters = handler<'setParameters', readonly Target[] | null>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve({ items }, speaker) {
    requireItems(items);
    const first = isBackupItem(items[0]?.name ?? '');
    for (const item of items) {
      if (item.tenant !== null && !speaksForSys(speaker)) throw fault('OB_ERR_NO_PRIVILEGE');
      if (isBackupItem(item.name) !== first) {
        throw fault(
          'OB_NOT_SUPPORTED',
          'backup configuration items cannot be set together with non data backup configuration items',
        );
      }
      if (item.name === 'cluster_id') throw fault('OB_OP_NOT_ALLOW', 'alter the parameter cluster_id');
      if (item.name === '_trace_control_info')
        throw fault('OB_OP_NOT_ALLOW', 'alter the parameter _trace_control_info');
    }
  },
  async check({ items }, speaker, controller) {
    if (isBackupItem(items[0]?.name ?? '')) return null;
    return controller.catalog.read((tx) => items.map((item) => targetOf(tx, item, speaker, controller)));
  },
  async run(targets, { items }, speaker, controller) {
    if (targets === null) {
      for (const item of items) await setBackupItem(item, valueText(item.value, speaker), speaker, controller);
      return {};
    }
    await controller.catalog.transaction((tx) => {
      for (const { name, value, owners } of targets) {
        for (const owner of owners) tx.parameters.set(owner, name, value);
      }
      for (const name of capacitiesOf(targets.map((target) => target.name))) settleCapacity(tx, name);
    });
    for (const { name, inert, owners } of targets) {
      if (inert) speaker.warn('Warning', 1235, `parameter ${name} is kept and shown, it has no effect in this server`);
      else if (owners.some((owner) => owner !== clusterScope && tenantType(owner) === 'META'))
        speaker.warn('Warning', 1235, `parameter ${name} of meta tenants is kept, it has no effect in this server`);
    }
    return {};
  },
});

/** 4019 for more parameters than one statement may name. */
export function requireItems(items: readonly unknown[]): void {
  if (items.length > statementLimits.maxParameterItems) throw fault('OB_SIZE_OVERFLOW');
}

/** The literal as text; a system variable is read now. */
export function valueText(value: ConstantValue, speaker: Speaker): string {
  if (value.type !== 'systemVariable') return value.text;
  const text = speaker.systemVariable(value.name, value.scope ?? 'session');
  if (text === null) throw fault('OB_ERR_SYS_VARIABLE_UNKNOWN', value.name);
  return text;
}

function targetOf(tx: Repositories, item: ParameterItem, speaker: Speaker, controller: Controller): Target {
  const definition = tx.parameters.definition(item.name);
  const sys = speaksForSys(speaker);
  if (definition === null) throw fault('OB_ERR_SYS_CONFIG_UNKNOWN');
  if (definition.scope === 'CLUSTER' && (item.tenant !== null || !sys)) throw fault('OB_ERR_SYS_CONFIG_UNKNOWN');
  const owners = parameterOwners(tx, item.tenant, speaker, { scope: definition.scope, verb: 'set' });
  const value = tx.parameters.check(definition.name, valueText(item.value, speaker));
  requirePlace(tx, item);
  // There is no external key service, and the text may hold its password.
  if (definition.name === 'external_kms_info' && value !== '') throw fault('OB_NOT_SUPPORTED', 'external_kms_info is');
  if (definition.name === 'tde_method') checkTdeMethod(tx, owners, value);
  if (definition.name === 'archive_lag_target') checkLagTarget(tx, owners, value, controller);
  return { name: definition.name, value, owners, inert: definition.inert };
}

/** Only `none` and `internal` are carried out, and the way back is closed once a master key exists. */
function checkTdeMethod(tx: Repositories, owners: readonly number[], value: string): void {
  const method = value.toLowerCase();
  if (method !== 'none' && method !== 'internal') throw fault('OB_NOT_SUPPORTED', `tde_method '${value}' is`);
  for (const tenantId of owners) {
    if (tenantId === sysTenantId) throw fault('OB_NOT_SUPPORTED', 'tde_method of the sys tenant is');
    const changed = tx.parameters.text(tenantId, 'tde_method').toLowerCase() !== method;
    if (changed && tx.keys.activeMasterKey(tenantId) !== null) {
      throw fault('OB_NOT_SUPPORTED', 'alter tde_method while a master key exists is');
    }
  }
}

/** 4.3: a goal needs something to aim at, and S3, which cannot append, must not be hurried. */
function checkLagTarget(tx: Repositories, owners: readonly number[], value: string, controller: Controller): void {
  if (!atLeast(controller.release, '4.3.0')) return;
  for (const tenantId of owners) {
    const target = archiveDestination(tx, controller.catalog.secrets, tenantId);
    if (target === null) throw fault('OB_OP_NOT_ALLOW', 'log_archive_dest has not been set, set archive_lag_target is');
    if (!mayLag(controller.release, target.destination.scheme, Number(parseTimeUs(value))))
      throw fault('OB_OP_NOT_ALLOW', 'archive_lag_target is smaller than 60s, set archive_lag_target for S3 is');
  }
}
