import { faultText } from '../base/errors.ts';

/** Allowed moves: for each state those that may follow. A state without followers is an end. */
export type StateTable = Readonly<Record<string, readonly string[]>>;

export const backupJobStates = {
  INIT: ['DOING', 'FAILED', 'CANCELING'],
  DOING: ['COMPLETED', 'FAILED', 'CANCELING'],
  CANCELING: ['CANCELED'],
  COMPLETED: [],
  FAILED: [],
  CANCELED: [],
} as const satisfies StateTable;

/** Stages of a set task, release 4.2.1. Each may fail or be cancelled. */
export const backupTaskStates = {
  INIT: ['BACKUP_SYS_META', 'FAILED', 'CANCELING'],
  BACKUP_SYS_META: ['BACKUP_USER_META', 'FAILED', 'CANCELING'],
  BACKUP_USER_META: ['BACKUP_META_FINISH', 'FAILED', 'CANCELING'],
  BACKUP_META_FINISH: ['BACKUP_DATA_MINOR', 'FAILED', 'CANCELING'],
  BACKUP_DATA_MINOR: ['BACKUP_DATA_MAJOR', 'FAILED', 'CANCELING'],
  BACKUP_DATA_MAJOR: ['BEFORE_BACKUP_LOG', 'BACKUP_LOG', 'FAILED', 'CANCELING'],
  BEFORE_BACKUP_LOG: ['BACKUP_LOG', 'FAILED', 'CANCELING'],
  BACKUP_LOG: ['COMPLETED', 'FAILED', 'CANCELING'],
  CANCELING: ['CANCELED'],
  COMPLETED: [],
  FAILED: [],
  CANCELED: [],
} as const satisfies StateTable;

export const setStates = {
  DOING: ['SUCCESS', 'FAILED'],
  SUCCESS: [],
  FAILED: [],
} as const satisfies StateTable;

export const setFileStates = {
  AVAILABLE: ['BROKEN', 'EXPIRED', 'DELETING', 'INCOMPLETE'],
  INCOMPLETE: ['COPYING', 'DELETING'],
  // DELETED: another server ended the set, and nothing on the medium is this one's.
  COPYING: ['AVAILABLE', 'INCOMPLETE', 'DELETED'],
  BROKEN: ['DELETING'],
  EXPIRED: ['AVAILABLE', 'DELETING'],
  DELETING: ['DELETED'],
  DELETED: [],
} as const satisfies StateTable;

/** A new round starts at PREPARE; the row leaves for the history at STOP. */
export const archiveRoundStates = {
  PREPARE: ['BEGINNING', 'STOPPING'],
  BEGINNING: ['DOING', 'STOPPING'],
  DOING: ['INTERRUPTED', 'SUSPENDING', 'STOPPING'],
  INTERRUPTED: ['STOPPING'],
  SUSPENDING: ['SUSPEND', 'STOPPING'],
  SUSPEND: ['BEGINNING', 'STOPPING'],
  STOPPING: ['STOP'],
  STOP: [],
} as const satisfies StateTable;

export const pieceStates = {
  INACTIVE: ['ACTIVE', 'FROZEN'],
  ACTIVE: ['FROZEN'],
  FROZEN: [],
} as const satisfies StateTable;

export const pieceFileStates = {
  INCOMPLETE: ['AVAILABLE', 'DELETING'],
  AVAILABLE: ['DELETING'],
  DELETING: ['DELETED'],
  DELETED: [],
} as const satisfies StateTable;

export const restoreSysStates = {
  CREATE_TENANT: ['WAIT_TENANT_RESTORE_FINISH', 'RESTORE_FAIL'],
  WAIT_TENANT_RESTORE_FINISH: ['RESTORE_SUCCESS', 'RESTORE_FAIL'],
  RESTORE_SUCCESS: [],
  RESTORE_FAIL: [],
} as const satisfies StateTable;

export const restoreTenantStates = {
  RESTORE_PRE: ['RESTORE_CREATE_INIT_LS', 'RESTORE_FAIL'],
  RESTORE_CREATE_INIT_LS: ['PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN', 'RESTORE_WAIT_LS', 'RESTORE_FAIL'],
  PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN: ['RESTORE_WAIT_LS', 'RESTORE_FAIL'],
  RESTORE_WAIT_LS: ['POST_CHECK', 'RESTORE_FAIL'],
  POST_CHECK: ['UPGRADE', 'RESTORE_SUCCESS', 'RESTORE_FAIL'],
  UPGRADE: ['RESTORE_SUCCESS', 'RESTORE_FAIL'],
  RESTORE_SUCCESS: [],
  RESTORE_FAIL: [],
} as const satisfies StateTable;

/** True when `to` may follow `from`. Staying is always allowed: every step may be repeated after a crash. */
export function mayMove(table: StateTable, from: string, to: string): boolean {
  return from === to ? from in table : (table[from]?.includes(to) ?? false);
}

/** Throws OB_ERR_UNEXPECTED for a move that is not in the table: a bug of ours, never the user's. */
export function assertMove(table: StateTable, from: string, to: string): void {
  if (!mayMove(table, from, to)) throw faultText('OB_ERR_UNEXPECTED', `state ${from} must not become ${to}`);
}
