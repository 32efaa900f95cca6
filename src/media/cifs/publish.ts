import { checkSignal, fileError } from '../file-errors.ts';
import { lockKey } from '../hidden-name.ts';
import { tempName } from '../key.ts';
import { MediumError } from '../medium.ts';
import { discardLateMs, discardMs, inUsePauseMs, inUseTries } from './limits.ts';
import type { CifsRoot } from './root.ts';
import type { Spool } from './spool.ts';

/** Uploads the `sizeBytes` of a spool beside the key they are for; the temporary key they have then. */
export async function uploadTemp(
  root: CifsRoot,
  key: string,
  spool: Spool,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<string> {
  const temp = tempName(key, root.uniqueUs());
  for (let attempt = 0; ; attempt++) {
    await root.makeParents(key, signal);
    try {
      await uploadTo(root, temp, spool, sizeBytes, signal);
      return temp;
    } catch (error) {
      if (!(error instanceof MediumError) || error.kind !== 'notFound' || attempt > 0) {
        await discard(root, temp, signal);
        throw error;
      }
      // A cleaner took the directory between two steps.
      root.forget();
      await root.guard(signal);
    }
  }
}

/** Uploads a spool under a temporary key, over what it held, and looks whether all of it arrived. */
export async function uploadTo(
  root: CifsRoot,
  temp: string,
  spool: Spool,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<void> {
  await root.run(temp, 'put', `put ${spool.path} ${root.quoted(temp)}`, signal);
  const found = (await root.entry(temp, signal))?.sizeBytes ?? 0;
  if (found !== sizeBytes) throw new MediumError('io', temp, `${found} of ${sizeBytes} bytes arrived`);
}

/**
 * Gives a temporary object its name: `create` by hard link, which refuses an existing name (by rename under a lock where the
 * share has no links), `replace` by a rename that takes the name over. What fails leaves the temporary object to `discard`.
 */
export async function nameTemp(
  root: CifsRoot,
  temp: string,
  key: string,
  mode: 'create' | 'replace',
  signal?: AbortSignal,
): Promise<void> {
  if (mode === 'replace') await rename(root, temp, key, ' -f', signal);
  else await createName(root, temp, key, signal);
}

async function createName(root: CifsRoot, temp: string, key: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await root.run(key, 'hardlink', `hardlink ${root.quoted(temp)} ${root.quoted(key)}`, signal);
  } catch (error) {
    // Samba says `denied` where the file system below has no links; when it means it, it says so to what comes now as well.
    if (!(error instanceof MediumError) || (error.kind !== 'unsupported' && error.kind !== 'denied')) throw error;
    return renameNew(root, temp, key, signal);
  }
  // The object stands. A temporary name that cannot be removed is hidden from listings and swept later.
  await discard(root, temp, signal);
}

/**
 * For shares without hard links. A rename refuses an existing name, but Samba looks first and renames then: of two at once both
 * would win. A directory is made by one only.
 */
async function renameNew(root: CifsRoot, temp: string, key: string, signal: AbortSignal | undefined): Promise<void> {
  const lock = lockKey(key);
  for (let attempt = 1; ; attempt++) {
    if ((await root.entry(key, signal)) !== null) throw new MediumError('alreadyExists', key, 'the name is taken');
    try {
      await root.run(key, 'mkdir', `mkdir ${root.quoted(lock)}`, signal);
      break;
    } catch (error) {
      if (!(error instanceof MediumError) || error.kind !== 'alreadyExists') throw error;
      if (attempt >= inUseTries) throw new MediumError('unavailable', key, 'somebody else is giving this name', error);
    }
    await root.pool.clock.sleep(inUsePauseMs, signal).catch(() => undefined);
  }
  try {
    await rename(root, temp, key, '', signal);
  } finally {
    await root.run(key, 'rmdir', `rmdir ${root.quoted(lock)}`).catch(() => undefined);
  }
}

async function rename(
  root: CifsRoot,
  temp: string,
  key: string,
  force: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const command = `rename ${root.quoted(temp)} ${root.quoted(key)}${force}`;
  await root.run(key, 'rename', command, signal);
}

/** Removes an object; false when there was none. */
export async function removeOne(root: CifsRoot, key: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await root.run(key, 'del', `del ${root.quoted(key)}`, signal);
    return true;
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') return false;
    throw error;
  }
}

/** Removes a temporary object. Never throws, for it is called on the way out of another error, and never waits long. */
export async function discard(root: CifsRoot, temp: string, signal?: AbortSignal): Promise<void> {
  const waited = new AbortController();
  const limitMs = signal?.aborted ? discardLateMs : discardMs;
  // A connection that was lost over what went wrong is replaced by the next command.
  const gone = removeOne(root, temp)
    .catch(() => removeOne(root, temp))
    .catch(() => undefined);
  await Promise.race([gone, root.pool.clock.sleep(limitMs, waited.signal).catch(() => undefined)]);
  waited.abort();
}

/** Writes all of `bytes` into a spool. */
export async function fillSpool(
  key: string,
  spool: Spool,
  offset: number,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  checkSignal(key, signal);
  try {
    for (let done = 0; done < bytes.length; )
      done += (await spool.handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
  } catch (error) {
    throw fileError(key, error);
  }
}
