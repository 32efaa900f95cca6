import { fault } from '../../base/errors.ts';
import { atLeast } from '../../base/release.ts';
import { clusterScope } from '../../catalog/parameters.ts';
import { sysTenantId, tenantType } from '../../catalog/tenants.ts';
import type { Show } from '../../sql/ast/session.ts';
import type { Cell } from '../../value/column-type.ts';
import { type MemoryRows, numberColumn, textColumn } from '../memory-table.ts';
import type { SessionContext } from '../session-context.ts';

const head = [
  textColumn('zone', 128),
  textColumn('svr_type', 64),
  textColumn('svr_ip', 46),
  numberColumn('svr_port'),
  textColumn('name', 128),
  textColumn('data_type', 128),
  textColumn('value', 65_535),
  textColumn('info', 4096),
  textColumn('section', 128),
  textColumn('scope', 64),
  textColumn('source', 64),
  textColumn('edit_level', 128),
];
const tail = [textColumn('default_value', 65_535), textColumn('isdefault', 3)];

/** SHOW PARAMETERS [TENANT = t]: those of the cluster and of one tenant. Hidden ones never show. */
export async function parameters(show: Show, { state, host }: SessionContext): Promise<MemoryRows> {
  const { catalog, release } = host.controller;
  const isSys = state.identity.tenant.tenantId === sysTenantId;
  if (show.tenant !== null && !isSys) throw fault('OB_ERR_NO_PRIVILEGE');
  const withDefaults = atLeast(release, '4.2.2');
  const typed = atLeast(release, '4.3.0');
  const rows = await catalog.read((tx) => {
    const tenantId = show.tenant === null ? state.tenant.tenantId : tx.tenants.byName(show.tenant)?.tenantId;
    if (tenantId === undefined || tenantType(tenantId) === 'META') throw fault('OB_ERR_INVALID_TENANT_NAME');
    const { zone, svrIp, svrPort } = tx.cluster.server();
    const changed = { cluster: tx.parameters.changed(clusterScope), tenant: tx.parameters.changed(tenantId) };
    return tx.parameters
      .definitions()
      .filter(({ hidden, scope }) => !hidden && (scope === 'TENANT' || show.tenant === null))
      .map((one): readonly Cell[] => {
        const value = (one.scope === 'TENANT' ? changed.tenant : changed.cluster)[one.name] ?? one.defaultValue;
        const type = typed ? one.type : null;
        const row = [zone, 'observer', svrIp, svrPort, one.name, type, value, one.info, one.section, one.scope];
        const more = withDefaults ? [one.defaultValue, value === one.defaultValue ? 'YES' : 'NO'] : [];
        return [...row, 'DEFAULT', one.editLevel, ...more];
      })
      .sort((a, b) => (String(a[4]) < String(b[4]) ? -1 : 1));
  });
  return { columns: withDefaults ? [...head, ...tail] : head, rows };
}
