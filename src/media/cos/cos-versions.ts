import { MediumError } from '../medium.ts';
import type { CosClient } from './cos-client.ts';
import { headObject } from './cos-read.ts';

/** Whether buckets have versions, by what they were asked for. */
const versioned = new WeakMap<CosClient, boolean>();

/**
 * In a bucket that has or had versions the service lets a create overwrite: there a look comes first, `alreadyExists` when
 * something stands under the key. Also where we may not ask for versions.
 */
export async function checkFree(client: CosClient, key: string, signal?: AbortSignal): Promise<void> {
  const known = versioned.get(client) ?? (await hasVersions(client, key, signal));
  versioned.set(client, known);
  if (known && (await headObject(client, key, signal)) !== null)
    throw new MediumError('alreadyExists', key, 'it stands already');
}

async function hasVersions(client: CosClient, key: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const reply = await client.call(key, signal, (cos, bucket) => cos.getBucketVersioning({ ...bucket }));
    return reply.VersioningConfiguration.Status !== undefined;
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'denied') return true;
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
