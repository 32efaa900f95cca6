import type { Connection } from 'mysql2/promise';
import { copyLimitMs, rowsOf, until } from './clients.ts';

/** One finished backup set as the views show it. */
export interface FinishedSet {
  readonly seconds: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly encryption: string;
}

/** A backup, full without `kind`: from the statement until the set says SUCCESS. */
export async function backUp(
  sys: Connection,
  tenant: string,
  place: string,
  kind: '' | 'INCREMENTAL ' = '',
): Promise<FinishedSet> {
  const known = `SELECT COALESCE(MAX(BACKUP_SET_ID), 0) AS last FROM oceanbase.CDB_OB_BACKUP_SET_FILES`;
  const last = (await rowsOf(sys, known))[0]?.['last'];
  const startMs = performance.now();
  await sys.query(`ALTER SYSTEM BACKUP ${kind}TENANT = ${tenant}`);
  const rows = await until(
    sys,
    `SELECT STATUS, COMMENT, INPUT_BYTES, OUTPUT_BYTES, ENCRYPTION_MODE FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE BACKUP_SET_ID > ${last}`,
    ([set]) => set !== undefined && set['STATUS'] !== 'DOING',
    copyLimitMs,
  );
  const seconds = (performance.now() - startMs) / 1000;
  const set = rows[0];
  if (set?.['STATUS'] !== 'SUCCESS') throw new Error(`the backup to ${place} failed: ${JSON.stringify(set)}`);
  return {
    seconds,
    inputBytes: Number(set['INPUT_BYTES']),
    outputBytes: Number(set['OUTPUT_BYTES']),
    encryption: String(set['ENCRYPTION_MODE']),
  };
}

export interface RestoreWish {
  readonly name: string;
  readonly place: string;
  /** What follows `WITH 'pool_list=…'`, such as the key of encrypted sets. */
  readonly more: string;
  /** The sources, where they are not `data` and `archive` in `place`. */
  readonly from?: string;
}

/** Restore into a new tenant: seconds from the statement until its row says RESTORE_SUCCESS. */
export async function restore(sys: Connection, { name, place, more, ...wish }: RestoreWish): Promise<number> {
  await sys.query(`CREATE RESOURCE UNIT IF NOT EXISTS unit_restore MAX_CPU 1, MEMORY_SIZE '5G'`);
  await sys.query(`CREATE RESOURCE POOL pool_${name} UNIT = 'unit_restore', UNIT_NUM = 1, ZONE_LIST = ('zone1')`);
  const from = wish.from ?? `file://${place}/data,file://${place}/archive`;
  const startMs = performance.now();
  await sys.query(`ALTER SYSTEM RESTORE ${name} FROM '${from}' WITH 'pool_list=pool_${name}'${more}`);
  const rows = await until(
    sys,
    `SELECT STATUS FROM oceanbase.CDB_OB_RESTORE_PROGRESS WHERE RESTORE_TENANT_NAME = '${name}' AND TENANT_ID > 1`,
    ([job]) => job === undefined || /SUCCESS|FAIL/.test(String(job['STATUS'])),
    copyLimitMs,
  );
  const seconds = (performance.now() - startMs) / 1000;
  if (rows[0]?.['STATUS'] === 'RESTORE_SUCCESS') return seconds;
  const why = await until(
    sys,
    `SELECT STATUS, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = '${name}' AND TENANT_ID > 1`,
    (found) => found.length > 0,
  );
  throw new Error(`the restore failed: ${JSON.stringify(why)}`);
}

/** Waits until the restored tenant's job is history, then removes the tenant with its pool. */
export async function dropRestored(sys: Connection, name: string): Promise<void> {
  await until(
    sys,
    `SELECT STATUS FROM oceanbase.CDB_OB_RESTORE_PROGRESS WHERE RESTORE_TENANT_NAME = '${name}'`,
    (rows) => rows.length === 0,
  );
  await sys.query(`DROP TENANT ${name} FORCE`);
  await sys.query(`DROP RESOURCE POOL IF EXISTS pool_${name}`);
}
