import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { checked } from './checked.ts';
import { checkSignal, fileError } from './file-errors.ts';
import { directoryPages, headFile, removeEmptyDirectory, removeFiles } from './file-listing.ts';
import { fileAppendSink, fileSink, fileSource, writeAgain, writeExact } from './file-objects.ts';
import { discardTemp, openTemp, publishTemp } from './file-publish.ts';
import { FileRoot, syncDirectory } from './file-root.ts';
import { freeBytes, sweepTemps } from './file-sweep.ts';
import { type AppendSink, type Medium, MediumError, type ObjectSource } from './medium.ts';

/**
 * The medium of `file://`: a directory, local or mounted. Objects are written under a temporary name in the same
 * directory, made durable and then named: `create` by link (refuses an existing name), `replace` by rename. Throws
 * MediumError only. A missing directory lists as empty and is made, with its parents, by the first write.
 */
export function openFileMedium(path: string, clock: Clock = systemClock): Medium {
  const root = new FileRoot(path);
  return checked({
    scheme: 'file',
    abilities: { append: 'native', tagging: false, atomicReplace: true, directories: true },
    async putSmall(key, bytes, mode, signal) {
      const temp = await openTemp(root, clock, key);
      try {
        await writeExact(temp.handle, key, 0, bytes);
        checkSignal(key, signal);
      } catch (error) {
        await discardTemp(temp);
        throw error;
      }
      await publishTemp(temp, mode);
    },
    createObject: async (key) => fileSink(await openTemp(root, clock, key)),
    openAppend: (key, sizeBytes, _, syncedBytes) => openAppendFile(root, key, sizeBytes, syncedBytes ?? sizeBytes),
    openObject: (key) => openSource(root, key),
    head: (key) => headFile(root, key),
    listPages: (prefix) => directoryPages(root, prefix),
    remove: (keys) => removeFiles(root, keys),
    removeDirectory: (prefix) => removeEmptyDirectory(root, prefix),
    sweep: (olderThanMs, kept, signal) => sweepTemps(root, clock, olderThanMs, kept, signal),
    status: async () => ({ clockOffsetMs: null, freeBytes: await freeBytes(root) }),
    async close() {},
  });
}

async function openSource(root: FileRoot, key: string): Promise<ObjectSource> {
  await root.guard();
  let handle: FileHandle | undefined;
  try {
    handle = await open(root.at(key), 'r');
    const found = await handle.stat();
    if (!found.isFile()) throw new MediumError('notFound', key, 'it is not a file');
    return fileSource(handle, key, found.size);
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw fileError(key, error);
  }
}

async function openAppendFile(
  root: FileRoot,
  key: string,
  sizeBytes: number,
  syncedBytes: number,
): Promise<AppendSink> {
  await root.makeParents(key);
  let handle: FileHandle | undefined;
  try {
    handle = await open(root.at(key), constants.O_CREAT | constants.O_RDWR, 0o644);
    const found = (await handle.stat()).size;
    if (found < sizeBytes)
      throw new MediumError('checksum', key, `has ${found} bytes, ${sizeBytes} had been confirmed`);
    // Bytes behind the confirmed end were never promised to anybody.
    if (found > sizeBytes) await handle.truncate(sizeBytes);
    await writeAgain(handle, key, syncedBytes, sizeBytes);
    await handle.sync();
    await syncDirectory(dirname(root.at(key)));
    return fileAppendSink(handle, key, sizeBytes);
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw fileError(key, error);
  }
}
