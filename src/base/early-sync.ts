/** Written since the last sync began, when the next one begins. */
const syncEveryBytes = 32 << 20;

/**
 * Gives the disk its share while the processor works: what is written to a file is synced on the way, a piece at a time and without
 * waiting. The system tells a failed write to one sync only, so that the failure is kept for `end`.
 */
export class EarlySync {
  readonly #sync: () => Promise<void>;
  #unsyncedBytes = 0;
  #running: Promise<void> | null = null;
  #failure: unknown = null;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  wrote(bytes: number): void {
    this.#unsyncedBytes += bytes;
    if (this.#running !== null || this.#unsyncedBytes < syncEveryBytes) return;
    this.#unsyncedBytes = 0;
    this.#running = this.#sync()
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#running = null;
      });
  }

  /** Waits for the sync under way, and throws what any of them failed with. What was written since is not synced. */
  async end(): Promise<void> {
    await this.#running;
    if (this.#failure !== null) throw this.#failure;
  }
}
