import { type Clock, systemClock } from '../base/clock.ts';
import { abilitiesOf } from './abilities.ts';
import { readCifsAddress, readCifsMount } from './cifs/address.ts';
import { cifsAppend } from './cifs/append.ts';
import { Chunks } from './cifs/chunks.ts';
import {
  directoryPages,
  freeBytes,
  headObject,
  listDirectory,
  removeEmptyDirectory,
  removeObjects,
  sweepTemps,
} from './cifs/listing.ts';
import { openMountedCifs } from './cifs/mounted.ts';
import { cifsSink, cifsSource, putBytes, readObject } from './cifs/objects.ts';
import { SmbPool } from './cifs/pool.ts';
import { CifsRoot } from './cifs/root.ts';
import { checkSignal } from './file-errors.ts';
import { checkKey, checkPrefix } from './key.ts';
import { type Medium, MediumError } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';

/**
 * The medium of `cifs://`: a directory of a share, through Debian's smbclient, or, with `mount`, below the place where an
 * administrator has mounted the share. Through smbclient an object is uploaded under a temporary name and then named: `create` by
 * hard link, `replace` by rename. smbclient neither writes at offsets nor reads ranges: large objects wait in a file without a
 * name on this machine until they are published, and are read in chunks that lie there too. It does not append: an object that
 * grows is a directory of parts (`cifs/parts.ts`), which the mounted path does not read. It cannot ask the server to flush: what was written is as durable as the server makes a closed file (Samba: `sync always = yes`).
 */
export function openCifsMedium(address: MediumAddress, clock: Clock = systemClock): Medium {
  const mount = readCifsMount(address);
  return mount ? openMountedCifs(mount, clock) : openShare(address, clock);
}

function openShare(address: MediumAddress, clock: Clock): Medium {
  const pool = new SmbPool(readCifsAddress(address), clock);
  const root = new CifsRoot(pool);
  const chunks = new Chunks(root);
  return {
    scheme: 'cifs',
    abilities: abilitiesOf(address),
    async putSmall(key, bytes, mode, signal) {
      checkKey(key);
      checkSignal(key, signal);
      await putBytes(root, key, bytes, mode, signal);
    },
    async createObject(key, signal) {
      checkKey(key);
      checkSignal(key, signal);
      return cifsSink(root, key, signal);
    },
    async openAppend(key, sizeBytes, signal) {
      checkKey(key);
      checkSignal(key, signal);
      return cifsAppend(root, key, sizeBytes, signal);
    },
    async read(key, offset = 0, length = undefined, signal = undefined) {
      checkKey(key);
      checkSignal(key, signal);
      return readObject(root, chunks, key, { offset, length }, signal);
    },
    async openObject(key, signal) {
      checkKey(key);
      checkSignal(key, signal);
      return cifsSource(root, chunks, key, signal);
    },
    async head(key, signal) {
      checkKey(key);
      checkSignal(key, signal);
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
      checkSignal(keys[0] ?? '', signal);
      await removeObjects(root, keys, signal);
    },
    async removeDirectory(prefix, signal) {
      const cleaned = checkPrefix(prefix);
      checkSignal(cleaned, signal);
      await removeEmptyDirectory(root, cleaned, signal);
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
      return { clockOffsetMs: null, freeBytes: await freeBytes(root, signal) };
    },
    async close() {
      chunks.close();
      pool.close();
      for (const { handle } of root.spools) await handle.close().catch(() => undefined);
    },
  };
}

function noTags(key: string): MediumError {
  return new MediumError('unsupported', key, 'files have no tags');
}
