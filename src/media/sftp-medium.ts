import { type Clock, systemClock } from '../base/clock.ts';
import { checkSignal } from './file-errors.ts';
import { checkKey, checkPrefix } from './key.ts';
import { smallObjectBytes } from './limits.ts';
import { type Medium, MediumError } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';
import { readSftpAddress } from './sftp/address.ts';
import { SftpConnection } from './sftp/connection.ts';
import { closeHandle, freeBytes, readExact, writeExact } from './sftp/handle.ts';
import {
  directoryPages,
  headObject,
  listDirectory,
  removeEmptyDirectory,
  removeObjects,
  sweepTemps,
} from './sftp/listing.ts';
import { openAppend, openSource, sftpSink, sftpSource } from './sftp/objects.ts';
import { discardTemp, openTemp, publishTemp } from './sftp/publish.ts';
import { SftpRoot } from './sftp/root.ts';

/**
 * The medium of `sftp://`: a directory on an SSH server, over one connection. Objects are written under a temporary name, made
 * durable (fsync@openssh.com) and then named: `create` by hard link, `replace` by posix-rename. A server without the first two
 * of these extensions is refused; one without posix-rename replaces with a gap, and its abilities say so as soon as it was
 * met. SFTP cannot make a directory durable: a new name is as durable as the server's file system makes it with the
 * file's own fsync. A missing directory lists as empty and is made, with its parents, by the first write.
 */
export function openSftpMedium(address: MediumAddress, clock: Clock = systemClock): Medium {
  const connection = new SftpConnection(readSftpAddress(address), clock);
  const root = new SftpRoot(connection);
  return {
    scheme: 'sftp',
    abilities: {
      append: 'native',
      tagging: false,
      directories: true,
      get atomicReplace() {
        return connection.extensions.has('posix-rename@openssh.com');
      },
    },
    async putSmall(key, bytes, mode, signal) {
      checkKey(key);
      checkSignal(key, signal);
      if (bytes.length > smallObjectBytes)
        throw new MediumError('unsupported', key, `${bytes.length} bytes are too many for a small object`);
      const temp = await openTemp(root, key, signal);
      try {
        await writeExact(root, temp.file, 0, bytes, signal);
        await publishTemp(temp, mode, signal);
      } catch (error) {
        await discardTemp(temp, signal);
        throw error;
      }
    },
    async createObject(key, signal) {
      checkKey(key);
      return sftpSink(await openTemp(root, key, signal), signal);
    },
    async openAppend(key, sizeBytes, signal) {
      checkKey(key);
      return openAppend(root, key, sizeBytes, signal);
    },
    async read(key, offset = 0, length = undefined, signal = undefined) {
      checkKey(key);
      const { file, sizeBytes } = await openSource(root, key, signal);
      try {
        const wanted = length ?? sizeBytes - offset;
        if (wanted < 0) throw new MediumError('checksum', key, `ends at ${sizeBytes}, before offset ${offset}`);
        if (length === undefined && wanted > smallObjectBytes)
          throw new MediumError('unsupported', key, `${wanted} bytes are too many for one read`);
        return await readExact(file, offset, wanted, signal);
      } finally {
        closeHandle(file);
      }
    },
    async openObject(key, signal) {
      checkKey(key);
      return sftpSource(root, await openSource(root, key, signal), signal);
    },
    async head(key, signal) {
      checkKey(key);
      return headObject(root, key, signal);
    },
    async list(prefix, signal) {
      return listDirectory(root, checkPrefix(prefix), signal);
    },
    async *listPages(prefix, signal) {
      yield* directoryPages(root, checkPrefix(prefix), signal);
    },
    async remove(keys, signal) {
      for (const key of keys) checkKey(key);
      await removeObjects(root, keys, signal);
    },
    async removeDirectory(prefix, signal) {
      await removeEmptyDirectory(root, checkPrefix(prefix), signal);
    },
    async tag(keys) {
      throw noTags(keys[0] ?? '');
    },
    async tagsOf(key) {
      throw noTags(key);
    },
    async sweep(olderThanMs, signal) {
      return sweepTemps(root, olderThanMs, signal);
    },
    async status(signal) {
      return { clockOffsetMs: null, freeBytes: await freeBytes(root, await root.session('', signal), signal) };
    },
    async close() {
      connection.close();
    },
  };
}

function noTags(key: string): MediumError {
  return new MediumError('unsupported', key, 'files have no tags');
}
