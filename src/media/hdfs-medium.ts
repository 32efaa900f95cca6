import { type Clock, systemClock } from '../base/clock.ts';
import { abilitiesOf } from './abilities.ts';
import { checkSignal } from './file-errors.ts';
import { openHdfsAppend } from './hdfs/hdfs-append.ts';
import { HdfsClient } from './hdfs/hdfs-client.ts';
import { HdfsFiles } from './hdfs/hdfs-files.ts';
import { listingPages, removeEmptyDirectory, removeFiles, sweepTemps } from './hdfs/hdfs-listing.ts';
import { putBytes } from './hdfs/hdfs-publish.ts';
import { HdfsSink } from './hdfs/hdfs-sink.ts';
import { checkKey, checkPrefix } from './key.ts';
import { smallObjectBytes } from './limits.ts';
import { type ListEntry, type Medium, MediumError, type MediumStatus, type ObjectSource } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';

/**
 * The medium of `hdfs://`: a directory of a nameservice over WebHDFS, or of HttpFS (`gateway=httpfs`, which cannot replace without
 * a gap). Objects are written under a temporary name and then renamed; logs grow by APPEND and are cut by TRUNCATE. A missing
 * directory lists as empty and is made by the first write. Throws MediumError only.
 */
export function openHdfsMedium(address: MediumAddress, clock: Clock = systemClock): Medium {
  const client = new HdfsClient(address, clock);
  return {
    scheme: 'hdfs',
    abilities: abilitiesOf(address),
    async putSmall(key, bytes, mode, signal) {
      checkKey(key);
      checkSignal(key, signal);
      if (bytes.length > smallObjectBytes)
        throw new MediumError('unsupported', key, `${bytes.length} bytes are too many for a small object`);
      await putBytes(client, key, bytes, mode, signal);
    },
    async createObject(key, signal) {
      checkKey(key);
      checkSignal(key, signal);
      return new HdfsSink(client, key, signal);
    },
    async openAppend(key, sizeBytes, signal) {
      checkKey(key);
      return openHdfsAppend(client, key, sizeBytes, signal);
    },
    async read(key, offset = 0, length, signal) {
      checkKey(key);
      const source = await openSource(client, key, signal);
      const wanted = length ?? source.sizeBytes - offset;
      if (length === undefined && wanted > smallObjectBytes)
        throw new MediumError('unsupported', key, `${wanted} bytes are too many for one read`);
      return source.read(offset, wanted);
    },
    async openObject(key, signal) {
      checkKey(key);
      return openSource(client, key, signal);
    },
    async head(key, signal) {
      checkKey(key);
      const found = await new HdfsFiles(client, key, signal).status(client.at(key));
      return found?.type === 'FILE' ? { sizeBytes: found.length, modifiedMs: found.modificationTime } : null;
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
      await removeFiles(client, keys, signal);
    },
    removeDirectory: async (prefix, signal) => removeEmptyDirectory(client, checkPrefix(prefix), signal),
    async tag(keys) {
      throw noTags(keys[0] ?? '');
    },
    async tagsOf(key) {
      throw noTags(key);
    },
    sweep: (olderThanMs, signal) => sweepTemps(client, olderThanMs, signal),
    status: (signal) => statusOf(client, signal),
    async close() {
      client.close();
    },
  };
}

async function openSource(client: HdfsClient, key: string, signal?: AbortSignal): Promise<ObjectSource> {
  const files = new HdfsFiles(client, key, signal);
  const path = client.at(key);
  const { length: sizeBytes } = await files.file(path);
  return {
    sizeBytes,
    async read(offset, length) {
      if (length < 0 || offset + length > sizeBytes)
        throw new MediumError('checksum', key, `ends at ${sizeBytes}, before ${offset + Math.max(length, 0)}`);
      return files.read(path, offset, length);
    },
    async close() {},
  };
}

async function statusOf(client: HdfsClient, signal?: AbortSignal): Promise<MediumStatus> {
  const files = new HdfsFiles(client, '', signal);
  const before = client.clock.nowUs() / 1000;
  const dateMs = await files.dateMs();
  const after = client.clock.nowUs() / 1000;
  // The date names a whole second: on average it lies half a second back.
  const clockOffsetMs = Number.isNaN(dateMs) ? null : Math.round(dateMs + 500 - (before + after) / 2);
  return { clockOffsetMs, freeBytes: await files.freeBytes('/') };
}

function noTags(key: string): MediumError {
  return new MediumError('unsupported', key, 'files of HDFS have no tags');
}
