import type { Controller } from '../controller.ts';

/** The log of every archived tenant is shipped at least this often. */
export const mostArchivePauseMs = 400;

/** The log of no tenant is shipped more often than this. */
const leastPauseMs = 20;

/** `archive_lag_target` of one tenant: below the usual pace its log is shipped more often than that. */
export class LagTarget {
  readonly #controller: Controller;
  readonly #tenantId: number;
  #targetMs = mostArchivePauseMs * 2;
  #waiting = false;

  constructor(controller: Controller, tenantId: number) {
    this.#controller = controller;
    this.#tenantId = tenantId;
  }

  /** Reads the parameter. */
  async refresh(): Promise<void> {
    const us = await this.#controller.catalog.read((tx) => tx.parameters.timeUs(this.#tenantId, 'archive_lag_target'));
    this.#targetMs = us / 1000;
  }

  /** Everything is shipped: asks for the next pass in half of the wanted lag, when the usual one would be later. */
  follow(): void {
    const pauseMs = Math.max(leastPauseMs, this.#targetMs / 2);
    if (this.#waiting || pauseMs >= mostArchivePauseMs) return;
    this.#waiting = true;
    void this.#controller.clock.sleep(pauseMs).then(() => {
      this.#waiting = false;
      this.#controller.wake.archive();
    });
  }
}
