import type { LookupFunction } from 'node:net';
import { type Clock, systemClock } from '../base/clock.ts';
import { abilitiesOf } from './abilities.ts';
import { checked, readFrom } from './checked.ts';
import { openCosAppend } from './cos/cos-append.ts';
import { CosClient } from './cos/cos-client.ts';
import { clockOffset, listingPages, removeObjects, sweepUploads, tagObjects, tagsOfObject } from './cos/cos-listing.ts';
import { putObject } from './cos/cos-put.ts';
import { headObject, openSource, readObject } from './cos/cos-read.ts';
import { CosSink } from './cos/cos-sink.ts';
import { createRace } from './cos/cos-versions.ts';
import { type Medium, MediumError, type MediumStatus } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';

/**
 * The medium of `cos://`: a bucket `<bucket>-<appid>` of Tencent's object store behind `host`. Objects are published by one
 * request (PUT, the end of a multipart upload) that refuses an existing name; logs grow by append. In a bucket with versions, where
 * the service lets a create overwrite, a look comes first, and of those that race the oldest version stands. Nothing is sent when it is
 * opened, and the SDK is loaded by the first call. Throws MediumError only.
 */
export function openCosMedium(
  address: MediumAddress,
  clock: Clock = systemClock,
  { lookup }: { readonly lookup?: LookupFunction } = {},
): Medium {
  const client = new CosClient(address, clock, lookup);
  return checked({
    scheme: 'cos',
    abilities: abilitiesOf(address),
    putSmall: (key, bytes, mode, signal) => putObject(client, key, bytes, mode, signal),
    createObject: async (key, signal) => new CosSink(client, key, signal),
    openAppend: (key, sizeBytes, signal) => openCosAppend(client, key, sizeBytes, signal),
    async read(key, offset, length, signal) {
      if (length !== undefined) return readObject(client, key, offset ?? 0, length, signal);
      return readFrom(await openSource(client, key, signal), key, offset);
    },
    openObject: (key, signal) => openSource(client, key, signal),
    head: (key, signal) => headObject(client, key, signal),
    listPages: (prefix, signal) => listingPages(client, prefix, signal),
    remove: (keys, signal) => removeObjects(client, keys, signal),
    tag: (keys, tags, signal) => tagObjects(client, keys, tags, signal),
    tagsOf: (key, signal) => tagsOfObject(client, key, signal),
    sweep: (olderThanMs, kept, signal) => sweepUploads(client, olderThanMs, kept, signal),
    status: (signal) => statusOf(client, signal),
    async close() {
      client.close();
    },
  });
}

async function statusOf(client: CosClient, signal: AbortSignal | undefined): Promise<MediumStatus> {
  const clockOffsetMs = await clockOffset(client, signal);
  // A server whose clock refuses us says nothing else.
  const race = await createRace(client, signal).catch((error: unknown) => {
    if (error instanceof MediumError && error.kind === 'clockSkew') return null;
    throw error;
  });
  return { clockOffsetMs, freeBytes: null, ...(race === null ? {} : { createRace: race }) };
}
