import { isTempName } from '../key.ts';
import type { ListEntry } from '../medium.ts';
import { inParallel } from '../parallel.ts';
import { isPartName } from './append-parts.ts';
import { findAppended } from './appended.ts';
import type { S3Connection } from './connection.ts';
import { requestsAtOnce } from './limits.ts';
import { objectPages } from './pages.ts';

/** Objects and directories of one level; appended objects appear as one. Names nobody may see are left out. */
export async function* directoryPages(
  connection: S3Connection,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<readonly ListEntry[]> {
  const directory = connection.at(prefix === '' ? '' : `${prefix}/`);
  for await (const page of objectPages(connection, { prefix: directory, delimited: true }, signal)) {
    const entries: ListEntry[] = [];
    for (const { Key, Size } of page.Contents ?? []) {
      const name = (Key ?? '').slice(directory.length);
      if (isShown(name)) entries.push({ name, kind: 'object', sizeBytes: Size ?? 0 });
    }
    const below = (page.CommonPrefixes ?? []).map(({ Prefix }) => (Prefix ?? '').slice(directory.length, -1));
    const key = (name: string) => (prefix === '' ? name : `${prefix}/${name}`);
    const described = await inParallel(below.filter(isShown), requestsAtOnce, async (name): Promise<ListEntry> => {
      const appended = await findAppended(connection, key(name), signal);
      if (appended === null) return { name, kind: 'directory' };
      return { name, kind: 'object', sizeBytes: appended.sizeBytes };
    });
    yield [...entries, ...described];
  }
}

function isShown(name: string): boolean {
  return name !== '' && !name.endsWith('/') && !isTempName(name) && !isPartName(name);
}
