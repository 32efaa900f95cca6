import { tempName } from '../key.ts';
import { MediumError } from '../medium.ts';
import type { HdfsClient } from './hdfs-client.ts';
import { isInDoubt } from './hdfs-errors.ts';
import { HdfsFiles } from './hdfs-files.ts';
import { tempStemBytes } from './hdfs-limits.ts';

export type Mode = 'create' | 'replace';

/** Path of a temporary name beside the key: hidden from listings, of no other writer of this medium. */
export function tempPath(client: HdfsClient, key: string): string {
  const path = client.at(key);
  const cut = path.lastIndexOf('/') + 1;
  return `${path.slice(0, cut)}${tempName(path.slice(cut).slice(0, tempStemBytes), client.tempUs())}`;
}

/** Publishes bytes that go in one request. */
export async function putBytes(
  client: HdfsClient,
  key: string,
  bytes: Uint8Array,
  mode: Mode,
  signal?: AbortSignal,
): Promise<void> {
  const files = new HdfsFiles(client, key, signal);
  const temp = tempPath(client, key);
  try {
    await files.create(temp, bytes);
    await publishFile(files, temp, bytes.length, mode);
  } catch (error) {
    await discard(client, key, temp);
    throw error;
  }
}

/**
 * Gives a file that is complete its name. RENAME refuses a name that is taken, but would move a file into a directory of that
 * name. An answer that is lost is settled by looking: the temporary name is gone when it was done.
 */
export async function publishFile(files: HdfsFiles, temp: string, sizeBytes: number, mode: Mode): Promise<void> {
  const { client, key } = files;
  const { length } = await files.file(temp);
  if (length !== sizeBytes) throw new MediumError('checksum', key, `${length} bytes were stored of ${sizeBytes}`);
  const target = await files.status(client.at(key));
  if (target?.type === 'DIRECTORY') throw new MediumError('alreadyExists', key, 'a directory has this name');
  if (mode === 'create' && target !== null) throw taken(key);
  try {
    if (mode === 'create') await renameNew(files, temp);
    else await renameOver(files, temp);
  } catch (error) {
    if (!isInDoubt(error) || !(await wasNamed(files, temp, sizeBytes).catch(() => false))) throw error;
  }
}

/** Removes what was written under a temporary name; what cannot be removed now stays for the sweeper. */
export async function discard(client: HdfsClient, key: string, temp: string): Promise<void> {
  await new HdfsFiles(client, key).remove(temp, true).catch(() => undefined);
}

async function renameNew(files: HdfsFiles, temp: string): Promise<void> {
  if (!(await files.rename(temp, files.client.at(files.key)))) throw taken(files.key);
}

async function renameOver(files: HdfsFiles, temp: string): Promise<void> {
  const { client, key } = files;
  if (!client.isGateway) return files.replace(temp, client.at(key));
  // HttpFS cannot replace: for a moment there is nothing under the name.
  await files.remove(client.at(key), false);
  await renameNew(files, temp);
}

async function wasNamed(files: HdfsFiles, temp: string, sizeBytes: number): Promise<boolean> {
  if ((await files.status(temp)) !== null) return false;
  return (await files.status(files.client.at(files.key)))?.length === sizeBytes;
}

function taken(key: string): MediumError {
  return new MediumError('alreadyExists', key, 'the name is taken');
}
