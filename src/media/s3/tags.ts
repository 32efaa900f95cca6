import { MediumError } from '../medium.ts';
import { inParallel } from '../parallel.ts';
import { formatKey } from './append-parts.ts';
import { findAppended } from './appended.ts';
import type { S3Connection } from './connection.ts';
import { requestsAtOnce } from './limits.ts';

/** Gives objects exactly these tags, one in parts each of its parts; missing ones are success. */
export async function tagObjects(
  connection: S3Connection,
  keys: readonly string[],
  tags: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  await inParallel(keys, requestsAtOnce, async (key) => {
    if (await tagOne(connection, key, tags, signal)) return;
    const appended = await findAppended(connection, key, signal);
    if (appended === null) return;
    await inParallel([...appended.keys, formatKey(key)], requestsAtOnce, (part) =>
      tagOne(connection, part, tags, signal),
    );
  });
}

/** False when there is no such object. */
async function tagOne(
  connection: S3Connection,
  key: string,
  tags: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<boolean> {
  const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const at = { Bucket: connection.address.bucket, Key: connection.at(key) };
  try {
    await connection.call('PutObjectTagging', key, signal, (s3, options) =>
      s3.putObjectTagging({ ...at, Tagging: { TagSet } }, options),
    );
    return true;
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') return false;
    throw error;
  }
}

/** Tags of an object, of one in parts those of its format mark. */
export async function tagsOfObject(
  connection: S3Connection,
  key: string,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const read = async (name: string) => {
    const at = { Bucket: connection.address.bucket, Key: connection.at(name) };
    const { TagSet = [] } = await connection.call('GetObjectTagging', name, signal, (s3, options) =>
      s3.getObjectTagging(at, options),
    );
    return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
  };
  try {
    return await read(key);
  } catch (error) {
    if (!(error instanceof MediumError && error.kind === 'notFound')) throw error;
    const appended = await findAppended(connection, key, signal);
    if (appended === null) throw error;
    return read(appended.hasFormat ? formatKey(key) : (appended.keys[0] ?? key));
  }
}
