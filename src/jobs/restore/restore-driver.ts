import { fault, faultText } from '../../base/errors.ts';
import { scnToUs } from '../../base/scn.ts';
import type { RestoreJob, RestoreStatus } from '../../catalog/restores.ts';
import { sysTenantId } from '../../catalog/tenants.ts';
import { applyLog, type LogInput } from '../../copy/apply-log.ts';
import { unwrapKey } from '../../copy/keys.ts';
import { restoreBlocks } from '../../copy/restore-blocks.ts';
import type { Medium, ObjectSource } from '../../media/medium.ts';
import type { RestoreTarget } from '../../tenants/tenant-engine.ts';
import type { Controller } from '../controller.ts';
import { type JobResult, jobResult } from '../job-result.ts';
import { jobSecret } from '../job-secrets.ts';
import { PerKey } from '../loop.ts';
import { readStored } from '../tenant-destination.ts';
import { applyRole } from '../tenant-engine-of.ts';
import { adoptMasterKeys } from '../tenant-keys.ts';
import { logFileKeys } from './read-archive-path.ts';
import { dataFileKeys } from './read-data-path.ts';
import { decodeMasters, masterKeysName, type RestoreMemory, setKeyNameOf } from './restore-rows.ts';
import { logKeyPurpose } from './restore-source.ts';

/** Drives restores: copies the sets, replays the log to the point, makes the tenant a standby. */
export interface RestoreDriver {
  pass(signal: AbortSignal): Promise<void>;
  /** Ends the restore of a tenant that is being dropped. */
  forget(tenantId: number): Promise<void>;
  close(): Promise<void>;
}

export function createRestoreDriver(controller: Controller): RestoreDriver {
  const work = new PerKey<number>();
  const running = new Map<number, AbortController>();

  const run = async (job: RestoreJob, stopping: AbortSignal) => {
    const cancel = new AbortController();
    running.set(job.tenantId, cancel);
    try {
      await restoreTenant(controller, job, AbortSignal.any([cancel.signal, stopping]));
    } catch (error) {
      if (stopping.aborted) return;
      const result = cancel.signal.aborted ? tenantGone() : jobResult(controller, error, 'RESTORE_DATA');
      await endRestore(controller, job, result).catch((failure: unknown) =>
        controller.log.error('restore cannot be ended', { tenantId: job.tenantId, error: failure }),
      );
    } finally {
      running.delete(job.tenantId);
      controller.wake.restore();
    }
  };

  return {
    async pass(signal) {
      const jobs = await controller.catalog.read((tx) => tx.restores.liveJobs());
      for (const job of jobs) {
        if (isFinal(job)) await moveWhenDue(controller, job);
        else if (job.tenantId === sysTenantId) await followTenant(controller, job);
        else work.start(job.tenantId, () => run(job, signal));
      }
    },
    async forget(tenantId) {
      running.get(tenantId)?.abort(tenantGoneError());
      await work.settle();
    },
    close: () => work.settle(),
  };
}

function isFinal(job: RestoreJob): boolean {
  return job.status === 'RESTORE_SUCCESS' || job.status === 'RESTORE_FAIL';
}

async function moveWhenDue(controller: Controller, job: RestoreJob): Promise<void> {
  const ageMs = (controller.clock.nowUs() - (job.finishUs ?? 0)) / 1000;
  if (ageMs < controller.settings.jobLingerMs) return;
  await controller.catalog.transaction((tx) => tx.restores.moveToHistory(job.tenantId, job.jobId));
}

/** The sys row ends when the tenant's row has reached the history. */
async function followTenant(controller: Controller, job: RestoreJob): Promise<void> {
  await controller.catalog.transaction((tx) => {
    const tenantRow = tx.restores.jobs.get({ tenantId: job.restoreTenantId, jobId: job.jobId });
    if (tenantRow !== null && !tenantRow.history) return;
    const { status, comment, recoverScn } = tenantRow ?? {
      status: 'RESTORE_FAIL' as const,
      comment: tenantGone().comment,
      recoverScn: 0n,
    };
    tx.restores.jobs.update(job, { status, comment, recoverScn, finishUs: controller.clock.nowUs() });
  });
}

async function restoreTenant(controller: Controller, job: RestoreJob, signal: AbortSignal): Promise<void> {
  const memory = job.stepData as RestoreMemory;
  const tenant = await controller.catalog.read((tx) => tx.tenants.get({ tenantId: job.tenantId }));
  if (tenant?.status !== 'RESTORE') throw tenantGoneError();
  const { secrets } = controller.catalog;
  const data = controller.openMedium(readStored(secrets, job.tenantId, memory.data));
  const archive =
    memory.archive === null ? null : controller.openMedium(readStored(secrets, job.tenantId, memory.archive));
  let target: RestoreTarget | null = null;
  try {
    target = await controller.engines.beginRestore(job.tenantId);
    await move(controller, job, 'RESTORE_CREATE_INIT_LS');
    await copySets(controller, job, memory, data, target, signal);
    await move(controller, job, 'PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN');
    if (archive !== null) await replay(controller, job, memory, archive, target, signal);
    await move(controller, job, 'RESTORE_WAIT_LS');
    signal.throwIfAborted();
    await target.finish(job.restoreScn);
    target = null;
    await move(controller, job, 'POST_CHECK');
    await finishTenant(controller, job, memory);
  } finally {
    await target?.abort();
    await data.close();
    await archive?.close();
  }
}

async function copySets(
  controller: Controller,
  job: RestoreJob,
  memory: RestoreMemory,
  medium: Medium,
  target: RestoreTarget,
  signal: AbortSignal,
): Promise<void> {
  for (const set of memory.sets) {
    const keys = await dataFileKeys(medium, { backupSetId: set.id, backupType: set.type }, signal);
    const key = set.encrypted ? await secretOf(controller, job, setKeyNameOf(set.id)) : null;
    if (set.encrypted && key === null) throw fault('OB_ERR_GET_MASTER_KEY');
    const sources: { readonly no: number; readonly source: ObjectSource }[] = [];
    try {
      for (const [no, name] of keys.entries()) sources.push({ no, source: await medium.openObject(name, signal) });
      await restoreBlocks({
        sources,
        nameOf: (no) => keys[no] ?? `data file ${no}`,
        target: target.writer,
        key,
        workers: controller.workers,
        signal,
        clock: controller.clock,
        onProgress: progressWriter(controller, job),
      });
    } finally {
      for (const { source } of sources) await source.close();
    }
  }
}

/** Bytes done go to the row a few times a second. */
function progressWriter(controller: Controller, job: RestoreJob) {
  const everyUs = 300_000;
  let lastUs = 0;
  return (progress: { readonly inputBytes: number }) => {
    const nowUs = controller.clock.nowUs();
    if (nowUs - lastUs < everyUs) return;
    lastUs = nowUs;
    void controller.catalog
      .transaction((tx) => tx.restores.jobs.update(job, { finishBytes: BigInt(progress.inputBytes) }))
      .catch(() => undefined);
  };
}

/** Applies the commits after the sets up to the restore point, exactly. */
async function replay(
  controller: Controller,
  job: RestoreJob,
  memory: RestoreMemory,
  medium: Medium,
  target: RestoreTarget,
  signal: AbortSignal,
): Promise<void> {
  const masters = decodeMasters(await secretOf(controller, job, masterKeysName));
  const open: ObjectSource[] = [];
  async function* files(): AsyncGenerator<LogInput> {
    for (const piece of memory.pieces) {
      for (const name of await logFileKeys(medium, piece, signal)) {
        const source = await medium.openObject(name, signal);
        open.push(source);
        yield { source, name };
      }
    }
  }
  try {
    const { lastScn } = await applyLog({
      files: files(),
      target: target.writer,
      afterScn: BigInt(memory.afterScn),
      untilScn: job.restoreScn,
      keyFor: async (header) =>
        header.encrypted ? unwrapKey(header.wrappedKey, masters, logKeyPurpose(header)) : null,
      workers: controller.workers,
      signal,
      clock: controller.clock,
    });
    const recorded = memory.pieces.map((piece) => BigInt(piece.maxScn)).reduce((a, b) => (a > b ? a : b), 0n);
    const needed = recorded < job.restoreScn ? recorded : job.restoreScn;
    // The checkpoint promised records up to `needed`; fewer means that a log file has lost its end.
    if (lastScn < needed) throw faultText('OB_ENTRY_NOT_EXIST', 'No enough log for restore');
    await controller.catalog.transaction((tx) => tx.restores.jobs.update(job, { recoverScn: job.restoreScn }));
  } finally {
    for (const source of open) await source.close();
  }
}

function secretOf(controller: Controller, job: RestoreJob, name: string): Promise<Uint8Array | null> {
  const owner = { tenantId: job.tenantId, kind: 'restore' as const, jobId: job.jobId };
  return controller.catalog.read((tx) => jobSecret(tx, controller.catalog.secrets, owner, name));
}

async function finishTenant(controller: Controller, job: RestoreJob, memory: RestoreMemory): Promise<void> {
  const masters = decodeMasters(await secretOf(controller, job, masterKeysName));
  const { secrets } = controller.catalog;
  await controller.catalog.transaction((tx) => {
    const scn = job.restoreScn;
    tx.tenants.change(job.tenantId, {
      status: 'NORMAL',
      role: 'STANDBY',
      syncScn: scn,
      replayableScn: scn,
      readableScn: scn,
      recoveryUntilScn: scn,
    });
    adoptMasterKeys(tx, secrets, job.tenantId, masters);
    if (masters.length > 0) tx.parameters.store(job.tenantId, 'tde_method', 'internal');
    if (memory.archive !== null) {
      const value = `LOCATION=${memory.archive}`;
      tx.restores.logSources.put({ tenantId: job.tenantId, id: 1, type: 'LOCATION', value, recoveryUntilScn: scn });
    }
    const bytes = tx.restores.jobs.get(job)?.totalBytes ?? 0n;
    tx.restores.jobs.update(job, {
      status: 'RESTORE_SUCCESS',
      finishUs: controller.clock.nowUs(),
      finishLsCount: job.lsCount,
      finishTabletCount: job.tabletCount,
      finishBytes: bytes,
    });
    tx.keys.forgetJob(job.tenantId, 'restore', job.jobId);
    tx.events.record('physical_restore', 'restore_finish', { tenant_id: job.tenantId, restore_us: scnToUs(scn) });
  });
  await applyRole(controller, job.tenantId, await controller.engines.open(job.tenantId));
}

async function endRestore(controller: Controller, job: RestoreJob, result: JobResult): Promise<void> {
  controller.log.warn('restore failed', { tenant: job.restoreTenantName, code: result.code, comment: result.comment });
  await controller.catalog.transaction((tx) => {
    tx.restores.jobs.update(job, {
      status: 'RESTORE_FAIL',
      comment: result.comment,
      finishUs: controller.clock.nowUs(),
    });
    tx.keys.forgetJob(job.tenantId, 'restore', job.jobId);
    tx.events.record('physical_restore', 'restore_failed', { tenant_id: job.tenantId, result: result.code });
  });
}

function move(controller: Controller, job: RestoreJob, status: RestoreStatus): Promise<boolean> {
  return controller.catalog.transaction((tx) => {
    tx.events.record('physical_restore', 'change_restore_status', { tenant_id: job.tenantId, status });
    return tx.restores.jobs.update(job, { status });
  });
}

function tenantGoneError() {
  return fault('OB_TENANT_NOT_EXIST');
}

function tenantGone(): JobResult {
  const { code, message } = tenantGoneError();
  return { code, comment: message, retry: false };
}
