import { MediumError } from '../medium.ts';
import type { OssClient } from './oss-client.ts';

/**
 * In a bucket with versions two that create one name in the same moment both write. The older of them is the object; the other
 * one takes its version back and learns `alreadyExists`. Does nothing without a version of its own, and where versions may not
 * be listed.
 */
export async function keepOlderVersion(
  client: OssClient,
  key: string,
  versionId: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (versionId === undefined || versionId === '' || versionId === 'null') return;
  const ids = await versionsOf(client, key, signal);
  if (ids === null || ids.at(-1) === versionId || !ids.includes(versionId)) return;
  await client.call({ method: 'DELETE', key, subresources: { versionId } }, undefined);
  throw new MediumError('alreadyExists', key, 'an older version of it stands');
}

/** Why of two that create one name in the same moment both may be told that they did, null where one of them is refused. */
export async function createRace(client: OssClient, signal: AbortSignal | undefined): Promise<string | null> {
  switch (await client.versioning(signal)) {
    case 'never':
      return null;
    case 'suspended':
      return 'versioning of the bucket is suspended';
    case 'untold':
      return 'the versioning of the bucket may not be asked for';
    case 'enabled':
      return (await versionsOf(client, '', signal)) === null ? 'versions of the bucket may not be listed' : null;
  }
}

/** Versions of an object since it was last removed, newest first; null when we may not ask. */
async function versionsOf(
  client: OssClient,
  key: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | null> {
  const name = `${client.place.prefix}${key}`;
  const query = { prefix: name, 'max-keys': '100', 'encoding-type': 'url' };
  const asked = client.call({ method: 'GET', key: null, about: key, subresources: { versions: '' }, query }, signal);
  const reply = await asked.catch((error: unknown) => {
    if (error instanceof MediumError && (error.kind === 'denied' || error.kind === 'unsupported')) return null;
    throw error;
  });
  if (reply === null) return null;
  const ids: string[] = [];
  // Read in the order they are written in: times are told in seconds, and a name may be removed and made within one.
  for (const [, element, inner = ''] of reply.body.toString().matchAll(/<(Version|DeleteMarker)>([\s\S]*?)<\/\1>/g)) {
    if (decodeURIComponent(/<Key>([^<]*)<\/Key>/.exec(inner)?.[1] ?? '') !== name) continue;
    if (element === 'DeleteMarker') break;
    ids.push(/<VersionId>([^<]*)<\/VersionId>/.exec(inner)?.[1] ?? '');
  }
  return ids;
}
