import { isBelow, isTempName } from '../key.ts';
import { type ListEntry, MediumError } from '../medium.ts';
import type { HdfsClient } from './hdfs-client.ts';
import { isKind } from './hdfs-errors.ts';
import { type FileStatus, HdfsFiles } from './hdfs-files.ts';

/** Removals that run at once: the file system removes one name at a time. */
const removalsInFlight = 8;

/** One level below `prefix`, page by page as the NameNode gives them. */
export async function* listingPages(
  client: HdfsClient,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<readonly ListEntry[]> {
  for await (const page of rawPages(new HdfsFiles(client, prefix, signal), client.at(prefix))) {
    if (page.some(({ pathSuffix }) => pathSuffix === ''))
      throw new MediumError(prefix === '' ? 'noContainer' : 'notDirectory', prefix, 'it is a file');
    yield page.filter(({ pathSuffix }) => !isTempName(pathSuffix)).flatMap(entryOf);
  }
}

/** Removes files, or empty directories; missing ones are success, a missing root is not. */
export async function removeFiles(client: HdfsClient, keys: readonly string[], signal?: AbortSignal): Promise<void> {
  if ((await new HdfsFiles(client, '', signal).status(client.at(''))) === null)
    throw new MediumError('noContainer', '', 'the directory of the destination is missing');
  const left = keys.values();
  const work = async () => {
    for (const key of left) await new HdfsFiles(client, key, signal).remove(client.at(key), false).catch(notThere);
  };
  await Promise.all(Array.from({ length: Math.min(removalsInFlight, keys.length) }, work));
}

/** Removes a directory that lists as empty, with the temporary files nobody can see. */
export async function removeEmptyDirectory(client: HdfsClient, prefix: string, signal?: AbortSignal): Promise<void> {
  const files = new HdfsFiles(client, prefix, signal);
  const path = client.at(prefix);
  const temps: string[] = [];
  for await (const page of rawPages(files, path)) {
    for (const { pathSuffix } of page) {
      if (!isTempName(pathSuffix)) throw new MediumError('io', prefix, 'the directory is not empty');
      temps.push(pathSuffix);
    }
  }
  for (const name of temps) await files.remove(`${path}/${name}`, true);
  await files.remove(path, false).catch(notThere);
}

/** Removes temporary files and directories below the root, not below `kept`, that are older than `olderThanMs` by the server's clock; says how many. */
export async function sweepTemps(
  client: HdfsClient,
  olderThanMs: number,
  kept: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  const files = new HdfsFiles(client, '', signal);
  const dateMs = await files.dateMs();
  const nowMs = Number.isNaN(dateMs) ? client.clock.nowUs() / 1000 : dateMs + 1000;
  let swept = 0;
  const directories = [client.at('')];
  const keptPaths = kept.map((directory) => client.at(directory));
  for (let path = directories.pop(); path !== undefined; path = directories.pop()) {
    if (isBelow(path, keptPaths)) continue;
    const old: string[] = [];
    for await (const page of rawPages(files, path)) {
      for (const { pathSuffix, type, modificationTime } of page) {
        if (!isTempName(pathSuffix)) {
          if (type === 'DIRECTORY') directories.push(`${path === '/' ? '' : path}/${pathSuffix}`);
        } else if (nowMs - modificationTime >= olderThanMs) old.push(`${path === '/' ? '' : path}/${pathSuffix}`);
      }
    }
    for (const temp of old) if (await files.remove(temp, true)) swept += 1;
  }
  return swept;
}

async function* rawPages(files: HdfsFiles, path: string): AsyncGenerator<readonly FileStatus[]> {
  for (let startAfter = ''; ; ) {
    const page = await files.page(path, startAfter).catch((error: unknown) => {
      notThere(error);
      return { entries: [], more: false };
    });
    yield page.entries;
    const next = page.entries.at(-1)?.pathSuffix ?? '';
    if (!page.more) return;
    if (next <= startAfter) throw new MediumError('io', files.key, 'the pages of the listing do not go on');
    startAfter = next;
  }
}

function notThere(error: unknown): void {
  if (!isKind(error, 'notFound')) throw error;
}

function entryOf({ pathSuffix: name, type, length }: FileStatus): ListEntry[] {
  if (type === 'DIRECTORY') return [{ name, kind: 'directory' }];
  return type === 'FILE' ? [{ name, kind: 'object', sizeBytes: length }] : [];
}
