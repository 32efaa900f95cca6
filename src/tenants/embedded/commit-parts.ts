import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import { type CommitRecord, pageEntryBytes } from './log-chunk.ts';

const entriesPerRead = 256;

/** Pages of the parts of one commit, kept in a file without a name until the last part is there. */
export class CommitParts {
  readonly #path: string;
  #fd: number | null = null;
  #scn: Scn | null = null;
  #bytes = 0;

  /** `path` is taken for a moment. */
  constructor(path: string) {
    this.#path = path;
  }

  /** True when the entry is the next one of the commit kept here, or the first of one with nothing kept. */
  goOnWith({ scn, goesOn }: CommitRecord): boolean {
    return goesOn ? scn === this.#scn : this.#scn === null;
  }

  /** Page entries of a part that is not the last. */
  add(entries: Uint8Array, scn: Scn): void {
    this.#fd ??= openNameless(this.#path);
    if (writeSync(this.#fd, entries, 0, entries.length, this.#bytes) !== entries.length)
      throw faultText('OB_IO_ERROR', `a part of commit ${scn} was written in part`);
    this.#scn = scn;
    this.#bytes += entries.length;
  }

  /** All page entries kept, some at a time and valid until the next; nothing is kept any more then. */
  *take(): Generator<Uint8Array, void, void> {
    const into = new Uint8Array(Math.min(this.#bytes, entriesPerRead * pageEntryBytes));
    for (let at = 0; at < this.#bytes; at += into.length) {
      const length = Math.min(into.length, this.#bytes - at);
      if (readSync(this.#fd!, into, 0, length, at) !== length)
        throw faultText('OB_IO_ERROR', `parts of commit ${this.#scn} are not there any more`);
      yield into.subarray(0, length);
    }
    this.#scn = null;
    this.#bytes = 0;
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

function openNameless(path: string): number {
  const fd = openSync(path, 'w+', 0o600);
  rmSync(path);
  return fd;
}
