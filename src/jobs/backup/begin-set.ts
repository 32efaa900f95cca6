import { fault } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import { type BackupSet, noStatistics } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { SetKey } from '../../copy/keys.ts';
import { endpointText } from '../../destination/destination.ts';
import { jobSecret, keepSecret } from '../job-secrets.ts';
import { archiveDestNo, dataDestination } from '../tenant-destination.ts';
import { tenantEngineOf } from '../tenant-engine-of.ts';
import { activeMasterKey } from '../tenant-keys.ts';
import { passwordKeyName, passwordKeyOf, setKeyName } from './backup-rows.ts';
import { destinationMissing, type JobRun, requireDestination, type TaskMemory } from './job-run.ts';
import { baseByRows, findBase, type SetBase } from './set-base.ts';
import { setKeyUnderMaster, setKeyUnderPassword } from './set-key.ts';
import { placeOf } from './set-place.ts';
import { removeStrayEnds } from './stray-ends.ts';

/** INIT of a job: destination and archive are held against their files, then task and set appear in one step. */
export async function beginSet(run: JobRun): Promise<void> {
  const { controller, job, tenant } = run;
  const { catalog } = controller;
  await requireDestination(run);
  await catalog.read((tx) => requireArchive(tx, tenant.tenantId));
  await removeStrayEnds(run);
  const place = await placeOf(controller, tenant);
  const engine = await tenantEngineOf(controller, tenant.tenantId);
  const { scn } = await (await engine.log()).barrier();
  const found = job.backupType === 'INC' ? await findBase(run, engine) : null;
  await catalog.transaction((tx) => {
    // Cancelled meanwhile: the driver sees it when it reads the row again.
    if (tx.backups.jobs.get(job)?.status !== 'INIT') return;
    const destination = dataDestination(tx, catalog.secrets, tenant.tenantId);
    if (destination === null) throw destinationMissing();
    // Whatever was found may have begun to be cleaned since.
    const base = found?.baseId === baseByRows(tx, tenant.tenantId, job.path).baseId ? found : null;
    const key = makeSetKey(tx, run);
    const encryptionMode = job.passwd !== '' ? 'PASSWORD' : key === null ? 'NONE' : 'TRANSPARENT_ENCRYPTION';
    const info = tx.destinations.storageInfo.get({
      tenantId: tenant.tenantId,
      path: destination.path,
      endpoint: endpointText(destination),
    });
    const memory: TaskMemory = {
      place,
      retryId: -1,
      wrappedKey: key === null ? '' : Buffer.from(key.wrapped).toString('base64'),
      keyVersion: key?.masterKeyVersion ?? 0,
      ...(base === null ? {} : { since: base.since }),
    };
    insertSet(tx, run, info?.destId ?? 0, encryptionMode, base);
    insertTask(tx, run, scn, encryptionMode, memory);
    const backupType = base === null ? 'FULL' : 'INC';
    tx.backups.jobs.update(job, { status: 'DOING', encryptionMode, backupType });
    tx.events.record('backup_data', 'persist_set_task', { tenant_id: job.tenantId, job_id: job.jobId });
  });
}

/** -9029 or -9027 when the log a restore would need is not being kept. */
export function requireArchive(tx: Repositories, tenantId: number): void {
  const status = tx.archives.rounds.get({ tenantId, destNo: archiveDestNo })?.status;
  if (status === 'DOING') return;
  throw fault(status === 'INTERRUPTED' ? 'OB_LOG_ARCHIVE_INTERRUPTED' : 'OB_LOG_ARCHIVE_NOT_RUNNING');
}

function makeSetKey(tx: Repositories, { controller, job, tenant }: JobRun): SetKey | null {
  const { secrets } = controller.catalog;
  const owner = { tenantId: job.tenantId, kind: 'backup' as const, jobId: job.jobId };
  const password = passwordKeyOf(job, jobSecret(tx, secrets, owner, passwordKeyName));
  const master = password === null ? activeMasterKey(tx, secrets, tenant.tenantId) : null;
  const key =
    password !== null
      ? setKeyUnderPassword(password, tenant.tenantId, job.backupSetId)
      : master && setKeyUnderMaster(master, tenant.tenantId, job.backupSetId);
  if (key !== null) keepSecret(tx, secrets, owner, setKeyName, key.bytes);
  return key;
}

function insertSet(
  tx: Repositories,
  { controller, job, tenant }: JobRun,
  destId: number,
  encryptionMode: string,
  base: SetBase | null,
): void {
  const at = new Date(job.startUs / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const set: BackupSet = {
    ...noStatistics,
    tenantId: tenant.tenantId,
    backupSetId: job.backupSetId,
    destId,
    backupType: base === null ? 'FULL' : 'INC',
    prevFullBackupSetId: base?.fullId ?? 0,
    prevIncBackupSetId: base?.baseId ?? 0,
    dateText: `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`,
    startUs: job.startUs,
    endUs: null,
    status: 'DOING',
    fileStatus: 'COPYING',
    plusArchivelog: job.plusArchivelog,
    startReplayScn: 0n,
    minRestoreScn: 0n,
    minRestoreScnDisplay: '',
    consistentScn: 0n,
    result: 0,
    comment: '',
    encryptionMode,
    passwd: job.passwd,
    tenantCompatible: tenant.compatible,
    clusterVersion: `${controller.release.text}.0`,
    backupCompatible: controller.release.numbers[1] >= 3 ? 4 : controller.release.numbers[1] + 1,
    path: job.path,
    stepData: {},
  };
  tx.backups.sets.insert(set);
}

function insertTask(
  tx: Repositories,
  { job }: JobRun,
  startScn: Scn,
  encryptionMode: string,
  memory: TaskMemory,
): void {
  tx.backups.tasks.insert({
    ...noStatistics,
    tenantId: job.tenantId,
    taskId: tx.counters.next(job.tenantId, 'task'),
    jobId: job.jobId,
    history: false,
    backupSetId: job.backupSetId,
    startUs: job.startUs,
    endUs: null,
    status: 'INIT',
    startScn,
    endScn: 0n,
    userLsStartScn: 0n,
    encryptionMode,
    passwd: job.passwd,
    logFileCount: 0,
    finishLogFileCount: 0,
    result: 0,
    comment: '',
    path: job.path,
    stepData: memory,
  });
}
