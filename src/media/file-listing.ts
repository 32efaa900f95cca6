import type { Dirent } from 'node:fs';
import { opendir, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, fileError } from './file-errors.ts';
import type { FileRoot } from './file-root.ts';
import { syncDirectory } from './file-root.ts';
import { isTempName } from './key.ts';
import { listPageEntries } from './limits.ts';
import { type ListEntry, MediumError, type ObjectHead } from './medium.ts';

/** Objects and directories of one directory, a page at a time and in no order; a missing directory has none. */
export async function* directoryPages(root: FileRoot, prefix: string): AsyncGenerator<readonly ListEntry[]> {
  await root.exists();
  const directory = root.at(prefix);
  let page: ListEntry[] = [];
  const options = { bufferSize: listPageEntries };
  const opened = await opendir(directory, options).catch((error: unknown) => missing(error, root, prefix));
  try {
    for await (const entry of opened) {
      if (isTempName(entry.name)) continue;
      const listed = await describe(directory, entry);
      if (listed !== null) page.push(listed);
      if (page.length < listPageEntries) continue;
      yield page;
      page = [];
    }
  } catch (error) {
    throw fileError(prefix, error);
  }
  yield page;
}

/** Size and age of an object; null when there is none under this name. */
export async function headFile(root: FileRoot, key: string): Promise<ObjectHead | null> {
  await root.guard();
  try {
    const found = await stat(root.at(key));
    return found.isFile() ? { sizeBytes: found.size, modifiedMs: found.mtimeMs } : null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    throw fileError(key, error);
  }
}

/** Removes objects, durable; missing ones are success, a missing root is not. */
export async function removeFiles(root: FileRoot, keys: readonly string[]): Promise<void> {
  if (!(await root.exists())) throw new MediumError('noContainer', '', 'the directory of the destination is missing');
  const touched = new Set<string>();
  for (const key of keys) {
    try {
      await unlink(root.at(key));
      touched.add(dirname(root.at(key)));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw fileError(key, error);
    }
  }
  for (const directory of touched)
    await syncDirectory(directory).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw fileError('', error);
    });
}

/** Removes a directory that lists as empty, with the temporary files nobody can see. */
export async function removeEmptyDirectory(root: FileRoot, prefix: string): Promise<void> {
  await root.guard();
  const directory = root.at(prefix);
  try {
    const names = await readdir(directory);
    if (names.every(isTempName)) for (const name of names) await unlink(join(directory, name));
    await rmdir(directory);
    await syncDirectory(dirname(directory));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return;
    if (errno === 'ENOTEMPTY' || errno === 'EEXIST')
      throw new MediumError('io', prefix, 'the directory is not empty', error);
    throw fileError(prefix, error);
  }
}

async function missing(error: unknown, root: FileRoot, prefix: string): Promise<Dirent[]> {
  const errno = errnoOf(error);
  if (errno === 'ENOENT') return [];
  if (errno !== 'ENOTDIR') throw fileError(prefix, error);
  // Either the name itself is a file, or a file stands further up; then there is nothing to list (4.2.1 says so too).
  const itself = await stat(root.at(prefix)).catch(() => null);
  if (itself === null) return [];
  throw new MediumError(prefix === '' ? 'noContainer' : 'notDirectory', prefix, 'it is a file', error);
}

async function describe(directory: string, entry: Dirent): Promise<ListEntry | null> {
  if (entry.isDirectory()) return { name: entry.name, kind: 'directory' };
  const found = await stat(join(directory, entry.name)).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ELOOP') return null;
    throw fileError(entry.name, error);
  });
  if (found?.isDirectory()) return { name: entry.name, kind: 'directory' };
  return found?.isFile() ? { name: entry.name, kind: 'object', sizeBytes: found.size } : null;
}
