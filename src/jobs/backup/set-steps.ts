import { fault } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import { scnToUs } from '../../base/scn.ts';
import { type BackupJob, type BackupSet, type BackupTask, noStatistics } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { Tenant } from '../../catalog/tenants.ts';
import { backupBlocks } from '../../copy/backup-blocks.ts';
import type { SetKey } from '../../copy/keys.ts';
import { endpointText } from '../../destination/destination.ts';
import { requireFormat } from '../../destination/identity.ts';
import { withCodedErrors } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';
import { formatDateTime } from '../../value/temporal.ts';
import { localOfUs } from '../../value/time-zone.ts';
import type { Controller } from '../controller.ts';
import { jobSecret, keepSecret } from '../job-secrets.ts';
import { archiveDestNo, dataDestination, expectedFormat } from '../tenant-destination.ts';
import { activeMasterKey } from '../tenant-keys.ts';
import { passwordKeyName, passwordKeyOf, setKeyName } from './backup-rows.ts';
import {
  dataFileKey,
  type SetPlace,
  setNameOf,
  writeDataIndex,
  writeMetaInfos,
  writeSetEnd,
  writeSetStart,
} from './set-files.ts';
import { setKeyUnderMaster, setKeyUnderPassword } from './set-key.ts';

/** What a set task remembers between steps. */
export interface TaskMemory {
  /** Attempt whose directory holds the blocks. */
  readonly retryId: number;
  /** Wrapped set key, base64; empty for a set in clear. */
  readonly wrappedKey: string;
  readonly keyVersion: number;
  /** SCN of the copied snapshot, set when the blocks are on the medium. */
  readonly copiedScn?: string;
  /** End of the set, fixed before its last files are written so that they can be written again. */
  readonly endUs?: number;
}

/** Everything one run of a tenant's job works on. */
export interface JobRun {
  readonly controller: Controller;
  readonly job: BackupJob;
  readonly tenant: Tenant;
  readonly medium: Medium;
  readonly signal: AbortSignal;
}

export function taskMemory(task: BackupTask): TaskMemory {
  return task.stepData as TaskMemory;
}

/** INIT of a job: destination and archive are held against their files, then task, set and start placeholder appear. */
export async function beginSet(run: JobRun): Promise<void> {
  const { controller, job, tenant, medium, signal } = run;
  const { secrets } = controller.catalog;
  const destination = await controller.catalog.read((tx) => dataDestination(tx, secrets, tenant.tenantId));
  if (destination === null) throw fault('OB_BACKUP_CAN_NOT_START', 'backup dest is not set.');
  const expected = await controller.catalog.read((tx) =>
    expectedFormat(tx, controller, tenant, destination, 'backup_data'),
  );
  await withCodedErrors(() => requireFormat(medium, expected, signal));
  await controller.catalog.read((tx) => requireArchive(tx, tenant.tenantId));
  const engine = await controller.engines.open(tenant.tenantId);
  const { scn } = await (await engine.log()).barrier();
  await controller.catalog.transaction((tx) => {
    const key = makeSetKey(tx, run);
    const encryptionMode = job.passwd !== '' ? 'PASSWORD' : key === null ? 'NONE' : 'TRANSPARENT_ENCRYPTION';
    const info = tx.destinations.storageInfo.get({
      tenantId: tenant.tenantId,
      path: destination.path,
      endpoint: endpointText(destination),
    });
    const memory: TaskMemory = {
      retryId: -1,
      wrappedKey: key === null ? '' : Buffer.from(key.wrapped).toString('base64'),
      keyVersion: key?.masterKeyVersion ?? 0,
    };
    insertSet(tx, run, info?.destId ?? 0, encryptionMode);
    insertTask(tx, run, scn, encryptionMode, memory);
    tx.backups.jobs.update(job, { status: 'DOING', encryptionMode });
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
): void {
  const at = new Date(job.startUs / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const set: BackupSet = {
    ...noStatistics,
    tenantId: tenant.tenantId,
    backupSetId: job.backupSetId,
    destId,
    backupType: job.backupType,
    prevFullBackupSetId: 0,
    prevIncBackupSetId: 0,
    dateText: `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`,
    startUs: job.startUs,
    endUs: null,
    status: 'DOING',
    fileStatus: 'COPYING',
    plusArchivelog: false,
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

/** BACKUP_SYS_META and BACKUP_USER_META. */
export async function copyMeta(run: JobRun, task: BackupTask, set: BackupSet): Promise<void> {
  const { controller, medium, signal } = run;
  await writeSetStart(medium, setNameOf(set), signal);
  await changeTask(controller, task, { status: 'BACKUP_SYS_META' });
  const place = await placeOf(run);
  await writeMetaInfos(medium, setNameOf(set), place, task.startScn, signal);
  const engine = await controller.engines.open(run.tenant.tenantId);
  const { scn } = await (await engine.log()).barrier();
  await changeTask(controller, task, { status: 'BACKUP_USER_META', userLsStartScn: scn });
}

/** BACKUP_DATA_MINOR and BACKUP_DATA_MAJOR: pins the tenant, copies every block, publishes the files. */
export async function copyData(run: JobRun, task: BackupTask, set: BackupSet): Promise<void> {
  const { controller, job, tenant, medium, signal } = run;
  const memory = { ...taskMemory(task), retryId: taskMemory(task).retryId + 1 };
  const engine = await controller.engines.open(tenant.tenantId);
  // No commit lies between the barrier and a later snapshot's newest commit but those the snapshot holds, so the greater of
  // the two is the snapshot's SCN even when the tenant has long been idle.
  const { scn: barrierScn } = await (await engine.log()).barrier();
  const snapshot = await engine.pin();
  try {
    const endScn = snapshot.scn > barrierScn ? snapshot.scn : barrierScn;
    const counts = { tabletCount: 1, macroBlockCount: snapshot.blockCount };
    await changeTask(controller, task, { status: 'BACKUP_DATA_MINOR', endScn, stepData: memory, ...counts });
    await changeTask(controller, task, { status: 'BACKUP_DATA_MAJOR' });
    const name = setNameOf(set);
    const key = await setKeyOf(run, memory);
    const maxFileBytes = await controller.catalog.read((tx) =>
      Number(tx.parameters.capacityBytes(tenant.tenantId, 'backup_data_file_size')),
    );
    const progress = progressWriter(controller, task, set);
    const result = await backupBlocks({
      snapshot,
      openSink: (fileNo) => medium.createObject(dataFileKey(name, memory.retryId, fileNo), signal),
      nameOf: (fileNo) => dataFileKey(name, memory.retryId, fileNo),
      maxFileBytes,
      setId: job.backupSetId,
      tenantId: tenant.tenantId,
      key,
      workers: controller.workers,
      signal,
      clock: controller.clock,
      onProgress: progress.note,
    });
    await progress.settle();
    await writeDataIndex(medium, name, memory.retryId, endScn, result.entries, signal);
    const statistics = {
      inputBytes: BigInt(result.inputBytes),
      outputBytes: BigInt(result.outputBytes),
      tabletCount: 1,
      finishTabletCount: 1,
      macroBlockCount: snapshot.blockCount,
      finishMacroBlockCount: snapshot.blockCount,
      fileCount: result.files.length,
    };
    await controller.catalog.transaction((tx) => {
      const done: TaskMemory = { ...memory, copiedScn: String(endScn) };
      tx.backups.tasks.update(task, { ...statistics, status: 'BACKUP_LOG', stepData: done });
      tx.backups.sets.update(set, {
        ...statistics,
        startReplayScn: endScn,
        consistentScn: endScn,
        minRestoreScn: endScn,
      });
    });
  } finally {
    await snapshot.release();
  }
}

/** Progress numbers go to the rows at most a few times a second, one write at a time. */
function progressWriter(controller: Controller, task: BackupTask, set: BackupSet) {
  const everyUs = 300_000;
  let lastUs = 0;
  let writing: Promise<void> = Promise.resolve();
  return {
    note(progress: { readonly inputBytes: number; readonly outputBytes: number; readonly blocksDone: number }) {
      const nowUs = controller.clock.nowUs();
      if (nowUs - lastUs < everyUs) return;
      lastUs = nowUs;
      const changes = {
        inputBytes: BigInt(progress.inputBytes),
        outputBytes: BigInt(progress.outputBytes),
        finishMacroBlockCount: progress.blocksDone,
      };
      writing = writing.then(() =>
        controller.catalog.transaction((tx) => {
          tx.backups.tasks.update(task, changes);
          tx.backups.sets.update(set, changes);
        }),
      );
    },
    settle: () => writing,
  };
}

/** BACKUP_LOG: the set counts only when the archive holds everything a restore of it needs. */
export async function waitForArchive(run: JobRun, task: BackupTask): Promise<void> {
  const { controller, tenant, signal } = run;
  const wanted = BigInt(taskMemory(task).copiedScn ?? '0');
  const endUs = controller.clock.nowUs() + controller.settings.archiveWaitMs * 1000;
  for (;;) {
    const round = await controller.catalog.read((tx) => {
      requireArchive(tx, tenant.tenantId);
      return tx.archives.rounds.get({ tenantId: tenant.tenantId, destNo: archiveDestNo });
    });
    if (round !== null && round.startScn > wanted) throw fault('OB_LOG_ARCHIVE_INTERRUPTED');
    if (round !== null && round.checkpointScn >= wanted) return;
    if (controller.clock.nowUs() > endUs) throw fault('OB_LOG_ARCHIVE_NOT_RUNNING');
    controller.wake.archive();
    await controller.clock.sleep(archivePollMs, signal);
  }
}

const archivePollMs = 50;

/** The last files, then the rows: from here on the set is SUCCESS. */
export async function finishSet(run: JobRun, task: BackupTask, set: BackupSet): Promise<void> {
  const { controller, job, medium, signal } = run;
  const endUs = taskMemory(task).endUs ?? controller.clock.nowUs();
  await changeTask(controller, task, { stepData: { ...taskMemory(task), endUs } });
  const place = await placeOf(run);
  const local = localOfUs(place.timeZone, scnToUs(set.minRestoreScn));
  const nanoseconds = String(set.minRestoreScn % 1000n).padStart(3, '0');
  const done: BackupSet = {
    ...set,
    endUs,
    status: 'SUCCESS',
    fileStatus: 'AVAILABLE',
    minRestoreScnDisplay: local === null ? '' : `${formatDateTime(local, 6)}${nanoseconds}`,
  };
  const known = await controller.catalog.read((tx) =>
    tx.backups.sets
      .list({ tenantId: set.tenantId, destId: set.destId })
      .filter((one) => one.status === 'SUCCESS' && one.backupSetId < set.backupSetId),
  );
  await writeSetEnd(medium, place, done, known, signal);
  await controller.catalog.transaction((tx) => {
    tx.backups.sets.put(done);
    tx.backups.tasks.update(task, { status: 'COMPLETED', endUs });
    tx.backups.jobs.update(job, { status: 'COMPLETED', endUs: controller.clock.nowUs() });
    tx.keys.forgetJob(job.tenantId, 'backup', job.jobId);
    tx.events.record('backup_data', 'backup data succeed', { tenant_id: job.tenantId, job_id: job.jobId });
  });
}

async function setKeyOf({ controller, job }: JobRun, memory: TaskMemory): Promise<SetKey | null> {
  if (memory.wrappedKey === '') return null;
  const owner = { tenantId: job.tenantId, kind: 'backup' as const, jobId: job.jobId };
  const bytes = await controller.catalog.read((tx) => jobSecret(tx, controller.catalog.secrets, owner, setKeyName));
  if (bytes === null) throw fault('OB_ERR_GET_MASTER_KEY');
  const wrapped = new Uint8Array(Buffer.from(memory.wrappedKey, 'base64'));
  return { bytes, wrapped, masterKeyVersion: memory.keyVersion };
}

async function placeOf({ controller, tenant }: JobRun): Promise<SetPlace> {
  const engine = await controller.engines.open(tenant.tenantId);
  const { time_zone: timeZone } = await engine.globalVariables();
  const { id, name } = controller.cluster;
  return { clusterId: id, clusterName: name, tenant, timeZone: timeZone ?? '+08:00' };
}

function changeTask(controller: Controller, task: BackupTask, changes: Partial<BackupTask>): Promise<boolean> {
  const { tenantId, taskId, ...rest } = changes;
  return controller.catalog.transaction((tx) => tx.backups.tasks.update(task, rest));
}
