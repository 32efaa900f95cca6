import type { IncomingHttpHeaders } from 'node:http';
import { isBelow, isTempName } from '../key.ts';
import { listPageEntries } from '../limits.ts';
import { type ListEntry, MediumError } from '../medium.ts';
import { type CosClient, headerOf } from './cos-client.ts';
import { removeKeys, tagsInFlight } from './cos-limits.ts';

/** One level below `prefix`, page by page as the service gives them. */
export async function* listingPages(
  client: CosClient,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<readonly ListEntry[]> {
  const below = client.at(prefix === '' ? '' : `${prefix}/`);
  for (let marker = ''; ; ) {
    const reply = await client.call(prefix, signal, (cos, bucket) =>
      cos.getBucket({
        ...bucket,
        Prefix: below,
        Delimiter: '/',
        MaxKeys: listPageEntries,
        ...(marker === '' ? {} : { Marker: marker }),
      }),
    );
    const objects = reply.Contents.map(({ Key, Size }) => entry(Key.slice(below.length), Number(Size)));
    const directories = reply.CommonPrefixes.map((one) => entry(one.Prefix.slice(below.length, -1)));
    yield [...objects, ...directories].filter(({ name }) => name !== '' && !name.endsWith('/') && !isTempName(name));
    if (String(reply.IsTruncated) !== 'true') return;
    const next = reply.NextMarker ?? '';
    if (next <= marker) throw new MediumError('io', prefix, 'the pages of the listing do not go on');
    marker = next;
  }
}

function entry(name: string, sizeBytes?: number): ListEntry {
  return sizeBytes === undefined ? { name, kind: 'directory' } : { name, kind: 'object', sizeBytes };
}

/** Removes objects; those that are missing are success, a bucket that is missing is not. */
export async function removeObjects(client: CosClient, keys: readonly string[], signal?: AbortSignal): Promise<void> {
  for (let from = 0; from < keys.length; from += removeKeys) {
    const some = keys.slice(from, from + removeKeys);
    const Objects = some.map((key) => ({ Key: client.at(key) }));
    const reply = await client.call(some[0] ?? '', signal, (cos, bucket) =>
      cos.deleteMultipleObject({ ...bucket, Objects, Quiet: true } as Parameters<typeof cos.deleteMultipleObject>[0]),
    );
    const failed = (reply.Error as readonly { readonly Key?: string; readonly Code?: string }[]).find(
      ({ Code }) => Code !== undefined && Code !== 'NoSuchKey',
    );
    if (failed === undefined) continue;
    const key = String(failed.Key ?? '').slice(client.place.prefix.length);
    const kind = failed.Code === 'AccessDenied' ? 'denied' : 'io';
    throw new MediumError(kind, key, `${client.place.host}: ${String(failed.Code).slice(0, 60)}`);
  }
}

/** Replaces the tags of each object; missing ones are passed over. */
export async function tagObjects(
  client: CosClient,
  keys: readonly string[],
  tags: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const left = keys.values();
  const work = async () => {
    for (const key of left) {
      await client
        .call(key, signal, (cos, bucket) => cos.putObjectTagging({ ...bucket, Key: client.at(key), Tags }))
        .catch((error: unknown) => {
          if (!(error instanceof MediumError) || error.kind !== 'notFound') throw error;
        });
    }
  };
  await Promise.all(Array.from({ length: Math.min(tagsInFlight, keys.length) }, work));
}

/** Tags of an object, empty when it has none. */
export async function tagsOfObject(
  client: CosClient,
  key: string,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const reply = await client.call(key, signal, (cos, bucket) =>
    cos.getObjectTagging({ ...bucket, Key: client.at(key) }),
  );
  return Object.fromEntries(reply.Tags.map((tag) => [String(tag.Key), String(tag.Value)]));
}

/** Removes uploads below the root, not below `kept`, that were begun more than `olderThanMs` ago by the clock of the service; says how many. */
export async function sweepUploads(
  client: CosClient,
  olderThanMs: number,
  kept: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  let swept = 0;
  let after: UploadMarker = { KeyMarker: '', UploadIdMarker: '' };
  for (;;) {
    const marker = after.KeyMarker === '' ? {} : after;
    const reply = await client.call('', signal, (cos, bucket) =>
      cos.multipartList({ ...bucket, Prefix: client.place.prefix, ...marker } as Parameters<
        typeof cos.multipartList
      >[0]),
    );
    const nowMs = Date.parse(headerOf(reply, 'date')) || client.clock.nowUs() / 1000;
    for (const { Key, UploadId, Initiated } of reply.Upload) {
      if (!(nowMs - Date.parse(Initiated) >= olderThanMs)) continue;
      if (isBelow(Key.slice(client.place.prefix.length), kept)) continue;
      if (await removeUpload(client, Key, UploadId, signal)) swept += 1;
    }
    if (String(reply.IsTruncated) !== 'true') return swept;
    const { NextKeyMarker = '', NextUploadIdMarker = '' } = reply as {
      NextKeyMarker?: string;
      NextUploadIdMarker?: string;
    };
    if (NextKeyMarker <= after.KeyMarker && NextUploadIdMarker <= after.UploadIdMarker)
      throw new MediumError('io', '', 'the pages of the uploads do not go on');
    after = { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker };
  }
}

interface UploadMarker {
  readonly KeyMarker: string;
  readonly UploadIdMarker: string;
}

async function removeUpload(client: CosClient, Key: string, UploadId: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await client.call('', signal, (cos, bucket) => cos.multipartAbort({ ...bucket, Key, UploadId }));
    return true;
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') return false;
    throw error;
  }
}

async function dateOfService(client: CosClient, signal?: AbortSignal): Promise<number> {
  let date = '';
  const look = (headers: IncomingHttpHeaders) => {
    date = headers.date ?? '';
  };
  const Prefix = client.place.prefix;
  try {
    await client.call('', signal, (cos, bucket) => cos.getBucket({ ...bucket, Prefix, MaxKeys: 1 }), { look });
  } catch (error) {
    if (!(error instanceof MediumError) || error.kind !== 'clockSkew') throw error;
  }
  return Date.parse(date);
}

/** Clock of the service minus ours: every reply names it, also one that refuses us for our clock. */
export async function clockOffset(client: CosClient, signal?: AbortSignal): Promise<number | null> {
  const before = client.clock.nowUs() / 1000;
  const dateMs = await dateOfService(client, signal);
  const after = client.clock.nowUs() / 1000;
  // The date names a whole second: on average it lies half a second back.
  return Number.isNaN(dateMs) ? null : Math.round(dateMs + 500 - (before + after) / 2);
}
