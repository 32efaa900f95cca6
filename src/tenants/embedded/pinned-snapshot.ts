import { fault } from '../../base/errors.ts';
import type { Connection } from './connection.ts';
import type { SqlStore } from './sql-store.ts';

/** The state a transaction reads that shall stand still. */
export class PinnedSnapshot {
  readonly #store: SqlStore;
  #connection: Connection | null = null;
  /** It kept the log from being folded for too long. */
  #lost = false;

  constructor(store: SqlStore) {
    this.#store = store;
  }

  /** Null while nothing is pinned. */
  get connection(): Connection | null {
    return this.#connection;
  }

  pin(): void {
    this.refuseWhenLost();
    this.#connection ??= this.#store.pinReader(() => {
      this.#connection = null;
      this.#lost = true;
    });
  }

  /** 4138 once it was ended by the server. */
  refuseWhenLost(): void {
    if (this.#lost) throw fault('OB_SNAPSHOT_DISCARDED');
  }

  /** The transaction reads through its writer from now on. */
  drop(): void {
    const connection = this.#connection;
    this.#connection = null;
    if (connection) this.#store.returnReader(connection);
  }

  /** The transaction is over. */
  end(): void {
    this.#lost = false;
    this.drop();
  }
}
