import { fault } from '../../base/errors.ts';
import type { Connection } from './connection.ts';
import { quoteName } from './table-schema.ts';

/** The savepoints of a transaction, oldest first. SQLite knows of them from the transaction's first write on. */
export class Savepoints {
  #names: string[] = [];

  /** `writer` is null, here and below, as long as nothing was written. */
  add(name: string, writer: Connection | null): void {
    const key = name.toLowerCase();
    // MySQL drops the older savepoint of the name; SQLite would stack them, which answers the same.
    if (this.#names.includes(key)) this.#names.splice(this.#names.indexOf(key), 1);
    this.#names.push(key);
    writer?.exec(`SAVEPOINT ${quoteName(key)}`);
  }

  /** 1305 for a name that is not there, as `release`. */
  rollbackTo(name: string, writer: Connection | null): void {
    const at = this.#find(name);
    writer?.exec(`ROLLBACK TO ${quoteName(this.#names[at]!)}`);
    this.#names.splice(at + 1);
  }

  release(name: string, writer: Connection | null): void {
    const at = this.#find(name);
    writer?.exec(`RELEASE ${quoteName(this.#names[at]!)}`);
    this.#names.splice(at);
  }

  /** The first write begins. */
  carryOver(writer: Connection): void {
    for (const name of this.#names) writer.exec(`SAVEPOINT ${quoteName(name)}`);
  }

  clear(): void {
    this.#names = [];
  }

  #find(name: string): number {
    const at = this.#names.indexOf(name.toLowerCase());
    if (at < 0) throw fault('ER_SP_DOES_NOT_EXIST', 'SAVEPOINT', name);
    return at;
  }
}
