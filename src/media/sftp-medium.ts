import { type Clock, systemClock } from '../base/clock.ts';
import { checked } from './checked.ts';
import type { Medium } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';
import { readSftpAddress } from './sftp/address.ts';
import { SftpConnection } from './sftp/connection.ts';
import { freeBytes, writeExact } from './sftp/handle.ts';
import { directoryPages, headObject, removeEmptyDirectory, removeObjects, sweepTemps } from './sftp/listing.ts';
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
  return checked({
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
      const temp = await openTemp(root, key, signal);
      try {
        await writeExact(root, temp.file, 0, bytes, signal);
        await publishTemp(temp, mode, signal);
      } catch (error) {
        await discardTemp(temp, signal);
        throw error;
      }
    },
    createObject: async (key, signal) => sftpSink(await openTemp(root, key, signal), signal),
    openAppend: (key, ...more) => openAppend(root, key, ...more),
    openObject: async (key, signal) => sftpSource(root, await openSource(root, key, signal), signal),
    head: (key, signal) => headObject(root, key, signal),
    listPages: (prefix, signal) => directoryPages(root, prefix, signal),
    remove: (keys, signal) => removeObjects(root, keys, signal),
    removeDirectory: (prefix, signal) => removeEmptyDirectory(root, prefix, signal),
    sweep: (olderThanMs, kept, signal) => sweepTemps(root, olderThanMs, kept, signal),
    status: async (signal) => ({
      clockOffsetMs: null,
      freeBytes: await freeBytes(root, await root.session('', signal), signal),
    }),
    async close() {
      connection.close();
    },
  });
}
