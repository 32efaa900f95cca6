import { MediumError } from '../medium.ts';
import type { CosClient } from './cos-client.ts';
import { headObject } from './cos-read.ts';

/** `untold`: we may not ask. */
type Versioning = 'never' | 'enabled' | 'suspended' | 'untold';

/** Whether buckets have or had versions, by what they were asked for. */
const known = new WeakMap<CosClient, Versioning>();

/**
 * In a bucket that has or had versions the service lets a create overwrite: there a look comes first, `alreadyExists` when
 * something stands under the key. Also where we may not ask for versions.
 */
export async function checkFree(client: CosClient, key: string, signal?: AbortSignal): Promise<void> {
  if ((await versioningOf(client, key, signal)) !== 'never' && (await headObject(client, key, signal)) !== null)
    throw new MediumError('alreadyExists', key, 'it stands already');
}

/** Why of two that create one name in the same moment both may be told that they did, null where one of them is refused. */
export async function createRace(client: CosClient, signal?: AbortSignal): Promise<string | null> {
  const versioning = await versioningOf(client, '', signal);
  if (versioning === 'suspended') return 'versioning of the bucket is suspended';
  return versioning === 'untold' ? 'the versioning of the bucket may not be asked for' : null;
}

async function versioningOf(client: CosClient, key: string, signal?: AbortSignal): Promise<Versioning> {
  const found = known.get(client) ?? (await askVersioning(client, key, signal));
  known.set(client, found);
  return found;
}

async function askVersioning(client: CosClient, key: string, signal?: AbortSignal): Promise<Versioning> {
  try {
    const reply = await client.call(key, signal, (cos, bucket) => cos.getBucketVersioning({ ...bucket }));
    const { Status: status } = reply.VersioningConfiguration;
    return status === undefined ? 'never' : status === 'Enabled' ? 'enabled' : 'suspended';
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'denied') return 'untold';
    throw error;
  }
}

/**
 * In a bucket with versions the service lets a create overwrite. Then the oldest version since the object was last removed
 * is the one that was created; a later one of ours is taken back with `alreadyExists`.
 */
export async function keepOldestVersion(
  client: CosClient,
  key: string,
  versionId: string,
  signal?: AbortSignal,
): Promise<void> {
  if (versionId === '') return;
  const Key = client.at(key);
  const reply = await client.call(key, signal, (cos, bucket) => cos.listObjectVersions({ ...bucket, Prefix: Key }));
  const markers = listOf(reply.DeleteMarkers).filter((one) => one.Key === Key);
  const removedAt = Math.max(0, ...markers.map((one) => Date.parse(one.LastModified)));
  // Newest first, as the service lists them. Moments are whole seconds: one of the same second as the removal came before it.
  const live = listOf(reply.Versions).filter(
    (one) => one.Key === Key && (one.VersionId === versionId || Date.parse(one.LastModified) > removedAt),
  );
  if (live.at(-1)?.VersionId === versionId) return;
  const ours: object = { VersionId: versionId };
  await client.call(key, signal, (cos, bucket) => cos.deleteObject({ ...bucket, Key, ...ours }));
  throw new MediumError('alreadyExists', key, 'an older version of it stands');
}

interface Listed {
  readonly Key: string;
  readonly VersionId: string;
  readonly LastModified: string;
}

function listOf(found: unknown): readonly Listed[] {
  return Array.isArray(found) ? (found as readonly Listed[]) : [];
}
