import { type Clock, systemClock } from '../base/clock.ts';
import { abilitiesOf } from './abilities.ts';
import { checked } from './checked.ts';
import { openHdfsAppend } from './hdfs/hdfs-append.ts';
import { HdfsClient } from './hdfs/hdfs-client.ts';
import { HdfsFiles } from './hdfs/hdfs-files.ts';
import { listingPages, removeEmptyDirectory, removeFiles, sweepTemps } from './hdfs/hdfs-listing.ts';
import { putBytes } from './hdfs/hdfs-publish.ts';
import { HdfsSink } from './hdfs/hdfs-sink.ts';
import { type Medium, MediumError, type MediumStatus, type ObjectSource } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';

/**
 * The medium of `hdfs://`: a directory of a nameservice over WebHDFS, or of HttpFS (`gateway=httpfs`, which cannot replace without
 * a gap). Objects are written under a temporary name and then renamed; logs grow by APPEND and are cut by TRUNCATE. A missing
 * directory lists as empty and is made by the first write. Throws MediumError only.
 */
export function openHdfsMedium(address: MediumAddress, clock: Clock = systemClock): Medium {
  const client = new HdfsClient(address, clock);
  return checked({
    scheme: 'hdfs',
    abilities: abilitiesOf(address),
    putSmall: (key, bytes, mode, signal) => putBytes(client, key, bytes, mode, signal),
    createObject: async (key, signal) => new HdfsSink(client, key, signal),
    openAppend: (key, sizeBytes, signal) => openHdfsAppend(client, key, sizeBytes, signal),
    openObject: (key, signal) => openSource(client, key, signal),
    async head(key, signal) {
      const found = await new HdfsFiles(client, key, signal).status(client.at(key));
      return found?.type === 'FILE' ? { sizeBytes: found.length, modifiedMs: found.modificationTime } : null;
    },
    listPages: (prefix, signal) => listingPages(client, prefix, signal),
    remove: (keys, signal) => removeFiles(client, keys, signal),
    removeDirectory: (prefix, signal) => removeEmptyDirectory(client, prefix, signal),
    sweep: (olderThanMs, kept, signal) => sweepTemps(client, olderThanMs, kept, signal),
    status: (signal) => statusOf(client, signal),
    async close() {
      client.close();
    },
  });
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
