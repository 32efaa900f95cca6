import type { Repositories } from '../../catalog/catalog.ts';
import type { RecoverTableJob } from '../../catalog/recover-tables.ts';
import { sysTenantId, type Tenant } from '../../catalog/tenants.ts';
import type { TableName, TableWish } from '../../policy/table-mapping.ts';
import type { Controller } from '../controller.ts';
import { insertRestore, type RestoreOrder } from '../restore/restore-rows.ts';

/** What RECOVER TABLE asks, once everything was checked. */
export interface RecoverTableOrder {
  readonly target: Tenant;
  readonly wish: TableWish;
  /** The restore of the auxiliary tenant. */
  readonly restore: RestoreOrder;
}

/** What the target's row remembers between steps. */
export interface RecoverTableMemory {
  readonly wish: TableWish;
  /** How it ends, written down before the auxiliary tenant is dropped. */
  readonly end?: { readonly failed: boolean; readonly result: string; readonly comment: string };
}

/** Name of an auxiliary tenant; nobody else can make one with a `$`. */
export function auxTenantName(nowUs: number): string {
  return `AUX_RECOVER$${nowUs}`;
}

/** Both rows and the restore of the auxiliary tenant: one step. */
export function insertRecoverTable(tx: Repositories, controller: Controller, order: RecoverTableOrder): void {
  const { target, wish, restore } = order;
  const auxTenantId = insertRestore(tx, controller, restore);
  const restoring = tx.restores.jobs.list({ tenantId: auxTenantId })[0]!;
  const sysJobId = tx.counters.next(sysTenantId, 'job');
  const row: Omit<RecoverTableJob, 'tenantId' | 'jobId' | 'initiatorJobId' | 'status' | 'stepData'> = {
    history: false,
    initiatorTenantId: sysTenantId,
    startUs: controller.clock.nowUs(),
    finishUs: null,
    auxTenantName: restore.tenantName,
    auxTenantId,
    targetTenantName: target.tenantName,
    targetTenantId: target.tenantId,
    importAll: wish.all,
    dbList: wish.databases.map(quoted).join(','),
    tableList: wish.tables.map(tableText).join(','),
    restoreScn: restoring.restoreScn,
    restoreOption: restore.options,
    backupDest: restoring.backupDest,
    backupSetList: restoring.backupSetList,
    backupPieceList: restoring.backupPieceList,
    backupPasswd: restore.digests.join(','),
    remapDbList: wish.remapDatabases.map(({ from, to }) => `${quoted(from)}:${quoted(to)}`).join(','),
    remapTableList: wish.remapTables.map(({ from, to }) => `${tableText(from)}:${tableText(to)}`).join(','),
    result: null,
    comment: '',
    description: restore.description,
  };
  tx.recoverTables.jobs.insert({
    ...row,
    ...{ tenantId: sysTenantId, jobId: sysJobId, initiatorJobId: 0, status: 'RECOVERING', stepData: {} },
  });
  const memory: RecoverTableMemory = { wish };
  const { tenantId } = target;
  const jobId = tx.counters.next(tenantId, 'job');
  tx.recoverTables.jobs.insert({
    ...row,
    ...{ tenantId, jobId, initiatorJobId: sysJobId, status: 'RESTORE_AUX_TENANT', stepData: memory },
  });
  tx.events.record('recover_table', 'recover_table_start', { tenant_id: tenantId, job_id: jobId });
}

/** Writes the next step of a recovery; false when its row has moved on since `job` was read, as CANCEL does: nothing is written then. */
export function advance(tx: Repositories, job: RecoverTableJob, changes: Partial<RecoverTableJob>): boolean {
  const live = tx.recoverTables.jobs.get(job);
  if (live?.status !== job.status || live.finishUs !== null) return false;
  tx.recoverTables.jobs.update(job, changes);
  return true;
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export function tableText({ database, table }: TableName): string {
  return `${quoted(database)}.${quoted(table)}`;
}
