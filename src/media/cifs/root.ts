import { MediumError } from '../medium.ts';
import type { PaceDebts } from '../pace-debts.ts';
import { InUseError } from './errors.ts';
import { inUsePauseMs, inUseTries } from './limits.ts';
import type { SmbPool } from './pool.ts';
import type { Spool } from './spool.ts';

/** One entry of a listing. */
export interface SmbEntry {
  readonly name: string;
  readonly directory: boolean;
  readonly sizeBytes: number;
  /** By the server's clock, in whole seconds. */
  readonly modifiedMs: number;
}

/**
 * The directory of a destination on a share. It remembers that it was there once: a directory that vanishes is `noContainer`
 * afterwards and is not made anew.
 */
export class CifsRoot {
  readonly pool: SmbPool;
  readonly debts: PaceDebts;
  /** Spools of objects nobody has ended yet. */
  readonly spools = new Set<Spool>();
  /** Directories known to be there; a hint only. */
  readonly #made = new Set<string>();
  #seen = false;
  #lastUs = 0;

  constructor(pool: SmbPool, debts: PaceDebts) {
    this.pool = pool;
    this.debts = debts;
  }

  /**
   * Path of a key below the share, in quotes, as smbclient takes it. `''` is the root itself. A dot at the end of a name, which
   * servers drop or replace, is written as `%2E`.
   */
  quoted(key: string): string {
    return `"${this.#at(key)}"`;
  }

  /**
   * Runs one command. Servers refuse to touch what somebody else has open; a name is open for a moment only, which is waited
   * for.
   */
  async run(key: string, step: string, command: string, signal?: AbortSignal): Promise<readonly string[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.pool.use(key, signal, (session) => session.run(key, step, command, signal));
      } catch (error) {
        if (!(error instanceof InUseError) || attempt >= inUseTries) throw error;
      }
      await this.pool.clock.sleep(inUsePauseMs, signal).catch(() => undefined);
    }
  }

  /** A number of microseconds no other temporary file of this medium is named after. */
  uniqueUs(): number {
    this.#lastUs = Math.max(this.#lastUs + 1, this.pool.clock.nowUs());
    return this.#lastUs;
  }

  met(): void {
    this.#seen = true;
  }

  forget(): void {
    this.#made.clear();
  }

  /** True when the directory of the destination is there. */
  async exists(signal?: AbortSignal): Promise<boolean> {
    // The root of a share cannot be asked for by name; that it can be reached was seen by logging in.
    const found = this.#at('') === '' ? await this.#shareRoot(signal) : await this.entry('', signal);
    if (found === null) return false;
    if (!found.directory) throw new MediumError('noContainer', '', 'the path of the destination is a file');
    this.#seen = true;
    return true;
  }

  /** Called when something was not found: throws `noContainer` when the reason is that the whole root has vanished. */
  async guard(signal?: AbortSignal): Promise<void> {
    // What another call makes while this one looks was not there before.
    const seen = this.#seen;
    if (!(await this.exists(signal)) && seen) throw vanished();
  }

  /** What stands under a key, `''` for the root; null when nothing does. */
  async entry(key: string, signal?: AbortSignal): Promise<SmbEntry | null> {
    return this.#entryAt(key, this.#at(key), signal);
  }

  /** Makes the directory of `key` with its parents. */
  async makeParents(key: string, signal?: AbortSignal): Promise<void> {
    const path = this.#at(key);
    const directory = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    if (directory === '' || this.#made.has(directory)) return;
    await this.#make(key, directory, signal);
    this.#made.add(directory);
    this.#seen = true;
  }

  async #make(key: string, path: string, signal: AbortSignal | undefined): Promise<void> {
    const seen = this.#seen;
    const found = await this.#entryAt(key, path, signal);
    if (found?.directory) return;
    if (found) throw new MediumError('notDirectory', key, 'a part of the path is a file');
    if (path === this.#at('') && seen) throw vanished();
    if (path.includes('/')) await this.#make(key, path.slice(0, path.lastIndexOf('/')), signal);
    try {
      await this.run(key, 'mkdir', `mkdir "${path}"`, signal);
    } catch (error) {
      // Made by somebody else in the meantime.
      if (!(error instanceof MediumError) || error.kind !== 'alreadyExists') throw error;
      if (!(await this.#entryAt(key, path, signal))?.directory) throw error;
    }
  }

  async #entryAt(key: string, path: string, signal: AbortSignal | undefined): Promise<SmbEntry | null> {
    try {
      const lines = await this.run(key, 'ls', `ls "${path}"`, signal);
      return lines.flatMap((line) => parseEntry(line) ?? [])[0] ?? null;
    } catch (error) {
      if (error instanceof MediumError && error.kind === 'notFound') return null;
      throw error;
    }
  }

  async #shareRoot(signal: AbortSignal | undefined): Promise<SmbEntry> {
    await this.run('', 'cd', 'cd /', signal);
    return { name: '', directory: true, sizeBytes: 0, modifiedMs: 0 };
  }

  #at(key: string): string {
    const { directory } = this.pool.address;
    const name = key.replace(/\.(?=\/|$)/g, '%2E');
    return directory === '' || key === '' ? directory + name : `${directory}/${name}`;
  }
}

/** Reads a line of `ls`: name, attributes, size and moment in UTC; null for any other line. */
export function parseEntry(line: string): SmbEntry | null {
  const match = /^ {2}(.*?) +([A-Z]*) +(\d+) {2}(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})$/.exec(line);
  if (!match) return null;
  const [, name = '', attributes = '', size = '', moment = ''] = match;
  return {
    name: name.replace(/%2E$/, '.'),
    directory: attributes.includes('D'),
    sizeBytes: Number(size),
    modifiedMs: Date.parse(`${moment} UTC`),
  };
}

function vanished(): MediumError {
  return new MediumError('noContainer', '', 'the directory of the destination has vanished');
}
