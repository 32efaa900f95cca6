import { fault } from '../base/errors.ts';
import type { ObStatementKind } from '../sql/statement.ts';
import { handler, type StatementAccess, type StatementHandler } from './statement-handler.ts';

const alterSystem: StatementAccess = { privilege: 'ALTER SYSTEM', tenants: 'all' };

/** A statement nothing here can carry out: 1235 with its name, after the privileges. */
function refused<K extends ObStatementKind>(name: string, access: StatementAccess = alterSystem): StatementHandler<K> {
  return handler<K, null>({
    access,
    check: async () => {
      throw fault('OB_NOT_SUPPORTED', `${name} is`);
    },
    run: async () => ({}),
  });
}

const sysOnly: StatementAccess = { privilege: 'ALTER SYSTEM', tenants: 'sys' };

/** Statements without a handler yet, by kind. */
export const refusedStatements = Object.freeze({
  backupClusterParameters: refused<'backupClusterParameters'>('backup cluster parameters', sysOnly),
  addDeletePolicy: refused<'addDeletePolicy'>('add delete backup policy'),
  dropDeletePolicy: refused<'dropDeletePolicy'>('drop delete backup policy'),
  cancelDelete: refused<'cancelDelete'>('cancel delete backup'),
  deleteBackupSet: refused<'deleteBackupSet'>('delete backupset'),
  deleteBackupPiece: refused<'deleteBackupPiece'>('delete backuppiece'),
  deleteObsoleteBackup: refused<'deleteObsoleteBackup'>('delete obsolete backup'),
  restorePreview: refused<'restorePreview'>('restore preview', sysOnly),
  addRestoreSource: refused<'addRestoreSource'>('add restore source', sysOnly),
  clearRestoreSource: refused<'clearRestoreSource'>('clear restore source', sysOnly),
  recoverStandby: refused<'recoverStandby'>('recover standby'),
  switchover: refused<'switchover'>('switchover tenant', { privilege: 'SUPER', tenants: 'all' }),
  createStandbyTenant: refused<'createStandbyTenant'>('create standby tenant', { privilege: 'SUPER', tenants: 'sys' }),
  recoverTable: refused<'recoverTable'>('recover table', sysOnly),
  cancelRecoverTable: refused<'cancelRecoverTable'>('cancel recover table', sysOnly),
  changeStorageDest: refused<'changeStorageDest'>('change external storage dest'),
  service: refused<'service'>('service'),
  validateBackup: refused<'validateBackup'>('validate backup'),
  splitResourcePool: refused<'splitResourcePool'>('split resource pool', {
    privilege: 'CREATE RESOURCE POOL',
    tenants: 'sys',
  }),
  mergeResourcePools: refused<'mergeResourcePools'>('merge resource pools', {
    privilege: 'CREATE RESOURCE POOL',
    tenants: 'sys',
  }),
  alterResourceTenant: refused<'alterResourceTenant'>('alter resource tenant', {
    privilege: 'CREATE RESOURCE POOL',
    tenants: 'sys',
  }),
  cloneTenant: refused<'cloneTenant'>('clone tenant', { privilege: 'SUPER', tenants: 'sys' }),
});

/** A form the parser knows and the server refuses for good. */
export const refusedForm = handler<'refusedForm', null>({
  access: { privilege: null, tenants: 'all' },
  check: async ({ symbol, feature }) => {
    throw feature === null ? fault(symbol) : fault(symbol, feature);
  },
  run: async () => ({}),
});

/** Stands in a place of the registry until the handler of the kind is written. */
export function notYet<K extends ObStatementKind>(name: string): StatementHandler<K> {
  return refused<K>(name, { privilege: null, tenants: 'all' });
}
