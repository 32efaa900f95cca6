import { dirname, join } from 'node:path/posix';
import type { Stats } from 'ssh2';
import { MediumError } from '../medium.ts';
import type { SftpConnection } from './connection.ts';
import { status, statusOf } from './errors.ts';
import type { SftpSession } from './session.ts';

/**
 * The directory of a destination on an SFTP server. It remembers that it was there once: a directory that vanishes (the mount
 * of the server is gone) is `noContainer` afterwards, and is not made anew.
 */
export class SftpRoot {
  readonly connection: SftpConnection;
  readonly path: string;
  /** Directories known to be there; a hint only, given up as soon as one is missing. */
  readonly #made = new Set<string>();
  #seen = false;

  constructor(connection: SftpConnection) {
    this.connection = connection;
    this.path = connection.address.root;
  }

  /** Absolute path of a key, `''` is the root itself. */
  at(key: string): string {
    return key === '' ? this.path : join(this.path, key);
  }

  session(key: string, signal?: AbortSignal): Promise<SftpSession> {
    return this.connection.session(key, signal);
  }

  /** Told by whoever met something below the root. */
  met(): void {
    this.#seen = true;
  }

  /** True when the root is a directory that is there. */
  async exists(signal?: AbortSignal): Promise<boolean> {
    const found = await statOf(await this.session('', signal), '', this.path, signal);
    if (found === null) return false;
    if (!found.isDirectory()) throw new MediumError('noContainer', '', 'the path of the destination is a file');
    this.#seen = true;
    return true;
  }

  /** Called when something was not found: throws `noContainer` when the reason is that the whole root has vanished. */
  async guard(signal?: AbortSignal): Promise<void> {
    // What another call makes while this one looks was not there before.
    const seen = this.#seen;
    if (!(await this.exists(signal)) && seen) throw vanished();
  }

  /** Makes the directory of `key` with its parents. */
  async makeParents(key: string, signal?: AbortSignal): Promise<void> {
    const directory = dirname(this.at(key));
    if (this.#made.has(directory)) return;
    await this.#make(await this.session(key, signal), key, directory, signal);
    this.#made.add(directory);
    this.#seen = true;
  }

  /** Forgets which directories are there: one of them was not. */
  forget(): void {
    this.#made.clear();
  }

  async #make(session: SftpSession, key: string, path: string, signal: AbortSignal | undefined): Promise<void> {
    const seen = this.#seen;
    const found = await statOf(session, key, path, signal);
    if (found?.isDirectory()) return;
    if (found) throw new MediumError('notDirectory', key, 'a part of the path is a file');
    if (path === this.path && seen) throw vanished();
    if (path === '/') throw new MediumError('noContainer', '', 'the server shows no root directory');
    await this.#make(session, key, dirname(path), signal);
    try {
      await session.call<void>(key, 'mkdir', signal, (sftp, done) => sftp.mkdir(path, done));
    } catch (error) {
      // Made by somebody else in the meantime.
      if (!(await statOf(session, key, path, signal))?.isDirectory()) throw error;
    }
  }
}

/** What stands at a path, links followed; null when nothing does. */
export async function statOf(
  session: SftpSession,
  key: string,
  path: string,
  signal?: AbortSignal,
): Promise<Stats | null> {
  try {
    return await session.call<Stats>(key, 'stat', signal, (sftp, done) => sftp.stat(path, done));
  } catch (error) {
    if (error instanceof MediumError && statusOf(error.cause) === status.noSuchFile) return null;
    throw error;
  }
}

function vanished(): MediumError {
  return new MediumError('noContainer', '', 'the directory of the destination has vanished');
}
