import type { ObStatementKind } from '../sql/statement.ts';
import { activateStandby } from './activate-standby.ts';
import { backup, cancelBackup } from './backup.ts';
import { backupKey, rotateMasterKey, setDecryption, setEncryption } from './keys.ts';
import { archivelog, noarchivelog } from './log-mode.ts';
import { notYet, refusedForm, refusedStatements } from './refused.ts';
import { alterResourcePool, createResourcePool, dropResourcePool } from './resource-pool.ts';
import { alterResourceUnit, createResourceUnit, dropResourceUnit } from './resource-unit.ts';
import { cancelRestore, restore } from './restore.ts';
import { setParameters } from './set-parameters.ts';
import type { StatementHandler } from './statement-handler.ts';

/** The handler of every statement; a kind without one does not compile. */
export const handlers: { readonly [K in ObStatementKind]: StatementHandler<K> } = Object.freeze({
  ...refusedStatements,
  refusedForm,
  setParameters,
  archivelog,
  noarchivelog,
  backup,
  cancelBackup,
  backupKey,
  rotateMasterKey,
  setEncryption,
  setDecryption,
  restore,
  cancelRestore,
  activateStandby,
  resetParameters: notYet<'resetParameters'>('reset parameters'),
  changeTenant: notYet<'changeTenant'>('change tenant'),
  runUpgradeJob: notYet<'runUpgradeJob'>('run upgrade job'),
  stopUpgradeJob: notYet<'stopUpgradeJob'>('stop upgrade job'),
  runJob: notYet<'runJob'>('run job'),
  freeze: notYet<'freeze'>('freeze'),
  merge: notYet<'merge'>('merge control'),
  flushCache: notYet<'flushCache'>('flush cache'),
  createResourceUnit,
  alterResourceUnit,
  dropResourceUnit,
  createResourcePool,
  alterResourcePool,
  dropResourcePool,
  createTenant: notYet<'createTenant'>('create tenant'),
  alterTenant: notYet<'alterTenant'>('alter tenant'),
  renameTenant: notYet<'renameTenant'>('rename tenant'),
  lockTenant: notYet<'lockTenant'>('lock tenant'),
  dropTenant: notYet<'dropTenant'>('drop tenant'),
  flashbackTenant: notYet<'flashbackTenant'>('flashback tenant'),
  purgeTenant: notYet<'purgeTenant'>('purge tenant'),
  createUser: notYet<'createUser'>('create user'),
  alterUser: notYet<'alterUser'>('alter user'),
  dropUser: notYet<'dropUser'>('drop user'),
  renameUser: notYet<'renameUser'>('rename user'),
  setPassword: notYet<'setPassword'>('set password'),
  grant: notYet<'grant'>('grant'),
  revoke: notYet<'revoke'>('revoke'),
  revokeAll: notYet<'revokeAll'>('revoke all'),
  grantRoles: notYet<'grantRoles'>('grant role'),
  revokeRoles: notYet<'revokeRoles'>('revoke role'),
});
