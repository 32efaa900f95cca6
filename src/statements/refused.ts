import { fault } from '../base/errors.ts';
import type { ObStatementKind } from '../sql/statement.ts';
import { handler, type StatementAccess, type StatementHandler } from './statement-handler.ts';
import { resolveRoleTarget } from './tenant-clause.ts';

/** A statement nothing here can carry out: 1235 with its name, after the privileges. */
function refused<K extends ObStatementKind>(name: string, access: StatementAccess): StatementHandler<K> {
  return handler<K, null>({
    access,
    check: async () => {
      throw fault('OB_NOT_SUPPORTED', `${name} is`);
    },
    run: async () => ({}),
  });
}

/** As `refused`, after the complaints about its one tenant. */
function refusedRole<K extends 'switchover'>(name: string, access: StatementAccess): StatementHandler<K> {
  return handler<K, unknown>({
    ...refused<K>(name, access),
    async resolve(statement, speaker, controller) {
      const { tenant } = statement as { readonly tenant: string | null };
      await controller.catalog.read((tx) => resolveRoleTarget(tx, tenant, speaker));
    },
  });
}

const anyTenant: StatementAccess = { privilege: 'ALTER SYSTEM', tenants: 'all' };
const sysOnly: StatementAccess = { privilege: 'ALTER SYSTEM', tenants: 'sys' };
const superAnywhere: StatementAccess = { privilege: 'SUPER', tenants: 'all' };
const superInSys: StatementAccess = { privilege: 'SUPER', tenants: 'sys' };
const pools: StatementAccess = { privilege: 'CREATE RESOURCE POOL', tenants: 'sys' };

/** Statements without a handler yet, by kind. */
export const refusedStatements = Object.freeze({
  backupClusterParameters: refused<'backupClusterParameters'>('backup cluster parameters', sysOnly),
  switchover: refusedRole<'switchover'>('switchover', superAnywhere),
  createStandbyTenant: refused<'createStandbyTenant'>('create standby tenant', superInSys),
  service: refused<'service'>('service', anyTenant),
  runJob: refused<'runJob'>('run job', sysOnly),
  stopUpgradeJob: refused<'stopUpgradeJob'>('stop upgrade job', sysOnly),
  splitResourcePool: refused<'splitResourcePool'>('split resource pool', pools),
  mergeResourcePools: refused<'mergeResourcePools'>('merge resource pools', pools),
  alterResourceTenant: refused<'alterResourceTenant'>('alter resource tenant', pools),
  cloneTenant: refused<'cloneTenant'>('clone tenant', superInSys),
  grantRoles: refused<'grantRoles'>('grant role', { privilege: null, tenants: 'all' }),
  revokeRoles: refused<'revokeRoles'>('revoke role', { privilege: null, tenants: 'all' }),
});

/** A form the parser knows and the server refuses for good. */
export const refusedForm = handler<'refusedForm', null>({
  access: { privilege: null, tenants: 'all' },
  check: async ({ symbol, feature }) => {
    throw feature === null ? fault(symbol) : fault(symbol, feature);
  },
  run: async () => ({}),
});
