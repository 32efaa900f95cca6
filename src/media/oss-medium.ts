import { type Clock, systemClock } from '../base/clock.ts';
import { abilitiesOf } from './abilities.ts';
import { checked, readFrom } from './checked.ts';
import { type Medium, MediumError, type MediumStatus } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';
import { openAppend } from './oss/oss-append.ts';
import { OssClient, type OssWiring } from './oss/oss-client.ts';
import { listPages, removeObjects, sweepUploads } from './oss/oss-listing.ts';
import { authorship, headObject, openSource, putObject, readRange, readWhole } from './oss/oss-objects.ts';
import { OssSink } from './oss/oss-sink.ts';
import { tagObjects, tagsOfObject } from './oss/oss-tags.ts';
import { createRace } from './oss/oss-versions.ts';

/**
 * The medium of `oss://bucket/dir`: objects of an OSS bucket, reached through ali-oss, which is loaded by the first call.
 * Throws MediumError only. In a bucket with versions, where the service lets a `create` overwrite, a look at the key comes first
 * and a look at its versions last; where versioning is suspended, or versions may not be listed, two that create one name in the
 * same moment may both be told that they did.
 */
export function openOssMedium(address: MediumAddress, clock: Clock = systemClock, wiring: OssWiring = {}): Medium {
  const client = new OssClient(address, clock, wiring);
  return checked({
    scheme: 'oss',
    abilities: abilitiesOf(address),
    putSmall: (key, bytes, mode, signal) => putObject(client, key, bytes, mode, authorship(), signal),
    createObject: async (key, signal) => new OssSink(client, key, signal),
    openAppend: (key, sizeBytes, signal) => openAppend(client, key, sizeBytes, signal),
    async read(key, offset, length, signal) {
      if (length !== undefined) return readRange(client, key, offset ?? 0, length, signal);
      if (offset === undefined) return readWhole(client, key, signal);
      return readFrom(await openSource(client, key, signal), key, offset);
    },
    openObject: (key, signal) => openSource(client, key, signal),
    head: (key, signal) => headObject(client, key, signal),
    listPages: (prefix, signal) => listPages(client, prefix, signal),
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

async function statusOf(client: OssClient, signal: AbortSignal | undefined): Promise<MediumStatus> {
  const startMs = client.clock.nowUs() / 1_000;
  const { prefix } = client.place;
  const query = { 'max-keys': '1', ...(prefix === '' ? {} : { prefix }) };
  let refused = false;
  try {
    await client.call({ method: 'GET', key: null, query }, signal);
  } catch (error) {
    // A server that refuses us because of its clock has told it.
    if (!(error instanceof MediumError && error.kind === 'clockSkew')) throw error;
    refused = true;
  }
  const { heard } = client;
  if (heard === null) return { clockOffsetMs: null, freeBytes: null };
  // The server cuts its time to seconds, and wrote it somewhere on the way.
  const clockOffsetMs = heard.serverMs + 500 - (startMs + heard.atMs) / 2;
  const race = refused ? null : await createRace(client, signal);
  return { clockOffsetMs, freeBytes: null, ...(race === null ? {} : { createRace: race }) };
}
