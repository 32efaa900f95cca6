import { isFault } from '../../base/errors.ts';
import type { ArchiveRound } from '../../catalog/archives.ts';
import type { Tenant } from '../../catalog/tenants.ts';
import { requireFormat } from '../../destination/identity.ts';
import { withCodedErrors } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';
import { LogGapError } from '../../tenants/tenant-engine.ts';
import type { Controller } from '../controller.ts';
import { jobResult } from '../job-result.ts';
import { PerKey } from '../loop.ts';
import { archiveDestination, archiveDestNo, expectedFormat, type TenantArchiveDest } from '../tenant-destination.ts';
import { writeRoundEnd, writeRoundStart } from './archive-files.ts';
import { ArchiveStream } from './archive-stream.ts';
import { beginRound, moveRound, prepareRound, roundMemory, stopRound } from './round-steps.ts';

/** Drives the archive rounds of all tenants, each tenant beside the others. */
export interface ArchiveDriver {
  pass(signal: AbortSignal): Promise<void>;
  /** Forgets a tenant that is being dropped. */
  forget(tenantId: number): Promise<void>;
  close(): Promise<void>;
}

/** What the catalog says about one tenant's archive. */
interface ArchiveView {
  readonly tenant: Tenant;
  readonly dest: TenantArchiveDest | null;
  readonly round: ArchiveRound | null;
}

/** The same failure of a tenant is reported again after this time. */
const reportAgainUs = 60_000_000;

interface Running {
  readonly stream: ArchiveStream;
  readonly medium: Medium;
}

export function createArchiveDriver(controller: Controller): ArchiveDriver {
  const work = new PerKey<number>();
  const running = new Map<number, Running>();
  const forgotten = new Set<number>();
  const reported = new Map<number, { readonly code: number; readonly us: number }>();

  const close = async (tenantId: number) => {
    const one = running.get(tenantId);
    running.delete(tenantId);
    await one?.stream.close();
    await one?.medium.close();
  };

  const open = async (round: ArchiveRound, dest: TenantArchiveDest): Promise<Running> => {
    const known = running.get(round.tenantId);
    if (known) return known;
    const medium = controller.openMedium(dest.destination);
    try {
      const one = { medium, stream: await ArchiveStream.open(controller, round, medium) };
      running.set(round.tenantId, one);
      return one;
    } catch (error) {
      await medium.close();
      throw error;
    }
  };

  const step = async (tenantId: number, signal: AbortSignal) => {
    try {
      await advanceTenant(tenantId, signal);
      reported.delete(tenantId);
    } catch (error) {
      await close(tenantId);
      if (signal.aborted || forgotten.has(tenantId)) return;
      if (error instanceof LogGapError) return interrupt(controller, tenantId);
      const { code } = jobResult(controller, error);
      const last = reported.get(tenantId);
      if (last?.code === code && controller.clock.nowUs() - last.us < reportAgainUs) return;
      reported.set(tenantId, { code, us: controller.clock.nowUs() });
      await report(controller, tenantId, error);
    }
  };

  const advanceTenant = async (tenantId: number, signal: AbortSignal): Promise<void> => {
    const view = await viewOf(controller, tenantId);
    if (view === null) return close(tenantId);
    const { round, dest } = view;
    const wanted = wantedState(view);
    switch (round?.status) {
      case undefined:
      case 'STOP':
        if (wanted === 'run' && dest) {
          await openRound(controller, view, dest, signal);
          return advanceTenant(tenantId, signal);
        }
        return fold(controller, tenantId, null);
      case 'PREPARE':
      case 'BEGINNING':
      case 'DOING':
        if (wanted === 'stop') return startStopping(controller, round).then(() => advanceTenant(tenantId, signal));
        if (!dest) return;
        if (round.status === 'PREPARE') {
          await begin(controller, round);
          return advanceTenant(tenantId, signal);
        }
        return ship(round, dest, wanted === 'defer', signal);
      case 'SUSPENDING':
        if (!dest) return;
        await (await open(round, dest)).stream.advance(signal);
        await close(tenantId);
        return controller.catalog.transaction((tx) => moveRound(tx, round, 'SUSPEND'));
      case 'SUSPEND':
        if (wanted === 'stop') return startStopping(controller, round).then(() => advanceTenant(tenantId, signal));
        if (wanted === 'run') {
          await controller.catalog.transaction((tx) => moveRound(tx, round, 'BEGINNING'));
          return advanceTenant(tenantId, signal);
        }
        return;
      case 'INTERRUPTED':
        await close(tenantId);
        if (wanted === 'stop') return startStopping(controller, round).then(() => advanceTenant(tenantId, signal));
        return fold(controller, tenantId, null);
      case 'STOPPING':
        return stop(round, dest, signal);
    }
  };

  const ship = async (round: ArchiveRound, dest: TenantArchiveDest, defer: boolean, signal: AbortSignal) => {
    const { stream, medium } = await open(round, dest);
    if (round.status === 'BEGINNING') await writeRoundStart(medium, round, signal);
    await stream.advance(signal);
    if (round.status === 'BEGINNING') await controller.catalog.transaction((tx) => moveRound(tx, round, 'DOING'));
    if (defer) await controller.catalog.transaction((tx) => moveRound(tx, round, 'SUSPENDING'));
    await fold(controller, round.tenantId, stream);
  };

  const stop = async (round: ArchiveRound, dest: TenantArchiveDest | null, signal: AbortSignal) => {
    const { tenantId, destNo } = round;
    try {
      if (round.startScn > 0n && dest) {
        const { stream, medium } = await open(round, dest);
        await stream.advance(signal);
        await stream.freeze();
        const live = (await controller.catalog.read((tx) => tx.archives.rounds.get({ tenantId, destNo }))) ?? round;
        await writeRoundEnd(medium, live, signal);
      }
      await close(tenantId);
      await controller.catalog.transaction((tx) => stopRound(tx, round, round.comment));
    } catch (error) {
      const since = roundMemory(round).stoppingSinceUs ?? controller.clock.nowUs();
      const waitedMs = (controller.clock.nowUs() - since) / 1000;
      const gap = error instanceof LogGapError;
      if (signal.aborted || (!gap && waitedMs < controller.settings.forceStopMs)) throw error;
      await close(tenantId);
      const { code } = jobResult(controller, error);
      const comment = `force stop, result: ${code}`;
      await controller.catalog.transaction((tx) => stopRound(tx, round, comment));
    }
  };

  return {
    async pass(signal) {
      const tenants = await controller.catalog.read((tx) => tx.tenants.users().map((tenant) => tenant.tenantId));
      for (const tenantId of tenants) {
        if (!forgotten.has(tenantId)) work.start(tenantId, () => step(tenantId, signal));
      }
    },
    async forget(tenantId) {
      forgotten.add(tenantId);
      await work.settle();
      await close(tenantId);
    },
    async close() {
      await work.settle();
      for (const tenantId of [...running.keys()]) await close(tenantId);
    },
  };
}

function wantedState({ tenant, dest }: ArchiveView): 'run' | 'defer' | 'stop' {
  if (tenant.logMode !== 'ARCHIVELOG' || dest === null) return 'stop';
  return dest.state === 'DEFER' ? 'defer' : 'run';
}

function viewOf(controller: Controller, tenantId: number): Promise<ArchiveView | null> {
  return controller.catalog.read((tx) => {
    const tenant = tx.tenants.get({ tenantId });
    if (tenant === null || tenant.status !== 'NORMAL') return null;
    return {
      tenant,
      dest: archiveDestination(tx, controller.catalog.secrets, tenantId),
      round: tx.archives.rounds.get({ tenantId, destNo: archiveDestNo }),
    };
  });
}

/** Checks the destination again, format file included, and makes the round. */
async function openRound(
  controller: Controller,
  view: ArchiveView,
  dest: TenantArchiveDest,
  signal: AbortSignal,
): Promise<void> {
  const { tenant } = view;
  const expected = await controller.catalog.read((tx) =>
    expectedFormat(tx, controller, tenant, dest.destination, 'archive_log'),
  );
  const medium = controller.openMedium(dest.destination);
  try {
    await withCodedErrors(() => requireFormat(medium, expected, signal));
  } finally {
    await medium.close();
  }
  await controller.catalog.transaction((tx) => prepareRound(tx, tenant.tenantId, dest));
}

async function begin(controller: Controller, round: ArchiveRound): Promise<void> {
  const engine = await controller.engines.open(round.tenantId);
  const { scn, position } = await (await engine.log()).barrier();
  await controller.catalog.transaction((tx) => beginRound(tx, round, scn, position));
}

function startStopping(controller: Controller, round: ArchiveRound): Promise<void> {
  const stoppingSinceUs = controller.clock.nowUs();
  return controller.catalog.transaction((tx) =>
    moveRound(tx, round, 'STOPPING', { stepData: { ...roundMemory(round), stoppingSinceUs } }),
  );
}

/** Folds the tenant's log into its data file when it has grown; an archived log is sealed first. */
async function fold(controller: Controller, tenantId: number, stream: ArchiveStream | null): Promise<void> {
  if (!controller.engines.isOpen(tenantId)) return;
  const engine = await controller.engines.open(tenantId);
  if ((await engine.logBytes()) < controller.settings.foldLogBytes) return;
  await engine.recycleLog(stream === null ? null : (position) => stream.seal(position));
}

/** Part of the log is gone before it was archived: the round cannot go on, and says so. */
function interrupt(controller: Controller, tenantId: number): Promise<void> {
  controller.log.error('log archive interrupted: log is missing', { tenantId });
  return controller.catalog.transaction((tx) => {
    const round = tx.archives.rounds.get({ tenantId, destNo: archiveDestNo });
    if (round === null || round.status === 'STOP') return;
    moveRound(tx, round, 'INTERRUPTED', { comment: 'log stream 1001 interrupted' });
  });
}

/** The archive lags and is tried again at the next pass; the reason is in the log and in the tenant's events. */
async function report(controller: Controller, tenantId: number, error: unknown): Promise<void> {
  const { code, comment } = jobResult(controller, error);
  const message = isFault(error) ? error.message : comment;
  controller.log.warn('log archive cannot go on', { tenantId, code, message });
  await controller.catalog
    .transaction((tx) =>
      tx.events.recordOfTenant(
        tenantId,
        'log_archive',
        'archive_failed',
        { tenant_id: tenantId },
        { retCode: code, errorMsg: comment },
      ),
    )
    .catch(() => undefined);
}
