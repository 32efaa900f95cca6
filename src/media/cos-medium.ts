import type { LookupFunction } from 'node:net';
import { type Clock, systemClock } from '../base/clock.ts';
import { abilitiesOf } from './abilities.ts';
import { openCosAppend } from './cos/cos-append.ts';
import { CosClient } from './cos/cos-client.ts';
import { clockOffset, listingPages, removeObjects, sweepUploads, tagObjects, tagsOfObject } from './cos/cos-listing.ts';
import { putObject } from './cos/cos-put.ts';
import { headObject, openSource, readObject, readToEnd } from './cos/cos-read.ts';
import { CosSink } from './cos/cos-sink.ts';
import { checkSignal } from './file-errors.ts';
import { checkKey, checkPrefix } from './key.ts';
import { smallObjectBytes } from './limits.ts';
import { type ListEntry, type Medium, MediumError } from './medium.ts';
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
  return {
    scheme: 'cos',
    abilities: abilitiesOf(address),
    async putSmall(key, bytes, mode, signal) {
      checkKey(key);
      checkSignal(key, signal);
      if (bytes.length > smallObjectBytes)
        throw new MediumError('unsupported', key, `${bytes.length} bytes are too many for a small object`);
      await putObject(client, key, bytes, mode, signal);
    },
    async createObject(key, signal) {
      checkKey(key);
      checkSignal(key, signal);
      return new CosSink(client, key, signal);
    },
    async openAppend(key, sizeBytes, signal) {
      checkKey(key);
      return openCosAppend(client, key, sizeBytes, signal);
    },
    async read(key, offset = 0, length, signal) {
      checkKey(key);
      return length === undefined
        ? readToEnd(client, key, offset, signal)
        : readObject(client, key, offset, length, signal);
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
      for await (const page of listingPages(client, checkPrefix(prefix), signal)) all.push(...page);
      return all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    },
    async *listPages(prefix, signal) {
      yield* listingPages(client, checkPrefix(prefix), signal);
    },
    async remove(keys, signal) {
      for (const key of keys) checkKey(key);
      await removeObjects(client, keys, signal);
    },
    async removeDirectory(prefix, signal) {
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
    async status(signal) {
      return { clockOffsetMs: await clockOffset(client, signal), freeBytes: null };
    },
    async close() {
      client.close();
    },
  };
}
