import { fault } from '../../base/errors.ts';
import type { BackupSet, BackupTask } from '../../catalog/backups.ts';
import { backupBlocks } from '../../copy/backup-blocks.ts';
import type { Lease, WithThreads } from '../../copy/copy-workers.ts';
import type { SetKey } from '../../copy/keys.ts';
import { type SetName, setDirectory, setEndKey, setStartKey } from '../../destination/layout.ts';
import type { Snapshot, TenantEngine } from '../../tenants/tenant-engine.ts';
import { removeObjects, removeTree } from '../clean/remove-tree.ts';
import { removingMedium } from '../clean/tagging.ts';
import type { Controller } from '../controller.ts';
import { copyThreads } from '../copy-threads.ts';
import { jobSecret } from '../job-secrets.ts';
import { tenantEngineOf } from '../tenant-engine-of.ts';
import { setKeyName } from './backup-rows.ts';
import { removeAttempts, requireNotEnded } from './former-attempts.ts';
import { changeTask, type JobRun, type TaskMemory, taskMemory } from './job-run.ts';
import { type SetMemory, setMemory } from './set-base.ts';
import { dataFileKey, setNameOf, writeDataIndex, writeMetaInfos, writeSetStart } from './set-files.ts';

/** BACKUP_SYS_META and BACKUP_USER_META. */
export async function copyMeta(run: JobRun, task: BackupTask, set: BackupSet): Promise<void> {
  const { controller, medium, signal } = run;
  if (taskMemory(task).wasIncremental) await removeIncremental(run, task, set);
  await writeSetStart(medium, setNameOf(set), signal);
  await changeTask(controller, task, { status: 'BACKUP_SYS_META' });
  await writeMetaInfos(medium, setNameOf(set), taskMemory(task).place, task.startScn, signal);
  await finishStage(run, task, { status: 'BACKUP_USER_META' }, 'backup sys ls meta succeed');
  const engine = await tenantEngineOf(controller, run.tenant.tenantId);
  const { scn } = await (await engine.log()).barrier();
  const changes = { status: 'BACKUP_META_FINISH', userLsStartScn: scn };
  await finishStage(run, task, changes, 'backup user ls meta succeed');
}

/**
 * BACKUP_DATA_MINOR and BACKUP_DATA_MAJOR: pins the tenant, copies every block or every changed page, publishes the files. When
 * what changed cannot be told any more the set becomes full and begins anew. What former attempts left goes before anything is held.
 * The threads first: the log of a pinned tenant is not folded, so nobody waits for threads with a pin. Pinning waits for its engine
 * alone.
 */
export async function copyData(run: JobRun, task: BackupTask, set: BackupSet): Promise<void> {
  const { controller, tenant, signal } = run;
  const engine = await tenantEngineOf(controller, tenant.tenantId);
  const former = taskMemory(task).retryId;
  if (former >= 0) {
    await requireNotEnded(run, set);
    await removeAttempts(run, set, former);
  }
  const most = await copyThreads(controller, tenant.tenantId, 'backup');
  const work: WithThreads<void> = (threads, giveBack) =>
    pinAndCopy(run, task, set, { engine, lease: { threads, giveBack } });
  await controller.workers.use(most, signal, work, { turn: 'backup', most });
}

interface Means {
  readonly engine: TenantEngine;
  readonly lease: Lease;
}

async function pinAndCopy(run: JobRun, task: BackupTask, set: BackupSet, means: Means): Promise<void> {
  const { controller } = run;
  const { engine } = means;
  const memory = { ...taskMemory(task), retryId: taskMemory(task).retryId + 1 };
  // No commit lies between the barrier and a later snapshot's newest commit but those the snapshot holds, so the greater of
  // the two is the snapshot's SCN even when the tenant has long been idle.
  const { scn: barrierScn } = await (await engine.log()).barrier();
  const snapshot = await engine.pin(memory.since ?? null);
  try {
    if (memory.since !== undefined && !snapshot.incremental) return await becomeFull(run, task, set);
    const endScn = snapshot.scn > barrierScn ? snapshot.scn : barrierScn;
    const counts = { tabletCount: 1, macroBlockCount: snapshot.blockCount };
    await changeTask(controller, task, { status: 'BACKUP_DATA_MINOR', endScn, stepData: memory, ...counts });
    await changeTask(controller, task, { status: 'BACKUP_DATA_MAJOR' });
    await copyBlocks(run, task, set, { ...means, memory, snapshot, endScn });
  } finally {
    await snapshot.release();
  }
}

interface DataAttempt extends Means {
  readonly memory: TaskMemory;
  readonly snapshot: Snapshot;
  readonly endScn: bigint;
}

async function copyBlocks(run: JobRun, task: BackupTask, set: BackupSet, attempt: DataAttempt): Promise<void> {
  const { controller, job, tenant, medium, signal } = run;
  const { memory, snapshot, endScn, engine, lease } = attempt;
  const name = setNameOf(set);
  const progress = progressWriter(controller, task, set);
  const result = await backupBlocks({
    snapshot,
    openSink: (fileNo) => medium.createObject(dataFileKey(name, memory.retryId, fileNo), signal),
    nameOf: (fileNo) => dataFileKey(name, memory.retryId, fileNo),
    wish: async () => ({
      threads: await copyThreads(controller, tenant.tenantId, 'backup'),
      maxFileBytes: await controller.catalog.read((tx) =>
        Number(tx.parameters.capacityBytes(tenant.tenantId, 'backup_data_file_size')),
      ),
    }),
    setId: job.backupSetId,
    tenantId: tenant.tenantId,
    key: await setKeyOf(run, memory),
    workers: controller.workers,
    lease,
    signal,
    clock: controller.clock,
    onProgress: progress.note,
  });
  await progress.settle();
  // Readers take the attempt with the newest index.
  if (memory.retryId > 0) await requireNotEnded(run, set);
  await writeDataIndex(medium, name, memory.retryId, result.entries, signal);
  // A set with its own log reaches the moment the copy ended, any other the moment it was made of.
  const reachesScn = set.plusArchivelog ? (await (await engine.log()).barrier()).scn : endScn;
  const statistics = {
    inputBytes: BigInt(result.inputBytes),
    outputBytes: BigInt(result.outputBytes),
    tabletCount: 1,
    finishTabletCount: 1,
    macroBlockCount: result.blockCount,
    finishMacroBlockCount: result.blockCount,
    fileCount: result.files.length,
  };
  await controller.catalog.transaction((tx) => {
    const done: TaskMemory = { ...memory, copiedScn: String(reachesScn) };
    tx.backups.tasks.update(task, { ...statistics, endScn: reachesScn, status: 'BACKUP_LOG', stepData: done });
    const scns = { startReplayScn: endScn, consistentScn: endScn, minRestoreScn: reachesScn };
    const { point } = snapshot;
    const { formerEnd } = setMemory(set);
    const kept: SetMemory = {
      retryId: memory.retryId,
      ...(point === null ? {} : { point }),
      ...(formerEnd === undefined ? {} : { formerEnd }),
    };
    tx.backups.sets.update(set, { ...statistics, ...scns, stepData: kept });
    tx.events.record('backup_data', 'backup data succeed', { tenant_id: job.tenantId, job_id: job.jobId });
  });
}

/**
 * Begins a set anew as a full one, because what its base holds does not count any more. The rows first: from then on the files
 * of the incremental set are leftovers.
 */
export function becomeFull({ controller, job }: JobRun, task: BackupTask, set: BackupSet): Promise<void> {
  const { place, retryId, wrappedKey, keyVersion, end } = taskMemory(task);
  const memory = setMemory(set);
  const formerEnd = end === undefined ? {} : { formerEnd: setEndKey(setNameOf(set), set.minRestoreScn) };
  controller.log.info('an incremental backup becomes full', { tenant: job.tenantId, job: job.jobId });
  return controller.catalog.transaction((tx) => {
    tx.backups.jobs.update(job, { backupType: 'FULL' });
    const changed: SetMemory = { ...memory, ...formerEnd };
    const noBase = { prevFullBackupSetId: 0, prevIncBackupSetId: 0 };
    tx.backups.sets.update(set, { backupType: 'FULL', ...noBase, stepData: changed });
    const stepData: TaskMemory = { place, retryId, wrappedKey, keyVersion, wasIncremental: true };
    tx.backups.tasks.update(task, { status: 'INIT', stepData });
    const reason = 'its base, or what changed since, does not count any more';
    tx.events.record('backup_data', 'incremental becomes full', { tenant_id: job.tenantId, job_id: job.jobId, reason });
  });
}

async function removeIncremental(run: JobRun, task: BackupTask, set: BackupSet): Promise<void> {
  const { controller, destination, signal } = run;
  const medium = removingMedium(run.medium, destination);
  const name: SetName = { backupSetId: set.backupSetId, backupType: 'inc' };
  await removeTree(medium, setDirectory(name), signal);
  await removeObjects(medium, [setStartKey(name)], signal);
  const { wasIncremental, ...memory } = taskMemory(task);
  if (wasIncremental) await changeTask(controller, task, { stepData: memory satisfies TaskMemory });
}

function finishStage(
  { controller, job }: JobRun,
  task: BackupTask,
  changes: Partial<Omit<BackupTask, 'tenantId' | 'taskId'>>,
  event: string,
): Promise<void> {
  return controller.catalog.transaction((tx) => {
    tx.backups.tasks.update(task, changes);
    tx.events.record('backup_data', event, { tenant_id: job.tenantId, job_id: job.jobId, task_id: task.taskId });
  });
}

/** Progress numbers go to the rows at most a few times a second, one write at a time; a write that fails is not missed. */
function progressWriter(controller: Controller, task: BackupTask, set: BackupSet) {
  const everyUs = 300_000;
  let lastUs = 0;
  let writing: Promise<void> = Promise.resolve();
  return {
    note(progress: { readonly inputBytes: number; readonly outputBytes: number; readonly blocksDone: number }) {
      const nowUs = controller.clock.nowUs();
      if (Math.abs(nowUs - lastUs) < everyUs) return;
      lastUs = nowUs;
      const changes = {
        inputBytes: BigInt(progress.inputBytes),
        outputBytes: BigInt(progress.outputBytes),
        finishMacroBlockCount: progress.blocksDone,
      };
      const write = () =>
        controller.catalog.transaction((tx) => {
          tx.backups.tasks.update(task, changes);
          tx.backups.sets.update(set, changes);
        });
      writing = writing.then(write).catch(() => undefined);
    },
    settle: () => writing,
  };
}

/** The key of the set a job makes, null for one in clear. */
export async function setKeyOf({ controller, job }: JobRun, memory: TaskMemory): Promise<SetKey | null> {
  if (memory.wrappedKey === '') return null;
  const owner = { tenantId: job.tenantId, kind: 'backup' as const, jobId: job.jobId };
  const bytes = await controller.catalog.read((tx) => jobSecret(tx, controller.catalog.secrets, owner, setKeyName));
  if (bytes === null) throw fault('OB_ERR_GET_MASTER_KEY');
  const wrapped = new Uint8Array(Buffer.from(memory.wrappedKey, 'base64'));
  return { bytes, wrapped, masterKeyVersion: memory.keyVersion };
}
