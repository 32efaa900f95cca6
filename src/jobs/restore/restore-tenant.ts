import { fault, faultText } from '../../base/errors.ts';
import { scnToUs } from '../../base/scn.ts';
import type { RestoreJob, RestoreStatus } from '../../catalog/restores.ts';
import { applyLog, type LogInput } from '../../copy/apply-log.ts';
import { checkRestored } from '../../copy/check-restored.ts';
import { unwrapKey } from '../../copy/keys.ts';
import { restoreBlocks } from '../../copy/restore-blocks.ts';
import { complementDirectory, formatFileKey } from '../../destination/layout.ts';
import type { Medium, ObjectSource } from '../../media/medium.ts';
import { below } from '../../media/wrap/below.ts';
import type { RestoreTarget } from '../../tenants/tenant-engine.ts';
import type { Controller } from '../controller.ts';
import { copyThreads } from '../copy-threads.ts';
import { openPaced, readStored } from '../tenant-destination.ts';
import { adoptMasterKeys } from '../tenant-keys.ts';
import { requireStillThere } from '../validate/make-tasks.ts';
import { logFileKeys } from './read-archive-path.ts';
import { dataFileKeys } from './read-data-path.ts';
import { noteDamage, type Reading } from './restore-damage.ts';
import { recordRestoreProof } from './restore-proof.ts';
import { decodeMasters, masterKeysName, type RestoreMemory, secretOf, setKeyNameOf } from './restore-rows.ts';
import { logKeyPurpose } from './source-keys.ts';

/** What one attempt of a restore works on. */
interface RestoreRun {
  readonly controller: Controller;
  readonly job: RestoreJob;
  readonly memory: RestoreMemory;
  readonly data: Medium;
  /** What is read now. */
  reading: Reading | null;
  readonly signal: AbortSignal;
}

/** One attempt of a restore, from an empty file on; a file that was finished before a crash is taken as it is. */
export async function restoreTenant(controller: Controller, job: RestoreJob, signal: AbortSignal): Promise<void> {
  const memory = job.stepData as RestoreMemory;
  const tenant = await controller.catalog.read((tx) => tx.tenants.get({ tenantId: job.tenantId }));
  if (tenant?.status !== 'RESTORE') throw tenantGoneError();
  if (job.status !== 'POST_CHECK') await fillTenant(controller, job, memory, signal);
  await finishTenant(controller, job, memory);
}

async function fillTenant(
  controller: Controller,
  job: RestoreJob,
  memory: RestoreMemory,
  signal: AbortSignal,
): Promise<void> {
  const { secrets } = controller.catalog;
  const media: Medium[] = [];
  const open = (text: string) => {
    const destination = readStored(secrets, job.tenantId, text);
    const { maxIops, maxBandwidth } = memory.limits?.[destination.path] ?? { maxIops: '0', maxBandwidth: '0' };
    const limited = { ...destination, maxIops: BigInt(maxIops), maxBandwidth: BigInt(maxBandwidth) };
    const medium = openPaced(controller, job.tenantId, limited);
    media.push(medium);
    return medium;
  };
  const target = await controller.engines.beginRestore(job.tenantId);
  let finished = false;
  const run: RestoreRun = { controller, job, memory, data: open(memory.data), reading: null, signal };
  try {
    await move(controller, job, 'RESTORE_CREATE_INIT_LS');
    await copySets(run, target);
    await move(controller, job, 'PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN');
    await replay(run, memory.archive === null ? complementLog(run) : open(memory.archive), target);
    await move(controller, job, 'RESTORE_WAIT_LS');
    signal.throwIfAborted();
    await checkRestored({ target: target.writer, workers: controller.workers, signal, clock: controller.clock });
    await target.finish(job.restoreScn);
    finished = true;
    await move(controller, job, 'POST_CHECK');
  } catch (error) {
    throw run.reading === null ? error : await noteDamage(controller, job, run.reading, error, signal);
  } finally {
    if (!finished) await target.abort();
    for (const medium of media) await medium.close().catch(() => undefined);
  }
}

async function copySets(run: RestoreRun, target: RestoreTarget): Promise<void> {
  const { controller, job, memory, data, signal } = run;
  for (const set of memory.sets) {
    // What is missing below an empty mount point was not lost.
    await requireStillThere(data, formatFileKey, signal);
    run.reading = { medium: data, of: { setId: set.id } };
    const keys = await dataFileKeys(data, { backupSetId: set.id, backupType: set.type }, signal);
    const key = set.encrypted ? await secretOf(controller, job, setKeyNameOf(set.id)) : null;
    if (set.encrypted && key === null) throw fault('OB_ERR_GET_MASTER_KEY');
    const sources: { readonly no: number; readonly source: ObjectSource }[] = [];
    try {
      for (const [no, name] of keys.entries()) sources.push({ no, source: await data.openObject(name, signal) });
      await restoreBlocks({
        sources,
        nameOf: (no) => keys[no] ?? `data file ${no}`,
        target: target.writer,
        key,
        workers: controller.workers,
        threads: () => copyThreads(controller, job.tenantId, 'restore', concurrencyOf(memory, job)),
        signal,
        clock: controller.clock,
        onProgress: progressWriter(controller, job),
      });
    } finally {
      for (const { source } of sources) await source.close().catch(() => undefined);
    }
  }
  run.reading = null;
}

/** `concurrency` of the restore's options, 0 when it was not given. */
function concurrencyOf(memory: RestoreMemory, { restoreOption }: RestoreJob): number {
  return memory.concurrency ?? Number(/(?:^|&)concurrency=(\d+)/.exec(restoreOption)?.[1] ?? 0);
}

/** Bytes done go to the row a few times a second; a write that fails is not missed. */
function progressWriter(controller: Controller, job: RestoreJob) {
  const everyUs = 300_000;
  let lastUs = 0;
  return (progress: { readonly inputBytes: number }) => {
    const nowUs = controller.clock.nowUs();
    if (Math.abs(nowUs - lastUs) < everyUs) return;
    lastUs = nowUs;
    void controller.catalog
      .transaction((tx) => tx.restores.jobs.update(job, { finishBytes: BigInt(progress.inputBytes) }))
      .catch(() => undefined);
  };
}

/** Applies the commits after the sets up to the restore point, exactly. */
async function replay(run: RestoreRun, medium: Medium, target: RestoreTarget): Promise<void> {
  const { controller, job, memory, signal } = run;
  await requireStillThere(memory.archive === null ? run.data : medium, formatFileKey, signal);
  const masters = decodeMasters(await secretOf(controller, job, masterKeysName));
  const last = memory.sets.at(-1);
  const setKey =
    memory.archive === null && last?.encrypted ? await secretOf(controller, job, setKeyNameOf(last.id)) : null;
  const read = { name: 'the archive' };
  // The log of a restore without an archive path is part of its last set.
  if (memory.archive === null && last) run.reading = { medium: run.data, of: { setId: last.id } };
  const { lastScn } = await applyLog({
    files: logFiles(run, medium, read),
    target: target.writer,
    afterScn: BigInt(memory.afterScn),
    untilScn: job.restoreScn,
    keyFor: async (header) => {
      if (!header.encrypted || memory.archive === null) return setKey;
      return unwrapKey(header.wrappedKey, masters, logKeyPurpose(header));
    },
    workers: controller.workers,
    signal,
    clock: controller.clock,
  });
  const recorded = memory.pieces.map((piece) => BigInt(piece.maxScn)).reduce((a, b) => (a > b ? a : b), 0n);
  const needed = recorded < job.restoreScn ? recorded : job.restoreScn;
  // The checkpoint promised records up to `needed`; fewer means that a log file has lost its end.
  if (lastScn < needed)
    throw faultText(
      'OB_ENTRY_NOT_EXIST',
      `No enough log for restore: ${read.name} has lost its end, the log ends at SCN ${lastScn} instead of ${needed}`,
    );
  run.reading = null;
  await controller.catalog.transaction((tx) => tx.restores.jobs.update(job, { recoverScn: job.restoreScn }));
}

/** The log inside of the last set, which reaches as far as a restore without an archive path goes. */
function complementLog({ data, memory }: RestoreRun): Medium {
  const last = memory.sets.at(-1);
  if (last === undefined) throw fault('OB_ERR_UNEXPECTED', 'a restore without sets');
  return below(data, complementDirectory({ backupSetId: last.id, backupType: last.type }));
}

/** The log files of all pieces in order, one open at a time: an archive may have thousands. */
async function* logFiles(run: RestoreRun, medium: Medium, read: { name: string }): AsyncGenerator<LogInput> {
  const { memory, signal } = run;
  for (const piece of memory.pieces) {
    if (memory.archive !== null) run.reading = { medium, of: { piece } };
    for (const name of await logFileKeys(medium, piece, signal)) {
      const source = await medium.openObject(name, signal);
      read.name = name;
      try {
        yield { source, name };
      } finally {
        await source.close().catch(() => undefined);
      }
    }
  }
}

/** POST_CHECK: one step makes the tenant a standby with its keys and its log source, and ends the job. */
async function finishTenant(controller: Controller, job: RestoreJob, memory: RestoreMemory): Promise<void> {
  const masters = decodeMasters(await secretOf(controller, job, masterKeysName));
  const { secrets } = controller.catalog;
  await controller.catalog.transaction((tx) => {
    if (tx.tenants.get({ tenantId: job.tenantId })?.status !== 'RESTORE') throw tenantGoneError();
    const scn = job.restoreScn;
    const scns = { syncScn: scn, replayableScn: scn, readableScn: scn, recoveryUntilScn: scn };
    tx.tenants.change(job.tenantId, { ...scns, status: 'NORMAL', role: 'STANDBY' });
    adoptMasterKeys(tx, secrets, job.tenantId, masters);
    if (masters.length > 0) tx.parameters.store(job.tenantId, 'tde_method', 'internal');
    if (memory.archive !== null) {
      const value = `LOCATION=${memory.archive}`;
      tx.restores.logSources.put({ tenantId: job.tenantId, id: 1, type: 'LOCATION', value, recoveryUntilScn: scn });
    }
    recordRestoreProof(tx, controller, job, memory);
    const bytes = tx.restores.jobs.get(job)?.totalBytes ?? 0n;
    tx.restores.jobs.update(job, {
      status: 'RESTORE_SUCCESS',
      finishUs: controller.clock.nowUs(),
      finishLsCount: job.lsCount,
      finishTabletCount: job.tabletCount,
      finishBytes: bytes,
    });
    tx.keys.forgetJob(job.tenantId, 'restore', job.jobId);
    const pairs = { tenant_id: job.tenantId, job_id: job.jobId, status: 'SUCCESS', restore_us: scnToUs(scn) };
    tx.events.record('physical_restore', 'restore_finish', pairs);
  });
}

function move(controller: Controller, job: RestoreJob, status: RestoreStatus): Promise<boolean> {
  return controller.catalog.transaction((tx) => {
    tx.events.record('physical_restore', 'change_restore_status', { tenant_id: job.tenantId, status });
    return tx.restores.jobs.update(job, { status });
  });
}

/** The tenant was dropped while it was restored. */
export function tenantGoneError() {
  return fault('OB_TENANT_NOT_EXIST');
}
