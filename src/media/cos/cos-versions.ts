import { MediumError } from '../medium.ts';
import type { CosClient } from './cos-client.ts';

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
