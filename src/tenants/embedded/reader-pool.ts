import { type Connection, openConnection } from './connection.ts';
import type { ConnectionSetup, StoreLimits } from './tenant-store.ts';

/** The reader connections of one open tenant: opened on demand, a few of them kept for reuse. */
export class ReaderPool {
  readonly #data: string;
  readonly #limits: StoreLimits;
  readonly #setup: ConnectionSetup;
  readonly #idle: Connection[] = [];
  /** Oldest first, with whom to tell. */
  readonly #pinned = new Map<Connection, () => void>();

  /** `data` is the path of the tenant's data file. */
  constructor(data: string, limits: StoreLimits, setup: ConnectionSetup) {
    this.#data = data;
    this.#limits = limits;
    this.#setup = setup;
  }

  take(): Connection {
    const idle = this.#idle.pop();
    if (idle) return idle;
    const reader = openConnection(this.#data, { ...this.#limits, readonly: false });
    this.#setup(reader);
    reader.pragma('query_only = ON');
    return reader;
  }

  /** One that stays at the newest commit until it is given back, or its end was told: `lost`. */
  pin(lost: () => void): Connection {
    const reader = this.take();
    reader.exec('BEGIN');
    reader.prepare('SELECT scn FROM __ob_scn').get();
    this.#pinned.set(reader, lost);
    return reader;
  }

  /** Takes the oldest pinned reader back; one that a statement reads from is left until the next call. */
  endOldestPin(): void {
    for (const [reader, lost] of this.#pinned) {
      try {
        reader.exec('ROLLBACK');
      } catch (error) {
        if (error instanceof TypeError) return;
        throw error;
      }
      lost();
      this.giveBack(reader);
      return;
    }
  }

  giveBack(reader: Connection): void {
    this.#pinned.delete(reader);
    if (reader.inTransaction) reader.exec('ROLLBACK');
    if (this.#idle.length < this.#limits.idleReaders) this.#idle.push(reader);
    else reader.close();
  }

  /** Closes the idle ones; those still taken are their takers'. */
  close(): void {
    for (const reader of this.#idle.splice(0)) reader.close();
  }
}
