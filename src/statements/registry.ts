import type { ObStatementKind } from '../sql/statement.ts';
import { alterUser, createUser, dropUser, renameUser, setPassword } from './accounts.ts';
import { activateStandby } from './activate-standby.ts';
import { alterTenant, lockTenant, renameTenant } from './alter-tenant.ts';
import { backup, cancelBackup } from './backup.ts';
import { changeTenant } from './change-tenant.ts';
import { createTenant } from './create-tenant.ts';
import { deleteBackupPiece, deleteBackupSet, deleteObsoleteBackup } from './delete-backup.ts';
import { deleteDryRun } from './delete-dry-run.ts';
import { addDeletePolicy, cancelDelete, dropDeletePolicy } from './delete-policy.ts';
import { dropTenant, flashbackTenant, purgeTenant } from './drop-tenant.ts';
import { freeze } from './freeze.ts';
import { grant, revoke, revokeAll } from './grants.ts';
import { backupKey, rotateMasterKey, setDecryption, setEncryption } from './keys.ts';
import { archivelog, noarchivelog } from './log-mode.ts';
import { recoverStandby } from './recover-standby.ts';
import { cancelRecoverTable, recoverTable } from './recover-table.ts';
import { refusedForm, refusedStatements } from './refused.ts';
import { resetParameters } from './reset-parameters.ts';
import { alterResourcePool, createResourcePool, dropResourcePool } from './resource-pool.ts';
import { alterResourceUnit, createResourceUnit, dropResourceUnit } from './resource-unit.ts';
import { cancelRestore, restore } from './restore.ts';
import { addRestoreSource, clearRestoreSource, restorePreview } from './restore-sources.ts';
import { setParameters } from './set-parameters.ts';
import type { StatementHandler } from './statement-handler.ts';
import { changeStorageDest } from './storage-dest.ts';
import { testDestination } from './test-destination.ts';
import { flushCache, merge, runUpgradeJob } from './upkeep.ts';
import { cancelValidate, validateBackup } from './validate.ts';

/** The handler of every statement; a kind without one does not compile. */
export const handlers: { readonly [K in ObStatementKind]: StatementHandler<K> } = Object.freeze({
  ...refusedStatements,
  refusedForm,
  setParameters,
  archivelog,
  noarchivelog,
  backup,
  cancelBackup,
  addDeletePolicy,
  dropDeletePolicy,
  cancelDelete,
  deleteBackupSet,
  deleteBackupPiece,
  deleteObsoleteBackup,
  deleteDryRun,
  backupKey,
  rotateMasterKey,
  setEncryption,
  setDecryption,
  restore,
  cancelRestore,
  restorePreview,
  addRestoreSource,
  clearRestoreSource,
  activateStandby,
  recoverStandby,
  recoverTable,
  cancelRecoverTable,
  resetParameters,
  validateBackup,
  cancelValidate,
  changeStorageDest,
  testDestination,
  changeTenant,
  runUpgradeJob,
  freeze,
  merge,
  flushCache,
  createResourceUnit,
  alterResourceUnit,
  dropResourceUnit,
  createResourcePool,
  alterResourcePool,
  dropResourcePool,
  createTenant,
  alterTenant,
  renameTenant,
  lockTenant,
  dropTenant,
  flashbackTenant,
  purgeTenant,
  createUser,
  alterUser,
  dropUser,
  renameUser,
  setPassword,
  grant,
  revoke,
  revokeAll,
});
