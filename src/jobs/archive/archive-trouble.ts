import type { Controller } from '../controller.ts';
import { jobResult } from '../job-result.ts';
import { RetryPause } from '../retry-pause.ts';

/** The same failure of a tenant is reported again after this time. */
const reportAgainUs = 60_000_000;

/** The first pause after a failure; it doubles up to `archiveRetryMs`. */
const firstPauseMs = 400;

/** Failures of one tenant's archive: when it is tried next, and which of them have been told lately. */
export class ArchiveTrouble {
  readonly #controller: Controller;
  readonly #tenantId: number;
  readonly #toldUs = new Map<number, number>();
  readonly #pause: RetryPause;

  constructor(controller: Controller, tenantId: number) {
    this.#controller = controller;
    this.#tenantId = tenantId;
    this.#pause = new RetryPause(controller.clock, firstPauseMs, controller.settings.archiveRetryMs);
  }

  /** True while the pause after a failure lasts. */
  get pausing(): boolean {
    return this.#pause.lasts;
  }

  /** It works again. */
  over(): void {
    this.#pause.end();
  }

  /** Starts a pause and tells the failure, in the log and in the tenant's events, unless the same was told a moment ago. */
  async note(error: unknown): Promise<void> {
    const { clock, log, catalog } = this.#controller;
    this.#pause.begin();
    const { code, comment } = jobResult(this.#controller, error);
    const toldUs = this.#toldUs.get(code);
    if (toldUs !== undefined && Math.abs(clock.nowUs() - toldUs) < reportAgainUs) return;
    this.#toldUs.set(code, clock.nowUs());
    const tenantId = this.#tenantId;
    log.warn('log archive cannot go on', { tenantId, code, comment });
    const outcome = { retCode: code, errorMsg: comment };
    await catalog
      .transaction((tx) =>
        tx.events.recordOfTenant(tenantId, 'log_archive', 'archive_failed', { tenant_id: tenantId }, outcome),
      )
      .catch((failure: unknown) => log.error('event was not written down', { tenantId, error: failure }));
  }
}
