import { type Clock, systemClock } from '../base/clock.ts';
import { abilitiesOf } from './abilities.ts';
import { checked } from './checked.ts';
import { readCifsAddress, readCifsMount } from './cifs/address.ts';
import { cifsAppend } from './cifs/append.ts';
import { Chunks } from './cifs/chunks.ts';
import {
  directoryPages,
  freeBytes,
  headObject,
  removeEmptyDirectory,
  removeObjects,
  sweepTemps,
} from './cifs/listing.ts';
import { openMountedCifs } from './cifs/mounted.ts';
import { cifsSink, cifsSource, putBytes } from './cifs/objects.ts';
import { SmbPool } from './cifs/pool.ts';
import { CifsRoot } from './cifs/root.ts';
import type { Medium } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';
import { PaceDebts } from './pace-debts.ts';

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
  const debts = new PaceDebts(address.pace ?? null, clock);
  const root = new CifsRoot(pool, debts);
  const chunks = new Chunks(root);
  return checked({
    scheme: 'cifs',
    abilities: abilitiesOf(address),
    putSmall: (key, bytes, mode, signal) => putBytes(root, key, bytes, mode, signal),
    createObject: (key, signal) => cifsSink(root, key, signal),
    openAppend: (key, sizeBytes, signal) => cifsAppend(root, key, sizeBytes, signal),
    openObject: (key, signal) => cifsSource(root, chunks, key, signal),
    head: (key, signal) => headObject(root, key, signal),
    listPages: (prefix, signal) => directoryPages(root, prefix, signal),
    remove: (keys, signal) => removeObjects(root, keys, signal),
    removeDirectory: (prefix, signal) => removeEmptyDirectory(root, prefix, signal),
    sweep: (olderThanMs, kept, signal) => sweepTemps(root, olderThanMs, kept, signal),
    status: async (signal) => ({ clockOffsetMs: null, freeBytes: await freeBytes(root, signal) }),
    async close() {
      chunks.close();
      pool.close();
      debts.close();
      for (const { handle } of root.spools) await handle.close().catch(() => undefined);
    },
  });
}
