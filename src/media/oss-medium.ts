import { type Clock, systemClock } from '../base/clock.ts';
import { abilitiesOf } from './abilities.ts';
import { checkSignal } from './file-errors.ts';
import { checkKey, checkPrefix } from './key.ts';
import { smallObjectBytes } from './limits.ts';
import { type ListEntry, type Medium, MediumError, type MediumStatus } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';
import { openAppend } from './oss/oss-append.ts';
import { OssClient, type OssWiring } from './oss/oss-client.ts';
import { listPages, removeObjects, sweepUploads } from './oss/oss-listing.ts';
import { authorship, headObject, openSource, putObject, readRange, readToEnd, readWhole } from './oss/oss-objects.ts';
import { OssSink } from './oss/oss-sink.ts';
import { tagObjects, tagsOfObject } from './oss/oss-tags.ts';

/**
 * The medium of `oss://bucket/dir`: objects of an OSS bucket, reached through ali-oss, which is loaded by the first call.
 * Throws MediumError only. In a bucket with versions, where the service lets a `create` overwrite, a look at the key comes first
 * and a look at its versions last; where versioning is suspended, or versions may not be listed, two that create one name in the
 * same moment may both be told that they did.
 */
export function openOssMedium(address: MediumAddress, clock: Clock = systemClock, wiring: OssWiring = {}): Medium {
  const client = new OssClient(address, clock, wiring);
  return {
    scheme: 'oss',
    abilities: abilitiesOf(address),
    async putSmall(key, bytes, mode, signal) {
      checkKey(key);
      checkSignal(key, signal);
      if (bytes.length > smallObjectBytes)
        throw new MediumError('unsupported', key, `${bytes.length} bytes are too many for a small object`);
      await putObject(client, key, bytes, mode, authorship(), signal);
    },
    async createObject(key, signal) {
      checkKey(key);
      checkSignal(key, signal);
      return new OssSink(client, key, signal);
    },
    async openAppend(key, sizeBytes, signal) {
      checkKey(key);
      return openAppend(client, key, sizeBytes, signal);
    },
    async read(key, offset, length, signal) {
      checkKey(key);
      if (length !== undefined) return readRange(client, key, offset ?? 0, length, signal);
      return offset === undefined ? readWhole(client, key, signal) : readToEnd(client, key, offset, signal);
    },
    async openObject(key, signal) {
      checkKey(key);
      return openSource(client, key, signal);
    },
    async head(key, signal) {
      checkKey(key);
      const found = await headObject(client, key, signal);
      return found && { sizeBytes: found.sizeBytes, modifiedMs: found.modifiedMs };
    },
    async list(prefix, signal) {
      const all: ListEntry[] = [];
      for await (const page of listPages(client, checkPrefix(prefix), signal)) all.push(...page);
      return all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    },
    async *listPages(prefix, signal) {
      yield* listPages(client, checkPrefix(prefix), signal);
    },
    async remove(keys, signal) {
      for (const key of keys) checkKey(key);
      checkSignal(keys[0] ?? '', signal);
      await removeObjects(client, keys, signal);
    },
    async removeDirectory(prefix, signal) {
      // A directory is nothing but the names of its objects.
      checkSignal(checkPrefix(prefix), signal);
    },
    async tag(keys, tags, signal) {
      for (const key of keys) checkKey(key);
      await tagObjects(client, keys, tags, signal);
    },
    async tagsOf(key, signal) {
      checkKey(key);
      return tagsOfObject(client, key, signal);
    },
    sweep: (olderThanMs, signal) => sweepUploads(client, olderThanMs, signal),
    status: (signal) => statusOf(client, signal),
    async close() {
      client.close();
    },
  };
}

async function statusOf(client: OssClient, signal: AbortSignal | undefined): Promise<MediumStatus> {
  const startMs = client.clock.nowUs() / 1_000;
  const { prefix } = client.place;
  const query = { 'max-keys': '1', ...(prefix === '' ? {} : { prefix }) };
  try {
    await client.call({ method: 'GET', key: null, query }, signal);
  } catch (error) {
    // A server that refuses us because of its clock has told it.
    if (!(error instanceof MediumError && error.kind === 'clockSkew')) throw error;
  }
  const { heard } = client;
  if (heard === null) return { clockOffsetMs: null, freeBytes: null };
  // The server cuts its time to seconds, and wrote it somewhere on the way.
  return { clockOffsetMs: heard.serverMs + 500 - (startMs + heard.atMs) / 2, freeBytes: null };
}
