import { fault } from '../../base/errors.ts';
import { sysTenantId, tenantType } from '../../catalog/tenants.ts';
import type { Show } from '../../sql/ast/session.ts';
import { type MemoryRows, textColumn } from '../memory-table.ts';
import type { SessionContext } from '../session-context.ts';

const tenantColumns = [textColumn('Current_tenant_name', 64)];

/** SHOW TENANT: the tenant the session works in. */
export function tenant(_: Show, { state }: SessionContext): MemoryRows {
  if (state.kind === 'oracle') throw fault('OB_NOT_SUPPORTED', 'show tenant in oracle mode is');
  return { columns: tenantColumns, rows: [[state.tenant.tenantName]] };
}

const statusColumns = [textColumn('Tenant', 64), textColumn('Status', 64)];

/** SHOW TENANT STATUS: sys of every tenant, others their own. */
export async function tenantStatus(_: Show, { state, host }: SessionContext): Promise<MemoryRows> {
  const tenants = await host.controller.catalog.read((tx) => tx.tenants.list());
  const seen = tenants.filter(
    ({ tenantId }) =>
      tenantType(tenantId) !== 'META' && (state.tenant.tenantId === sysTenantId || tenantId === state.tenant.tenantId),
  );
  const rows = seen.map(({ tenantName, readOnly, role }) => [
    tenantName,
    readOnly || role !== 'PRIMARY' ? 'read only' : 'read write',
  ]);
  return { columns: statusColumns, rows };
}

const createColumns = [textColumn('Tenant', 64), textColumn('Create Tenant', 4096)];

/** SHOW CREATE TENANT; 5157 for one the session does not see. */
export async function createTenant(show: Show, { state, host }: SessionContext): Promise<MemoryRows> {
  if (state.kind === 'oracle') throw fault('OB_NOT_SUPPORTED', 'show create tenant in oracle mode is');
  const name = show.subject?.name ?? state.tenant.tenantName;
  const { found, pools } = await host.controller.catalog.read((tx) => {
    const row = tx.tenants.byName(name);
    return {
      found: row,
      pools: row ? tx.resources.pools.list({ tenantId: row.tenantId }) : [],
    };
  });
  const visible = found !== null && (state.tenant.tenantId === sysTenantId || found.tenantId === state.tenant.tenantId);
  if (!visible) throw fault('OB_TENANT_NOT_EXIST', name);
  const zones = [...new Set(pools.flatMap(({ zoneList }) => zoneList.split(';')))];
  const text = [
    `CREATE TENANT ${found.tenantName} charset=${found.charset}`,
    'replica_num=1',
    `zone_list(${quoted(zones.length > 0 ? zones : ['zone1'])})`,
    `primary_zone='${found.primaryZone}'`,
    `locality='${found.locality}'`,
    `resource_pool_list(${quoted(pools.map((pool) => pool.name))})`,
    ...(found.comment === '' ? [] : [`comment='${found.comment.replaceAll("'", "''")}'`]),
  ];
  return { columns: createColumns, rows: [[found.tenantName, text.join(', ')]] };
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

const binColumns = ['OBJECT_NAME', 'ORIGINAL_NAME', 'TYPE', 'CREATETIME'].map((label) => textColumn(label, 128));

/** SHOW RECYCLEBIN: dropped tenants, which only sys has. */
export async function recyclebin(_: Show, { state, host, live }: SessionContext): Promise<MemoryRows> {
  if (state.tenant.tenantId !== sysTenantId) return { columns: binColumns, rows: [] };
  const { localOfUs } = await import('../../value/time-zone.ts');
  const { formatDateTime } = await import('../../value/temporal.ts');
  const tenants = await host.controller.catalog.read((tx) => tx.tenants.users());
  const rows = tenants
    .filter(({ inRecyclebin }) => inRecyclebin)
    .map(({ tenantName, originalName, modifyUs }) => {
      const moment = localOfUs(live.timeZone, modifyUs);
      return [tenantName, originalName ?? tenantName, 'TENANT', moment ? formatDateTime(moment, 6) : null];
    });
  return { columns: binColumns, rows };
}
