import type { Controller } from '../controller.ts';
import { jobResult } from '../job-result.ts';

/** The same failure of a tenant is reported again after this time. */
const reportAgainUs = 60_000_000;

/** The first pause after a failure; it doubles up to `archiveRetryMs`. */
const firstPauseMs = 400;

/** Failures of one tenant's archive: when it is tried next, and which of them have been told lately. */
export class ArchiveTrouble {
  readonly #controller: Controller;
  readonly #tenantId: number;
  readonly #toldUs = new Map<number, number>();
  #failures = 0;
  #pause: AbortController | null = null;

  constructor(controller: Controller, tenantId: number) {
    this.#controller = controller;
    this.#tenantId = tenantId;
  }

  /** True while the pause after a failure lasts. */
  get pausing(): boolean {
    return this.#pause !== null;
  }

  /** It works again. */
  over(): void {
    this.#failures = 0;
    this.#endPause();
  }

  /** Starts a pause and tells the failure, in the log and in the tenant's events, unless the same was told a moment ago. */
  async note(error: unknown): Promise<void> {
    const { clock, settings, log, catalog } = this.#controller;
    const pauseMs = Math.min(settings.archiveRetryMs, firstPauseMs * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    this.#startPause(pauseMs);
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

  /** Measured by sleeping: a clock that is set back must not make it longer. */
  #startPause(pauseMs: number): void {
    this.#endPause();
    const pause = new AbortController();
    this.#pause = pause;
    this.#controller.clock.sleep(pauseMs, pause.signal).then(
      () => this.#endPause(),
      () => undefined,
    );
  }

  #endPause(): void {
    this.#pause?.abort();
    this.#pause = null;
  }
}
