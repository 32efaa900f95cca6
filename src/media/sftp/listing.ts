import { join } from 'node:path/posix';
import type { FileEntryWithStats } from 'ssh2';
import { checkSignal } from '../file-errors.ts';
import { isHidden } from '../hidden-name.ts';
import { isBelow, tempName } from '../key.ts';
import { type ListEntry, MediumError, type ObjectHead } from '../medium.ts';
import { inParallel } from '../parallel.ts';
import { status, statusOf } from './errors.ts';
import { closeHandle, openHandle, type SftpHandle } from './handle.ts';
import { removalsAtOnce } from './limits.ts';
import { removePath, removePathOf } from './publish.ts';
import { type SftpRoot, statOf } from './root.ts';

/** A directory as the server hands it over, some hundred names at a time, links as they are; null when it is missing. */
async function openDirectory(root: SftpRoot, prefix: string, path: string, signal?: AbortSignal) {
  const session = await root.session(prefix, signal);
  let file: SftpHandle;
  try {
    const handle = await session.call<Buffer>(prefix, 'opendir', signal, (sftp, done) => sftp.opendir(path, done));
    file = { session, handle, key: prefix };
  } catch (error) {
    if (!(error instanceof MediumError) || statusOf(error.cause) !== status.noSuchFile) throw error;
    // The protocol does not tell a file from nothing.
    if ((await statOf(session, prefix, path, signal)) === null) return null;
    throw new MediumError(prefix === '' ? 'noContainer' : 'notDirectory', prefix, 'it is a file', error);
  }
  root.met();
  return pagesOf(file, signal);
}

async function* pagesOf(file: SftpHandle, signal?: AbortSignal): AsyncGenerator<readonly FileEntryWithStats[]> {
  const { session, handle, key } = file;
  try {
    for (;;) {
      const page = await session
        .call<FileEntryWithStats[]>(key, 'readdir', signal, (sftp, done) => sftp.readdir(handle, done))
        .catch((error: unknown) => {
          if (error instanceof MediumError && statusOf(error.cause) === status.endOfFile) return null;
          throw error;
        });
      if (page === null) return;
      yield page.filter(({ filename }) => filename !== '.' && filename !== '..');
    }
  } finally {
    closeHandle(file);
  }
}

/** Objects and directories of one directory, a page at a time in the server's order; a missing directory has none. */
export async function* directoryPages(
  root: SftpRoot,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<readonly ListEntry[]> {
  const pages = await openDirectory(root, prefix, root.at(prefix), signal);
  if (pages === null) return;
  for await (const page of pages) {
    const entries: ListEntry[] = [];
    for (const entry of page) {
      if (isHidden(entry.filename)) continue;
      const listed = await describe(root, prefix, entry, signal);
      if (listed !== null) entries.push(listed);
    }
    yield entries;
  }
}

async function describe(
  root: SftpRoot,
  prefix: string,
  { filename: name, attrs }: FileEntryWithStats,
  signal: AbortSignal | undefined,
): Promise<ListEntry | null> {
  const found = attrs.isSymbolicLink()
    ? await statOf(await root.session(prefix, signal), prefix, join(root.at(prefix), name), signal)
    : attrs;
  if (found?.isDirectory()) return { name, kind: 'directory' };
  return found?.isFile() ? { name, kind: 'object', sizeBytes: found.size } : null;
}

/** Size and age of an object by the server's clock; null when there is none under this name. */
export async function headObject(root: SftpRoot, key: string, signal?: AbortSignal): Promise<ObjectHead | null> {
  const found = await statOf(await root.session(key, signal), key, root.at(key), signal);
  if (found === null) await root.guard(signal);
  else root.met();
  return found?.isFile() ? { sizeBytes: found.size, modifiedMs: found.mtime * 1_000 } : null;
}

/** Removes objects; missing ones are success, a missing root is not. */
export async function removeObjects(root: SftpRoot, keys: readonly string[], signal?: AbortSignal): Promise<void> {
  const removed = await inParallel(keys, removalsAtOnce, (key) => removePath(root, key, root.at(key), signal));
  if (removed.includes(false) && !(await root.exists(signal)))
    throw new MediumError('noContainer', '', 'the directory of the destination is missing');
}

/** Removes a directory that lists as empty, with the temporary files nobody can see. */
export async function removeEmptyDirectory(root: SftpRoot, prefix: string, signal?: AbortSignal): Promise<void> {
  const path = root.at(prefix);
  const pages = await openDirectory(root, prefix, path, signal);
  if (pages === null) return root.guard(signal);
  const hidden: FileEntryWithStats[] = [];
  for await (const page of pages) {
    hidden.push(...page);
    if (!page.every(({ filename }) => isHidden(filename)))
      throw new MediumError('io', prefix, 'the directory is not empty');
  }
  for (const entry of hidden) await removeHidden(root, path, entry, signal);
  root.forget();
  await removePathOf('rmdir', root, prefix, path, signal);
}

/** Removes a temporary file, or a lock. */
function removeHidden(
  root: SftpRoot,
  directory: string,
  { filename, attrs }: FileEntryWithStats,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return removePathOf(attrs.isDirectory() ? 'rmdir' : 'unlink', root, '', join(directory, filename), signal);
}

/** Removes temporary files, not those below `kept`, nobody has written to for `olderThanMs`, by the server's own clock; says how many. */
export async function sweepTemps(
  root: SftpRoot,
  olderThanMs: number,
  kept: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  let before: number | null = null;
  let removed = 0;
  const waiting = [''];
  for (let prefix = waiting.pop(); prefix !== undefined; prefix = waiting.pop()) {
    checkSignal('', signal);
    if (isBelow(prefix, kept)) continue;
    const pages = await openDirectory(root, prefix, root.at(prefix), signal);
    if (pages === null) continue;
    for await (const page of pages) {
      for (const entry of page) {
        const { filename, attrs } = entry;
        const key = prefix === '' ? filename : `${prefix}/${filename}`;
        if (attrs.isDirectory() && !isHidden(filename)) waiting.push(key);
        if (!isHidden(filename)) continue;
        before ??= (await serverNowMs(root, signal)) - olderThanMs;
        if (attrs.mtime * 1_000 < before && (await removeHidden(root, root.at(prefix), entry, signal))) removed += 1;
      }
    }
  }
  return removed;
}

/** The server's clock, which only a new file shows. */
async function serverNowMs(root: SftpRoot, signal?: AbortSignal): Promise<number> {
  const session = await root.session('', signal);
  const path = join(root.path, tempName('clock', root.connection.clock.nowUs()));
  const file = await openHandle(session, '', path, 'createNew', signal);
  try {
    const found = await session.call<{ mtime: number }>('', 'fstat', signal, (sftp, done) =>
      sftp.fstat(file.handle, done),
    );
    return found.mtime * 1_000;
  } finally {
    closeHandle(file);
    await removePath(root, '', path).catch(() => undefined);
  }
}
