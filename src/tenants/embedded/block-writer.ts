import { fdatasync, ftruncateSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { EarlySync } from '../../base/early-sync.ts';
import { faultText } from '../../base/errors.ts';
import type { BlockWriter } from '../tenant-engine.ts';
import { requireAlive } from './alive.ts';
import { blockHeaderBytes, firstPageOf, readBlockHeader } from './block-format.ts';
import type { RestoreData } from './log-applier.ts';
import { pageBytes } from './wal-format.ts';

const sync = promisify(fdatasync);

/** Writes blocks into the file of a tenant under restore; any number of writers may work in any thread. */
export function openBlockWriter(data: RestoreData): BlockWriter {
  let sized = 0;
  const alive = new Int32Array(data.alive);
  const whole = new Int32Array(data.whole);
  const early = new EarlySync(() => sync(data.dbFd));
  return {
    write(blockNo, bytes) {
      const header = readBlockHeader(bytes);
      if (header.firstPage !== firstPageOf(blockNo))
        throw faultText('OB_INVALID_DATA', `block ${blockNo} holds the pages of another block`);
      requireAlive(alive, 'the restore');
      Atomics.store(whole, 0, 0);
      // The page count of the newest set wins: an incremental set may have shrunk the tenant.
      if (sized !== header.databasePages) ftruncateSync(data.dbFd, header.databasePages * pageBytes);
      sized = header.databasePages;
      for (let i = 0; i < header.pageNos.length; ) {
        const run = runLength(header.pageNos, i);
        const length = run * pageBytes;
        const offset = (header.pageNos[i]! - 1) * pageBytes;
        const written = writeSync(data.dbFd, bytes, blockHeaderBytes + i * pageBytes, length, offset);
        if (written !== length) throw faultText('OB_IO_ERROR', `block ${blockNo} was written in part`);
        i += run;
      }
      early.wrote(bytes.length);
    },
    async close() {
      requireAlive(alive, 'the restore');
      await early.end();
    },
  };
}

function runLength(pageNos: readonly number[], start: number): number {
  let end = start + 1;
  while (end < pageNos.length && pageNos[end] === pageNos[end - 1]! + 1) end++;
  return end - start;
}
