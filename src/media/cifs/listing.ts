import { checkSignal } from '../file-errors.ts';
import { isHidden } from '../hidden-name.ts';
import { isBelow, tempName } from '../key.ts';
import { listPageEntries } from '../limits.ts';
import { type ListEntry, MediumError, type ObjectHead } from '../medium.ts';
import { inParallel } from '../parallel.ts';
import { statusError, statusIn } from './errors.ts';
import { sessionsMax } from './limits.ts';
import { partedName } from './names.ts';
import { findParts, purge, removeParts } from './parts.ts';
import { discard, removeOne } from './publish.ts';
import { type CifsRoot, parseEntry, type SmbEntry } from './root.ts';
import { withSpool } from './spool.ts';

/** Entries of a directory as they come, temporary ones too; none when it is missing. */
async function* entriesOf(root: CifsRoot, prefix: string, signal?: AbortSignal): AsyncGenerator<readonly SmbEntry[]> {
  const session = await root.pool.take(prefix, signal);
  let done = false;
  let status = '';
  try {
    const directory = root.quoted(prefix).slice(1, -1);
    const command = `ls "${directory === '' ? '' : `${directory}/`}*"`;
    let page: SmbEntry[] = [];
    for await (const lines of session.stream(prefix, command, signal)) {
      status ||= statusIn(lines);
      for (const line of lines) {
        const entry = parseEntry(line);
        if (entry && entry.name !== '.' && entry.name !== '..') page.push(entry);
      }
      if (page.length < listPageEntries) continue;
      yield page;
      page = [];
    }
    done = true;
    if (page.length > 0) yield page;
  } finally {
    root.pool.give(session, !done);
  }
  if (status === '') return root.met();
  const error = statusError(prefix, 'ls', status);
  if (error.kind !== 'notFound' && error.kind !== 'notDirectory') throw error;
  // A name in the middle of the path, the name itself, or nothing at all.
  const itself = prefix === '' && !(await root.exists(signal)) ? null : await root.entry(prefix, signal);
  if (itself !== null && !itself.directory)
    throw new MediumError(prefix === '' ? 'noContainer' : 'notDirectory', prefix, 'it is a file', error);
}

/** Objects and directories of one directory, a page at a time in the server's order; a missing directory has none. */
export async function* directoryPages(
  root: CifsRoot,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<readonly ListEntry[]> {
  for await (const page of entriesOf(root, prefix, signal)) {
    const entries: ListEntry[] = [];
    for (const entry of page) {
      if (isHidden(entry.name)) continue;
      const listed = await describe(root, prefix, entry, signal);
      if (listed !== null) entries.push(listed);
    }
    yield entries;
  }
}

async function describe(
  root: CifsRoot,
  prefix: string,
  { name, directory, sizeBytes }: SmbEntry,
  signal: AbortSignal | undefined,
): Promise<ListEntry | null> {
  if (!directory) return { name, kind: 'object', sizeBytes };
  const parted = partedName(name);
  if (parted === null) return { name, kind: 'directory' };
  const found = await findParts(root, prefix === '' ? parted : `${prefix}/${parted}`, signal);
  return found && { name: parted, kind: 'object', sizeBytes: found.sizeBytes };
}

/** Size and age of an object by the server's clock; null when there is none under this name. */
export async function headObject(root: CifsRoot, key: string, signal?: AbortSignal): Promise<ObjectHead | null> {
  const found = await root.entry(key, signal);
  if (found?.directory) return null;
  const object = found ?? (await findParts(root, key, signal));
  if (object === null) await root.guard(signal);
  else root.met();
  return object && { sizeBytes: object.sizeBytes, modifiedMs: object.modifiedMs };
}

/** Removes objects; missing ones are success, a missing root is not. */
export async function removeObjects(root: CifsRoot, keys: readonly string[], signal?: AbortSignal): Promise<void> {
  const removed = await inParallel(
    keys,
    sessionsMax,
    async (key) => (await removeOne(root, key, signal)) || removeParts(root, key, signal),
  );
  if (removed.includes(false) && !(await root.exists(signal)))
    throw new MediumError('noContainer', '', 'the directory of the destination is missing');
}

/** Removes a directory that lists as empty, with the temporary files nobody can see. */
export async function removeEmptyDirectory(root: CifsRoot, prefix: string, signal?: AbortSignal): Promise<void> {
  const temps: SmbEntry[] = [];
  for await (const page of entriesOf(root, prefix, signal)) {
    temps.push(...page);
    if (!page.every(({ name }) => isHidden(name))) throw new MediumError('io', prefix, 'the directory is not empty');
  }
  for (const temp of temps) await removeTemp(root, prefix, temp, signal);
  root.forget();
  try {
    await root.run(prefix, 'rmdir', `rmdir ${root.quoted(prefix)}`, signal);
  } catch (error) {
    if (!(error instanceof MediumError) || error.kind !== 'notFound') throw error;
    await root.guard(signal);
  }
}

/** Removes temporary files, not those below `kept`, nobody has written to for `olderThanMs`, by the server's own clock; says how many. */
export async function sweepTemps(
  root: CifsRoot,
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
    for await (const page of entriesOf(root, prefix, signal)) {
      for (const { name, directory, modifiedMs } of page) {
        if (directory && !isHidden(name)) waiting.push(prefix === '' ? name : `${prefix}/${name}`);
        if (!isHidden(name)) continue;
        before ??= (await serverNowMs(root, signal)) - olderThanMs;
        if (modifiedMs < before && (await removeTemp(root, prefix, { name, directory }, signal))) removed += 1;
      }
    }
  }
  return removed;
}

/** Removes a temporary object, or what is left of one made of parts. */
async function removeTemp(
  root: CifsRoot,
  prefix: string,
  { name, directory }: Pick<SmbEntry, 'name' | 'directory'>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const key = prefix === '' ? name : `${prefix}/${name}`;
  if (!directory) return removeOne(root, key, signal);
  await purge(root, key, signal);
  return true;
}

/** The server's clock, which only a new file shows. */
async function serverNowMs(root: CifsRoot, signal?: AbortSignal): Promise<number> {
  const key = tempName('clock', root.uniqueUs());
  return withSpool('', async (spool) => {
    try {
      await root.run('', 'put', `put ${spool.path} ${root.quoted(key)}`, signal);
      const found = await root.entry(key, signal);
      if (found === null) throw new MediumError('io', '', 'a new file cannot be found');
      return found.modifiedMs;
    } finally {
      await discard(root, key, signal);
    }
  });
}

/** Bytes that may still be written; null when the server does not say, or the directory is missing. */
export async function freeBytes(root: CifsRoot, signal?: AbortSignal): Promise<bigint | null> {
  const command = `ls ${root.quoted('') === '""' ? '"*"' : root.quoted('')}`;
  try {
    const lines = await root.run('', 'ls', command, signal);
    const match = lines.map((line) => /blocks of size (\d+)\. (\d+) blocks available/.exec(line)).find(Boolean);
    return match ? BigInt(match[1]!) * BigInt(match[2]!) : null;
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') return null;
    throw error;
  }
}
