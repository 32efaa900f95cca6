import { fault, isFault } from '../../base/errors.ts';
import type { Tenant } from '../../catalog/tenants.ts';
import { MediumError } from '../../media/medium.ts';
import type { Controller } from '../controller.ts';
import { jobResult } from '../job-result.ts';
import { RetryPause } from '../retry-pause.ts';
import { forgetLogPlace, type LogPlace, newLogPlace, rollStandby } from './roll-standby.ts';

/** Rolls standby tenants forward from their log source, each beside the others. */
export interface StandbyDriver {
  pass(signal: AbortSignal): Promise<void>;
  /**
   * Ends what is going on for a tenant, runs `work`, which may tell it another way, while nothing of it goes on, and lets it go on
   * again at once.
   */
  hold<T>(tenantId: number, work: () => Promise<T>): Promise<T>;
  /** Rolls a tenant that is being dropped no more. */
  forget(tenantId: number): Promise<void>;
  close(): Promise<void>;
}

/** The first pause after a failure; it doubles up to `rollRetryMs`. */
const firstPauseMs = 1_000;

/** What is known of a standby between its turns. */
interface Following {
  readonly place: LogPlace;
  readonly pause: RetryPause;
}

interface Running {
  readonly cancel: AbortController;
  readonly done: Promise<void>;
}

export function createStandbyDriver(controller: Controller): StandbyDriver {
  const running = new Map<number, Running>();
  const held = new Map<number, number>();
  const followed = new Map<number, Following>();
  const followingOf = (tenantId: number): Following => {
    const { clock, settings } = controller;
    const known = followed.get(tenantId) ?? {
      place: newLogPlace(),
      pause: new RetryPause(clock, firstPauseMs, settings.rollRetryMs),
    };
    followed.set(tenantId, known);
    return known;
  };
  const start = (tenant: Tenant, stopping: AbortSignal) => {
    const { tenantId } = tenant;
    if (running.has(tenantId) || held.has(tenantId)) return;
    const following = followingOf(tenantId);
    if (following.pause.lasts) return;
    const cancel = new AbortController();
    const signal = AbortSignal.any([cancel.signal, stopping]);
    const done = roll(controller, tenant, following, signal)
      .catch((error: unknown) => {
        // Not even its trouble could be written down, as where the disk is full. The next pass tries again.
        if (!signal.aborted) controller.log.error('rolling a standby failed', { tenantId, error });
      })
      .finally(() => running.delete(tenantId));
    running.set(tenantId, { cancel, done });
  };
  const end = async (tenantId: number) => {
    const one = running.get(tenantId);
    one?.cancel.abort(fault('OB_CANCELED'));
    await one?.done;
  };
  return {
    async pass(stopping) {
      const tenants = await controller.catalog.read((tx) => tx.tenants.list({ role: 'STANDBY', status: 'NORMAL' }));
      for (const tenant of tenants) {
        if (tenant.switchoverStatus !== 'NORMAL' || tenant.inRecyclebin) continue;
        if ((tenant.recoveryUntilScn ?? 0n) > (tenant.syncScn ?? 0n)) start(tenant, stopping);
        else startAnew(followingOf(tenant.tenantId));
      }
    },
    async hold(tenantId, work) {
      held.set(tenantId, (held.get(tenantId) ?? 0) + 1);
      try {
        await end(tenantId);
        return await work();
      } finally {
        const following = followed.get(tenantId);
        if (following) startAnew(following);
        const left = (held.get(tenantId) ?? 1) - 1;
        if (left === 0) held.delete(tenantId);
        else held.set(tenantId, left);
      }
    },
    async forget(tenantId) {
      held.set(tenantId, Number.POSITIVE_INFINITY);
      await end(tenantId);
      followed.get(tenantId)?.pause.end();
      followed.delete(tenantId);
    },
    async close() {
      await Promise.all([...running.values()].map(({ done }) => done));
      for (const { pause } of followed.values()) pause.end();
    },
  };
}

function startAnew({ place, pause }: Following): void {
  forgetLogPlace(place);
  pause.end();
}

/** One turn; what stands in the way is written down for V$OB_LS_LOG_RESTORE_STATUS and tried again after a pause. */
async function roll(
  controller: Controller,
  tenant: Tenant,
  { place, pause }: Following,
  signal: AbortSignal,
): Promise<void> {
  const { tenantId } = tenant;
  try {
    await rollStandby(controller, tenant, place, signal, () => pause.end());
    pause.end();
    await note(controller, tenantId, null);
  } catch (error) {
    if (signal.aborted || isFault(error, 'OB_STATE_NOT_MATCH')) return forgetLogPlace(place);
    if (doesNotFit(error)) forgetLogPlace(place);
    pause.begin();
    const { code, comment } = jobResult(controller, error, 'LOG_RESTORE');
    await note(controller, tenantId, { code, comment });
  }
}

/** The log found does not go on where the standby stands: another look may find it elsewhere. Any other fault leaves it where it is. */
function doesNotFit(error: unknown): boolean {
  if (error instanceof MediumError) return error.kind === 'notFound';
  return misfits.some((symbol) => isFault(error, symbol));
}

const misfits = ['OB_ENTRY_NOT_EXIST', 'OB_ARCHIVE_LOG_NOT_CONTINUES_WITH_DATA', 'OB_BACKUP_FILE_NOT_EXIST'] as const;

/** What a standby's row remembers: why its log does not come. */
interface StandbyMemory {
  readonly logRestore?: { readonly code: number; readonly comment: string };
}

async function note(
  controller: Controller,
  tenantId: number,
  trouble: NonNullable<StandbyMemory['logRestore']> | null,
): Promise<void> {
  const memoryOf = (tenant: Tenant | null) => (tenant?.stepData ?? {}) as StandbyMemory;
  const known = await controller.catalog.read((tx) => memoryOf(tx.tenants.get({ tenantId })).logRestore ?? null);
  if (known?.code === trouble?.code) return;
  if (trouble !== null) controller.log.warn('a standby does not get its log', { tenantId, ...trouble });
  await controller.catalog.transaction((tx) => {
    const { logRestore: _, ...rest } = memoryOf(tx.tenants.get({ tenantId }));
    tx.tenants.update({ tenantId }, { stepData: trouble === null ? rest : { ...rest, logRestore: trouble } });
  });
}
