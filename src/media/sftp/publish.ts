import { basename, dirname, join } from 'node:path/posix';
import { lockKey } from '../hidden-name.ts';
import { tempName } from '../key.ts';
import { MediumError } from '../medium.ts';
import { status, statusOf } from './errors.ts';
import { closeHandle, explainFailure, openHandle, type SftpHandle, syncHandle } from './handle.ts';
import { discardLateMs, discardMs, lockPauseMs, lockTries } from './limits.ts';
import { type SftpRoot, statOf } from './root.ts';

/** An object under its temporary name. */
export interface SftpTemp {
  readonly root: SftpRoot;
  readonly key: string;
  readonly path: string;
  readonly target: string;
  readonly file: SftpHandle;
}

/** Opens a new `<name>.tmp.<microseconds>` beside the name it will get, never an existing one. */
export async function openTemp(root: SftpRoot, key: string, signal?: AbortSignal): Promise<SftpTemp> {
  const target = root.at(key);
  let microseconds = root.connection.clock.nowUs();
  for (let attempt = 0; ; attempt++) {
    await root.makeParents(key, signal);
    const path = join(dirname(target), tempName(basename(target), microseconds));
    const session = await root.session(key, signal);
    try {
      return { root, key, path, target, file: await openHandle(session, key, path, 'createNew', signal) };
    } catch (error) {
      const code = error instanceof MediumError ? statusOf(error.cause) : 0;
      const again = code === status.noSuchFile || (code === status.failure && (await isTaken()));
      if (attempt >= 100 || !again) throw await explainFailure(root, session, key, error, signal);
      // A cleaner took the directory between two steps, or another writer is in the same microsecond.
      if (code === status.noSuchFile) {
        root.forget();
        await root.guard(signal);
      } else microseconds += 1;
    }
    async function isTaken(): Promise<boolean> {
      return (await statOf(session, key, path, signal)) !== null;
    }
  }
}

/**
 * Makes the bytes durable and gives them their name: `create` by a hard link, which refuses an existing name, `replace` by
 * posix-rename. The second fsync is for the name: a journal that is written for the file takes its new link along. What fails
 * leaves the temporary file to `discardTemp`.
 */
export async function publishTemp(temp: SftpTemp, mode: 'create' | 'replace', signal?: AbortSignal): Promise<void> {
  const { root, file } = temp;
  try {
    await syncHandle(file, signal);
    if (mode === 'create') await linkNew(temp, signal);
    else await replace(temp, signal);
    await syncHandle(file, signal);
  } catch (error) {
    throw await explainFailure(root, file.session, temp.key, error, signal);
  }
  // The object stands. What cannot be tidied up now is hidden from listings and swept later.
  if (mode === 'create') await unlink(temp, signal).catch(() => undefined);
  closeHandle(file);
}

/**
 * Closes and removes a temporary file. Never throws, for it is called on the way out of another error, and never waits long: a
 * server that is stalled answers nobody.
 */
export async function discardTemp(temp: SftpTemp, signal?: AbortSignal): Promise<void> {
  closeHandle(temp.file);
  const waited = new AbortController();
  const limitMs = signal?.aborted || temp.file.session.ended ? discardLateMs : discardMs;
  const gone = unlink(temp).catch(() => undefined);
  await Promise.race([gone, temp.root.connection.clock.sleep(limitMs, waited.signal).catch(() => undefined)]);
  waited.abort();
}

async function linkNew(temp: SftpTemp, signal: AbortSignal | undefined): Promise<void> {
  const { session } = temp.file;
  try {
    await session.call<void>(temp.key, 'hardlink', signal, (sftp, done) =>
      sftp.ext_openssh_hardlink(temp.path, temp.target, done),
    );
  } catch (error) {
    // The protocol says `failure` only.
    const refused = error instanceof MediumError && statusOf(error.cause) === status.failure;
    if (refused && (await statOf(session, temp.key, temp.target, signal)) !== null)
      throw new MediumError('alreadyExists', temp.key, 'the name is taken', error);
    // So do file systems without links; when they mean it, they say so to what comes now as well.
    if (!(error instanceof MediumError) || (error.kind !== 'unsupported' && error.kind !== 'denied')) throw error;
    await renameNew(temp, signal);
  }
}

/** For file systems without hard links: looks and renames, under a lock, which is a directory: that is made by one only. */
async function renameNew(temp: SftpTemp, signal: AbortSignal | undefined): Promise<void> {
  const { root, key, target } = temp;
  const { session } = temp.file;
  const lock = root.at(lockKey(key));
  for (let attempt = 1; ; attempt++) {
    if ((await statOf(session, key, target, signal)) !== null)
      throw new MediumError('alreadyExists', key, 'the name is taken');
    try {
      await session.call<void>(key, 'mkdir', signal, (sftp, done) => sftp.mkdir(lock, done));
      break;
    } catch (error) {
      // An existing name is a `failure`.
      if (!(error instanceof MediumError) || error.kind !== 'io') throw error;
      if (attempt >= lockTries) throw new MediumError('unavailable', key, 'somebody else is giving this name', error);
    }
    await root.connection.clock.sleep(lockPauseMs, signal).catch(() => undefined);
  }
  try {
    if ((await statOf(session, key, target, signal)) !== null)
      throw new MediumError('alreadyExists', key, 'the name is taken');
    await rename(temp, signal);
  } finally {
    session.call<void>(key, 'rmdir', undefined, (sftp, done) => sftp.rmdir(lock, done)).catch(() => undefined);
  }
}

async function replace(temp: SftpTemp, signal: AbortSignal | undefined): Promise<void> {
  const { session } = temp.file;
  if (session.extensions.has('posix-rename@openssh.com')) return rename(temp, signal);
  // Not atomic, as the abilities say: for a moment there is no object.
  await removePath(temp.root, temp.key, temp.target, signal);
  await linkNew(temp, signal);
  await unlink(temp, signal);
}

function rename({ file, key, path, target }: SftpTemp, signal: AbortSignal | undefined): Promise<void> {
  const { session } = file;
  const posix = session.extensions.has('posix-rename@openssh.com');
  return session.call<void>(key, 'rename', signal, (sftp, done) =>
    posix ? sftp.ext_openssh_rename(path, target, done) : sftp.rename(path, target, done),
  );
}

/** Removes a file; false when there was none. */
export function removePath(root: SftpRoot, key: string, path: string, signal?: AbortSignal): Promise<boolean> {
  return removePathOf('unlink', root, key, path, signal);
}

/** Removes a file or an empty directory; false when there was none. */
export async function removePathOf(
  step: 'unlink' | 'rmdir',
  root: SftpRoot,
  key: string,
  path: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const session = await root.session(key, signal);
  try {
    await session.call<void>(key, step, signal, (sftp, done) => sftp[step](path, done));
    return true;
  } catch (error) {
    if (error instanceof MediumError && statusOf(error.cause) === status.noSuchFile) return false;
    throw error;
  }
}

/** On whatever connection there is by now: the one the file was written through may be gone. */
function unlink(temp: SftpTemp, signal?: AbortSignal): Promise<boolean> {
  return removePath(temp.root, temp.key, temp.path, signal);
}
