import { MediumError } from '../medium.ts';
import { inParallel } from '../parallel.ts';
import { formatKey, isPartName } from './append-parts.ts';
import { findAppended } from './appended.ts';
import type { S3Connection } from './connection.ts';
import { s3Error } from './errors.ts';
import { deleteKeysMax, requestsAtOnce } from './limits.ts';
import { objectPages } from './pages.ts';

/** Removes objects, those in parts with all that belongs to them; missing ones are success. */
export async function removeObjects(
  connection: S3Connection,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const candidates = await possiblyAppended(connection, [...new Set(keys)], signal);
  const found = await inParallel(candidates, requestsAtOnce, async (key) => ({
    key,
    appended: await findAppended(connection, key, signal),
  }));
  const appended = found.filter((one) => one.appended !== null);
  await removeExactly(connection, [...keys, ...appended.flatMap((one) => one.appended?.keys ?? [])], signal);
  // Last: while it stands, a removal that broke off is found again.
  await removeExactly(
    connection,
    appended.map(({ key }) => formatKey(key)),
    signal,
  );
}

/** Removes exactly these names, in order. Refused ones are an error of their own kind. */
export async function removeExactly(
  connection: S3Connection,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const all = [...new Set(keys)];
  for (let i = 0; i < all.length; i += deleteKeysMax)
    await deleteBatch(connection, all.slice(i, i + deleteKeysMax), signal);
}

async function deleteBatch(connection: S3Connection, keys: readonly string[], signal?: AbortSignal): Promise<void> {
  const { bucket, prefix } = connection.address;
  const Objects = keys.map((key) => ({ Key: connection.at(key) }));
  const answer = await connection
    .call('DeleteObjects', keys[0] ?? '', signal, (s3, options) =>
      s3.deleteObjects({ Bucket: bucket, Delete: { Objects, Quiet: false } }, options),
    )
    .catch((error: unknown) => {
      if (error instanceof MediumError && error.kind === 'unsupported') return null;
      throw error;
    });
  if (answer === null) return deleteEach(connection, keys, signal);
  const gone = new Set((answer.Deleted ?? []).map(({ Key }) => Key));
  for (const { Key = '', Code } of answer.Errors ?? []) {
    const key = Key.slice(prefix.length);
    if (Code !== 'NoSuchKey' && Code !== 'NoSuchVersion') throw refusedDelete(connection, key, Code);
    gone.add(Key);
  }
  const untold = Objects.find(({ Key }) => !gone.has(Key));
  if (untold)
    throw new MediumError('network', untold.Key.slice(prefix.length), 'the answer does not say that it was deleted');
}

function refusedDelete(connection: S3Connection, key: string, code: string | undefined): MediumError {
  const host = connection.address.endpoint.hostname;
  const error = s3Error({ operation: 'DeleteObjects', key, host }, { name: code });
  // The answer came; what is not known of its code is no fault of the network.
  return error.kind === 'network' ? new MediumError('io', key, `DeleteObjects refused with ${code}`) : error;
}

/** For stores that know S3's dialect but not this request (Google's). */
async function deleteEach(connection: S3Connection, keys: readonly string[], signal?: AbortSignal): Promise<void> {
  await inParallel(keys, requestsAtOnce, async (key) => {
    try {
      await connection.call('DeleteObject', key, signal, (s3, options) =>
        s3.deleteObject({ Bucket: connection.address.bucket, Key: connection.at(key) }, options),
      );
    } catch (error) {
      if (!(error instanceof MediumError && error.kind === 'notFound')) throw error;
    }
  });
}

/** Keys of a directory up to this number are looked up one by one. */
const probedKeysMax = 4;

/**
 * Those of the keys under which something else lies: only these can be objects in parts. Of many keys of one directory it is found
 * out by listing the directory's sub-directories, a page of which costs as much as one look at one key.
 */
async function possiblyAppended(
  connection: S3Connection,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const directories = Map.groupBy(keys, (key) => key.slice(0, key.lastIndexOf('/') + 1));
  const found = await inParallel([...directories], requestsAtOnce, async ([directory, inside]) => {
    const named = inside.filter((key) => !isPartName(key.slice(directory.length)));
    return named.length <= probedKeysMax ? named : prefixesAmong(connection, directory, named, signal);
  });
  return found.flat();
}

async function prefixesAmong(
  connection: S3Connection,
  directory: string,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const sorted = [...keys].sort();
  const [first, last] = [sorted[0] as string, sorted.at(-1) as string];
  const ask = { prefix: connection.at(directory), delimited: true, startAfter: connection.at(first) };
  const below = new Set<string>();
  let pages = 0;
  for await (const page of objectPages(connection, ask, signal)) {
    for (const { Prefix = '' } of page.CommonPrefixes ?? [])
      below.add(Prefix.slice(connection.address.prefix.length, -1));
    const end = [page.Contents?.at(-1)?.Key ?? '', page.CommonPrefixes?.at(-1)?.Prefix ?? ''].sort()[1] as string;
    if (end > connection.at(`${last}/`)) break;
    // A few keys far apart in a large directory: looking at each is cheaper.
    pages += 1;
    if (pages > keys.length) return keys;
  }
  return keys.filter((key) => below.has(key));
}
